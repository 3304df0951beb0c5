"""What a reader of the report may rely on: what it names exists, and no measured number was typed.

A number in the text comes from a CSV by the functions of dados.typ. Typed numbers are those that the protocol or the
program fixes: constantes.csv lists each, with where it is fixed, a clause of ARCHITECTURE.md or a file, and there it
must be found.
"""

import csv
import pathlib
import re

from checks import Failure
from checks.markup import pieces

REPORT = pathlib.Path(__file__).parent.parent
ROOT = REPORT.parent
NUMBER = re.compile(r"(?<![\w-])\d+(?:[.,]\d+)*")
CLAUSE = re.compile(r"\bP-(\d+)\b")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
FILE = re.compile(r"[\w./*-]+\.(?:txt|csv|jsonl|json|py|rs|md|yaml|typ)|[\w.-]+(?:/[\w.*-]+)+")
COUNTER = re.compile(r"[a-z]+(?:_[a-z]+)+")
# Where a file that is named without its folder may be.
FOLDERS = [ROOT, REPORT, REPORT / "measurements", ROOT / "data" / "kv", ROOT / "data" / "overlays"]
# Of the system and of Python, and not files of this repository.
STRANGERS = {"/etc/services"}
FIGURES_MIN = 10


def chapters():
    return sorted((REPORT / "capitulos").glob("*.typ"))


def clauses():
    """{number: text} of ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = re.split(r"^- \*\*P-(\d+) ", text, flags=re.MULTILINE)
    return {number: part.split("\n\n")[0] for number, part in zip(parts[1::2], parts[2::2], strict=True)}


def constants():
    """{number as it is typed: where it is fixed}."""
    with (REPORT / "constantes.csv").open(encoding="utf-8", newline="") as file:
        return {row["numero"]: row["fonte"] for row in csv.DictReader(file)}


def named_sources():
    """All text in which an option or a counter may be defined."""
    kept = [ROOT / "src", ROOT / "benches", REPORT / "measure", REPORT / "build"]
    files = [file for place in kept for file in ([place] if place.is_file() else place.rglob("*.rs"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def steps():
    """The steps of report/measure, as its head lists them."""
    text = (REPORT / "measure").read_text(encoding="utf-8")
    return set(re.findall(r"^# ([a-z]+) {2,}\S", text, re.MULTILINE))


def check():
    """Fails with all that is wrong."""
    known = {"clauses": clauses(), "constants": constants(), "sources": named_sources(), "steps": steps()}
    wrong, used = [], set()
    for file in chapters():
        text = file.read_text(encoding="utf-8")
        wrong += [f"{file.name}:{line}: {what}" for line, what in faults(text, known, used)]
    wrong += constants_at_fault(known, used)
    figures = sum(file.read_text(encoding="utf-8").count("#grafico(") for file in chapters())
    if figures < FIGURES_MIN:
        wrong.append(f"{figures} figures from data: expected at least {FIGURES_MIN}")
    if wrong:
        raise Failure("\n".join(wrong))


def faults(text, known, used):
    """(line, what is wrong) of a chapter. The constants that it types are added to `used`."""
    for kind, part, line in pieces(text):
        shown = kind in ("text", "math") or (kind == "string" and " " in part)
        if shown or kind == "raw":
            for match in CLAUSE.finditer(part):
                if match[1] not in known["clauses"]:
                    yield line, f"{match[0]}: ARCHITECTURE.md has no such clause"
        if shown:
            for match in NUMBER.finditer(CLAUSE.sub("", part)):
                used.add(match[0])
                if match[0] not in known["constants"]:
                    yield line, f"{match[0]} is typed: read it from a CSV, or say in constantes.csv where it is fixed"
        if kind == "code":
            for match in re.finditer(r"\blet [\w-]+ = (\d[\d.]*)", part):
                used.add(match[1])
                if match[1] not in known["constants"]:
                    yield line, f"{match[1]} is typed: say in constantes.csv where it is fixed"
        if kind == "raw":
            yield from ((line, what) for what in named_in_vain(part, known))
    for match in re.finditer(r"\bnumero\(\s*[\d.]+\s*[,)]", text):
        yield text.count("\n", 0, match.start()) + 1, f"{match[0]} shows a typed number"
    for match in re.finditer(r'dados: "([^"]+)", passo: "([^"]+)"', text):
        line = text.count("\n", 0, match.start()) + 1
        if not (REPORT / "measurements" / match[1]).is_file():
            yield line, f"report/measurements/{match[1]} is not there"
        for step in match[2].split():
            if step not in known["steps"]:
                yield line, f"report/measure has no step {step}"


def named_in_vain(raw, known):
    """What is named as it is typed, and does not exist."""
    for match in OPTION.finditer(raw):
        name = match[0].removeprefix("--")
        if not re.search(rf"\b{name}\b|\b{name.replace('-', '_')}\b", known["sources"]) and name not in (
            "release",
            "bin",
            "bench",
        ):
            yield f"{match[0]}: no program has this option"
    for match in FILE.finditer(raw):
        if match[0] in STRANGERS or raw.startswith("/"):
            continue
        if not any(list(folder.glob(match[0])) for folder in FOLDERS):
            yield f"{match[0]}: there is no such file"
    if COUNTER.fullmatch(raw) and raw not in known["sources"]:
        yield f"{raw}: the sources know no such name"


def constants_at_fault(known, used):
    for number, where in known["constants"].items():
        if number not in used:
            yield f"constantes.csv: {number} is not in the report"
        clause = CLAUSE.fullmatch(where)
        file = ROOT / where
        if not clause and not file.is_file():
            yield f"constantes.csv: {number}: neither a clause nor a file: {where}"
            continue
        text = known["clauses"].get(clause[1], "") if clause else file.read_text(encoding="utf-8")
        if not re.search(rf"(?<!\d){re.escape(plain(number))}(?!\d)", re.sub(r"(?<=\d)[_,](?=\d\d\d)", "", text)):
            yield f"constantes.csv: {where} does not say {number}"


def plain(number):
    """As it stands in English text and in code: 1.472 is 1472, 0,8 is 0.8."""
    return number.replace(".", "").replace(",", ".")
