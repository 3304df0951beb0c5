"""Reach against loss and against jitter; what a question costs."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, MARKS, brazilian, rows, save, short, spread

GRAPHS = {"regular:4": "4 vizinhos", "regular:8": "8 vizinhos", "scale-free:3": "livre de escala"}


def interval(row, name, scale=1.0):
    return [scale * float(row[name + end]) for end in ("", "_low", "_high")]


def _once(found):
    """Those rows, one where several are the same: what was simulated for either chart."""
    return list({tuple(row.values()): row for row in found}.values())


def hosts(folder):
    """Measured on hosts, simulated, and expected."""
    measured, simulated = rows("reach-hosts.csv"), rows("sim-ring.csv")
    figure, axes = plt.subplots(figsize=(6.0, 2.9))
    loss = [float(row["loss_percent"]) for row in measured]
    axes.plot(loss, [float(row["expected"]) for row in measured], "-", color=COLOURS[3], label="previsto", zorder=1)
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
    """One line a graph and number of tries."""
    figure, axes = plt.subplots(figsize=(6.4, 2.5))
    found = [row for row in rows("sim-reach.csv") if row["delay"] == "50ms"]
    for tries, style, title in [("2", "-", "com retransmissão"), ("1", "--", "sem")]:
        for index, (graph, name) in enumerate(GRAPHS.items()):
            here = _once(row for row in found if row["graph"] == graph and row["tries"] == tries)
            middles, error = spread([interval(row, "answers_share") for row in here])
            axes.errorbar(
                [float(row["loss_percent"]) for row in here],
                middles,
                yerr=error,
                fmt=MARKS[index] + style,
                color=COLOURS[index],
                markersize=3.5,
                label=f"{name}, {title}",
                elinewidth=0.9,
            )
    axes.set_xlabel("perda de cada datagrama, em %")
    axes.set_ylabel("alcance")
    axes.set_ylim(0, 1.02)
    brazilian(axes.yaxis, 1)
    figure.legend(loc="outside right")
    save(figure, folder, "perda")


def jitter(folder):
    """Left the reach, right the copies that came late with more time-to-live left."""
    figure, both = plt.subplots(1, 2, figsize=(6.4, 2.6))
    found = [row for row in rows("sim-reach.csv") if row["loss_percent"] == "0" and row["tries"] == "2"]
    names = ["0", "5", "12,5", "25", "37,5", "50", "exp."]
    parts = [("reached_share", "alcance", 2), ("higher_ttl", "cópias tardias com TTL maior, por pergunta", 0)]
    for axes, (column, title, digits) in zip(both, parts, strict=True):
        for index, (graph, name) in enumerate(GRAPHS.items()):
            here = _once(row for row in found if row["graph"] == graph)
            middles, error = spread([interval(row, column) for row in here])
            axes.errorbar(
                names,
                middles,
                yerr=error,
                fmt=MARKS[index] + "-",
                color=COLOURS[index],
                label=name,
                elinewidth=0.9,
            )
        axes.set_title(title, fontsize=8.5)
        axes.set_xlabel("± ms em torno de 50 ms")
        brazilian(axes.yaxis, digits)
    both[0].legend()
    save(figure, folder, "p19")


def bound(degree):
    """The most servents that a question can reach within three hops."""
    return 1 + sum(degree * (degree - 1) ** (hop - 1) for hop in range(1, 4))


def messages(folder):
    """Left the reach by degree with its bound, right the QUERYs by reach in graphs of all shapes."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 2.9))
    found = rows("sim-messages.csv")
    degrees = range(2, 11)
    left.plot(degrees, [bound(degree) for degree in degrees], color=COLOURS[3], label="limite", zorder=1)
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
    left.set_ylabel("servents alcançados")
    short(left.yaxis)
    left.legend()
    names = {
        "line": "", "ring": "linha e anel", "star": "estrela", "tree": "árvore", "grid": "grade", "clique": "clique",
        "scale-free:3": "livre de escala",
    }  # fmt: skip
    most = max(float(row["reached"]) for row in found)
    right.plot([2, most], [1, most - 1], color=COLOURS[3], label="uma por servent", zorder=1)
    for row in found:
        regular = row["graph"].startswith("regular:")
        at = float(row["reached"]), float(row["messages"])
        right.plot(
            *at, "o", color=COLOURS[0] if regular else COLOURS[1], mfc="white" if regular else None, markersize=4
        )
        if not regular:
            name = names[row["graph"]]
            x, y, align = {"estrela": (5, 1, "left"), "linha e anel": (5, -4, "left")}.get(name, (-4, 3, "right"))
            right.annotate(name, at, (x, y), textcoords="offset points", fontsize=7.5, ha=align)
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("servents alcançados")
    right.set_ylabel("QUERYs por pergunta")
    short(right.xaxis)
    short(right.yaxis)
    save(figure, folder, "mensagens")
