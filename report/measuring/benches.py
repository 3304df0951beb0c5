"""What the benches measure: on a machine that does nothing else."""

import os
import platform
import shutil
import subprocess

from lab.programs import BINARIES, ROOT
from measuring import tables

RESULTS = os.path.join(os.path.dirname(BINARIES), "bench-results")


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
    """micro.csv: what the machines cost."""
    bench("--bench", "micro")
    keep("micro.csv")


def scale():
    """sim-scale.csv: what the simulator does."""
    bench("--bench", "sim", "--", "scale")
    keep("sim-scale.csv")
