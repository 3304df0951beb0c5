"""A small servent and client in Python, which are right: among ours, and before `tp3 check`."""

import os
import subprocess

import pytest

from check.checker import check, found, python
from check.mutants import TWIN
from lab.overlays import Client, Servent
from lab.processes import DEADLINE_S, Deadline
from lab.programs import write

pytestmark = pytest.mark.needs("namespaces")

PORTS = [6001, 6002, 6003, 6004, 6005]


def twin(program, *words):
    return [*python(os.path.join(TWIN, f"{program}.py")), *words]


def bound(host, port):
    """Waits until somebody listens at this port of the host."""
    deadline, line = Deadline(), f":{port:04X} "
    while deadline.left():
        if line in host.run("cat", "/proc/net/udp"):
            return
    pytest.fail(f"nobody listens at port {port}")


@pytest.fixture
def chain(lab):
    """Five servents in a chain on one host, every other the twin; each holds `all`, and the last alone `far`."""
    (host,) = lab.hosts("host")
    for place, port in enumerate(PORTS):
        file = write(lab.folder, f"{port}.txt", f"all\tof {port}\n" + ("far\taway\n" if port == PORTS[-1] else ""))
        neighbours = [f"127.0.0.1:{other}" for other in PORTS[max(place - 1, 0) : place + 2] if other != port]
        if place % 2:
            Servent(host, file, neighbours, port=port)
        else:
            host.popen(*twin("servent", str(port), file, *neighbours), stdin=subprocess.DEVNULL)
            bound(host, port)
    return host


def test_p18_our_client_hears_four_of_a_chain_of_the_twin_and_ours(chain):
    for port, meant in [(PORTS[0], PORTS[:4]), (PORTS[1], PORTS), (PORTS[4], PORTS[1:])]:
        heard = Client(chain, f"127.0.0.1:{port}", ["all"], timeout=1.0).finish()
        assert sorted(heard.answers["all"]) == [(f"127.0.0.1:{each}", b"of %d" % each) for each in meant]
        assert heard.retransmissions == 0, heard.remarks


def test_p40_p41_the_twins_client_hears_the_same_and_says_the_end(chain):
    asking = chain.popen(
        *twin("client", f"127.0.0.1:{PORTS[0]}"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    output, _ = asking.communicate("all\nfar\n", timeout=DEADLINE_S)
    greeting, *answers, end, none = output.splitlines()
    assert sorted(answers) == [f"127.0.0.1:{port}\tof {port}" for port in PORTS[:4]], output
    assert (greeting, end, none) == ("type a key, and Enter", "all: no more answers (4)", "far: no answer"), output
    assert asking.returncode == 0


@pytest.mark.parametrize("program", ["servent", "client"])
def test_the_check_has_nothing_to_say_against_the_twin(program):
    probes, code = check(program, *twin(program))
    assert set(probes) == found(probes, "pass"), {
        name: probe["verdict"] for name, probe in probes.items() if probe["verdict"] != "pass"
    }
    assert len(probes) >= 30 and code == 0
