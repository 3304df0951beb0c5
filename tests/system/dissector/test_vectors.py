"""The golden vectors of data/wire, each as a datagram in a capture."""

import os
import re

import pytest

from lab.captures import PORT_IS_SET, frames, messages
from lab.codec import CLIENT, OTHER_SERVENT, SERVENT, udp, write_pcap
from lab.vectors import read_vectors

pytestmark = pytest.mark.needs("tshark")

TYPES = {"clireq": "1", "query": "2", "response": "3"}
HARMFUL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# What could be another protocol's as well, and is left alone where no QUERY was seen.
UNRECOGNISED = {
    # Leftovers behind the NUL of a message with no more of a header than its type.
    "clireq-garbage-behind-nul", "clireq-key-behind-nul",
    "response-garbage-behind-nul", "response-pair-behind-nul", "response-empty-value-garbage",
    # Keys that nobody types, and a byte with a NUL.
    "clireq-no-text", "clireq-control-bytes", "clireq-looks-like-query", "clireq-space-and-tab",
    "clireq-one-byte-key-nul", "query-no-text", "query-space-and-tab", "response-no-text",
    # A TTL that no servent sends, a client that can't be answered.
    "query-ttl-0", "query-ttl-4", "query-ttl-65535", "query-byte-order", "query-ttl-swapped",
    "query-client-zero", "query-client-broadcast", "query-client-multicast",
}  # fmt: skip


def unescape(text):
    """The bytes of a vector's text: `\\xNN` is a byte, a doubled backslash is one."""
    code = rb"\\(\\|x[0-9a-f]{2})"
    return re.sub(code, lambda m: b"\\" if m[1] == b"\\" else bytes.fromhex(m[1][1:].decode()), text.encode("ascii"))


def escape(match):
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:x}}}"


def shown(text):
    """Bytes as the client and the dissector show them (P-44); a tab becomes a space on its way through an XML
    attribute."""
    return HARMFUL.sub(escape, text.decode(errors="backslashreplace")).replace("\t", " ")


def capture(folder, vectors):
    return write_pcap(os.path.join(folder, "vectors.pcap"), [udp(each["bytes"]) for each in vectors])


def by_vector(folder, vectors, *options):
    """Each vector with the one message, or None, that the dissector sees in its datagram."""
    read = frames(folder, capture(folder, vectors), *options)
    assert len(read) == len(vectors)
    for vector, frame in zip(vectors, read, strict=True):
        assert len(frame.messages) <= 1, frame.messages
        yield vector, frame.messages[0] if frame.messages else None


def check_fields(vector, message):
    key = unescape(vector["key"])
    assert message, f"{vector['name']} is not decoded"
    assert message.type == TYPES[vector["message"]], message
    assert (message.bytes["key"], message.key) == (key, shown(key)), message
    if vector["message"] == "query":
        assert (message.ttl, f"{message.client}:{message.port}", message.seq) == (
            vector["ttl"], vector["client"], vector["seq"],
        ), message  # fmt: skip
    if vector["message"] == "response":
        value = unescape(vector["value"])
        assert (message.bytes["value"], message.value) == (value, shown(value)), message
    assert message.malformed is None, message
    assert not [each for each in message.experts if each.startswith("malformed")], message


def check_behind_text(vector, message):
    """NUL, padding and leftovers, told from the vector's bytes (P-2, P-3)."""
    header_len = 14 if vector["message"] == "query" else 2
    _, nul, behind = vector["bytes"][header_len:].partition(b"\0")
    assert (message.terminator is not None) == (vector["nul"] == "yes") == bool(nul), message
    leftover = behind.strip(b"\0") != b""
    assert message.bytes.get("leftover", b"") == (behind if leftover else b""), message
    assert message.bytes.get("padding", b"") == (b"" if leftover else behind), message
    assert ("odd.leftover" in message.experts) == leftover, message


def well_formed():
    vectors = [each for each in read_vectors("*.hex") if "message" in each]
    assert len(vectors) >= 80, len(vectors)
    return vectors


def test_p01_every_field_of_every_vector_is_what_the_vector_says(folder):
    for vector, message in by_vector(folder, well_formed(), *PORT_IS_SET):
        check_fields(vector, message)
        check_behind_text(vector, message)


def test_p01_decode_as_dissects_the_same(folder):
    for vector, message in by_vector(folder, well_formed(), "-d", f"udp.port=={SERVENT[1]},tp3"):
        check_fields(vector, message)


def test_p05_every_malformed_vector_is_marked_by_its_cause_where_the_port_is_set(folder):
    vectors = read_vectors("malformed.hex")
    assert {each["error"] for each in vectors} == {"too_short", "unknown_type", "short_query", "empty_key", "no_tab"}
    for vector, message in by_vector(folder, vectors, *PORT_IS_SET):
        assert message, f"{vector['name']} is not decoded"
        assert message.malformed == vector["error"], (vector, message)
        assert f"malformed.{vector['error']}" in message.experts, (vector, message)
        assert "[Malformed] " in message.info and "expected" in message.info, message


def test_p05_no_malformed_vector_is_claimed_where_nothing_is_known(folder):
    for vector, message in by_vector(folder, read_vectors("malformed.hex")):
        assert message is None, (vector["name"], message)


def test_p05_malformed_vectors_are_marked_at_an_endpoint_that_got_a_query(folder):
    vectors = read_vectors("malformed.hex")
    introduction = next(each for each in read_vectors("query.hex") if each["name"] == "query-plain")
    packets = [udp(introduction["bytes"], OTHER_SERVENT, SERVENT)] + [udp(each["bytes"], CLIENT) for each in vectors]
    pcap = write_pcap(os.path.join(folder, "known.pcap"), packets)
    _, *marked = messages(folder, pcap)
    assert [each.malformed for each in marked] == [vector["error"] for vector in vectors]


def test_p01_without_a_port_the_vectors_are_recognised_but_for_the_odd_ones(folder):
    vectors = well_formed()
    # In captures of their own: one QUERY would make the endpoint known to those that follow.
    missed = set()
    for kind in TYPES:
        chosen = [each for each in vectors if each["message"] == kind]
        for number, vector in enumerate(chosen):
            vector["packet"] = udp(vector["bytes"], ("10.0.0.9", 40001 + number), ("10.0.1.1", 10_001 + number))
        pcap = write_pcap(os.path.join(folder, f"{kind}.pcap"), [each["packet"] for each in chosen])
        for vector, frame in zip(chosen, frames(folder, pcap), strict=True):
            if frame.messages:
                check_fields(vector, frame.messages[0])
            else:
                missed.add(vector["name"])
    assert missed == UNRECOGNISED, (missed - UNRECOGNISED, UNRECOGNISED - missed)
