"""A servent that may not ask the system for its addresses, as under systemd's RestrictAddressFamilies."""

import functools

import pytest

from lab.codec import answer, clireq
from lab.overlays import PORT, Servent, receive
from lab.programs import write
from lab.sandbox import sandboxed

pytestmark = pytest.mark.needs("namespaces", "seccomp")

OWN = "10.9.0.1"
DENIED = functools.partial(sandboxed, "EAFNOSUPPORT", ["socket:AF_NETLINK"])


def test_p27_without_netlink_it_says_what_it_does_not_know_and_is_no_neighbour_of_its_own(lab):
    (host,) = lab.hosts("here")
    host.ip(f"address add {OWN}/32 dev lo")
    client, neighbour = host.socket(address="127.0.0.1"), host.socket(address="127.0.0.1")
    other = f"127.0.0.1:{neighbour.getsockname()[1]}"
    # The last one has its port, on a host of somebody else.
    neighbours = [f"{OWN}:{PORT}", other, f"10.9.0.2:{PORT}"]
    servent = Servent(host, write(lab.folder, "pairs.txt", b"http\t80/tcp\n"), neighbours, through=DENIED)
    said = servent.wait_for("clients reach it at")
    assert f"port {PORT} of this host" in said and "is not known here" in said, said
    assert "0.0.0.0" not in said
    assert servent.wait_for("is this servent itself").count(OWN) == 1
    assert f"2 neighbours: {other} 10.9.0.2:{PORT}," in servent.banner, servent.banner
    client.sendto(clireq(b"http"), ("127.0.0.1", PORT))
    assert [data for _, data in receive(client, 1)] == [answer(b"http", b"80/tcp")]
    assert len(receive(neighbour, 1)) == 1
    servent.stop()
