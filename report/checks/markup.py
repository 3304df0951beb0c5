"""Typst's markup taken apart as far as the checks need it: what is read as text, what is code, what is shown as it is.

pieces("Foram #numero(f(\"a.csv\")) QUERYs `ttl`.")
    text    "Foram "
    code    "numero(f("
    string  "a.csv"
    code    "))"
    text    " QUERYs "
    raw     "ttl"
    text    "."
"""

import re
from typing import NamedTuple

NAME = re.compile(r"[^\W\d][\w-]*")
LABEL = re.compile(r"<[\w-]+>|@[\w-]*[\w]")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
STATEMENT = re.compile(r"(let|set|show|import|include)\b")


class Piece(NamedTuple):
    kind: str  # "text", "math", "raw", "string" or "code"
    text: str
    line: int


def pieces(source):
    """The pieces of a file, in order."""
    reader = _Reader(source)
    reader.markup(closing=None)
    return [piece for piece in reader.found if piece.text]


class _Reader:
    def __init__(self, source):
        self.source, self.at, self.found = source, 0, []

    def ahead(self, text):
        return self.source.startswith(text, self.at)

    def take(self, kind, start, end):
        self.found.append(Piece(kind, self.source[start:end], self.source.count("\n", 0, start) + 1))

    def until(self, end, kind, skip):
        """From behind an opening mark of `skip` characters to the closing one."""
        start = self.at + skip
        stop = self.source.index(end, start)
        self.take(kind, start, stop)
        self.at = stop + len(end)

    def comment(self):
        if self.ahead("//") and self.source[self.at - 1 : self.at] != ":":
            self.at = self.source.find("\n", self.at) % (len(self.source) + 1)
            return True
        return False

    def verbatim(self):
        for mark in ("```", "`"):
            if self.ahead(mark):
                self.until(mark, "raw", len(mark))
                return True
        return False

    def markup(self, closing):
        start = self.at
        while self.at < len(self.source):
            before, char = self.at, self.source[self.at]
            if char == closing:
                break
            if char == "\\":
                self.at += 2
                continue
            label = LABEL.match(self.source, self.at)
            if char in "`#$[" or self.ahead("//") or label:
                self.take("text", start, before)
                if label:
                    self.at = label.end()
                elif char == "$":
                    self.until("$", "math", 1)
                elif char == "[":
                    self.at += 1
                    self.markup("]")
                    self.at += 1
                elif char == "#":
                    self.at += 1
                    self.expression()
                elif not self.comment() and not self.verbatim():
                    self.at += 1
                start = self.at
            else:
                self.at += 1
        self.take("text", start, self.at)

    def expression(self):
        """What follows a #: a statement up to the end of its line, or a name with its calls."""
        if STATEMENT.match(self.source, self.at):
            self.code(ends="\n")
        elif self.source[self.at] in "({":
            self.group()
        else:
            while name := NAME.match(self.source, self.at):
                self.take("code", self.at, name.end())
                self.at = name.end()
                while self.at < len(self.source) and self.source[self.at] in "([":
                    self.group()
                if not (self.ahead(".") and NAME.match(self.source, self.at + 1)):
                    break
                self.at += 1

    def group(self):
        """Parentheses, braces, or a block of markup."""
        opening = self.source[self.at]
        self.at += 1
        if opening == "[":
            self.markup("]")
        else:
            self.code(ends=")" if opening == "(" else "}")
        self.at += 1

    def code(self, ends):
        start = self.at
        while self.at < len(self.source) and self.source[self.at] != ends:
            char, before = self.source[self.at], self.at
            if char in '"([{`$' or self.ahead("//"):
                self.take("code", start, before)
                if char == '"':
                    string = STRING.match(self.source, self.at)
                    self.take("string", self.at + 1, string.end() - 1)
                    self.at = string.end()
                elif char == "$":
                    self.until("$", "math", 1)
                elif char in "([{":
                    self.group()
                elif not self.comment() and not self.verbatim():
                    self.at += 1
                start = self.at
            else:
                self.at += 1
        self.take("code", start, self.at)
