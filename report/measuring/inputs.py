"""entradas.csv: the key-value files of data/kv as they are, and as a servent reads them."""

import os
import re

from lab.namespaces import Lab
from lab.networks import lan
from lab.overlays import Servent
from lab.programs import ROOT
from measuring import tables

FOLDER = os.path.join(ROOT, "data", "kv")


def encoding(data):
    """What its bytes show: nothing is guessed beyond UTF-8 or not."""
    if data.isascii():
        return "ASCII"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "Latin-1"
    return "UTF-8 com BOM" if data.startswith(b"\xef\xbb\xbf") else "UTF-8"


def measure():
    rows = []
    with Lab() as lab:
        (host,) = lan(lab, "host")
        for name in sorted(os.listdir(FOLDER)):
            with open(os.path.join(FOLDER, name), "rb") as file:
                data = file.read()
            servent = Servent(host, os.path.join(FOLDER, name))
            keys = int(re.search(r"(\d+) pairs? from", servent.banner)[1])
            servent.stop()
            ends = "CRLF" if b"\r\n" in data else "LF"
            rows.append({"file": name, "bytes": len(data), "keys": keys, "encoding": encoding(data), "line_ends": ends})
    tables.write("entradas.csv", rows)
