"""Pages for people: their sections, and what of each is the same in every language.

A page in Portuguese stands beside the one in English, NAME.pt-BR.md beside NAME.md.
"""

import os
import re
from dataclasses import dataclass, field

from lab.programs import ROOT

# Those that are there in both languages.
PAGES = ["README.md", "docs/TUTORIAL.md", "docs/LAB.md"]


def in_portuguese(name):
    """What the Portuguese counterpart of a page, or of any other file, is called."""
    stem, extension = os.path.splitext(name)
    return f"{stem}.pt-BR{extension}"


@dataclass
class Block:
    """A block of code: the line it begins at, the words behind its fence or None if it is indented, and its lines."""

    line: int = field(compare=False)
    words: list | None
    rows: list = field(default_factory=list)

    @property
    def commands(self):
        """Each `$ COMMAND` with the lines below it. Lines that begin with `> ` belong to the command."""
        found = []
        for row in self.rows:
            if row.startswith("$ "):
                found.append((row[2:], []))
            elif row.startswith("> ") and found and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{row[2:]}", [])
            elif found:
                found[-1][1].append(row)
        return found


@dataclass
class Section:
    """A heading, and what stands below it up to the next."""

    line: int
    level: int
    title: str
    blocks: list = field(default_factory=list)
    prose: list = field(default_factory=list)

    @property
    def code(self):
        """What stands in backticks within the prose."""
        return {" ".join(span.split()) for span in re.findall("`([^`]+)`", "\n".join(self.prose))}

    @property
    def targets(self):
        """Where its links and pictures lead."""
        found = re.findall(r'\]\(([^)]+)\)|src="([^"]+)"', "\n".join(self.prose))
        return {link or picture for link, picture in found}

    @property
    def items(self):
        """How many rows of tables and items of lists it has."""
        return sum(row.startswith(("|", "- ")) for row in self.prose)


def sections(text):
    """The sections of a page. What stands before its first heading has none, and level 0."""
    found, fenced, indented = [Section(1, 0, "")], None, None
    for number, row in enumerate(text.splitlines(), 1):
        if fenced is not None:
            if row.startswith("```"):
                fenced = None
            else:
                fenced.rows.append(row)
            continue
        if not row.startswith("    "):
            indented = None
        if row.startswith("```"):
            fenced = Block(number, row.removeprefix("```").split())
            found[-1].blocks.append(fenced)
        elif row.startswith("    "):
            if indented is None:
                indented = Block(number, None)
                found[-1].blocks.append(indented)
            indented.rows.append(row.strip())
        elif heading := re.match("(#+) (.*)", row):
            found.append(Section(number, len(heading[1]), heading[2]))
        else:
            found[-1].prose.append(row)
    return found


def read(page):
    """The sections of a page, by its path in the checkout."""
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return sections(file.read())
