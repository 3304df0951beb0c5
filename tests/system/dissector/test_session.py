"""Captures of the real programs. The dissector is told no port in any of them."""

import contextlib
import os
import random
import re
import subprocess

import pytest

from lab.captures import Capture, frames
from lab.codec import CLIREQ, QUERY, RESPONSE, clireq
from lab.overlays import Servent, receive
from lab.processes import DEADLINE_S
from lab.programs import OVERLAY, ROOT, built, write

pytestmark = pytest.mark.needs("tshark", "namespaces")

CHAIN = os.path.join(ROOT, "data", "overlays", "chain.txt")
CHAIN_PORTS = [6001, 6002, 6003, 6004, 6005]
# Nobody holds it within reach, so it is asked for twice.
UNANSWERED = b"rfb"


@pytest.fixture
def host(lab):
    """A host alone: all goes over its loopback interface."""
    (host,) = lab.hosts("alone")
    # Clients' ports: none of these is known to Wireshark as another protocol's.
    host.sysctl("net.ipv4.ip_local_port_range=61001 61999")
    return host


@contextlib.contextmanager
def captured(host):
    """What is sent in the block is in the file that this yields, once the block is done."""
    capture = Capture(host, os.path.join(host.lab.folder, "session.pcap"))
    yield capture.path
    capture.finish()


def run_overlay(host, file, keys, timeout):
    """Asks an overlay for keys; returns {key: [(servent, value)]} and {key: retransmissions}, in bytes."""
    pipe = subprocess.PIPE
    words = [*built(OVERLAY), file, "--timeout", str(timeout), "--jobs", "1"]
    process = host.popen(*words, stdin=pipe, stdout=pipe, stderr=pipe)
    stdout, stderr = process.communicate(b"".join(key + b"\n" for key in keys), timeout=DEADLINE_S)
    assert process.returncode in (0, 1), (process.returncode, stdout, stderr)
    answers, again = {key: [] for key in keys}, dict.fromkeys(keys, 0)
    for line in stdout.removesuffix(b"\n").split(b"\n"):
        key, servent, value = line.split(b"\t", 2)
        answers[key].append((servent.decode(), value))
    # The remark on a retransmission comes before the one that ends its key.
    ends = iter(keys)
    count = 0
    for line in stderr.split(b"\n"):
        if line.endswith(b"asking again"):
            count += 1
        elif re.search(rb": (no answer|no more answers .*)$", line):
            again[next(ends)], count = count, 0
    return answers, again


def decoded(host, pcap):
    """All messages of a capture, in each of whose packets there must be one that is not malformed."""
    found = []
    for frame in frames(host.lab.folder, pcap):
        assert frame.messages, f"not decoded: {frame.shown}"
        for message in frame.messages:
            assert message.malformed is None and not message.experts - {"odd.joined"}, message
            message.source = int(frame.shown["udp.srcport"])
            message.target = int(frame.shown["udp.dstport"])
            found.append(message)
    return found


def of_type(found, kind, key=None):
    return [each for each in found if each.type == str(kind) and key in (None, each.bytes["key"])]


def check_answers(found, answers, again):
    """The RESPONSEs are what the client printed: servent, key and value, byte for byte. It shows an answer that came
    twice once (P-43)."""
    for key, printed in answers.items():
        sent = [(f"127.0.0.1:{each.source}", each.bytes["value"]) for each in of_type(found, RESPONSE, key)]
        assert set(sent) == set(printed) and len(printed) == len(set(printed)), (key, sent, printed)
        assert len(sent) == len(printed) * (1 + again[key]), (key, sent, again)


def test_p18_a_session_of_a_chain_is_decoded_packet_by_packet(host):
    keys = [b"http", UNANSWERED, b"domain"]
    with captured(host) as pcap:
        answers, again = run_overlay(host, CHAIN, keys, timeout=1)
    found = decoded(host, pcap)
    assert len(answers[b"http"]) == 4 and not answers[UNANSWERED] and again[UNANSWERED] == 1, (answers, again)
    check_answers(found, answers, again)
    client = str(of_type(found, CLIREQ)[0].source)
    for key in keys:
        asked = of_type(found, CLIREQ, key)
        assert [each.target for each in asked] == [CHAIN_PORTS[0]] * (1 + again[key]), asked
        queries = of_type(found, QUERY, key)
        for number, origin in enumerate(sorted({int(each.seq) for each in queries})):
            # P-14, P-15: from servent to servent, and nothing changes but the TTL.
            hops = [(each.source, each.target, each.ttl) for each in queries if each.seq == str(origin)]
            assert hops == [(6001, 6002, "3"), (6002, 6003, "2"), (6003, 6004, "1")], hops
            assert number < len(asked)
        assert len(queries) == 3 * len(asked), queries
        assert {(each.client, each.port) for each in queries} == {("127.0.0.1", client)}, queries
    # P-12: a number for each CLIREQ, one after the other.
    seqs = [int(each.seq) for each in of_type(found, QUERY) if each.ttl == "3"]
    assert seqs == [(seqs[0] + number) % 2**32 for number in range(len(of_type(found, CLIREQ)))], seqs


def test_p40_each_query_and_response_names_the_clireq_before_it(host):
    with captured(host) as pcap:
        run_overlay(host, CHAIN, [b"http", UNANSWERED], timeout=1)
    last = {}
    for message in decoded(host, pcap):
        if message.type == str(CLIREQ):
            last[message.key] = message.frame
            assert message.request_in is None, message
        else:
            assert message.request_in == str(last[message.key]) and float(message.time) >= 0, (message, last)


def test_p04_values_of_all_bytes_and_sizes_come_through(host):
    """Tabs, ESC, Latin-1, UTF-8 and 60 kB, asked for with keys in both encodings."""
    any_bytes = bytes(set(range(256)) - set(b"\0\t\n\v\f\r "))
    values = {
        "brasília".encode(): "Distrito Federal\t# a capital do país".encode(),
        "brasília".encode("latin-1"): "Distrito Federal\t# Ministérios".encode("latin-1"),
        b"evil": b"\x1b]0;title\x07\x7f\x9b31m \xe2\x80\xaegnp.exe",
        b"tabs": b"80/tcp\t\t# web\tpages",
        b"large": bytes(random.Random(60_000).choices(any_bytes, k=60_000)),
    }
    write(host.lab.folder, "pairs.txt", b"".join(b"%s\t%s\n" % pair for pair in values.items()))
    lines = "7001 pairs.txt 127.0.0.1:7002\n7002 pairs.txt 127.0.0.1:7001\n"
    overlay = write(host.lab.folder, "overlay.txt", lines)
    with captured(host) as pcap:
        answers, again = run_overlay(host, overlay, list(values), timeout=1)
    found = decoded(host, pcap)
    check_answers(found, answers, again)
    for key, value in values.items():
        sent = {(each.source, each.bytes["value"]) for each in of_type(found, RESPONSE, key)}
        assert sent == {(7001, value), (7002, value)}, key


def test_p21_datagrams_that_offload_joins_are_told_apart(host, remark):
    """A servent that finds many questions at once sends on many QUERYs of one length as one; the capture shows that."""
    keys = [b"key-%02d" % number for number in range(40)] + [b"last"]
    pairs = write(host.lab.folder, "pairs.txt", b"".join(b"%s\tvalue of %s\n" % (key, key) for key in keys))
    empty = write(host.lab.folder, "empty.txt")
    with captured(host) as pcap:
        client = host.socket()
        origin = Servent(host, empty, ["127.0.0.1:7002"], port=7001)
        Servent(host, pairs, port=7002)
        # Meanwhile the questions gather in its receive buffer.
        with origin.paused():
            for key in keys:
                client.sendto(clireq(key + b"\0"), ("127.0.0.1", 7001))
        receive(client, len(keys))
    found = decoded(host, pcap)
    joined = [each for each in found if "odd.joined" in each.experts]
    assert sorted(each.bytes["key"] for each in of_type(found, QUERY)) == sorted(keys)
    got = sorted((each.bytes["key"], each.bytes["value"]) for each in of_type(found, RESPONSE))
    assert got == sorted((key, b"value of " + key) for key in keys), got
    for message in of_type(found, QUERY) + of_type(found, RESPONSE):
        (asked,) = of_type(found, CLIREQ, message.bytes["key"])
        assert message.request_in == str(asked.frame) and message.terminator is not None, message
    # How many depends on the kernel; test_dialects.py has a test in which some are joined on every machine.
    remark(f"{len(joined)} messages joined to {len({each.frame for each in joined})} packets")
