#!/usr/bin/python3
"""Runs an overlay file under Mininet: every servent on a host of its own, all on one network.

An overlay file lists servents on this machine's loopback, where all have the address 127.0.0.1 and differ by port.
Here each line becomes a host with an address of its own, h1 with 10.0.0.1 for the first line, h2 with 10.0.0.2 for the
second, and so on. Ports stay what they are, and a neighbour 127.0.0.1:6002 becomes the address of the host that has
the line with port 6002. The client runs on one more host, `client`.

    h1 10.0.0.1:6001 --+
    h2 10.0.0.2:6002 --+-- switch s1 --- client
    h3 10.0.0.3:6003 --+

All hosts are on one switch, whatever the overlay looks like. An overlay lies on top of a network and is not its
wiring: who asks whom is in the neighbour lists alone, and a servent that holds the key answers the client directly,
not back along the links of the overlay. That shows here: every answer comes from another address.

    sudo data/mininet/overlay.py data/overlays/chain.txt http             ask for a key, and end
    sudo data/mininet/overlay.py data/overlays/ring.txt                   type keys until Ctrl-D
    sudo data/mininet/overlay.py data/overlays/chain.txt --loss 20 http   see what a bad network does
    sudo data/mininet/overlay.py data/overlays/grid.txt --cli             Mininet's own prompt
    sudo data/mininet/overlay.py data/overlays/chain.txt --trace DIR http   write traces: tp3 explain DIR

At Mininet's prompt a line is a host and a command for it, or a command of Mininet's own:

    mininet> client clientTP3 10.0.0.1:6001 http
    mininet> noecho client clientTP3 10.0.0.1:6001
    mininet> link s1 h3 down
    mininet> pingall

Mininet shows what is typed for a program. The client at its prompt does as well, so all letters are double: `noecho`
keeps Mininet from it. xterm takes the package xterm and an X display. iperf, if it is version 2.1 as in Debian 12, ends
only by Ctrl-C; iperfudp ends. `help` lists all commands; those for controllers have nothing to do here.

A line's --bind says only which address its neighbours use for it; here it listens at its host's. -q in a line changes
nothing here; what a line with -v or --stats-every has logged is shown.

The network is made in a network namespace of its own. It needs neither Open vSwitch nor a controller, nothing that is
sent leaves it, several can run at once, and all of it is gone when the program ends, without `mn -c`.

It takes root and, of Debian's packages, mininet, bridge-utils and net-tools (nftables for --loss, iputils-ping for
--cli). Mininet's package is for /usr/bin/python3, and takes python3-setuptools as well where that is 3.12 or later:

    /usr/bin/python3 -c 'import mininet.net'                              says nothing if all is there
"""

import signal

# Until there is anything to put in order, Ctrl-C ends this at once and without a word.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import collections
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

PROGRAM = "overlay.py"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The packages of the tools that Mininet calls.
PACKAGES = {
    "unshare": "util-linux",
    "ip": "iproute2",
    "mnexec": "mininet",
    "brctl": "bridge-utils",
    "ifconfig": "net-tools",
    "nft": "nftables",
    "ping": "iputils-ping",
}
# Those of them that only an option needs.
ONLY_FOR = {"nft": "loss", "ping": "cli"}
# What Mininet's package is for, and the packages of the modules that it takes. (Python 3.12 has no distutils any more.)
PYTHON = "/usr/bin/python3"
MODULES = {"mininet": "mininet", "distutils": "python3-setuptools"}
# Set in the copy of this program that runs inside the namespace.
INSIDE = "SERVENT_MININET_INSIDE"
LAST_WORDS_MAX = 10
START_S_MAX = 20
STOP_S_MAX = 3


class Failure(Exception):
    """What a person is told, and the program ends."""


def read_overlay(file, binaries, traces):
    """What `tp3 overlay` reads in the file, a dictionary a servent (data/overlay.schema.json), with a trace of each in
    the folder `traces`, unless that is None. What is wrong is said by tp3, and this program ends as that one did."""
    trace = [] if traces is None else ["--trace", traces]
    words = [os.path.join(binaries, "tp3"), "overlay", "--print-json", *trace, "--", file]
    read = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if read.returncode != 0:
        sys.exit(read.returncode)
    servents = json.loads(read.stdout)["servents"]
    for servent in servents:
        if servent["command"]:
            raise Failure(f"{file}:{servent['line']}: another program is its servent: here all are serventTP3")
    return servents


def places_of_neighbours(file, lines):
    """For each line its neighbours as indexes of lines."""
    places = {line["line"]: place for place, line in enumerate(lines)}
    for line in lines:
        for neighbour in line["neighbours"]:
            if neighbour["line"] is None:
                raise Failure(f"{file}:{line['line']}: no line of this file is the neighbour {neighbour['name']}")
        yield [places[neighbour["line"]] for neighbour in line["neighbours"]]


def command_line_of(line, neighbours):
    """A servent's command line, without the program, from what was read and the addresses that its neighbours have."""
    trace = ["--trace", line["trace"]] if line["trace"] else []
    verbose = ["--verbose"] if line["log"] == "all" else []
    return [*line["options"], *trace, *verbose, "--", str(line["port"]), line["file"], *neighbours]


def make_folder(folder):
    """Makes the folder, unless there is one."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Failure(f"--trace: {folder}: {error.strerror}") from None


def missing_module():
    """The name of the module without which `PYTHON` can't use Mininet: that may be Mininet itself. "" if it can."""
    if not os.path.exists(PYTHON):
        return "mininet"
    probe = "try: import mininet.net\nexcept ModuleNotFoundError as error: print(error.name.split('.')[0])"
    return subprocess.run([PYTHON, "-c", probe], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def require(tools):
    """Ends with what is missing, and where it is to be had."""
    if os.geteuid() != 0:
        raise Failure(f"Mininet takes root: sudo {shlex.join([os.path.join(os.curdir, sys.argv[0]), *sys.argv[1:]])}")
    missing = {PACKAGES[tool] for tool in tools if not shutil.which(tool)}
    try:
        import mininet.net  # noqa: F401
    except ModuleNotFoundError:
        module = missing_module()
        if not module:
            words = shlex.join([PYTHON, *sys.argv])
            raise Failure(f"{sys.executable} can't use Mininet, but {PYTHON} can: {words}") from None
        if module not in MODULES:
            raise Failure(f"Mininet takes a module that {PYTHON} does not have: {module}") from None
        missing.add(MODULES[module])
    if missing:
        raise Failure(f"missing: apt-get install --no-install-recommends {' '.join(sorted(missing))}")


def dying_with_us(words):
    """The words of a command that dies with this program, even if that is killed. The shell in front of it looks
    whether that has happened already: who asks for a signal at its parent's death when that is past never gets one."""
    is_ours = 'test "$PPID" = "$0" && exec "$@"'
    return ["setpriv", "--pdeathsig", "KILL", "sh", "-c", is_ours, str(os.getpid()), *words]


class Patience:
    """Ctrl-C while the network is made or taken away: Mininet talks to shells, and an exception in the middle of that
    leaves it unable to end. So it is noted, and comes up where it does no harm, at `check`."""

    interrupted = False

    @classmethod
    def start(cls):
        signal.signal(signal.SIGINT, cls.note)

    @classmethod
    def note(cls, *_):
        cls.interrupted = True

    @classmethod
    def check(cls):
        if cls.interrupted:
            raise KeyboardInterrupt


class Network:
    """The hosts at their switch, and the servents on them. `close` ends it all."""

    def __init__(self, count):
        from mininet.log import setLogLevel
        from mininet.net import Mininet
        from mininet.nodelib import LinuxBridge

        # Else Mininet raises limits of the whole machine, and nothing here needs them.
        Mininet.inited = True
        # It warns of packet filters for bridges, and this namespace has none.
        setLogLevel("error")
        self.servents = []
        self.net = Mininet(switch=LinuxBridge, controller=None)
        self.switch = self.net.addSwitch("s1")
        self.hosts = [self.net.addHost(f"h{number}") for number in range(1, count + 1)]
        self.client = self.net.addHost("client")

    def start(self):
        for host in (*self.hosts, self.client):
            Patience.check()
            self.net.addLink(host, self.switch)
        self.net.start()
        # A port that is not up yet loses what is sent through it.
        end = time.monotonic() + START_S_MAX
        while (up := self.ports_up()) <= len(self.hosts):
            Patience.check()
            if time.monotonic() > end:
                raise Failure(f"only {up} of {len(self.hosts) + 1} ports of the switch came up")

    def ports_up(self):
        listed = subprocess.run(["bridge", "-json", "link"], capture_output=True, check=True).stdout
        return sum(port.get("state") == "forwarding" for port in json.loads(listed or b"[]"))

    def introduce(self, known):
        """Tells each host the hardware addresses of those that it will send to. Else the first query waits for them to
        be resolved, now here and now there, and a longer path of the overlay may be the faster one (P-19)."""
        for host, neighbours in zip(self.hosts, known, strict=True):
            Patience.check()
            for other in (self.client, *(self.hosts[neighbour] for neighbour in neighbours)):
                host.setARP(other.IP(), other.MAC())
            self.client.setARP(host.IP(), host.MAC())

    def lose(self, percent):
        """Makes every host drop so many of a hundred UDP datagrams that come to it."""
        rule = f"meta l4proto udp numgen random mod 100 < {percent} drop"
        table = f"table ip loss {{ chain input {{ type filter hook input priority 0; {rule}; }}; }}"
        for host in (*self.hosts, self.client):
            said, complaint, code = host.pexec(["nft", table])
            if code != 0:
                raise Failure(f"--loss: {(complaint or said).strip()}")

    def close(self):
        for servent in self.servents:
            servent.stop()
        for node in self.net.values():
            # Busy with a command of the prompt, its shell takes none that end the network.
            if node.waiting:
                node.terminate()
        self.net.stop()


class Servent:
    """A servent on a Mininet host. Its warnings are passed on, all that it logs if `logs`, and if `verbose` what it
    says at its end as well."""

    def __init__(self, host, words, logs, verbose):
        self.host, self.logs, self.verbose, self.stopping, self.has_ended = host, logs, verbose, False, False
        self.serving, self.last_words = threading.Event(), collections.deque(maxlen=LAST_WORDS_MAX)
        environment = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}
        nothing = subprocess.DEVNULL
        self.process = host.popen(dying_with_us(words), stdin=nothing, stdout=nothing, env=environment)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        for text in self.process.stderr:
            line = text.decode(errors="replace").rstrip()
            self.last_words.append(line)
            if "listening on" in line:
                self.serving.set()
            is_news = self.logs or any(level in line for level in (" WARN", " ERROR"))
            if self.verbose or (is_news and not self.stopping):
                print(f"[{self.host}] {line}", file=sys.stderr)
        # The end of its words is news as well, for whoever waits.
        self.has_ended = True
        self.serving.set()

    def wait_until_serving(self, where):
        """A servent that did not start is a `Failure` at `where`, its line."""
        has_spoken = self.serving.wait(START_S_MAX)
        Patience.check()
        if not has_spoken or self.has_ended:
            last_words = "".join(f"\n  {line}" for line in self.last_words if line)
            raise Failure(f"{where}: its servent did not start; its last words:{last_words}")

    def stop(self):
        self.stopping = True
        self.process.terminate()
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.listener.join(STOP_S_MAX)


def run(typed, lines, known):
    """Makes the network, starts the servents, asks; returns the client's exit code."""
    print(f"making a network of {len(lines) + 1} hosts", file=sys.stderr)
    Patience.start()
    network = Network(len(lines))
    try:
        network.start()
        network.introduce(known)
        if typed.loss:
            network.lose(typed.loss)
        addresses = [f"{host.IP()}:{line['port']}" for host, line in zip(network.hosts, lines, strict=True)]
        for host, line, neighbours in zip(network.hosts, lines, known, strict=True):
            words = command_line_of(line, [addresses[neighbour] for neighbour in neighbours])
            program, logs = os.path.join(typed.binaries, "serventTP3"), line["log"] in ("usual", "all")
            network.servents.append(Servent(host, [program, *words], logs, typed.verbose))
        for servent, line in zip(network.servents, lines, strict=True):
            servent.wait_until_serving(f"{typed.file}:{line['line']}")
        for host, address, line, neighbours in zip(network.hosts, addresses, lines, known, strict=True):
            names = ", ".join(str(network.hosts[neighbour]) for neighbour in neighbours) or "nobody"
            print(f"{host} {address} ({os.path.basename(line['file'])}) knows {names}", file=sys.stderr)
        place = next(index for index, line in enumerate(lines) if typed.at in (None, line["port"]))
        if typed.cli:
            return command_line(network, typed.binaries)
        print(f"the client {network.client.IP()} asks {network.hosts[place]}", file=sys.stderr)
        return client(network.client, addresses[place], typed)
    finally:
        # Whoever is impatient now would leave something behind.
        for each in signal.SIGINT, signal.SIGTERM:
            signal.signal(each, signal.SIG_IGN)
        network.close()


def client(host, servent, typed):
    """Runs clientTP3 on `host`, at this program's own terminal or pipes."""
    words = [os.path.join(typed.binaries, "clientTP3"), "--timeout", typed.timeout, "--tries", typed.tries]
    words = dying_with_us([*words, "--", servent, *typed.keys])
    with subprocess.Popen(["mnexec", "-a", str(host.pid), *words]) as process:
        try:
            # One that came before there was a client to take it.
            Patience.check()
            # Ctrl-C reaches both, and is for the client alone. (A handler that is a function is not inherited.)
            signal.signal(signal.SIGINT, lambda *_: None)
            code = process.wait()
        except BaseException:
            # Not killed: at a terminal it has settings to put back.
            process.terminate()
            raise
    return code if code >= 0 else 128 - code


def command_line(network, binaries):
    """Mininet's own prompt, where the programs are found by name."""
    from mininet.cli import CLI
    from mininet.log import setLogLevel

    setLogLevel("output")
    # Its prompt, and the commands at it, know what to do.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for host in (*network.hosts, network.client):
        host.cmd(f"export PATH={shlex.quote(os.path.abspath(binaries))}:$PATH")
    CLI(network.net)
    return 0


# What clientTP3 takes behind a number, and how many seconds it is.
UNITS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}


def seconds(typed):
    time = re.fullmatch(r"([0-9]*\.?[0-9]+)(ms|s|m|min|h|)", typed)
    if not time or not 0 < float(time[1]) * UNITS[time[2]] <= 365 * 24 * 3600:
        raise argparse.ArgumentTypeError(f"expected a time above 0, such as 0.5 (seconds) or 500ms, found {typed}")
    return typed


def tries(typed):
    if not typed.isdecimal() or not 1 <= int(typed) <= 1000:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 1000, found {typed}")
    return typed


def percent(typed):
    if not typed.isdecimal() or not 0 <= int(typed) < 100:
        raise argparse.ArgumentTypeError(f"expected a percentage from 0 to 99, found {typed}")
    return int(typed)


def arguments():
    usage, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage="%(prog)s [options] FILE [KEY]...",
        description=usage,
        epilog=rest
        + "\nExit codes: as clientTP3; 1 also for a bad FILE or what is missing here, 2 wrong command line.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    # Not required here: that error would name KEY as well.
    add(
        "file",
        metavar="FILE",
        nargs="?",
        help="overlay file, lines of PORT KVFILE [IP:PORT]... [options]: see data/overlays",
    )
    add("keys", metavar="KEY", nargs="*", help="keys to ask for, in turn; without any, lines of standard input")
    add("--at", metavar="PORT", type=int, help="port of the servent to ask (the first in FILE)")
    add(
        "-t",
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        default="4",
        help="how long the client waits for an answer, and another (4)",
    )
    add(
        "-n",
        "--tries",
        metavar="N",
        type=tries,
        default="2",
        help="how often the client asks while nobody answers (2)",
    )
    add(
        "--loss",
        metavar="PERCENT",
        type=percent,
        default=0,
        help="every host loses so many of the datagrams sent to it (0)",
    )
    add("--trace", metavar="DIR", help="write a trace of each servent to DIR/PORT.jsonl, for tp3 explain")
    add("--cli", action="store_true", help="Mininet's prompt instead of a client")
    add(
        "--binaries",
        metavar="DIR",
        default=os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release"),
        help="where the programs are (release in $CARGO_TARGET_DIR, or else in target)",
    )
    add("-v", "--verbose", action="store_true", help="show all that the servents say, and their counters at the end")
    typed = parser.parse_intermixed_args()
    if typed.file is None:
        parser.error("expected an overlay file, for example data/overlays/chain.txt")
    if typed.cli and typed.keys:
        parser.error("--cli asks for no KEY: its prompt does")
    return parser, typed


def main():
    parser, typed = arguments()
    for program in "serventTP3", "clientTP3", "tp3":
        if not os.access(os.path.join(typed.binaries, program), os.X_OK):
            raise Failure(
                f"no program {program} in {typed.binaries}: 'cargo build --release' makes it; "
                "--binaries says where it is"
            )
    lines = read_overlay(typed.file, typed.binaries, typed.trace)
    known = list(places_of_neighbours(typed.file, lines))
    ports = [line["port"] for line in lines]
    if typed.at not in (None, *ports):
        parser.error(f"--at: expected the port of a servent in FILE: {', '.join(map(str, ports))}, found {typed.at}")
    require([tool for tool in PACKAGES if tool not in ONLY_FOR or getattr(typed, ONLY_FOR[tool])])
    if INSIDE not in os.environ:
        # This process goes on inside, so signals and exit code need no messenger.
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if typed.trace is not None:
        make_folder(typed.trace)
    return run(typed, lines, known)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"{PROGRAM}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
