"""mixed.csv: answers of a chain of five in which some servents are another program, the Python twin of the checker.

Every choice of places for the twin is tried, and every servent is asked. The client is ours.
"""

import itertools
import os
import sys
import time

from lab.namespaces import Lab
from lab.networks import ball, chain, lan
from lab.overlays import PORT, Client, Servent
from lab.processes import Deadline
from lab.programs import ROOT, write
from measuring import tables

TWIN = os.path.join(ROOT, "tests", "system", "check", "twin", "servent.py")
NAMES = ["s1", "s2", "s3", "s4", "s5"]
ASKS = 5
TIMEOUT_S = 1.0


class Twin:
    """The twin on a host, once its socket is bound."""

    def __init__(self, host, file, neighbours):
        self.process = host.popen(sys.executable, "-I", "-S", "-B", TWIN, str(PORT), file, *neighbours)
        deadline = Deadline()
        while f":{PORT:04X} " not in host.run("cat", "/proc/net/udp"):
            assert deadline.left() and self.process.poll() is None, f"the twin on {host.name} does not listen"
            time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def asked(places):
    """For each question how many answered and how many should, with the twin at these places of the chain."""
    with Lab() as lab:
        client, *hosts = lan(lab, "client", *NAMES)
        overlay, by_name = chain(*NAMES), {host.name: host for host in hosts}
        keys = [f"key{number}" for number in range(ASKS)]
        running = []
        for place, host in enumerate(hosts):
            file = write(lab.folder, f"{host.name}.txt", "".join(f"{key}\tof {host.name}\n" for key in keys))
            neighbours = [f"{by_name[name].address}:{PORT}" for name in overlay[host.name]]
            running.append((Twin if place in places else Servent)(host, file, neighbours))
        conversations = [(host.name, Client(client, f"{host.address}:{PORT}", keys, TIMEOUT_S)) for host in hosts]
        for name, conversation in conversations:
            meant = {f"of {other}".encode() for other in ball(overlay, name)}
            for answers in conversation.finish().answers.values():
                found = {value for _, value in answers}
                assert found <= meant, f"{sorted(found)} at {name}"
                yield len(found), len(meant)
        for each in running:
            each.stop()


def measure():
    rows = []
    for count in range(len(NAMES) + 1):
        found = []
        choices = list(itertools.combinations(range(len(NAMES)), count))
        for places in choices:
            found += asked(places)
        answered, meant = zip(*found, strict=True)
        complete = sum(some == all_ for some, all_ in found)
        rows.append(
            {
                "twins": count, "overlays": len(choices), "questions": len(found), "complete": complete,
                "answers": sum(answered), "expected": sum(meant), **tables.ratio(answered, meant),
            }
        )  # fmt: skip
        print(f"  {rows[-1]}")
    tables.write("mixed.csv", rows)
