"""A program to which system calls are refused, as old kernels, gVisor and containers do.

    python sandbox.py ENOSYS recvmmsg setsockopt:IPPROTO_IP:IP_PKTINFO -- serventTP3 6001 pairs.txt

A call is refused as a whole, or by its level and option, `socket` by its family, with the error that is named first.
`sandboxed` makes these words for a test.
"""

import errno
import os
import socket
import sys

# What Python's `socket` does not name.
NUMBERS = {
    "IPPROTO_UDP": 17,
    "IP_MTU_DISCOVER": 10,
    "IP_PKTINFO": 8,
    "SO_RXQ_OVFL": 40,
    "UDP_GRO": 104,
    "UDP_SEGMENT": 103,
}


def sandboxed(error, refused, *words):
    """The words that run a program to which these calls are refused."""
    return [sys.executable, os.path.abspath(__file__), error, *refused, "--", *words]


def number(name):
    return NUMBERS.get(name) or getattr(socket, name)


def refuse(error, refused):
    """From now on, for this program and whatever it becomes."""
    # The tests that need no filter need no package for it either.
    import pyseccomp

    calls = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for call, *option in (each.split(":") for each in refused):
        # Argument 0 is the socket; where there is none yet, its family.
        first = 0 if call == "socket" else 1
        matches = [pyseccomp.Arg(place, pyseccomp.EQ, number(name)) for place, name in enumerate(option, first)]
        calls.add_rule(pyseccomp.ERRNO(getattr(errno, error)), call, *matches)
    calls.load()


def main(words):
    cut = words.index("--")
    refuse(words[0], words[1:cut])
    os.execvp(words[cut + 1], words[cut + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
