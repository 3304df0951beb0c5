"""The steps of report/measure, by name."""

import sys

from lab.processes import adopt_orphans, end_children
from measuring import benches, floods, inputs, mininet, mixed, mutants, reach, reflection, simulated

STEPS = {
    "inputs": inputs.measure,
    "mutants": mutants.measure,
    "trace": floods.measure,
    "pictures": floods.draw,
    "session": floods.session,
    "reach": reach.measure,
    "mixed": mixed.measure,
    "mininet": mininet.measure,
    "reflection": reflection.measure,
    "ring": simulated.ring,
    "simulate": simulated.reach,
    "messages": simulated.messages,
    "holders": simulated.holders,
    "flood": benches.flood,
    "micro": benches.micro,
    "scale": benches.scale,
}


def main(words):
    unknown = [word for word in words if word not in STEPS]
    if unknown:
        sys.exit(f"report/measure: no step {', '.join(unknown)}: expected {', '.join(STEPS)}")
    adopt_orphans()
    try:
        for word in words or STEPS:
            print(f"== {word}")
            STEPS[word]()
    finally:
        end_children()


if __name__ == "__main__":
    main(sys.argv[1:])
