"""Hosts made of network namespaces, joined by veth pairs and bridges.

A `Lab` makes hosts and, at its end, however it ends, takes everything away: processes, sockets, namespaces, and with
the namespaces their interfaces, routes and packet filters. Nothing is ever made in the namespace that the tests run
in, not even a bridge: a switch is a namespace too. No host has a way out of its lab.

    with Lab() as lab:
        client, one, two = lab.hosts("client", "one", "two")
        lab.lan("10.77.1.0/24", client, one, two)
        lab.ready()
"""

import ctypes
import ipaddress
import itertools
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

# How long anything may take that should take no time. Nothing waits for it unless something is broken.
DEADLINE_S = 20.0
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)

# Labs made by this process so far: the second half of the names' prefix; the process id is the first.
LAB_NUMBERS = itertools.count(1)


class Deadline:
    """The moment by which a wait must have ended."""

    def __init__(self, seconds=DEADLINE_S):
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds left, at least 0."""
        return max(0.0, self.end - time.monotonic())


def run(*words, text=None):
    """Runs a command to its end and returns what it wrote; a command that fails is an error with what it said."""
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.strip()}\n{text or ''}")
    return done.stdout


def setns(fd):
    if LIBC.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Host:
    """A network namespace with a name; `addresses` are interfaces (`ipaddress.IPv4Interface`), the first is *the*
    address."""

    def __init__(self, lab, name):
        self.lab, self.name, self.namespace = lab, name, f"{lab.prefix}-{name}"
        self.addresses = []
        self.devices = itertools.count()
        run("ip", "netns", "add", self.namespace)
        lab.namespaces.append(self.namespace)
        self.ip("link set lo up")

    @property
    def address(self):
        return str(self.addresses[0].ip)

    def address_towards(self, other):
        """This host's address in a network that `other` is in as well, or else its first one."""
        shared = (mine for mine in self.addresses for its in other.addresses if mine.network == its.network)
        return str(next(shared, self.addresses[0]).ip)

    def ip(self, *commands):
        """Runs commands of ip(8) in this host."""
        run("ip", "-n", self.namespace, "-batch", "-", text="\n".join(commands) + "\n")

    def enter(self, *words):
        """The words that run a command in this host. It dies with this program, even if that is killed."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", "setpriv", "--pdeathsig", "KILL", *words]

    def run(self, *words, text=None):
        return run(*self.enter(*words), text=text)

    def sysctl(self, *settings):
        self.run("sysctl", "--quiet", "--write", *settings)

    def kernel_counters(self, protocol):
        """What this host's kernel counted of "Ip", "Icmp" or "Udp"."""
        lines = [line.split() for line in self.run("cat", "/proc/net/snmp").splitlines()]
        names, numbers = (words[1:] for words in lines if words[0] == f"{protocol}:")
        return dict(zip(names, map(int, numbers)))

    def nft(self, rules):
        """Loads rules into this host's packet filter."""
        self.run("nft", "-f", "-", text=rules)

    def popen(self, *words, **options):
        process = subprocess.Popen(self.enter(*words), **options)
        self.lab.processes.append(process)
        return process

    def socket(self, port=0, address="0.0.0.0"):
        """A UDP socket that lives in this host, though this program does not."""
        home = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            setns(there)
            try:
                made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            finally:
                setns(home)
        finally:
            os.close(home)
            os.close(there)
        self.lab.sockets.append(made)
        made.bind((address, port))
        return made


class Lab:
    """The hosts of one test, and a folder for their files."""

    def __init__(self):
        self.prefix = f"tp3-{os.getpid()}-{next(LAB_NUMBERS)}"
        self.namespaces, self.processes, self.sockets, self.all_hosts = [], [], [], []
        self.servents = []  # For `witnesses`.
        self.folder = None
        self.switches = itertools.count(1)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix=f"{self.prefix}-")
        return self

    def __exit__(self, *_):
        # Whoever is impatient now would leave something behind.
        impatient = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
        signal.alarm(0)
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        for each in self.sockets:
            each.close()
        # One that can't be deleted is no reason to leave the others.
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "delete", namespace], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        for each, handler in impatient.items():
            signal.signal(each, handler)

    def witnesses(self):
        """What the servents said, line by line."""
        return [f"[{servent.host.name}] {line}" for servent in self.servents for line in servent.lines]

    def hosts(self, *names):
        """Makes hosts. Without IPv6 they have nothing to say until somebody makes them."""
        made = [Host(self, name) for name in names]
        for host in made:
            host.sysctl("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        self.all_hosts += made
        return made

    def cable(self, one, other):
        """Joins two hosts by a veth pair; returns the names of its two ends."""
        ends = [f"eth{next(host.devices)}" for host in (one, other)]
        one.ip(f"link add {ends[0]} type veth peer name {ends[1]} netns {other.namespace}", f"link set {ends[0]} up")
        other.ip(f"link set {ends[1]} up")
        return ends

    def link(self, network, one, other):
        """A cable between two hosts with a network of its own: `one` is .1, `other` is .2."""
        for host, device, address in zip((one, other), self.cable(one, other), ipaddress.ip_network(network).hosts()):
            self.give(host, device, address, network)

    def lan(self, network, *hosts, mtu=1500):
        """A switch with a cable to each host; they get the network's first addresses, in order. Returns the switch."""
        switch = Host(self, f"switch{next(self.switches)}")
        switch.ip("link add bridge type bridge", "link set bridge up")
        for host, address in zip(hosts, ipaddress.ip_network(network).hosts()):
            device, port = self.cable(host, switch)
            host.ip(f"link set {device} mtu {mtu}")
            switch.ip(f"link set {port} mtu {mtu} master bridge")
            self.give(host, device, address, network)
        return switch

    def give(self, host, device, address, network):
        interface = ipaddress.ip_interface(f"{address}/{ipaddress.ip_network(network).prefixlen}")
        host.ip(f"address add {interface} dev {device}")
        host.addresses.append(interface)

    def ready(self, hosts=None):
        """Waits until each host reaches each other one at all its addresses: devices come up and neighbours are
        resolved in their own time, and the tests count datagrams."""
        hosts = hosts or [host for host in self.all_hosts if host.addresses]
        ears = {host: host.socket() for host in hosts}
        waiting = set()
        for here, there in itertools.permutations(hosts, 2):
            waiting |= {(here, there, str(interface.ip)) for interface in there.addresses}
        deadline = Deadline()
        while waiting and deadline.left():
            for here, there, address in waiting:
                ears[here].sendto(f"{here.name} {address}".encode(), (address, ears[there].getsockname()[1]))
            heard = {ear: host for host, ear in ears.items()}
            # Who was not heard within a second is asked again.
            round_end = Deadline(1.0)
            while waiting and round_end.left():
                for ear in select.select(heard, [], [], round_end.left())[0]:
                    name, address = ear.recv(100).decode().split()
                    waiting -= {each for each in waiting if each[0].name == name and each[2] == address}
        for ear in ears.values():
            ear.close()
        if waiting:
            raise RuntimeError(f"no way: {sorted((a.name, b.name, address) for a, b, address in waiting)}")


# The tools of a lab, and what some tests need beside them.
TOOLS = ["ip", "nsenter", "setpriv", "sysctl"]
NEEDS = {"": [], "nft": ["nft"], "mininet": ["mnexec", "brctl", "ifconfig", "bridge", "nft"]}


def why_not(need):
    """Why no lab can be made here, or why not one with `need` (a key of `NEEDS`); None if it can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    missing = [tool for tool in TOOLS + NEEDS[need] if not shutil.which(tool)]
    if missing:
        return f"not installed: {', '.join(missing)}"
    try:
        with Lab() as lab:
            one, other = lab.hosts("one", "other")
            lab.lan("10.77.0.0/24", one, other)
            if "nft" in NEEDS[need]:
                one.nft(loss_rules(50))
            if need == "mininet":
                run("/usr/bin/python3", "-c", "import mininet.net")
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return " ".join(str(error).split())
    return None


def loss_rules(percent):
    """Rules that count the UDP datagrams that come in, and drop so many of a hundred at random; ARP and ICMP pass."""
    return f"""
        table ip loss {{
            counter came {{ }}
            counter dropped {{ }}
            chain input {{
                type filter hook input priority 0;
                meta l4proto udp counter name came
                meta l4proto udp numgen random mod 100 < {percent} counter name dropped drop
            }}
        }}
    """
