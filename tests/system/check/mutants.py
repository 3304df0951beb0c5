"""The twin with one fault each, as `twin/servent.mutants` and `twin/client.mutants` list them.

A mutant is the name of a fault, the probes of `tp3 check` that find it, and a patch of `twin/servent.py` or
`twin/client.py`:

    forwards with a time-to-live of 0
    ! ttl-zero-not-forwarded
    -        if ttl > 0:
    +        if ttl >= 0:

Lines with `-` are in the twin, those with `+` in the mutant, those with a space in both; `@@` parts places. No other
probe may fail on it, but each that rests on one of these is blocked.
"""

import dataclasses
import os

TWIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "twin")


@dataclasses.dataclass(frozen=True)
class Mutant:
    program: str  # "servent" or "client"
    fault: str
    probes: frozenset
    patch: tuple  # Lines.

    def __str__(self):
        return self.fault

    def source(self):
        """The mutant's text. A patch whose lines are not in the twin exactly once fails the test."""
        text = "\n" + read(f"{self.program}.py")
        for place in "\n".join(self.patch).split("\n@@\n"):
            lines = place.split("\n")
            old, new = (without(mark, lines) for mark in "+-")
            assert text.count(old) == 1, f"{text.count(old)} times in {self.program}.py:{old}"
            text = text.replace(old, new)
        return text[1:]


def without(mark, lines):
    """A place in the text without the lines that have this mark, from line end to line end."""
    return "\n" + "".join(line[1:] + "\n" for line in lines if line[0] != mark)


def read(name):
    with open(os.path.join(TWIN, name), encoding="utf-8") as file:
        return file.read()


def mutants(program):
    """The mutants of "servent" or "client", in the order of the file."""
    made = []
    for block in read(f"{program}.mutants").rstrip("\n").split("\n\n"):
        fault, probes, *patch = (line for line in block.split("\n") if not line.startswith("#"))
        made.append(Mutant(program, fault, frozenset(probes.removeprefix("!").split()), tuple(patch)))
    return made
