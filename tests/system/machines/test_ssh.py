"""`tp3 export FILE ssh`: its script, between hosts with a real sshd each and a desk from which it is run."""

import contextlib
import json
import os
import signal
import subprocess

import pytest

from lab.overlays import Client
from lab.processes import Deadline, run, still_running
from lab.programs import BINARIES, ROOT, built, write

pytestmark = [pytest.mark.needs("namespaces", "sshd", "ssh", "ssh-keygen", "unshare"), pytest.mark.timeout(600)]

CHAIN = os.path.join(ROOT, "data", "overlays", "chain.txt")
# Who answers `http` in the chain, by what the file's comment says.
HTTP = {6001: "80/tcp", 6002: "8025/tcp", 6003: "8053/tcp", 6004: "5000/tcp"}


class Machine:
    """A host with a home of its own, to which one can log in by ssh. Nothing of this machine's ssh is used."""

    def __init__(self, host, folder, key):
        self.host, self.home = host, os.path.join(folder, f"home of {host.name}")
        os.makedirs(self.home)
        self.host_key = os.path.join(folder, f"{host.name}-host-key")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.host_key)
        self.config = write(
            folder, f"{host.name}-sshd",
            f"""ListenAddress {host.address}
HostKey {self.host_key}
AuthorizedKeysFile {key}.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
""",
        )  # fmt: skip
        self.start()

    @property
    def known(self):
        with open(f"{self.host_key}.pub", encoding="utf-8") as file:
            return f"{self.host.address} {file.read()}"

    def start(self):
        """Starts its sshd, whose logins have this home, and waits until it listens."""
        # sshd wants to be called by its whole path.
        command = 'mount --bind "$1" "$HOME" && mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -f "$2"'
        self.sshd = self.host.popen(
            "unshare", "--mount", "sh", "-c", command, "sh", self.home, self.config,
            env={**os.environ, "HOME": os.path.expanduser("~root")},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        said = []
        for line in self.sshd.stderr:
            said.append(line)
            if "listening on" in line:
                return
        raise AssertionError(f"sshd of {self.host.name}: {said}")

    def stop(self):
        self.sshd.kill()
        self.sshd.wait()

    @property
    def id(self):
        """What the script knows of the process of its overlay."""
        with open(os.path.join(self.home, "tp3-chain", "id"), encoding="utf-8") as file:
            return file.read()

    def programs(self):
        """The processes of the overlay that run on it."""
        found = []
        for pid in self.host.processes():
            # One that has just ended is none.
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/exe").endswith("/tp3"):
                    found.append(pid)
        return found


class Machines:
    """A desk, three machines, and the chain exported to them."""

    def __init__(self, lab):
        self.desk, *hosts = lab.hosts("desk", "a", "b", "c")
        lab.lan("10.77.0.0/24", self.desk, *hosts)
        lab.ready()
        key = os.path.join(lab.folder, "key")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        self.all = [Machine(host, lab.folder, key) for host in hosts]
        self.folder = os.path.join(lab.folder, "an export")
        self.addresses = [host.address for host in hosts]
        run(*built(["tp3"]), "export", CHAIN, "ssh", "--hosts", ",".join(self.addresses), "-o", self.folder)
        known = write(lab.folder, "known", "".join(machine.known for machine in self.all))
        write(
            self.folder, "ssh_config",
            f"""User root
IdentityFile {key}
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {known}
GlobalKnownHostsFile /dev/null
StrictHostKeyChecking yes
""",
        )  # fmt: skip

    def script(self, *words, code=0):
        """Runs the script at the desk, expects its exit code, and returns what it says, line by line."""
        ended = subprocess.run(
            self.desk.enter(os.path.join(self.folder, "overlay.sh"), *words),
            env={**os.environ, "TP3_PROGRAMS": BINARIES},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=Deadline().left(), check=False, text=True,
        )  # fmt: skip
        assert ended.returncode == code, f"{words} ended with {ended.returncode}: {ended.stdout}"
        return sorted(ended.stdout.splitlines())

    def each(self, said):
        """What each machine says, as the script shows it."""
        return sorted(f"{address}: {words}" for address, words in zip(self.addresses, said, strict=True))

    def answers(self):
        """Who answers `http`, and what, as the script asks."""
        rows = [line.split("\t", 2) for line in self.script("ask", "http") if "\t" in line]
        assert all(key == "http" for key, *_ in rows)
        return {address: value.split("\t")[0] for _, address, value in rows}

    def meant(self):
        """Who should: the servents of the chain are on a, a, b, b, c."""
        a, b, _ = self.addresses
        hosts = {6001: a, 6002: a, 6003: b, 6004: b}
        return {f"{hosts[port]}:{port}": value for port, value in HTTP.items()}


@pytest.fixture
def machines(lab):
    return Machines(lab)


def test_the_chain_on_three_hosts_is_started_asked_traced_and_stopped_each_twice(machines):
    up = machines.each(["serving: 2 servents", "serving: 2 servents", "serving: 1 servent"])
    assert machines.script("up") == up
    ids = [machine.id for machine in machines.all]
    assert machines.script("up") == machines.each(["up already"] * 3)
    assert [machine.id for machine in machines.all] == ids
    assert [len(machine.programs()) for machine in machines.all] == [3, 3, 2]
    assert machines.answers() == machines.meant()
    # A client of somebody else's, on no host of the overlay.
    outside = Client(machines.desk, f"{machines.addresses[0]}:6001", ["http"]).finish()
    assert {servent for servent, _ in outside.answers["http"]} == set(machines.meant())
    machines.script("traces")
    assert machines.script("traces") == machines.each(f"collected into traces/{each}" for each in machines.addresses)
    explained = explain(machines)
    assert len(explained) == 2, explained
    for flood in explained:
        assert flood["findings"] == []
        assert sorted(reached["servent"] for reached in flood["servents"]) == sorted(machines.meant())
        assert len(flood["answers"]) == len(machines.meant())
    assert machines.script("down") == machines.each(["stopped"] * 3)
    assert [machine.programs() for machine in machines.all] == [[], [], []]
    assert machines.script("down") == machines.each(["down already"] * 3)
    # And once more from the start, with traces of its own.
    assert machines.script("up") == up
    assert machines.answers() == machines.meant()
    machines.script("traces")
    assert len(explain(machines)) == 1
    machines.script("down")


def explain(machines):
    """What the traces that were collected tell together."""
    traces = [os.path.join(machines.folder, "traces", address) for address in machines.addresses]
    told = run(
        *built(["tp3"]), "explain", "--json", "--strict",
        "--overlay", os.path.join(machines.folder, "overlay.txt"), *traces,
    )  # fmt: skip
    return [json.loads(line) for line in told.splitlines() if line.startswith("{")]


def test_a_host_that_is_away_is_named_and_the_others_run(machines):
    c = machines.all[2]
    c.stop()
    said = machines.script("up", code=2)
    assert f"overlay.sh: up failed on {machines.addresses[2]}" in said, said
    assert any(line.startswith(f"{machines.addresses[2]}: ") and "refused" in line for line in said), said
    assert machines.answers() == machines.meant()
    c.start()
    assert machines.script("up") == machines.each(["up already", "up already", "serving: 1 servent"])
    c.stop()
    said = machines.script("down", code=2)
    assert f"{machines.addresses[0]}: stopped" in said and f"{machines.addresses[1]}: stopped" in said, said
    assert [len(machine.programs()) for machine in machines.all] == [0, 0, 2]
    c.start()
    assert machines.script("down") == machines.each(["down already", "down already", "stopped"])


def test_an_overlay_that_died_is_down_and_a_number_that_is_anothers_by_now_is_left_alone(lab, machines):
    a = machines.all[0]
    another = lab.popen("sleep", "1000")
    machines.script("up")
    running = [os.pidfd_open(pid) for pid in a.programs()]
    os.kill(int(a.id.split()[0]), signal.SIGKILL)
    assert still_running(running) == []
    # It has the number, and was started at another time.
    write(a.home, "tp3-chain/id", f"{another.pid} 1\n")
    assert machines.script("down") == machines.each(["down already", "stopped", "stopped"])
    write(a.home, "tp3-chain/id", f"{another.pid} 1\n")
    assert machines.script("up") == machines.each(["serving: 2 servents", "serving: 2 servents", "serving: 1 servent"])
    assert machines.answers() == machines.meant()
    machines.script("down")
    assert another.poll() is None


def test_what_does_not_start_is_said_in_its_own_words(machines):
    b = machines.all[1]
    taken = b.host.socket(6003, b.host.address)
    said = machines.script("up", code=2)
    assert f"overlay.sh: up failed on {machines.addresses[1]}" in said, said
    assert any(line.startswith(f"{machines.addresses[1]}: ") and "port 6003 is in use" in line for line in said), said
    assert b.programs() == []
    taken.close()
    machines.script("up")
    machines.script("down")


@pytest.mark.needs("shellcheck")
def test_shellcheck_finds_nothing_in_the_script(folder):
    run(*built(["tp3"]), "export", CHAIN, "ssh", "--hosts", "a,b.example.org", "-o", folder)
    run("shellcheck", os.path.join(folder, "overlay.sh"))
