"""Large datagrams, small packets, and many datagrams in one."""

import random
import socket

import pytest

from lab.codec import answer, clireq
from lab.networks import chain, lan, two_lans
from lab.overlays import PORT, Client, Overlay, receive

pytestmark = pytest.mark.needs("namespaces")

SO_RCVBUFFORCE = 33
# Any bytes but the ones that end a line, or would be taken off the ends.
BYTES = bytes(set(range(256)) - set(b"\0\t\n\v\f\r "))


def test_p07_a_value_of_60_kb_crosses_networks_of_other_packet_sizes_whole(lab):
    """IP cuts the RESPONSE for packets of 1,500 bytes, and the router cuts the pieces for those of 1,280."""
    values = random.Random(60_000)
    large = {name: b"large\t" + bytes(values.choices(BYTES, k=60_000)) + b"\n" for name in ("a1", "b1", "b2")}
    router, *_ = two_lans(lab, ["a1"], ["client", "b1", "b2"], right_mtu=1_280)
    client = next(host for host in lab.all_hosts if host.name == "client")
    overlay = Overlay(lab, chain("a1", "b1", "b2"), extra=large)
    for origin in overlay.hosts:
        overlay.expect(client, origin, large, key="large")
    counted = {host.name: host.kernel_counters("Ip") for host in (client, router)}
    assert counted["client"]["ReasmOKs"] == 3 * len(large), counted
    assert counted["router"]["FragCreates"] >= 3 * 2 * (60_000 // 1_500), counted
    overlay.stop()


def test_p40_what_is_lost_while_the_path_is_learned_is_asked_again(lab):
    """An answer that fits the packets here, and not those on the way, is lost once: IP has to learn that. The client's
    second question gets it, and a burst of such answers, with offload, arrives whole from then on."""
    two_lans(lab, ["a1"], ["client", "b1"], right_mtu=1_280)
    client = next(host for host in lab.all_hosts if host.name == "client")
    keys = [f"k{number:02}" for number in range(50)]
    value = b"v" * 1_340
    overlay = Overlay(lab, chain("a1", "b1"), extra={"a1": b"".join(b"%s\t%s\n" % (k.encode(), value) for k in keys)})
    asked = Client(client, f"{overlay.hosts['b1'].address}:{PORT}", keys[:2]).finish()
    assert [overlay.check(key, asked.answers[key]) for key in keys[:2]] == [{"a1"}] * 2, asked.answers
    assert asked.retransmissions == 1, asked.remarks

    asking, address = client.socket(), (overlay.hosts["a1"].address, PORT)
    with overlay.servents["a1"].paused():
        for key in keys:
            asking.sendto(clireq(key.encode()), address)
    answers = {data for _, data in receive(asking, len(keys))}
    assert answers == {answer(key.encode(), value) for key in keys}
    counters = overlay.stop()["a1"]
    assert counters["answered"] == counters["sent"] - len(keys) == 53, counters


def test_p25_a_burst_with_offload_crosses_the_cable_byte_for_byte(lab):
    expect_burst(lab, [])


def test_p25_a_burst_without_offload_crosses_the_cable_byte_for_byte(lab):
    expect_burst(lab, ["--no-offload"])


def expect_burst(lab, options, rounds=5, burst=400):
    """Every CLIREQ of a burst is answered by both servents, once, with each one's own bytes."""
    values = random.Random(len(options))
    keys = [b"key%05d" % number for number in range(rounds * burst)]
    pairs = {name: {key: bytes(values.choices(BYTES, k=100)) for key in keys} for name in ("s1", "s2")}
    client, *_ = lan(lab, "client", *pairs)
    extra = {name: b"".join(b"%s\t%s\n" % pair for pair in lines.items()) for name, lines in pairs.items()}
    overlay = Overlay(lab, chain(*pairs), options, extra)
    asking, asked = client.socket(), overlay.servents["s1"]
    asking.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    packets_before = packets_sent(overlay.hosts["s1"])
    for first in range(0, len(keys), burst):
        chosen = keys[first : first + burst]
        # What it finds when it goes on is what it takes, and sends, in groups.
        with asked.paused():
            for key in chosen:
                asking.sendto(clireq(key), (overlay.hosts["s1"].address, PORT))
        answers = receive(asking, len(pairs) * burst)
        meant = [(name, answer(key, lines[key])) for name, lines in pairs.items() for key in chosen]
        assert sorted((overlay.named(servent), data) for servent, data in answers) == sorted(meant)
    packets = packets_sent(overlay.hosts["s1"]) - packets_before
    counters = overlay.stop()
    datagrams = counters["s1"]["sent"]
    assert datagrams == 2 * len(keys) and counters["s2"]["first_sighting"] == len(keys), counters
    if "GSO" in asked.banner and not options:
        assert packets < datagrams / 4, f"{datagrams} datagrams in {packets} packets: where is the offload?"
    else:
        assert packets >= datagrams, f"{datagrams} datagrams in {packets} packets"


def packets_sent(host):
    """How many packets left by the host's cable, groups of datagrams counted as one."""
    line = next(line for line in host.run("cat", "/proc/net/dev").splitlines() if "eth0:" in line)
    return int(line.split(":")[1].split()[9])
