"""Reach against loss and against jitter; what a question costs."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, LINE, MARKS, brazilian, decimal, rows, save, short, spread

GRAPHS = {"regular:4": "4 vizinhos", "regular:8": "8 vizinhos", "scale-free:3": "livre de escala"}
# Graphs of other shapes: what they are called, and where, in points from their marks. The line is where the ring is.
SHAPES = {
    "ring": ("linha e anel", 7, -4, "left"),
    "tree": ("árvore", 7, -3, "left"),
    "star": ("estrela", -7, 4, "right"),
    "grid": ("grade", -7, 4, "right"),
    "clique": ("clique", -7, 4, "right"),
    "scale-free:3": ("livre de escala", -7, 4, "right"),
}


def interval(row, name, scale=1.0):
    return [scale * float(row[name + end]) for end in ("", "_low", "_high")]


def _once(found):
    """Those rows, one where several are the same: what was simulated for either chart."""
    return list({tuple(row.values()): row for row in found}.values())


def hosts(folder):
    """Measured on hosts, simulated, and expected."""
    measured, simulated = rows("reach-hosts.csv"), rows("sim-ring.csv")
    figure, axes = plt.subplots(figsize=(6.0, 2.3))
    loss = [float(row["loss_percent"]) for row in measured]
    axes.plot(loss, [float(row["expected"]) for row in measured], "--", color=LINE, label="previsto", zorder=1)
    middles, error = spread([interval(row, "answers_share") for row in simulated])
    axes.errorbar(
        [float(row["loss_percent"]) for row in simulated],
        middles,
        yerr=error,
        fmt="s",
        mfc="white",
        markersize=6,
        color=COLOURS[1],
        label="simulado",
        elinewidth=1,
    )
    middles, error = spread([[float(row[name]) for name in ("share", "low", "high")] for row in measured])
    axes.errorbar(loss, middles, yerr=error, fmt="o", color=COLOURS[0], label="medido", elinewidth=1, capsize=2)
    axes.set_xlabel("perda de cada datagrama, em %")
    axes.set_ylabel("alcance")
    axes.set_ylim(0, 1.02)
    brazilian(axes.yaxis, 1)
    axes.legend()
    save(figure, folder, "alcance")


def loss(folder):
    """A line a number of tries, for one graph; a band from the lowest to the highest of all graphs."""
    figure, axes = plt.subplots(figsize=(6.4, 2.2))
    found = [row for row in rows("sim-reach.csv") if row["delay"] == "50ms"]
    shown = "regular:8"
    for index, (tries, title) in enumerate([("2", "com retransmissão"), ("1", "sem retransmissão")]):
        here = [_once(row for row in found if row["graph"] == graph and row["tries"] == tries) for graph in GRAPHS]
        shares = [[float(row["answers_share"]) for row in graph] for graph in here]
        percents = [float(row["loss_percent"]) for row in here[0]]
        colour = COLOURS[index]
        lowest, highest = ([end(point) for point in zip(*shares, strict=True)] for end in (min, max))
        axes.fill_between(percents, lowest, highest, color=colour, alpha=0.3, linewidth=0)
        middles, error = spread([interval(row, "answers_share") for row in here[list(GRAPHS).index(shown)]])
        axes.errorbar(
            percents,
            middles,
            yerr=error,
            fmt=MARKS[index] + ("-", "--")[index],
            color=colour,
            mfc="white" if index else None,
            label=f"{title},\n{GRAPHS[shown]}",
            elinewidth=0.9,
        )
    axes.fill_between(
        [], [], [], color="#9aa0a6", label="faixa: do menor ao maior\nde 4 vizinhos, 8 vizinhos\ne livre de escala"
    )
    axes.set_xlabel("perda de cada datagrama, em %")
    axes.set_ylabel("alcance")
    axes.set_ylim(0, 1.02)
    brazilian(axes.yaxis, 1)
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda index: labels[index].startswith("faixa"))
    figure.legend(
        [handles[index] for index in order], [labels[index] for index in order], loc="outside right", labelspacing=0.9
    )
    save(figure, folder, "perda")


def jitter(folder):
    """Left the reach, right the copies that came late with more time-to-live left."""
    figure, both = plt.subplots(1, 2, figsize=(6.4, 2.5))
    found = [row for row in rows("sim-reach.csv") if row["loss_percent"] == "0" and row["tries"] == "2"]
    # Milliseconds about the mean; then, apart, another distribution.
    about = [0, 5, 12.5, 25, 37.5, 50]
    places, names = [*about, 63], ["0", "5", "12,5", "25", "37,5", "50", "exp."]
    parts = [
        ("reached_share", "alcance (eixo a partir de 0,9)", 2),
        ("higher_ttl", "cópias tardias com TTL maior, por pergunta", 0),
    ]
    for axes, (column, title, digits) in zip(both, parts, strict=True):
        for index, (graph, name) in enumerate(GRAPHS.items()):
            here = _once(row for row in found if row["graph"] == graph)
            middles, error = spread([interval(row, column) for row in here])
            axes.errorbar(
                places,
                middles,
                yerr=error,
                fmt=MARKS[index],
                color=COLOURS[index],
                mfc="white" if index == 1 else None,
                label=name,
                elinewidth=0.9,
            )
            axes.plot(about, middles[: len(about)], "-", color=COLOURS[index], zorder=1)
        axes.set_title(title, fontsize=8.5)
        axes.set_xticks(places, names, fontsize=7.5)
        axes.set_xlabel("x, com atrasos de 50 ± x ms (uniformes);\nexp.: exponenciais de média 50 ms")
        brazilian(axes.yaxis, digits)
    both[0].set_ylim(0.9, 1.005)
    both[0].legend()
    save(figure, folder, "p19")


def bound(degree):
    """The most servents that a question can reach within three hops."""
    return 1 + sum(degree * (degree - 1) ** (hop - 1) for hop in range(1, 4))


def messages(folder):
    """Left the reach by degree with its bound, right the QUERYs by reach in graphs of all shapes."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.7))
    found = rows("sim-messages.csv")
    degrees = range(2, 11)
    left.plot(degrees, [bound(degree) for degree in degrees], "--", color=LINE, label="limite", zorder=1)
    sizes = [("1000", "1.000 servents"), ("100000", "100.000 servents")]
    for index, (servents, title) in enumerate(sizes):
        here = [row for row in found if row["servents"] == servents and row["graph"].startswith("regular:")]
        middles, error = spread([interval(row, "reached") for row in here])
        left.errorbar(
            [int(row["graph"].removeprefix("regular:")) for row in here],
            middles,
            yerr=error,
            fmt=MARKS[index],
            color=COLOURS[index],
            label=title,
            mfc="white" if index else None,
        )
    left.set_yscale("log")
    left.set_xlabel("vizinhos de cada servent")
    left.set_ylabel("servents alcançados, em média")
    short(left.yaxis)
    left.legend()
    most = max(float(row["reached"]) for row in found)
    reached = [2 * (most / 2) ** (step / 40) for step in range(41)]
    right.plot(
        reached, [servents - 1 for servents in reached], "--", color=LINE, label="uma por servent alcançado", zorder=1
    )
    regular = [row for row in found if row["graph"].startswith("regular:")]
    others = [row for row in found if row not in regular]
    for shown, title, look in [
        (regular, "regulares, os da esquerda", {"color": COLOURS[0], "mfc": "none", "marker": "o"}),
        (others, "outras formas (servents)", {"color": COLOURS[1], "marker": "s"}),
    ]:
        at = [[float(row[name]) for row in shown] for name in ("reached", "messages")]
        right.plot(*at, linestyle="none", markersize=4, label=title, **look)
    for row in others:
        if row["graph"] in SHAPES:
            name, x, y, align = SHAPES[row["graph"]]
            at = float(row["reached"]), float(row["messages"])
            text = f"{name} ({decimal(int(row['servents']))})"
            right.annotate(text, at, (x, y), textcoords="offset points", fontsize=7.5, ha=align, va="center")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlim(1, None)
    right.set_ylim(1, 8000)
    right.set_xlabel("servents alcançados, em média")
    right.set_ylabel("QUERYs por pergunta, em média")
    short(right.xaxis)
    short(right.yaxis)
    right.legend(loc="upper left", fontsize=7.5)
    save(figure, folder, "mensagens")
