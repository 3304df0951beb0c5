"""reach-hosts.csv: reach against loss on hosts, network namespaces that drop datagrams, and what ought to come out.

Eight servents in a ring, each on a host of its own: within three hops of any there are seven, each by one way alone, so
what is to be expected can be said exactly. Of every datagram that comes to a host, the client's included, nftables
drops so many of a hundred. Without offload, since datagrams that travel in one packet are lost together.
"""

from lab.namespaces import Lab, loss_rules
from lab.networks import ball, lan, ring
from lab.overlays import PORT, Client, Overlay
from measuring import tables

NAMES = [f"s{number}" for number in range(1, 9)]
PERCENTS = [0, 2, 5, 10, 20, 30, 40, 50]
# Clients at each servent that ask at the same time, and how often each asks, in turn.
CLIENTS, ASKS = 5, 15
TIMEOUT_S = 1.0


def expected(passes):
    """The share of those within three hops that a client hears from, asking twice if it must, where each datagram
    passes with this chance."""
    # From the far end: the chance that nothing comes of a QUERY that arrived.
    nothing = 1.0
    for _ in range(3):
        nothing = (1 - passes) * (1 - passes + passes * nothing)
    # At the entry, which asks two.
    silence = 1 - passes + passes * (1 - passes) * (1 - passes + passes * nothing) ** 2
    hops = [0, 1, 1, 2, 2, 3, 3]
    return sum(passes ** (hop + 2) * (1 + silence) for hop in hops) / len(hops)


def asked(percent):
    """For each question how many answered; and how often the clients asked again."""
    with Lab() as lab:
        client, *hosts = lan(lab, "client", *NAMES)
        for host in [client, *hosts]:
            host.nft(loss_rules(percent))
        keys = [f"key{number}" for number in range(ASKS)]
        pairs = {name: b"".join(b"%s\tof %s\n" % (key.encode(), name.encode()) for key in keys) for name in NAMES}
        overlay = Overlay(lab, ring(*NAMES), ["--no-offload"], pairs)
        # The clients of four servents, then those of the others: more clients at a time would measure this machine.
        answered, again = [], 0
        for entries in (hosts[:4], hosts[4:]):
            conversations = [
                (host.name, Client(client, f"{host.address}:{PORT}", keys, timeout=TIMEOUT_S))
                for host in entries
                for _ in range(CLIENTS)
            ]
            for name, conversation in conversations:
                again += conversation.finish().retransmissions
                for key, answers in conversation.answers.items():
                    names = overlay.check(key, answers)
                    assert names <= ball(overlay.overlay, name), f"{sorted(names)} answered {name}'s client"
                    answered.append(len(names))
        overlay.stop()
        return answered, again


def measure():
    rows = []
    for percent in PERCENTS:
        answered, again = asked(percent)
        found = tables.ratio(answered, [7] * len(answered))
        rows.append(
            {
                "loss_percent": percent, "questions": len(answered), "asked_again": again, "answers": sum(answered),
                "in_reach": 7 * len(answered), **found, "expected": tables.rounded(expected(1 - percent / 100)),
            }
        )  # fmt: skip
        print(f"  {percent} %: {found}, expected {rows[-1]['expected']}")
    tables.write("reach-hosts.csv", rows)
