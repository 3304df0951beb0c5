"""The real programs in hosts: servents, whole overlays of them, and clients."""

import collections
import contextlib
import os
import re
import signal
import subprocess
import threading

from lab.processes import DEADLINE_S, Deadline
from lab.programs import CLIENT, SERVENT, built, write

PORT = 6000


class Servent:
    """A serventTP3 in a host; what it says on standard error is kept, line by line. `through` makes of
    the words that run it those that run it in a sandbox."""

    def __init__(self, host, file, neighbours=(), options=(), port=PORT, through=lambda *words: words):
        self.host, self.port = host, port
        words = through(*built(SERVENT), str(port), file, *neighbours, *options)
        self.process = host.popen(
            *words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="backslashreplace"
        )
        self.lines, self.changed, self.at_end = [], threading.Condition(), False
        host.lab.servents.append(self)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()
        self.banner = self.wait_for("listening on")

    def listen(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.at_end = True
            self.changed.notify_all()

    def wait_for(self, text, start=0):
        """Waits for a line that contains `text`, from line `start` on, and returns it."""
        deadline = Deadline()
        with self.changed:
            while True:
                found = next((line for line in self.lines[start:] if text in line), None)
                if found is not None:
                    return found
                assert not self.at_end, f"{self.host.name} ended without {text!r}: {self.lines}"
                assert self.changed.wait(deadline.left()), f"{self.host.name} did not say {text!r}: {self.lines}"

    def counters(self):
        """The counters, asked for now (SIGUSR1). `trace_dropped` is the last row."""
        start = len(self.lines)
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for("trace_dropped", start)
        return self.table(start)

    def table(self, start):
        """The counters of a table, which may leave out those that are 0."""
        rows = (re.fullmatch(r"  (\w+) +(\d+)", line) for line in self.lines[start:])
        return collections.Counter({row[1]: int(row[2]) for row in rows if row})

    @contextlib.contextmanager
    def paused(self):
        """Stops it in its tracks meanwhile: what is sent to it gathers in its receive buffer."""
        self.process.send_signal(signal.SIGSTOP)
        # A child that stops is news to its parent.
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """Kills it: no farewell to anybody."""
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def stop(self):
        """Stops it and returns its counters. One that ended before, or does not end well, fails the test."""
        start = len(self.lines)
        assert self.process.poll() is None, f"{self.host.name} ended by itself: {self.lines}"
        self.process.terminate()
        code = self.process.wait(DEADLINE_S)
        self.listener.join(DEADLINE_S)
        assert code == 0, f"{self.host.name} ended with {code}: {self.lines}"
        return self.table(start)


class Overlay:
    """Servents that know each other. Each host's file gives the key `all` a value that names the host, and lines of
    `extra`. An overlay is `{name: names of its neighbours}`."""

    def __init__(self, lab, overlay, options=(), extra=None):
        self.lab, self.overlay, self.options, self.extra = lab, overlay, options, extra or {}
        self.hosts = {host.name: host for host in lab.all_hosts if host.name in overlay}
        self.servents = {}
        for name in overlay:
            self.start(name)

    def start(self, name, *options):
        host = self.hosts[name]
        file = write(self.lab.folder, f"{name}.txt", b"all\tof " + name.encode() + b"\n" + self.extra.get(name, b""))
        neighbours = [f"{self.hosts[other].address_towards(host)}:{PORT}" for other in self.overlay[name]]
        self.servents[name] = Servent(host, file, neighbours, [*self.options, *options])

    def alive(self):
        """The overlay without the servents that have ended."""
        alive = {name for name, servent in self.servents.items() if servent.process.poll() is None}
        return {name: [other for other in self.overlay[name] if other in alive] for name in alive}

    def named(self, address):
        """Whose address this is."""
        ip, port = address.split(":")
        assert int(port) == PORT, address
        return next(name for name, host in self.hosts.items() if any(str(each.ip) == ip for each in host.addresses))

    def expect(self, client, name, meant, key="all"):
        """Asks the servent `name` by a real client in the host `client`, and expects the answers of these servents, no
        more and no less; each one's own value, byte for byte."""
        asked = Client(client, f"{self.hosts[name].address_towards(client)}:{PORT}", [key]).finish()
        answered = self.check(key, asked.answers[key])
        assert answered == set(meant), f"asked {name}: {sorted(answered)} answered, {sorted(meant)} should"

    def check(self, key, answers):
        """Who gave these answers. One that is not that servent's own value fails the test."""
        names = [self.named(servent) for servent, _ in answers]
        for name, (servent, value) in zip(names, answers, strict=True):
            assert value == self.value(name, key), f"{name} ({servent}) answered {value[:80]!r} to {key}"
        assert len(set(names)) == len(names), f"answered more than once: {names}"
        return set(names)

    def value(self, name, key):
        if key == "all":
            return b"of " + name.encode()
        lines = self.extra.get(name, b"").splitlines()
        return next((line.partition(b"\t")[2] for line in lines if line.partition(b"\t")[0] == key.encode()), None)

    def stop(self):
        """Stops all that run; returns their counters by name."""
        return {name: self.servents[name].stop() for name in self.alive()}


class Client:
    """A clientTP3 in a host, asking for `keys` in turn."""

    def __init__(self, host, servent, keys, timeout=1.0, tries=2):
        self.keys, self.timeout, self.tries = keys, timeout, tries
        options = ["--timeout", str(timeout), "--tries", str(tries), "--jobs", "1"]
        self.process = host.popen(
            *built(CLIENT), servent, *keys, *options,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self):
        """Waits for its end. `answers` has a list of (servent, value) for each key, in the order they came; `remarks`
        is what it said, line by line; `retransmissions` how often it asked again."""
        patience = DEADLINE_S + len(self.keys) * self.timeout * (self.tries + 1)
        stdout, stderr = self.process.communicate(timeout=patience)
        self.remarks = stderr.decode(errors="backslashreplace").splitlines()
        assert self.process.returncode in (0, 1), f"client ended with {self.process.returncode}: {self.remarks}"
        self.answers = {key: [] for key in self.keys}
        for line in stdout.split(b"\n")[:-1]:
            key, servent, value = line.split(b"\t", 2)
            self.answers[key.decode()].append((servent.decode(), value))
        self.retransmissions = sum("asking again" in remark for remark in self.remarks)
        return self


def receive(sock, count):
    """The next `count` datagrams, as (address, bytes)."""
    deadline, received = Deadline(), []
    while len(received) < count:
        sock.settimeout(max(0.001, deadline.left()))
        try:
            data, (ip, port) = sock.recvfrom(65_535)
        except TimeoutError:
            raise AssertionError(f"{len(received)} of {count} datagrams came: {received[-10:]}") from None
        received.append((f"{ip}:{port}", data))
    return received
