"""The programs, and what the tests share."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILT = os.path.join(ROOT, "target", "release")
NAMES = ["serventTP3", "clientTP3", "tp3"]
# No program here takes that long, but for what compiles the three.
WAIT_S_MAX = 60
COMPILE_S_MAX = 1200


def needs(*tools):
    """Marks a function as a test that needs these tools."""

    def mark(function):
        function.tools = tools
        return function

    return mark


def run(*words, wait_s_max=WAIT_S_MAX, **options):
    """Runs a program to its end and returns its output; whatever it says on standard error is in it."""
    ended = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=wait_s_max,
        **options,
    )
    output = ended.stdout.decode()
    assert ended.returncode == 0, f"{words} ended with {ended.returncode}: {output}"
    return output


def generated(program, what, folder):
    """Writes what --generate prints to a file, and returns its path."""
    path = os.path.join(folder, f"{program}.{what}")
    with open(path, "wb") as file:
        subprocess.run(
            [os.path.join(BUILT, program), "--generate", what], stdout=file, check=True, timeout=WAIT_S_MAX
        )
    return path


def write(folder, name, text=""):
    """Writes a file and returns its path."""
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path
