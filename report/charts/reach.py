"""Reach against loss and against jitter, from sim-reach.csv."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, MARKS, decimal, rows, save

GRAPHS = {"4 neighbours each": "4 vizinhos", "8 neighbours each": "8 vizinhos", "scale-free": "livre de escala"}


def _points(table, name):
    """{graph: [(what stands behind the graph's name, value)]}."""
    found = {graph: [] for graph in GRAPHS}
    for row in rows("sim-reach.csv"):
        if row["table"] == table and row["name"] == name:
            graph, setting = row["setting"].split("; ")
            found[graph].append((setting.split(" ", 1)[1], float(row["value"])))
    return found


def reach(folder):
    """One line a graph and number of tries."""
    figure, axes = plt.subplots(figsize=(6.0, 2.9))
    for name, style, tries in [("reach_one_try", "--", "1 tentativa"), ("reach_two_tries", "-", "2 tentativas")]:
        for index, (graph, points) in enumerate(_points("loss", name).items()):
            axes.plot(
                [float(setting.removesuffix(" %")) for setting, _ in points], [value for _, value in points], style,
                marker=MARKS[index], color=COLOURS[index], markersize=4, label=f"{GRAPHS[graph]}, {tries}", linewidth=1.2,
            )
    axes.set_xlabel("perda de cada datagrama (%)")
    axes.set_ylabel("alcance")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: decimal(value, 1))
    axes.legend(fontsize=8)
    save(figure, folder, "alcance")


def jitter(folder):
    """Left the reach, right the copies that came late with more time-to-live left."""
    figure, both = plt.subplots(1, 2, figsize=(6.4, 2.6))
    # (table's name of the value, title, digits)
    parts = [("reach", "alcance", 2), ("higher_ttl", "cópias tardias com mais TTL, por pergunta", 0)]
    for axes, (name, title, digits) in zip(both, parts, strict=True):
        for index, (graph, points) in enumerate(_points("jitter", name).items()):
            settings = [setting.replace("exponential", "exp.") for setting, _ in points]
            axes.plot(
                settings, [value for _, value in points], marker=MARKS[index], color=COLOURS[index], markersize=4,
                label=GRAPHS[graph], linewidth=1.2,
            )
        axes.set_title(title, fontsize=8.5)
        axes.set_xlabel("variação do atraso de 50 ms")
        axes.yaxis.set_major_formatter(lambda value, _, digits=digits: decimal(value, digits))
        axes.tick_params(axis="x", labelsize=7.5)
    both[0].legend(fontsize=8)
    save(figure, folder, "p19")
