"""Packets of other protocols, and random ones: the dissector, told no port, claims none of them.

Each goes to a port at which Wireshark knows the protocol, and to one at which nobody but a heuristic could claim it;
and each between hosts of its own, for what is once taken for a protocol makes Wireshark take all between its ports for
the same.
"""

import os
import random
import struct

import pytest

from lab.captures import frames
from lab.codec import CLIENT, OTHER_SERVENT, udp, write_pcap

pytestmark = pytest.mark.needs("tshark")

# Ports of other protocols' datagrams that Wireshark knows nothing about.
ODD_PORT = 28_999
SEED = 2_016
RANDOM_COUNT = 60_000
TYPES = [b"\0\1", b"\0\2", b"\0\3"]


def u16(*numbers):
    return struct.pack(f">{len(numbers)}H", *numbers)


def u32(*numbers):
    return struct.pack(f">{len(numbers)}I", *numbers)


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def dns_like():
    """DNS, multicast and link-local DNS, NetBIOS: an id, which may be 1, 2 or 3, and flags."""
    question = name("www.example.org") + u16(1, 1)
    answer = question + b"\xc0\x0c" + u16(1, 1) + u32(300) + u16(4) + b"\xc0\0\2\1"
    text = question + b"\xc0\x0c" + u16(16, 1) + u32(300) + u16(10) + b"\x09key\tvalue"
    service = name("_http._tcp.local") + u16(12, 0x8001)
    for ident in (0, 1, 2, 3, 0x4143, 0xFFFF):
        for port in (53, 5353, 5355):
            for flags in (0x0000, 0x0100, 0x0120, 0x2000):
                yield port, u16(ident, flags, 1, 0, 0, 0) + question
            for flags in (0x8180, 0x8400, 0x8583):
                yield port, u16(ident, flags, 1, 1, 0, 0) + answer
                yield port, u16(ident, flags, 1, 1, 0, 0) + text
        yield 5353, u16(ident, 0, 1, 0, 0, 0) + service
        yield 137, u16(ident, 0x0110, 1, 0, 0, 0) + b"\x20" + b"CK" + b"A" * 30 + b"\0" + u16(33, 1)


def ntp():
    for first in (0x0B, 0x13, 0x1B, 0x1C, 0x23, 0x24, 0xE3):
        yield 123, bytes([first, 2, 6, 0xEC]) + u32(0x1234, 0x567, 0x47505300) + u32(0xE9_00_00_01, 7) * 4


def dhcp():
    for operation, kind in ((1, 1), (2, 2), (1, 3), (2, 5)):
        header = bytes([operation, 1, 6, 0]) + u32(0x3903F326) + u16(0, 0x8000) + bytes(16) + b"\x02\0\0\0\0\1"
        yield 67, header + bytes(202) + b"\x63\x82\x53\x63" + bytes([53, 1, kind, 255])


def quic(rng):
    for length in (20, 60, 1_200):
        for first in (0xC3, 0xE0, 0xF1, 0x40, 0x5F, 0x7F):
            long_header = u32(1) + b"\x08" + rng.randbytes(8) + b"\0\0" if first & 0x80 else b""
            yield 443, bytes([first]) + long_header + rng.randbytes(length)


def tftp():
    """The one protocol that begins as a CLIREQ with leftovers, and goes on as a RESPONSE: 1, a name, a NUL, a mode."""
    for operation in (1, 2):
        for mode in (b"octet", b"netascii", b"mail"):
            yield 69, u16(operation) + b"pxelinux.0\0" + mode + b"\0"
            yield 69, u16(operation) + b"pxelinux.0\0" + mode + b"\0blksize\x001428\0tsize\x000\0"
    for block in (1, 2, 255, 256, 257, 0x2020):
        yield 69, u16(3, block) + b"http\t80/tcp\n" * 42
        yield 69, u16(4, block)
    yield 69, u16(5, 1) + b"File not found\0"


def small_first_numbers():
    """Others whose first two bytes may be 0 and 1 to 3."""
    for kind in (1, 2, 3):
        yield 3478, u16(kind, 8) + u32(0x2112A442) + b"id of twelve" + u16(3, 4) + u32(0)
        yield 3478, u16(kind, 0) + b"sixteen bytes id"
        yield 5351, bytes([0, kind]) + u16(0, 5000, 5000) + u32(3600)
        yield 1701, u16(2, kind, 7) + b"\xff\x03\0\x21" + b"\x45\0\0\x54" + bytes(80)
        yield 1701, u16(0xC802, 20, kind, 0, 0, 0) + b"\x80\x08" + u16(0, 0, kind, 0)
        yield 11211, u16(kind, 0, 1, 0) + b"get http\r\n"
        yield 2055, u16(kind, 5) + u32(1, 2, 3) + bytes(52)
        yield 1812, bytes([kind, 7]) + u16(38) + bytes(16) + b"\x01\x06root" + b"\x02\x0csecretsecre"
        yield 6969, u32(kind, 0x12345678) + b"0123456789"
        yield 520, bytes([kind, 2, 0, 0]) + u16(2, 0) + u32(0x0A000000, 0xFFFFFF00, 0, 1)
        yield 51820, bytes([kind, 0, 0, 0]) + bytes(range(144))
        yield 5004, u16(kind, 0x2041) + u32(1) + bytes(16)


def counters():
    """A number of 32 bits that counts datagrams passes 65,536 and so on; a time follows, and data (iperf 2)."""
    for high in (1, 2, 3):
        for low in range(0, 0x10000, 11):
            yield 28_998, u16(high, low) + u32(0x67_41_42_43, 0x0005_4142) + b"0123456789" * 6
    for number in range(600):
        yield 28_998, u32(number) + b"0123456789" * 6


def texts():
    yield 1900, b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\n\r\n'
    yield 514, b"<34>1 2016-11-24T08:00:00Z host app - - - key\tvalue"
    yield 5060, b"OPTIONS sip:user@example.org SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9\r\n\r\n"
    yield 6881, b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"
    snmp = b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\0\x02\x01\0"
    yield 161, snmp + b"\x30\x0e\x30\x0c\x06\x08+\x06\x01\x02\x01\x01\x01\0\x05\0"


def between_hosts(number, payload, port, client_port=40_001):
    """A datagram to `port`, from and to addresses that are this number's alone."""
    host = f"{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return udp(payload, (f"10.{host}", client_port), (f"11.{host}", port))


def claimed(folder, packets):
    """The packets that the dissector claims of a capture, told no port: number and messages."""
    pcap = write_pcap(os.path.join(folder, "strangers.pcap"), packets)
    return [(frame.number, frame.messages) for frame in frames(folder, pcap, "-Y", "tp3")]


def test_stranger_protocols_are_left_alone(folder, remark):
    groups = {
        "DNS": dns_like(),
        "NTP": ntp(),
        "DHCP": dhcp(),
        "QUIC": quic(random.Random(SEED)),
        "TFTP": tftp(),
        "small first numbers": small_first_numbers(),
        "counters": counters(),
        "texts": texts(),
    }
    packets, whose = [], []
    for group, datagrams in groups.items():
        for port, payload in datagrams:
            for each in (port, ODD_PORT):
                packets.append(between_hosts(len(packets), payload, each))
                whose.append((group, each))
    taken = [(whose[number - 1], found) for number, found in claimed(folder, packets)]
    assert not taken, (len(taken), taken[:10])
    remark(f"0 of {len(packets)} claimed")


def test_stranger_multicast_and_broadcast_are_left_alone(folder):
    payloads = [b"\0\1http", b"\0\3http\t80/tcp", b"\0\2\0\3\x0a\0\0\x09\x9c\x41\0\0\0\7http"]
    targets = [("224.0.0.251", ODD_PORT), ("239.1.2.3", ODD_PORT), ("255.255.255.255", ODD_PORT)]
    assert not claimed(folder, [udp(payload, CLIENT, target) for payload in payloads for target in targets])
    unicast = [udp(payload, CLIENT, (OTHER_SERVENT[0], ODD_PORT)) for payload in payloads]
    assert len(claimed(folder, unicast)) == len(unicast)


def random_payloads(rng, count, prefixes=(b"",)):
    """Random bytes of random lengths, mostly short: those are the likeliest to look like a message."""
    for number in range(count):
        length = rng.randrange(0, 9) if rng.random() < 0.5 else rng.randrange(9, 200)
        yield between_hosts(number, rng.choice(prefixes) + rng.randbytes(length), ODD_PORT)


def test_stranger_random_payloads_are_left_alone(folder, remark):
    """Random payloads are left alone. So few begin with a type that the rate is measured among those that do."""
    rng = random.Random(SEED)
    assert not claimed(folder, list(random_payloads(rng, RANDOM_COUNT)))
    count = RANDOM_COUNT // 3
    taken = len(claimed(folder, list(random_payloads(rng, count, TYPES))))
    rate = taken / count
    assert 0 < rate < 0.03, rate
    remark(
        f"0 of {RANDOM_COUNT} claimed; {taken} of {count} that begin with a type ({rate:.2%}), "
        f"so {rate * len(TYPES) / 65_536:.1e} of all"
    )
