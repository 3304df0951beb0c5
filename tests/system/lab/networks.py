"""The networks that the tests use, the overlays on them, and what an overlay ought to answer."""

import itertools


def line(lab, *names):
    """Hosts in a line, each a router for those behind it: a cable and a network between any two. A host in the middle
    has two addresses, and what it sends leaves with the one of the way that it takes."""
    hosts = lab.hosts(*names)
    for index, pair in enumerate(itertools.pairwise(hosts)):
        lab.link(f"10.77.{index}.0/24", *pair)
    for place, host in enumerate(hosts):
        host.sysctl("net.ipv4.ip_forward=1")
        # The network before the one on the left, and those farther left, are reached by the left; likewise right.
        left = [f"route add 10.77.{index}.0/24 via 10.77.{place - 1}.1" for index in range(place - 1)]
        right = [f"route add 10.77.{index}.0/24 via 10.77.{place}.2" for index in range(place + 1, len(hosts) - 1)]
        if left or right:
            host.ip(*left, *right)
    lab.ready()
    return hosts


def lan(lab, *names, mtu=1500):
    """Hosts at one switch."""
    hosts = lab.hosts(*names)
    lab.lan("10.77.0.0/24", *hosts, mtu=mtu)
    lab.ready()
    return hosts


def two_lans(lab, left, right, right_mtu=1500):
    """Two switches with hosts, and a router between them. Returns the router and the switches."""
    (router,) = lab.hosts("router")
    router.sysctl("net.ipv4.ip_forward=1")
    lefts, rights = lab.hosts(*left), lab.hosts(*right)
    switches = [
        lab.lan("10.77.1.0/24", router, *lefts),
        lab.lan("10.77.2.0/24", router, *rights, mtu=right_mtu),
    ]
    for hosts, net in (lefts, 1), (rights, 2):
        for host in hosts:
            host.ip(f"route add default via 10.77.{net}.1")
    lab.ready()
    return router, *switches


def chain(*names):
    """An overlay in which each knows the one before it and the one behind it."""
    return {
        name: [*names[max(0, place - 1) : place], *names[place + 1 : place + 2]] for place, name in enumerate(names)
    }


def ring(*names):
    """An overlay in which the last and the first know each other as well."""
    return {name: [names[place - 1], names[(place + 1) % len(names)]] for place, name in enumerate(names)}


def ball(overlay, origin, hops=3):
    """Who hears of a query asked at `origin`: breadth first along the neighbour lists."""
    reached, edge = {origin}, {origin}
    for _ in range(hops):
        edge = {neighbour for name in edge for neighbour in overlay.get(name, ())} - reached
        reached |= edge
    return reached
