//! The servent, wired up: channels, actors, start and stop.

mod banner;
mod tracing;

pub use tracing::TraceTarget;

use crate::actor::channels::{LookupJob, batches};
use crate::actor::clock::SystemClock;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::actor::receiver::{ServentRoute, StopFlag};
use crate::actor::{flooder, lookup, receiver, sender};
use crate::loading::{LoadError, load_store, secret};
use crate::net::{self, DatagramSink, DatagramSource, Offload, Socket};
use crate::protocol::{FloodConfig, Flooder, Lookup, ResponseLimiter, SeenConfig, Store};
use crate::stats::{Counters, Stats};
use crate::types::{Neighbours, SeqNo};
use banner::Banner;
use crossbeam_channel::{Receiver, Sender, never, select, tick};
use std::fmt;
use std::io;
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::time::Duration;
use tracing::{Tracing, own_name};

/// Everything that a servent is told.
#[derive(Clone, Debug)]
pub struct ServentConfig {
    /// Where to listen; port 0 takes a free one.
    pub bind: SocketAddrV4,
    /// The key-value file.
    pub file: PathBuf,
    /// Whom to forward to. Repetitions and the servent's own address are dropped with a warning (P-27).
    pub neighbours: Vec<SocketAddrV4>,
    /// The number of the first CLIREQ; `None` = random (P-13).
    pub first_seq: Option<SeqNo>,
    /// Refuse QUERYs from strangers (P-22).
    pub neighbours_only: bool,
    /// Bounds of duplicate suppression (P-20).
    pub seen: SeenConfig,
    /// RESPONSEs a second to one /24; 0 = no limit (P-24).
    pub response_limit: u32,
    /// Segmentation and receive offload.
    pub offload: Offload,
    /// Where to write what becomes of each datagram, if anywhere.
    pub trace: Option<TraceTarget>,
    /// How often to log the rates, if at all.
    pub stats_every: Option<Duration>,
}

/// Why a servent did not start. Nothing is left behind.
#[derive(Debug)]
pub enum StartError {
    /// The key-value file can't be read (P-34).
    File(LoadError),
    /// The port can't be bound.
    Bind(SocketAddrV4, io::Error),
    /// More neighbours than allowed (P-10).
    Neighbours(crate::types::TooManyNeighbours),
    /// The system has no thread, socket or signal handler to give.
    System(io::Error),
    /// The trace can't be written there.
    Trace(TraceTarget, io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Bind(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {} is in use (listening on {address}): choose another one", address.port())
            }
            Self::Bind(address, error) => write!(f, "cannot listen on {address}: {error}"),
            Self::Neighbours(error) => error.fmt(f),
            Self::System(error) => write!(f, "cannot start: {error}"),
            Self::Trace(target, error) => write!(f, "cannot write a trace to {target}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// What a running servent is told, or learns of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServentEvent {
    /// Stop: SIGINT or SIGTERM.
    Stop,
    /// Read the key-value file again: SIGHUP (P-35). Other events wait meanwhile; a million pairs take about a fifth
    /// of a second.
    Reload,
    /// Print the counters: SIGUSR1.
    PrintCounters,
}

/// A running servent.
#[derive(Debug)]
pub struct Servent {
    file: PathBuf,
    stop: StopFlag,
    lookup_tx: Sender<LookupJob>,
    crew: Crew,
    stats: Stats,
    tracing: Option<Tracing>,
    stats_every: Option<Duration>,
}

impl Servent {
    /// Reads the file, binds the port, starts the actors, and logs a banner. All that can fail fails before
    /// the banner.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(mut config: ServentConfig) -> Result<Self, StartError> {
        let store = load_store(&config.file).map_err(StartError::File)?;
        let pairs = store.len();
        let socket = Socket::bind(config.bind).map_err(|error| StartError::Bind(config.bind, error))?;
        let local = socket.local_addr();
        let neighbours = neighbours(&config.neighbours, local)?;
        let (receive_buffer_len, send_buffer_len) = (socket.receive_buffer_len(), socket.send_buffer_len());
        let (source, sink, offload) = socket.split(config.offload).map_err(StartError::System)?;
        config.bind = local;
        let (file, known, trace) = (config.file.clone(), neighbours.clone(), config.trace.clone());
        let servent = Self::start_with(config, neighbours, store, source, sink)?;
        let banner = Banner {
            local,
            pairs,
            file: &file,
            neighbours: &known,
            receive_buffer_len,
            send_buffer_len,
            offload,
            trace: trace.as_ref(),
        };
        banner.log();
        Ok(servent)
    }

    /// Starts the actors on any network, a [`memory`](crate::net::memory) one for example.
    ///
    /// # Errors
    /// [`StartError::System`] if the system has no thread to give; those that were started are told to stop.
    pub fn start_with(
        config: ServentConfig,
        neighbours: Neighbours,
        store: Store,
        source: impl DatagramSource + Send + 'static,
        sink: impl DatagramSink + Send + 'static,
    ) -> Result<Self, StartError> {
        let stop = StopFlag::default();
        let clock = SystemClock::start();
        let (mut crew, mut stats) = (Crew::default(), Stats::default());
        let (inbox_tx, inbox_rx) = batches();
        let (lookup_tx, lookup_rx) = batches();
        let (outbox_tx, outbox_rx) = batches();
        let (tracing, tap) = match &config.trace {
            Some(target) => {
                let node = own_name(config.bind, &neighbours);
                let (tracing, tap) = Tracing::start(target, &config.file, node, &neighbours, clock)?;
                (Some(tracing), Some(tap))
            }
            None => (None, None),
        };
        let route = ServentRoute::new(&neighbours, inbox_tx, lookup_tx.clone());
        let flood = Flooder::new(FloodConfig {
            neighbours,
            first_seq: config.first_seq.unwrap_or_else(|| SeqNo(secret()[0] as u32)),
            neighbours_only: config.neighbours_only,
            seen: config.seen,
            secret: secret(),
        });
        let answers = Lookup::new(store, ResponseLimiter::new(config.response_limit));

        let spawn_all = || -> io::Result<()> {
            let (flag, tally, taps) = (stop.clone(), stats.tally(), tap.clone());
            crew.spawn("receiver", move || receiver::run(source, &flag, route, &clock, tally, taps.as_ref()))?;
            let (tally, sightings_tx, queries_tx, taps) =
                (stats.tally(), lookup_tx.clone(), outbox_tx.clone(), tap.clone());
            crew.spawn("flooder", move || {
                flooder::run(flood, &inbox_rx, &sightings_tx, &queries_tx, &clock, tally, taps.as_ref());
            })?;
            let (tally, taps) = (stats.tally(), tap.clone());
            crew.spawn("lookup", move || lookup::run(answers, &lookup_rx, &outbox_tx, &clock, tally, taps.as_ref()))?;
            let tally = stats.tally();
            crew.spawn("sender", move || sender::run(sink, &outbox_rx, &clock, tally, tap.as_ref()))
        };
        if let Err(error) = spawn_all() {
            stop.set();
            return Err(StartError::System(error));
        }
        Ok(Self { file: config.file, stop, lookup_tx, crew, stats, tracing, stats_every: config.stats_every })
    }

    /// Serves until an event says stop or an actor ends by itself; `print` gets the counters whenever they are asked
    /// for. Returns the final counters, and [`ServentFailure`] if an actor ended it.
    pub fn run(
        self,
        events: &Receiver<ServentEvent>,
        mut print: impl FnMut(&Counters),
    ) -> (Counters, Result<(), ServentFailure>) {
        let ended = self.crew.ended();
        let ticks = self.stats_every.map_or_else(never, tick);
        // From zero: datagrams may have come before this thread got here.
        let (mut before, mut last) = (Counters::default(), None);
        let failed = loop {
            select! {
                recv(events) -> event => match event {
                    Ok(ServentEvent::Stop) | Err(_) => break None,
                    Ok(ServentEvent::Reload) => self.reload(),
                    Ok(ServentEvent::PrintCounters) => print(&self.counters()),
                },
                recv(ended) -> actor => break actor.ok(),
                recv(ticks) -> at => {
                    // The first tick comes an interval after the start; a late one covers more than an interval.
                    let interval = self.stats_every.unwrap_or_default();
                    let elapsed = at.ok().zip(last).map_or(interval, |(at, last)| at.duration_since(last));
                    let now = self.counters();
                    log::info!("{}", now.rates_since(&before, elapsed));
                    (before, last) = (now, at.ok());
                }
            }
        };
        let (counters, outcome) = self.stop();
        let outcome = outcome.map_err(ServentFailure::Panicked);
        (counters, outcome.and_then(|()| failed.map_or(Ok(()), |actor| Err(ServentFailure::Ended(actor)))))
    }

    /// Reads the key-value file again and answers from it at once; if that fails, the old one stays (P-35).
    pub fn reload(&self) {
        match load_store(&self.file) {
            Ok(store) => {
                let pairs = store.len();
                if self.lookup_tx.send(LookupJob::Replace(Box::new(store))).is_ok() {
                    log::info!("reloaded {pairs} pairs from {}", self.file.display());
                }
            }
            Err(error) => log::error!("{error}; still answering from what was read before"),
        }
    }

    /// The counters as the actors last published them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.stats.snapshot();
        counters.trace_dropped = self.tracing.as_ref().map_or(0, Tracing::dropped);
        counters
    }

    /// Stops the receiver, which ends the others in flow order; what was queued is sent, and what was noted
    /// is in the trace, unless that takes too long. Returns the final counters,
    /// and [`ActorPanicked`] if an actor did.
    pub fn stop(self) -> (Counters, Result<(), ActorPanicked>) {
        let Self { stop, lookup_tx, crew, stats, tracing, .. } = self;
        stop.set();
        drop(lookup_tx);
        let mut outcome = crew.join();
        let mut counters = stats.snapshot();
        if let Some(tracing) = tracing {
            let (dropped, traced) = tracing.finish();
            counters.trace_dropped = dropped;
            outcome = outcome.and(traced);
        }
        (counters, outcome)
    }
}

/// Why a servent ended without being told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServentFailure {
    /// An actor panicked.
    Panicked(ActorPanicked),
    /// An actor of this name ended by itself, after it logged why.
    Ended(&'static str),
}

impl fmt::Display for ServentFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(panicked) => panicked.fmt(f),
            Self::Ended(actor) => write!(f, "the actor '{actor}' ended by itself"),
        }
    }
}

impl std::error::Error for ServentFailure {}

/// The neighbours as given, less the servent's own address and repetitions, each with a warning (P-27).
fn neighbours(given: &[SocketAddrV4], local: SocketAddrV4) -> Result<Neighbours, StartError> {
    let is_self = |address: &SocketAddrV4| {
        address.port() == local.port()
            && if local.ip().is_unspecified() { net::is_local(*address.ip()) } else { address.ip() == local.ip() }
    };
    for (index, address) in given.iter().enumerate() {
        if is_self(address) {
            log::warn!("neighbour {address} is this servent itself, dropped");
        } else if given[..index].contains(address) {
            log::warn!("neighbour {address} is given more than once, used once");
        }
    }
    Neighbours::new(given.iter().copied().filter(|address| !is_self(address))).map_err(StartError::Neighbours)
}
