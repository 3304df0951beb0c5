//! clientTP3 with its outputs in pipes, against a raw socket that plays the servent: P-40 to P-45.

mod answers;
mod input;
mod json;
#[cfg(target_os = "linux")]
mod many;
#[cfg(target_os = "linux")]
mod stalled;
mod waiting;

use crate::support::wire::clireq;
use crate::support::{CLIENT, Peer, Program};
use std::net::SocketAddrV4;

/// Short, and long enough for a test that is scheduled late to answer in time.
const TIMEOUT: [&str; 2] = ["--timeout", "0.7"];

/// The client asks `servent` for what `more` says: keys and options.
fn ask(servent: &Peer, more: &[&str]) -> Program {
    Program::start(CLIENT, args(servent, more))
}

/// The same with a pipe as its standard input.
fn ask_with_stdin(servent: &Peer, more: &[&str]) -> Program {
    Program::start_with_stdin(CLIENT, args(servent, more))
}

fn args(servent: &Peer, more: &[&str]) -> Vec<String> {
    [servent.addr().to_string()].into_iter().chain(more.iter().map(|arg| (*arg).to_owned())).collect()
}

/// The next datagram at `servent` is the CLIREQ for `key`; returns who sent it.
fn expect_clireq(servent: &Peer, key: &[u8]) -> SocketAddrV4 {
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(key), "{}", asked.escape_ascii());
    client
}

/// A line of answer as it stands in a pipe.
fn line(key: &str, peer: &Peer, value: &str) -> String {
    format!("{key}\t{}\t{value}\n", peer.addr())
}
