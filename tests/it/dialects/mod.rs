//! Other programs of this protocol: overlays of ours and of doubles that speak as those are known to.
//!
//! The doubles are written from descriptions of what such programs send, not from any of them. `dialect` is how a
//! program writes and reads, as data; `double` is a servent in a dialect; `overlay` mixes them with ours. Clients of
//! other programs are raw sockets that send what `dialect` writes. A single servent's dealings with raw bytes are in
//! `servent::dialects` and `servent::malformed`.

mod chain;
mod client;
mod dialect;
mod double;
mod overlay;
mod padding;
mod ports;
mod ring;
mod star;

use dialect::Dialect;
use std::thread::{Builder, scope};

/// Runs `body` for each row at the same time, since it waits most of the time. Its thread has the dialect's name.
fn for_each_at_once<T: Sync>(rows: &[(&'static Dialect, T)], body: impl Fn(&'static Dialect, &T) + Sync) {
    scope(|scope| {
        for (dialect, row) in rows {
            let body = &body;
            Builder::new().name(dialect.name.into()).spawn_scoped(scope, move || body(dialect, row)).unwrap();
        }
    });
}
