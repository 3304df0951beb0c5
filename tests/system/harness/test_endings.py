"""However a test ends, nothing that it has started is left, and a test that can't be run says so or fails."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from lab.processes import DEADLINE_S, DIE_WITH_US, still_running
from lab.programs import ROOT, write

# A test that starts a program in a host and another outside. Each starts one more, in a session of its own and soon
# without a parent. It says their ids, and at a word it comes to its deadline.
NEVER_ENDING = """
import signal, subprocess, time

def test_never_ends(lab):
    (host,) = lab.hosts("host")
    for where in host, lab:
        program = where.popen(
            "sh", "-c", "(setsid sleep 1000 & echo $!) && echo $$ && exec sleep 1000",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        print("IDS", program.stdout.readline().strip(), program.stdout.readline().strip(), flush=True)
    input()
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    while True:
        time.sleep(0.1)
"""
NEEDY = """
import pytest

@pytest.mark.needs("sh", "no-such-tool")
def test_needy():
    pass
"""


@contextlib.contextmanager
def pytest_of(folder, test, **environment):
    """A pytest of its own for one test, with the laboratory. Our settings are not its."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI_STRICT"))}
    system = os.path.join(ROOT, "tests", "system")
    # Who started us may have had us ignore Ctrl-C.
    python = ["env", "--default-signal=INT", sys.executable]
    options = ["-m", "pytest", "-p", "lab.fixtures", "-rs", "-s", "--timeout=300", "--rootdir"]
    process = subprocess.Popen(
        [*DIE_WITH_US, *python, *options, folder, write(folder, "test_inner.py", test)],
        cwd=folder,
        env={**ours, "PYTHONPATH": system, "TMPDIR": folder, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        yield process


@pytest.mark.needs("namespaces", "setsid")
@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [
        (None, pytest.ExitCode.TESTS_FAILED, "Timeout"),
        (signal.SIGINT, pytest.ExitCode.INTERRUPTED, "KeyboardInterrupt"),
        (signal.SIGTERM, 128 + signal.SIGTERM, "terminated"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
    ids=["deadline", "SIGINT", "SIGTERM", "SIGKILL"],
)
def test_nothing_is_left_by_a_test_that_is_ended_by(folder, ending, code, said):
    with pytest_of(folder, NEVER_ENDING) as inner:
        ids = []
        for line in inner.stdout:
            ids += line.split()[-2:] if "IDS" in line else []
            if len(ids) == 4:
                break
        assert len(ids) == 4, ids
        handles = [os.pidfd_open(int(each)) for each in ids]
        if ending:
            inner.send_signal(ending)
            output, _ = inner.communicate(timeout=DEADLINE_S)
        else:
            output, _ = inner.communicate("now\n", timeout=DEADLINE_S)
    assert (inner.returncode, said in output) == (code, True), output
    # Nobody can see to those whose parent is gone if the test program itself is killed.
    ours = handles[1::2] if ending == signal.SIGKILL else handles
    assert not still_running(ours), f"{ids}: {output}"


@pytest.mark.parametrize(
    ("strict", "code", "said"),
    [
        ("", pytest.ExitCode.OK, "SKIPPED"),
        ("1", pytest.ExitCode.TESTS_FAILED, "CI_STRICT=1 allows no skipped test"),
    ],
    ids=["lenient", "strict"],
)
def test_a_test_that_cannot_be_run_is_skipped_and_where_that_is_not_allowed_fails(folder, strict, code, said):
    with pytest_of(folder, NEEDY, CI_STRICT=strict) as inner:
        output, _ = inner.communicate(timeout=DEADLINE_S)
    assert inner.returncode == code, output
    assert said in output and "not installed: no-such-tool" in output, output
