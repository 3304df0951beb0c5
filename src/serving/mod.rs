//! A servent as a program: started from a file, told by signals, with a banner and its rates in the log.
//!
//! | file | holds |
//! |---|---|
//! | `banner` | what it says when it begins to serve |
//! | `events` | what it is told, while it starts and while it serves |
//! | `file_id` | whether two paths lead to one file |
//! | `holder` | which program holds a port |
//! | `reloads` | its file, read again while it serves |
//! | `service_manager` | what systemd is told |
//! | `trace_target` | where its trace goes |

mod banner;
mod events;
mod file_id;
mod holder;
mod reloads;
mod service_manager;
mod trace_target;

pub use events::{Events, ServentEvent};
pub use file_id::FileId;
pub use holder::Holder;
pub use reloads::{Reloads, is_standard_input};
pub use service_manager::NOTIFY_SOCKET;
pub use trace_target::TraceTarget;

use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::ActorPanicked;
use crate::actor::hand_over::HandOver;
use crate::actor::resolver::Resolver;
use crate::console::patient::Patient;
use crate::loading::LoadError;
use crate::net::{self, Offload, Socket};
use crate::protocol::{AddressBook, LinkConfig, Peer, ResolveConfig, SeenConfig};
use crate::servent::{Servent, StartError};
use crate::stats::Counters;
use crate::types::SeqNo;
use banner::Banner;
use crossbeam_channel::{Receiver, never, select, tick};
use reloads::{LOADER, say_warnings};
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The name of the thread that looks names up.
const RESOLVER: &str = "resolver";

/// Everything that the program is told.
#[derive(Clone, Debug)]
pub struct ServingConfig {
    /// Where to listen.
    pub bind: SocketAddrV4,
    /// The key-value file; `-` is standard input.
    pub file: PathBuf,
    /// Whom to forward to.
    pub neighbours: Vec<Peer>,
    /// When their names are looked up.
    pub resolve: ResolveConfig,
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
    /// Who looks up and sends.
    pub hand_over: HandOver,
    /// What links to neighbours do to QUERYs.
    pub links: LinkConfig,
    /// What they become, if anybody changes them.
    pub links_rx: Option<Receiver<LinkConfig>>,
    /// Where to write what becomes of each datagram, if anywhere.
    pub trace: Option<TraceTarget>,
    /// How often to log the rates, if at all.
    pub stats_every: Option<Duration>,
}

/// Why the program did not start. Nothing is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServingError {
    /// The key-value file can't be used (P-34).
    File(LoadError),
    /// The port is in use, and by whom if that can be told.
    PortInUse(SocketAddrV4, Option<Holder>),
    /// The servent can't be started.
    Start(StartError),
    /// The trace can't be written there.
    Trace(TraceTarget, io::Error),
    /// It was told to stop before it served.
    Stopped,
    /// A thread of this name panicked, after it logged why.
    Ended(&'static str),
}

impl fmt::Display for ServingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::PortInUse(address, holder) => {
                write!(f, "port {} is in use", address.port())?;
                if let Some(holder) = holder {
                    write!(f, " by {holder}")?;
                }
                write!(f, ": cannot listen on {address}")
            }
            Self::Start(error) => error.fmt(f),
            Self::Trace(target, error) => write!(f, "cannot write a trace to {target}: {error}"),
            Self::Stopped => f.write_str("told to stop before it served"),
            Self::Ended(thread) => write!(f, "the thread '{thread}' ended by itself"),
        }
    }
}

impl ServingError {
    /// That the port of `address` is in use, and by whom if that can be told.
    #[must_use]
    pub fn port_in_use(address: SocketAddrV4) -> Self {
        Self::PortInUse(address, holder::holder_of(address))
    }
}

impl Error for ServingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // These read as the errors that they are.
            Self::File(error) => error.source(),
            Self::Start(error) => error.source(),
            Self::PortInUse(..) => None,
            Self::Trace(_, error) => Some(error),
            Self::Stopped | Self::Ended(_) => None,
        }
    }
}

/// Why a servent ended without being told to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Error for ServentFailure {}

/// A servent that serves.
#[derive(Debug)]
pub struct Serving {
    /// The servent.
    pub servent: Servent,
    /// The reloads of its file.
    pub reloads: Reloads,
    /// How often to log the rates, if at all.
    pub stats_every: Option<Duration>,
}

/// Looks up the neighbours' names, reads the file, binds the port, opens the trace, starts the servent, logs a banner, and
/// tells the service manager, if there is one, that it serves. All that can fail fails before the banner; the trace of a
/// servent that holds the port already is not emptied.
///
/// # Errors
/// [`ServingError`].
pub fn start(config: &ServingConfig, events: &mut Events) -> Result<Serving, ServingError> {
    let clock = SystemClock::start();
    let resolver = resolve(config, events, clock)?;
    let listed = resolver.listed();
    let file = config.file.clone();
    let loaded = events.wait_for(LOADER, move || reloads::read(&file))?.map_err(ServingError::File)?;
    say_warnings(&loaded, &config.file);
    let pairs = loaded.store.len();
    let refuse = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => ServingError::port_in_use(config.bind),
        _ => ServingError::Start(StartError::Bind(config.bind, error)),
    };
    let socket = Socket::bind(config.bind).map_err(refuse)?;
    socket.learn_asked();
    let (receive_buffer_len, send_buffer_len) = (socket.receive_buffer_len(), socket.send_buffer_len());
    let (endpoint, offload) =
        socket.into_endpoint(config.offload).map_err(|error| ServingError::Start(StartError::System(error)))?;
    let mut builder = Servent::builder(loaded.store)
        .resolved_by(resolver)
        .neighbours_only(config.neighbours_only)
        .seen(config.seen)
        .response_limit(config.response_limit)
        .hand_over(config.hand_over)
        .links(config.links);
    if let Some(first_seq) = config.first_seq {
        builder = builder.first_seq(first_seq);
    }
    if let Some(links_rx) = &config.links_rx {
        builder = builder.links_changed_by(links_rx.clone());
    }
    if let Some(target) = &config.trace {
        let file = target.open(&config.file).map_err(|error| ServingError::Trace(target.clone(), error))?;
        builder = builder.trace(Patient(file));
    }
    let servent = builder.start_on(endpoint, clock).map_err(ServingError::Start)?;
    let banner = Banner {
        local: servent.local_addr(),
        pairs,
        file: &config.file,
        neighbours: &listed,
        receive_buffer_len,
        send_buffer_len,
        offload,
        links: config.links,
        trace: config.trace.as_ref(),
    };
    banner.log();
    service_manager::serves();
    Ok(Serving { servent, reloads: Reloads::new(config.file.clone(), pairs), stats_every: config.stats_every })
}

/// Looks every neighbour's name up once (P-27), in a thread that is left behind if a stop comes first.
fn resolve(config: &ServingConfig, events: &mut Events, clock: SystemClock) -> Result<Resolver, ServingError> {
    let local = config.bind;
    let is_own = move |address| net::leads_to(local, address);
    let book = AddressBook::new(config.neighbours.iter().cloned(), config.resolve, clock.now(), is_own)
        .map_err(|error| ServingError::Start(StartError::Neighbours(error)))?;
    let mut resolver = Resolver::new(book, Arc::new(net::look_up));
    if resolver.may_change() {
        let settled = events.wait_for(RESOLVER, move || resolver.settle(&clock).map(|()| resolver))?;
        resolver = settled.map_err(|error| ServingError::Start(StartError::Unresolved(error)))?;
    }
    // Who is left out is said now, and not listed.
    drop(resolver.neighbours(&is_own));
    Ok(resolver)
}

impl Serving {
    /// Serves until an event says stop or an actor ends by itself; `print` gets the counters whenever they are asked for.
    /// Returns the final counters, and [`ServentFailure`] if an actor ended it.
    pub fn run(self, events: &Events, mut print: impl FnMut(&Counters)) -> (Counters, Result<(), ServentFailure>) {
        let Self { servent, mut reloads, stats_every } = self;
        let ended = servent.ended();
        let ticks = stats_every.map_or_else(never, tick);
        // From zero: datagrams may have come before this thread got here.
        let clock = SystemClock::start();
        let (mut before, mut last) = (Counters::default(), clock.now());
        if events.reload {
            reloads.ask();
        }
        if events.print_counters {
            print(&servent.counters());
        }
        let failed = loop {
            select! {
                recv(events.events_rx) -> event => match event {
                    Ok(ServentEvent::Stop) | Err(_) => break None,
                    Ok(ServentEvent::Reload) => reloads.ask(),
                    Ok(ServentEvent::PrintCounters) => print(&servent.counters()),
                },
                recv(reloads.loaded_rx) -> loaded => if !reloads.finish(loaded, &servent) {
                    break Some(LOADER);
                },
                recv(ended) -> actor => break actor.ok(),
                recv(ticks) -> _ => {
                    // A tick that is taken late covers more than an interval; it does not know how late it is.
                    let (now, at) = (servent.counters(), clock.now());
                    log::info!("{}", now.rates_since(&before, at.since(last)));
                    (before, last) = (now, at);
                }
            }
        };
        service_manager::stops();
        let (counters, outcome) = servent.stop();
        let outcome = outcome.map_err(ServentFailure::Panicked);
        (counters, outcome.and_then(|()| failed.map_or(Ok(()), |actor| Err(ServentFailure::Ended(actor)))))
    }
}
