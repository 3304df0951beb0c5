"""The program's own pictures of a flood, as the report can show them."""

import re

from charts.style import MEASUREMENTS


def _printable(folder, name, picture):
    """With a font that is there, and without what is for screens: other colours in the dark, movement."""
    text = (MEASUREMENTS / picture).read_text(encoding="utf-8")
    text = re.sub(r"font: 12px/1.2 system-ui, [^;]*;", 'font-family: "DejaVu Sans"; font-size: 12px;', text)
    text = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
    if "@media" in text or "system-ui" in text:
        raise ValueError(f"{picture}: its style is not as expected")
    (folder / f"{name}.svg").write_text(text, encoding="utf-8")


def rings(folder):
    _printable(folder, "aneis", "flood-rings.svg")


def sequence(folder):
    _printable(folder, "sequencia", "flood-sequence.svg")
