"""A shell at a terminal, at which one types."""

import os

import pexpect

from lab.processes import DEADLINE_S, DIE_WITH_US
from lab.programs import write

PROMPT = "ready> "


class Shell:
    """A shell that runs until the `with` ends. Its programs are doubles that print their arguments."""

    def __init__(self, words, folder):
        environment = {
            "PATH": f"{os.path.join(folder, 'doubles')}:{os.environ['PATH']}",
            "HOME": folder,
            "TERM": "dumb",
            "PS1": PROMPT,
            "LC_ALL": "C.UTF-8",
        }
        program, *arguments = [*DIE_WITH_US, *words]
        self.terminal = pexpect.spawn(
            program,
            arguments,
            cwd=folder,
            env=environment,
            timeout=DEADLINE_S,
            # Wide enough that no shell breaks a line.
            dimensions=(24, 400),
            encoding="utf-8",
            codec_errors="replace",
        )
        # It would be a pause before each line that is typed.
        self.terminal.delaybeforesend = None

    def __enter__(self):
        self.expect(PROMPT)
        return self

    def __exit__(self, *_):
        self.terminal.close(force=True)

    def type(self, text):
        self.terminal.send(text)

    def expect(self, text):
        """Waits for `text`, and returns what came before it since the last time."""
        self.terminal.expect_exact(text)
        return self.terminal.before

    def command(self, line):
        """Has a command run, and returns what it showed. What was typed is shown too."""
        self.type(line + "\r")
        shown = self.expect("\n")
        return shown + self.expect(PROMPT)

    def completed(self, line):
        """The arguments that the double of a program gets if a tab is typed behind `line`."""
        self.type(line + "\t\r")
        self.expect("<<")
        arguments = self.expect(">>")
        self.expect(PROMPT)
        return arguments.split("|")


def double(folder, name):
    """Puts a double of a program where a Shell finds it."""
    path = write(folder, f"doubles/{name}", "#!/bin/sh\nIFS='|'\nprintf '<%s%s%s>\\n' '<' \"$*\" '>'\n")
    os.chmod(path, 0o755)
