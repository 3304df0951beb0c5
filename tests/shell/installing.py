"""data/install, into a folder of the test."""

import os

import programs
from programs import COMPILE_S_MAX, needs, run

INSTALL = os.path.join(programs.ROOT, "data", "install")
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


EXPECTED = sorted([place.format(program) for place in PLACES for program in programs.NAMES] + ["share/man/man1/tp3-overlay.1"])


@needs("cargo")
def everything_is_installed_found_and_uninstalled_again(folder):
    prefix = os.path.join(folder, "a prefix")
    said = install(prefix)
    assert files_in(prefix) == EXPECTED, files_in(prefix)
    assert f"add {prefix}/bin to PATH" in said and "fpath+=" in said, said
    for program in programs.NAMES:
        assert run(os.path.join(prefix, "bin", program), "--version").startswith(f"{program} ")
        for place in PLACES[1:]:
            assert os.path.getsize(os.path.join(prefix, place.format(program))) > 500, place
    # Over an installation, another one.
    install(prefix)
    other = os.path.join(prefix, "bin", "other")
    with open(other, "w", encoding="utf-8"):
        pass
    install("--uninstall", prefix)
    assert files_in(prefix) == ["bin/other"], files_in(prefix)


@needs("cargo")
def the_prefix_is_in_the_home_folder_unless_it_is_given(folder):
    # cargo finds its own files where they are.
    home = os.environ["HOME"]
    cargo = {"CARGO_HOME": f"{home}/.cargo", "RUSTUP_HOME": f"{home}/.rustup"}
    install(env={**cargo, **os.environ, "HOME": folder})
    assert files_in(os.path.join(folder, ".local")) == EXPECTED
    staged = os.path.join(folder, "staged")
    install("/usr", env={**os.environ, "DESTDIR": staged})
    assert files_in(os.path.join(staged, "usr")) == EXPECTED


@needs("man", "cargo")
def man_finds_the_pages_that_are_installed(folder):
    install(folder)
    # man looks beside the folders of PATH.
    environment = {"PATH": f"{folder}/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder}
    for program in programs.NAMES:
        assert run("man", "-w", program, env=environment).strip() == f"{folder}/share/man/man1/{program}.1"


@needs()
def a_wrong_command_line_is_refused(folder):
    for words in [["--unknown"], ["/a", "/b"], [""]]:
        try:
            install(*words, env={**os.environ, "HOME": folder})
        except AssertionError as refused:
            assert "ended with 2" in str(refused), refused
        else:
            raise AssertionError(f"accepted: {words}")
    assert files_in(folder) == []
