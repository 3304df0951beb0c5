"""A servent in a plain Python 3 loop: PORT FILE [IP:PORT]..."""

import socket
import struct
import sys

port, path, *others = sys.argv[1:]
neighbours = [(ip, int(number)) for ip, number in (other.split(":") for other in others)]
pairs = {}
with open(path, "rb") as lines:
    for line in lines:
        if not line.startswith(b"#"):
            key, value = line.rstrip().split(None, 1)
            pairs[key] = value

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
udp.bind(("0.0.0.0", int(port)))
seen = set()
seq = 0
while True:
    datagram, source = udp.recvfrom(65507)
    if len(datagram) < 3:
        continue
    kind = datagram[1] if datagram[0] == 0 else 0
    if kind == 1:
        key, client, ttl = datagram[2:], source, 3
        seq = (seq + 1) & 0xFFFFFFFF
        query_id = socket.inet_aton(client[0]) + struct.pack("!HI", client[1], seq) + key
        source = None
    elif kind == 2 and len(datagram) > 14:
        key, query_id = datagram[14:], datagram[4:]
        if query_id in seen:
            continue
        client = (socket.inet_ntoa(datagram[4:8]), int.from_bytes(datagram[8:10], "big"))
        ttl = int.from_bytes(datagram[2:4], "big") - 1
    else:
        continue
    if len(seen) >= 1 << 20:
        seen.clear()
    seen.add(query_id)
    value = pairs.get(key)
    if value is not None:
        udp.sendto(b"\0\3" + key + b"\t" + value, client)
    if ttl > 0:
        query = struct.pack("!HH", 2, ttl) + query_id
        for neighbour in neighbours:
            if neighbour != source:
                udp.sendto(query, neighbour)
