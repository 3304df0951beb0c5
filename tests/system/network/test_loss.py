"""Networks that lose packets: what gets through is right, and as much gets through as can be expected.

Every host drops so many of a hundred UDP datagrams that come in, at random and independently. In a chain s1 to s5,
asked at s1 by a client on a host of its own, a datagram has one host to get into at each step; q is the share that
gets in. So the answer of s_k takes k + 1 steps: the CLIREQ, k - 1 QUERYs, and the RESPONSE. A client that got no
answer at all asks once more.

How often each thing happens is then binomial, and each count is held against its exact distribution: a test fails if
a count is so far out that one as far out, or farther, has a probability below 1e-8. A run makes 22 such comparisons,
each on two sides: a false alarm has a probability below 22 * 2e-8 < 1e-6.
"""

import itertools
import json
import math
import socket

import pytest

from lab.namespaces import loss_rules
from lab.networks import chain, lan
from lab.overlays import PORT, Client, Overlay
from lab.processes import Deadline

pytestmark = pytest.mark.needs("nftables")

NAMES = ["s1", "s2", "s3", "s4", "s5"]
REACHED = NAMES[:4]
TAIL_MIN = 1e-8
PROBES = 3_000
# Clients that ask at the same time, and what each asks in turn.
CLIENTS = 40
KEYS = [f"key{number}" for number in range(6)]

SO_RCVBUFFORCE = 33


def expect_binomial(what, count, trials, chance):
    """Fails if of so many trials, each with this chance, no honest run succeeds `count` times."""
    log_choose = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in range(trials + 1)]
    odds = [math.exp(c + k * math.log(chance) + (trials - k) * math.log1p(-chance)) for k, c in enumerate(log_choose)]
    tail = min(sum(odds[: count + 1]), sum(odds[count:]))
    assert tail >= TAIL_MIN, f"{what}: {count} of {trials}, expected about {trials * chance:.0f} (tail {tail:.1e})"


def expected(q):
    """The chance that the first try brings no answer at all, and the chances that an ask brings each servent's."""
    # From the far end: nothing comes of a query that arrived at s_k if its answer is lost, and the copy for s_k+1 is
    # lost too or comes to nothing there.
    nothing = 1.0
    for _ in REACHED:
        nothing = (1 - q) * (1 - q + q * nothing)
    silence = 1 - q + q * nothing
    return silence, {name: q ** (place + 2) * (1 + silence) for place, name in enumerate(REACHED)}


def counted(host):
    """What the host's packet filter counted: datagrams that came, and those of them that were dropped."""
    listed = json.loads(host.run("nft", "--json", "list", "counters"))["nftables"]
    counters = {each["counter"]["name"]: each["counter"]["packets"] for each in listed if "counter" in each}
    return counters["came"], counters["dropped"]


def expect_loss(host, prober, percent):
    """Fails unless the host loses what it should: by what its packet filter counts, and by what a socket gets."""
    ear, mouth = host.socket(PORT), prober.socket()
    ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    for number in range(PROBES):
        mouth.sendto(b"%d" % number, (host.address, PORT))
    deadline = Deadline()
    while counted(host)[0] < PROBES:
        assert deadline.left(), f"{counted(host)[0]} of {PROBES} probes came to {host.name}"
    came, dropped = counted(host)
    assert came == PROBES
    expect_binomial(f"probes that {host.name} dropped", dropped, came, percent / 100)
    ear.settimeout(1)
    for _ in range(came - dropped):
        ear.recv(100)
    ear.setblocking(False)
    try:
        raise AssertionError(f"{host.name} let through what it dropped: {ear.recv(100)}")
    except BlockingIOError:
        pass
    ear.close()
    mouth.close()


def with_loss(lab, percent):
    client, *hosts = lan(lab, "client", *NAMES)
    for host, prober in zip([client, *hosts], [hosts[0], *[client] * len(hosts)], strict=True):
        host.nft(loss_rules(percent))
        expect_loss(host, prober, percent)
    # Without offload, since datagrams that travel in one packet are lost together, and are no independent trials.
    extra = {name: b"".join(b"%s\tof %s\n" % (key.encode(), name.encode()) for key in KEYS) for name in NAMES}
    overlay = Overlay(lab, chain(*NAMES), ["--no-offload"], extra)
    before = {host.name: counted(host) for host in [client, *hosts]}
    conversations = [Client(client, f"{hosts[0].address}:{PORT}", KEYS) for _ in range(CLIENTS)]
    answered, again = dict.fromkeys(REACHED, 0), 0
    for conversation in conversations:
        again += conversation.finish().retransmissions
        for key, answers in conversation.answers.items():
            names = overlay.check(key, answers)
            assert names <= set(REACHED), f"{sorted(names)} answered {key}"
            for name in names:
                answered[name] += 1

    asks = CLIENTS * len(KEYS)
    silence, shares = expected(1 - percent / 100)
    expect_binomial("asks that were asked again", again, asks, silence)
    for name, share in shares.items():
        expect_binomial(f"asks that {name} answered", answered[name], asks, share)
    counters = overlay.stop()
    traffic = {}
    for host in [client, *hosts]:
        (came, dropped), (came_before, dropped_before) = counted(host), before[host.name]
        traffic[host.name] = came - came_before, dropped - dropped_before
    expect_books(counters, traffic, asks + again)


def expect_books(counters, traffic, clireqs):
    """Nothing is lost but by the rule, and nobody sends twice: the books of all hosts agree, to the datagram."""
    books = {name: (came, came - dropped) for name, (came, dropped) in traffic.items()}
    assert books["s1"][0] == clireqs, f"{clireqs} CLIREQs were sent, {books['s1'][0]} came"
    for name in NAMES:
        assert counters[name]["received"] == books[name][1], f"{name}: {counters[name]}, {books[name]}"
    for name, successor in itertools.pairwise(NAMES):
        sent_on = 0 if name == "s4" else counters[name]["lookup"]
        assert books[successor][0] == sent_on, f"{name} sent {sent_on} on, {books[successor][0]} came"
    answers = sum(each["answered"] for each in counters.values())
    assert books["client"][0] == answers, f"{answers} answers were sent, {books['client'][0]} came"


def test_p40_with_a_loss_of_20_percent_answers_are_right_and_as_many_as_expected(lab):
    with_loss(lab, 20)


def test_p40_with_a_loss_of_50_percent_answers_are_right_and_as_many_as_expected(lab):
    with_loss(lab, 50)
