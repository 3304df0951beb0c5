"""What `tp3 simulate` says, in its own columns: the same on every machine."""

import subprocess

from lab.programs import built
from measuring import tables

QUESTIONS = 1_000
GRAPHS = ["regular:4", "regular:8", "scale-free:3"]
LOSS = "0,1,2,5,10,20,30,40,50"
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
    """simulate-ring.csv: the hosts of `reach`, simulated."""
    words = ["--graph", "ring", "--servents", "8", "--questions", "10000", "--loss", LOSS]
    simulate("simulate-ring.csv", [words])


def loss():
    """simulate-loss.csv: reach against loss in large overlays, with one try and with two."""
    words = ["--servents", "1000", "--questions", str(QUESTIONS), "--loss", LOSS, "--tries", "1,2"]
    simulate("simulate-loss.csv", [["--graph", graph, *words] for graph in GRAPHS])


def jitter():
    """simulate-jitter.csv: reach where delays differ (P-19)."""
    delays = ",".join(["50ms", *(f"50ms±{spread}ms" for spread in (5, 12.5, 25, 37.5, 50)), "exp:50ms"])
    words = ["--servents", "1000", "--questions", str(QUESTIONS), "--delay", delays]
    simulate("simulate-jitter.csv", [["--graph", graph, *words] for graph in GRAPHS])


def messages():
    """simulate-messages.csv: what a question costs and whom it reaches, by the number of neighbours; and in graphs of
    other shapes."""
    graphs = [f"regular:{degree}" for degree in DEGREES]
    large = [["--graph", graph, "--servents", "1000"] for graph in graphs + LARGE_SHAPES]
    huge = [["--graph", graph, "--servents", "100000"] for graph in graphs]
    small = [["--graph", graph] for graph in SMALL_SHAPES]
    simulate("simulate-messages.csv", [[*words, "--questions", str(QUESTIONS)] for words in large + huge + small])


def holders():
    """simulate-holders.csv: how often a key that few hold is found in a large overlay."""
    words = ["--graph", "regular:10", "--servents", "100000", "--questions", "10000", "--holders", "1,100,1000"]
    simulate("simulate-holders.csv", [words])
