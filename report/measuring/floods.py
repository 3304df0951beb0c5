"""flood-grid.jsonl: the trace of one question in a grid of nine servents; and its pictures.

sessao.txt: what a client shows.
"""

import os
import subprocess

from lab.namespaces import Lab
from lab.programs import ROOT, built
from measuring import tables

OVERLAYS = os.path.join(ROOT, "data", "overlays")


def measure():
    with Lab() as lab:
        (host,) = lab.hosts("host")
        traces = os.path.join(lab.folder, "traces")
        words = ["overlay", os.path.join(OVERLAYS, "grid.txt"), "--trace", traces, "--timeout", "1", "http"]
        host.run(*built(["tp3"]), *words)
        lines = []
        for name in sorted(os.listdir(traces)):
            with open(os.path.join(traces, name), encoding="utf-8") as file:
                lines += file.readlines()
    with open(tables.path("flood-grid.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(lines)
    print(f"report/measurements/flood-grid.jsonl: {len(lines)} lines")
    draw()


def session():
    """sessao.txt: a question that four servents answer, and one that nobody within reach does."""
    with Lab() as lab:
        (host,) = lab.hosts("host")
        words = ["overlay", os.path.join(OVERLAYS, "chain.txt"), "http", "rfb"]
        shown = host.run("sh", "-c", '"$@" || test $? -eq 1', "sh", *built(["tp3"]), *words).splitlines(keepends=True)
    # What the overlay itself says comes first.
    client = [line for line in shown if not line.startswith(("servent ", "asking "))]
    with open(tables.path("sessao.txt"), "w", encoding="utf-8") as file:
        file.writelines(client)
    print("report/measurements/sessao.txt")


def draw():
    """The program's own pictures of the trace, beside it."""
    pictures = ["--rings", tables.path("flood-rings.svg"), "--sequence", tables.path("flood-sequence.svg")]
    words = ["explain", tables.path("flood-grid.jsonl"), "--lang", "pt", *pictures]
    subprocess.run([*built(["tp3"]), *words], stdout=subprocess.DEVNULL, check=True)
    with open(tables.path("flood-grid.json"), "w", encoding="utf-8") as file:
        subprocess.run([*built(["tp3"]), "explain", tables.path("flood-grid.jsonl"), "--json"], stdout=file, check=True)
