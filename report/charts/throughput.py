"""Requests a second beside the baselines, and latencies, from flood.csv."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, MARKS, decimal, rows, save

CONTESTANTS = {
    "servent": "servent",
    "echo": "eco",
    "simple": "simples",
    "simple+sendmmsg": "simples com sendmmsg",
    "python": "Python",
    "memcached -t 1": "memcached",
}
SCENARIOS = {
    "clireq-1x256": "1 cliente, 256 em voo",
    "clireq-plain": "o mesmo, sem GSO",
    "clireq-64x1": "64 clientes, 1 em voo",
    "neighbours-gro": "10 vizinhos, GRO",
    "flood-64x1-gro": "64 clientes, 10 vizinhos",
    "relay-gro": "repassar QUERYs, GRO",
    "duplicates": "QUERYs repetidas",
    "malformed": "datagramas malformados",
}


def _of(metric):
    return {
        (row["scenario"], row["contestant"]): [float(row[of]) for of in ("median", "min", "max")]
        for row in rows("flood.csv")
        if row["metric"] == metric
    }


def throughput(folder):
    """A row a scenario, a mark a program, from the lowest to the highest of the rounds."""
    found = _of("throughput_per_s")
    figure, axes = plt.subplots(figsize=(6.4, 3.7))
    for index, (contestant, name) in enumerate(CONTESTANTS.items()):
        points = [
            (place - 0.25 + 0.1 * index, found[scenario, contestant])
            for place, scenario in enumerate(SCENARIOS)
            if (scenario, contestant) in found
        ]
        medians = [median for _, (median, _, _) in points]
        spread = [[median - low for _, (median, low, _) in points], [high - median for _, (median, _, high) in points]]
        axes.errorbar(
            medians, [place for place, _ in points], xerr=spread, fmt=MARKS[index], color=COLOURS[index], label=name,
            markersize=4.5, elinewidth=1, capsize=0, linestyle="none",
        )
    axes.set_xscale("log")
    axes.set_yticks(range(len(SCENARIOS)), list(SCENARIOS.values()))
    axes.invert_yaxis()
    axes.set_xlabel("datagramas atendidos por segundo (escala logarítmica)")
    axes.xaxis.set_major_formatter(lambda value, _: decimal(value))
    figure.legend(loc="outside upper center", ncols=6, fontsize=8, handletextpad=0.2, columnspacing=1.0)
    save(figure, folder, "vazao")


def latency(folder):
    """Three groups of marks: the median, the 99th and the 99.9th percentile."""
    order = ["servent", "servent --hand-over queue", "echo", "simple", "python", "memcached -t 1"]
    names = {**CONTESTANTS, "servent --hand-over queue": "servent só com filas"}
    figure, axes = plt.subplots(figsize=(6.0, 2.7))
    for place, (metric, _) in enumerate([("p50_us", "p50"), ("p99_us", "p99"), ("p999_us", "p99,9")]):
        found = _of(metric)
        for index, contestant in enumerate(order):
            median, low, high = found["latency", contestant]
            axes.errorbar(
                [place - 0.3 + 0.12 * index], [median], yerr=[[median - low], [high - median]], fmt=MARKS[index],
                color=COLOURS[index], label=names[contestant] if place == 0 else None, markersize=4.5, elinewidth=1,
            )
    axes.set_yscale("log")
    axes.set_xticks(range(3), ["p50", "p99", "p99,9"])
    axes.set_ylabel("latência (µs)")
    axes.yaxis.set_major_formatter(lambda value, _: decimal(value))
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right", fontsize=8)
    save(figure, folder, "latencia")
