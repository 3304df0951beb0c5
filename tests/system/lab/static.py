"""The programs without shared libraries, built as the README says."""

import functools
import os
import subprocess

from lab.programs import ROOT

# It may compile everything.
BUILD_S_MAX = 1200


@functools.cache
def static_programs():
    """The folder that they are in."""
    host = subprocess.run(["rustc", "--print", "host-tuple"], stdout=subprocess.PIPE, check=True, text=True)
    target = host.stdout.strip()
    subprocess.run(
        ["cargo", "build", "--locked", "--release", "--target", target],
        cwd=ROOT,
        env={**os.environ, "RUSTFLAGS": "-C target-feature=+crt-static -C strip=symbols"},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=BUILD_S_MAX,
    )
    return os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target", target, "release")
