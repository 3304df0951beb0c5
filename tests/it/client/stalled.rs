//! Whoever reads the answers has stopped to, and has not gone.

use super::{TIMEOUT, expect_clireq, line};
use crate::support::processes::waits_in_a_write;
use crate::support::stall::StalledPipe;
use crate::support::wire::response;
use crate::support::{CLIENT, Peer, Program, until};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::Signal;
use std::io::PipeWriter;

/// A client that asks `servent` for `keys`, and whose first answer, for `http`, waits to be written.
fn stalled(servent: &Peer, keys: &[&str]) -> (Program, StalledPipe) {
    stalled_in(StalledPipe::full(), servent, keys)
}

/// The same with this pipe, which is full.
fn stalled_in((pipe, writer): (StalledPipe, PipeWriter), servent: &Peer, keys: &[&str]) -> (Program, StalledPipe) {
    let server = servent.addr().to_string();
    let args = [&[server.as_str(), TIMEOUT[0], TIMEOUT[1]], keys].concat();
    let program = Program::spawn(Program::command(CLIENT, args).stdout(writer));
    let client = expect_clireq(servent, b"http");
    servent.send(client, &response(b"http", b"80/tcp"));
    until("a write that waits", || waits_in_a_write(program.pid(), "writer"));
    (program, pipe)
}

/// Its answers waited in a write that heard no signal; only SIGKILL ended it.
#[test]
fn a_client_whose_reader_stalls_leaves_when_it_is_told_to() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 143), (Signal::SIGINT, 130)] {
        let servent = Peer::new();
        let (program, _pipe) = stalled(&servent, &["http"]);
        assert_eq!(program.finish_by(signal).code, Some(code), "{signal}");
    }
}

/// The thread that asks wrote the answers as well: nothing was asked again, and nothing received, before it was read.
#[test]
fn p40_a_client_whose_reader_stalls_asks_on_and_drops_no_answer() {
    let servent = Peer::new();
    let (program, pipe) = stalled(&servent, &["http", "smtp"]);
    let client = expect_clireq(&servent, b"smtp");
    assert_eq!(expect_clireq(&servent, b"smtp"), client, "it is asked for again");
    servent.send(client, &response(b"smtp", b"25/tcp"));
    let rest = pipe.read_to_end_in_background();
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(rest.join().unwrap(), line("http", &servent, "80/tcp") + &line("smtp", &servent, "25/tcp"));
    assert!(finished.stderr.contains("smtp: no more answers"), "{}", finished.stderr);
}

/// A pipe that another program had made non-blocking ended it with an error, and its answers were lost.
#[test]
fn a_client_waits_for_its_reader_also_where_the_pipe_does_not_block() {
    let servent = Peer::new();
    let (pipe, writer) = StalledPipe::full();
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
    let (program, pipe) = stalled_in((pipe, writer), &servent, &["http"]);
    let rest = pipe.read_to_end_in_background();
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(rest.join().unwrap(), line("http", &servent, "80/tcp"));
}
