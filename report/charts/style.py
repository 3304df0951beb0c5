"""What all charts have in common."""

import csv
import pathlib

import matplotlib

MEASUREMENTS = pathlib.Path(__file__).parent.parent / "measurements"

# Told apart in grey print by their lightness, and by their marks.
COLOURS = ["#0b3c5d", "#c2571a", "#7a9e3a", "#8f8f8f", "#5b2a86", "#d9a514"]
MARKS = ["o", "s", "^", "D", "v", "P"]
BAND = "#f3f5f8"


def set_up():
    """The same bytes for the same data: no date, no random ids, text as text in a font that comes with matplotlib."""
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {
            "svg.hashsalt": "tp3",
            "svg.fonttype": "none",
            "font.family": "DejaVu Sans",
            "font.size": 8.5,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.6,
            "axes.axisbelow": True,
            "legend.frameon": False,
            "legend.fontsize": 8,
            "lines.linewidth": 1.2,
            "lines.markersize": 4.5,
            "figure.constrained_layout.use": True,
        }
    )


def rows(name):
    """The rows of a CSV of measurements."""
    with (MEASUREMENTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def decimal(value, digits=0):
    """A number as it is written in Brazil."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def brazilian(axis, digits=0):
    """An axis with its numbers so written."""
    axis.set_major_formatter(lambda value, _: decimal(value, digits))


def short(axis):
    """An axis of large numbers: thousands and millions."""

    def label(value, _):
        for unit, name in [(1e6, " mi"), (1e3, " mil")]:
            if value >= unit:
                return decimal(value / unit, 0 if value % unit == 0 else 1) + name
        return decimal(value)

    axis.set_major_formatter(label)


def spread(triples):
    """(middle, low, high) of each point, as matplotlib's errorbar takes it: middles, and how far down and up."""
    middles = [middle for middle, _, _ in triples]
    return middles, [[middle - low for middle, low, _ in triples], [high - middle for middle, _, high in triples]]


def save(figure, folder, name):
    """Writes the chart."""
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
