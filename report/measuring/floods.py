"""flood-grid.jsonl: the trace of one question in a grid of nine servents; and its pictures."""

import os
import subprocess

from lab.namespaces import Lab
from lab.programs import ROOT, built
from measuring import tables

OVERLAY = os.path.join(ROOT, "data", "overlays", "grid.txt")


def measure():
    with Lab() as lab:
        (host,) = lab.hosts("host")
        traces = os.path.join(lab.folder, "traces")
        words = ["overlay", OVERLAY, "--trace", traces, "--timeout", "1", "http"]
        host.run(*built(["tp3"]), *words)
        lines = []
        for name in sorted(os.listdir(traces)):
            with open(os.path.join(traces, name), encoding="utf-8") as file:
                lines += file.readlines()
    with open(tables.path("flood-grid.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(lines)
    print(f"report/measurements/flood-grid.jsonl: {len(lines)} lines")
    draw()


def draw():
    """The program's own pictures of the trace, beside it."""
    pictures = ["--rings", tables.path("flood-rings.svg"), "--sequence", tables.path("flood-sequence.svg")]
    words = ["explain", tables.path("flood-grid.jsonl"), "--lang", "pt", *pictures]
    subprocess.run([*built(["tp3"]), *words], stdout=subprocess.DEVNULL, check=True)
    with open(tables.path("flood-grid.json"), "w", encoding="utf-8") as file:
        subprocess.run([*built(["tp3"]), "explain", tables.path("flood-grid.jsonl"), "--json"], stdout=file, check=True)
