"""The build script: what it makes of a checkout, and of what is none."""

import os
import re

import pytest

from lab.processes import run
from lab.programs import ROOT, write


def built(folder):
    """The build script as a program."""
    script = os.path.join(folder, "build-script")
    run("rustc", "--edition", "2024", "-o", script, os.path.join(ROOT, "build.rs"))
    return script


def environment(folder):
    """No settings of this machine or of whoever runs the tests, and no checkout above the folder."""
    person = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}
    git = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": folder}
    return {"PATH": os.environ["PATH"], "CARGO_PKG_VERSION": "1.2.3", **person, **git}


def said(script, folder, environment):
    """The version, the date, and the files that make cargo run the script again."""
    output = run(script, cwd=folder, env=environment)
    version = re.search("^cargo::rustc-env=TP3_VERSION=(.*)$", output, re.M)[1]
    date = re.search("^cargo::rustc-env=TP3_DATE=(.*)$", output, re.M)[1]
    return version, date, re.findall("^cargo::rerun-if-changed=(.*)$", output, re.M)


@pytest.mark.needs("rustc")
def test_outside_a_checkout_the_version_stands_alone(folder):
    script = built(folder)
    assert said(script, folder, environment(folder)) == ("1.2.3", "", ["build.rs"])
    # Nor is there a git everywhere.
    without = {**environment(folder), "PATH": "/nowhere"}
    assert said(script, folder, without) == ("1.2.3", "", ["build.rs"])


@pytest.mark.needs("rustc", "git")
def test_a_checkout_of_something_else_above_does_not_count(folder):
    script = built(folder)
    inner = os.path.dirname(write(folder, "checkout/package/file"))
    outer = os.path.dirname(inner)
    for words in [["init", "-q"], ["add", "."], ["commit", "-qm", "one"]]:
        run("git", *words, cwd=outer, env=environment(folder))
    assert said(script, inner, environment(folder))[0] == "1.2.3"
    assert said(script, outer, environment(folder))[0] != "1.2.3"


@pytest.mark.needs("rustc", "git")
def test_every_move_of_head_makes_cargo_ask_again(folder):
    script, env = built(folder), environment(folder)
    checkout = os.path.dirname(write(folder, "checkout/build.rs"))

    def git(*words):
        return run("git", *words, cwd=checkout, env=env).strip()

    def stamps(files):
        """What cargo compares: times of files, and of all that is in folders."""
        found = {}
        for file in files:
            path = os.path.join(checkout, file)
            assert os.path.exists(path), f"{file} is watched and is not there"
            inside = [os.path.join(at, name) for at, _, names in os.walk(path) for name in names]
            found.update({each: os.stat(each).st_mtime_ns for each in [path, *inside]})
        return found

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "one")
    for move in [
        ["commit", "-q", "--allow-empty", "-m", "two"],
        ["commit", "-q", "--amend", "--allow-empty", "-m", "three"],
        ["reset", "-q", "--hard", "HEAD@{1}"],
        ["checkout", "-q", "-b", "side/way"],
        ["commit", "-q", "--allow-empty", "-m", "four"],
        ["checkout", "-q", "--detach"],
        ["commit", "-q", "--allow-empty", "-m", "five"],
        ["checkout", "-q", "main"],
    ]:
        check_move(git, script, checkout, env, stamps, move)
    # All branches packed into one file, and no log.
    git("pack-refs", "--all")
    git("config", "core.logAllRefUpdates", "false")
    check_move(git, script, checkout, env, stamps, ["commit", "-q", "--allow-empty", "-m", "six"])


def check_move(git, script, checkout, env, stamps, move):
    _, _, files = said(script, checkout, env)
    before = stamps(files)
    git(*move)
    assert stamps(files) != before, f"{move}: nothing changed in {files}"
    version, date, _ = said(script, checkout, env)
    assert version == f"1.2.3 ({git('rev-parse', '--short=10', 'HEAD')} {date})", version
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", date), date
