"""The PDF itself: its length, sections, standards and fonts; that nothing leaves its column; and how two differ."""

import io

import numpy
import pypdf
from PIL import Image

from checks import Failure

PAGES = range(12, 17)
# Those that the assignment suggests, and the others that the report has.
SECTIONS = [
    "Introdução", "Arquitetura", "Servent", "Cliente", "Decisões", "Testes", "Medições", "Discussão", "Referências",
]  # fmt: skip
# Dots an inch of the pictures that are looked at, and the margin on either side, in cm. (estilo.typ)
PPI, MARGIN_CM = 72, 2.4
SLACK_CM = 0.05
STANDARDS = {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}


def check(file, figures):
    """Fails with all that is wrong with the file, whose captions should name the data of so many figures."""
    reader = pypdf.PdfReader(file)
    wrong = []
    if len(reader.pages) not in PAGES:
        wrong.append(f"{len(reader.pages)} pages: expected {PAGES.start} to {PAGES.stop - 1}")
    titles = [entry.title.lstrip("0123456789. ") for entry in reader.outline if not isinstance(entry, list)]
    wrong += [f"there is no section {section}" for section in SECTIONS if section not in titles]
    text = "".join("".join(page.extract_text().split()) for page in reader.pages)
    for word in ("Dados:report/measurements/", "Comando:report/measure"):
        if text.count(word) != figures:
            wrong.append(f"{text.count(word)} captions say {word}, of {figures} figures from data")
    wrong += [*standards(reader), *fonts(reader)]
    if wrong:
        raise Failure("\n".join(wrong))


def standards(reader):
    """What it should say of itself and does not."""
    root = reader.trailer["/Root"]
    told = root["/Metadata"].get_data().decode("utf-8")
    for name, value in STANDARDS.items():
        if f"<{name}>{value}<" not in told and f'{name}="{value}"' not in told:
            yield f"its metadata does not say {name} {value}"
    if not root.get("/MarkInfo", {}).get("/Marked"):
        yield "it is not tagged"
    if root.get("/Lang") != "pt-BR":
        yield f"its language is {root.get('/Lang')}"


def fonts(reader):
    """Fonts that are not inside."""
    seen, missing = set(), set()

    def visit(thing):
        thing = thing.get_object() if hasattr(thing, "get_object") else thing
        if id(thing) in seen or not isinstance(thing, dict | list):
            return
        seen.add(id(thing))
        if isinstance(thing, dict) and thing.get("/Type") == "/FontDescriptor":
            if not {"/FontFile", "/FontFile2", "/FontFile3"} & thing.keys():
                missing.add(str(thing.get("/FontName")))
            return
        for name, each in thing.items() if isinstance(thing, dict) else enumerate(thing):
            if name not in ("/Parent", "/P", "/StructTreeRoot"):
                visit(each)

    for page in reader.pages:
        visit(page.get("/Resources"))
    return [f"the font {name} is not embedded" for name in sorted(missing)]


def margins(pictures):
    """Fails if anything is in a side margin of a page's picture."""
    wrong = []
    for number, picture in enumerate(pictures, 1):
        dark = numpy.asarray(Image.open(io.BytesIO(picture)).convert("L")) < 200
        width = int((MARGIN_CM - SLACK_CM) / 2.54 * PPI)
        for side, band in (("left", dark[:, :width]), ("right", dark[:, -width:])):
            if band.any():
                place = band.any(axis=1).argmax() / dark.shape[0]
                wrong.append(f"page {number}: something is in the {side} margin, at {place:.0%} of the height")
    if wrong:
        raise Failure("\n".join(wrong))


def difference(built, committed):
    """What of two files differs, in words."""
    new, old = pypdf.PdfReader(built), pypdf.PdfReader(committed)
    if len(new.pages) != len(old.pages):
        return f"it has {len(new.pages)} pages, and the committed one {len(old.pages)}"
    found = []
    for number, (one, other) in enumerate(zip(new.pages, old.pages, strict=True), 1):
        texts = [page.extract_text().split("\n") for page in (one, other)]
        line = next((pair for pair in zip(*texts, strict=False) if pair[0] != pair[1]), None)
        if line:
            found.append(f"page {number}, text: {line[0]!r} was {line[1]!r}")
        elif len(texts[0]) != len(texts[1]):
            found.append(f"page {number}, text: {len(texts[0])} lines were {len(texts[1])}")
        elif shapes(one) != shapes(other):
            found.append(f"page {number}: a figure, or where things stand")
    return "\n".join(found) or "only what can't be seen: tags or metadata"


def shapes(page):
    """What draws a page: its own instructions and those of its figures."""
    drawn = [page.get_contents().get_data()]
    forms = page["/Resources"].get("/XObject", {})
    return drawn + [form.get_object().get_data() for form in forms.values()]
