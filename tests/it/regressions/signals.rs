//! Signals that were ignored when a program started: `nohup`, and what a shell runs in the background.

use crate::overlay::topology::Topology;
use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Program, SERVENT, TP3, TempDir, ports};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;

/// `binary`, started with these signals ignored.
fn ignoring(signals: &str, binary: &str, args: &[&str]) -> Command {
    let words = ["-c", &format!("trap '' {signals}; exec \"$0\" \"$@\""), binary];
    Program::command("sh", words.iter().chain(args))
}

/// It ended with the terminal that it was started at.
#[test]
fn a_client_under_nohup_outlives_sighup_and_one_in_the_background_sigint() {
    for (ignored, signal) in [
        ("HUP", Signal::SIGHUP),
        ("INT", Signal::SIGINT),
        ("TERM", Signal::SIGTERM),
        ("QUIT", Signal::SIGQUIT),
        ("TSTP", Signal::SIGTSTP),
    ] {
        let servent = Peer::new();
        let args = [&servent.addr().to_string(), "http", "--timeout", "0.5"];
        let program = Program::spawn(&mut ignoring(ignored, CLIENT, &args));
        let (_, client) = servent.recv();
        program.signal(signal);
        servent.send(client, &response(b"http", b"80/tcp"));
        let finished = program.finish();
        assert_eq!(finished.code, Some(0), "{signal}: {}", finished.stderr);
        assert!(finished.stderr.contains("no more answers"), "{signal}: {}", finished.stderr);
    }
}

/// So did the overlay, and the servents with it.
#[test]
fn an_overlay_under_nohup_outlives_sighup() {
    let topology = Topology::chain(2);
    let mut command = ignoring("HUP", TP3, &["overlay", topology.file().to_str().unwrap(), "--timeout", "0.5", "key"]);
    let mut program = Program::spawn(&mut command);
    program.stderr.expect("asking servent");
    program.signal(Signal::SIGHUP);
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(finished.stdout.iter().filter(|byte| **byte == b'\n').count(), 2, "both answer");
}

/// For a servent SIGHUP is no end, so it is heard also under `nohup` (P-35). The others stay ignored.
#[test]
fn p35_a_servent_under_nohup_reloads_at_sighup_and_one_in_the_background_outlives_sigint() {
    let (dir, client) = (TempDir::new(), Peer::new());
    let file = dir.write("pairs.txt", b"http\t80/tcp\n");
    let port = ports::free();
    let mut command = ignoring("HUP INT", SERVENT, &[&port.to_string(), file.to_str().unwrap()]);
    let mut program = Program::spawn(&mut command);
    program.stderr.expect("listening on");
    program.signal(Signal::SIGINT);
    dir.write("pairs.txt", b"http\t8080/tcp\n");
    // Twice: two signals at once may be heard in any order, but what comes later is heard later.
    for _ in 0..2 {
        program.signal(Signal::SIGHUP);
        program.stderr.expect("reloaded");
    }
    let addr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    client.send(addr, &clireq(b"http"));
    client.expect(addr, &response(b"http", b"8080/tcp"));
    assert_eq!(program.finish_by(Signal::SIGTERM).code, Some(0));
}
