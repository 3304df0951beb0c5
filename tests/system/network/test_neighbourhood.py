"""What else runs on a servent's host."""

import resource
import socket
import statistics
import time

import pytest

from lab.codec import answer, clireq
from lab.namespaces import elsewhere, enter
from lab.overlays import PORT, Servent
from lab.programs import write

pytestmark = pytest.mark.needs("namespaces")

OTHERS = 18_000
QUESTIONS = 100


@pytest.fixture
def many_files():
    """Room for many sockets meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OTHERS + 1_000, max(before[1], OTHERS + 1_000)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_question_takes_as_long_beside_18_000_other_sockets_as_alone(lab, many_files, remark):
    """Each question had the servent read what the kernel says of all UDP sockets of the host: a third of a second."""
    (host,) = lab.hosts("here")
    servent = Servent(host, write(lab.folder, "pairs.txt", b"http\t80/tcp\n"))
    alone_s = typical_s(host)
    with elsewhere():
        enter(host.namespace)
        for port in range(10_000, 10_000 + OTHERS):
            lab.sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            lab.sockets[-1].bind(("127.0.0.1", port))
    beside_s = typical_s(host)
    remark(f"{1e3 * alone_s:.2f} ms a question alone, {1e3 * beside_s:.2f} ms beside {OTHERS} sockets")
    # It was hundreds of times as long; the machine may be busy.
    assert beside_s < 10 * max(alone_s, 0.0002)
    assert servent.stop()["answered"] == 2 * QUESTIONS


def typical_s(host):
    """How long a question takes, each asked a while after the one before it."""
    asking = host.socket(address="127.0.0.1")
    asking.settimeout(10)
    taken = []
    for _ in range(QUESTIONS):
        begun = time.monotonic()
        asking.sendto(clireq(b"http"), ("127.0.0.1", PORT))
        assert asking.recv(100) == answer(b"http", b"80/tcp")
        taken.append(time.monotonic() - begun)
    return statistics.median(taken)
