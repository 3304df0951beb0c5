"""What a servent does where system calls and socket options are refused: without them, and it says so."""

import functools
import os
import signal
import socket
import subprocess
import time

import pytest

from lab.codec import answer, clireq
from lab.overlays import PORT, Servent, receive
from lab.processes import DEADLINE_S
from lab.programs import CLIENT, built, write
from lab.sandbox import sandboxed

pytestmark = pytest.mark.needs("namespaces", "seccomp")

# How long a stop may take, in seconds.
# One that nobody wakes would wait for ever.
STOP_S_MAX = 10.0
BURST = 100
# What is refused, and what of it is said, once; None: nothing, since nothing is missing then.
REFUSED = {
    "recvmmsg": (["recvmmsg"], "recvmmsg refused"),
    "sendmmsg": (["sendmmsg"], "sendmmsg refused"),
    "SO_RXQ_OVFL": (["setsockopt:SOL_SOCKET:SO_RXQ_OVFL"], "SO_RXQ_OVFL"),
    "SO_SNDTIMEO": (["setsockopt:SOL_SOCKET:SO_SNDTIMEO"], "SO_SNDTIMEO"),
    "SO_RCVTIMEO": (["setsockopt:SOL_SOCKET:SO_RCVTIMEO"], None),
    "SO_RCVBUF": (["setsockopt:SOL_SOCKET:SO_RCVBUF"], "asked for a receive buffer"),
    "SO_SNDBUF": (["setsockopt:SOL_SOCKET:SO_SNDBUF"], "asked for a send buffer"),
    "IP_MTU_DISCOVER": (["setsockopt:IPPROTO_IP:IP_MTU_DISCOVER"], "IP_MTU_DISCOVER"),
    "IP_PKTINFO": (["setsockopt:IPPROTO_IP:IP_PKTINFO"], "IP_PKTINFO"),
    "UDP_GRO": (["setsockopt:IPPROTO_UDP:UDP_GRO"], "KiB, GSO"),
    "UDP_SEGMENT": (["getsockopt:IPPROTO_UDP:UDP_SEGMENT"], "KiB, GRO"),
    "getsockopt": (["getsockopt"], "does not say how large its receive buffer is"),
    "setsockopt": (["setsockopt"], "IP_PKTINFO"),
    "shutdown": (["shutdown"], None),
    "all": (["recvmmsg", "sendmmsg", "setsockopt", "getsockopt", "shutdown"], "recvmmsg refused"),
}


class Asked:
    """A servent in a sandbox, its neighbour, and a client; nothing else is in their network."""

    def __init__(self, lab, through, *options):
        (self.host,) = lab.hosts("here")
        self.client, self.neighbour = self.host.socket(address="127.0.0.1"), self.host.socket(address="127.0.0.1")
        # In one that is paused a whole burst waits, and so do its answers.
        for each in self.client, self.neighbour:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        file = write(lab.folder, "pairs.txt", b"http\t80/tcp\n")
        neighbour = f"127.0.0.1:{self.neighbour.getsockname()[1]}"
        self.servent = Servent(self.host, file, [neighbour], options, through=through)

    def ask(self, address, count=1):
        for _ in range(count):
            self.client.sendto(clireq(b"http"), (address, PORT))

    def expect_stop(self):
        """Ends the servent, which must not take long, and returns its counters."""
        begun = time.monotonic()
        counters = self.servent.stop()
        taken = time.monotonic() - begun
        assert taken < STOP_S_MAX, f"it took {taken:.3f} s to stop"
        return counters

    def cpu_s(self):
        """The processor time that it took so far."""
        with open(f"/proc/{self.servent.process.pid}/stat", encoding="utf-8") as file:
            words = file.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
@pytest.mark.parametrize("name", REFUSED)
def test_p25_what_is_refused_is_done_without_and_said_once(lab, name, error):
    refused, text = REFUSED[name]
    asked = Asked(lab, functools.partial(sandboxed, error, refused))
    has_source = name not in ("IP_PKTINFO", "setsockopt", "all")
    # One by one, then a burst that waits for it.
    for address, count in [("127.0.0.1", 1), ("127.0.0.2", 1), ("127.0.0.2", BURST)]:
        if count == 1:
            asked.ask(address)
        else:
            with asked.servent.paused():
                asked.ask(address, count)
        answering = f"{address if has_source else '127.0.0.1'}:{PORT}"
        assert receive(asked.client, count) == [(answering, answer(b"http", b"80/tcp"))] * count
        receive(asked.neighbour, count)
    counters = asked.expect_stop()
    meant = {"received": BURST + 2, "answered": BURST + 2, "sent": 2 * (BURST + 2), "receive_failed": 0}
    assert {key: counters[key] for key in meant} == meant
    if text:
        said = [line for line in asked.servent.lines if text in line]
        assert len(said) == 1, asked.servent.lines


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_p25_a_receive_error_that_stays_is_said_and_keeps_no_processor_busy(lab, error):
    asked = Asked(lab, functools.partial(sandboxed, error, ["recvmmsg", "recvmsg"]))
    asked.servent.wait_for("receiving failed")
    before_s = asked.cpu_s()
    # It does not end meanwhile.
    with pytest.raises(subprocess.TimeoutExpired):
        asked.servent.process.wait(2.0)
    assert asked.cpu_s() - before_s < 0.1
    assert 5 <= asked.expect_stop()["receive_failed"] < 30
    assert sum("receiving failed" in line for line in asked.servent.lines) == 1


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_p25_where_nothing_can_be_sent_each_datagram_is_counted(lab, error):
    asked = Asked(lab, functools.partial(sandboxed, error, ["sendmmsg", "sendmsg"]))
    asked.ask("127.0.0.1", 10)
    asked.servent.wait_for("could not send to")
    while asked.servent.counters()["answered"] < 10:
        pass
    counters = asked.expect_stop()
    assert counters["sent"] == 0
    assert counters["send_failed_forbidden"] + counters["send_failed_other"] == 20, counters


def test_p25_without_proc_a_servent_answers_and_stops(lab):
    """Nothing tells how large the receive buffer is either, so it would look there whenever it is quiet."""

    def without_proc(*words):
        hide = 'mount -t tmpfs none /proc && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", hide, "sh", *sandboxed("EPERM", ["getsockopt"], *words)]

    asked = Asked(lab, without_proc)
    asked.ask("127.0.0.1")
    receive(asked.client, 1)
    # Longer than it waits before it looks.
    with pytest.raises(subprocess.TimeoutExpired):
        asked.servent.process.wait(1.5)
    asked.ask("127.0.0.1")
    receive(asked.client, 1)
    assert asked.expect_stop()["answered"] == 2


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_p25_where_shutdown_is_refused_a_waiting_receiver_is_woken_all_the_same(lab, ending):
    """Nothing ever comes in, so nothing but the waker ends the call."""
    asked = Asked(lab, functools.partial(sandboxed, "EPERM", ["shutdown"]))
    begun = time.monotonic()
    asked.servent.process.send_signal(ending)
    assert asked.servent.process.wait(DEADLINE_S) == 0
    assert time.monotonic() - begun < STOP_S_MAX
    asked.servent.listener.join(DEADLINE_S)
    # What woke it is no datagram.
    assert asked.servent.table(0)["received"] == 0


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_p25_a_client_to_which_everything_is_refused_asks_and_ends_all_the_same(lab, error):
    asked = Asked(lab, lambda *words: words)
    words = [*built(CLIENT), f"127.0.0.1:{PORT}", "http", "absent", "--timeout", "0.2", "--tries", "1"]
    client = asked.host.popen(
        *sandboxed(error, REFUSED["all"][0], *words),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    stdout, stderr = client.communicate(timeout=DEADLINE_S)
    assert stdout == f"http\t127.0.0.1:{PORT}\t80/tcp\n".encode(), stderr
    assert client.returncode == 1, stderr
