#!/usr/bin/env python3
"""A servent: serves a file's pairs, and floods questions to its neighbours.

    servent.py PORT FILE [IP:PORT]...

Keys and values are bytes from the file to the wire: nobody promises that they are text.
"""

import contextlib
import os
import socket
import struct
import sys

CLIREQ, QUERY, RESPONSE = 1, 2, 3
TYPE = struct.Struct("!H")
# Type, time-to-live, the client's address and port, sequence number. The key is the rest of the datagram.
QUERY_HEADER = struct.Struct("!HH4sHI")
TTL = 3
NEIGHBOURS_MAX = 10
DATAGRAM_LEN_MAX = 65_535
SEQ_COUNT = 1 << 32


def read_pairs(path):
    """The pairs of a file: a line's first word is the key, the rest of the line its value."""
    pairs = {}
    with open(path, "rb") as file:
        for line in file:
            words = line.strip().split(maxsplit=1)
            if line.startswith(b"#") or len(words) < 2:
                continue
            key, value = words
            pairs[key] = value
    return pairs


def address(text):
    """IP:PORT as `recvfrom` names it: neighbours are recognised by it."""
    host, _, port = text.rpartition(":")
    return socket.gethostbyname(host), int(port)


class Servent:
    def __init__(self, port, pairs, neighbours):
        self.pairs = pairs
        self.neighbours = neighbours
        # A servent that starts again shall not repeat the numbers that its neighbours have seen.
        self.seq = int.from_bytes(os.urandom(4), "big")
        self.seen = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("", port))

    def run(self):
        while True:
            try:
                datagram, sender = self.socket.recvfrom(DATAGRAM_LEN_MAX)
            except OSError as error:
                print(f"receiving: {error}", file=sys.stderr)
                continue
            self.receive(datagram, sender)

    def receive(self, datagram, sender):
        """Whatever is too short to be a message with a key, or of another type, is ignored."""
        if len(datagram) <= TYPE.size:
            return
        (kind,) = TYPE.unpack_from(datagram)
        if kind == CLIREQ:
            self.receive_clireq(datagram[TYPE.size :], sender)
        elif kind == QUERY and len(datagram) > QUERY_HEADER.size:
            self.receive_query(datagram, sender)

    def receive_clireq(self, key, client):
        self.seq = (self.seq + 1) % SEQ_COUNT
        query = QUERY_HEADER.pack(QUERY, TTL, socket.inet_aton(client[0]), client[1], self.seq) + key
        # It may come back round a loop.
        self.is_new(query)
        self.flood(query, self.neighbours)
        self.answer(key, client)

    def receive_query(self, query, sender):
        if not self.is_new(query):
            return
        _, ttl, ip, port, seq = QUERY_HEADER.unpack_from(query)
        key = query[QUERY_HEADER.size :]
        self.answer(key, (socket.inet_ntoa(ip), port))
        # Nobody sends more than 3 rightly; whoever does, shall not reach farther.
        ttl = min(ttl, TTL) - 1
        if ttl > 0:
            others = [each for each in self.neighbours if each != sender]
            self.flood(QUERY_HEADER.pack(QUERY, ttl, ip, port, seq) + key, others)

    def is_new(self, query):
        """Whether this is the first time that the question is seen; from now on it is not new."""
        _, _, ip, port, seq = QUERY_HEADER.unpack_from(query)
        question = (ip, port, seq, query[QUERY_HEADER.size :])
        if question in self.seen:
            return False
        self.seen.add(question)
        return True

    def answer(self, key, client):
        # Others end their texts with a NUL. Whoever does so is answered so.
        text, nul, _ = key.partition(b"\0")
        if text in self.pairs:
            self.send(TYPE.pack(RESPONSE) + text + b"\t" + self.pairs[text] + nul, client)

    def flood(self, query, neighbours):
        for neighbour in neighbours:
            self.send(query, neighbour)

    def send(self, datagram, target):
        """Nobody to send to (port 0, no route, too long) is no reason to end."""
        try:
            self.socket.sendto(datagram, target)
        except OSError as error:
            print(f"sending to {target}: {error}", file=sys.stderr)


def main(words):
    if not 2 <= len(words) <= 2 + NEIGHBOURS_MAX:
        sys.exit(f"usage: servent.py PORT FILE [IP:PORT]..., at most {NEIGHBOURS_MAX} neighbours")
    servent = Servent(int(words[0]), read_pairs(words[1]), [address(word) for word in words[2:]])
    with contextlib.suppress(KeyboardInterrupt):
        servent.run()


if __name__ == "__main__":
    main(sys.argv[1:])
