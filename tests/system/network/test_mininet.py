"""data/mininet/overlay.py: the overlays of data/overlays, each servent on a Mininet host."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import pexpect
import pytest

from lab.networks import ball
from lab.processes import DEADLINE_S, DIE_WITH_US, Deadline, children, still_running
from lab.programs import BINARIES, ROOT, write

pytestmark = pytest.mark.needs("mininet")

DATA = os.path.join(ROOT, "data")
TOOL = os.path.join(DATA, "mininet", "overlay.py")


def overlay_file(name):
    return os.path.join(DATA, "overlays", f"{name}.txt")


def start(lab, *words, python=(), **environment):
    """Starts the tool, with these variables in its environment; by `python`, and else by the one in its first line."""
    words = [*python, TOOL, "--binaries", BINARIES, "--timeout", "1", *words]
    pipe = subprocess.PIPE
    texts = {"text": True, "errors": "surrogateescape"}
    environment = {**os.environ, **environment}
    return lab.popen(*words, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, env=environment, **texts)


def read(name):
    """The overlay by ports, and the value of `http` at each port that has one; read without the tool's help."""
    overlay, values = {}, {}
    with open(overlay_file(name), encoding="utf-8") as file:
        lines = [shlex.split(line, comments=True) for line in file]
    for port, kv, *neighbours in filter(None, lines):
        overlay[port] = [neighbour.removeprefix("127.0.0.1:") for neighbour in neighbours]
        with open(os.path.join(DATA, "overlays", kv), encoding="utf-8", errors="surrogateescape") as file:
            found = re.findall(r"^http[ \t]+(.*?)\s*$", file.read(), re.MULTILINE)
        if found:
            values[port] = found[-1]
    return overlay, values


def expect_answers(lab, name, counts):
    """Asks for `http` at each of these ports: who holds it within three hops answers, from the host that its place in
    the file gives it, and nobody else does; `counts` says how many that are.

    Where two paths to a servent differ in length, the longer one may have been faster, and the query ends short of the
    ball (P-19). Some servent has counted that then; answers that are missing without such a count are a failure.
    """
    overlay, values = read(name)
    addresses = {port: f"10.0.0.{place}:{port}" for place, port in enumerate(overlay, start=1)}
    for origin, count in counts.items():
        stdout, stderr = start(lab, overlay_file(name), "http", "--at", origin, "-v").communicate(timeout=DEADLINE_S)
        holders = ball(overlay, origin) & set(values)
        assert len(holders) == count, f"{name}: {sorted(holders)}"
        answers = set(stdout.splitlines())
        meant = {f"http\t{addresses[port]}\t{values[port]}" for port in holders}
        cut_short = re.search(r"duplicate_higher_ttl +[1-9]", stderr)
        assert answers == meant or (answers < meant and cut_short), f"{name} at {origin}:\n{stdout}{stderr}"
        assert len(answers) == len(stdout.splitlines()), f"{name} at {origin}: the same again:\n{stdout}"
        assert "asking again" not in stderr, stderr


def test_p18_under_mininet_a_chain_of_five_gives_four_answers(lab):
    expect_answers(lab, "chain", {"6001": 4, "6003": 5})


def test_p14_under_mininet_a_ring_gives_its_ball(lab):
    expect_answers(lab, "ring", {"6001": 5})


def test_p14_under_mininet_a_star_gives_its_ball(lab):
    expect_answers(lab, "star", {"6001": 6, "6005": 6})


def test_p14_under_mininet_a_grid_gives_its_ball(lab):
    expect_answers(lab, "grid", {"6001": 6, "6005": 7})


def test_p45_without_a_key_the_lines_of_the_input_are_asked(lab):
    stdout, stderr = start(lab, overlay_file("pair")).communicate("http\n\nnothing\n", timeout=DEADLINE_S)
    assert len(stdout.splitlines()) == 2 and all(line.startswith("http\t10.0.0.") for line in stdout.splitlines())
    assert "nothing: no answer" in stderr, stderr


def test_p40_at_mininets_prompt_commands_reach_hosts_and_links(lab):
    """The loss that was asked for is there, and can be taken away; a link can be taken down."""
    ask = "client clientTP3 10.0.0.1:6001 http --timeout 0.5"
    no_loss = [f"{host} nft delete table ip loss" for host in ("h1", "h2", "client")]
    commands = ["h1 nft list ruleset", *no_loss, ask, "link s1 h2 down", ask, "exit"]
    tool = start(lab, overlay_file("pair"), "--cli", "--loss", "99")
    said = "".join(tool.communicate("".join(f"{command}\n" for command in commands), timeout=DEADLINE_S))
    assert "numgen random mod 100 < 99 drop" in said, said
    # Mininet's hosts have terminals, and there the key is in colour.
    assert re.findall(r"http\S*: no more answers \((\d)", said) == ["2", "1"], said


def test_p18_under_mininet_traces_tell_who_got_the_question(lab):
    """A trace of every servent, in a folder that is made, from which tp3 explains why the fifth does not answer."""
    folder = os.path.join(lab.folder, "new", "traces")
    tool = start(lab, overlay_file("chain"), "--trace", folder, "http")
    stdout, stderr = tool.communicate(timeout=DEADLINE_S)
    assert len(stdout.splitlines()) == 4, stderr
    assert sorted(os.listdir(folder)) == [f"{port}.jsonl" for port in range(6001, 6006)]
    explained = lab.popen(os.path.join(BINARIES, "tp3"), "explain", "--json", folder, stdout=subprocess.PIPE, text=True)
    stdout, _ = explained.communicate(timeout=DEADLINE_S)
    flood = json.loads(stdout)
    assert [visit["servent"] for visit in flood["servents"]] == [f"10.0.0.{n}:600{n}" for n in range(1, 5)], flood
    missed = [(miss["servent"], miss["why"], miss["at"]) for miss in flood["not_reached"]]
    assert missed == [("10.0.0.5:6005", "out_of_reach", "10.0.0.4:6004")] and not flood["findings"], flood


def test_at_mininets_prompt_pingall_reaches_every_host(lab):
    stdout, stderr = start(lab, overlay_file("pair"), "--cli").communicate("pingall\nexit\n", timeout=DEADLINE_S)
    assert "0% dropped (6/6 received)" in stdout + stderr, (stdout, stderr)


def test_what_only_the_prompt_needs_is_asked_for_with_it(lab):
    """Here there is everything but ping."""
    for tool in "unshare", "ip", "mnexec", "brctl", "ifconfig":
        os.symlink(shutil.which(tool), os.path.join(lab.folder, tool))
    tool = start(lab, overlay_file("pair"), "--cli", PATH=lab.folder)
    stdout, stderr = tool.communicate(timeout=DEADLINE_S)
    advice = "overlay.py: missing: apt-get install --no-install-recommends iputils-ping\n"
    assert (tool.returncode, stdout, stderr) == (1, "", advice)


def test_where_mininet_lacks_distutils_the_advice_is_its_package(lab):
    """As under Python 3.12 and later without setuptools, by whichever Python the tool is run."""
    text = "raise ModuleNotFoundError(\"No module named 'distutils'\", name='distutils')\n"
    write(lab.folder, "distutils/__init__.py", text)
    no_setuptools = {"SETUPTOOLS_USE_DISTUTILS": "stdlib"}
    for python in (), ("/usr/bin/python3",), (sys.executable,):
        tool = start(lab, overlay_file("pair"), "http", python=python, PYTHONPATH=lab.folder, **no_setuptools)
        stdout, stderr = tool.communicate(timeout=DEADLINE_S)
        advice = "overlay.py: missing: apt-get install --no-install-recommends python3-setuptools\n"
        assert (tool.returncode, stdout, stderr) == (1, "", advice), python


def test_by_a_python_without_mininet_the_advice_is_one_that_has_it(lab):
    tool = start(lab, overlay_file("pair"), "http", python=[sys.executable])
    _, stderr = tool.communicate(timeout=DEADLINE_S)
    assert tool.returncode == 1 and "but /usr/bin/python3 can: " in stderr, stderr
    advised = lab.popen(*shlex.split(stderr.split(" can: ")[1]), stdout=subprocess.PIPE, text=True)
    stdout, _ = advised.communicate(timeout=DEADLINE_S)
    assert len(stdout.splitlines()) == 2 and advised.returncode == 0, stdout


def test_what_is_typed_for_a_client_at_mininets_prompt_is_shown_once_with_noecho(lab):
    """Without it Mininet shows it as well as the client, which does so at every terminal but a dumb one."""
    program, *words = [*DIE_WITH_US, TOOL, "--binaries", BINARIES, overlay_file("pair"), "--cli"]
    # Mininet keeps a history.
    environment = {**os.environ, "HOME": lab.folder, "TERM": "xterm"}
    tool = pexpect.spawn(program, words, env=environment, timeout=DEADLINE_S, encoding="utf-8")
    tool.expect_exact("mininet> ")
    for first_word, shown in ("", 2), ("noecho ", 1):
        tool.send(f"{first_word}client clientTP3 10.0.0.1:6001 --timeout 0.5\r")
        tool.expect_exact("key> ")
        # Mininet passes on one letter, and then waits for the next event.
        for letter in "http":
            tool.send(letter)
            tool.expect_exact(letter * shown)
            assert not set("http") & set(tool.before), (first_word, tool.before)
        tool.send("\r")
        tool.expect_exact("10.0.0.")
        tool.expect_exact("key> ")
        tool.send("\x04")
        tool.expect_exact("mininet> ")
    tool.send("exit\r")
    tool.expect_exact(pexpect.EOF)
    tool.close()
    assert tool.exitstatus == 0, tool.exitstatus


def test_terminated_while_a_command_runs_at_the_prompt_it_ends_in_order(lab):
    tool = start(lab, overlay_file("pair"), "--cli")
    tool.stdin.write("h1 echo it runs; sleep 1000\n")
    tool.stdin.flush()
    assert any("it runs" in line for line in tool.stderr), "it did not run"
    left = handles(tool.pid)
    tool.terminate()
    _, stderr = tool.communicate(timeout=DEADLINE_S)
    assert tool.returncode == 143 and "Traceback" not in stderr, (tool.returncode, stderr)
    assert not still_running(left)


def test_p34_a_bad_overlay_file_is_refused_with_its_line(lab):
    """What `tp3 overlay` says of it, which reads the file, and what only the tool can tell."""
    own, reader = "overlay.py", "tp3 overlay"
    cases = [
        ("6001 kv.txt 127.0.0.1:6002", own, ":2: no line of this file is the neighbour 127.0.0.1:6002"),
        ("6001 gone.txt", reader, ":2: cannot read the key-value file"),
        ("6001", reader, ":2: the following required arguments were not provided: <FILE>"),
        ("70000 kv.txt", reader, ":2: invalid value '70000' for '<PORT>': expected a port from 1 to 65535"),
        ("6001 kv.txt --nosuch", reader, ":2: unexpected argument '--nosuch' found"),
        ("6001 'kv.txt", reader, ":2: an unclosed quote"),
        ("6001 kv.txt\n6001 kv.txt", reader, ":3: 127.0.0.1:6001 is taken by line 2 already"),
        ("", reader, ": names no servent"),
        ("6001 kv.txt --first-seq x", reader, ":2: invalid value 'x' for '--first-seq <N>'"),
    ]
    write(lab.folder, "kv.txt", "key\tvalue\n")
    for text, who, message in cases:
        path = write(lab.folder, "overlay.txt", f"# {text!r}\n{text}\n")
        tool = start(lab, path, "key")
        stdout, stderr = tool.communicate(timeout=DEADLINE_S)
        assert (tool.returncode, stdout) == (1, ""), f"{text}: {tool.returncode} {stdout}"
        assert f"{who}: {path}{message}" in stderr, f"{text}: {stderr}"


def test_lines_with_options_of_their_own_run_as_they_do_without_mininet(lab):
    """A trace is written where its line says, and a line may say how much its servent logs."""
    write(lab.folder, "kv.txt", "http\t80/tcp\n")
    path = write(lab.folder, "overlay.txt", "6001 kv.txt --trace 6001.jsonl -v\n6002 kv.txt 127.0.0.1:6001\n")
    stdout, stderr = start(lab, path, "http").communicate(timeout=DEADLINE_S)
    assert stdout == "http\t10.0.0.1:6001\t80/tcp\n", (stdout, stderr)
    with open(os.path.join(lab.folder, "6001.jsonl"), encoding="utf-8") as file:
        events = [json.loads(line)["event"] for line in file]
    assert events[0] == "start" and "answered" in events and events[-1] == "end", events


def handles(pid):
    """A handle, that can be waited on, for each child of a process."""
    found = []
    for child in children(pid):
        # One that has just ended has none.
        with contextlib.suppress(ProcessLookupError):
            found.append(os.pidfd_open(child))
    return found


def test_p40_however_it_ends_nothing_is_left(lab):
    """Ctrl-C, SIGTERM and SIGKILL while it asks: its processes end, and with the last one its network."""
    for ending, code in (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL):
        tool = start(lab, overlay_file("pair"), "nothing", "--timeout", "60")
        assert any("the client 10.0.0.3 asks h1" in line for line in tool.stderr), "it did not ask"
        assert os.stat(f"/proc/{tool.pid}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino, "not on its own"
        # The client is started after that line; it says something only if nobody answers.
        deadline = Deadline()
        while len(children(tool.pid)) < 4 + 2 + 1 and deadline.left():
            pass
        left = handles(tool.pid)
        assert len(left) == 4 + 2 + 1, f"{len(left)} processes are not the shells of 4 nodes, 2 servents and a client"
        # At a terminal Ctrl-C is for all that have not left its group: the tool and the client.
        if ending == signal.SIGINT:
            os.killpg(tool.pid, ending)
        else:
            tool.send_signal(ending)
        tool.communicate(timeout=DEADLINE_S)
        assert tool.returncode == code, f"{ending.name}: {tool.returncode}"
        left = still_running(left)
        assert not left, f"{ending.name} left {len(left)} processes"


def test_p40_what_it_starts_while_it_is_killed_does_not_start(lab):
    """A command that it has made, run by another process than the one that made it, as one is whose parent has died."""
    make = "import json, overlay; print(json.dumps(overlay.dying_with_us(['echo', 'started'])))"
    words = json.loads(subprocess.check_output([sys.executable, "-c", make], cwd=os.path.dirname(TOOL)))
    stdout, stderr = lab.popen(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).communicate()
    assert (stdout, stderr) == ("", "")
    make = "import overlay, subprocess; subprocess.check_call(overlay.dying_with_us(['echo', 'started']))"
    assert subprocess.check_output([sys.executable, "-c", make], cwd=os.path.dirname(TOOL)) == b"started\n"
