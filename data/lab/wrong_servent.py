#!/usr/bin/env python3
"""A servent as it is often written, with two faults.

`tp3 check servent -- python3 data/lab/wrong_servent.py` finds them.
"""

import socket
import struct
import sys

CLIREQ, QUERY, RESPONSE = 1, 2, 3


def read_pairs(name):
    pairs = {}
    with open(name, "rb") as file:
        for line in file:
            key, _, value = line.rstrip(b"\r\n").partition(b"\t")
            if key.strip() and value.strip() and not line.startswith(b"#"):
                pairs[key.strip()] = value.strip()
    return pairs


def address(text):
    host, port = text.rsplit(":", 1)
    return socket.gethostbyname(host), int(port)


class Servent:
    def __init__(self, port, name, neighbours):
        self.pairs, self.neighbours, self.seen, self.count = read_pairs(name), neighbours, set(), 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("", port))

    def send(self, datagram, to):
        try:
            self.socket.sendto(datagram, to)
        except (OSError, OverflowError) as error:
            print(f"not sent to {to}: {error}", file=sys.stderr)

    def answer(self, key, client):
        if key in self.pairs:
            self.send(struct.pack("!H", RESPONSE) + key + b" " + self.pairs[key], client)

    def take(self, datagram, sender):
        kind = int.from_bytes(datagram[:2], "big")
        if kind == CLIREQ and len(datagram) > 2:
            key, self.count = datagram[2:], self.count + 1
            rest = socket.inet_aton(sender[0]) + struct.pack("!HI", sender[1], self.count) + key
            self.seen.add(rest)
            for neighbour in self.neighbours:
                self.send(struct.pack("!HH", QUERY, 3) + rest, neighbour)
            self.answer(key, sender)
        elif kind == QUERY and len(datagram) > 14 and datagram[4:] not in self.seen:
            self.seen.add(datagram[4:])
            (ttl,) = struct.unpack("!H", datagram[2:4])
            (port,) = struct.unpack("!H", datagram[8:10])
            self.answer(datagram[14:], (socket.inet_ntoa(datagram[4:8]), port))
            if ttl > 1:
                for neighbour in (each for each in self.neighbours if each != sender):
                    self.send(datagram[:2] + struct.pack("H", ttl - 1) + datagram[4:], neighbour)

    def run(self):
        while True:
            try:
                self.take(*self.socket.recvfrom(65536))
            except ConnectionError:
                continue  # News of a neighbour that is gone.


Servent(int(sys.argv[1]), sys.argv[2], [address(text) for text in sys.argv[3:]]).run()
