"""The same file on a swarm: three Docker engines, each on a host of its own."""

import os
import re

import pytest

from lab.engines import engines
from lab.exports import answers_in, exported
from lab.processes import Deadline
from lab.programs import ROOT
from lab.static import BUILD_S_MAX, static_programs

pytestmark = [
    pytest.mark.needs("namespaces", "docker", "cargo"),
    pytest.mark.timeout(BUILD_S_MAX + 300),
]

CHAIN = os.path.join(ROOT, "data", "overlays", "chain.txt")
PORTS = range(6001, 6006)
FOUR = {6001, 6002, 6003, 6004}
# How long a swarm takes to notice that a machine is gone, and what it then starts elsewhere to run.
MOVE_S_MAX = 120


class Swarm:
    """Engines that are one; the first one is its manager."""

    def __init__(self, *engines):
        self.engines = {engine.host.name: engine for engine in engines}
        self.manager, *workers = engines
        self.docker = self.manager.docker
        own = ["--advertise-addr", self.manager.host.address]
        # It is to notice soon that a machine is gone. Its networks are the lab's, and collide with nobody's.
        self.docker("swarm", "init", *own, "--dispatcher-heartbeat", "2s", "--default-addr-pool", "10.99.0.0/16")
        token = self.docker("swarm", "join-token", "--quiet", "worker").strip()
        for worker in workers:
            own = ["--advertise-addr", worker.host.address]
            worker.docker("swarm", "join", "--token", token, *own, f"{self.manager.host.address}:2377")

    def deploy(self, folder):
        """Builds the image on the manager's machine, brings it to the others, and starts the stack."""
        self.manager.run("docker-compose", "build", cwd=folder)
        image = os.path.join(folder, "image.tar")
        self.docker("save", "--output", image, "tp3")
        for engine in self.engines.values():
            engine.docker("load", "--input", image)
        self.docker("stack", "deploy", "--compose-file", "docker-compose.yml", "chain", cwd=folder)

    def places(self):
        """On which host each servent runs, by its port; those that run, and are not to stop."""
        form = "{{.Name}} {{.Node}} {{.CurrentState}}"
        tasks = self.docker("stack", "ps", "chain", "--filter", "desired-state=running", "--format", form)
        rows = re.findall(r"^chain_servent-(\d+)\.1 (\S+) Running", tasks, re.MULTILINE)
        return {int(port): node for port, node in rows}

    def addresses(self):
        """Who answers a client that joined the network: the ports, and where they are."""
        words = ["clientTP3", "servent-6001:6001", "--timeout", "2", "http"]
        # Nobody answers, or the name is not known, while the swarm does not know yet where the servent is now.
        said = self.docker("run", "--rm", "--network", "chain_overlay", "tp3", *words, codes=(0, 1, 2))
        return answers_in(said), {line.split("\t")[1] for line in said.splitlines()}

    def settle(self, are_meant):
        """Waits until all servents run on hosts that are meant, and all that a question reaches in the chain answer."""
        deadline = Deadline(MOVE_S_MAX)
        while not (set(places := self.places()) == set(PORTS) and are_meant(places)):
            assert deadline.left(), self.docker("stack", "ps", "chain", "--no-trunc")
        while (answered := self.addresses())[0] != FOUR:
            assert deadline.left(), (answered, self.said())
        return places, answered[1]

    def said(self):
        return [self.docker("service", "logs", f"chain_servent-{port}") for port in PORTS]


def test_p27_servents_of_a_machine_that_is_gone_come_back_elsewhere_and_are_followed_by_name(lab):
    static_programs()
    hosts = lab.hosts("one", "two", "three")
    lab.lan("10.77.0.0/24", *hosts)
    lab.ready()
    with engines(*hosts) as started:
        swarm = Swarm(*started)
        swarm.deploy(exported(CHAIN, "compose", os.path.join(lab.folder, "chain")))
        before, answered = swarm.settle(lambda places: len(set(places.values())) == 3)
        # A machine that carries a part of the way, and not the manager.
        gone = next(before[port] for port in (6002, 6003, 6004) if before[port] != "one")
        moved = {port for port, host in before.items() if host == gone}
        swarm.engines[gone].kill()
        after, answered_then = swarm.settle(lambda places: gone not in places.values())
        assert all(after[port] != gone for port in moved)
        # They have other addresses; the others have kept theirs.
        kept = {address for address in answered if int(address.rpartition(":")[2]) not in moved}
        assert answered & answered_then == kept, (answered, answered_then, moved)
        swarm.docker("stack", "rm", "chain")
