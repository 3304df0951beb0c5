"""mutantes.csv: how many faulty programs the checker and the simulator are tried with, and how many overlays the latter
makes. That each is found is what tests/system/check and tests/sim prove."""

import os
import re

from check.mutants import mutants
from lab.programs import ROOT
from measuring import tables


def measure():
    rows = [{"of": program, "count": len(mutants(program))} for program in ("servent", "client")]
    rows += [{"of": "simulator", "count": mutations()}, {"of": "seeds", "count": seeds()}]
    tables.write("mutantes.csv", rows)


def mutations():
    """The rows of the simulator's table that expect something to be found."""
    return len(re.findall(r'^    \(".*&\["', source("mutations.rs"), re.MULTILINE))


def seeds():
    """How many overlays are simulated in each run of the tests."""
    return int(re.search(r"^const SEEDS: u64 = ([0-9_]+);", source("seeds.rs"), re.MULTILINE)[1].replace("_", ""))


def source(name):
    with open(os.path.join(ROOT, "tests", "sim", name), encoding="utf-8") as file:
        return file.read()
