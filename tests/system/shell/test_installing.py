"""data/install, into a folder of the test."""

import os

import pytest

from lab.processes import run
from lab.programs import NAMES, ROOT, write

# Nothing here takes as long as this, but for what compiles the programs.
COMPILE_S_MAX = 1200
pytestmark = pytest.mark.timeout(COMPILE_S_MAX)

INSTALL = os.path.join(ROOT, "data", "install")
PLACES = [
    "bin/{}",
    "share/man/man1/{}.1",
    "share/bash-completion/completions/{}",
    "share/zsh/site-functions/_{}",
    "share/fish/vendor_completions.d/{}.fish",
]


def install(*words, **options):
    # The programs are compiled first, if that was not done since the last change.
    return run(INSTALL, *words, wait_s_max=COMPILE_S_MAX, **options)


def files_in(folder):
    return sorted(
        os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names
    )


PAGES = [f"share/man/man1/tp3-{verb}.1" for verb in ("check", "explain", "export", "load", "overlay", "simulate")]
EXPECTED = sorted([place.format(program) for place in PLACES for program in NAMES] + PAGES)


@pytest.mark.needs("cargo")
def test_everything_is_installed_found_and_uninstalled_again(folder):
    prefix = os.path.join(folder, "a prefix")
    said = install(prefix)
    assert files_in(prefix) == EXPECTED, files_in(prefix)
    assert f"add {prefix}/bin to PATH" in said and "fpath+=" in said, said
    for program in NAMES:
        assert run(os.path.join(prefix, "bin", program), "--version").startswith(f"{program} ")
        for place in PLACES[1:]:
            assert os.path.getsize(os.path.join(prefix, place.format(program))) > 500, place
    # Over an installation, another one.
    install(prefix)
    write(prefix, "bin/other")
    install("--uninstall", prefix)
    assert files_in(prefix) == ["bin/other"], files_in(prefix)


@pytest.mark.needs("cargo")
def test_the_prefix_is_in_the_home_folder_unless_it_is_given(folder):
    # cargo finds its own files where they are.
    home = os.environ["HOME"]
    cargo = {"CARGO_HOME": f"{home}/.cargo", "RUSTUP_HOME": f"{home}/.rustup"}
    install(env={**cargo, **os.environ, "HOME": folder})
    assert files_in(os.path.join(folder, ".local")) == EXPECTED
    staged = os.path.join(folder, "staged")
    install("/usr", env={**os.environ, "DESTDIR": staged})
    assert files_in(os.path.join(staged, "usr")) == EXPECTED


@pytest.mark.needs("man", "cargo")
def test_man_finds_the_pages_that_are_installed(folder):
    install(folder)
    # man looks beside the folders of PATH.
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder}
    for program in NAMES:
        assert run("man", "-w", program, env=environment).strip() == f"{folder}/share/man/man1/{program}.1"


def test_a_wrong_command_line_is_refused(folder):
    for words in [["--unknown"], ["/a", "/b"], [""]]:
        with pytest.raises(AssertionError, match="ended with 2"):
            install(*words, env={**os.environ, "HOME": folder})
    assert files_in(folder) == []
