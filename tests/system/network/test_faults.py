"""Servents that are killed, hosts that drop off the network, and networks that fall apart and heal."""

import pytest

from lab.codec import answer, clireq
from lab.networks import ball, chain, lan, ring, two_lans
from lab.overlays import PORT, Overlay, receive

pytestmark = pytest.mark.needs("namespaces", "nftables")

ALL = {"s1", "s2", "s3", "s4"}


def test_p13_a_restarted_servent_is_not_taken_for_its_earlier_self(lab):
    """A client that keeps its port asks for the same key, before a restart and after it: were the sequence numbers to
    start anew, the neighbours would take the queries for those they have seen."""
    client, *_ = lan(lab, "client", *sorted(ALL))
    overlay = Overlay(lab, chain(*sorted(ALL)))
    asking = client.socket()
    for _ in range(3):
        for _ in range(3):
            asking.sendto(clireq(b"all"), (overlay.hosts["s1"].address, PORT))
            answers = receive(asking, len(ALL))
            assert {overlay.named(servent) for servent, _ in answers} == ALL, answers
            assert {data for _, data in answers} == {answer(b"all", overlay.value(name, "all")) for name in ALL}
        overlay.servents["s1"].kill()
        overlay.start("s1")
    counters = overlay.stop()
    assert [counters[name]["duplicate"] for name in sorted(ALL)] == [0, 0, 0, 0], counters
    assert counters["s4"]["first_sighting"] == 9, counters["s4"]


def test_p25_a_killed_servent_ends_nobody_else_and_comes_back(lab):
    """The killed one's host is still there and says 'port unreachable' to whoever sends."""
    names = [f"s{number}" for number in range(1, 7)]
    client, *_ = lan(lab, "client", *names)
    overlay = Overlay(lab, ring(*names))
    overlay.expect(client, "s1", names)
    overlay.servents["s2"].kill()
    for origin in ("s1", "s3", "s1", "s3"):
        meant = ball(overlay.alive(), origin)
        assert "s2" not in meant and len(meant) == 4
        overlay.expect(client, origin, meant)
    unreachable = overlay.hosts["s2"].kernel_counters("Icmp")["OutDestUnreachs"]
    assert unreachable >= 2, f"s2's host said {unreachable} times that nobody listens"
    overlay.start("s2")
    for origin in names:
        overlay.expect(client, origin, names)
    for name, counters in overlay.stop().items():
        failed = {kind: count for kind, count in counters.items() if "failed" in kind and count}
        assert not failed, f"{name}: {failed}"


def test_p25_a_host_without_its_network_serves_itself_and_comes_back(lab):
    """The link of s2 goes down: s2 can't send, and to the others its host is gone, without a word."""
    client, *_ = lan(lab, "client", *sorted(ALL))
    overlay = Overlay(lab, chain(*sorted(ALL)))
    cut_off = overlay.hosts["s2"]
    overlay.expect(client, "s1", ALL)
    cut_off.ip("link set eth0 down")
    for _ in range(2):
        overlay.expect(client, "s1", {"s1"})
        overlay.expect(client, "s3", {"s3", "s4"})
        # A client on the host itself still reaches it, by its address in the network.
        overlay.expect(cut_off, "s2", {"s2"})
    cut_off.ip("link set eth0 up")
    lab.ready()
    for origin in sorted(ALL):
        overlay.expect(client, origin, ALL)
    counters = overlay.stop()
    # Each query of s2's own client was for two neighbours.
    assert counters["s2"]["send_failed_unreachable"] == 4, counters["s2"]
    assert all(each["receive_failed"] == 0 for each in counters.values()), counters


def test_p25_a_network_that_falls_apart_answers_on_each_side_and_heals(lab):
    """The router loses packets without a word, or tells the senders that there is no way."""
    lefts, rights = ["a1", "a2"], ["b1", "b2"]
    router, *_ = two_lans(lab, ["client_a", *lefts], ["client_b", *rights])
    clients = {host.name[-1]: host for host in lab.all_hosts if host.name.startswith("client")}
    overlay = Overlay(lab, chain("a2", "a1", "b1", "b2"))
    heard = dict.fromkeys(overlay.hosts, 0)

    def expect(side, origin, meant):
        overlay.expect(clients[side], origin, meant)
        for name in meant:
            heard[name] += 1

    cuts = [
        (
            lambda: router.nft("table ip cut { chain forward { type filter hook forward priority 0; policy drop; }; }"),
            lambda: router.nft("delete table ip cut"),
        ),
        (lambda: router.ip("link set eth1 down"), lambda: router.ip("link set eth1 up")),
    ]
    for cut, heal in cuts:
        expect("a", "a1", lefts + rights)
        cut()
        for _ in range(2):
            expect("a", "a1", lefts)
            expect("b", "b1", rights)
        heal()
        lab.ready()
        expect("a", "a1", lefts + rights)
        expect("b", "b1", lefts + rights)
    # By the second cut, and for nothing else: for each query that went its way.
    assert router.kernel_counters("Icmp")["OutDestUnreachs"] >= 2, router.kernel_counters("Icmp")
    for name, counters in overlay.stop().items():
        assert counters["lookup"] == heard[name], f"{name} should have heard {heard[name]} queries: {counters}"
        assert counters["receive_failed"] == 0, f"{name}: {counters}"
