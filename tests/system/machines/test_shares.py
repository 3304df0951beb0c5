"""An overlay file over many hosts, of which each runs its share: `tp3 overlay --here`."""

import itertools
import os
import random
import subprocess
import time

import pytest

from lab.networks import ball
from lab.overlays import Client
from lab.processes import Deadline, run, still_running
from lab.programs import OVERLAY, built, write

pytestmark = pytest.mark.needs("namespaces")

HOSTS, SHARE = 10, 100
# What is promised: all up within so many seconds.
UP_S_MAX = 30.0


class Share:
    """What runs on a host of an overlay file."""

    def __init__(self, host, file):
        self.host = host
        self.process = host.popen(
            *built(OVERLAY), file, "--here", host.address, "--serve",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait(self):
        """Waits until all of its servents serve; returns what it says then."""
        said = self.process.stdout.readline()
        assert said, f"{self.host.name}: {self.process.stderr.read()}"
        return said.rstrip("\n")

    def stop(self):
        self.process.terminate()
        code = self.process.wait(Deadline().left())
        assert code == 0, f"{self.host.name} ended with {code}: {self.process.stderr.read()}"


def sparse(names, degree, seed):
    """A random graph in which no way around is as short as five links. Nowhere within three hops of an origin does a
    QUERY come earlier by a longer way, with less time-to-live (P-19), so that the answers are the same each time."""
    drawn, graph = random.Random(seed), {name: [] for name in names}
    for name in names:
        for other in drawn.sample(names, len(names)):
            if len(graph[name]) == degree:
                break
            if len(graph[other]) < degree and other not in ball(graph, name, 4):
                graph[name].append(other)
                graph[other].append(name)
    return graph


def test_p14_1000_servents_as_ten_shares_are_up_answer_as_breadth_first_search_says_and_are_gone(lab, remark):
    client, *hosts = lab.hosts("client", *(f"h{number}" for number in range(HOSTS)))
    lab.lan("10.77.0.0/24", client, *hosts)
    lab.ready()
    places = [f"{host.address}:{6001 + number}" for host, number in itertools.product(hosts, range(SHARE))]
    graph = sparse(places, 4, seed=15)
    assert sum(map(len, graph.values())) > 3.9 * len(places)
    write(lab.folder, "pairs.txt", b"all\tyes\n")
    lines = [f"{place} pairs.txt {' '.join(known)}\n" for place, known in graph.items()]
    file = write(lab.folder, "overlay.txt", "".join(lines))
    before = time.monotonic()
    shares = [Share(host, file) for host in hosts]
    assert [share.wait() for share in shares] == [f"serving: {SHARE} servents"] * HOSTS
    up_s = time.monotonic() - before
    for origin in [f"{host.address}:{6001 + 7 * number}" for number, host in enumerate(hosts)]:
        asked = Client(client, origin, ["all"], timeout=1.0).finish()
        answered = sorted(servent for servent, _ in asked.answers["all"])
        assert answered == sorted(ball(graph, origin)), f"asked {origin}: {asked.remarks}"
    before = time.monotonic()
    for share in shares:
        share.process.terminate()
    for share in shares:
        share.stop()
    down_s = time.monotonic() - before
    assert [host.processes() for host in hosts] == [[]] * HOSTS
    remark(f"{HOSTS * SHARE} servents up in {up_s:.1f} s, gone in {down_s:.1f} s")
    assert up_s < UP_S_MAX, f"up after {up_s:.1f} s"


def test_a_share_that_is_killed_takes_its_servents_along_and_no_others(lab):
    one, other = lab.hosts("one", "other")
    lab.lan("10.77.0.0/24", one, other)
    lab.ready()
    write(lab.folder, "pairs.txt", b"all\tyes\n")
    places = [f"{host.address}:{port}" for host in (one, other) for port in (6001, 6002)]
    lines = [f"{place} pairs.txt {' '.join(set(places) - {place})}\n" for place in places]
    file = write(lab.folder, "overlay.txt", "".join(lines))
    shares = [Share(host, file) for host in (one, other)]
    for share in shares:
        assert share.wait() == "serving: 2 servents"
    running = [os.pidfd_open(pid) for pid in one.processes()]
    assert len(running) == 3
    shares[0].process.kill()
    assert still_running(running) == []
    asked = Client(other, places[2], ["all"]).finish()
    assert sorted(servent for servent, _ in asked.answers["all"]) == places[2:]
    shares[1].stop()


def test_a_share_of_a_host_that_is_not_this_one_is_refused(lab):
    here, there = lab.hosts("here", "there")
    lab.lan("10.77.0.0/24", here, there)
    write(lab.folder, "pairs.txt", b"all\tyes\n")
    file = write(lab.folder, "overlay.txt", f"{here.address}:6001 pairs.txt\n{there.address}:6001 pairs.txt\n")
    with pytest.raises(AssertionError, match=f":2: {there.address} is .*, which is no address of this machine"):
        here.run(*built(OVERLAY), file, "--here", there.address, "--serve")
    assert run(*built(OVERLAY), file, "--print-json").count('"host"') == 2
