"""Our programs: where they are and what they are called; and files that tests write."""

import os
import subprocess

from lab.processes import DEADLINE_S, DIE_WITH_US

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BINARIES = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target", "release")
# What one types to run each.
SERVENT = ["serventTP3"]
CLIENT = ["clientTP3"]
OVERLAY = ["tp3", "overlay"]
# The files in BINARIES; each has a man page and completions of its own.
NAMES = ["serventTP3", "clientTP3", "tp3"]


def built(words):
    """The words that run a program, by the file that was built."""
    return [os.path.join(BINARIES, words[0]), *words[1:]]


def generated(program, what, folder):
    """Writes what --generate prints to a file, and returns its path."""
    path = os.path.join(folder, f"{program}.{what}")
    words = [*DIE_WITH_US, *built([program]), "--generate", what]
    with open(path, "wb") as file:
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=file, check=True, timeout=DEADLINE_S)
    return path


def write(folder, name, data=b""):
    """Writes a file, and the folders on the way to it; returns its path."""
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path
