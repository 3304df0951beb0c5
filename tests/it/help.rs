//! What the programs tell about themselves: `-h`, `--help`, `--version`, `--generate`, and tips for the usual mistakes.

use crate::cli::{FILE, run};
use crate::support::{CLIENT, Program, SERVENT, TP3, TempDir};
use std::collections::BTreeSet;
use std::process::Command;

/// A program, or a verb of one: its binary, and what it is called.
type Tool = (&'static str, &'static str);

const PROGRAMS: [Tool; 3] = [(SERVENT, "serventTP3"), (CLIENT, "clientTP3"), (TP3, "tp3")];
const TOOLS: [Tool; 9] = [
    PROGRAMS[0],
    PROGRAMS[1],
    PROGRAMS[2],
    (TP3, "tp3 overlay"),
    (TP3, "tp3 explain"),
    (TP3, "tp3 check"),
    (TP3, "tp3 load"),
    (TP3, "tp3 export"),
    (TP3, "tp3 simulate"),
];

/// Those that log and wait: all but the toolbox, which only knows its verbs, and what only reads.
const WORKERS: [Tool; 3] = [TOOLS[0], TOOLS[1], TOOLS[3]];

/// The words that ask a tool for something: its verb, if it is one, and then these.
fn words<'a>((_, name): Tool, more: &[&'a str]) -> Vec<&'a str> {
    name.split(' ').skip(1).chain(more.iter().copied()).collect()
}

/// What a tool prints, as at a terminal of 80 columns.
fn told(tool: Tool, option: &str) -> String {
    told_of(tool.0, &words(tool, &[option]))
}

fn told_of(program: &str, words: &[&str]) -> String {
    let finished = Program::spawn(Program::command(program, words).env("COLUMNS", "80")).finish();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{program} {words:?}");
    String::from_utf8(finished.stdout).unwrap()
}

#[test]
fn the_short_help_fits_a_terminal_of_80_by_24_with_the_prompt_that_follows() {
    for tool @ (_, name) in TOOLS {
        let help = told(tool, "-h");
        assert!(help.lines().count() <= 23, "{name}: {} lines\n{help}", help.lines().count());
        assert!(help.contains(&format!("Usage: {name} ")) && help.contains(&format!("Example: {name} ")), "{help}");
        // A description that takes two lines begins in the column of the others: behind more than 7 blanks.
        let broken = help.lines().find(|line| line.chars().count() > 80 || line.starts_with("        "));
        assert_eq!(broken, None, "{name}: {help}");
    }
}

#[test]
fn the_long_help_explains_each_option_and_is_80_columns_wide_at_most() {
    for tool @ (_, name) in WORKERS {
        let help = told(tool, "--help");
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
fn help_works_and_names_the_tool() {
    for tool @ (_, name) in TOOLS {
        for option in ["--help", "-h"] {
            assert!(told(tool, option).contains(&format!("Usage: {name} ")), "{name} {option}");
        }
    }
}

#[test]
fn the_toolbox_lists_its_verbs_on_a_line_each_and_explains_them() {
    let help = told(TOOLS[2], "--help");
    let page = told(TOOLS[2], "--generate=man");
    assert_eq!(told(TOOLS[2], "help"), help);
    for verb in told(TOOLS[2], "--generate=verbs").lines() {
        let verb_help = told_of(TP3, &[verb, "--help"]);
        let first = verb_help.lines().next().unwrap();
        // Verbs of other lengths stand in one column.
        let listed = |line: &str| line.trim_start().strip_prefix(verb).is_some_and(|rest| rest.trim_start() == first);
        assert!(help.lines().any(listed), "{verb}: {help}");
        assert!(page.contains(&format!("tp3\\-{verb}(1)")), "{verb}: {page}");
        assert_eq!(told_of(TP3, &["help", verb]), verb_help);
        assert!(TOOLS.iter().any(|(_, name)| *name == format!("tp3 {verb}")), "{verb} is not tested here");
    }
}

/// The names of all options, as clap has them: its completions for fish are made from nothing else.
fn options(tool: Tool) -> BTreeSet<String> {
    let (program, name) = tool;
    let (of, verb) = name.split_once(' ').unwrap_or((name, ""));
    let all = told_of(program, &["--generate=fish"]);
    // The options of a verb hold behind it; those of a program that has verbs, before them.
    let start = match (name, verb) {
        ("tp3", _) => format!("complete -c {of} -n \"__fish_{of}_needs_command\" "),
        (_, "") => format!("complete -c {of} "),
        _ => format!("complete -c {of} -n \"__fish_{of}_using_subcommand {verb}\" "),
    };
    let mut names = BTreeSet::new();
    for line in all.lines().filter_map(|line| line.strip_prefix(&start)) {
        let mut words = line.split(" -d '").next().unwrap().split(' ');
        while let (Some(kind @ ("-s" | "-l")), Some(option)) = (words.next(), words.next()) {
            names.insert(format!("{}{option}", if kind == "-s" { "-" } else { "--" }));
        }
    }
    names
}

#[test]
fn every_option_is_in_the_help_the_man_page_and_the_completions() {
    for tool @ (program, name) in TOOLS {
        let options = options(tool);
        let help = told(tool, "--help");
        let page = told(tool, "--generate=man");
        let (bash, zsh) = (told_of(program, &["--generate=bash"]), told_of(program, &["--generate=zsh"]));
        let of_bash: Vec<_> = bash.split("compgen -W '").flat_map(|list| list.split('\'').next()).collect();
        for option in &options {
            let is_named = |line: &str| line.split([' ', ',']).any(|word| word == option);
            assert!(
                help.lines().any(|line| line.trim_start().starts_with('-') && is_named(line)),
                "{name}: {option}: {help}"
            );
            let escaped = format!("\\fB{}\\fR", option.replace('-', "\\-"));
            assert!(page.contains(&escaped), "{name}: no {escaped} in: {page}");
            assert!(of_bash.iter().any(|list| list.split(' ').any(|word| word == option)), "{name}: {option}: {bash}");
            assert!(
                // A value stands in the word of an option, behind it, or behind `=`.
                ["[", "+[", "=["].iter().any(|end| zsh.contains(&format!("{option}{end}"))),
                "{name}: {option}: {zsh}"
            );
        }
        // And the other way round: the help knows no option that is none.
        let listed =
            help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(|line| line.split([' ', ',']));
        for option in listed.filter(|word| word.starts_with('-') && word.len() > 1) {
            assert!(options.contains(option), "{name}: {option} is not among {options:?}");
        }
    }
}

#[test]
fn the_help_and_the_man_page_tell_how_long_links_may_take_on_the_page() {
    let overlay = *TOOLS.iter().find(|(_, name)| *name == "tp3 overlay").unwrap();
    let limit = format!("With --web it is at most {} s", servent::picture::DELAY_MS_MAX / 1_000);
    for option in ["--help", "--generate=man"] {
        let told = told(overlay, option).replace('\\', "");
        assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(&limit), "{option}: {told}");
    }
}

#[test]
fn the_version_is_that_of_the_build() {
    for tool @ (_, name) in TOOLS {
        for option in ["--version", "-V"] {
            assert_eq!(told(tool, option), format!("{name} {}\n", env!("TP3_VERSION")));
        }
    }
}

#[test]
fn what_is_generated_is_of_its_kind() {
    for tool @ (_, name) in PROGRAMS {
        for (what, start) in [
            ("man", ".ie \\n(.g .ds Aq".to_owned()),
            ("bash", format!("# Completions for bash, printed by: {name}")),
            ("zsh", format!("#compdef {name}\n")),
            ("fish", "".to_owned()),
        ] {
            let text = told(tool, &format!("--generate={what}"));
            assert!(text.starts_with(&start), "{name} {what}: {text}");
            assert!(what != "fish" || text.contains(&format!("\ncomplete -c {name} ")), "{name}: {text}");
        }
    }
}

#[test]
fn the_man_pages_have_the_usual_sections() {
    let titles = |tool: Tool| {
        let page = told(tool, "--generate=man");
        let titles = page.lines().filter_map(|line| line.strip_prefix(".SH "));
        titles.map(|title| title.trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    let before = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"];
    let behind = ["SIGNALS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"];
    for tool in WORKERS {
        let reference: &[_] = if tool == TOOLS[0] {
            &["COUNTERS", "TRACES", "NEIGHBOURS BY NAME", "HOSTS WITH SEVERAL ADDRESSES"]
        } else {
            &["OUTPUT", "JSON"]
        };
        let expected = [&before[..], &behind, reference, &["LIMITS", "SEE ALSO"]].concat();
        assert_eq!(titles(tool), expected, "{}", tool.1);
    }
    assert_eq!(titles(TOOLS[2]), [&before[..], &["VERBS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"]].concat());
}

#[test]
fn generating_stands_alone_and_says_what_it_can() {
    for (program, args, said) in [
        (CLIENT, &["--generate", "manual"][..], "[possible values: man, bash, zsh, fish]"),
        (CLIENT, &["--generate"], "[possible values: man, bash, zsh, fish]"),
        (TP3, &["--generate"], "[possible values: man, bash, zsh, fish, verbs]"),
        (TP3, &["overlay", "--generate", "bash"], "[possible values: man]"),
        (SERVENT, &["6001", FILE, "--generate", "man"], "cannot be used with one or more of the other"),
        (TP3, &["--generate", "man", "overlay"], "cannot be used with"),
    ] {
        let finished = run(program, args);
        assert_eq!(finished.code, Some(2), "{args:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(said) && finished.stdout.is_empty(), "{args:?}: {}", finished.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_said() {
    for (tool @ (program, name), code) in TOOLS.into_iter().zip([1, 2, 2, 2]) {
        for args in [&["--generate", "man"][..], &["--help"], &["--version"]] {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let output = Command::new(program).args(words(tool, args)).stdout(full).output().unwrap();
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
        (TP3, &["overlai", "chain.txt"], "a similar verb exists: 'overlay'\n"),
        (TP3, &["chain.txt", "http"], "an overlay file stands behind its verb: tp3 overlay chain.txt\n"),
        (TP3, &["6001", FILE], "serventTP3 is the one that takes a port\n"),
        (TP3, &["127.0.0.1:6001", "http"], "clientTP3 is the one that takes the address of a servent\n"),
        (TP3, &["overlay", FILE, "--zzz"], " -- --zzz\n"),
        (
            TP3,
            &["overlay", FILE, "--neighbours-only"],
            "'--neighbours-only' is an option of serventTP3: put it on the lines of FILE, for each servent that is to\n",
        ),
        (CLIENT, &["h:6001", "--trace", "trace.jsonl"], "'--trace' is an option of serventTP3\n"),
        (SERVENT, &["6001", FILE, "--timeout", "1"], "'--timeout' is an option of clientTP3\n"),
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
fn without_a_verb_the_verbs_are_listed() {
    for args in [&[][..], &["--"]] {
        let finished = run(TP3, args);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        for text in [
            "error: a verb is missing\n",
            "\n  overlay  Overlay of servents",
            "\nUsage: tp3 VERB",
            "for example: tp3 overlay ",
        ] {
            assert!(finished.stderr.contains(text), "no {text:?} in: {}", finished.stderr);
        }
    }
}

#[test]
fn p34_a_file_that_is_something_else_is_recognised() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let line = dir.write("overlay.txt", b"6001 127.0.0.1:6002\n");
    let line = line.to_str().unwrap();
    for (program, args, tip) in [
        (SERVENT, &["6001", "127.0.0.1:6002"][..], "the key-value file comes before the neighbours"),
        (TP3, &["overlay", "6001", FILE], "serventTP3 is the one that takes a port"),
        (TP3, &["overlay", "127.0.0.1:6001", "http"], "clientTP3 is the one that takes the address"),
        (TP3, &["overlay", FILE, "http"], "a key-value file is for 'serventTP3 PORT FILE'"),
        (TP3, &["overlay", line], "the key-value file comes before the neighbours"),
    ] {
        let finished = run(program, args);
        assert_eq!(finished.code, Some(1), "{args:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(tip), "{args:?}: {}", finished.stderr);
    }
}
