"""docs/TUTORIAL.md, docs/LAB.md and docs/MACHINES.md, and what there is of them in Portuguese: every command, in order.
Its output must be what stands below it.

A block that begins with ```console is run. In it a line `$ COMMAND` is a command, run by bash in the root of the
checkout with the built programs in front of its PATH; the lines below are its output, standard error included. In them
"..." alone stands for any lines, and "..." in a line for any text. Words behind `console` change how a block is run:

    background   it is left running; the lines must come, and the command is ended behind the last block of the chapter
    unordered    the lines may come in any order
    root         it takes root and what `require TOOL...` names, or is skipped

A test is a chapter. It runs in a folder that is the checkout but for target/, which is the chapter's own, and in a
network namespace of its own, if there is one to be had; else on this machine's loopback. A chapter in Portuguese that
shows the same as one in English is not run again: `test_translations.py` sees to it that only that differs which may.
"""

import os
import re
import signal
import subprocess
import threading

import pytest

from lab.documents import PAGES, in_portuguese, read
from lab.needs import skip, why_not
from lab.processes import DEADLINE_S
from lab.programs import BINARIES, ROOT

# A chapter's blocks take a second or two each.
pytestmark = [pytest.mark.timeout(600), pytest.mark.needs("bash")]


def needs(block):
    """What it takes to run it: root, tools."""
    tools = block.words[block.words.index("require") + 1 :] if "require" in block.words else []
    return [word for word in block.words if word == "root"] + tools


def read_chapters(page):
    """The blocks to run of each chapter that has any, by its title."""
    chapters = {"": []}
    blocks = chapters[""]
    for section in read(page):
        if section.level == 2:
            blocks = chapters[section.title] = []
        blocks += [block for block in section.blocks if block.words and block.words[0] == "console"]
    return {title: blocks for title, blocks in chapters.items() if blocks}


def chapters_to_run():
    """Those of the English pages, and of the Portuguese those that show something else: {(file, title): blocks}."""
    chosen = {}
    for page in ["docs/TUTORIAL.md", "docs/LAB.md", "docs/MACHINES.md"]:
        english = read_chapters(page)
        chosen |= {(os.path.basename(page), title): blocks for title, blocks in english.items()}
        if page in PAGES:
            name = in_portuguese(page)
            others = {title: blocks for title, blocks in read_chapters(name).items() if blocks not in english.values()}
            chosen |= {(os.path.basename(name), title): blocks for title, blocks in others.items()}
    return chosen


CHAPTERS = chapters_to_run()


def pattern(row):
    """A line of the file as a pattern for a whole line of output."""
    return ".*".join(re.escape(part) for part in row.split("..."))


def matches(rows, output, unordered):
    """Whether the lines that were printed are those that stand in the file."""
    lines = [line.rstrip() for line in output.splitlines()]
    if unordered:
        left = list(lines)
        for row in rows:
            found = next((line for line in left if re.fullmatch(pattern(row), line)), None)
            if row == "...":
                continue
            if found is None:
                return False
            left.remove(found)
        return not left or "..." in rows
    whole = "".join("(?:.*\n)*" if row == "..." else pattern(row.rstrip()) + "\n" for row in rows)
    return re.fullmatch(whole, "".join(f"{line}\n" for line in lines)) is not None


class Reader:
    """Somebody who types the commands, in a checkout and a network that are the chapter's own."""

    def __init__(self, lab, folder):
        self.lab, self.host, self.folder = lab, None, folder
        for name in set(os.listdir(ROOT)) - {"target"}:
            os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
        os.mkdir(os.path.join(folder, "target"))
        os.symlink(BINARIES, os.path.join(folder, "target/release"))
        if not why_not("namespaces"):
            (self.host,) = lab.hosts("reader")

    def start(self, command):
        return (self.host or self.lab).popen(
            "bash", "-c", command,
            cwd=self.folder, env={**os.environ, "PATH": f"{BINARIES}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
            start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip


class Background:
    """A command that is left running, and what it has printed so far."""

    def __init__(self, process):
        self.output, self.came, self.process = "", threading.Condition(), process
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.came:
                self.output += line
                self.came.notify_all()

    def wait_for(self, rows):
        """Waits until these lines came, in this order, others between them or not."""
        whole = "".join(f"(?:.*\n)*{pattern(row)}\n" for row in rows if row != "...")
        with self.came:
            return self.came.wait_for(lambda: re.match(whole, self.output), DEADLINE_S)

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(DEADLINE_S)


def run_block(reader, block, running):
    """Runs one block; what is wrong, or None."""
    for command, rows in block.commands:
        process = reader.start(command)
        if "background" in block.words:
            running.append(Background(process))
            if running[-1].wait_for(rows):
                continue
            output = running[-1].output
        else:
            output = process.communicate(timeout=DEADLINE_S)[0]
            if matches(rows, output, "unordered" in block.words):
                continue
        return f"$ {command}\n--- expected\n" + "\n".join(rows) + f"\n--- found\n{output}---"
    return None


@pytest.mark.parametrize("chapter", CHAPTERS, ids=": ".join)
def test_tutorial(lab, folder, chapter):
    reader, running, wrong, reasons = Reader(lab, folder), [], [], []
    for block in CHAPTERS[chapter]:
        if missing := [reason for reason in map(why_not, needs(block)) if reason]:
            reasons.append(f"{chapter[0]}:{block.line}: {'; '.join(missing)}")
        elif found := run_block(reader, block, running):
            wrong.append(f"{chapter[0]}:{block.line}: {found}")
    for each in reversed(running):
        each.stop()
    assert not wrong, "\n".join(wrong)
    # All else of the chapter was run, and is as it says.
    if reasons:
        skip("; ".join(reasons))
