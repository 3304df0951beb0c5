"""Overlays with another program in them, overlays under Mininet, and what a victim gets."""

import matplotlib.pyplot as plt

from charts.style import COLOURS, EXPECTED, MARKS, rows, save, short, spread


def mixed(folder):
    """The share of the answers that should come, by the number of twins."""
    found = rows("mixed.csv")
    figure, axes = plt.subplots(figsize=(6.0, 2.0))
    expected = [int(row["expected"]) / int(row["questions"]) for row in found]
    answers = [int(row["answers"]) / int(row["questions"]) for row in found]
    places = range(len(found))
    axes.bar([place - 0.2 for place in places], expected, 0.38, color=EXPECTED, label="esperadas")
    axes.bar([place + 0.2 for place in places], answers, 0.38, color=COLOURS[0], label="recebidas")
    for place, row in zip(places, found, strict=True):
        axes.text(place, max(expected) + 0.12, f"n = {row['questions']}", ha="center", fontsize=7.5)
    axes.set_xticks(list(places), [row["twins"] for row in found])
    axes.set_xlabel("número de gêmeos (em Python) entre os cinco servents da cadeia")
    axes.set_ylabel("respostas por pergunta\n(média)")
    axes.set_ylim(0, 5.4)
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right")
    save(figure, folder, "mistos")


def mininet(folder):
    """What should come without loss, and what came."""
    names = {"chain": "cadeia", "ring": "anel", "star": "estrela", "grid": "grade"}
    found = rows("mininet.csv")
    figure, axes = plt.subplots(figsize=(6.0, 1.95))
    expected = [int(row["expected"]) / int(row["questions"]) for row in found if row["loss_percent"] == "0"]
    axes.bar(
        [place - 0.27 for place in range(len(expected))], expected, 0.25, color=EXPECTED, label="esperadas, sem perda"
    )
    for index, percent in enumerate(["0", "20"]):
        here = [row for row in found if row["loss_percent"] == percent]
        places = [place + 0.27 * index for place in range(len(here))]
        shares = [int(row["answers"]) / int(row["questions"]) for row in here]
        title = f"recebidas, com {percent} % de perda" if index else "recebidas, sem perda"
        axes.bar(places, shares, 0.25, color=COLOURS[index], label=title)
    here = [row for row in found if row["loss_percent"] == "0"]
    labels = [f"{names[row['overlay']]} de {row['servents']}\nn = {row['questions']}" for row in here]
    axes.set_xticks(range(len(here)), labels, fontsize=7.5)
    axes.set_ylabel("respostas por pergunta\n(média)")
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside right")
    save(figure, folder, "mininet")


def reflection(folder):
    """RESPONSEs at the victim by forged QUERYs."""
    figure, axes = plt.subplots(figsize=(6.0, 2.15))
    found = rows("reflection.csv")
    names = ("responses_in_a_second", "responses_min", "responses_max")
    for index, (limit, title) in enumerate([("0", "sem limite"), ("200", "limite padrão")]):
        here = [row for row in found if row["response_limit"] == limit]
        triples = [[float(row[name]) for name in names] for row in here]
        middles, error = spread(triples)
        axes.errorbar(
            [float(row["sent_per_s"]) for row in here],
            middles,
            yerr=error,
            fmt=MARKS[1 - index] + "-",
            color=COLOURS[1 - index],
            label=title,
            mfc="white" if index == 0 else None,
            capsize=2,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("QUERYs forjadas por segundo (escala logarítmica)")
    axes.set_ylabel("RESPONSEs na vítima em\num segundo (escala log.)")
    short(axes.xaxis)
    short(axes.yaxis)
    axes.legend()
    save(figure, folder, "reflexao")
