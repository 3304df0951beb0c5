"""The program's own pictures of a flood, as the report can show them: on paper, with larger words, and with a legend.

What was drawn stays: circles grow about their middles, arrows end where those end, and a sequence's lanes move apart.
"""

import math
import re
import xml.etree.ElementTree as Tree

from charts.style import MEASUREMENTS

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Where arrows of the rings end, from a servent's middle; how many times as large servents become, and the client.
RADIUS, GROWN, CLIENT = 20.0, 1.4, 1.9
# How much farther apart the lanes of a sequence are, from the first one on; its lower edge without the words there.
APART, FIRST_LANE, LANES_END = 1.15, 61.0, 346.0


def _printable(picture):
    """With a font that is there, and without what is for screens: other colours in the dark, movement."""
    text = (MEASUREMENTS / picture).read_text(encoding="utf-8")
    text = re.sub(r"font: 12px/1.2 system-ui, [^;]*;", 'font-family: "DejaVu Sans"; font-size: 12px;', text)
    text = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", text)
    if "@media" in text or "system-ui" in text:
        raise ValueError(f"{picture}: its style is not as expected")
    return Tree.fromstring(text)


def _save(root, folder, name, view, rules):
    """Writes a picture with another window and more rules of style."""
    Tree.register_namespace("", SVG[1:-1])
    x, y, width, height = view
    root.set("viewBox", f"{x} {y} {width} {height}")
    root.set("width", str(width))
    root.set("height", str(height))
    _all(root, "style")[0].text += rules
    for field, value in zip(("x", "y", "width", "height"), view, strict=True):
        _all(root, "rect", "paper")[0].set(field, str(value))
    (folder / f"{name}.svg").write_text(Tree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")


def _all(root, tag, kind=None):
    """The elements of a tag, or of those the ones of a class."""
    found = root.iter(SVG + tag)
    return [element for element in found if kind is None or kind in element.get("class", "").split()]


def _add(parent, tag, text=None, **fields):
    element = Tree.SubElement(parent, SVG + tag, {name.replace("_", "-"): str(value) for name, value in fields.items()})
    element.text = text
    return element


def _line(parent, kind, d, head=True):
    """An arrow as the program draws those of its kind."""
    ends = {"marker-end": f"url(#m-{kind.split()[-1]})"} if head else {}
    _add(parent, "path", **{"class": kind, "d": d, **ends})


def _servent(parent, state, x, y, size):
    """A servent in a legend."""
    here = _add(parent, "g", **{"class": f"servent {state}", "transform": f"translate({x} {y}) scale({size})"})
    _add(here, "use", href=f"#s-{state}")
    return here


def _numbers(text):
    return [float(number) for number in NUMBER.findall(text)]


def _towards(a, b, far):
    """The point so far from a on the way to b."""
    length = math.dist(a, b) or 1.0
    return a[0] + (b[0] - a[0]) / length * far, a[1] + (b[1] - a[1]) / length * far


def _shortened(d, last):
    """An arrow of the rings, straight or bent, to what has grown so many times: each end in the direction it has."""
    points = list(zip(*[iter(_numbers(d))] * 2, strict=True))
    begin = _towards(points[0], points[1], 0.9 * RADIUS * (GROWN - 1))
    end = _towards(points[-1], points[-2], 0.9 * RADIUS * (last - 1))
    middle = "".join(f"Q{x:g} {y:g} " for x, y in points[1:-1])
    return f"M{begin[0]:.1f} {begin[1]:.1f}{middle or 'L'}{end[0]:.1f} {end[1]:.1f}"


def rings(folder):
    """With circles that hold their names, and beside them what is what."""
    root = _printable("flood-rings.svg")
    for kind, last in (("copy", GROWN), ("answer", CLIENT)):
        for path in _all(root, "path", kind):
            path.set("d", _shortened(path.get("d"), last))
    for spot in _all(root, "g", "servent"):
        inside = [element for element in spot if element.tag != SVG + "text"]
        grown = _add(spot, "g", transform=f"scale({CLIENT if 'client' in spot.get('class') else GROWN})")
        for element in inside:
            spot.remove(element)
            grown.append(element)
        spot.remove(grown)
        spot.insert(0, grown)
    for circle in _all(root, "circle", "entry"):
        circle.set("r", "20.8")
    # The program's lines below the picture, one part a line, at the top of the column beside it.
    captions = _all(root, "text", "caption")
    group = next(group for group in _all(root, "g") if captions[0] in group)
    parts = [part for caption in captions for part in re.split(r"; | (?=\()", caption.text)]
    group.clear()
    side = _add(root, "g")
    for index, part in enumerate(parts):
        _add(side, "text", part, **{"class": "caption", "x": 290, "y": -306 + 21 * index})
    _rings_legend(side)
    rules = """
.picture .name { font-size: 16px; stroke: none; }
.picture .note, .picture .caption, .picture .name.long, .picture .legend { font-size: 16px; }
.picture .note { text-anchor: middle; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
.picture .entry { stroke-width: 1.2; }
.picture .sign { stroke-width: 2.4; }
.picture .answer { stroke-opacity: 1; stroke-width: 1.8; }
"""
    _save(root, folder, "aneis", (-360, -326, 922, 680), rules)


def _rings_legend(side):
    y = 96
    for state, text in [
        ("answered", "tem a chave: respondeu"), ("notheld", "não tem a chave"), ("missed", "não alcançado"),
    ]:  # fmt: skip
        _servent(side, state, 313, y, 0.72)
        _add(side, "text", text, **{"class": "legend", "x": 340, "y": y + 6})
        y += 32
    entry = _servent(side, "notheld", 313, y, 0.6)
    _add(entry, "circle", **{"class": "entry", "r": 22})
    _add(side, "text", "o servent de contato", **{"class": "legend", "x": 340, "y": y + 6})
    y += 32
    _add(side, "path", **{"class": "end", "d": f"M299 {y}h28"})
    _add(side, "text", "o TTL acabou ali", **{"class": "legend", "x": 340, "y": y + 6})
    for kind, text in [
        ("copy first", "primeira cópia da QUERY"), ("copy duplicate", "cópia descartada"),
        ("answer", "RESPONSE ao cliente"),
    ]:  # fmt: skip
        y += 30
        _line(side, kind, f"M292 {y}h40")
        _add(side, "text", text, **{"class": "legend", "x": 340, "y": y + 6})


def sequence(folder):
    """With lanes farther apart, the times-to-live where nothing else is, and below it what is what."""
    root = _printable("flood-sequence.svg")
    _spread_lanes(root)
    for tick in _all(root, "text", "tick"):
        tick.text = "0" if tick.text.startswith("0 ") else tick.text
    _place_labels(root)
    # The first arrow without a number is the client's question.
    question = _all(root, "path", "copy")[len(_all(root, "text", "label"))]
    asked = _numbers(question.get("d"))
    question.set("d", f"M{asked[0]:g} {asked[1]:g}V{asked[3] - 10:g}")
    _add(root, "text", "CLIREQ", **{"class": "said", "x": asked[0] - 5, "y": (asked[1] + asked[3]) / 2 + 2})
    (note,) = _all(root, "text", "note")
    root.remove(note)
    bottom = _moved(LANES_END)
    _sequence_legend(root, bottom + 22)
    rules = """
.picture .lanename, .picture .tick, .picture .legend, .picture .said { font-size: 13px; }
.picture .tick { text-anchor: middle; }
.picture .label { font-size: 13px; stroke-width: 5px; }
.picture .label.first { fill: #1b1f24; }
.picture .said { text-anchor: end; }
.picture .life { stroke-width: 4; stroke: #9aa3ad; }
.picture .answer { stroke-opacity: 1; stroke-width: 1.8; }
"""
    _save(root, folder, "sequencia", (0, 16, 764, bottom + 82 - 16), rules)


def _moved(y):
    """Where in the sequence that is drawn what was at y now is."""
    return y if y < FIRST_LANE else FIRST_LANE + (y - FIRST_LANE) * APART


def _spread_lanes(root):
    for path in root.iter(SVG + "path"):
        kind, d = path.get("class", ""), path.get("d")
        if kind == "grid":
            x, top, bottom = _numbers(d)
            path.set("d", f"M{x:g} {top:g}V{_moved(bottom):g}")
        elif kind in ("lane", "life"):
            x, y, to = _numbers(d)
            path.set("d", f"M{x:g} {_moved(y):g}H{to:g}")
        elif kind.startswith(("copy", "answer")):
            x0, y0, x1, y1 = _numbers(d)
            path.set("d", f"M{x0:g} {_moved(y0):g}L{x1:g} {_moved(y1):g}")
    for text in _all(root, "text", "lanename"):
        text.set("y", f"{_moved(float(text.get('y')) - 4) + 4.5:g}")
    for spot in _all(root, "g", "servent"):
        x, y, _ = _numbers(spot.get("transform"))
        spot.set("transform", f"translate({x:g} {_moved(y):g}) scale(0.55)")


def _place_labels(root):
    """Each number on its arrow and above all else, away from circles, lives, other numbers, and then other arrows."""
    labels = _all(root, "text", "label")
    arrows = [_numbers(path.get("d")) for path in _all(root, "path", "copy")[: len(labels)]]
    answers = [_numbers(path.get("d")) for path in _all(root, "path", "answer")]
    lives = [(x, y, to, y) for x, y, to in (_numbers(path.get("d")) for path in _all(root, "path", "life"))]
    # What is wider than a line.
    wide = [tuple(_numbers(spot.get("transform"))[:2]) for spot in _all(root, "g", "servent")]
    wide += [point for life in lives for point in _points(life)]
    for label, arrow in zip(labels, arrows, strict=True):
        thin = [point for line in answers + arrows if line != arrow for point in _points(line)]

        def room(at, thin=thin):
            return min(20.0, *(math.dist(at, point) for point in wide)), min(math.dist(at, point) for point in thin)

        x, y = max(_points(arrow)[12:50], key=room)
        wide.append((x, y))
        label.set("x", f"{x:.1f}")
        label.set("y", f"{y + 4.5:.1f}")
        root.remove(label)
        root.append(label)


def _points(line):
    """Points along a line, from its beginning to its end."""
    x0, y0, x1, y1 = line
    return [(x0 + (x1 - x0) * step / 60, y0 + (y1 - y0) * step / 60) for step in range(61)]


def _sequence_legend(root, y):
    group = _add(root, "g")
    for index, (kind, text) in enumerate(
        [("copy first", "QUERY, com o seu TTL"), ("copy duplicate", "QUERY repetida: descartada"),
         ("answer", "RESPONSE ao cliente")]
    ):  # fmt: skip
        at = y + 22 * index
        _line(group, kind, f"M10 {at}h34")
        _add(group, "text", text, **{"class": "legend", "x": 52, "y": at + 4.5})
    for index, (state, text) in enumerate(
        [("answered", "tratou a QUERY: tem a chave e responde"), ("notheld", "tratou a QUERY: não tem a chave")]
    ):
        at = y + 22 * index
        _servent(group, state, 300, at, 0.55)
        _add(group, "text", text, **{"class": "legend", "x": 318, "y": at + 4.5})
    _servent(group, "missed", 620, y, 0.55)
    _add(group, "text", "não alcançado", **{"class": "legend", "x": 638, "y": y + 4.5})
    at = y + 44
    _line(group, "life", f"M280 {at}H310", head=False)
    _add(group, "text", "da chegada da QUERY até ser tratada", **{"class": "legend", "x": 318, "y": at + 4.5})
