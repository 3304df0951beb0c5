//! The verb itself: exit codes, signals, and that nothing is left behind.

use crate::support::processes::{descendants_of, is_running};
use crate::support::{Program, SERVENT, TP3, until};
use nix::sys::signal::Signal;

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let finished = Program::spawn(Program::command(TP3, args).env("LC_ALL", "C")).finish();
    (finished.code, String::from_utf8(finished.stdout).unwrap(), finished.stderr)
}

#[test]
fn the_exit_code_tells_right_from_wrong_and_from_nothing_judged() {
    let only = ["--only", "response-text"];
    let command = |program: &'static str| [&["check", "servent"], &only[..], &["--", program]].concat();
    let (code, told, said) = run(&command(SERVENT));
    assert_eq!(code, Some(0), "{told}{said}");
    assert!(told.contains("response-text") && !told.contains("clireq-answered"), "{told}");
    for (args, cause) in [
        (command("/nowhere/servent"), "there is no program '/nowhere/servent'"),
        (command("false"), "exit code 1"),
        (vec!["check", "servent", "--only", "no-such", "--", SERVENT], "there is no probe 'no-such'"),
        (vec!["check", "servent", "--only", "query-ttl", "--skip", "query-ttl", "--", SERVENT], "no probe is left"),
        (vec!["check", "servent"], "COMMAND"),
    ] {
        let (code, told, said) = run(&args);
        assert_eq!(code, Some(2), "{args:?}: {told}{said}");
        assert!(said.contains(cause), "{args:?}: {said}");
    }
}

#[test]
fn interrupted_it_tells_what_is_known_and_leaves_nothing_behind() {
    let mut program = Program::start(TP3, ["check", "servent", "--lang", "en", "--", SERVENT]);
    program.stderr.expect("framing");
    let started = descendants_of(program.pid());
    let finished = program.finish_by(Signal::SIGINT);
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert!(String::from_utf8_lossy(&finished.stdout).contains("query-ttl"), "{}", finished.stderr);
    assert!(!started.into_iter().any(is_running));
}

#[test]
fn killed_it_takes_the_program_with_it() {
    // It never listens, so it is waited for.
    let program = Program::start(TP3, ["check", "servent", "--", "sleep", "1000", "{port}"]);
    until("it has started", || !descendants_of(program.pid()).is_empty());
    let started = descendants_of(program.pid());
    program.finish_by(Signal::SIGKILL);
    until("it has ended", || !started.iter().any(|&id| is_running(id)));
}
