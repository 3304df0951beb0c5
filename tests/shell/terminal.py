"""A shell at a terminal, at which one types."""

import os
import pty
import select
import signal
import time

from programs import WAIT_S_MAX

PROMPT = "ready> "


class Shell:
    """A shell that runs until the `with` ends. Its programs are doubles that print their arguments."""

    def __init__(self, words, folder):
        self.folder = folder
        self.words = words
        self.seen = ""

    def __enter__(self):
        doubles = os.path.join(self.folder, "doubles")
        environment = {
            "PATH": f"{doubles}:{os.environ['PATH']}",
            "HOME": self.folder,
            "TERM": "dumb",
            "PS1": PROMPT,
            "LC_ALL": "C.UTF-8",
        }
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execvpe(self.words[0], self.words, environment)
        self.pid = pid
        self.expect(PROMPT)
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def expect(self, text):
        """Waits for `text`, and returns what came before it since the last time."""
        deadline = time.monotonic() + WAIT_S_MAX
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {text!r} within {WAIT_S_MAX} s; seen: {self.seen!r}"
            self.seen += os.read(self.terminal, 4096).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

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
    path = os.path.join(folder, "doubles", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\nIFS='|'\nprintf '<%s%s%s>\\n' '<' \"$*\" '>'\n")
    os.chmod(path, 0o755)
