"""mininet.csv: the overlays of data/overlays under Mininet, each servent a host, asked at every servent."""

import json
import os
import subprocess
import sys

from lab.networks import ball
from lab.processes import DIE_WITH_US
from lab.programs import BINARIES, ROOT, built
from measuring import tables

TOOL = os.path.join(ROOT, "data", "mininet", "overlay.py")
OVERLAYS = ["chain", "ring", "star", "grid"]
PERCENTS = [0, 20]
ASKS = 3
KEY = "http"


def read(name):
    """The overlay by ports, and the ports whose file holds the key."""
    file = os.path.join(ROOT, "data", "overlays", f"{name}.txt")
    printed = subprocess.run([*built(["tp3"]), "overlay", "--print-json", file], stdout=subprocess.PIPE, check=True)
    overlay, holders = {}, set()
    for servent in json.loads(printed.stdout)["servents"]:
        port = str(servent["port"])
        overlay[port] = [each["name"].rpartition(":")[2] for each in servent["neighbours"]]
        with open(servent["file"], "rb") as pairs:
            if any(line.split()[:1] == [KEY.encode()] for line in pairs):
                holders.add(port)
    return file, overlay, holders


def asked(file, entry, percent):
    """For each question how many answered."""
    words = [*DIE_WITH_US, TOOL, "--binaries", BINARIES, "--timeout", "1", "--loss", str(percent), "--at", entry]
    # A key is asked for as often as it stands there, one after the other.
    ended = subprocess.run(
        [*words, file], input=f"{KEY}\n" * ASKS, capture_output=True, encoding="latin-1", check=False
    )
    assert ended.returncode in (0, 1), ended.stderr
    return [line.split("\t")[1] for line in ended.stdout.splitlines()]


def measure():
    rows = []
    for name in OVERLAYS:
        file, overlay, holders = read(name)
        for percent in PERCENTS:
            answered = expected = 0
            for entry in overlay:
                found = asked(file, entry, percent)
                answered += len(found)
                expected += ASKS * len(ball(overlay, entry) & holders)
            rows.append(
                {
                    "overlay": name, "servents": len(overlay), "loss_percent": percent,
                    "questions": ASKS * len(overlay), "answers": answered, "expected": expected,
                }
            )  # fmt: skip
            print(f"  {rows[-1]}", file=sys.stderr)
    tables.write("mininet.csv", rows)
