#!/usr/bin/env python3
"""A client: asks one servent for the keys that are typed, and shows who answers what.

    client.py IP:PORT

Keys and values are bytes; only what is shown is text.
"""

import contextlib
import socket
import struct
import sys
import time

CLIREQ, RESPONSE = 1, 3
TYPE = struct.Struct("!H")
WAIT_S = 4.0
DATAGRAM_LEN_MAX = 65_535


def address(text):
    host, _, port = text.rpartition(":")
    return socket.gethostbyname(host), int(port)


def visible(text):
    """What a stranger sends shall not control the terminal."""
    characters = text.decode("utf-8", "backslashreplace")
    return "".join(each if each.isprintable() or each == "\t" else ascii(each)[1:-1] for each in characters)


class Client:
    def __init__(self, servent):
        self.servent = servent
        # It is not connected: answers come from servents that it has never heard of.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def ask(self, key):
        """Asks once, and once more if nobody answers within 4 s; shows answers until 4 s pass without another."""
        self.send_request(key)
        answers = self.show_answers(key)
        if not answers:
            self.send_request(key)
            answers = self.show_answers(key)
        name = visible(key)
        print(f"{name}: no more answers ({answers})" if answers else f"{name}: no answer", flush=True)

    def send_request(self, key):
        try:
            self.socket.sendto(TYPE.pack(CLIREQ) + key, self.servent)
        except OSError as error:
            print(f"sending: {error}", file=sys.stderr)

    def show_answers(self, key):
        """Shows what comes until 4 s pass without an answer; returns how many answers came."""
        answers = 0
        deadline = time.monotonic() + WAIT_S
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                datagram, sender = self.socket.recvfrom(DATAGRAM_LEN_MAX)
            except TimeoutError:
                break
            except OSError as error:
                print(f"receiving: {error}", file=sys.stderr)
                continue
            value = self.value_of(datagram, key)
            # What is no answer to this question changes nothing, not even the 4 s.
            if value is None:
                continue
            print(f"{sender[0]}:{sender[1]}\t{visible(value)}", flush=True)
            answers += 1
            deadline = time.monotonic() + WAIT_S
        return answers

    def value_of(self, datagram, key):
        """The value in a RESPONSE for this key; None if the datagram is anything else."""
        start = TYPE.pack(RESPONSE) + key + b"\t"
        # Others end their texts with a NUL.
        return datagram[len(start) :].partition(b"\0")[0] if datagram.startswith(start) else None


def main(words):
    if len(words) != 1:
        sys.exit("usage: client.py IP:PORT")
    client = Client(address(words[0]))
    print("type a key, and Enter", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin.buffer:
            if key := line.strip():
                client.ask(key)


if __name__ == "__main__":
    main(sys.argv[1:])
