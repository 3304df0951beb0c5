//! What a trace is written to may be slow, full, gone or wrong: the servent serves on, and stops in time.

use super::events::expect_complete;
use super::{Event, read};
use crate::support::flood::under_flood;
use crate::support::wire::{clireq, query};
use crate::support::{DEADLINE, Peer, Program, Rig, SERVENT, TP3, TempDir, ports, until};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// A pipe with a name.
fn fifo(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    path
}

/// Answers come, one after the other.
fn expect_service(rig: &Rig, requests: u32) {
    for _ in 0..requests {
        rig.send(&clireq(b"http"));
        rig.expect_answer(b"http", b"80/tcp");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_the_trace_and_not_the_servent() {
    let mut rig = Rig::new(0, &["--trace", "/dev/full"]);
    // Before the banner or behind it.
    until("the warning", || rig.servent.has_said("the trace ends here"));
    assert!(rig.servent.has_said("No space left on device"));
    expect_service(&rig, 10);
    // Each CLIREQ's two events, and the sentinel's three.
    rig.stop().expect(&[("answered", 10), ("trace_dropped", 10 * 2 + 3)]);
}

#[test]
fn a_pipe_whose_reader_leaves_ends_the_trace_and_not_the_servent() {
    let dir = TempDir::new();
    let path = fifo(&dir);
    let reader = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).unwrap();
    let mut rig = Rig::new(0, &["--trace", path.to_str().unwrap()]);
    drop(reader);
    // A child that another test makes has it too, until that becomes its program.
    until("nobody reads", || OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).is_err());
    expect_service(&rig, 10);
    rig.servent.expect_line("the trace ends here");
    expect_service(&rig, 10);
    let counters = rig.stop();
    // Each CLIREQ's two events, and the sentinel's three.
    counters.expect(&[("answered", 20), ("trace_dropped", 20 * 2 + 3)]);
}

#[test]
fn a_reader_that_stalls_costs_lines_and_neither_answers_nor_the_stop() {
    let dir = TempDir::new();
    let path = fifo(&dir);
    // Open, and never read.
    let _reader = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).unwrap();
    let rig = Rig::new(1, &["--trace", path.to_str().unwrap()]);
    for _ in 0..2_000 {
        expect_service(&rig, 1);
        rig.recv_at(0);
    }
    let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
    // Half a second for the trace, the rest for a busy machine.
    assert!(finished.waited < Duration::from_secs(2), "gone after {:?}", finished.waited);
    assert!(finished.stderr.contains("the trace is cut short"), "{}", finished.stderr);
    counters.expect(&[("answered", 2_000)]);
    let dropped = counters.get("trace_dropped");
    // A pipe holds 64 KiB, which is a few hundred lines.
    assert!((4_000..=6_000).contains(&dropped), "{dropped}");
}

#[test]
fn a_slow_reader_finds_every_line_but_those_that_are_counted() {
    let dir = TempDir::new();
    let path = fifo(&dir);
    let pipe = OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(&path).unwrap();
    let rig = Rig::new(1, &["--trace", path.to_str().unwrap()]);
    for _ in 0..2_000 {
        expect_service(&rig, 1);
        rig.recv_at(0);
    }
    // Only now is it read.
    let flags = nix::fcntl::OFlag::from_bits_retain(nix::fcntl::fcntl(&pipe, nix::fcntl::F_GETFL).unwrap());
    nix::fcntl::fcntl(&pipe, nix::fcntl::F_SETFL(flags - nix::fcntl::OFlag::O_NONBLOCK)).unwrap();
    let reading = std::thread::Builder::new().name("reader".into());
    let reading = reading.spawn(move || BufReader::new(pipe).lines().map(Result::unwrap).collect::<Vec<_>>()).unwrap();
    let counters = rig.stop_unsettled();
    let lines = reading.join().unwrap();
    let events: Vec<_> = lines.iter().map(|line| Event::parse(line)).collect();
    let last = events.last().unwrap();
    assert_eq!((last.name(), last.number("dropped")), ("end", counters.get("trace_dropped")));
    assert!(counters.get("trace_dropped") > 0, "{counters:?}");
    // Three for each CLIREQ, and the first and last line.
    assert_eq!(events.len() as u64 - 2 + counters.get("trace_dropped"), 3 * 2_000);
}

#[test]
fn sigterm_under_full_load_leaves_a_whole_trace_less_what_is_counted() {
    let dir = TempDir::new();
    let file = dir.path().join("trace.jsonl");
    let rig = Rig::new(2, &["--trace", file.to_str().unwrap()]);
    let to = rig.addr();
    let send = |peer: &Peer, round| {
        for seq in round * 64..(round + 1) * 64 {
            peer.send(to, &clireq(b"http"));
            peer.send(to, &query(3, peer.addr(), seq, b"smtp"));
            peer.send(to, b"\0\x09");
        }
    };
    let (finished, counters) = under_flood(1, send, |answers| {
        for _ in 0..2_000 {
            answers.recv_timeout(DEADLINE).unwrap();
        }
        rig.servent.stop_by(Signal::SIGTERM)
    });
    assert!(finished.waited < Duration::from_secs(1), "gone after {:?}", finished.waited);
    assert!(expect_complete(&file, &counters, true) > 0);
}

#[test]
fn without_a_trace_nothing_is_counted_as_missing_and_standard_output_can_be_one() {
    let rig = Rig::new(0, &[]);
    rig.stop().expect(&[("trace_dropped", 0)]);

    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let port = ports::free().to_string();
    let mut program = Program::start(SERVENT, [&port, file.to_str().unwrap(), "--trace", "-"]);
    program.stderr.expect("tracing to standard output");
    let finished = program.finish_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(0));
    let copy = dir.write("stdout", &finished.stdout);
    assert_eq!(read(&copy), (vec![], 0));
}

#[test]
fn a_trace_that_can_not_be_is_refused_with_its_cause() {
    let dir = TempDir::new();
    let pairs = dir.write("pairs.txt", b"http 80/tcp\n");
    let unread = fifo(&dir);
    let folder = dir.path().to_owned();
    let absent = dir.path().join("absent/trace.jsonl");
    for (trace, said) in [
        (&pairs, "it is the key-value file"),
        (&unread, "nobody reads this pipe"),
        (&folder, "Is a directory"),
        (&absent, "No such file"),
    ] {
        let port = ports::free().to_string();
        let words = [&port, pairs.to_str().unwrap(), "--trace", trace.to_str().unwrap()];
        let finished = Program::start(SERVENT, words).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        let expected = format!("serventTP3: cannot write a trace to {}: {said}", trace.display());
        assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
        assert!(!finished.stderr.contains("listening"), "{}", finished.stderr);
    }
    assert_eq!(fs::read(&pairs).unwrap(), b"http 80/tcp\n");
}

#[test]
fn an_overlay_refuses_traces_that_would_be_mixed_up() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let [one, other] = [ports::free(), ports::free()];
    for (text, line, said) in [
        (format!("{one} pairs.txt --trace -\n"), 1, "--trace -: standard output"),
        (format!("{one} pairs.txt --trace t\n{other} pairs.txt --trace t\n"), 2, "--trace: line 1"),
    ] {
        let file = dir.write("overlay.txt", text.as_bytes());
        let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("overlay.txt:{line}: {said}")), "{}", finished.stderr);
    }
}
