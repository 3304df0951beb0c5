"""`tp3 check` of a program in Python, and what it tells."""

import json
import subprocess
import sys

from lab.processes import DIE_WITH_US
from lab.programs import built

# A whole check of a servent or client, beside another one and on a busy machine.
CHECK_S_MAX = 240.0


def python(file):
    """The words that run a program with nothing but the standard library, so that it starts at once."""
    return [sys.executable, "-I", "-S", "-B", file]


def check(program, *words):
    """What became of each probe: {id: probe} as `data/check.schema.json` has it, and the exit code."""
    command = [*DIE_WITH_US, *built(["tp3", "check", program, "--json", "--"]), *words]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=CHECK_S_MAX, check=False)
    assert ended.returncode in (0, 1), f"exit code {ended.returncode}: {ended.stderr.decode()}"
    return {probe["id"]: probe for probe in json.loads(ended.stdout)["probes"]}, ended.returncode


def found(probes, *verdicts):
    """The ids of the probes of which this became."""
    return {name for name, probe in probes.items() if probe["verdict"] in verdicts}
