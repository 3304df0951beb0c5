"""Hosts with several addresses: which of them an answer leaves from (P-9)."""

import pytest

from lab.codec import answer, clireq, query
from lab.networks import chain
from lab.overlays import PORT, Client, Overlay, receive

pytestmark = pytest.mark.needs("namespaces")

# An address of the servent's that no network between it and the client knows, and one beside its first.
FAR, SECOND = "10.88.0.1", "10.77.0.12"


@pytest.fixture
def overlay(lab):
    """A client, a servent s1 with three addresses, and its neighbour s2, which holds the same key."""
    client, one, two = lab.hosts("client", "s1", "s2")
    lab.lan("10.77.0.0/24", client, one, two)
    one.ip(f"address add {FAR}/32 dev lo", f"address add {SECOND}/24 dev eth0")
    for host in client, two:
        host.ip(f"route add {FAR} via {one.address}")
    lab.ready()
    return Overlay(lab, chain("s1", "s2"))


@pytest.mark.parametrize("which", ["first", FAR, SECOND])
def test_p09_a_clireq_is_answered_from_the_address_that_was_asked(lab, overlay, which):
    client, one, two = lab.all_hosts
    address = one.address if which == "first" else which
    # It takes from nobody but whom it asked, as a firewall does; in a burst, so that the answers leave in groups.
    connected = client.socket()
    connected.connect((address, PORT))
    with overlay.servents["s1"].paused():
        for _ in range(50):
            connected.send(clireq(b"all"))
    assert receive(connected, 50) == [(f"{address}:{PORT}", answer(b"all", b"of s1"))] * 50
    # The neighbour knows s1 by the address that routing chooses, and answers the client itself.
    asked = Client(client, f"{address}:{PORT}", ["all"]).finish()
    assert sorted(asked.answers["all"]) == sorted(
        [(f"{address}:{PORT}", b"of s1"), (f"{two.address}:{PORT}", b"of s2")]
    )
    counters = overlay.stop()
    assert counters["s2"]["stranger_refused"] == 0 and counters["s2"]["first_sighting"] == 51, counters


def test_p09_a_query_is_answered_from_the_address_that_routing_chooses(lab, overlay):
    client, one, _ = lab.all_hosts
    asking = client.socket()
    named = (client.address, asking.getsockname()[1])
    asking.sendto(query(b"all", ttl=1, client=named), (FAR, PORT))
    assert receive(asking, 1) == [(f"{one.address}:{PORT}", answer(b"all", b"of s1"))]
    overlay.stop()


def test_p09_what_cannot_leave_from_the_address_that_was_asked_leaves_from_another(lab, overlay):
    client, one, _ = lab.all_hosts
    asking = client.socket()
    with overlay.servents["s1"].paused():
        asking.sendto(clireq(b"all"), (FAR, PORT))
        one.ip(f"address del {FAR}/32 dev lo")
    answers = dict(receive(asking, 2))
    assert answers[f"{one.address}:{PORT}"] == answer(b"all", b"of s1")
    overlay.servents["s1"].wait_for("left from another one")
    overlay.stop()
