"""`tp3 check` finds each fault of a program, and says of nothing else that it is wrong.

A mutant of the twin has one fault. The probes that its patch names fail on it, and no others; what rests on them is
blocked, and all else passes.
"""

import concurrent.futures

import pytest

from check.checker import check, found, python
from check.mutants import mutants
from lab.programs import write

pytestmark = pytest.mark.needs("namespaces")

# Checks of clients wait nearly all of the time.
CLIENTS_AT_A_TIME = 4


def wrongly_judged(mutant, folder):
    """What the check says otherwise than the mutant has it; None if it says the same."""
    file = write(folder, f"{mutant.program}.py", mutant.source())
    probes, code = check(mutant.program, *python(file))
    unknown = mutant.probes - set(probes)
    if unknown:
        return f"no probes: {sorted(unknown)}"
    failed = found(probes, "fail")
    if failed != mutant.probes:
        return f"failed: {sorted(failed)}, and not {sorted(mutant.probes)}"
    if untried := found(probes, "not_tried"):
        return f"not tried: {sorted(untried)}"
    blocking = {probe["blocked_by"] for probe in probes.values() if probe["verdict"] == "blocked"}
    if not blocking <= found(probes, "fail", "blocked"):
        return f"blocked by what has not failed: {sorted(blocking)}"
    counts = any(probe["level"] == "assignment" and probe["verdict"] != "pass" for probe in probes.values())
    return None if code == int(counts) else f"exit code {code}"


# The first, since it waits: the others are tried meanwhile.
@pytest.mark.timeout(1200)
def test_each_faulty_client_is_failed_by_the_probes_that_name_the_fault_alone(tmp_path):
    listed = mutants("client")
    folders = [str(tmp_path / str(number)) for number in range(len(listed))]
    with concurrent.futures.ThreadPoolExecutor(CLIENTS_AT_A_TIME) as executor:
        judged = zip(listed, executor.map(wrongly_judged, listed, folders), strict=True)
    assert {mutant.fault: wrong for mutant, wrong in judged if wrong} == {}


@pytest.mark.parametrize("mutant", mutants("servent"), ids=str)
def test_a_faulty_servent_is_failed_by_the_probes_that_name_the_fault_alone(mutant, folder):
    assert wrongly_judged(mutant, folder) is None


@pytest.mark.parametrize("program", ["servent", "client"])
def test_there_is_a_mutant_for_each_fault_that_is_named_once(program):
    faults = [mutant.fault for mutant in mutants(program)]
    assert len(faults) == len(set(faults)) and len(faults) >= 20
