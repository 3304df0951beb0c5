//! The trace of a servent: its writer started and, at the end, waited for.

use super::StartError;
use crate::actor::clock::Clock;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::actor::tracer::{self, Ledger, Tap};
use crate::net;
use crate::trace::Scribe;
use crate::types::Neighbours;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// How long a stop waits for the rest of the trace. A disk or reader that takes longer costs the rest, not the stop.
const REST_WAIT_MAX: Duration = Duration::from_millis(500);

/// A trace that is being written.
#[derive(Debug)]
pub(super) struct Tracing {
    crew: Crew,
    ledger: Ledger,
}

impl Tracing {
    /// Starts the thread that writes to `output`. Whoever holds the tap keeps it running. That nothing can be written
    /// there is no error: it is logged, and counted.
    pub(super) fn start(
        output: impl Write + Send + 'static,
        node: SocketAddrV4,
        neighbours: &Neighbours,
        clock: impl Clock + Send + 'static,
    ) -> Result<(Self, Tap), StartError> {
        let anchor = clock.anchor().map_err(StartError::System)?;
        let scribe = Scribe::new(node, anchor.monotonic_nanos);
        let mut first_line = Vec::new();
        scribe.start(&mut first_line, anchor.wall_nanos, neighbours);

        let (tap, event_rx, ledger) = tracer::tap();
        let (mut crew, numbers) = (Crew::default(), ledger.clone());
        crew.spawn("tracer", move || tracer::run(output, &first_line, &scribe, &event_rx, &numbers, &clock))
            .map_err(StartError::System)?;
        Ok((Self { crew, ledger }, tap))
    }

    /// Events that are missing from the file so far.
    pub(super) fn dropped(&self) -> u64 {
        self.ledger.dropped()
    }

    /// Waits for the rest to be written, once every tap is gone, and returns how many events are missing.
    pub(super) fn finish(self) -> (u64, Result<(), ActorPanicked>) {
        let Self { crew, ledger } = self;
        if crew.ended().recv_timeout(REST_WAIT_MAX).is_ok() {
            let outcome = crew.join();
            // One that panicked left things behind.
            return (ledger.dropped() + ledger.pending(), outcome);
        }
        log::warn!(
            "the trace is cut short: what it is written to takes too long (trace_dropped counts what is missing)"
        );
        (ledger.dropped() + ledger.pending(), Ok(()))
    }
}

/// The address by which a servent bound to `local` names itself: that one or, if it listens on every interface, the
/// one that its first neighbour sees, and without neighbours the first by which a client can reach it.
pub(super) fn own_name(local: SocketAddrV4, neighbours: &Neighbours) -> SocketAddrV4 {
    if !local.ip().is_unspecified() {
        return local;
    }
    let seen = neighbours.as_slice().first().and_then(|&neighbour| net::source_towards(neighbour));
    let ip = seen.or_else(|| net::own_addresses().ok()?.first().copied());
    SocketAddrV4::new(ip.unwrap_or(Ipv4Addr::LOCALHOST), local.port())
}
