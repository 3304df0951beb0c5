"""The golden vectors of data/wire."""

import glob
import os
import re

from lab.programs import ROOT


def read_vectors(pattern):
    """The vectors of data/wire as dictionaries, in order."""
    found = []
    for path in sorted(glob.glob(os.path.join(ROOT, "data", "wire", pattern))):
        with open(path, encoding="ascii") as file:
            blocks = file.read().split("\n\n")
        for block in blocks:
            lines = [line for line in block.splitlines() if line and not line.startswith("#")]
            vector = dict(re.fullmatch(r"(\w+): ?(.*)", line).groups() for line in lines)
            if vector:
                vector["bytes"] = bytes.fromhex(vector["bytes"])
                found.append(vector)
    return found
