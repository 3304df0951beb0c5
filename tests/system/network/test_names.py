"""Neighbours by name (P-27), with an /etc/hosts of the test's own and name servers that do not answer."""

import os
import subprocess

import pytest

from lab.codec import answer, clireq, query
from lab.overlays import PORT, Client, Servent, receive
from lab.processes import DEADLINE_S, Deadline
from lab.programs import SERVENT, built, write

pytestmark = pytest.mark.needs("namespaces")

# Where a name leads to at first, and later.
OLD, NEW, THEIRS = "127.0.0.2", "127.0.0.3", 7000
NAME = f"bee:{THEIRS}"
DNS = "127.0.0.53"
# What a look-up waits for a name server that does not answer: longer than any test may take.
PATIENT = "options timeout:30 attempts:5\n"
FILES = "hosts: files dns\n"


class Names:
    """What the programs of one host find in /etc: mounted over it, for them alone."""

    LEN = 512

    def __init__(self, lab, hosts=""):
        self.path = write(lab.folder, "etc/hosts", "\n" * self.LEN)
        self.resolv = write(lab.folder, "etc/resolv.conf", f"nameserver {DNS}\n{PATIENT}")
        self.switch = write(lab.folder, "etc/nsswitch.conf", FILES)
        self.say(hosts)

    def say(self, *lines):
        """Changes the names, at once: nobody reads half of it."""
        text = "".join(f"{line}\n" for line in lines).encode().ljust(self.LEN, b"\n")
        file = os.open(self.path, os.O_WRONLY)
        try:
            assert os.pwrite(file, text, 0) == self.LEN
        finally:
            os.close(file)

    def through(self, *words):
        """The words that run a command with these names."""
        files = [self.path, self.resolv, self.switch]
        mounts = [f'mount --bind "$1" /etc/{os.path.basename(file)} && shift' for file in files]
        script = " && ".join([*mounts, 'exec "$@"'])
        return ["unshare", "--mount", "sh", "-c", script, "sh", *files, *words]


@pytest.fixture
def host(lab):
    (made,) = lab.hosts("here")
    return made


def serve(lab, host, names, *options, neighbours=(NAME,)):
    file = write(lab.folder, "pairs.txt", b"http\t80/tcp\n")
    return Servent(host, file, neighbours, options, through=names.through)


def ask(client):
    """Asks the servent, and waits for its answer."""
    client.sendto(clireq(b"http"), ("127.0.0.1", PORT))
    assert [data for _, data in receive(client, 1)] == [answer(b"http", b"80/tcp")]


def nothing(sock):
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(1)
    sock.setblocking(True)


def test_p27_a_neighbour_that_moves_is_followed(lab, host):
    names = Names(lab, f"{OLD} bee")
    client, old, new = (host.socket(port, at) for at, port in (("127.0.0.1", 0), (OLD, THEIRS), (NEW, THEIRS)))
    servent = serve(lab, host, names, "--resolve-every", "0.1", "--neighbours-only", "--bind", "127.0.0.1")
    assert f"neighbour {NAME} ({OLD}:{THEIRS})," in servent.banner, servent.banner
    ask(client)
    assert len(receive(old, 1)) == 1
    nothing(new)
    names.say(f"{NEW} bee")
    servent.wait_for(f"neighbour {NAME} has moved from {OLD}:{THEIRS} to {NEW}:{THEIRS}")
    # The flooder has it before anything that comes now.
    ask(client)
    assert len(receive(new, 1)) == 1
    nothing(old)
    # Who is at the old address is a stranger by now, and the new one is served, and gets nothing back.
    named = client.getsockname()
    old.sendto(query(b"http", client=named, seq=1), ("127.0.0.1", PORT))
    new.sendto(query(b"http", client=named, seq=2), ("127.0.0.1", PORT))
    assert len(receive(client, 1)) == 1
    nothing(new)
    counters = servent.stop()
    assert (counters["stranger_refused"], counters["first_sighting"], counters["names_changed"]) == (1, 1, 1), counters
    nothing(client)


def test_p27_a_servent_that_comes_back_elsewhere_answers_again(lab, host):
    names = Names(lab, f"{OLD} bee")
    file = write(lab.folder, "bee.txt", b"http\tof bee\n")
    first = Servent(host, file, options=["--bind", OLD], port=THEIRS)
    servent = serve(lab, host, names, "--resolve-every", "0.1", "--bind", "127.0.0.1")
    both = {("127.0.0.1:6000", b"80/tcp"), (f"{OLD}:{THEIRS}", b"of bee")}
    assert set(Client(host, f"127.0.0.1:{PORT}", ["http"]).finish().answers["http"]) == both
    first.kill()
    Servent(host, file, options=["--bind", NEW], port=THEIRS)
    names.say(f"{NEW} bee")
    servent.wait_for(f"to {NEW}:{THEIRS}")
    both = {("127.0.0.1:6000", b"80/tcp"), (f"{NEW}:{THEIRS}", b"of bee")}
    assert set(Client(host, f"127.0.0.1:{PORT}", ["http"]).finish().answers["http"]) == both
    servent.stop()


def test_p27_a_look_up_that_fails_keeps_the_address_and_is_said_once(lab, host):
    names = Names(lab, f"{OLD} bee")
    write(lab.folder, "etc/resolv.conf", "nameserver 127.0.0.54\n")
    client, old = host.socket(address="127.0.0.1"), host.socket(THEIRS, OLD)
    servent = serve(lab, host, names, "--resolve-every", "0.1")
    names.say(f"{OLD} somebody-else")
    said = servent.wait_for(f"still using {OLD}:{THEIRS}")
    assert "WARN" in said and f"cannot resolve '{NAME}'" in said, said
    deadline = Deadline()
    while servent.counters()["names_failed"] < 5:
        assert deadline.left()
    assert sum("still using" in line for line in servent.lines) == 1
    ask(client)
    assert len(receive(old, 1)) == 1
    names.say(f"{OLD} bee")
    servent.wait_for(f"neighbour {NAME} is found again, at {OLD}:{THEIRS} as before")
    servent.stop()


def test_p27_a_name_that_appears_later_is_waited_for_while_it_serves(lab, host):
    names = Names(lab)
    write(lab.folder, "etc/resolv.conf", "nameserver 127.0.0.54\n")
    client, old = host.socket(address="127.0.0.1"), host.socket(THEIRS, OLD)
    servent = serve(lab, host, names, "--resolve-wait", "1000")
    assert f"neighbour {NAME} (no address yet)," in servent.banner, servent.banner
    ask(client)
    names.say(f"{OLD} bee")
    servent.wait_for(f"neighbour {NAME} is at {OLD}:{THEIRS}")
    ask(client)
    assert len(receive(old, 1)) == 1
    servent.stop()


def test_p27_a_name_that_never_appears_is_an_error_at_once_or_when_the_wait_is_over(lab, host):
    names = Names(lab)
    write(lab.folder, "etc/resolv.conf", "nameserver 127.0.0.54\n")
    servent = serve(lab, host, names, "--resolve-wait", "0.5")
    servent.wait_for("no longer waiting for it (--resolve-wait)")
    assert servent.process.wait(DEADLINE_S) == 1

    file = write(lab.folder, "pairs.txt", b"http\t80/tcp\n")
    words = names.through(*built(SERVENT), str(PORT), file, NAME)
    process = host.popen(*words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert said.startswith(f"serventTP3: cannot resolve '{NAME}': ".encode()), said


@pytest.mark.parametrize("wait", ["0", "1000"])
def test_p27_a_name_server_that_does_not_answer_holds_up_no_answer_and_no_stop(lab, host, wait):
    names = Names(lab, f"{OLD} bee")
    silent, old = host.socket(53, DNS), host.socket(THEIRS, OLD)
    client = host.socket(address="127.0.0.1")
    file = write(lab.folder, "pairs.txt", b"http\t80/tcp\n")
    if wait == "0":
        words = names.through(*built(SERVENT), str(PORT), file, NAME, f"cee:{THEIRS}")
        process = host.popen(*words, stdin=subprocess.DEVNULL)
        receive(silent, 1)
        process.terminate()
        # A look-up takes longer than that.
        assert process.wait(DEADLINE_S) == 0
        return
    servent = serve(lab, host, names, "--resolve-wait", wait, neighbours=[NAME, f"cee:{THEIRS}"])
    receive(silent, 1)
    assert f"2 neighbours: {NAME} ({OLD}:{THEIRS}) cee:{THEIRS} (no address yet)," in servent.banner, servent.banner
    ask(client)
    assert len(receive(old, 1)) == 1
    servent.stop()
