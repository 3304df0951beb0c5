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


# Around what fits 1,400 and 1,500 bytes with the headers, and in several pieces.
LENGTHS = [1_300, 1_366, 1_367, 1_400, 1_440, 1_466, 1_467, 1_472, 2_800, 9_000, 60_000]
FILTER_ICMP = """
    table ip quiet {
        chain forward { type filter hook forward priority 0; ip protocol icmp drop; }
        chain output { type filter hook output priority 0; ip protocol icmp drop; }
    }
"""


@pytest.mark.needs("nftables")
@pytest.mark.parametrize("options", [[], ["--no-offload"]], ids=["offload", "no offload"])
@pytest.mark.parametrize("icmp", ["works", "filtered"])
def test_p08_answers_longer_than_a_link_on_the_way_all_arrive(lab, icmp, options):
    """The servents' own links take 1,500 bytes, the one behind the router 1,400. With path MTU discovery the first
    answer was lost, and with ICMP filtered all were; the client asks again only if it heard nobody (P-40)."""
    router, *_ = two_lans(lab, ["a1", "a2"], ["client"], right_mtu=1_400)
    if icmp == "filtered":
        router.nft(FILTER_ICMP)
    client = next(host for host in lab.all_hosts if host.name == "client")
    values = random.Random(1_400)
    extra = {
        name: b"".join(b"k%d\t%s\n" % (length, bytes(values.choices(BYTES, k=length))) for length in LENGTHS)
        for name in ("a1", "a2")
    }
    overlay = Overlay(lab, chain("a1", "a2"), options, extra)
    keys = [f"k{length}" for length in LENGTHS]
    asked = Client(client, f"{overlay.hosts['a1'].address}:{PORT}", keys).finish()
    for key in keys:
        assert overlay.check(key, asked.answers[key]) == {"a1", "a2"}, key
    assert asked.retransmissions == 0, asked.remarks

    # A burst, which with offload leaves in groups; the longest would not find room in the client's buffer.
    asking, address = client.socket(), (overlay.hosts["a1"].address, PORT)
    asking.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    burst = [key.encode() for key in keys[:-2] for _ in range(20)]
    with overlay.servents["a1"].paused():
        for key in burst:
            asking.sendto(clireq(key), address)
    answers = [(overlay.named(servent), data) for servent, data in receive(asking, 2 * len(burst))]
    meant = [(name, answer(key, overlay.value(name, key.decode()))) for name in ("a1", "a2") for key in burst]
    assert sorted(answers) == sorted(meant)
    counters = overlay.stop()["a1"]
    assert counters["sent"] == counters["answered"] + counters["clireq"], counters


def test_p25_a_narrow_link_to_one_host_costs_the_others_no_offload(lab):
    """The servent's own link to one client takes packets of 600 bytes, so groups of longer datagrams are refused there;
    before kernel 6.14 by an error that may mean anything."""
    servent, near, narrow = lab.hosts("s1", "near", "narrow")
    lab.link("10.77.0.0/24", servent, near)
    ends = lab.link("10.77.1.0/24", servent, narrow)
    for host, end in zip((servent, narrow), ends, strict=True):
        host.ip(f"link set {end} mtu 600")
    servent.sysctl("net.ipv4.ip_forward=1")
    near.ip("route add default via 10.77.0.1")
    narrow.ip("route add default via 10.77.1.1")
    lab.ready()
    value = b"v" * 1_000
    overlay = Overlay(lab, {"s1": []}, ["-v"], {"s1": b"long\t%s\n" % value})
    running = overlay.servents["s1"]
    if "GSO" not in running.banner:
        pytest.skip("this kernel has no UDP_SEGMENT")
    asking = {host: host.socket() for host in (near, narrow)}
    for sock in asking.values():
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    count, rounds = 50, 12
    # The narrow one comes first: no group has ever left when the first is refused.
    for _ in range(rounds):
        for host in (narrow, near):
            before = packets_sent(servent)
            with running.paused():
                for _ in range(count):
                    asking[host].sendto(clireq(b"long"), (servent.address_towards(host), PORT))
            answers = receive(asking[host], count)
            assert [data for _, data in answers] == [answer(b"long", value)] * count
            if host is near:
                packets = packets_sent(servent) - before
                assert packets < count / 4, f"{count} datagrams in {packets} packets: where is the offload?"
    counters = overlay.stop()["s1"]
    assert counters["sent"] == 2 * rounds * count, counters
    assert not any("does not segment" in line for line in running.lines), running.lines


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
