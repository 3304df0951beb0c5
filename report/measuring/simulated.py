"""What `tp3 simulate` says, in its own columns: the same on every machine."""

import subprocess

from lab.programs import built
from measuring import tables

QUESTIONS = 1_000
GRAPHS = ["regular:4", "regular:8", "scale-free:3"]
LOSS = "0,1,2,5,10,20,30,40,50"
DELAYS = "50ms,50ms±5ms,50ms±12.5ms,50ms±25ms,50ms±37.5ms,50ms±50ms,exp:50ms"
DEGREES = range(3, 11)
# Those that can be of any size, and those that are as large as they can be: a servent knows at most ten others.
LARGE_SHAPES, SMALL_SHAPES = ["line", "ring", "tree", "grid", "scale-free:3"], ["star", "clique"]


def simulate(name, runs):
    """Runs each of these and joins their tables."""
    rows = []
    for words in runs:
        command = [*built(["tp3"]), "simulate", *words, "--csv"]
        header, *lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
        rows += lines
    with open(tables.path(name), "w", encoding="utf-8") as file:
        file.write("\n".join([header, *rows]) + "\n")
    print(f"report/measurements/{name}: {len(rows)} rows")


def ring():
    """sim-ring.csv: the hosts of `reach`, simulated."""
    words = ["--graph", "ring", "--servents", "8", "--questions", "10000", "--loss", LOSS]
    simulate("sim-ring.csv", [words])


def reach():
    """sim-reach.csv: reach in large overlays against loss, with one try and with two, and by delays (P-19)."""
    words = ["--servents", "1000", "--questions", str(QUESTIONS)]
    loss = [["--graph", graph, *words, "--loss", LOSS, "--tries", "1,2"] for graph in GRAPHS]
    delay = [["--graph", graph, *words, "--delay", DELAYS] for graph in GRAPHS]
    simulate("sim-reach.csv", loss + delay)


def messages():
    """sim-messages.csv: what a question costs and whom it reaches, by the number of neighbours; and in graphs of
    other shapes."""
    graphs = [f"regular:{degree}" for degree in DEGREES]
    large = [["--graph", graph, "--servents", "1000"] for graph in graphs + LARGE_SHAPES]
    huge = [["--graph", graph, "--servents", "100000"] for graph in graphs]
    small = [["--graph", graph] for graph in SMALL_SHAPES]
    simulate("sim-messages.csv", [[*words, "--questions", str(QUESTIONS)] for words in large + huge + small])


def holders():
    """sim-holders.csv: how often a key that few hold is found in a large overlay."""
    words = ["--graph", "regular:10", "--servents", "100000", "--questions", "10000", "--holders", "1,100,1000"]
    simulate("sim-holders.csv", [words])
