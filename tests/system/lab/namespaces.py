"""Hosts made of network namespaces, joined by veth pairs and bridges.

A `Lab` makes hosts and, at its end, however it ends, takes everything away: processes, sockets, namespaces, and with
the namespaces their interfaces, routes and packet filters. The namespaces have no names and are held by descriptors
alone, so even if this program is killed none is left. Nothing is ever made in the namespace that the tests run in, not
even a bridge: a switch is a namespace too. No host has a way out of its lab.

    with Lab() as lab:
        client, one, two = lab.hosts("client", "one", "two")
        lab.lan("10.77.1.0/24", client, one, two)
        lab.ready()
"""

import contextlib
import ctypes
import ipaddress
import itertools
import os
import select
import shutil
import socket
import subprocess
import tempfile

from lab.processes import DIE_WITH_US, LIBC, Deadline, run, uninterrupted

TOOLS = ["ip", "nsenter", "setpriv", "sysctl"]
CLONE_NEWNET = 0x40000000
OWN_NAMESPACE = "/proc/thread-self/ns/net"


def enter(namespace):
    if LIBC.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def elsewhere():
    """This thread may change its network namespace meanwhile."""
    home = os.open(OWN_NAMESPACE, os.O_RDONLY)
    try:
        yield
    finally:
        enter(home)
        os.close(home)


def new_namespace():
    """A network namespace that lasts as long as it is open here, or a process or a socket is in it."""
    with elsewhere():
        if LIBC.unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        return os.open(OWN_NAMESPACE, os.O_RDONLY)


class Host:
    """A network namespace with a name; `addresses` are interfaces (`ipaddress.IPv4Interface`), the first is *the*
    address."""

    def __init__(self, lab, name):
        self.lab, self.name, self.namespace = lab, name, new_namespace()
        lab.namespaces.append(self.namespace)
        self.addresses = []
        self.devices = itertools.count()
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
        self.run("ip", "-batch", "-", text="\n".join(commands) + "\n")

    @property
    def path(self):
        """The namespace as a file that other processes can open."""
        return f"/proc/{os.getpid()}/fd/{self.namespace}"

    def enter(self, *words):
        """The words that run a command in this host."""
        return ["nsenter", f"--net={self.path}", *words]

    def run(self, *words, **options):
        return run(*self.enter(*words), **options)

    def sysctl(self, *settings):
        self.run("sysctl", "--quiet", "--write", *settings)

    def kernel_counters(self, protocol):
        """What this host's kernel counted of "Ip", "Icmp" or "Udp"."""
        lines = [line.split() for line in self.run("cat", "/proc/net/snmp").splitlines()]
        names, numbers = (words[1:] for words in lines if words[0] == f"{protocol}:")
        return dict(zip(names, map(int, numbers), strict=True))

    def nft(self, rules):
        """Loads rules into this host's packet filter."""
        self.run("nft", "-f", "-", text=rules)

    def processes(self):
        """The processes in this host."""
        network, found = os.fstat(self.namespace).st_ino, []
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            # One that has just ended is none.
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{pid}/ns/net").st_ino == network:
                    found.append(int(pid))
        return found

    def popen(self, *words, **options):
        return self.lab.popen(*self.enter(*words), **options)

    def socket(self, port=0, address="0.0.0.0"):
        """A UDP socket that lives in this host, though this program does not."""
        with elsewhere():
            enter(self.namespace)
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.lab.sockets.append(made)
        made.bind((address, port))
        return made


class Lab:
    """The hosts of one test, and a folder for their files."""

    def __init__(self):
        self.namespaces, self.processes, self.sockets, self.all_hosts = [], [], [], []
        self.servents = []  # For `witnesses`.
        self.folder = None
        self.switches = itertools.count(1)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tp3-lab-")
        return self

    def __exit__(self, *_):
        # Whoever is impatient now would leave something behind.
        with uninterrupted():
            for process in self.processes:
                if process.poll() is None:
                    process.kill()
            for process in self.processes:
                process.wait()
            for each in self.sockets:
                each.close()
            for namespace in self.namespaces:
                os.close(namespace)
            shutil.rmtree(self.folder, ignore_errors=True)

    def popen(self, *words, **options):
        """Starts a program that ends with the lab."""
        process = subprocess.Popen([*DIE_WITH_US, *words], **options)
        self.processes.append(process)
        return process

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
        one.ip(f"link add {ends[0]} type veth peer name {ends[1]} netns {other.path}", f"link set {ends[0]} up")
        other.ip(f"link set {ends[1]} up")
        return ends

    def link(self, network, one, other):
        """A cable between two hosts with a network of its own: `one` is .1, `other` is .2. Returns the names of its two
        ends."""
        addresses = ipaddress.ip_network(network).hosts()
        ends = self.cable(one, other)
        for host, device in zip((one, other), ends, strict=True):
            self.give(host, device, next(addresses), network)
        return ends

    def lan(self, network, *hosts, mtu=1500):
        """A switch with a cable to each host; they get the network's first addresses, in order. Returns the switch."""
        switch = Host(self, f"switch{next(self.switches)}")
        switch.ip("link add bridge type bridge", "link set bridge up")
        addresses = ipaddress.ip_network(network).hosts()
        for host in hosts:
            device, port = self.cable(host, switch)
            host.ip(f"link set {device} mtu {mtu}")
            switch.ip(f"link set {port} mtu {mtu} master bridge")
            self.give(host, device, next(addresses), network)
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
