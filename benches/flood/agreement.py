#!/usr/bin/env python3
"""Does `tp3 load` tell the same as a generator that shares nothing with it? 10,000 questions a second to one servent.

    cargo build --release
    python3 benches/flood/agreement.py [--rounds 7] [--seconds 2] [--rate 10000] [--programs target/release]

The other generator is the one below: one thread of Python, one socket, plain system calls. In turn with `tp3 load` it
asks the same servent the same keys at the same rate. Both count a latency from when the question was to leave. Of each
round the ratio of the two medians is taken; the median of the rounds' ratios must lie within 20 % of 1, or the exit
status is 1.
"""

import argparse
import gc
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KEYS = 1000
TIMEOUT_NS = 1_000_000_000
WITHIN = 0.2


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port, rate, questions):
    """Asks so many questions, evenly spaced; returns the latencies in nanoseconds, sorted, and how many were lost."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    asking.setblocking(False)
    servent = ("127.0.0.1", port)
    requests = [b"\0\1key-%08d" % number for number in range(KEYS)]
    under_way = {request[2:]: [] for request in requests}
    latencies = []
    clock, gap = time.monotonic_ns, 1e9 / rate
    gc.disable()
    start = clock() + 10_000_000
    asked = 0
    while len(latencies) < questions:
        now = clock()
        due = start + int(asked * gap)
        if asked < questions and now >= due:
            request = requests[asked % KEYS]
            under_way[request[2:]].append(due)
            asking.sendto(request, servent)
            asked += 1
        elif asked == questions and now > due + TIMEOUT_NS:
            break
        try:
            answer = asking.recv(65_536)
        except BlockingIOError:
            continue
        now = clock()
        assert answer.startswith(b"\0\3"), answer
        latencies.append(now - under_way[answer[2 : answer.index(b"\t")]].pop(0))
    gc.enable()
    asking.close()
    return sorted(latencies), questions - len(latencies)


def tp3_load(program, port, rate, questions):
    """What `tp3 load` tells of the same."""
    words = [
        "load",
        f"127.0.0.1:{port}",
        "--numbered",
        str(KEYS),
        "--rate",
        str(rate),
        "--questions",
        str(questions),
        "--json",
    ]
    run = subprocess.run([program, *words], check=True, stdout=subprocess.PIPE)
    return json.loads(run.stdout)


def round_of(programs, port, rate, questions, is_first):
    """Both medians in microseconds, in an order that turns."""

    def ours():
        told = tp3_load(programs / "tp3", port, rate, questions)
        return told["first_answer_ns"]["p50"] / 1e3, told["first_answer_ns"]["p99"] / 1e3, told["lost"]

    def others():
        latencies, lost = ask(port, rate, questions)
        return latencies[len(latencies) // 2] / 1e3, latencies[len(latencies) * 99 // 100] / 1e3, lost

    if is_first:
        mine = ours()
        return mine, others()
    theirs = others()
    return ours(), theirs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--programs", type=Path, default=Path("target/release"))
    args = parser.parse_args()
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pairs:
        pairs.writelines(f"key-{number:08}\tthe value of key {number}, some 45 bytes long\n" for number in range(KEYS))
        pairs.flush()
        servent = subprocess.Popen([args.programs / "serventTP3", str(port), pairs.name], stderr=subprocess.DEVNULL)
        try:
            while not ask(port, 100, 5)[0]:
                pass
            ratios = []
            for number in range(args.rounds):
                questions = int(args.rate * args.seconds)
                ours, theirs = round_of(args.programs, port, args.rate, questions, number % 2 == 0)
                ratios.append(ours[0] / theirs[0])
                print(
                    f"round {number + 1}: tp3 load p50 {ours[0]:.1f} us, p99 {ours[1]:.1f} us, {ours[2]} lost; "
                    f"the other p50 {theirs[0]:.1f} us, p99 {theirs[1]:.1f} us, {theirs[2]} lost; "
                    f"ratio {ratios[-1]:.3f}"
                )
        finally:
            servent.terminate()
            servent.wait()
    ratio = statistics.median(ratios)
    print(f"ratio of the p50: {ratio:.3f} [{min(ratios):.3f} {max(ratios):.3f}], bar 1 +- {WITHIN}")
    return 0 if abs(ratio - 1) <= WITHIN else 1


if __name__ == "__main__":
    sys.exit(main())
