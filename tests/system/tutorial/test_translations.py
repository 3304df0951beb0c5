"""The pages in Portuguese say what those in English say, as far as that can be seen: a heading for each heading, a
block of code for each, with the same commands; in each section the same words of code and the same links.

A command may ask for Portuguese, by `--lang pt` or `LC_ALL=pt_BR.UTF-8`. It may then differ in what it quotes, and
prints something else; `test_tutorial.py` runs it. A file may have a counterpart, NAME.pt-BR.EXTENSION. All else that is
shown of programs is the same, line by line: the test that runs the English page has run it.
"""

import itertools
import os
import re

import pytest

from lab.documents import PAGES, in_portuguese, read
from lab.programs import ROOT

ASKS = re.compile(r" ?--lang (?:pt|en)\b|\bLC_ALL=pt_BR\.UTF-8 ?")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def plain(text):
    """The same without what chooses a language."""
    return ASKS.sub("", text).replace(".pt-BR.", ".").strip()


def commands_differ(english, portuguese):
    """What is wrong with a block of commands beside its counterpart: lines to read."""
    for one, other in itertools.zip_longest(english, portuguese, fillvalue=("", [])):
        (command, output), (its_command, its_output) = one, other
        if plain(its_command) == its_command:
            if one != other:
                shown = ["", f"$ {command}", *output, "in Portuguese", f"$ {its_command}", *its_output]
                yield "\n    ".join(shown)
        elif QUOTED.sub("''", plain(its_command)) != QUOTED.sub("''", plain(command)):
            yield f"`{command}` is in Portuguese `{its_command}`"


def block_differs(english, portuguese):
    """What is wrong with a block beside its counterpart."""
    if english.words != portuguese.words:
        yield f"a block {english.words} is {portuguese.words}"
    if english.commands:
        yield from commands_differ(english.commands, portuguese.commands)
    elif english.words is None:
        if [plain(row) for row in english.rows] != [plain(row) for row in portuguese.rows]:
            yield f"{english.rows} is in Portuguese {portuguese.rows}"
    elif len(english.rows) != len(portuguese.rows):
        yield f"a block of {len(english.rows)} lines has {len(portuguese.rows)}"


def differing(what, english, portuguese):
    """What only one of two has."""
    english, portuguese = set(english) - {""}, set(portuguese) - {""}
    if missing := sorted(english - portuguese):
        yield f"{what} that only the English has: {missing}"
    if added := sorted(portuguese - english):
        yield f"{what} that only the Portuguese has: {added}"


def section_differs(english, portuguese):
    """What is wrong with a section beside its counterpart."""
    yield from differing("code", map(plain, english.code), map(plain, portuguese.code))
    yield from differing("links", map(plain, english.targets), map(plain, portuguese.targets))
    if english.items != portuguese.items:
        yield f"{english.items} rows and items are {portuguese.items}"
    if len(english.blocks) != len(portuguese.blocks):
        yield f"{len(english.blocks)} blocks of code are {len(portuguese.blocks)}"
    for one, other in zip(english.blocks, portuguese.blocks, strict=False):
        yield from (f"line {one.line}, here line {other.line}: {what}" for what in block_differs(one, other))


def outline(page):
    """Its headings."""
    return [f"{'#' * section.level} {section.title}" for section in page]


@pytest.mark.parametrize("page", PAGES)
def test_what_english_shows_portuguese_shows(page):
    english, portuguese = read(page), read(in_portuguese(page))
    wrong = [
        f"{page}, {one.title!r}, {other.title!r}: {what}"
        for one, other in zip(english, portuguese, strict=False)
        for what in section_differs(one, other)
    ]
    if [one.level for one in english] != [other.level for other in portuguese]:
        # Behind the first section that is not there, none stands beside its own.
        wrong[1:] = [f"{one:45} {other}" for one, other in
                     itertools.zip_longest(outline(english), outline(portuguese), fillvalue="nothing")]  # fmt: skip
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES)
def test_each_names_its_counterpart_at_the_top(page):
    for here, there in [(page, in_portuguese(page)), (in_portuguese(page), page)]:
        title = next(section for section in read(here) if section.level == 1)
        assert os.path.basename(there) in title.targets, f"{here} does not name {there} before its first section"


@pytest.mark.parametrize("page", [each for page in PAGES for each in (page, in_portuguese(page))])
def test_every_link_within_leads_somewhere(page):
    targets = set().union(*(section.targets for section in read(page)))
    files = [target.split("#")[0] for target in targets if "://" not in target]
    here = os.path.join(ROOT, os.path.dirname(page))
    missing = sorted(file for file in files if not os.path.exists(os.path.join(here, file)))
    assert not missing, f"{page} leads to {missing}"
