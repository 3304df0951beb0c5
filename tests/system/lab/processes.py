"""Deadlines, and programs that do not outlive the test that started them.

What a test starts ends with it, however the test ends. Three things see to it:

- Whoever is left without a parent becomes a child of this process (`adopt_orphans`).
- When a test has ended, `end_children` kills all children, and theirs, until none is left.
- If this process itself is killed, the kernel kills what it started (`DIE_WITH_US`).
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import time

# How long anything may take that should take no time. Nothing waits for it unless something is broken.
DEADLINE_S = 60.0
# Words in front of a command with which it dies with this process, even if that is killed. Whatever PATH the command
# gets, they are found.
DIE_WITH_US = [shutil.which("setpriv") or "setpriv", "--pdeathsig", "KILL"]

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36


class Deadline:
    """The moment by which a wait must have ended."""

    def __init__(self, seconds=DEADLINE_S):
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds left, at least 0."""
        return max(0.0, self.end - time.monotonic())


def run(*words, wait_s_max=DEADLINE_S, text=None, **options):
    """Runs a program to its end, with `text` as its input; returns its output, standard error included. One that fails
    fails the test with what it said."""
    ended = subprocess.run(
        [*DIE_WITH_US, *words],
        input=(text or "").encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=wait_s_max,
        check=False,
        **options,
    )
    output = ended.stdout.decode()
    assert ended.returncode == 0, f"{' '.join(words)} ended with {ended.returncode}: {output}{text or ''}"
    return output


def children(pid):
    """The processes whose parent is `pid`."""
    found = []
    for entry in filter(str.isdecimal, os.listdir("/proc")):
        # One that has just ended is none.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            if parent == pid:
                found.append(int(entry))
    return found


def still_running(handles):
    """Waits until the processes of these handles (pidfds) have ended; returns those that have not at the deadline."""
    deadline, left = Deadline(), list(handles)
    while left and deadline.left():
        ended = select.select(left, [], [], deadline.left())[0]
        left = [handle for handle in left if handle not in ended]
    return left


def adopt_orphans():
    """From now on a process below this one whose parent ends becomes this one's child."""
    if LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def end_children():
    """Kills the children of this process, and those that they leave to it, until there are none."""
    while pids := children(os.getpid()):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


@contextlib.contextmanager
def uninterrupted():
    """Meanwhile neither Ctrl-C nor SIGTERM nor a test's deadline comes; they come afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGALRM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
