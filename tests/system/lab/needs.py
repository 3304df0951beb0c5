"""Whether a test can be run here.

    pytestmark = pytest.mark.needs("namespaces", "nftables")

A need is a key of `FACILITIES`, or the name of a tool that must be found in PATH. What is needed is tried out once, and
then has to work. A test that can't be run is skipped with the reason; if CI_STRICT=1 is in the environment it fails
instead: that is for a machine that should have everything.
"""

import functools
import importlib.util
import os
import shutil
import subprocess

import pytest

from lab.namespaces import TOOLS, Lab, loss_rules
from lab.processes import run
from lab.sandbox import sandboxed

STRICT = os.environ.get("CI_STRICT") == "1"


def need(*needs):
    """Ends the test, as skipped or failed, unless all of this is here."""
    reasons = dict.fromkeys(filter(None, map(why_not, needs)))
    if reasons:
        skip("; ".join(reasons))


def skip(reason):
    """Ends the test as skipped; with CI_STRICT=1, as failed. The only place that does."""
    if STRICT:
        pytest.fail(f"CI_STRICT=1 allows no skipped test: {reason}", pytrace=False)
    pytest.skip(reason)


@functools.cache
def why_not(name):
    """Why there is no such facility or tool; None if there is."""
    facility = FACILITIES.get(name)
    return facility() if facility else why_no_tools(name)


def why_no_tools(*names):
    missing = [name for name in names if not shutil.which(name)]
    return f"not installed: {', '.join(missing)}" if missing else None


def why_no_root():
    return None if os.geteuid() == 0 else "it takes root"


def why_no_namespaces():
    return why_no_root() or why_no_tools(*TOOLS) or why_no_lab(lambda host: None)


def why_no_nftables():
    return why_not("namespaces") or why_no_tools("nft") or why_no_lab(lambda host: host.nft(loss_rules(50)))


def why_no_seccomp():
    if not importlib.util.find_spec("pyseccomp"):
        return "not installed: pyseccomp"
    try:
        run(*sandboxed("EPERM", ["shutdown"], shutil.which("true")))
    except AssertionError as error:
        return " ".join(str(error).split())
    return None


def why_no_mininet():
    def use(_):
        # Debian's package is for Debian's Python.
        run("/usr/bin/python3", "-c", "import mininet.net")

    tools = why_no_tools("mnexec", "brctl", "ifconfig", "bridge", "ping")
    return why_not("nftables") or tools or why_no_lab(use)


def why_no_docker():
    # What keeps one from starting is seen when it is started.
    return why_not("namespaces") or why_no_tools("dockerd", "docker", "docker-compose", "iptables", "unshare")


def why_no_lab(use):
    """Why no network of two hosts can be made, or `use` can't be called with one of them."""
    try:
        with Lab() as lab:
            one, other = lab.hosts("one", "other")
            lab.lan("10.77.0.0/24", one, other)
            use(one)
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        return " ".join(str(error).split())
    return None


def why_no_tshark():
    if missing := why_no_tools("tshark", "dumpcap"):
        return missing
    try:
        version = run("tshark", "--version")
    except AssertionError as error:
        return f"tshark does not start: {' '.join(str(error).split())}"
    return None if "with Lua" in version.replace("\n", " ") else "this tshark has no Lua"


FACILITIES = {
    "docker": why_no_docker,
    "root": why_no_root,
    "namespaces": why_no_namespaces,
    "nftables": why_no_nftables,
    "mininet": why_no_mininet,
    "seccomp": why_no_seccomp,
    "tshark": why_no_tshark,
}
