//! No servent is ever left behind, and one that dies is named.

use super::topology::Topology;
use super::{run, start, start_with_stdin};
use crate::support::processes::{children_of, is_running};
use crate::support::{Peer, Program, TP3, ports, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;

/// An overlay of three that is up and waits for keys, and its servents' process ids.
fn running() -> (Topology, Program, Vec<i32>) {
    let topology = Topology::chain(3);
    let mut program = start_with_stdin(&topology, &["--timeout", "0.5"]);
    // An answer proves that it is up.
    program.write(b"key\n");
    program.stdout.expect("key");
    program.stderr.expect("no more answers");
    let children = children_of(program.pid());
    assert_eq!(children.len(), 3, "one process a line: {children:?}");
    (topology, program, children)
}

/// Each servent takes a pipe of the program that starts it, or two, and shells allow 1,024 open files.
#[test]
fn more_servents_than_the_soft_limit_of_open_files_leaves_room_for_are_started() {
    let topology = Topology::chain(60);
    let words =
        ["-c", "ulimit -Sn 48 && exec \"$0\" overlay \"$1\" --timeout 0.5 key", TP3, topology.file().to_str().unwrap()];
    let finished = Program::start("sh", words).finish();
    let answers = String::from_utf8(finished.stdout).unwrap();
    assert!(finished.code == Some(0) && answers.lines().count() == 4, "{answers}{}", finished.stderr);
}

fn expect_nothing_left(topology: &Topology, children: &[i32]) {
    for child in children {
        until(&format!("the end of servent {child}"), || !is_running(*child));
    }
    topology.expect_ports_free();
}

#[test]
fn after_the_end_of_input_nothing_is_left() {
    let (topology, mut program, children) = running();
    program.close_stdin();
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    expect_nothing_left(&topology, &children);
}

#[test]
fn after_a_signal_nothing_is_left() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let (topology, program, children) = running();
        let finished = program.finish_by(signal);
        assert_ne!(finished.code, Some(0), "{signal}: {}", finished.stderr);
        assert!(!finished.stderr.contains("panicked"), "{signal}: {}", finished.stderr);
        expect_nothing_left(&topology, &children);
    }
}

#[test]
fn after_a_signal_in_the_middle_of_a_wait_nothing_is_left() {
    let topology = Topology::chain(2);
    let mut program = start(&topology, &["--timeout", "600", "key"]);
    program.stdout.expect("key");
    let children = children_of(program.pid());
    assert_eq!(children.len(), 2);
    let finished = program.finish_by(Signal::SIGTERM);
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    expect_nothing_left(&topology, &children);
}

#[test]
#[cfg(target_os = "linux")]
fn after_a_kill_of_the_overlay_itself_nothing_is_left() {
    let (topology, program, children) = running();
    let finished = program.finish_by(Signal::SIGKILL);
    assert_eq!(finished.code, None);
    expect_nothing_left(&topology, &children);
}

#[test]
fn a_servent_that_dies_is_named_and_ends_everything_with_1() {
    for victim in [0, 2] {
        let (topology, program, children) = running();
        let bound_to = topology.port(victim).to_string();
        let command_line = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        // Each child was started with its line of the file, port first.
        let dying = children.iter().find(|pid| command_line(pid).split('\0').any(|word| word == bound_to)).unwrap();
        kill(Pid::from_raw(*dying), Signal::SIGKILL).unwrap();
        // Nothing is typed: its death alone must end the program.
        let finished = program.finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let named = finished.stderr.lines().any(|line| line.contains(&bound_to) && line.contains("tp3 overlay: "));
        assert!(named, "{bound_to} not named: {}", finished.stderr);
        expect_nothing_left(&topology, &children);
    }
}

#[test]
fn a_port_that_is_taken_is_named_and_ends_everything_with_1() {
    let taken = Peer::new();
    let free = ports::free();
    let topology = Topology::chain(1);
    let pairs = topology.dir().write("pairs.txt", b"http 80/tcp\n");
    let port = taken.addr().port();
    let text = format!("{free} {0}\n{port} {0}\n", pairs.display());
    topology.dir().write("overlay.txt", text.as_bytes());
    let finished = start(&topology, &["http"]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let said = finished.stderr.contains(&port.to_string()) && finished.stderr.contains("in use");
    assert!(said, "{}", finished.stderr);
    assert!(finished.stdout.is_empty());
    until("its first port free again", || ports::is_free(free));
}

#[test]
fn warnings_of_a_servent_are_passed_on_with_its_port() {
    let topology = Topology::chain(1);
    topology.dir().write("pairs0.txt", b"key 0\na key without a value is this one:\nlonely\n");
    let finished = run(&topology, &["--timeout", "0.3", "key"]);
    let prefix = format!("[{}] ", topology.port(0));
    let warnings: Vec<_> = finished.stderr.lines().filter(|line| line.contains("pairs0.txt:3")).collect();
    // P-33: one warning each.
    assert_eq!(warnings.len(), 1, "{}", finished.stderr);
    assert!(warnings[0].starts_with(&prefix), "{}", finished.stderr);
    assert_eq!(finished.code, Some(0));
}

/// It showed no line on any query.
#[test]
fn with_v_an_overlay_says_what_became_of_a_query_on_its_way() {
    let topology = Topology::chain(5);
    let finished = run(&topology, &["--timeout", "0.5", "-v", "key"]);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let [first, second, third, fourth, fifth] = std::array::from_fn(|index| topology.port(index));
    let rows = [
        (Some(first), "CLIREQ for 'key' from ".to_owned()),
        (Some(first), "neighbours asked, as number ".to_owned()),
        (Some(first), "'key': answered to 127.0.0.1:".to_owned()),
        (Some(second), format!("QUERY for 'key' from 127.0.0.1:{first}, client 127.0.0.1:")),
        (Some(second), format!("forwarded to 127.0.0.1:{third}")),
        (Some(fourth), "time-to-live 1: ended here, the time-to-live is used up".to_owned()),
        (None, format!("'key': asking 127.0.0.1:{first}")),
        (None, format!("'key': 1 bytes from 127.0.0.1:{fourth}")),
        (None, "'key': ended with 4 answers".to_owned()),
    ];
    for (port, text) in rows {
        let prefix = port.map_or("[20".to_owned(), |port| format!("[{port}] "));
        let is_said = finished.stderr.lines().any(|line| line.starts_with(&prefix) && line.contains(&text));
        assert!(is_said, "{prefix}... {text}: {}", finished.stderr);
    }
    let reached = finished.stderr.lines().filter(|line| line.starts_with(&format!("[{fifth}]")));
    assert!(!reached.into_iter().any(|line| line.contains("'key'")), "P-18: {}", finished.stderr);
}
