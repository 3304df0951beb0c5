//! Lines that begin with `!`: servents that are other programs, among ours. `serventTP3` itself is one as well as any.

use super::topology::{Topology, who_answered};
use super::{args, run, start_with_stdin};
use crate::support::processes::{descendants_of, is_running};
use crate::support::schema::validator;
use crate::support::{Finished, Peer, Program, SERVENT, TP3, TempDir, until};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::fs;

/// A chain in which the servents at these places are run by `command`.
fn chain(len: usize, foreign: &[usize], command: &str) -> Topology {
    let topology = Topology::chain(len);
    let text = fs::read_to_string(topology.file()).unwrap();
    let servents = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = |(place, line): (usize, &str)| {
        if foreign.contains(&place) { format!("! \"{command}\" {line}\n") } else { format!("{line}\n") }
    };
    let text: String = servents.enumerate().map(line).collect();
    fs::write(topology.file(), text).unwrap();
    topology
}

/// Every other servent of five.
fn alternating() -> Topology {
    chain(5, &[1, 3], &format!("'{SERVENT}' -q --"))
}

fn sorted(finished: &Finished, key: &str) -> Vec<u16> {
    let mut ports = who_answered(finished, key);
    ports.sort_unstable();
    ports
}

#[test]
fn p18_other_programs_are_servents_like_ours_and_what_is_run_is_said_once() {
    let topology = alternating();
    let finished = run(&topology, &["--timeout", "1", "key"]);
    let mut reached: Vec<_> = (0..4).map(|place| topology.port(place)).collect();
    reached.sort_unstable();
    assert_eq!((finished.code, sorted(&finished, "key")), (Some(0), reached), "{}", finished.stderr);
    for (place, number) in [(1, 2), (3, 4)] {
        let runs = format!("servent 127.0.0.1:{} (line {number}) runs: {SERVENT} -q -- ", topology.port(place));
        assert_eq!(finished.stderr.lines().filter(|line| line.starts_with(&runs)).count(), 1, "{}", finished.stderr);
    }
}

#[test]
fn placeholders_put_what_a_program_is_told_where_it_wants_it() {
    let command = format!("'{SERVENT}' -q -- {{port}} {{file}} {{neighbours}}");
    let topology = chain(3, &[0, 1, 2], &command);
    let finished = run(&topology, &["--timeout", "1", "key2"]);
    assert_eq!((finished.code, who_answered(&finished, "key2")), (Some(0), vec![topology.port(2)]));
}

/// A chain of two, of which the second is run by a script, which is given what a servent is told.
fn scripted(script: &str) -> Topology {
    let topology = chain(2, &[1], "sh foreign.sh");
    topology.dir().write("foreign.sh", script.as_bytes());
    topology
}

#[test]
fn what_another_program_writes_is_passed_on_with_its_port_and_made_safe() {
    let script = "printf 'out \\033[2J\\r\\n'; echo to stderr >&2; exec 'SERVENT' -q -- \"$@\"";
    let topology = scripted(&script.replace("SERVENT", SERVENT));
    let mut program = start_with_stdin(&topology, &["--timeout", "0.5"]);
    let port = topology.port(1);
    // Each output has a reader of its own.
    program.stderr.expect(&format!("[{port}] to stderr"));
    program.write(b"key1\n");
    program.stdout.expect("key1\t");
    program.close_stdin();
    let finished = program.finish();
    assert!(finished.stderr.contains(&format!("[{port}] out \\x1b[2J\n")), "{}", finished.stderr);
    topology.expect_ports_free();
}

#[test]
fn whatever_another_program_has_started_ends_with_it_even_if_it_ignores_that() {
    let script = "trap '' TERM; sleep 1000 & 'SERVENT' -q -- \"$@\" & wait";
    for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGINT)] {
        let topology = scripted(&script.replace("SERVENT", SERVENT));
        let mut program = start_with_stdin(&topology, &["--timeout", "0.5"]);
        program.write(b"key1\n");
        program.stdout.expect("key1\t");
        program.stderr.expect("no more answers");
        let all = descendants_of(program.pid());
        assert_eq!(all.len(), 4, "ours, a shell, and two that it has started: {all:?}");
        program.close_stdin();
        drop(match signal {
            None => program.finish(),
            Some(signal) => program.finish_by(signal),
        });
        for one in all {
            until(&format!("the end of {one}"), || !is_running(one));
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn another_program_does_not_outlive_a_killed_overlay() {
    let topology = alternating();
    let mut program = start_with_stdin(&topology, &["--timeout", "0.5"]);
    program.write(b"key\n");
    program.stdout.expect("key");
    program.finish_by(Signal::SIGKILL);
    topology.expect_ports_free();
}

#[test]
fn another_program_that_ends_is_named_with_its_last_words() {
    let topology = scripted("echo no luck >&2; exit 3");
    let finished = run(&topology, &["key"]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(1), &b""[..]));
    let died =
        format!("servent 127.0.0.1:{} (line 2) died (exit code 3); its last words:\n  no luck\n", topology.port(1));
    assert!(finished.stderr.contains(&died), "{}", finished.stderr);
}

#[test]
fn a_port_that_is_taken_is_named_before_another_program_is_started() {
    let taken = Peer::new();
    let (dir, port) = (TempDir::new(), taken.addr().port());
    dir.write("pairs.txt", b"http 80/tcp\n");
    let file = dir.write("overlay.txt", format!("! \"sh -c 'echo started >&2'\" {port} pairs.txt\n").as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
    assert_eq!(finished.code, Some(1));
    for said in [format!("port {port} is in use"), "--port-base".to_owned()] {
        assert!(finished.stderr.contains(&said), "{}", finished.stderr);
    }
    assert!(!finished.stderr.contains("] started"), "{}", finished.stderr);
}

#[test]
fn lines_with_a_command_that_cant_be_started_are_refused() {
    let rows = [
        ("! \"no-such-program -x\" 6001 pairs.txt", "there is no program 'no-such-program'"),
        ("! ./absent 6001 pairs.txt", "there is no program './absent'"),
        ("!", "expected a command behind the !"),
        ("! '' 6001 pairs.txt", "expected a command behind the !"),
        ("! \"sh -c '\" 6001 pairs.txt", "an unclosed quote in the command"),
        ("! sh", "PORT"),
        ("! sh 6001 absent.txt", "absent.txt"),
        ("! sh 6001 pairs.txt nobody", "nobody"),
        ("! sh 6001 pairs.txt --loss 5", "takes no options of serventTP3"),
        ("! sh 6001 pairs.txt --trace t.jsonl", "takes no options of serventTP3"),
        ("! sh 6001 pairs.txt --bind 127.0.0.2", "takes no options of serventTP3"),
        ("! sh 6001 pairs.txt -v", "takes no options of serventTP3"),
    ];
    for (line, said) in rows {
        let dir = TempDir::new();
        dir.write("pairs.txt", b"http 80/tcp\n");
        let file = dir.write("overlay.txt", format!("# of others\n{line}\n").as_bytes());
        let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
        assert_eq!((finished.code, finished.stdout.as_slice()), (Some(1), &b""[..]), "{line}");
        assert!(finished.stderr.contains("overlay.txt:2: "), "{line}: {}", finished.stderr);
        assert!(finished.stderr.contains(said), "{line}: {}", finished.stderr);
        assert!(!finished.stderr.contains("is no overlay file"), "{line}: {}", finished.stderr);
    }
}

#[test]
fn the_command_of_a_line_is_printed_with_everything_in_its_place() {
    let dir = TempDir::new();
    let pairs = dir.write("my pairs.txt", b"http 80/tcp\n");
    let text = "6001 'my pairs.txt' 127.0.0.1:6002\n\
        ! \"sh -c 'x y' {port}\" 6002 'my pairs.txt' localhost:6001\n!sh 6003 'my pairs.txt' localhost:6002\n";
    let file = dir.write("overlay.txt", text.as_bytes());
    let words = ["overlay", file.to_str().unwrap(), "--print-json", "--port-base", "7001"];
    let finished = Program::start(TP3, words).finish();
    let printed: Value = serde_json::from_slice(&finished.stdout).unwrap();
    let wrong: Vec<_> = validator("overlay").iter_errors(&printed).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let servents = printed["servents"].as_array().unwrap();
    let commands: Vec<_> = servents.iter().map(|servent| servent["command"].clone()).collect();
    assert_eq!(
        commands,
        [json!(null), json!(["sh", "-c", "x y", "7002"]), json!(["sh", "7003", pairs, "127.0.0.1:7002"])]
    );
    assert_eq!(servents[1]["neighbours"], json!([{"name": "localhost:7001", "line": 1}]));
}

#[test]
fn what_does_not_go_for_other_programs_is_said() {
    let topology = alternating();
    let traces = topology.dir().path().join("traces");
    let words = ["--loss", "100", "--trace", traces.to_str().unwrap(), "--timeout", "0.5", "--tries", "1", "key"];
    let finished = run(&topology, &words);
    assert_eq!(who_answered(&finished, "key"), [topology.port(0)], "its own links lose all");
    for said in [
        "--loss and --delay do not go for servents of other programs\n",
        "--trace: servents of other programs write none\n",
    ] {
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    }
    assert_eq!(fs::read_dir(&traces).unwrap().count(), 3);
}

/// Asks the first servent of a mixed chain; returns what is told of the question, and what was said.
fn explained(command: &mut std::process::Command) -> (Value, String) {
    let finished = Program::spawn(command).finish();
    let text = String::from_utf8(finished.stdout).unwrap();
    let flood =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|line| line["type"].is_null());
    let flood = flood.unwrap_or_else(|| panic!("{text}{}", finished.stderr));
    assert!(validator("flood").is_valid(&flood), "{flood:#}");
    (flood, finished.stderr)
}

#[test]
fn without_a_capture_what_other_programs_did_is_unknown_and_it_is_said_how_to_know() {
    let topology = alternating();
    let mut command = Program::command(TP3, args(&topology, &["--json", "--timeout", "1", "--explain", "key"]));
    // No program that captures is there.
    let (flood, stderr) = explained(command.env("PATH", topology.dir().path()));
    assert!(stderr.contains("what servents of other programs do is unknown: dumpcap is not installed"), "{stderr}");
    assert!(stderr.contains("tip: dumpcap or tcpdump, run by root"), "{stderr}");
    let lookups = flood["servents"].as_array().unwrap().iter().map(|visit| (&visit["servent"], &visit["lookup"]));
    for (servent, lookup) in lookups {
        let is_ours = [0, 2, 4].iter().any(|&place| *servent == format!("127.0.0.1:{}", topology.port(place)));
        assert_eq!(lookup == "answered", is_ours, "{servent}: {lookup}");
    }
    assert_eq!(flood["findings"], json!([]));
}
