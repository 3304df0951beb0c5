"""Makes the report's charts and its PDF. See report/build."""

import argparse
import pathlib
import sys

import matplotlib
import typst

from charts import costs, reach, style, throughput

HERE = pathlib.Path(__file__).parent
FONTS = pathlib.Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# Of the PDF's data, so that the same sources make the same bytes.
TIMESTAMP = 0
CHARTS = [throughput.throughput, throughput.latency, reach.reach, reach.jitter, costs.costs]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("charts", type=pathlib.Path)
    parser.add_argument("pdf", type=pathlib.Path)
    args = parser.parse_args()
    args.charts.mkdir(parents=True, exist_ok=True)
    style.set_up()
    for chart in CHARTS:
        chart(args.charts)
    typst.compile(
        HERE / "relatorio.typ", output=args.pdf, root=HERE.parent, font_paths=[FONTS], ignore_system_fonts=True,
        pdf_standards=["a-2a"], timestamp=TIMESTAMP,
    )


if __name__ == "__main__":
    sys.exit(main())
