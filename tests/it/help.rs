//! What the programs tell about themselves: `-h`, `--help`, `--version`, `--generate`, and tips for the usual mistakes.

use crate::cli::{FILE, run};
use crate::support::{CLIENT, OVERLAY, Program, SERVENT, TempDir};
use std::process::Command;

const PROGRAMS: [(&str, &str); 3] = [(SERVENT, "serventTP3"), (CLIENT, "clientTP3"), (OVERLAY, "overlayTP3")];

/// What a program prints, as at a terminal of 80 columns.
fn told(program: &str, option: &str) -> String {
    let finished = Program::spawn(Program::command(program, [option]).env("COLUMNS", "80")).finish();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{program} {option}");
    String::from_utf8(finished.stdout).unwrap()
}

#[test]
fn the_short_help_fits_a_terminal_of_80_by_24_with_the_prompt_that_follows() {
    for (program, name) in PROGRAMS {
        let help = told(program, "-h");
        assert!(help.lines().count() <= 23, "{name}: {} lines\n{help}", help.lines().count());
        assert!(help.contains(&format!("Usage: {name} ")) && help.contains(&format!("Example: {name} ")), "{help}");
        // A description that takes two lines begins in the column of the others: behind more than 7 blanks.
        let broken = help.lines().find(|line| line.chars().count() > 80 || line.starts_with("        "));
        assert_eq!(broken, None, "{name}: {help}");
    }
}

#[test]
fn the_long_help_teaches_and_is_80_columns_wide_at_most() {
    for (program, name) in PROGRAMS {
        let help = told(program, "--help");
        for title in ["Signals", "Exit status", "Environment", "Files", "Examples", "See also"] {
            assert!(help.contains(&format!("\n{title}:\n  ")), "{name}: no {title} in: {help}");
        }
        for text in ["RUST_LOG", "NO_COLOR", "SIGTERM"] {
            assert!(help.contains(text), "{name}: no {text} in: {help}");
        }
        assert_eq!(help.lines().find(|line| line.chars().count() > 80), None, "{name}: {help}");
    }
}

#[test]
fn help_and_version_work() {
    for (program, name) in [(SERVENT, "serventTP3"), (CLIENT, "clientTP3"), (OVERLAY, "overlayTP3")] {
        for option in ["--help", "-h", "--version", "-V"] {
            let finished = run(program, &[option]);
            let stdout = String::from_utf8(finished.stdout).unwrap();
            assert_eq!(finished.code, Some(0), "{name} {option}: {}", finished.stderr);
            assert!(stdout.contains(name), "{name} {option}: {stdout}");
            assert!(finished.stderr.is_empty(), "{name} {option}: {}", finished.stderr);
        }
    }
}

#[test]
fn help_names_every_option() {
    let rows: [(&str, &[&str]); 3] = [
        (
            SERVENT,
            &[
                "PORT",
                "FILE",
                "IP:PORT",
                "--bind",
                "--seen-expiry",
                "--seen-capacity",
                "--first-seq",
                "--neighbours-only",
                "--response-limit",
                "--no-offload",
                "-v",
                "-q",
            ],
        ),
        (CLIENT, &["IP:PORT", "KEY", "--timeout", "--tries"]),
        (OVERLAY, &["FILE", "KEY", "--at", "--timeout", "--tries", "-v"]),
    ];
    for (program, names) in rows {
        let help = String::from_utf8(run(program, &["--help"]).stdout).unwrap();
        for name in names {
            assert!(help.contains(name), "{program}: no {name} in: {help}");
        }
    }
}

/// The commit that is checked out, if the tests are those of a checkout.
fn commit() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    git(&["rev-parse", "--show-prefix"]).filter(|prefix| prefix.is_empty())?;
    git(&["log", "-1", "--no-show-signature", "--abbrev=10", "--format=(%h %cs)"])
}

#[test]
fn the_version_names_the_commit() {
    let commit = commit().map(|commit| format!(" {commit}")).unwrap_or_default();
    for (program, name) in PROGRAMS {
        for option in ["--version", "-V"] {
            assert_eq!(told(program, option), format!("{name} {}{commit}\n", env!("CARGO_PKG_VERSION")));
        }
    }
}

#[test]
fn what_is_generated_is_of_its_kind() {
    for (program, name) in PROGRAMS {
        for (what, start) in [
            ("man", ".ie \\n(.g .ds Aq".to_owned()),
            ("bash", format!("# Completions for bash, printed by: {name}")),
            ("zsh", format!("#compdef {name}\n")),
            ("fish", format!("complete -c {name} ")),
        ] {
            let text = told(program, &format!("--generate={what}"));
            assert!(text.starts_with(&start), "{name} {what}: {text}");
        }
    }
}

#[test]
fn the_man_pages_have_the_usual_sections_and_every_option() {
    let expected = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SIGNALS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
        "SEE ALSO",
    ];
    for (program, name) in PROGRAMS {
        let page = told(program, "--generate=man");
        let titles: Vec<_> = page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let titles: Vec<_> = titles.iter().map(|title| title.trim_matches('"')).collect();
        assert_eq!(titles, expected, "{name}");
        let help = told(program, "--help");
        let options = help.split([' ', '\n']).filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options.map(|option| option.trim_matches(|mark: char| !mark.is_alphabetic())) {
            let escaped = format!("\\-\\-{}", option.replace('-', "\\-"));
            assert!(page.contains(&escaped), "{name}: no {escaped} in: {page}");
        }
    }
}

#[test]
fn generating_stands_alone_and_says_what_it_can() {
    for (program, args, said) in [
        (CLIENT, &["--generate", "manual"][..], "[possible values: man, bash, zsh, fish]"),
        (CLIENT, &["--generate"], "[possible values: man, bash, zsh, fish]"),
        (SERVENT, &["6001", FILE, "--generate", "man"], "cannot be used with one or more of the other"),
    ] {
        let finished = run(program, args);
        assert_eq!(finished.code, Some(2), "{args:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(said) && finished.stdout.is_empty(), "{args:?}: {}", finished.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_said() {
    for (program, name, code) in [(SERVENT, "serventTP3", 1), (CLIENT, "clientTP3", 2), (OVERLAY, "overlayTP3", 2)] {
        for args in [&["--generate", "man"][..], &["--help"], &["--version"]] {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let output = Command::new(program).args(args).stdout(full).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{name} {args:?}: {stderr}");
            assert!(stderr.starts_with(&format!("{name}: cannot write: ")), "{args:?}: {stderr}");
        }
    }
}

#[test]
fn the_usual_mistakes_are_answered_with_what_was_meant() {
    for (program, args, tip) in [
        (SERVENT, &[][..], "PORT is where this servent listens"),
        (SERVENT, &["6001"], "FILE is missing"),
        (SERVENT, &["web.txt", "6001"], "the port comes before the file: serventTP3 6001 web.txt\n"),
        (
            SERVENT,
            &["--seen-expiry", "9", "web.txt", "6001"],
            "the port comes before the file: serventTP3 6001 web.txt\n",
        ),
        (SERVENT, &["6001", "web.txt", "10.0.0.1", "6002"], ": serventTP3 6001 web.txt 10.0.0.1:6002\n"),
        (SERVENT, &["10.0.0.1:6001", "web.txt"], ": serventTP3 6001 web.txt --bind 10.0.0.1\n"),
        (CLIENT, &["http", "127.0.0.1:6001"], "the servent comes before the keys: clientTP3 127.0.0.1:6001 http\n"),
        (CLIENT, &["http://127.0.0.1:6001/", "http"], ": clientTP3 127.0.0.1:6001 http\n"),
        (CLIENT, &["127.0.0.1", "6001", "http"], ": clientTP3 127.0.0.1:6001 http\n"),
        (CLIENT, &["h:6001", "--zzz"], "if '--zzz' is a key, put it behind `--`: clientTP3 h:6001 -- --zzz\n"),
        (CLIENT, &["h:6001", "--trys", "3"], "a similar argument exists: '--tries'\n"),
        (SERVENT, &["6001", FILE, "--neighbors-only"], "a similar argument exists: '--neighbours-only'\n"),
    ] {
        let finished = run(program, args);
        assert_eq!(finished.code, Some(2), "{args:?}: {}", finished.stderr);
        let tips: Vec<_> = finished.stderr.split_inclusive('\n').filter(|line| line.starts_with("  tip: ")).collect();
        assert!(tips.len() == 1 && tips[0].contains(tip), "{args:?}: {}", finished.stderr);
    }
}

#[test]
fn an_option_that_nothing_resembles_gets_no_tip_where_it_can_be_nothing_else() {
    let finished = run(SERVENT, &["6001", FILE, "--zzz"]);
    assert!(finished.stderr.contains("'--zzz'") && !finished.stderr.contains("tip:"), "{}", finished.stderr);
}

#[test]
fn p34_a_file_that_is_something_else_is_recognised() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let line = dir.write("overlay.txt", b"6001 127.0.0.1:6002\n");
    let line = line.to_str().unwrap();
    for (program, args, tip) in [
        (SERVENT, &["6001", "127.0.0.1:6002"][..], "the key-value file comes before the neighbours"),
        (OVERLAY, &["6001", FILE], "serventTP3 is the one that takes a port"),
        (OVERLAY, &["127.0.0.1:6001", "http"], "clientTP3 is the one that takes the address"),
        (OVERLAY, &[FILE, "http"], "a key-value file is for 'serventTP3 PORT FILE'"),
        (OVERLAY, &[line], "the key-value file comes before the neighbours"),
    ] {
        let finished = run(program, args);
        assert_eq!(finished.code, Some(1), "{args:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(tip), "{args:?}: {}", finished.stderr);
    }
}
