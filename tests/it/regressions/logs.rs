//! What is logged where RUST_LOG and an option say different things.

use crate::support::{Peer, Program, SERVENT, TempDir, ports};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};

/// The options won: RUST_LOG was taken for what concerns all the other modules.
#[test]
fn rust_log_off_silences_a_program_with_v() {
    let dir = TempDir::new();
    // One key twice is worth an INFO line, and then it ends: no host has this address.
    let file = dir.write("pairs.txt", b"http 80/tcp\nhttp 8080/tcp\n");
    let args = ["6001", file.to_str().unwrap(), "--bind", "192.0.2.1", "-v"];
    for (rust_log, is_logged) in [("off", false), ("", true)] {
        let finished = Program::spawn(Program::command(SERVENT, args).env("RUST_LOG", rust_log)).finish();
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert_eq!(finished.stderr.contains(" INFO "), is_logged, "RUST_LOG={rust_log}: {}", finished.stderr);
        assert!(finished.stderr.contains("serventTP3: "), "why it ends is no log: {}", finished.stderr);
    }
}

/// So they did the other way round.
#[test]
fn rust_log_debug_makes_a_program_with_q_tell_of_each_datagram() {
    let dir = TempDir::new();
    let file = dir.write("pairs.txt", b"http 80/tcp\n");
    let port = ports::free();
    let mut command = Program::command(SERVENT, [&port.to_string(), file.to_str().unwrap(), "-q"]);
    let mut servent = Program::spawn(command.env("RUST_LOG", "debug"));
    servent.stderr.expect("listening on");
    let peer = Peer::new();
    peer.send(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), b"?");
    let line = servent.stderr.expect("malformed datagram of 1 bytes");
    assert!(line.contains(" DEBUG]") && line.contains(&peer.addr().to_string()), "{line}");
    assert_eq!(servent.finish_by(Signal::SIGTERM).code, Some(0));
}
