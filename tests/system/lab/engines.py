"""Docker engines, each in the network of a host, with processes, mounts and a folder of its own.

What an engine starts lives in its namespaces and ends with it. It never sees the machine's own engine, if there is one,
nor its packet filter. The folder of its images and containers is the lab's, and goes with it.
"""

import contextlib
import json
import os
import signal
import subprocess

from lab.needs import skip
from lab.processes import DEADLINE_S, Deadline, children

# What is mounted is mounted for the engine alone. The third word is the control group of its containers.
START = """
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
hostname "$2"
exec dockerd --data-root "$1/root" --exec-root "$1/exec" --pidfile "$1/pid" --host "unix://$1/socket" \\
    --cgroup-parent "$3" --log-level warn
"""
CGROUPS = "/sys/fs/cgroup"


class Engine:
    """The Docker engine of a host."""

    def __init__(self, host):
        self.host, self.folder = host, os.path.join(host.lab.folder, f"engine-{host.name}")
        self.group = f"/tp3-{os.getpid()}-{host.name}"
        os.makedirs(self.folder)
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = host.popen(
                "unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child",
                "bash", "-c", START, "-", self.folder, host.name, self.group,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def environment(self):
        """Where docker and docker-compose find it; nothing of the user's own configuration."""
        return {
            **os.environ,
            "DOCKER_HOST": f"unix://{self.folder}/socket",
            "DOCKER_CONFIG": self.folder,
            # Images are built without BuildKit, which Debian has not.
            "DOCKER_BUILDKIT": "0",
            "COMPOSE_DOCKER_CLI_BUILD": "0",
        }

    def ready(self):
        """Waits until it answers. Where it does not start, the test can't be run."""
        deadline = Deadline()
        while self.process.poll() is None and deadline.left():
            asked = subprocess.run(["docker", "version"], env=self.environment, capture_output=True, check=False)
            if asked.returncode == 0:
                return
        with open(self.log, encoding="utf-8", errors="replace") as log:
            skip(f"no Docker engine starts in a namespace here: {' '.join(log.read().split())[-500:]}")

    def run(self, *words, patience_s=DEADLINE_S, codes=(0,), **options):
        """Runs docker or docker-compose to its end, which is to be with one of `codes`; returns its standard output."""
        ended = subprocess.run(
            words,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience_s,
            check=False,
            **options,
        )
        stdout, stderr = (output.decode(errors="backslashreplace") for output in (ended.stdout, ended.stderr))
        assert ended.returncode in codes, f"{' '.join(words)} ended with {ended.returncode}: {stdout}{stderr}"
        return stdout

    def docker(self, *words, **options):
        return self.run("docker", *words, **options)

    def inspect(self, name):
        """What the engine tells about a container, or whatever has this name."""
        return json.loads(self.docker("inspect", name))[0]

    @property
    def pid(self):
        """Its process, the one child of unshare."""
        (pid,) = children(self.process.pid)
        return pid

    def enter(self, *words):
        """The words that run a command among its processes."""
        return ["nsenter", "--target", str(self.pid), "--mount", "--pid", *words]

    def stop(self):
        """Ends it as a machine that is shut down does, and its containers with it."""
        os.kill(self.pid, signal.SIGTERM)
        self.process.wait(DEADLINE_S)
        self.forget()

    def kill(self):
        """Ends it as a machine does that loses its power."""
        self.process.kill()
        self.process.wait(DEADLINE_S)
        self.forget()

    def forget(self):
        """Removes the control groups that it left."""
        for folder, _, _ in os.walk(CGROUPS, topdown=False):
            if self.group in folder:
                # One that is not empty is a container's that still ends.
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


@contextlib.contextmanager
def engines(*hosts):
    """An engine in each host, all of them ready."""
    started = [Engine(host) for host in hosts]
    try:
        for engine in started:
            engine.ready()
        yield started
    finally:
        for engine in started:
            if engine.process.poll() is None:
                engine.stop()
