"""Other programs' dialects of the protocol, and what a capture does to datagrams."""

import itertools
import os

import pytest

from lab.captures import PORT_IS_SET, columns, frames, messages
from lab.codec import (
    CLIENT,
    IP_UDP,
    OTHER_SERVENT,
    SERVENT,
    UDP_IP_LEN,
    clireq,
    ip,
    port_unreachable,
    query,
    response,
    udp,
    write_pcap,
)

pytestmark = pytest.mark.needs("tshark")

# What a key field or a text may end in, and the fields that show it.
ENDINGS = {
    b"": {},
    b"\0": {"terminator": b"\0"},
    b"\0\0\0\0\0\0\0": {"terminator": b"\0", "padding": b"\0\0\0\0\0\0"},
    b"\0old\0\xde\xad\xbe\xef": {"terminator": b"\0", "leftover": b"old\0\xde\xad\xbe\xef"},
    b"\0\0\0stale\0": {"terminator": b"\0", "leftover": b"\0\0stale\0"},
}
BEHIND_TEXT = ("terminator", "padding", "leftover")


def conversation(ending, network="10.0.0"):
    """A question, on its way to a second servent, and its answers, with texts that end so."""
    client, one, other = (f"{network}.9", 40001), (f"{network}.1", 6001), (f"{network}.2", 6002)
    asked, answer = b"http" + ending, b"http\t80/tcp" + ending
    return [
        udp(clireq(asked), client, one),
        udp(query(asked, client=client), one, other),
        udp(response(answer), one, client),
        udp(response(answer), other, client),
    ]


def conversations():
    """One for each ending, each in a network of its own, twice; and the fields behind the text for each packet."""
    twice = [conversation(ending, f"10.0.{number}") * 2 for number, ending in enumerate(ENDINGS)]
    return list(itertools.chain(*twice)), [behind for behind in ENDINGS.values() for _ in range(8)]


def pcap(folder, packets):
    return write_pcap(os.path.join(folder, "packets.pcap"), packets)


def check_text(message, behind):
    assert message.key == "http" and message.value == ("80/tcp" if message.type == "3" else None), message
    found = {name: message.bytes[name] for name in BEHIND_TEXT if name in message.bytes}
    assert found == behind and message.malformed is None, (behind, message)


def test_p02_every_dialect_is_recognised_and_its_text_ends_at_the_first_nul(folder):
    packets, behinds = conversations()
    for frame, behind in zip(frames(folder, pcap(folder, packets)), behinds, strict=True):
        # The QUERY makes the servents known, and from then on their CLIREQs with leftovers are recognised.
        if "leftover" in behind and frame.number % 8 == 1:
            assert not frame.messages, frame.messages
        else:
            (message,) = frame.messages
            check_text(message, behind)


def test_p02_where_the_port_is_set_every_dialect_is_dissected_from_the_first_packet(folder):
    packets, behinds = conversations()
    read = messages(folder, pcap(folder, packets), "-o", "tp3.ports:6001-6002")
    assert len(read) == len(packets)
    for message, behind in zip(read, behinds, strict=True):
        check_text(message, behind)


def test_p02_leftovers_are_recognised_in_the_second_pass_of_two(folder):
    packets = conversation(b"\0junk")
    assert len(messages(folder, pcap(folder, packets))) == len(packets) - 1
    assert len(messages(folder, pcap(folder, packets), "-2")) == len(packets)


def test_p17_odd_queries_are_marked_at_a_known_endpoint(folder):
    odd = {
        query(b"http", ttl=0): "odd.ttl_zero",
        query(b"http", ttl=4): "odd.ttl_above",
        query(b"http", ttl=65_535): "odd.ttl_above",
        query(b"http", client=("0.0.0.0", 5000)): "odd.client",
        query(b"http", client=("224.0.0.251", 5000)): "odd.client",
        query(b"http", client=("255.255.255.255", 5000)): "odd.client",
        query(b"http", client=("10.0.0.9", 0)): "odd.client",
        query(b"http", client=("223.255.255.255", 1), ttl=1): None,
    }
    packets = [udp(each, OTHER_SERVENT, SERVENT) for each in odd]
    first, *marked = messages(folder, pcap(folder, [udp(query(b"http"), SERVENT, OTHER_SERVENT), *packets]))
    assert not first.experts, first
    assert [each.experts for each in marked] == [{mark} - {None} for mark in odd.values()], marked


def test_p21_joined_datagrams_are_told_apart(folder):
    """As a capture shows what segmentation offload cuts later: datagrams of one length, and a shorter one behind."""
    rows = {
        b"".join(query(b"key-%d" % number, seq=number) for number in range(3)): ["key-0", "key-1", "key-2"],
        query(b"http\0") + query(b"smtp\0", seq=8) + query(b"x", seq=9): ["http", "smtp", "x"],
        query(b"http\0\0\0") + query(b"domain\0"): ["http", "domain"],
        clireq(b"http") + clireq(b"smtp") + clireq(b"ssh"): ["http", "smtp", "ssh"],
        response(b"a\tb") * 200: ["a"] * 200,
        # None of these is several: a longer one behind a shorter, a broken one, a leftover.
        query(b"ssh") + query(b"https"): ["ssh"],
        query(b"ssh") + query(b"")[:7]: ["ssh"],
        query(b"http\0\0\1"): ["http"],
        query(b"http\0\1https\0"): ["http"],
    }
    read = frames(folder, pcap(folder, map(udp, rows)), *PORT_IS_SET)
    for frame, keys in zip(read, rows.values(), strict=True):
        assert [each.key for each in frame.messages] == keys, frame.messages
        assert all(("odd.joined" in each.experts) == (len(keys) > 1) for each in frame.messages), frame.messages


def test_p07_what_the_capture_cut_short_is_not_malformed(folder):
    """At every length that a capture may keep, and for every message."""
    whole = [query(b"http"), clireq(b"http"), response(b"http\t80/tcp"), response(b"key\tvalue\0")]
    packets = [udp(each) for each in whole]
    cut = [(packet, kept) for packet in packets for kept in range(UDP_IP_LEN + 1, len(packet) + 1)]
    read = messages(folder, pcap(folder, cut), *PORT_IS_SET)
    for message, (packet, kept) in zip(read, cut, strict=True):
        assert message.malformed is None, (kept, message)
        assert ("odd.cut" in message.experts) == (kept < len(packet)), (kept, message)
    # What can't be a message whatever follows is malformed all the same.
    broken = [(udp(each), UDP_IP_LEN + 3) for each in (b"\0\7http", b"\0\2\0\3http", b"\0\1\0http", b"\0\3\tvalue")]
    read = messages(folder, pcap(folder, broken), *PORT_IS_SET)
    assert [each.malformed for each in read] == ["unknown_type", "short_query", "empty_key", "empty_key"], read


def test_p05_what_an_icmp_error_quotes_is_not_malformed(folder):
    """It quotes as little as 8 bytes of UDP, so no payload, or some hundreds."""
    packet = udp(response(b"k" * 600 + b"\tvalue"), SERVENT, CLIENT)
    quotes = [port_unreachable(packet, quoted) for quoted in (28, 29, 30, 31, 40, 576, len(packet))]
    for options in PORT_IS_SET, ("-2", *PORT_IS_SET):
        read = messages(folder, pcap(folder, quotes), *options)
        assert len(read) >= len(quotes) - 1 and {each.malformed for each in read} == {None}, read


def test_p07_a_datagram_in_fragments_is_dissected_whole(folder):
    whole = udp(response(b"large\t" + b"v" * 3000), SERVENT, CLIENT)
    payload, pieces = whole[20:], []
    for at in range(0, len(payload), 1480):
        piece = bytearray(ip(payload[at : at + 1480], SERVENT[0], CLIENT[0], IP_UDP))
        more = 0x2000 if at + 1480 < len(payload) else 0
        piece[4:8] = (0x1234).to_bytes(2, "big") + (more | at // 8).to_bytes(2, "big")
        pieces.append(bytes(piece))
    (message,) = messages(folder, pcap(folder, pieces))
    assert message.bytes["value"] == b"v" * 3000 and message.malformed is None, message


def test_p44_the_info_column_is_readable_and_harmless(folder):
    rows = {
        clireq(b"http"): "CLIREQ key http",
        query(b"http"): "QUERY ttl 3 client 10.0.0.9:40001 seq 7 key http",
        query(b"http", seq=2**32 - 1, ttl=1): "QUERY ttl 1 client 10.0.0.9:40001 seq 4294967295 key http",
        response(b"http\t80/tcp\t# web"): "RESPONSE key http value 80/tcp # web",
        response("é\té ✓\u202e".encode()): "RESPONSE key é value é ✓\\u{202e}",
        response("a\tb\u200bc\U000e0041".encode()): "RESPONSE key a value b\\u{200b}c\\u{e0041}",
        response(b"a\t\x1b[2J\r\n\xe9\xf0\x9f\x98"): "RESPONSE key a value \\x1b[2J\\x0d\\x0a\\xe9\\xf0\\x9f\\x98",
        response(b"a\t" + b"v" * 1000): "RESPONSE key a value " + "v" * 200 + "...",
        response(b"a\t"): "RESPONSE key a value ",
        response(b"100%\t%s%n"): "RESPONSE key 100% value %s%n",
        b"\0": "[Malformed] type: expected 2 bytes, found 1",
        b"\0\7": "[Malformed] type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found 7",
        clireq(b"a") + clireq(b"b"): "[2 datagrams in one] CLIREQ key a, ...",
    }
    shown = columns(folder, pcap(folder, map(udp, rows)), *PORT_IS_SET)
    assert shown == [("TP3", f"40001 → 6001 {info}") for info in rows.values()], shown


def test_p18_servents_on_one_host_differ_by_the_ports_in_the_info_column(folder):
    packets = [
        udp(clireq(b"http"), ("127.0.0.1", 61001), ("127.0.0.1", 6001)),
        udp(query(b"http", client=("127.0.0.1", 61001)), ("127.0.0.1", 6001), ("127.0.0.1", 6002)),
        udp(response(b"http\t1"), ("127.0.0.1", 6001), ("127.0.0.1", 61001)),
        udp(response(b"http\t2"), ("127.0.0.1", 6002), ("127.0.0.1", 61001)),
    ]
    assert [info for _, info in columns(folder, pcap(folder, packets))] == [
        "61001 → 6001 CLIREQ key http",
        "6001 → 6002 QUERY ttl 3 client 127.0.0.1:61001 seq 7 key http",
        "6001 → 61001 RESPONSE key http value 1",
        "6002 → 61001 RESPONSE key http value 2",
    ]
