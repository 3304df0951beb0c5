"""reflection.csv: what a victim gets when strangers send QUERYs that name it, with the limit of P-24 and without.

Everything happens on three hosts of a laboratory that has no way out; one of them has an address that would be routed
globally. The stranger sends at a steady rate; the victim counts what comes to it, and in which
second: of each round the worst one counts.
"""

import select
import socket
import statistics
import struct
import time

from lab.codec import query
from lab.namespaces import Lab
from lab.overlays import PORT, Servent
from lab.programs import write
from measuring import tables

RATES = [50, 100, 200, 400, 1_000, 3_000, 10_000]
LIMITS = [200, 0]
SECONDS, ROUNDS = 2.0, 5
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
TIMESPEC = struct.Struct("qq")
VALUE = b"x" * 45


def attack(mouth, servent, victim, rate, numbers):
    """Sends for so many seconds at this rate, as steadily as this program can."""
    start, sent = time.monotonic(), 0
    while (now := time.monotonic() - start) < SECONDS:
        due = int(now * rate) + 1
        for _ in range(sent, due):
            mouth.sendto(query(b"key", client=victim, seq=next(numbers)), servent)
        sent = max(sent, due)
        time.sleep(0.001)
    return sent


def drain(ear):
    """When each datagram came that is there, by the kernel's clock; until none has come for a while."""
    times = []
    while select.select([ear], [], [], 0.3)[0]:
        _, told, _, _ = ear.recvmsg(65_535, 64)
        seconds, nanoseconds = TIMESPEC.unpack(told[0][2])
        times.append(seconds + nanoseconds / 1e9)
    return times


def most_in_a_second(times):
    """Of any second, wherever it starts."""
    most = start = 0
    for end, time_ in enumerate(times):
        while time_ - times[start] >= 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most


def measure():
    rows = []
    for limit in LIMITS:
        with Lab() as lab:
            stranger, host, victim = lab.hosts("stranger", "servent", "victim")
            lab.lan("11.77.0.0/24", stranger, host, victim)
            lab.ready()
            servent = Servent(
                host, write(lab.folder, "kv.txt", b"key\t" + VALUE + b"\n"), (), ["--response-limit", str(limit)]
            )
            mouth, ear = stranger.socket(), victim.socket()
            ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
            ear.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            numbers = iter(range(1 << 31))
            for rate in RATES:
                sent, came = [], []
                for _ in range(ROUNDS):
                    target = (victim.address, ear.getsockname()[1])
                    sent.append(attack(mouth, (host.address, PORT), target, rate, numbers) / SECONDS)
                    came.append(most_in_a_second(drain(ear)))
                    # The limiter's second is over before the next round.
                    time.sleep(1.0)
                rows.append(
                    {
                        "response_limit": limit, "rate": rate, "sent_per_s": round(statistics.median(sent), 1),
                        "responses_in_a_second": statistics.median(came), "responses_min": min(came),
                        "responses_max": max(came), "rounds": ROUNDS, "seconds_per_round": SECONDS,
                    }
                )  # fmt: skip
                print(f"  {rows[-1]}")
            servent.stop()
    tables.write("reflection.csv", rows)
