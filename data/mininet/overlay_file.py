"""Overlay files, as `tp3 overlay` reads them: each line is a servent's command line, `PORT KVFILE [IP:PORT]...
[options]`, in shell quoting; `#` starts a comment. Key-value files are relative to the overlay file. A line without
`--bind` is a servent on 127.0.0.1.
"""

import argparse
import collections
import os
import shlex


class Failure(Exception):
    """What a person is told, and the program ends."""


EXPECTED = "expected PORT KVFILE [IP:PORT]... [options]"

# A line of an overlay file: its number, the servent's loopback address, and its command line, taken apart.
Line = collections.namedtuple("Line", "number ip port kv neighbours options")


class LineParser(argparse.ArgumentParser):
    """Reads a servent's command line; what is wrong with it is an exception."""

    def __init__(self):
        super().__init__(add_help=False, allow_abbrev=False)
        self.add_argument("words", nargs="*")
        self.add_argument("--bind", default="127.0.0.1")
        # How much is shown is said on our own command line.
        self.add_argument("-v", "--verbose", "-q", "--quiet", action="store_true")
        for option in "--seen-expiry", "--seen-capacity", "--first-seq", "--response-limit":
            self.add_argument(option)
        for flag in "--neighbours-only", "--no-offload":
            self.add_argument(flag, action="store_true")

    def error(self, message):
        raise ValueError(f"{message}; {EXPECTED}")


def read_overlay(path):
    """The lines of an overlay file; the first that is wrong is a `Failure` with its number."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            texts = file.read().splitlines()
    except OSError as error:
        raise Failure(f"{path}: cannot be read: {error.strerror}") from None
    lines = []
    for number, text in enumerate(texts, start=1):
        try:
            words = shlex.split(text, comments=True)
            if words:
                lines.append(read_line(words, number, os.path.dirname(path)))
                earlier = next(line for line in lines if line[1:3] == lines[-1][1:3])
                if earlier is not lines[-1]:
                    raise ValueError(f"{earlier.ip}:{earlier.port} is taken by line {earlier.number} already")
        except ValueError as error:
            # What shlex says of a quote that is not closed.
            cause = "an unclosed quote" if "quotation" in str(error) else error
            raise Failure(f"{path}:{number}: {cause}") from None
    if not lines:
        raise Failure(f"{path}: names no servent: expected lines such as '6001 web.txt 127.0.0.1:6002'")
    return lines


def read_line(words, number, folder):
    typed = vars(LineParser().parse_intermixed_args(words))
    words, ip = typed.pop("words"), typed.pop("bind").replace("0.0.0.0", "127.0.0.1")
    del typed["verbose"]
    if len(words) < 2:
        raise ValueError(EXPECTED)
    port, kv, *neighbours = words
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"expected a port from 1 to 65535, found {port}")
    kv = os.path.abspath(os.path.join(folder, kv))
    if not os.path.isfile(kv):
        raise ValueError(f"no such key-value file: {kv}")
    options = []
    for name, value in typed.items():
        if value not in (None, False):
            options += ["--" + name.replace("_", "-")] + ([] if value is True else [value])
    return Line(number, ip, int(port), kv, neighbours, options)


def translate(path, lines):
    """For each line its neighbours as indexes of lines."""
    places = {(line.ip, line.port): index for index, line in enumerate(lines)}
    for line in lines:
        found = []
        for neighbour in line.neighbours:
            host, _, port = neighbour.replace("localhost:", "127.0.0.1:").partition(":")
            place = places.get((host, int(port) if port.isdecimal() else None))
            if place is None:
                raise Failure(f"{path}:{line.number}: no line of this file is the neighbour {neighbour}")
            found.append(place)
        yield found
