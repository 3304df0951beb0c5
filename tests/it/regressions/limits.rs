//! Files that may not grow any more (`ulimit -f`).

use crate::support::wire::{clireq, response};
use crate::support::{CLIENT, Peer, Program, SERVENT, TempDir, ports};
use nix::sys::signal::Signal;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;

/// `binary`, whose files may hold as many blocks of 512 bytes as `blocks` says.
fn limited(blocks: u32, binary: &str, args: &[&str]) -> Command {
    let words = ["-c", &format!("ulimit -f {blocks} && exec \"$0\" \"$@\""), binary];
    Program::command("sh", words.iter().chain(args))
}

/// SIGXFSZ ended it in the middle of its work.
#[test]
fn a_trace_that_may_not_grow_ends_with_a_warning_and_answers_go_on() {
    let (dir, client) = (TempDir::new(), Peer::new());
    let (file, trace) = (dir.write("pairs.txt", b"http\t80/tcp\n"), dir.path().join("trace.json"));
    let port = ports::free();
    let args = [&port.to_string(), file.to_str().unwrap(), "--trace", trace.to_str().unwrap()];
    let mut program = Program::spawn(&mut limited(8, SERVENT, &args));
    program.stderr.expect("listening on");
    let addr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let ask = || {
        client.send(addr, &clireq(b"http"));
        client.expect(addr, &response(b"http", b"80/tcp"));
    };
    (0..50).for_each(|_| ask());
    let said = program.stderr.expect("the trace ends here");
    assert!(said.contains("File too large"), "{said}");
    ask();
    let finished = program.finish_by(Signal::SIGTERM);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("trace_dropped"), "{}", finished.stderr);
    assert_eq!(fs::metadata(trace).unwrap().len(), 8 * 512);
}

/// SIGXFSZ ended it without a word.
#[test]
fn answers_to_a_file_that_may_not_grow_end_the_client_with_the_reason() {
    let (dir, servent) = (TempDir::new(), Peer::new());
    let path = dir.path().join("answers.txt");
    let mut command = limited(1, CLIENT, &[&servent.addr().to_string(), "http"]);
    let program = Program::spawn(command.stdout(File::create(&path).unwrap()));
    let (_, client) = servent.recv();
    servent.send(client, &response(b"http", &[b'v'; 1_000]));
    let finished = program.finish();
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    assert!(finished.stderr.contains("clientTP3: cannot go on: File too large"), "{}", finished.stderr);
    assert_eq!(fs::metadata(path).unwrap().len(), 512);
}

/// What a servent logs to such a file is lost, and its answers are not.
#[test]
fn a_log_that_may_not_grow_does_not_end_a_servent() {
    let (dir, client) = (TempDir::new(), Peer::new());
    let file = dir.write("pairs.txt", b"http\t80/tcp\n");
    let port = ports::free();
    let mut command = limited(1, SERVENT, &[&port.to_string(), file.to_str().unwrap(), "-v"]);
    let log = dir.path().join("log.txt");
    let program = Program::spawn(command.stderr(File::create(&log).unwrap()));
    let addr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    crate::support::until("the servent answers", || {
        client.send(addr, &clireq(b"http"));
        client.recv_within(std::time::Duration::from_millis(50)).is_some()
    });
    (0..100).for_each(|_| client.send(addr, b"\0"));
    crate::support::until("the file is full", || fs::metadata(&log).unwrap().len() == 512);
    while client.recv_now().is_some() {}
    client.send(addr, &clireq(b"http"));
    client.expect(addr, &response(b"http", b"80/tcp"));
    assert_eq!(program.finish_by(Signal::SIGTERM).code, Some(0));
}
