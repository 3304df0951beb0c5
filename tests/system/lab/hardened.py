"""A program with the restrictions of a systemd unit, imposed without systemd.

    python hardened.py servent@.service -- serventTP3 6001 pairs.txt

What the unit says of system calls, address families, privileges and files is read from the unit, and the groups of
system calls are those of systemd-analyze; nothing is said twice. `hardened` makes these words for a test; with them
come the user, the mounts and the capabilities.
"""

import errno
import os
import socket
import subprocess
import sys

NOBODY = "65534"
# Read-only as a whole, as ProtectSystem=strict has it.
READ_ONLY = 'mount -o remount,bind,ro / && exec "$@"'


def hardened(unit, *words):
    """The words that run a program with the restrictions of a unit, by root."""
    user = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]
    privileges = ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
    return [
        "unshare", "--mount", "sh", "-c", READ_ONLY, "sh",
        "setpriv", *user, *privileges,
        sys.executable, os.path.abspath(__file__), unit, "--", *words,
    ]  # fmt: skip


def settings(unit):
    """What a unit says: the values of each setting, line by line."""
    said = {}
    with open(unit, encoding="utf-8") as file:
        for line in file:
            name, is_setting, value = line.strip().partition("=")
            if is_setting and not line.startswith("#"):
                said.setdefault(name, []).append(value)
    return said


def calls(names):
    """The system calls of these names and groups."""
    found = set()
    for name in names:
        if name.startswith("@"):
            listed = subprocess.run(
                ["systemd-analyze", "syscall-filter", name], stdout=subprocess.PIPE, check=True, text=True
            ).stdout.splitlines()[1:]
            found |= calls(word for word in map(str.strip, listed) if word and not word.startswith("#"))
        else:
            found.add(name)
    return found


def restrict(unit):
    """Imposes what the unit says of system calls on this program and whatever it becomes."""
    # The tests that need no filter need no package for it either.
    import pyseccomp

    said = settings(unit)
    allowed = set()
    for line in said["SystemCallFilter"]:
        if line.startswith("~"):
            allowed -= calls(line[1:].split())
        else:
            allowed |= calls(line.split())
    (error,) = said["SystemCallErrorNumber"]
    filtered = pyseccomp.SyscallFilter(pyseccomp.ERRNO(getattr(errno, error)))
    # Before the program that is filtered there is one that starts it.
    for call in sorted((allowed | {"execve"}) - {"socket"}):
        try:
            filtered.add_rule(pyseccomp.ALLOW, call)
        except (OSError, RuntimeError, ValueError):
            # No call of this machine's.
            continue
    (families,) = said["RestrictAddressFamilies"]
    for family in families.split():
        filtered.add_rule(pyseccomp.ALLOW, "socket", pyseccomp.Arg(0, pyseccomp.EQ, getattr(socket, family)))
    filtered.load()


def main(words):
    cut = words.index("--")
    restrict(words[0])
    os.execvp(words[cut + 1], words[cut + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
