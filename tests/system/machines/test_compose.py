"""`tp3 export FILE compose` on a real Docker engine: the answers that the overlay files document, whoever is lost."""

import os
import signal
import subprocess
import tarfile

import pytest

from lab.engines import engines
from lab.exports import Listed, answers_in, exported
from lab.networks import ball
from lab.processes import Deadline, run
from lab.programs import ROOT, write
from lab.static import BUILD_S_MAX, static_programs

pytestmark = [
    pytest.mark.needs("namespaces", "docker", "cargo"),
    pytest.mark.timeout(BUILD_S_MAX + 300),
]

OVERLAYS = os.path.join(ROOT, "data", "overlays")


@pytest.fixture
def engine(lab):
    """A Docker engine with nothing in it."""
    static_programs()
    # Alone: nothing that it sends can get anywhere.
    with engines(*lab.hosts("docker")) as (started,):
        yield started


class Composed:
    """An overlay that runs as docker-compose has it; `listed` is what its file says."""

    def __init__(self, lab, engine, file, *options):
        self.lab, self.engine, self.listed = lab, engine, Listed(file)
        self.folder = exported(file, "compose", os.path.join(lab.folder, "x"), *options)

    def compose(self, *words, **options):
        return self.engine.run("docker-compose", "--no-ansi", *words, cwd=self.folder, **options)

    def up(self):
        """Has all started and waits for the client's end; returns its answers."""
        process = self.lab.popen(
            "docker-compose", "--no-ansi", "up",
            cwd=self.folder, env=self.engine.environment, text=True, errors="backslashreplace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        lines, deadline = [], Deadline(120)
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if "client_1 exited" in line or not deadline.left():
                break
        assert lines and "client_1 exited with code 0" in lines[-1], "\n".join(lines)
        self.process = process
        said = (line.partition("|")[2].strip() for line in lines if line.startswith("client_1"))
        return answers_in("\n".join(said))

    def container(self, port):
        return f"x_servent-{port}_1"

    def state(self, port):
        return self.engine.inspect(self.container(port))["State"]

    def ask(self, port, key="http"):
        """The ports of those who answer."""
        words = ["clientTP3", f"servent-{port}:{port}", "--timeout", "2", "--", key]
        return answers_in(self.compose("run", "--rm", "--no-deps", "-T", "client", *words))

    def settle(self, port, meant):
        """Asks until these answer. At the start servents may not have found all their neighbours yet."""
        deadline = Deadline()
        while (found := self.ask(port)) != meant:
            assert deadline.left(), found

    def stop(self, *ports):
        """Ends what runs as Ctrl-C at `docker-compose up` does, and expects that the servents at `ports` end well."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=120)
        states = {port: self.state(port) for port in ports}
        assert all(state["Status"] == "exited" and state["ExitCode"] == 0 for state in states.values()), states

    def explained(self):
        return self.compose("run", "--rm", "--no-deps", "-T", "client", "tp3", "explain", "/traces")


def holders(listed, origin, without=()):
    """Who answers `http` asked at `origin` by breadth-first search, where these do not run."""
    graph = {port: known for port, known in listed.neighbours.items() if port not in without}
    alive = {port: [other for other in known if other in graph] for port, known in graph.items()}
    return {port for port in ball(alive, origin) if listed.holds(port, "http")}


def test_p18_a_chain_of_five_gives_four_answers_and_the_nearer_ones_where_one_is_lost(lab, engine):
    chain = Composed(lab, engine, os.path.join(OVERLAYS, "chain.txt"))
    assert {6001} <= chain.up() <= {6001, 6002, 6003, 6004}
    chain.settle(6001, {6001, 6002, 6003, 6004})
    # The fifth, which only the client of the second one reaches.
    assert chain.ask(6002, "rfb") == {6005}
    explained = chain.explained()
    assert "http asked by" in explained and "4 answers" in explained, explained
    # Killed: no farewell to anybody.
    engine.docker("kill", chain.container(6003))
    assert chain.ask(6001) == holders(chain.listed, 6001, without={6003}) == {6001, 6002}
    # Started again it is known again, by its name, wherever it is now.
    engine.docker("start", chain.container(6003))
    chain.settle(6001, {6001, 6002, 6003, 6004})
    # Cut off: it runs and knows nobody.
    engine.docker("network", "disconnect", "x_overlay", chain.container(6002))
    assert chain.ask(6001) == holders(chain.listed, 6001, without={6002}) == {6001}
    assert chain.ask(6003) == {6003, 6004, 6005}
    chain.stop(6001, 6002, 6003, 6004, 6005)


def test_p14_twenty_at_random_answer_as_their_file_documents_and_as_breadth_first_search_without_two(lab, engine):
    # No copy comes first by a longer way (P-19): each link takes longer than a busy machine does.
    with open(os.path.join(OVERLAYS, "random.txt"), encoding="utf-8") as file:
        slow = [line.rstrip("\n") + " --delay 100ms" if line[:1].isdigit() else line for line in file]
    kept = os.path.join(ROOT, "data", "kv")
    text = "\n".join(slow).replace("../kv", kept)
    random = Composed(lab, engine, write(lab.folder, "random.txt", text), "--key", "http")
    documented = {port for port in range(6001, 6021) if port not in (6004, 6008, 6015, 6020)}
    assert holders(random.listed, 6001) == documented
    assert {6001} <= random.up() <= documented
    random.settle(6001, documented)
    engine.docker("kill", random.container(6002))
    engine.docker("pause", random.container(6008))
    assert random.ask(6001) == holders(random.listed, 6001, without={6002, 6008})
    engine.docker("unpause", random.container(6008))
    random.stop(*(port for port in random.listed.neighbours if port != 6002))


def test_a_container_can_do_nothing_but_its_work_whatever_is_in_names_and_keys(lab, engine):
    """Root is nobody, and all is read-only but for the traces. The key that is asked for is the first of the file."""
    file = write(lab.folder, "alone.txt", '6001 "a b$x\\"\'.txt"\n')
    write(lab.folder, "a b$x\"'.txt", "$HOME\"'\\${X}:#{é}- value\n")
    alone = Composed(lab, engine, file)
    assert alone.up() == {6001}
    found = engine.inspect(alone.container(6001))
    assert found["Config"]["User"] == "65534:65534", found
    host = found["HostConfig"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and "no-new-privileges:true" in host["SecurityOpt"]
    status = run(*engine.enter("cat", f"/proc/{found['State']['Pid']}/status"))
    lines = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert lines["Uid"].split() == ["65534"] * 4 and lines["NoNewPrivs"] == "1", lines
    assert {lines[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}, lines
    # The image is the programs and nothing else.
    exported = os.path.join(lab.folder, "container.tar")
    engine.docker("export", "--output", exported, alone.container(6001))
    with tarfile.open(exported) as archive:
        files = {name for name in archive.getnames() if name.startswith(("bin/", "lib", "usr/", "sbin/"))}
    assert files == {"bin/serventTP3", "bin/clientTP3", "bin/tp3"}
    alone.stop(6001)
