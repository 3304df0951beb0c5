"""Files of measurements, and how sure they are."""

import csv
import math
import os
import statistics

from lab.programs import ROOT

MEASUREMENTS = os.path.join(ROOT, "report", "measurements")

# Student's t at 95 %, by degrees of freedom: the least of the table that is not above them is taken, which is on the
# careful side.
STUDENT = {
    1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 8: 2.306, 10: 2.228, 15: 2.131, 20: 2.086, 30: 2.042,
    60: 2.000, 120: 1.980, 1000: 1.962,
}  # fmt: skip


def path(name):
    return os.path.join(MEASUREMENTS, name)


def write(name, rows):
    """Writes rows, dictionaries with the same keys, as a CSV."""
    with open(path(name), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"report/measurements/{name}: {len(rows)} rows")


def ratio(parts, wholes):
    """The sum of the parts over that of the wholes, and the bounds of its interval at 95 %: the questions are the
    trials, since the answers to one of them depend on each other."""
    share, count = sum(parts) / sum(wholes), len(parts)
    squares = sum((part - share * whole) ** 2 for part, whole in zip(parts, wholes, strict=True))
    student = next(t for degrees, t in reversed(STUDENT.items()) if degrees < count)
    half = student * math.sqrt(squares / (count - 1)) / (statistics.mean(wholes) * math.sqrt(count))
    return {"share": rounded(share), "low": rounded(max(0.0, share - half)), "high": rounded(min(1.0, share + half))}


def rounded(value):
    return round(value, 6)
