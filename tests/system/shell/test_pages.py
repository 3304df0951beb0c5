"""Man pages, rendered."""

import os
import re

import pytest

from lab.processes import run
from lab.programs import NAMES, OVERLAY, built, write

# What prints a page, and the name of the page.
PAGES = [([program], program) for program in NAMES] + [(OVERLAY, "-".join(OVERLAY))]


def page_of(words, name, folder):
    return write(folder, f"{name}.1", run(*built(words), "--generate", "man"))


@pytest.mark.needs("man")
def test_man_renders_the_pages_without_a_warning(folder):
    for words, program in PAGES:
        page = page_of(words, program, folder)
        environment = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANROFFOPT": "", "MAN_KEEP_FORMATTING": ""}
        shown = run("man", "--warnings", "-E", "UTF-8", "-l", page, env=environment)
        lines = re.sub(".\b", "", shown).splitlines()
        # Warnings come before the page, which begins with its title.
        assert lines[0].startswith(f"{program}(1)"), shown
        titles = [line for line in lines if re.fullmatch(r"[A-Z]+( [A-Z]+)*", line)]
        assert titles[0] == "NAME" and titles[-1] == "SEE ALSO", titles
        assert re.match(f" *{program} +- ", lines[lines.index("NAME") + 1]), lines
        wide = [line for line in lines if len(line) > 80]
        assert not wide, wide


@pytest.mark.needs("mandoc")
def test_mandoc_finds_no_fault_with_the_pages(folder):
    for words, program in PAGES:
        # Long lines in the source are of no interest: what is below a warning is about style.
        found = run("mandoc", "-T", "lint", "-W", "warning", page_of(words, program, folder))
        assert found == "", found
