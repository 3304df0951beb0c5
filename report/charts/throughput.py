"""Requests a second, processor time and latencies beside the baselines, from flood.csv."""

import matplotlib.pyplot as plt

from charts.style import BAND, COLOURS, MARKS, brazilian, rows, save, short, spread

CONTESTANTS = {
    "servent": "servent",
    "echo": "eco",
    "simple+sendmmsg": "simples com sendmmsg",
    "python": "Python",
    "memcached -t 1": "memcached",
}
SCENARIOS = {
    "clireq-1x256": "um cliente, em trens",
    "clireq-plain": "um cliente, sem GSO",
    "clireq-64x1": "64 clientes",
    "neighbours-gro": "dez vizinhos, em trens",
    "flood-64x1-gro": "64 clientes, dez vizinhos",
    "relay-gro": "repassar QUERYs",
    "duplicates": "QUERYs repetidas",
    "malformed": "malformados",
}


def _of(metric):
    return {
        (row["scenario"], row["contestant"]): [float(row[of]) for of in ("median", "min", "max")]
        for row in rows("flood.csv")
        if row["metric"] == metric
    }


def _dots(folder, name, metric, label):
    """A band a scenario, a mark a program, from the lowest to the highest of the rounds."""
    found = _of(metric)
    figure, axes = plt.subplots(figsize=(6.4, 3.7))
    for place in range(0, len(SCENARIOS), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=BAND, zorder=0)
    for index, (contestant, title) in enumerate(CONTESTANTS.items()):
        here = [place for place, scenario in enumerate(SCENARIOS) if (scenario, contestant) in found]
        middles, error = spread([found[list(SCENARIOS)[place], contestant] for place in here])
        axes.errorbar(
            middles,
            [place + 0.16 * (index - 2) for place in here],
            xerr=error,
            fmt=MARKS[index],
            color=COLOURS[index],
            label=title,
            elinewidth=0.9,
            markersize=4,
        )
    axes.set_xscale("log")
    axes.set_yticks(range(len(SCENARIOS)), list(SCENARIOS.values()))
    axes.set_ylim(len(SCENARIOS) - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label + " (escala logarítmica)")
    if metric == "cpu_us":
        brazilian(axes.xaxis, 1)
    else:
        short(axes.xaxis)
    figure.legend(loc="outside upper center", ncols=5, handletextpad=0.2, columnspacing=1.2)
    save(figure, folder, name)


def throughput(folder):
    _dots(folder, "vazao", "throughput_per_s", "datagramas atendidos por segundo")


def processor(folder):
    _dots(folder, "cpu", "cpu_us", "tempo de CPU por pedido, em µs")


def latency(folder):
    """Three groups of marks: the median, the 99th and the 99.9th percentile."""
    names = {"servent": "servent", "servent --hand-over queue": "servent só com filas", "echo": "eco"}
    names |= {"simple": "servent simples", "python": "Python", "memcached -t 1": "memcached"}
    figure, axes = plt.subplots(figsize=(6.2, 2.6))
    for index, (contestant, title) in enumerate(names.items()):
        middles, error = spread([_of(metric)["latency", contestant] for metric in ("p50_us", "p99_us", "p999_us")])
        axes.errorbar(
            [place - 0.3 + 0.12 * index for place in range(3)],
            middles,
            yerr=error,
            fmt=MARKS[index],
            color=COLOURS[index],
            label=title,
            elinewidth=1,
        )
    axes.set_yscale("log")
    axes.set_yticks([50, 100, 200, 500, 1000])
    axes.minorticks_off()
    axes.set_xticks(range(3), ["p50", "p99", "p99,9"])
    axes.set_ylabel("latência, em µs (escala log.)")
    brazilian(axes.yaxis)
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right")
    save(figure, folder, "latencia")
