"""What the benches measure: on a machine that does nothing else."""

import csv
import json
import os
import platform
import shutil
import subprocess

from lab.programs import BINARIES, ROOT
from measuring import tables

TARGET = os.path.dirname(BINARIES)
RESULTS, CRITERION = os.path.join(TARGET, "bench-results"), os.path.join(TARGET, "criterion")


def bench(*words):
    subprocess.run(["cargo", "bench", "--locked", *words], cwd=ROOT, check=True)


def keep(name):
    shutil.copyfile(os.path.join(RESULTS, name), tables.path(name))
    print(f"report/measurements/{name}")
    note(name)


def note(name):
    """Writes down which machine this was measured on."""
    lines = {}
    if os.path.exists(tables.path("machine.txt")):
        with open(tables.path("machine.txt"), encoding="utf-8") as file:
            lines = dict(line.rstrip("\n").split(": ", 1) for line in file)
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(": ", 1)[1].strip() for line in file if line.startswith("model name")), "?")
    lines[name] = f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}"
    with open(tables.path("machine.txt"), "w", encoding="utf-8") as file:
        file.writelines(f"{key}: {value}\n" for key, value in sorted(lines.items()))


def flood():
    """flood.csv: rates, latencies and processor time, beside baselines."""
    bench("--bench", "flood", "--", "--seconds", "0.8")
    keep("flood.csv")


def micro():
    """micro.csv: what the machines cost; with the 95 % interval of each median that criterion made."""
    bench("--bench", "micro")
    with open(os.path.join(RESULTS, "micro.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["low"], row["high"] = interval(row["name"])
    tables.write("micro.csv", rows)
    note("micro.csv")


def interval(name):
    """What criterion wrote of this bench; nothing of what is measured without it."""
    file = os.path.join(CRITERION, name.replace(";", ","), "new", "estimates.json")
    if not os.path.exists(file):
        return "", ""
    with open(file, encoding="utf-8") as estimates:
        found = json.load(estimates)["median"]["confidence_interval"]
    return f"{found['lower_bound']:.3f}", f"{found['upper_bound']:.3f}"


def scale():
    """sim-scale.csv: what the simulator does."""
    bench("--bench", "sim", "--", "scale")
    keep("sim-scale.csv")
