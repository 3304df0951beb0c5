//! Many keys at once: `--jobs`, the order of the output, and how long it takes.

use super::{TIMEOUT, ask, ask_with_stdin, expect_clireq, line};
use crate::support::wire::response;
use crate::support::{CLIENT, Peer, Program, Servent, TempDir, ports, until};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Keys of the large test, and how many are under way at once without `--jobs`.
const KEYS: usize = 1_000;
const JOBS: usize = 64;

/// Five servents in a ring: each is within three hops of each. Servent `i` holds `key-k` if `k` divided by `i + 2` leaves
/// 0, so that there are keys that nobody holds and keys that all hold.
struct Ring {
    servents: Vec<Servent>,
    _dir: TempDir,
}

impl Ring {
    fn start() -> Self {
        let dir = TempDir::new();
        let ports: Vec<_> = (0..5).map(|_| ports::free()).collect();
        let servent = |index: usize| {
            let lines = (0..KEYS).filter(|key| Self::holds(index, *key));
            let pairs: String = lines.map(|key| format!("key-{key}\tvalue {key} at\t{index}\n")).collect();
            let file = dir.write(&format!("pairs{index}.txt"), pairs.as_bytes());
            let known = [ports[(index + 1) % 5], ports[(index + 4) % 5]].map(|port| format!("127.0.0.1:{port}"));
            Servent::start_at(ports[index], &file, &known)
        };
        let servents = (0..5).map(servent).collect();
        Self { servents, _dir: dir }
    }

    fn holds(index: usize, key: usize) -> bool {
        key.is_multiple_of(index + 2)
    }

    /// The lines that answer `key`, in whatever order.
    fn lines(&self, key: usize) -> BTreeSet<String> {
        let holders = (0..5).filter(|index| Self::holds(*index, key));
        holders.map(|index| format!("key-{key}\t{}\tvalue {key} at\t{index}", self.servents[index].addr())).collect()
    }

    /// Asks for `keys` by standard input; returns the lines of each key, and the time it took.
    fn ask(&self, keys: &[usize], options: &[&str]) -> (Vec<(String, BTreeSet<String>)>, Duration, String) {
        let args = [&[self.servents[0].addr().to_string().as_str()], options].concat().join(" ");
        let mut program = Program::start_with_stdin(CLIENT, args.split(' '));
        let start = Instant::now();
        let input: String = keys.iter().map(|key| format!("key-{key}\n")).collect();
        program.write(input.as_bytes());
        program.close_stdin();
        let finished = program.finish_within(Duration::from_secs(120));
        let took = start.elapsed();
        assert_eq!(finished.code, Some(1), "some keys have no answer: {}", finished.stderr);
        let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in String::from_utf8(finished.stdout).unwrap().lines() {
            let (key, _) = line.split_once('\t').unwrap();
            if found.last().is_none_or(|(last, _)| last != key) {
                found.push((key.to_owned(), BTreeSet::new()));
            }
            assert!(found.last_mut().unwrap().1.insert(line.to_owned()), "{line} twice");
        }
        (found, took, finished.stderr)
    }

    /// What asking for `keys` must give: in the order asked, and nothing of those that nobody holds.
    fn expected(&self, keys: &[usize]) -> Vec<(String, BTreeSet<String>)> {
        let all = keys.iter().map(|&key| (format!("key-{key}"), self.lines(key)));
        all.filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

/// A key takes one time-out after its last answer, or two without any. 1,000 keys are 16 waves of 64, and there are
/// keys without an answer in each, so the waves take 16 times two time-outs at most; three more are for the ends and
/// for a busy machine.
#[test]
fn p40_a_thousand_keys_are_done_in_the_time_of_their_waves_and_answered_as_one_by_one() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let ring = Ring::start();
    let keys: Vec<_> = (0..KEYS).collect();
    let (found, took, stderr) = ring.ask(&keys, &["--timeout", "0.5"]);
    assert!(found == ring.expected(&keys), "{stderr}");
    let unanswered = keys.iter().filter(|key| ring.lines(**key).is_empty()).count();
    assert_eq!(stderr.matches(": no answer\n").count(), unanswered);
    assert_eq!(stderr.matches(": no more answers (").count(), KEYS - unanswered);
    let waves = 2 * TIMEOUT * u32::try_from(KEYS.div_ceil(JOBS)).unwrap();
    assert!(took < waves + 3 * TIMEOUT, "{took:?}, with waves of {waves:?}");
    // What the waits alone add up to, shared by 64: less would be impatient, or more at once.
    let waits = TIMEOUT * u32::try_from(KEYS + unanswered).unwrap();
    assert!(took > waits.div_f64(JOBS as f64), "{took:?}, with waits of {waits:?}");

    let some: Vec<_> = (0..KEYS).step_by(83).collect();
    let (one_by_one, _, stderr) = ring.ask(&some, &["--timeout", "0.3", "--jobs", "1"]);
    let all: BTreeMap<_, _> = found.into_iter().collect();
    assert!(one_by_one.len() > 5);
    assert_eq!(one_by_one, ring.expected(&some), "{stderr}");
    assert!(one_by_one.iter().all(|(key, lines)| all[key] == *lines));
    for servent in ring.servents {
        servent.stop();
    }
}

#[test]
fn at_most_jobs_keys_are_under_way_and_the_output_is_in_the_order_asked() {
    let servent = Peer::new();
    let program = ask(&servent, &["a", "b", "c", "--jobs", "2", TIMEOUT[0], TIMEOUT[1]]);
    let client = expect_clireq(&servent, b"a");
    assert_eq!(expect_clireq(&servent, b"b"), client, "one socket");
    // The answers come in the other order, and one before its key is asked for: that is none.
    servent.send(client, &response(b"c", b"too early"));
    servent.send(client, &response(b"b", b"2"));
    servent.send(client, &response(b"a", b"1"));
    expect_clireq(&servent, b"c");
    servent.send(client, &response(b"c", b"3"));
    let finished = program.finish();
    let lines = line("a", &servent, "1") + &line("b", &servent, "2") + &line("c", &servent, "3");
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn p42_a_key_on_two_lines_is_asked_for_once_at_a_time_and_each_line_gets_its_answers() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &TIMEOUT);
    program.write(b"a\na\nb\n");
    program.close_stdin();
    let client = expect_clireq(&servent, b"a");
    expect_clireq(&servent, b"b");
    servent.send(client, &response(b"a", b"first"));
    servent.send(client, &response(b"b", b"other"));
    expect_clireq(&servent, b"a");
    servent.send(client, &response(b"a", b"second"));
    servent.send(client, &response(b"a", b"first"));
    let finished = program.finish();
    let lines = ["a\tfirst", "a\tsecond", "a\tfirst", "b\tother"].map(|row| {
        let (key, value) = row.split_once('\t').unwrap();
        line(key, &servent, value)
    });
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), lines.concat());
    assert!(finished.stderr.contains("a: no more answers (2 answers)"), "{}", finished.stderr);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    servent.expect_nothing_left();
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let servent = Peer::new();
    let mut command = Program::command(CLIENT, super::args(&servent, &["a", "b", "c", "--timeout", "600", "--json"]));
    let (reader, writer) = std::io::pipe().unwrap();
    let watched = writer.try_clone().unwrap();
    let mut child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let client = expect_clireq(&servent, b"a");
    servent.send(client, &response(b"a", b"1"));
    // As `head -1` does.
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(reader), &mut first).unwrap();
    assert!(first.contains("\"value\":\"1\""), "{first}");
    // A child that another test makes has the reader too, until that becomes its program.
    until("nobody reads", || {
        let mut watched = [PollFd::new(watched.as_fd(), PollFlags::empty())];
        poll(&mut watched, PollTimeout::ZERO).unwrap() > 0
    });
    servent.send(client, &response(b"a", b"2"));
    let mut stderr = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn p2_with_nul_a_servent_is_asked_and_answers_in_that_dialect() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "--nul", TIMEOUT[0], TIMEOUT[1]]);
    let client = expect_clireq(&servent, b"http\0");
    servent.send(client, &response(b"http", b"80/tcp\0"));
    let finished = program.finish();
    assert_eq!(String::from_utf8(finished.stdout).unwrap(), line("http", &servent, "80/tcp"));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);

    let dir = TempDir::new();
    let ours = Servent::start(&dir.write("pairs.txt", b"http\t80/tcp\tweb\n"), &[]);
    let args = [ours.addr().to_string(), "http".into(), "--nul".into(), "--timeout".into(), "0.7".into()];
    let finished = Program::start(CLIENT, &args).finish();
    let expected = format!("http\t{}\t80/tcp\tweb\n", ours.addr());
    assert_eq!((finished.code, String::from_utf8(finished.stdout).unwrap()), (Some(0), expected));
    ours.stop();
}

#[test]
fn colours_are_for_terminals_unless_they_are_asked_for_and_never_in_json_or_a_value() {
    let servent = Peer::new();
    let value = "80/tcp\t\x1b[31m";
    let plain = line("http", &servent, value);
    let painted = format!("\x1b[1mhttp\x1b[0m\t\x1b[32m{}\x1b[0m\t{value}\n", servent.addr());
    for (options, expected) in [
        (&["--color", "auto"][..], Some(&plain)),
        (&["--color=never"], Some(&plain)),
        (&["--color=always"], Some(&painted)),
        (&["--color=always", "--json"], None),
    ] {
        let program = ask(&servent, &[options, &["http", TIMEOUT[0], "0.3"]].concat());
        let client = expect_clireq(&servent, b"http");
        servent.send(client, &response(b"http", value.as_bytes()));
        let finished = program.finish();
        let stdout = String::from_utf8(finished.stdout).unwrap();
        match expected {
            Some(expected) => assert_eq!(&stdout, expected, "{options:?}"),
            None => assert!(!stdout.contains('\x1b'), "{stdout}"),
        }
    }
}

#[test]
fn a_wrong_option_is_a_wrong_command_line() {
    for (option, value) in [("--jobs", "0"), ("--jobs", "1025"), ("--jobs", "many"), ("--color", "sometimes")] {
        let finished = Program::start(CLIENT, ["127.0.0.1:6001", "http", option, value]).finish();
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(option) && finished.stderr.contains(value), "{}", finished.stderr);
    }
}
