"""tshark with the dissector, and dumpcap."""

import os
import subprocess
from xml.etree import ElementTree

from lab.codec import PCAP_HEADER, PCAP_RECORD, SERVENT
from lab.processes import DEADLINE_S, DIE_WITH_US
from lab.programs import ROOT

DISSECTOR = os.path.join(ROOT, "data", "wireshark", "tp3.lua")
# tshark's option with which a servent's port is known.
PORT_IS_SET = ("-o", f"tp3.ports:{SERVENT[1]}")


class Message:
    """What the dissector made of one message: fields by name without `tp3.`, their bytes, and the expert infos."""

    def __init__(self, frame, protocol, info):
        self.frame, self.info = frame, info
        self.fields, self.bytes, self.experts = {}, {}, set()
        for each in protocol.iter("field"):
            name = each.get("name")
            if name.startswith(("tp3.odd.", "tp3.malformed.")):
                self.experts.add(name.removeprefix("tp3."))
            elif name.startswith("tp3."):
                name = name.removeprefix("tp3.")
                assert name not in self.fields, f"frame {frame} has two {name}"
                self.fields[name] = each.get("show")
                self.bytes[name] = bytes.fromhex(each.get("value", ""))

    def __getattr__(self, name):
        return self.fields.get(name)

    def __repr__(self):
        return f"frame {self.frame}: {self.info!r} {self.fields} {self.experts}"


class Frame:
    """A packet as tshark shows it: the column of protocols and of information, and the messages in it."""

    def __init__(self, packet):
        shown = {each.get("name"): each.get("show") for each in packet.iter("field")}
        self.number = int(shown["frame.number"])
        self.shown = shown
        protocols = [each for each in packet.iter("proto") if each.get("name") == "tp3"]
        self.messages = [Message(self.number, each, each.get("showname")) for each in protocols]


def tshark(folder, *words):
    """Runs tshark with the dissector, and nothing that whoever runs this has installed or set; returns its output."""
    environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*DIE_WITH_US, "tshark", "-n", "-X", f"lua_script:{DISSECTOR}", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE_S,
        check=False,
        env=environment,
    )
    said = done.stderr.decode(errors="backslashreplace")
    assert done.returncode == 0 and "lua" not in said.lower(), f"tshark {words}: {done.returncode}: {said}"
    assert b"Lua Error" not in done.stdout, done.stdout[:10_000]
    return done.stdout


def frames(folder, pcap, *options):
    """The packets of a capture as the dissector shows them."""
    return [Frame(each) for each in ElementTree.fromstring(tshark(folder, "-r", pcap, "-T", "pdml", *options))]


def messages(folder, pcap, *options):
    return [message for frame in frames(folder, pcap, *options) for message in frame.messages]


def columns(folder, pcap, *options):
    """(protocol, info) of each packet, as a person sees them."""
    words = ["-T", "fields", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info"]
    lines = tshark(folder, "-r", pcap, *words, *options).decode().splitlines()
    return [tuple(line.split("\t", 1)) for line in lines]


class Capture:
    """All that is sent on a host's loopback interface from the moment this is made, written to `path` by `finish`.

    dumpcap writes to a pipe. Its header says that it is listening; a last datagram, which it passes on, that nothing
    sent before can still come.
    """

    END = b"the end of the capture"

    def __init__(self, host, path):
        self.host, self.path = host, path
        self.complaints = f"{path}.complaints"
        with open(self.complaints, "wb") as complaints:
            self.dumpcap = host.popen(
                "dumpcap", "-q", "-P", "-i", "lo", "-f", "ip", "-w", "-",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints,
            )  # fmt: skip
        self.header = self.read(PCAP_HEADER.size)

    def read(self, size):
        got = self.dumpcap.stdout.read(size)
        if len(got) < size:
            with open(self.complaints, encoding="utf-8", errors="backslashreplace") as complaints:
                raise AssertionError(f"dumpcap ended: {complaints.read()}")
        return got

    def finish(self):
        self.host.socket().sendto(self.END, ("127.0.0.1", 9))
        with open(self.path, "wb") as file:
            file.write(self.header)
            while True:
                record = self.read(PCAP_RECORD.size)
                packet = self.read(PCAP_RECORD.unpack(record)[2])
                if packet.endswith(self.END):
                    break
                file.write(record + packet)
        self.dumpcap.kill()
        self.dumpcap.wait(DEADLINE_S)
        self.dumpcap.stdout.close()
