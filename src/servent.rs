//! The servent, wired up: channels, actors, start and stop.

mod builder;
mod tracing;

pub use builder::ServentBuilder;

use crate::actor::channels::LookupJob;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::actor::hand_over::{RoleHandle, Turn, Waiting};
use crate::actor::stop::StopFlag;
use crate::protocol::{ResolveError, Store};
use crate::stats::{Counters, Stats};
use crate::types::{Neighbours, TooManyNeighbours};
use crossbeam_channel::{Receiver, Sender};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddrV4;
use std::sync::Arc;
use tracing::Tracing;

/// RESPONSEs a second to one /24 unless told otherwise (P-24).
pub const RESPONSE_LIMIT: u32 = 200;

/// A running servent. Dropping it stops it and joins its threads; one that writes a trace to where nobody reads is left
/// behind after half a second.
#[derive(Debug)]
pub struct Servent {
    local: SocketAddrV4,
    /// As the resolver last published them.
    neighbours: Arc<Mutex<Neighbours>>,
    stop: StopFlag,
    stats: Stats,
    /// `None` once it was stopped.
    running: Option<Running>,
}

/// What a stop takes apart.
#[derive(Debug)]
struct Running {
    lookup: RoleHandle<LookupJob>,
    /// Dropped, it ends the resolver.
    resolving: Sender<Infallible>,
    crew: Crew,
    tracing: Option<Tracing>,
}

impl Servent {
    /// A servent that answers from `store`.
    #[must_use]
    pub fn builder(store: Store) -> ServentBuilder {
        ServentBuilder::new(store)
    }

    /// The address that it listens on. 0.0.0.0 stands for all of this host's.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// Whom it forwards to just now.
    #[must_use]
    pub fn neighbours(&self) -> Neighbours {
        self.neighbours.lock().clone()
    }

    /// The counters as the actors last published them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.stats.snapshot();
        let tracing = self.running.as_ref().and_then(|running| running.tracing.as_ref());
        counters.trace_dropped = tracing.map_or(0, Tracing::dropped);
        counters
    }

    /// Answers from `store` from now on: every request that is looked up after this call (P-35). Waits for its turn
    /// behind the look-ups that wait.
    pub fn replace_store(&self, store: Store) {
        if let Some(running) = &self.running {
            // A lookup actor that is gone ends the servent, which `ended` tells.
            running.lookup.hand(LookupJob::Replace(Box::new(store)), Turn::own(Waiting::Nothing)).ok();
        }
    }

    /// Receives the name of each actor that ends. Until a stop none does, unless it panicked, there is no socket any
    /// more, or a neighbour's name had no address for as long as was to be waited for it (P-27); the servent is then to be stopped. Receivers share the names: each goes to one of them.
    #[must_use]
    pub fn ended(&self) -> Receiver<&'static str> {
        self.running.as_ref().map_or_else(crossbeam_channel::never, |running| running.crew.ended())
    }

    /// Stops the receiver, which ends the others in flow order; what was queued is sent, and what was noted is in the
    /// trace, unless that takes too long. Returns the final counters, and [`ActorPanicked`] if an actor did.
    pub fn stop(mut self) -> (Counters, Result<(), ActorPanicked>) {
        self.halt()
    }

    fn halt(&mut self) -> (Counters, Result<(), ActorPanicked>) {
        let Some(Running { lookup, resolving, crew, tracing }) = self.running.take() else {
            return (self.stats.snapshot(), Ok(()));
        };
        self.stop.set();
        drop((lookup, resolving));
        let mut outcome = crew.join();
        let mut counters = self.stats.snapshot();
        if let Some(tracing) = tracing {
            let (dropped, traced) = tracing.finish();
            counters.trace_dropped = dropped;
            outcome = outcome.and(traced);
        }
        (counters, outcome)
    }
}

impl Drop for Servent {
    fn drop(&mut self) {
        if let (_, Err(panicked)) = self.halt() {
            log::error!("{panicked}");
        }
    }
}

/// Why a servent did not start. Nothing is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The port can't be bound.
    Bind(SocketAddrV4, io::Error),
    /// More neighbours than allowed (P-10).
    Neighbours(TooManyNeighbours),
    /// A neighbour has no address, and is to be waited for no longer (P-27).
    Unresolved(ResolveError),
    /// The system has no thread or clock to give.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {} is in use (listening on {address}): choose another one", address.port())
            }
            Self::Bind(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Neighbours(error) => error.fmt(f),
            Self::Unresolved(error) => error.fmt(f),
            Self::System(error) => write!(f, "cannot start: {error}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Bind(_, error) | Self::System(error) => Some(error),
            // These read as the errors that they are.
            Self::Neighbours(error) => error.source(),
            Self::Unresolved(error) => error.source(),
        }
    }
}
