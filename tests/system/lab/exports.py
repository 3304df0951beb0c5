"""What `tp3 export` makes, and what an overlay file says."""

import json
import os

from lab.processes import run
from lab.static import static_programs


def exported(file, target, folder, *options):
    """Exports an overlay file to a folder, and returns that."""
    run(tp3(), "export", file, target, "-o", folder, *options)
    return folder


def tp3():
    return os.path.join(static_programs(), "tp3")


class Listed:
    """An overlay file: its servents by their ports."""

    def __init__(self, file):
        listed = json.loads(run(tp3(), "overlay", file, "--print-json"))
        self.servents = {each["port"]: each for each in listed["servents"]}
        ports = {each["line"]: port for port, each in self.servents.items()}
        self.neighbours = {
            port: [ports[known["line"]] for known in each["neighbours"]] for port, each in self.servents.items()
        }

    def holds(self, port, key):
        with open(self.servents[port]["file"], "rb") as file:
            return any(line.removeprefix(b"\xef\xbb\xbf").split()[:1] == [key.encode()] for line in file)


def answers_in(output):
    """The ports of the servents whose answers are in a client's output, a line each; one that answers twice fails the
    test."""
    ports = [int(line.split("\t")[1].rpartition(":")[2]) for line in output.splitlines() if line.count("\t") >= 2]
    assert len(set(ports)) == len(ports), output
    return set(ports)
