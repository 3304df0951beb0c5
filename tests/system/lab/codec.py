"""Messages in datagrams, datagrams in packets, and packets in pcap files, made and read without any library."""

import socket
import struct

CLIREQ, QUERY, RESPONSE = 1, 2, 3
SERVENT, OTHER_SERVENT, CLIENT = ("10.0.0.1", 6001), ("10.0.0.2", 6002), ("10.0.0.9", 40001)

PCAP_HEADER = struct.Struct("<IHHiIII")
PCAP_RECORD = struct.Struct("<IIII")
PCAP_MAGIC, PCAP_VERSION, SNAP_LEN = 0xA1B2C3D4, (2, 4), 262_144
LINK_RAW_IP = 101
IP_LEN, UDP_LEN, IP_UDP, IP_ICMP = 20, 8, 17, 1
UDP_IP_LEN = IP_LEN + UDP_LEN


def clireq(field):
    return struct.pack(">H", CLIREQ) + field


def query(field, ttl=3, client=CLIENT, seq=7):
    return struct.pack(">HH4sHI", QUERY, ttl, socket.inet_aton(client[0]), client[1], seq) + field


def response(text):
    return struct.pack(">H", RESPONSE) + text


def answer(key, value):
    """The RESPONSE to a request without a NUL."""
    return response(key + b"\t" + value)


def ip(payload, source, target, protocol=IP_UDP):
    addresses = socket.inet_aton(source) + socket.inet_aton(target)
    return struct.pack(">BBHHHBBH", 0x45, 0, IP_LEN + len(payload), 0, 0, 64, protocol, 0) + addresses + payload


def udp(payload, source=CLIENT, target=SERVENT):
    """An IP packet with a UDP datagram. Neither has a check sum; Wireshark verifies none."""
    header = struct.pack(">HHHH", source[1], target[1], UDP_LEN + len(payload), 0)
    return ip(header + payload, source[0], target[0])


def port_unreachable(packet, quoted_len):
    """The ICMP error that quotes so many bytes of `packet`."""
    source, target = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    return ip(struct.pack(">BBHI", 3, 3, 0, 0) + packet[:quoted_len], target, source, IP_ICMP)


def write_pcap(path, packets):
    """Writes IP packets, a millisecond apart; returns the path. A pair is a packet and how many bytes of it the
    capture keeps."""
    with open(path, "wb") as file:
        file.write(PCAP_HEADER.pack(PCAP_MAGIC, *PCAP_VERSION, 0, 0, SNAP_LEN, LINK_RAW_IP))
        for number, each in enumerate(packets):
            packet, kept = each if isinstance(each, tuple) else (each, SNAP_LEN)
            captured = packet[:kept]
            seconds, thousandths = divmod(number, 1000)
            file.write(PCAP_RECORD.pack(seconds, 1000 * thousandths, len(captured), len(packet)) + captured)
    return path
