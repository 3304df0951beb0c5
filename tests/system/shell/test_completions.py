"""Completions, typed at each shell."""

import pytest

from lab.processes import run
from lab.programs import NAMES, generated, write
from lab.terminals import Shell, double

# A row: what is typed before the tab, and the arguments that the program gets.
TYPED = [
    ("serventTP3 6001 we", ["6001", "web.txt"]),
    ("serventTP3 --bind 127.0.0.1 6001 we", ["--bind", "127.0.0.1", "6001", "web.txt"]),
    ("serventTP3 -v 6001 we", ["-v", "6001", "web.txt"]),
    ("serventTP3 6001 web.txt --neigh", ["6001", "web.txt", "--neighbours-only"]),
    ("tp3 ov", ["overlay"]),
    ("tp3 help ov", ["help", "overlay"]),
    ("tp3 overlay we", ["overlay", "web.txt"]),
    ("tp3 overlay --at 6001 we", ["overlay", "--at", "6001", "web.txt"]),
    ("clientTP3 127.0.0.1:6001 --tim", ["127.0.0.1:6001", "--timeout"]),
    ("clientTP3 --generate fi", ["--generate", "fish"]),
    ("clientTP3 --generate=fi", ["--generate=fish"]),
    # No files for ports, keys, neighbours and numbers.
    ("serventTP3 we", ["we"]),
    ("serventTP3 6001 web.txt we", ["6001", "web.txt", "we"]),
    ("serventTP3 --seen-expiry we", ["--seen-expiry", "we"]),
    ("clientTP3 127.0.0.1:6001 we", ["127.0.0.1:6001", "we"]),
    ("tp3 overlay web.txt we", ["overlay", "web.txt", "we"]),
]


def prepare(what, folder):
    """A folder with a file, doubles of the programs, and their completions, whose paths it returns."""
    write(folder, "web.txt")
    for program in NAMES:
        double(folder, program)
    return [generated(program, what, folder) for program in NAMES]


def check(shell, rows):
    wrong = [(typed, got, meant) for typed, meant in rows if (got := shell.completed(typed)) != meant]
    assert not wrong, "\n".join(f"{typed}<TAB>: {got}, expected {meant}" for typed, got, meant in wrong)


@pytest.mark.needs("bash")
def test_bash_loads_the_completions_and_completes(folder):
    files = prepare("bash", folder)
    for file in files:
        assert run("bash", "--norc", "-u", "-c", f". {file}") == ""
    with Shell(["bash", "--norc", "-i"], folder) as shell:
        for file in files:
            shell.command(f". {file}")
        check(shell, TYPED)


@pytest.mark.needs("bash")
def test_bash_offers_options_and_their_values_and_not_the_names_of_arguments(folder):
    files = dict(zip(NAMES, prepare("bash", folder), strict=True))
    for program, words, offered in [
        ("serventTP3", ["-"], ["--bind", "--neighbours-only", "-v", "--help"]),
        ("serventTP3", ["6001", "web.txt", "127.0.0.1", ":", "6002", "--b"], ["--bind"]),
        ("clientTP3", ["--ti"], ["--timeout"]),
        ("clientTP3", ["--generate", ""], ["man", "bash", "zsh", "fish"]),
        ("clientTP3", ["--generate", "="], ["man", "bash", "zsh", "fish"]),
        ("clientTP3", ["--generate", "=", "z"], ["zsh"]),
        ("clientTP3", [""], []),
        ("clientTP3", ["127.0.0.1", ":"], []),
        ("clientTP3", ["127.0.0.1", ":", "6001", "--", "--ti"], []),
        ("tp3", ["overlay", "--at", "-"], []),
    ]:
        line = " ".join(f"'{word}'" for word in [program, *words])
        script = f". {files[program]}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _{program} {program}"
        got = run("bash", "--norc", "-c", f"{script}; printf '%s\\n' \"${{COMPREPLY[@]}}\"").split()
        complete = all(word in got for word in offered) and not any("<" in word or "[" in word for word in got)
        assert complete and (offered or not got), f"{program} {words}: {got}, expected {offered}"
        if len(offered) == 1:
            assert got == offered, f"{program} {words}: {got}"


@pytest.mark.needs("zsh")
def test_zsh_loads_the_completions_and_completes(folder):
    for program, file in zip(NAMES, prepare("zsh", folder), strict=True):
        with open(file, encoding="utf-8") as text:
            write(folder, f"functions/_{program}", text.read())
    with Shell(["zsh", "-f", "-i", "-o", "no_prompt_sp"], folder) as shell:
        # -u: the folder may belong to somebody else than the one who runs the tests.
        # What is typed is shown as well, but for the quotes.
        shown = shell.command("fpath+=($PWD/functions) && autoload -U compinit && compinit -u -D && echo loa''ded")
        assert "loaded" in shown.split(), shown
        for program in NAMES:
            shown = shell.command(f"autoload +X _{program} && echo loa''ded")
            assert "loaded" in shown.split() and "rror" not in shown, shown
        check(shell, TYPED)


@pytest.mark.needs("fish")
def test_fish_loads_the_completions_and_completes(folder):
    files = prepare("fish", folder)
    load = "; ".join(f"source {file}" for file in files)
    environment = {"HOME": folder, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

    def offered(typed):
        lines = run("fish", "--no-config", "-c", f"{load}; complete -C '{typed}'", cwd=folder, env=environment)
        return [line.split("\t")[0] for line in lines.splitlines()]

    for typed, meant in TYPED:
        is_completed = meant[-1] != typed.split()[-1]
        assert offered(typed) == ([meant[-1]] if is_completed else []), f"{typed}: {offered(typed)}"
    options = offered("serventTP3 --")
    assert "--bind" in options and "--help" in options, options
