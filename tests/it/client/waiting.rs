//! How long it waits and what it sends again: P-40, and what ends a wait early.

use super::{TIMEOUT, ask, ask_with_stdin, expect_clireq, line};
use crate::support::Peer;
use crate::support::processes::pause;
use crate::support::wire::response;
use nix::sys::signal::Signal;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn p40_without_an_answer_it_asks_once_more_after_4_s_and_ends_after_4_s_more() {
    let servent = Peer::new();
    let program = ask(&servent, &["http"]);
    expect_clireq(&servent, b"http");
    let asked = Instant::now();
    expect_clireq(&servent, b"http");
    let again = asked.elapsed();
    let finished = program.finish();
    let end = asked.elapsed();
    // Margins below are for a test that is scheduled late itself.
    assert!(again > Duration::from_millis(3_700) && again < Duration::from_millis(5_500), "again after {again:?}");
    assert!(end > Duration::from_millis(7_700) && end < Duration::from_millis(10_500), "end after {end:?}");
    servent.expect_nothing_left();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stdout.is_empty());
    let again = format!("no answer from {} after 4 s, asking again", servent.addr());
    assert!(finished.stderr.contains(&again), "{}", finished.stderr);
    assert!(finished.stderr.contains("http: no answer"), "{}", finished.stderr);
}

#[test]
fn p40_an_answer_to_the_retransmission_counts() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", TIMEOUT[0], TIMEOUT[1]]);
    expect_clireq(&servent, b"http");
    let client = expect_clireq(&servent, b"http");
    servent.send(client, &response(b"http", b"80/tcp"));
    let finished = program.finish();
    servent.expect_nothing_left();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stdout, line("http", &servent, "80/tcp").as_bytes());
}

/// It asked again, or said that nobody had answered, in about every other run: its alarm was heard before its receiver.
#[test]
fn p40_what_came_while_it_was_stopped_counts_when_it_goes_on() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "--timeout", "1.5"]);
    let client = expect_clireq(&servent, b"http");
    pause(program.pid());
    servent.send(client, &response(b"http", b"80/tcp"));
    // The time that it waits passes.
    thread::park_timeout(Duration::from_secs(2));
    program.signal(Signal::SIGCONT);
    let finished = program.finish();
    servent.expect_nothing_left();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stdout, line("http", &servent, "80/tcp").as_bytes());
}

#[test]
fn p40_after_an_answer_it_never_asks_again_and_each_answer_restarts_the_wait() {
    let servent = Peer::new();
    let others = [(); 4].map(|()| Peer::new());
    let mut program = ask(&servent, &["http", "--timeout", "1.5"]);
    let client = expect_clireq(&servent, b"http");
    let start = Instant::now();
    // One answer every 0.5 s: the last of them comes 1.5 s after the first, and 1.5 s after the last it ends.
    for other in &others {
        other.send(client, &response(b"http", b"80/tcp"));
        assert_eq!(program.stdout.expect("http"), line("http", other, "80/tcp").trim_end());
        assert!(servent.recv_within(Duration::from_millis(500)).is_none(), "asked again after an answer");
    }
    let finished = program.finish();
    assert!(start.elapsed() > Duration::from_millis(2_800), "ended after {:?}", start.elapsed());
    servent.expect_nothing_left();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("http: no more answers (4 answers)"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("asking again"), "{}", finished.stderr);
}

#[test]
fn p42_what_is_no_answer_does_not_restart_the_wait() {
    let servent = Peer::new();
    let mut program = ask(&servent, &["http", "--timeout", "0.5"]);
    let client = expect_clireq(&servent, b"http");
    let start = Instant::now();
    let mut asked_again = 0;
    // If one of these restarted the wait, it would last as long as they come.
    while !program.stderr.text().contains("no answer\n") {
        for junk in [&b"\0\x03other\t1"[..], b"\0\x03http", b"\0\x01http", b"", b"\0\x04http\t1", b"\0\x03http2\t1"] {
            servent.send(client, junk);
        }
        asked_again += u32::from(servent.recv_within(Duration::from_millis(50)).is_some());
        assert!(start.elapsed() < Duration::from_secs(10), "junk keeps it waiting");
        program.stderr.take_waiting();
    }
    let finished = program.finish();
    assert_eq!((finished.code, asked_again), (Some(1), 1), "{}", finished.stderr);
    assert!(finished.stdout.is_empty(), "{}", finished.stdout.escape_ascii());
}

#[test]
fn p40_tries_and_timeout_can_be_set() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "--timeout", "0.1", "--tries", "4"]);
    for _ in 0..4 {
        expect_clireq(&servent, b"http");
    }
    assert_eq!(program.finish().code, Some(1));
    servent.expect_nothing_left();

    let program = ask(&servent, &["http", "--timeout", "0.1", "--tries", "1"]);
    expect_clireq(&servent, b"http");
    assert_eq!(program.finish().code, Some(1));
    servent.expect_nothing_left();
}

#[test]
fn p40_a_servent_that_is_not_there_is_waited_for_like_any_other() {
    // Its port is closed: the ICMP error is no answer and ends nothing (P-42: the socket is never connected).
    let servent = Peer::new();
    let args = [servent.addr().to_string(), "http".into(), "--timeout".into(), "0.2".into()];
    drop(servent);
    let finished = crate::support::Program::start(crate::support::CLIENT, &args).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("asking again"), "{}", finished.stderr);
    assert!(finished.stderr.contains("http: no answer"), "{}", finished.stderr);
}

#[test]
fn sigint_ends_a_wait_that_is_not_interactive_with_130() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "smtp", "--jobs", "1"]);
    expect_clireq(&servent, b"http");
    let finished = program.finish_by(Signal::SIGINT);
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert!(finished.waited < Duration::from_secs(3), "{:?}", finished.waited);
    servent.expect_nothing_left();

    let mut program = ask_with_stdin(&servent, &[]);
    program.write(b"http\n");
    expect_clireq(&servent, b"http");
    let finished = program.finish_by(Signal::SIGINT);
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
}
