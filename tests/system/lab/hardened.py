"""A program with the restrictions of a systemd unit, imposed without systemd.

    python hardened.py servent@.service -- serventTP3 6001 pairs.txt

What it says of system calls and address families is read from the unit, and the groups of system calls are those of
systemd-analyze; nothing is said twice. The user, the mounts and the capabilities are as it has them as well. `hardened`
makes these words for a test. The program is to be where nobody's user can reach it.
"""

import ctypes
import errno
import os
import socket
import subprocess
import sys

NOBODY = 65534
# Read-only as a whole, as ProtectSystem=strict has it.
READ_ONLY = 'mount -o remount,bind,ro / && exec "$@"'
PR_CAPBSET_DROP = 24
LIBC = ctypes.CDLL(None, use_errno=True)


def hardened(unit, *words):
    """The words that run a program with the restrictions of a unit, by root."""
    own = [sys.executable, os.path.abspath(__file__), unit, "--"]
    return ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh", *own, *words]


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


def call_filter(unit):
    """The filter of what the unit says of system calls."""
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
    return filtered


def become_nobody():
    with open("/proc/sys/kernel/cap_last_cap", encoding="utf-8") as file:
        last = int(file.read())
    for capability in range(last + 1):
        if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def main(words):
    cut = words.index("--")
    filtered = call_filter(words[0])
    become_nobody()
    # With it goes the right to get new privileges (NoNewPrivileges=yes).
    filtered.load()
    os.execvp(words[cut + 1], words[cut + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
