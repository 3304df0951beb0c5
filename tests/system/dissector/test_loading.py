"""The dissector as Wireshark loads it: once, however often it is given, by every Lua that Wireshark is built with."""

import os

import pytest

from lab.captures import DISSECTOR, PORT_IS_SET, columns
from lab.codec import clireq, query, udp, write_pcap
from lab.processes import run
from lab.programs import ROOT, write
from lab.vectors import read_vectors

# Wireshark up to 4.2 is built with Lua 5.2, later ones with any of these.
LUAS = ("5.2", "5.3", "5.4")
# Below a person's home, on Linux.
PLUGINS = os.path.join(".local", "lib", "wireshark", "plugins")
STUB = os.path.join(ROOT, "tests", "system", "dissector", "wireshark.lua")


@pytest.mark.needs("tshark")
def test_installed_and_given_as_well_it_loads_once_and_quietly(folder):
    """What is installed is loaded first. (That Lua has nothing to say is looked at wherever tshark is run.)"""
    with open(DISSECTOR, encoding="utf-8") as file:
        text = file.read()
    marked = text.replace('pinfo.cols.protocol = "TP3"', 'pinfo.cols.protocol = "INSTALLED"')
    assert marked != text
    write(folder, os.path.join(PLUGINS, "tp3.lua"), marked)
    shown = columns(folder, write_pcap(os.path.join(folder, "one.pcap"), [udp(query(b"http"))]))
    assert [protocol for protocol, _ in shown] == ["INSTALLED"], shown


@pytest.mark.needs("tshark")
def test_given_twice_it_loads_once_and_quietly(folder):
    pcap = write_pcap(os.path.join(folder, "one.pcap"), [udp(query(b"http"))])
    ((protocol, info),) = columns(folder, pcap, "-X", f"lua_script:{DISSECTOR}", *PORT_IS_SET)
    assert (protocol, info) == ("TP3", "40001 → 6001 QUERY ttl 3 client 10.0.0.9:40001 seq 7 key http")


def each_lua(compiler=""):
    """Runs a test with each of `LUAS`, as the program that runs a script, or the one that compiles it."""
    tools = [f"lua{compiler}{version}" for version in LUAS]
    return pytest.mark.parametrize("lua", [pytest.param(tool, marks=pytest.mark.needs(tool)) for tool in tools])


@each_lua(compiler="c")
def test_every_lua_accepts_its_syntax(lua):
    run(lua, "-p", DISSECTOR)


@pytest.mark.needs("tshark")
@pytest.mark.parametrize("numbers", ["integers", "floats"])
@each_lua()
def test_every_lua_reads_every_vector_as_tshark_does(folder, lua, numbers):
    """Its functions are run as Wireshark would, whose numbers Lua 5.3 and later may get as integers or as floats."""
    vectors = [each["bytes"] for each in read_vectors("*.hex") if each["bytes"]] + [clireq(b"http"), query(b"http")]
    pcap = write_pcap(os.path.join(folder, "vectors.pcap"), map(udp, vectors))
    meant = [info for _, info in columns(folder, pcap, *PORT_IS_SET, "-e", "tp3.request_in")]
    assert meant[-1].endswith(f"key http\t{len(vectors) - 1}"), meant[-1]
    listed = write(folder, "vectors.txt", "".join(f"{each.hex()}\n" for each in vectors))
    shown = run(lua, STUB, DISSECTOR, numbers, listed).splitlines()
    assert shown == [f"TP3 {info}" for info in meant]
