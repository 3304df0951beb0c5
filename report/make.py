"""Makes the report's figures and its PDF, and checks both. See report/build."""

import argparse
import pathlib
import sys

import matplotlib
import typst

from charts import costs, overlays, pictures, reach, style, throughput
from checks import Failure, pdf, sources, spelling

REPORT = pathlib.Path(__file__).parent
ROOT = REPORT.parent
FONTS = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# Where estilo.typ finds the figures.
FIGURES = ROOT / "target" / "report"
COMMITTED = REPORT / "relatorio.pdf"
CHARTS = [
    throughput.throughput, throughput.processor, throughput.latency, costs.costs, pictures.rings, pictures.sequence,
    overlays.mixed, overlays.mininet, overlays.reflection, reach.hosts, reach.loss, reach.jitter, reach.messages,
]  # fmt: skip


def draw():
    FIGURES.mkdir(parents=True, exist_ok=True)
    style.set_up()
    for chart in CHARTS:
        chart(FIGURES)


def compiled(**options):
    """The report, with no fonts but Typst's own and matplotlib's: those are the same everywhere."""
    return typst.compile(REPORT / "relatorio.typ", root=ROOT, font_paths=[FONTS], ignore_system_fonts=True, **options)


def make(check):
    """Writes the PDF, or with `check` holds it against the one that is there. Fails if it is not as it should be."""
    sources.check()
    spelling.check()
    draw()
    built = FIGURES / "relatorio.pdf"
    built.write_bytes(compiled(pdf_standards=["a-2a", "ua-1"]))
    pdf.check(built, len(CHARTS))
    pictures = compiled(format="png", ppi=pdf.PPI)
    pdf.margins(pictures if isinstance(pictures, list) else [pictures])
    if not check:
        COMMITTED.write_bytes(built.read_bytes())
        print(f"{COMMITTED.relative_to(ROOT)}: {COMMITTED.stat().st_size:,} bytes")
    elif not COMMITTED.is_file():
        raise Failure("there is no report/relatorio.pdf: report/build makes it")
    elif built.read_bytes() != COMMITTED.read_bytes():
        told = pdf.difference(built, COMMITTED)
        raise Failure(
            f"report/relatorio.pdf is not what its sources and data make. report/build makes it anew:\n{told}"
        )
    else:
        print("report/relatorio.pdf is what its sources and data make")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    try:
        make(parser.parse_args().check)
    except Failure as failure:
        sys.exit(f"report/build: {failure}")


if __name__ == "__main__":
    main()
