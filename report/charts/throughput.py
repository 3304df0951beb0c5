"""Requests a second, processor time and latencies beside the baselines, from flood.csv."""

import matplotlib.pyplot as plt

from charts.style import BAND, PROGRAMS, brazilian, decimal, rows, save, short, spread

# All that flood.csv has throughputs of: a servent alone, servents with neighbours, and what nobody answers.
SCENARIOS = {
    "clireq-1x256": "rajadas de 256, valores do mesmo tamanho",
    "clireq-mixed": "rajadas de 256, valores de 20 a 70 bytes",
    "clireq-plain": "rajadas de 256, cliente sem GSO/GRO",
    "clireq-64x1": "64 clientes, uma pergunta por vez cada",
    "neighbours-gro": "rajadas de 256, 10 vizinhos com GRO",
    "neighbours-plain": "rajadas de 256, 10 vizinhos sem GRO",
    "flood-64x1-gro": "64 clientes, 10 vizinhos com GRO",
    "flood-64x1": "64 clientes, 10 vizinhos sem GRO",
    "relay-gro": "repassar QUERYs a 10 vizinhos com GRO",
    "relay-plain": "repassar QUERYs a 10 vizinhos sem GRO",
    "line": "linha de 3 servents, chaves no último",
    "duplicates": "QUERYs repetidas",
    "malformed": "datagramas malformados",
}
CONTESTANTS = [
    "servent", "servent --no-offload", "echo", "simple", "simple+sendmmsg", "python", "memcached -t 1",
]  # fmt: skip


def _of(metric):
    return {
        (row["scenario"], row["contestant"]): [float(row[of]) for of in ("median", "min", "max")]
        for row in rows("flood.csv")
        if row["metric"] == metric
    }


def _dots(folder, name, metric, label):
    """A band a scenario, a mark a program, from the lowest to the highest of the rounds."""
    found = _of(metric)
    figure, axes = plt.subplots(figsize=(6.4, 3.65))
    heights, ticks, top = {}, [], 0.0
    for place, scenario in enumerate(SCENARIOS):
        here = [contestant for contestant in CONTESTANTS if (scenario, contestant) in found]
        for index, contestant in enumerate(here):
            heights[scenario, contestant] = top + 1 + index
        bottom = top + len(here) + 1
        if place % 2 == 0:
            axes.axhspan(top, bottom, color=BAND, zorder=0)
        ticks.append((top + bottom) / 2)
        top = bottom
    for contestant in CONTESTANTS:
        here = [pair for pair in heights if pair[1] == contestant]
        middles, error = spread([found[pair] for pair in here])
        look = PROGRAMS[contestant].look()
        axes.errorbar(middles, [heights[pair] for pair in here], xerr=error, elinewidth=0.8, markersize=3.6, **look)
    axes.set_xscale("log")
    axes.set_yticks(ticks, list(SCENARIOS.values()), fontsize=7.5)
    axes.set_ylim(top, 0)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(label + " (escala log.)")
    if metric == "cpu_us":
        axes.xaxis.set_major_formatter(lambda value, _: decimal(value, 1 if value < 1 else 0))
    else:
        short(axes.xaxis)
    figure.legend(loc="outside upper center", ncols=4, handletextpad=0.2, columnspacing=1.2)
    save(figure, folder, name)


def throughput(folder):
    _dots(folder, "vazao", "throughput_per_s", "perguntas, ou descartes, por segundo")


def processor(folder):
    _dots(folder, "cpu", "cpu_us", "tempo de CPU por pergunta, ou descarte, em µs")


def latency(folder):
    """Two groups of marks: the median and the 99th percentile. A round has too few questions for more."""
    found = {metric: _of(metric) for metric in ("p50_us", "p99_us")}
    names = [name for name in PROGRAMS if ("latency", name) in found["p50_us"]]
    figure, axes = plt.subplots(figsize=(6.2, 2.2))
    for index, name in enumerate(names):
        middles, error = spread([of["latency", name] for of in found.values()])
        places = [place + 0.13 * (index - (len(names) - 1) / 2) for place in range(len(found))]
        axes.errorbar(places, middles, yerr=error, elinewidth=1, **PROGRAMS[name].look())
    axes.set_yscale("log")
    axes.set_yticks([50, 100, 200, 500, 1000])
    axes.minorticks_off()
    axes.set_xlim(-0.6, 1.6)
    axes.set_xticks(range(len(found)), ["mediana (p50)", "p99 (1 em 100 demora mais)"])
    axes.set_ylabel("latência, em µs (escala log.)")
    brazilian(axes.yaxis)
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right")
    save(figure, folder, "latencia")
