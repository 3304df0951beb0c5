//! Key-value files that do not come, that come empty, that are of another kind, and that do not fit.

use crate::support::wire::clireq;
use crate::support::{CLIENT, Program, Rig, SERVENT, Servent, TP3, TempDir, pipe, ports};
use nix::sys::signal::Signal;
use std::fs;
use std::io::Write;

/// The signals were not heard until the pipe had been read.
#[test]
fn p35_a_start_that_waits_for_a_pipe_can_be_interrupted() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let dir = TempDir::new();
        let file = dir.path().join("pipe");
        pipe::make(&file);
        let servent = Program::start(SERVENT, [&ports::free().to_string(), file.to_str().unwrap()]);
        let _writer = pipe::await_reader(&file);
        let finished = servent.finish_by(signal);
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{signal}");
    }
}

/// The servent answered on, but nothing could stop it any more.
#[test]
fn p35_a_reload_that_waits_for_a_pipe_can_be_interrupted_and_it_answers_meanwhile() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let rig = Rig::new(0, &[]);
        let file = rig.dir.path().join("pairs.txt");
        fs::remove_file(&file).unwrap();
        pipe::make(&file);
        rig.servent.signal(Signal::SIGHUP);
        let _writer = pipe::await_reader(&file);
        rig.send(&clireq(b"http"));
        rig.expect_answer(b"http", b"80/tcp");
        rig.settle();
        rig.servent.stop_by(signal).1.expect(&[("answered", 2)]);
    }
}

/// Signals that came while a file was read were not heard meanwhile; now those that ask for it again cost one more read.
#[test]
fn p35_reloads_asked_for_during_a_reload_are_one_more() {
    let mut rig = Rig::new(0, &[]);
    let file = rig.dir.path().join("pairs.txt");
    fs::remove_file(&file).unwrap();
    pipe::make(&file);
    rig.servent.signal(Signal::SIGHUP);
    let mut writer = pipe::await_reader(&file);
    for _ in 0..3 {
        rig.servent.signal(Signal::SIGHUP);
        // The counters are printed during the reload, and behind what was told before.
        rig.servent.signal(Signal::SIGUSR1);
        rig.servent.expect_line("counters");
    }
    // Whoever reads the file again finds this one.
    fs::remove_file(&file).unwrap();
    rig.write_pairs(b"http\t8080/tcp\n");
    writer.write_all(b"http\t81/tcp\n").unwrap();
    drop(writer);
    rig.servent.expect_line("reloaded 1 pair ");
    rig.servent.expect_line("reloaded 2 pairs");
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"8080/tcp");
    rig.stop();
}

/// It was not heard while a file was read to check it, and the check took from the pipe what was for the servent.
#[test]
fn p35_an_overlay_that_waits_for_a_pipe_can_be_interrupted() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let dir = TempDir::new();
        let file = dir.path().join("pipe");
        pipe::make(&file);
        let overlay = dir.write("overlay.txt", format!("{} pipe\n", ports::free()).as_bytes());
        for waits_for_overlay_file in [false, true] {
            let named = if waits_for_overlay_file { &file } else { &overlay };
            let program = Program::start(TP3, ["overlay", named.to_str().unwrap(), "http"]);
            let _writer = pipe::await_reader(&file);
            let finished = program.finish_by(signal);
            assert_eq!((finished.code, finished.stderr.as_str()), (Some(code), ""), "{signal}");
        }
    }
}

/// The check of the overlay file read it first, and the servent waited for what had been read.
#[test]
fn an_overlay_serves_what_a_pipe_holds() {
    let dir = TempDir::new();
    let file = dir.path().join("pipe");
    pipe::make(&file);
    let overlay = dir.write("overlay.txt", format!("{} pipe\n", ports::free()).as_bytes());
    let program = Program::start(TP3, ["overlay", overlay.to_str().unwrap(), "--timeout", "0.5", "http"]);
    pipe::await_reader(&file).write_all(b"http\t80/tcp\n").unwrap();
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.ends_with(b"\t80/tcp\n"), "{}", finished.stdout.escape_ascii());
}

/// Signals were not heard until the name server answered or the resolver gave up.
#[cfg(target_os = "linux")]
#[test]
fn p35_a_look_up_that_no_name_server_answers_can_be_interrupted() {
    use crate::support::namespace::in_namespace;
    use std::net::{Ipv4Addr, UdpSocket};

    let test = "regressions::files::p35_a_look_up_that_no_name_server_answers_can_be_interrupted";
    let config = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let server = config.lines().find_map(|line| line.strip_prefix("nameserver ")?.trim().parse::<Ipv4Addr>().ok());
    let server = server.unwrap_or(Ipv4Addr::LOCALHOST);
    in_namespace(test, &["link set lo up", &format!("address add {server}/32 dev lo")], || {
        let silent = UdpSocket::bind((server, 53)).unwrap();
        silent.set_read_timeout(Some(crate::support::DEADLINE)).unwrap();
        let dir = TempDir::new();
        let pairs = dir.write("pairs.txt", b"http\t80/tcp\n");
        let pairs = pairs.to_str().unwrap();
        let ends = [
            (SERVENT, Signal::SIGINT, 0),
            (SERVENT, Signal::SIGTERM, 0),
            (CLIENT, Signal::SIGINT, 130),
            (CLIENT, Signal::SIGTERM, 143),
            (TP3, Signal::SIGINT, 130),
            (TP3, Signal::SIGTERM, 143),
        ];
        for (index, (program, signal, code)) in ends.into_iter().enumerate() {
            let host = format!("nowhere{index}");
            let peer = format!("{host}.example:6002");
            let args = match program {
                SERVENT => vec!["6001", pairs, &peer],
                CLIENT => vec![&peer, "http"],
                _ => vec!["load", &peer, "--key", "http"],
            };
            let program = Program::start(program, &args);
            // Those before have asked more than once.
            let mut asked = vec![0; 512];
            while !asked.windows(host.len()).any(|label| label == host.as_bytes()) {
                silent.recv(&mut asked).unwrap();
            }
            let finished = program.finish_by(signal);
            assert_eq!((finished.code, finished.stderr.as_str()), (Some(code), ""), "{args:?}, {signal}");
        }
    });
}

/// "reloaded 0 pairs", and the dictionary was gone.
#[test]
fn p35_a_reload_of_a_file_without_any_pair_keeps_the_old_ones_and_says_so() {
    let mut rig = Rig::new(0, &[]);
    for emptied in [&b""[..], b"# all gone\n", b"lonely\n"] {
        rig.dir.write("pairs.txt", emptied);
        rig.servent.signal(Signal::SIGHUP);
        let said = rig.servent.expect_line("ERROR");
        assert!(said.contains("pairs.txt holds no pair any more") && said.contains("still answering"), "{said}");
        rig.send(&clireq(b"http"));
        rig.expect_answer(b"http", b"80/tcp");
    }
    // What had none before loses nothing.
    drop(rig);
    let dir = TempDir::new();
    let mut servent = Servent::start(&dir.write("pairs.txt", b""), &[]);
    servent.signal(Signal::SIGHUP);
    servent.expect_line("reloaded 0 pairs");
    servent.stop();
}

/// Thousands of pairs of garbage, or one warning a line.
#[test]
fn p32_a_file_of_another_kind_is_refused_at_the_start_and_at_a_reload() {
    let mut rig = Rig::new(0, &[]);
    let file = rig.dir.write("pairs.txt", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    rig.servent.signal(Signal::SIGHUP);
    let said = rig.servent.expect_line("ERROR");
    assert!(said.contains(&format!("gzip -dc '{}' > NEW", file.display())), "{said}");
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.stop();

    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"\xff\xfeh\0t\0t\0p\0\t\0v\0\n\0");
    let finished = Program::start(SERVENT, [&ports::free().to_string(), file.to_str().unwrap()]).finish();
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("text in UTF-16, convert it first: iconv"), "{}", finished.stderr);
}

/// One pair whose value was all that followed.
#[test]
fn p32_lines_that_end_in_cr_alone_are_lines() {
    let dir = TempDir::new();
    let servent = Servent::start(&dir.write("pairs.txt", b"# of a Mac\rhttp\t80/tcp\rsmtp\t25/tcp\r"), &[]);
    assert!(servent.banner().contains("2 pairs"), "{}", servent.banner());
    servent.stop();
}

/// They vanished without a word, `New York` and `New Jersey` above all.
#[test]
fn p31_keys_that_come_more_than_once_are_said_at_the_start() {
    let dir = TempDir::new();
    let file = dir.write("cities.txt", b"New York\nBoston US\nNew Jersey\n");
    let finished = {
        let servent = Servent::start(&file, &[]);
        servent.stop_by(Signal::SIGTERM).0
    };
    let line = finished.stderr.lines().find(|line| line.contains("more than once")).unwrap_or_default();
    assert!(
        line.contains("INFO") && line.contains("2 pairs from 3 lines; 'New' comes more than once"),
        "{}",
        finished.stderr
    );
    assert!(line.ends_with(", on lines 1 and 3"), "{line}");
}

/// The process was aborted: by its allocator at a reload, by the kernel when memory was gone.
#[cfg(target_os = "linux")]
#[test]
fn what_there_is_no_memory_for_is_an_error_like_any_other() {
    // In KiB of address space: what a servent takes by itself, and what a file of millions of pairs does not fit beside.
    // Without arenas, of which its allocator reserves 64 MiB each for now more and now fewer of the threads.
    let limited = |file: &str| {
        let words = format!("ulimit -v 400000; MALLOC_ARENA_MAX=1 exec \"$0\" {} {file}", ports::free());
        Program::start("sh", ["-c", &words, SERVENT])
    };
    let dir = TempDir::new();
    let million: Vec<u8> = (0..3_000_000_u32).flat_map(|key| format!("{key} {key:0>60}\n").into_bytes()).collect();
    let large = dir.write("large.txt", &million);
    for file in [large.to_str().unwrap(), "/dev/zero"] {
        let finished = limited(file).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains(file) && finished.stderr.contains("memory"), "{}", finished.stderr);
    }

    let pairs = dir.write("pairs.txt", b"http\t80/tcp\n");
    let mut servent = limited(pairs.to_str().unwrap());
    servent.stderr.expect("listening on");
    fs::rename(&large, &pairs).unwrap();
    servent.signal(Signal::SIGHUP);
    let said = servent.stderr.expect("ERROR");
    assert!(said.contains("memory") && said.contains("still answering"), "{said}");
    assert_eq!(servent.finish_by(Signal::SIGTERM).code, Some(0));
}

/// It was read until memory was gone.
#[test]
fn an_overlay_file_without_an_end_is_refused() {
    let finished = Program::start(TP3, ["overlay", "/dev/zero", "http"]).finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains("longer than 16 MiB, or has no end"), "{}", finished.stderr);
}
