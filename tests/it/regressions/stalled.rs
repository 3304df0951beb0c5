//! Standard error that nobody reads: a full pipe, or a terminal after Ctrl-S.

use crate::overlay::topology::Topology;
use crate::support::processes::waits_in_a_write;
use crate::support::stall::StalledPipe;
use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Counters, Peer, Program, SERVENT, TP3, TempDir, ports, until};
use nix::sys::signal::Signal;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// A datagram that is no message, and how many log lines of it fill a pipe and all that may wait for it.
const MALFORMED: &[u8] = b"\0";
const ROUNDS: usize = 100;
const A_ROUND: usize = 100;

/// Sends what is logged to `servent`, and a question after each hundred of it, which must be answered.
fn disturb(servent: SocketAddrV4, key: &[u8], value: &[u8]) -> Peer {
    let stranger = Peer::new();
    for _ in 0..ROUNDS {
        (0..A_ROUND).for_each(|_| stranger.send(servent, MALFORMED));
        stranger.send(servent, &clireq(key));
        stranger.expect(servent, &response(key, value));
    }
    stranger
}

/// A servent that logs everything to a pipe that is read as far as its banner.
fn servent(dir: &TempDir) -> (Program, StalledPipe, SocketAddrV4) {
    let file = dir.write("pairs.txt", b"http\t80/tcp\n");
    let port = ports::free();
    let (mut pipe, writer) = StalledPipe::empty();
    let args = [&port.to_string(), file.to_str().unwrap(), "-v"];
    let program = Program::spawn(Program::command(SERVENT, args).stderr(writer));
    pipe.read_until("clients reach it");
    (program, pipe, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// The receiver waited in the log: no more answers, and no signal was heard.
#[test]
fn a_servent_whose_log_nobody_reads_answers_all_the_same_and_stops() {
    let dir = TempDir::new();
    let (program, _pipe, addr) = servent(&dir);
    disturb(addr, b"http", b"80/tcp");
    assert!(waits_in_a_write(program.pid(), "standard error"), "the pipe is full");
    // The counters find no room either.
    program.signal(Signal::SIGUSR1);
    disturb(addr, b"http", b"80/tcp");
    let finished = program.finish_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(0));
    assert!(finished.waited < Duration::from_secs(4), "ended after {:?}", finished.waited);
}

#[test]
fn a_log_that_is_read_again_says_how_many_lines_are_missing_and_ends_with_the_counters() {
    let dir = TempDir::new();
    let (program, pipe, addr) = servent(&dir);
    disturb(addr, b"http", b"80/tcp");
    assert!(waits_in_a_write(program.pid(), "standard error"), "the pipe is full");
    let rest = pipe.read_to_end_in_background();
    assert_eq!(program.finish_by(Signal::SIGTERM).code, Some(0));
    let said = rest.join().unwrap();
    let counters = Counters::parse(&said);
    counters.check_identities();
    let missing: usize = said
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(" lines not shown]"))
        .map(|count| count.parse::<usize>().unwrap())
        .sum();
    let shown = said.lines().filter(|line| line.contains("malformed datagram")).count();
    assert!(missing > 0, "nothing was missing");
    // Lines of other things may be among those that are missing.
    assert!(shown + missing >= ROUNDS * A_ROUND, "{shown} lines shown, {missing} missing");
    assert_eq!(counters.sum_of_all("malformed_") as usize, ROUNDS * A_ROUND);
}

/// The listeners that pass on what the servents say waited, and so in the end did the servents.
#[test]
fn an_overlay_whose_log_nobody_reads_answers_all_the_same_and_stops() {
    let topology = Topology::chain(2);
    let (mut pipe, writer) = StalledPipe::empty();
    let args = ["overlay", topology.file().to_str().unwrap(), "-v", "--timeout", "1"];
    let mut command = Program::command(TP3, args);
    let (key_reader, mut keys) = std::io::pipe().unwrap();
    let mut program = Program::spawn(command.stdin(key_reader).stderr(writer));
    drop(command);
    pipe.read_until("asking servent");
    let addr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, topology.port(0));
    disturb(addr, b"key0", b"own");
    until("the pipe is full", || waits_in_a_write(program.pid(), "standard error"));
    disturb(addr, b"key0", b"own");
    keys.write_all(b"key\n").unwrap();
    program.stdout.expect("key\t");
    program.stdout.expect("key\t");
    let finished = program.finish_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(143));
    assert!(finished.waited < Duration::from_secs(4), "ended after {:?}", finished.waited);
    topology.expect_ports_free();
}

/// The remarks waited, and with them the answers.
#[test]
fn a_client_whose_remarks_nobody_reads_shows_its_answers_all_the_same() {
    let servent = Peer::new();
    let (_pipe, writer) = StalledPipe::full();
    let args = [&servent.addr().to_string(), "--timeout", "0.5", "--jobs", "1", "smtp", "http"];
    let mut program = Program::spawn(Program::command(CLIENT, args).stderr(writer));
    for _ in 0..2 {
        assert_eq!(servent.recv().0, clireq(b"smtp"));
    }
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(b"http"));
    servent.send(client, &response(b"http", b"80/tcp"));
    program.stdout.expect("80/tcp");
    assert_eq!(program.finish().code, Some(1));
}
