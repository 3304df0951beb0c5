"""Who answers, where every servent and the client is a host of its own."""

import pytest

from lab.networks import ball, chain, lan, line, ring, two_lans
from lab.overlays import PORT, Client, Overlay

pytestmark = pytest.mark.needs("namespaces")


def ask_everywhere(overlay, client):
    """Asks at each servent, and expects the answers of its ball, no more and no less; then stops all.

    That nobody else *heard* the query takes no waiting: the counters say how many each servent looked up.
    """
    towards = {name: f"{host.address_towards(client)}:{PORT}" for name, host in overlay.hosts.items()}
    asked = {name: Client(client, address, ["all"], timeout=1.0) for name, address in towards.items()}
    for name, conversation in asked.items():
        conversation.finish()
        answered, meant = overlay.check("all", conversation.answers["all"]), ball(overlay.overlay, name)
        assert answered == meant, f"asked {name}: {sorted(answered)} answered, {sorted(meant)} should"
        assert conversation.retransmissions == 0, f"asked {name}: {conversation.remarks}"
    for name, counters in overlay.stop().items():
        heard = sum(name in ball(overlay.overlay, origin) for origin in asked)
        assert counters["lookup"] == counters["answered"] == heard, f"{name} heard {heard} queries: {counters}"
        assert counters["clireq"] == 1, f"{name}: {counters}"


def test_p18_a_line_of_five_hosts_answers_three_hops_far(lab):
    client, *_ = line(lab, "client", "s1", "s2", "s3", "s4", "s5")
    overlay = Overlay(lab, chain("s1", "s2", "s3", "s4", "s5"))
    assert ball(overlay.overlay, "s1") == {"s1", "s2", "s3", "s4"}
    ask_everywhere(overlay, client)


def test_p14_a_ring_of_eight_hosts_answers_three_hops_far_on_both_sides(lab):
    names = [f"s{number}" for number in range(1, 9)]
    client, *_ = lan(lab, "client", *names)
    overlay = Overlay(lab, ring(*names))
    assert ball(overlay.overlay, "s1") == set(names) - {"s5"}
    ask_everywhere(overlay, client)


def test_p14_a_query_that_comes_two_ways_is_answered_and_forwarded_once(lab):
    """In a ring of four a query makes five QUERYs: two from the origin, one from each of its neighbours, and one from
    the host opposite, which gets two."""
    names = ["s1", "s2", "s3", "s4"]
    client, *_ = lan(lab, "client", *names)
    overlay = Overlay(lab, ring(*names))
    for name in names:
        overlay.expect(client, name, names)
    counters = overlay.stop().values()
    queries, duplicates, overtaken = (
        sum(each[name] for each in counters) for name in ("query", "duplicate", "duplicate_higher_ttl")
    )
    # A copy that was overtaken by one from the far side is forwarded no more (P-19).
    assert queries == 5 * len(names) or (overtaken and queries < 5 * len(names)), f"{queries}: {counters}"
    assert queries - duplicates == 3 * len(names), f"{duplicates} of {queries}: {counters}"


def test_p14_two_networks_with_a_router_between_them_are_one_overlay(lab):
    names = ["a3", "a2", "a1", "b1", "b2", "b3"]
    two_lans(lab, ["client", "a1", "a2", "a3"], ["b1", "b2", "b3"])
    client = next(host for host in lab.all_hosts if host.name == "client")
    overlay = Overlay(lab, chain(*names))
    assert ball(overlay.overlay, "a1") == set(names)
    ask_everywhere(overlay, client)


def test_p09_p42_a_host_with_two_addresses_answers_from_the_one_asked_or_the_one_on_the_way(lab):
    """Its client hears it from the address that was asked, though another is nearer; another servent's client from the
    one on the way, though the servent's neighbour knows it by another."""
    client, *_ = line(lab, "client", "s1", "s2", "s3")
    overlay = Overlay(lab, chain("s1", "s2", "s3"))
    near_side, far_side = (each.ip for each in overlay.hosts["s2"].addresses)
    for asked, answering in [(far_side, far_side), (overlay.hosts["s3"].address, near_side)]:
        heard = Client(client, f"{asked}:{PORT}", ["all"]).finish()
        assert overlay.check("all", heard.answers["all"]) == {"s1", "s2", "s3"}
        assert f"{answering}:{PORT}" in [servent for servent, _ in heard.answers["all"]], heard.answers
    overlay.stop()


def test_p26_a_client_on_loopback_hears_its_own_host_and_is_warned_of(lab):
    lan(lab, "s1", "s2", "s3")
    overlay = Overlay(lab, chain("s1", "s2", "s3"))
    here = overlay.hosts["s1"]
    for _ in range(2):
        asked = Client(here, f"127.0.0.1:{PORT}", ["all"]).finish()
        assert asked.answers["all"] == [(f"127.0.0.1:{PORT}", b"of s1")], asked.answers
    warnings = [line for line in overlay.servents["s1"].lines if "WARN" in line and "loopback" in line]
    assert len(warnings) == 1, overlay.servents["s1"].lines
    # By the host's address in the network the same client, on the same host, hears everybody.
    overlay.expect(here, "s1", {"s1", "s2", "s3"})
    counters = overlay.stop()
    assert counters["s1"]["loopback_client"] == 2, counters["s1"]
    # The others did answer: to the client's port on their own loopback.
    assert [counters[name]["answered"] for name in ("s2", "s3")] == [3, 3], counters
