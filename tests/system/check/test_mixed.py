"""Overlays of ours mixed with another program, and what is told of it: from a capture, or that it is not known."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from check.mutants import TWIN
from lab.needs import need
from lab.processes import DEADLINE_S
from lab.programs import BINARIES, write

pytestmark = pytest.mark.needs("namespaces")

PORTS = [6001, 6002, 6003, 6004, 6005]
THEIRS = [6002, 6004]


@pytest.fixture
def chain(lab):
    """The file of a chain of five, every other the twin; each holds `all`, and the fourth alone `fourth`."""
    lines = []
    for place, port in enumerate(PORTS):
        file = write(lab.folder, f"{port}.txt", f"all\tof {port}\n" + ("fourth\there\n" if port == PORTS[3] else ""))
        neighbours = [f"127.0.0.1:{other}" for other in PORTS[max(place - 1, 0) : place + 2] if other != port]
        command = f"""! "'{sys.executable}' -B '{TWIN}/servent.py'" """ if port in THEIRS else ""
        lines.append(f"{command}{port} {file} {' '.join(neighbours)}\n")
    return write(lab.folder, "overlay.txt", "".join(lines))


def explained(lab, file, key, path):
    """What is told of a question, and what is said, with no more than these tools in the PATH."""
    (host,) = lab.hosts("host")
    asking = host.popen(
        "env", f"PATH={path}", os.path.join(BINARIES, "tp3"),
        "overlay", file, "--json", "--timeout", "1", "--tries", "1", "--explain", key,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    output, said = asking.communicate(timeout=2 * DEADLINE_S)
    told = [line for line in map(json.loads, output.splitlines()) if "type" not in line]
    assert len(told) == 1, output + said
    return told[0], said


def tools(lab, *names):
    """A folder with these programs alone."""
    folder = os.path.join(lab.folder, "tools")
    os.mkdir(folder)
    for name in names:
        os.symlink(shutil.which(name), os.path.join(folder, name))
    return folder


def address(port):
    return f"127.0.0.1:{port}"


@pytest.mark.parametrize("tool", ["dumpcap", "tcpdump"])
@pytest.mark.parametrize(("key", "holders"), [("all", PORTS[:4]), ("fourth", [PORTS[3]])])
def test_p18_the_whole_flood_is_told_from_our_traces_and_a_capture_of_the_rest(lab, chain, tool, key, holders):
    need(tool)
    told, said = explained(lab, chain, key, tools(lab, tool))
    assert "unknown" not in said and "capture" not in said, said
    visits = [(visit["servent"], visit["parent"], visit["lookup"]) for visit in told["servents"]]
    parents = [None, *map(address, PORTS)]
    # Who is seen from outside alone may have had nothing to say, or not have been heard.
    silent = {port: "silent" if port in THEIRS else "not_held" for port in PORTS}
    assert visits == [
        (address(port), parents[place], "answered" if port in holders else silent[port])
        for place, port in enumerate(PORTS[:4])
    ], told
    assert told["findings"] == [], told["findings"]
    assert [(miss["servent"], miss["why"]) for miss in told["not_reached"]] == [(address(6005), "out_of_reach")], told
    copies = [(copy["from"], copy["to"], copy["ttl"]) for copy in told["copies"]]
    assert copies == [(address(one), address(one + 1), 3 - place) for place, one in enumerate(PORTS[:3])], copies


def test_without_a_capture_the_other_programs_part_is_unknown(lab, chain):
    told, said = explained(lab, chain, "all", tools(lab))
    assert "what servents of other programs do is unknown: dumpcap is not installed; tcpdump is not installed" in said
    lookups = {visit["servent"]: visit["lookup"] for visit in told["servents"]}
    assert lookups == {address(6001): "answered", address(6002): "unknown", address(6003): "answered"}, told
    assert told["findings"] == []
