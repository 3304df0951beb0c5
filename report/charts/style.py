"""What all charts have in common."""

import csv
import pathlib
from typing import NamedTuple

import matplotlib

MEASUREMENTS = pathlib.Path(__file__).parent.parent / "measurements"

# Told apart in grey print by their lightness (36, 95, 147 and 182 of 255), by the colour-blind, and by their marks.
COLOURS = ["#0b2a4a", "#c23b0a", "#41b8a5", "#e8b923"]
MARKS = ["o", "s", "^", "D"]
# What was calculated, and what should be.
LINE = "#666666"
EXPECTED = "#d5d9de"
BAND = "#f3f5f8"


class Program(NamedTuple):
    """How a program that was measured is shown, in every chart."""

    name: str
    colour: str
    mark: str
    is_open: bool = False

    def look(self):
        """What matplotlib's errorbar takes of it."""
        inside = "white" if self.is_open else self.colour
        return {"label": self.name, "color": self.colour, "fmt": self.mark, "mfc": inside}


# One colour a program; its variants have marks of their own.
PROGRAMS = {
    "servent": Program("servent", COLOURS[0], "o"),
    "servent --no-offload": Program("servent sem GSO/GRO", COLOURS[0], "o", is_open=True),
    "servent --hand-over queue": Program("servent só com filas", COLOURS[0], "v", is_open=True),
    "echo": Program("eco", COLOURS[1], "s"),
    "simple": Program("simples com sendto", COLOURS[2], "^", is_open=True),
    "simple+sendmmsg": Program("simples com sendmmsg", COLOURS[2], "^"),
    "python": Program("Python", COLOURS[3], "P"),
    "memcached -t 1": Program("memcached", "#7b3294", "D"),
}


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
        for unit, one, more in [(1e6, "milhão", "milhões"), (1e3, "mil", "mil")]:
            if value >= unit:
                number = decimal(value / unit, 0 if value % unit == 0 else 1)
                return f"{number} {one if value < 2 * unit else more}"
        return decimal(value)

    axis.set_major_formatter(label)


def spread(triples):
    """(middle, low, high) of each point, as matplotlib's errorbar takes it: middles, and how far down and up."""
    middles = [middle for middle, _, _ in triples]
    return middles, [[middle - low for middle, low, _ in triples], [high - middle for middle, _, high in triples]]


def save(figure, folder, name):
    """Writes the chart."""
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
