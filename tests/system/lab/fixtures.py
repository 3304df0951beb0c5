"""What pytest gives the tests, and what it says of them beside passed and failed."""

import signal

import pytest

from lab.namespaces import Lab
from lab.needs import need
from lab.processes import adopt_orphans, end_children, uninterrupted

TERMINATED = 143


def on_terminate(*_):
    # Ends the run through the ends of the tests.
    pytest.exit("terminated", returncode=TERMINATED)


def pytest_configure():
    adopt_orphans()
    signal.signal(signal.SIGTERM, on_terminate)


@pytest.fixture(autouse=True)
def nothing_is_left():
    """Whatever a test has started ends with it, also at its deadline."""
    yield
    with uninterrupted():
        end_children()


@pytest.fixture(autouse=True)
def needs(request, nothing_is_left):
    """What a test needs by its mark: see `lab.needs`."""
    for mark in request.node.iter_markers("needs"):
        need(*mark.args)


@pytest.fixture
def lab(needs):
    """Hosts and networks, as many as the test makes, and a folder for its files."""
    with Lab() as made:
        yield made


@pytest.fixture
def folder(tmp_path):
    """A folder for a test's files."""
    return str(tmp_path)


@pytest.fixture
def remark(record_property):
    """Takes a line that is shown at the end of the run: what a test measured, where any result would do."""
    return lambda text: record_property("remark", text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    lab = getattr(item, "funcargs", {}).get("lab")
    if report.failed and lab and lab.servents:
        report.sections.append(("what the servents said", "\n".join(lab.witnesses())))
    return report


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == "remark":
                terminalreporter.write_line(f"{report.nodeid}: {text}")
