//! Black-box tests: the programs as they are run, seen through sockets, pipes, signals and a terminal.
//!
//! What goes over the wire is built and read by `support::wire`, byte by byte and without the library: it is the
//! oracle. Every wait ends by an event or fails at `support::DEADLINE`. That *nothing* comes is shown by a sentinel:
//! a later request whose answer must be the next datagram. The clauses P-1 to P-45 are those of `src/wire` and
//! `src/lib.rs`.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "deadlines and the programs' own time-outs are measured in real time")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "the helpers outside the test functions are tests as well: a surprise in them fails the test"
)]

mod cli;
mod client;
mod client_tty;
#[cfg(target_os = "linux")]
mod conformance;
mod dialects;
mod explain;
mod export;
#[cfg(target_os = "linux")]
mod export_script;
mod help;
mod live;
mod load;
#[cfg(target_os = "linux")]
mod load_tool;
mod overlay;
mod regressions;
mod servent;
mod simulate;
#[cfg(target_os = "linux")]
mod soak;
mod support;
