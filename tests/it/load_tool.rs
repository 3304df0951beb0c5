//! `tp3 load`: what it measures of real servents and of others that lose, stall and repeat; bounds, formats and refusals.

use crate::support::schema::validator;
use crate::support::stall::StalledPipe;
use crate::support::wire::{clireq, response};
use crate::support::{DEADLINE, Finished, Peer, Program, Rig, TP3, TempDir, Terminal, until};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

fn command(servent: SocketAddrV4, words: &[&str]) -> Vec<String> {
    [&["load", &servent.to_string()], words].concat().into_iter().map(str::to_owned).collect()
}

fn load(servent: SocketAddrV4, words: &[&str]) -> Finished {
    Program::start(TP3, command(servent, words)).finish()
}

/// What it prints with --json, which must be as its schema says, and its exit code.
fn measured(servent: SocketAddrV4, words: &[&str]) -> (Value, Option<i32>) {
    let finished = load(servent, &[words, &["--json"]].concat());
    let text = String::from_utf8(finished.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}{}", finished.stderr);
    let value: Value = serde_json::from_str(&text).unwrap();
    validator("load").validate(&value).unwrap_or_else(|error| panic!("{error}: {text}"));
    (value, finished.code)
}

/// A servent that is not one: it does with each CLIREQ, counted from 0, what `serve` says, until it is dropped.
struct Fake {
    addr: SocketAddrV4,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    fn start(mut serve: impl FnMut(u64, &UdpSocket, &[u8], SocketAddr) + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let SocketAddr::V4(addr) = socket.local_addr().unwrap() else { panic!("bound to IPv4") };
        socket.set_read_timeout(Some(DEADLINE * 3)).unwrap();
        let thread = thread::spawn(move || {
            let mut buffer = [0; 2048];
            for number in 0.. {
                let (len, from) = socket.recv_from(&mut buffer).unwrap();
                match &buffer[..len] {
                    [] => return,
                    [0, 1, key @ ..] => serve(number, &socket, key, from),
                    other => panic!("no CLIREQ: {}", other.escape_ascii()),
                }
            }
        });
        Self { addr, thread: Some(thread) }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // Nothing but this one is empty.
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[], self.addr).unwrap();
        if let Some(Err(panicked)) = self.thread.take().map(JoinHandle::join)
            && !thread::panicking()
        {
            std::panic::resume_unwind(panicked);
        }
    }
}

fn answer(socket: &UdpSocket, key: &[u8], to: SocketAddr) {
    socket.send_to(&response(key, b"value"), to).unwrap();
}

fn counts(value: &Value, names: &[&str]) -> Vec<u64> {
    names.iter().map(|name| value[name].as_u64().unwrap_or_else(|| panic!("{name}: {value}"))).collect()
}

const COUNTS: [&str; 7] = ["asked", "answered", "lost", "answers", "duplicates", "late", "unfinished"];

#[test]
fn a_real_servent_answers_every_question_at_a_rate_and_in_a_closed_loop() {
    let rig = Rig::new(0, &[]);
    for (words, clients) in [
        (&["--key", "http", "--key", "smtp", "--rate", "500", "--questions", "300"][..], None),
        (&["--key", "http", "--clients", "8", "--in-flight", "2", "--questions", "300"], Some(8)),
        (&["--key", "http", "--key", "smtp", "--pattern", "zipf:1", "--clients", "3", "--questions", "300"], Some(3)),
    ] {
        let (value, code) = measured(rig.addr(), &[words, &["--timeout", "10"]].concat());
        assert_eq!((counts(&value, &COUNTS), code), (vec![300, 300, 0, 300, 0, 0, 0], Some(0)), "{value}");
        assert!(clients.is_none_or(|clients: u64| value["clients"] == clients), "{value}");
        let [servent] = value["servents"].as_array().unwrap().as_slice() else { panic!("{value}") };
        assert_eq!(servent["servent"], rig.addr().to_string());
        assert_eq!(servent["latency_ns"]["count"], 300);
    }
    // All of them reached it, and nothing else did.
    rig.servent.stop().expect(&[("clireq", 900), ("answered", 900)]);
}

#[test]
fn every_tenth_question_that_is_lost_counts_and_breaks_the_bound_that_it_breaks() {
    let fake = Fake::start(|number, socket, key, from| {
        if number % 10 != 9 {
            answer(socket, key, from);
        }
    });
    let words = ["--key", "http", "--key", "ssh", "--rate", "200", "--questions", "200", "--timeout", "3"];
    for (bound, expected) in [("10", 0), ("9.9", 1)] {
        let (value, code) = measured(fake.addr, &[&words[..], &["--loss-max", bound]].concat());
        assert_eq!((counts(&value, &COUNTS), code), (vec![200, 180, 20, 180, 0, 0, 0], Some(expected)), "{value}");
        assert_eq!(
            (&value["loss_percent"], value["broken"].as_array().unwrap().len() as i32),
            (&10.0.into(), expected)
        );
    }
}

#[test]
fn the_first_answer_of_each_servent_counts_whatever_port_it_comes_from() {
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let other_addr = other.local_addr().unwrap();
    let fake = Fake::start(move |_, socket, key, from| {
        answer(socket, key, from);
        answer(&other, key, from);
        answer(socket, key, from);
        socket.send_to(&response(b"never asked", b"value"), from).unwrap();
        socket.send_to(b"\0\x03no tab", from).unwrap();
    });
    // One client and a second between questions, so that nothing of one is taken for something of the next.
    let (value, code) =
        measured(fake.addr, &["--key", "http", "--rate", "2", "--clients", "1", "--questions", "3", "--timeout", "10"]);
    assert_eq!((counts(&value, &COUNTS), code), (vec![3, 3, 0, 6, 3, 0, 0], Some(0)), "{value}");
    assert_eq!(counts(&value, &["unknown", "malformed"]), [3, 3]);
    let servents: Vec<_> = value["servents"].as_array().unwrap().iter().map(|row| row["servent"].clone()).collect();
    assert_eq!(servents, [fake.addr.to_string(), other_addr.to_string()]);
    assert_eq!((&value["all_answers_ns"]["count"], &value["first_answer_ns"]["count"]), (&6.into(), &3.into()));
}

/// How long it stalls is the servent's doing, and a busy machine can only make it longer: so it must show.
#[test]
fn a_stall_of_300_ms_delays_the_questions_of_that_time_and_shows_in_p99() {
    const STALL: Duration = Duration::from_millis(300);
    let fake = Fake::start(|number, socket, key, from| {
        if number == 250 {
            let until = Instant::now() + STALL;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                thread::park_timeout(left);
            }
        }
        answer(socket, key, from);
    });
    let words = ["--key", "http", "--rate", "500", "--questions", "1000", "--timeout", "10", "--p99-max", "200ms"];
    let (value, code) = measured(fake.addr, &words);
    assert_eq!(counts(&value, &COUNTS[..3]), [1_000, 1_000, 0]);
    // Of the 150 questions of that time, 50 waited 200 ms or longer: 5 % of all.
    let latencies = &value["first_answer_ns"];
    assert!(latencies["p99"].as_u64().unwrap() > 200_000_000, "{value}");
    assert!(latencies["p999"].as_u64().unwrap() > 290_000_000, "{value}");
    assert_eq!((code, &value["broken"][0]["bound"]), (Some(1), &"p99".into()));
}

#[test]
fn answers_behind_the_time_out_are_late_and_do_not_count() {
    let mut kept = None;
    let fake = Fake::start(move |number, socket, key, from| {
        // The first question is answered when the second one, for another key, comes: after its time-out.
        match number {
            0 => kept = Some((key.to_vec(), from)),
            _ => {
                let (key, from) = kept.take().unwrap();
                answer(socket, &key, from);
            }
        }
    });
    let words =
        ["--key", "http", "--key", "ssh", "--clients", "1", "--in-flight", "1", "--questions", "2", "--timeout", "2"];
    let (value, code) = measured(fake.addr, &words);
    assert_eq!((counts(&value, &COUNTS), code), (vec![2, 0, 2, 0, 0, 1, 0], Some(1)), "{value}");
}

#[test]
fn silence_is_a_failure_and_says_what_may_be_wrong() {
    let silent = Peer::new();
    let finished = load(silent.addr(), &["--key", "http", "--rate", "100", "--questions", "2", "--timeout", "0.2"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("nobody answered: does a servent listen at"), "{}", finished.stderr);
    silent.recv();
    assert_eq!(silent.recv().0, clireq(b"http"));
    silent.expect_nothing_left();
}

#[test]
fn once_a_second_it_is_a_ping_with_a_line_a_question_until_ctrl_c() {
    let rig = Rig::new(0, &[]);
    let words = ["--key", "http", "--rate", "10", "--timeout", "0.3"];
    let mut program = Program::start(TP3, command(rig.addr(), &words));
    for _ in 0..3 {
        let line = program.stdout.expect(&format!("http: {}", rig.addr()));
        assert!(line.contains(" s  http: ") && line.ends_with('s'), "{line}");
    }
    let finished = program.finish_by(Signal::SIGINT);
    let text = String::from_utf8(finished.stdout).unwrap();
    assert_eq!(finished.code, Some(0), "{text}{}", finished.stderr);
    let told = text.lines().filter(|line| line.contains("http: 127.0.0.1")).count();
    let answered = text.lines().find(|line| line.trim_start().starts_with("answered")).unwrap();
    assert_eq!(answered.split_whitespace().nth(1), Some(told.to_string().as_str()), "{text}");
}

#[test]
fn ctrl_c_ends_a_load_with_its_summary_and_sigterm_says_so_by_its_code() {
    for (signal, code) in [(Signal::SIGINT, 0), (Signal::SIGTERM, 143)] {
        let (begun_tx, begun_rx) = std::sync::mpsc::channel();
        let fake = Fake::start(move |number, socket, key, from| {
            // What comes later is under way for ever.
            if number < 10 {
                answer(socket, key, from);
            }
            begun_tx.send(number).ok();
        });
        let words = ["--key", "http", "--json", "--clients", "2", "--timeout", "1000"];
        let program = Program::start(TP3, command(fake.addr, &words));
        // Both clients wait: the last answers were sent before the last questions came.
        while begun_rx.recv_timeout(DEADLINE).unwrap() < 11 {}
        let finished = program.finish_by(signal);
        let value: Value = serde_json::from_slice(&finished.stdout).unwrap();
        assert_eq!((finished.code, counts(&value, &COUNTS)), (Some(code), vec![12, 10, 0, 10, 0, 0, 2]), "{value}");
    }
}

#[test]
fn the_line_that_changes_is_for_terminals_and_leaves_no_trace() {
    let rig = Rig::new(0, &[]);
    let words = ["--key", "http", "--rate", "50", "--seconds", "2.5", "--timeout", "5"];
    let mut terminal = Terminal::start(TP3, &command(rig.addr(), &words));
    terminal.expect("answered a second, p50 ");
    terminal.expect("p99.99");
}

/// By the decoder of HdrHistogram's Rust port: each interval, and who it is tagged with.
fn intervals(file: &Path) -> Vec<(Option<String>, Histogram<u64>)> {
    let log = fs::read(file).unwrap();
    let entries = IntervalLogIterator::new(&log).map(|entry| entry.unwrap());
    let decode = |encoded: &str| {
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, encoded).unwrap();
        Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap()
    };
    let interval = |entry| match entry {
        LogEntry::Interval(interval) => {
            Some((interval.tag().map(|tag| tag.as_str().to_owned()), decode(interval.encoded_histogram())))
        }
        _ => None,
    };
    entries.filter_map(interval).collect()
}

#[test]
fn the_hdr_log_holds_what_the_summary_tells() {
    let rig = Rig::new(0, &[]);
    let dir = TempDir::new();
    let file = dir.path().join("load.hlog");
    let words =
        ["--key", "http", "--rate", "100", "--questions", "150", "--timeout", "1", "--hdr", file.to_str().unwrap()];
    let (value, code) = measured(rig.addr(), &words);
    assert_eq!(code, Some(0), "{value}");
    let heading = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
    let mut lines = heading.lines();
    assert_eq!(lines.next(), Some("#[Histogram log format version 1.3]"));
    assert_eq!(
        lines.find(|line| !line.starts_with('#')).map(|line| line.starts_with("\"StartTimestamp\"")),
        Some(true)
    );
    let intervals = intervals(&file);
    for (tag, told) in [(None, &value["first_answer_ns"]), (Some(rig.addr().to_string()), &value["all_answers_ns"])] {
        let mut whole = Histogram::<u64>::new(3).unwrap();
        intervals.iter().filter(|(of, _)| *of == tag).for_each(|(_, histogram)| whole.add(histogram).unwrap());
        let found = [whole.len(), whole.value_at_quantile(0.5), whole.value_at_quantile(0.999), whole.max()];
        assert_eq!(found.to_vec(), counts(told, &["count", "p50", "p999", "max"]), "{tag:?}");
    }
    let untagged = intervals.iter().filter(|(tag, _)| tag.is_none()).count();
    assert!(untagged >= 2, "an interval a second: {untagged}");
}

/// Nothing is sent: were the address not refused, questions would go out and be lost, which is another exit code.
#[test]
fn an_address_on_the_internet_is_refused_without_yes() {
    for address in ["8.8.8.8:53", "1.1.1.1:6001", "100.128.0.1:6001"] {
        let finished = load(address.parse().unwrap(), &["--key", "http", "--questions", "1", "--timeout", "0.1"]);
        assert_eq!((finished.code, finished.stdout.as_slice()), (Some(2), &b""[..]), "{address}: {}", finished.stderr);
        assert!(
            finished.stderr.contains("is on the internet") && finished.stderr.contains("--yes"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn keys_come_from_a_file_and_a_bad_one_is_refused_with_its_line() {
    let rig = Rig::new(0, &[]);
    let dir = TempDir::new();
    dir.write("keys.txt", b"http\r\n\n  smtp \n");
    let keys = dir.path().join("keys.txt").to_str().unwrap().to_owned();
    let (value, _) = measured(rig.addr(), &["--keys", &keys, "--rate", "100", "--questions", "10", "--timeout", "10"]);
    assert_eq!((value["keys"].as_u64(), value["answered"].as_u64()), (Some(2), Some(10)), "{value}");
    dir.write("keys.txt", b"http\na\tb\n");
    let finished = load(rig.addr(), &["--keys", &keys]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("keys.txt:2: "), "{}", finished.stderr);
    dir.write("keys.txt", b"\n");
    assert!(load(rig.addr(), &["--keys", &keys]).stderr.contains("holds no key"));
}

#[test]
fn in_flight_above_the_number_of_keys_is_the_number_of_keys_and_said() {
    let (asked_tx, asked_rx) = std::sync::mpsc::channel();
    let fake = Fake::start(move |_, _, key, from| {
        asked_tx.send((from, key.to_vec())).ok();
    });
    let words = [
        "--key",
        "http",
        "--key",
        "ssh",
        "--clients",
        "1",
        "--in-flight",
        "16",
        "--questions",
        "2",
        "--timeout",
        "0.3",
    ];
    let finished = load(fake.addr, &words);
    assert!(finished.stderr.contains("at most 2 in flight at each client"), "{}", finished.stderr);
    let asked = [asked_rx.recv().unwrap(), asked_rx.recv().unwrap()];
    assert_eq!((asked[0].0, &asked[0].1[..], &asked[1].1[..]), (asked[1].0, &b"http"[..], &b"ssh"[..]));
}

/// They arrived in part, and the exit code said that all was well.
#[test]
fn lines_wait_for_their_reader_also_where_the_pipe_does_not_block() {
    let fake = Fake::start(|_, socket, key, from| answer(socket, key, from));
    let (pipe, writer) = StalledPipe::full();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let words = ["--key", "http", "--rate", "10", "--questions", "3", "--timeout", "2"];
    let program = Program::spawn(Program::command(TP3, command(fake.addr, &words)).stdout(writer));
    let tasks = format!("/proc/{}/task", program.pid());
    let asks = || {
        let tasks = fs::read_dir(&tasks).into_iter().flatten().flatten();
        tasks
            .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
            .any(|name| name.trim() == "generator")
    };
    until("it asks", asks);
    until("all is over", || !asks());
    let rest = pipe.read_to_end_in_background();
    let finished = program.finish();
    let told = rest.join().unwrap();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(told.matches(&format!("http: {} ", fake.addr)).count(), 3, "{told}");
    assert!(told.contains("  asked                   3  "), "{told}");
}

#[test]
fn nobody_is_asked_any_more_when_nobody_reads_what_came_of_it() {
    let fake = Fake::start(|_, socket, key, from| answer(socket, key, from));
    let (reader, writer) = pipe().unwrap();
    let words = ["--key", "http", "--rate", "10", "--seconds", "3600"];
    let program = Program::spawn(Program::command(TP3, command(fake.addr, &words)).stdout(writer));
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).unwrap();
    assert!(line.contains("http"), "{line}");
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn a_log_that_can_not_be_written_is_output_that_failed() {
    let rig = Rig::new(0, &[]);
    let finished = load(rig.addr(), &["--key", "http", "--questions", "3", "--hdr", "/dev/full"]);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("cannot write the HdrHistogram log any more"), "{}", finished.stderr);
}

#[test]
fn a_log_does_not_overwrite_the_keys() {
    let (silent, dir) = (Peer::new(), TempDir::new());
    let keys = dir.write("keys.txt", b"http\n");
    let link = dir.path().join("link.txt");
    std::os::unix::fs::symlink(&keys, &link).unwrap();
    let [keys, link] = [&keys, &link].map(|path| path.to_str().unwrap());
    let finished = load(silent.addr(), &["--keys", keys, "--hdr", link, "--questions", "1"]);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("--hdr: this file is read, and would be overwritten"), "{}", finished.stderr);
    assert_eq!(fs::read(keys).unwrap(), b"http\n");
    silent.expect_nothing_left();
}

#[test]
fn as_many_clients_as_the_hard_limit_of_open_files_allows() {
    let rig = Rig::new(0, &[]);
    let words = ["--key", "http", "--clients", "300", "--questions", "1"];
    let limited = |limit: &str| {
        let script = format!("{limit} && exec \"$@\"");
        let shell = ["-c", &script, "sh", TP3].map(str::to_owned).into_iter().chain(command(rig.addr(), &words));
        Program::start("/bin/sh", shell).finish()
    };
    let finished = limited("ulimit -Sn 100");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let finished = limited("ulimit -Sn 100 && ulimit -Hn 200");
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    let told = "300 clients are more than 200 files (ulimit -n) leave room for";
    assert!(finished.stderr.contains(told), "{}", finished.stderr);
}
