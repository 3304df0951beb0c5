"""`tp3 export FILE systemd`: no systemd runs here. Its own tools judge the unit, and real servents serve under its
restrictions, imposed by other means."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from lab.codec import answer, clireq
from lab.exports import exported
from lab.hardened import NOBODY, hardened
from lab.overlays import receive
from lab.processes import DEADLINE_S, run
from lab.programs import ROOT, SERVENT, built
from lab.static import BUILD_S_MAX

pytestmark = [pytest.mark.needs("systemd-analyze", "cargo"), pytest.mark.timeout(BUILD_S_MAX + 300)]

PAIR = os.path.join(ROOT, "data", "overlays", "pair.txt")
# As systemd-analyze counts it, in tenths: 1.5.
EXPOSURE_MAX = "15"


def units(folder):
    return os.path.join(exported(PAIR, "systemd", os.path.join(folder, "x")), "etc", "systemd", "system")


def test_the_units_are_in_order_and_expose_at_most_what_they_may(folder):
    path = units(folder)
    unit, target = os.path.join(path, "servent@.service"), os.path.join(path, "servents.target")
    run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
    # The program is not installed here.
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    assert text.count("/usr/local/bin/serventTP3") == 1

    def verify(program):
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text.replace("/usr/local/bin/serventTP3", program))
        return run("systemd-analyze", "verify", target, os.path.join(path, "servent@6001.service"))

    assert verify(*built(SERVENT)) == ""
    with pytest.raises(AssertionError, match="/no/such/program"):
        verify("/no/such/program")


class Instance:
    """A servent as its unit and its file of arguments have it, started in a host with all the unit's restrictions."""

    def __init__(self, host, folder, name):
        self.etc, self.said = os.path.join(folder, "x", "etc"), []
        with open(os.path.join(self.etc, "servent", f"{name}.conf"), encoding="utf-8") as file:
            (line,) = (line for line in file if line.startswith("ARGUMENTS="))
        # A file of assignments as systemd reads it, and then $ARGUMENTS as it splits it.
        (value,) = shlex.split(line.partition("=")[2])
        words = [word.replace("/etc/servent/", f"{self.etc}/servent/") for word in value.split()]
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.settimeout(DEADLINE_S)
        # Where nobody's user can reach it.
        program = shutil.copy(*built(SERVENT), os.path.join(folder, f"serventTP3-{name}"))
        path = os.path.join(folder, f"notify-{name}")
        self.manager.bind(path)
        # Whoever is nobody may tell it as well.
        os.chmod(path, 0o777)
        self.process = host.popen(
            *hardened(os.path.join(self.etc, "systemd", "system", "servent@.service"), program, *words),
            env={**os.environ, "NOTIFY_SOCKET": path},
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def told(self):
        return self.manager.recv(100).decode()

    def status(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)

    def line(self, text):
        """The next line that it says with `text` in it."""
        for line in self.process.stderr:
            self.said.append(line)
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}: {self.said}")

    def stop(self):
        """Stops it; returns all that it said."""
        self.process.terminate()
        assert self.told() == "STOPPING=1"
        self.said += self.process.stderr
        assert self.process.wait(DEADLINE_S) == 0, self.said
        return "".join(self.said)


@pytest.mark.needs("namespaces", "seccomp")
def test_p35_a_servent_serves_tells_reloads_and_stops_with_all_restrictions_of_its_unit(lab):
    os.chmod(lab.folder, 0o755)
    units(lab.folder)
    (host,) = lab.hosts("here")
    # Each waits for nobody: both are there by their addresses.
    one, two = (Instance(host, lab.folder, name) for name in ("6001", "6002"))
    assert (one.told(), two.told()) == ("READY=1", "READY=1")
    status = one.status()
    assert status["Uid"].split() == [str(NOBODY)] * 4 and status["Groups"].split() == [], status
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}, status
    one.line("clients reach it at")
    client = host.socket(address="127.0.0.1")
    client.sendto(clireq(b"http"), ("127.0.0.1", 6001))
    expected = {
        ("127.0.0.1:6001", answer(b"http", b"80/tcp\t\t# WorldWideWeb HTTP")),
        ("127.0.0.1:6002", answer(b"http", b"8025/tcp\t# test mailbox, pages")),
    }
    assert set(receive(client, 2)) == expected
    # What systemctl reload does.
    with open(os.path.join(one.etc, "servent", "kv", "web.txt"), "a", encoding="utf-8") as file:
        file.write("new\tpair\n")
    one.process.send_signal(signal.SIGHUP)
    one.line("reloaded")
    client.sendto(clireq(b"new"), ("127.0.0.1", 6001))
    assert receive(client, 1) == [("127.0.0.1:6001", answer(b"new", b"pair"))]
    for each in one, two:
        said = each.stop()
        # Nothing that it does was refused to it. Buffers are as large as the machine has them.
        remarks = [line for line in said.splitlines() if re.search("WARN|ERROR", line) and "buffer" not in line]
        assert not remarks, remarks


@pytest.mark.needs("namespaces", "seccomp")
def test_the_restrictions_hold(lab):
    """What the test above proves is worth something only if they are there."""
    os.chmod(lab.folder, 0o755)
    unit = os.path.join(units(lab.folder), "servent@.service")
    attempts = """
import ctypes, os, socket
def refused(attempt):
    try: attempt()
    except OSError as error: return error.strerror
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *words):
    if getattr(libc, name)(*words) != 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
print(refused(lambda: open("written", "w")))
print(refused(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)))
print(refused(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)))
print(refused(lambda: call("mount", b"none", b"/mnt", b"tmpfs", 0, None)))
print(refused(lambda: call("chroot", b"/")))
print(refused(lambda: os.setuid(0)))
print(refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
"""
    # In a folder that is anybody's to write to, but for the mount.
    os.chmod(lab.folder, 0o777)
    said = run(*hardened(unit, "/usr/bin/python3", "-c", attempts), cwd=lab.folder).splitlines()
    denied = "Operation not permitted"
    assert said == ["Read-only file system", *[denied] * 5, "None"], said
