//! A servent as a program: started from a file, told by signals, with a banner and its rates in the log.
//!
//! | file | holds |
//! |---|---|
//! | `banner` | what it says when it begins to serve |
//! | `trace_target` | where its trace goes |

mod banner;
mod trace_target;

pub use trace_target::TraceTarget;

use crate::actor::clock::SystemClock;
use crate::actor::crew::ActorPanicked;
use crate::loading::LoadError;
use crate::net::{Offload, Socket};
use crate::protocol::{SeenConfig, Store};
use crate::servent::{Servent, StartError};
use crate::stats::Counters;
use crate::types::SeqNo;
use banner::Banner;
use crossbeam_channel::{Receiver, never, select, tick};
use log::Level;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Everything that the program is told.
#[derive(Clone, Debug)]
pub struct ServingConfig {
    /// Where to listen.
    pub bind: SocketAddrV4,
    /// The key-value file.
    pub file: PathBuf,
    /// Whom to forward to.
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

/// What a running servent is told.
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

/// Why the program did not start. Nothing is left behind.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServingError {
    /// The key-value file can't be used (P-34).
    File(LoadError),
    /// The servent can't be started.
    Start(StartError),
    /// The trace can't be written there.
    Trace(TraceTarget, io::Error),
}

impl fmt::Display for ServingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Start(error) => error.fmt(f),
            Self::Trace(target, error) => write!(f, "cannot write a trace to {target}: {error}"),
        }
    }
}

impl Error for ServingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Start(error) => Some(error),
            Self::Trace(_, error) => Some(error),
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

/// Reads the file, binds the port, opens the trace, starts the servent, and logs a banner. All that can fail fails
/// before the banner; the trace of a servent that holds the port already is not emptied.
///
/// # Errors
/// [`ServingError`].
pub fn start(config: &ServingConfig) -> Result<Servent, ServingError> {
    let store = load(&config.file).map_err(ServingError::File)?;
    let pairs = store.len();
    let refuse = |error| ServingError::Start(StartError::Bind(config.bind, error));
    let socket = Socket::bind(config.bind).map_err(refuse)?;
    let (receive_buffer_len, send_buffer_len) = (socket.receive_buffer_len(), socket.send_buffer_len());
    let (endpoint, offload) =
        socket.into_endpoint(config.offload).map_err(|error| ServingError::Start(StartError::System(error)))?;
    let mut builder = Servent::builder(store)
        .neighbours(config.neighbours.iter().copied())
        .neighbours_only(config.neighbours_only)
        .seen(config.seen)
        .response_limit(config.response_limit);
    if let Some(first_seq) = config.first_seq {
        builder = builder.first_seq(first_seq);
    }
    if let Some(target) = &config.trace {
        let file = target.open(&config.file).map_err(|error| ServingError::Trace(target.clone(), error))?;
        builder = builder.trace(file);
    }
    let servent = builder.start_on(endpoint, SystemClock::start()).map_err(ServingError::Start)?;
    let banner = Banner {
        local: servent.local_addr(),
        pairs,
        file: &config.file,
        neighbours: servent.neighbours(),
        receive_buffer_len,
        send_buffer_len,
        offload,
        trace: config.trace.as_ref(),
    };
    banner.log();
    Ok(servent)
}

/// Lets `servent` serve until an event says stop or an actor ends by itself; `reload` is called when its file is to be
/// read again, and `print` gets the counters whenever they are asked for. Returns the final counters, and
/// [`ServentFailure`] if an actor ended it.
pub fn run(
    servent: Servent,
    stats_every: Option<Duration>,
    events: &Receiver<ServentEvent>,
    mut reload: impl FnMut(&Servent),
    mut print: impl FnMut(&Counters),
) -> (Counters, Result<(), ServentFailure>) {
    let ended = servent.ended();
    let ticks = stats_every.map_or_else(never, tick);
    // From zero: datagrams may have come before this thread got here.
    let (mut before, mut last) = (Counters::default(), None);
    let failed = loop {
        select! {
            recv(events) -> event => match event {
                Ok(ServentEvent::Stop) | Err(_) => break None,
                Ok(ServentEvent::Reload) => reload(&servent),
                Ok(ServentEvent::PrintCounters) => print(&servent.counters()),
            },
            recv(ended) -> actor => break actor.ok(),
            recv(ticks) -> at => {
                // The first tick comes an interval after the start; a late one covers more than an interval.
                let interval = stats_every.unwrap_or_default();
                let elapsed = at.ok().zip(last).map_or(interval, |(at, last)| at.duration_since(last));
                let now = servent.counters();
                log::info!("{}", now.rates_since(&before, elapsed));
                (before, last) = (now, at.ok());
            }
        }
    };
    let (counters, outcome) = servent.stop();
    let outcome = outcome.map_err(ServentFailure::Panicked);
    (counters, outcome.and_then(|()| failed.map_or(Ok(()), |actor| Err(ServentFailure::Ended(actor)))))
}

/// Reads `file` again and lets `servent` answer from it at once; if that fails, the old store stays (P-35).
pub fn reload(servent: &Servent, file: &Path) {
    match load(file) {
        Ok(store) => {
            let pairs = store.len();
            servent.replace_store(store);
            log::info!("reloaded {pairs} pairs from {}", file.display());
        }
        Err(error) => log::error!("{error}; still answering from what was read before"),
    }
}

/// Reads a key-value file and logs a warning for what is wrong with it (P-33).
fn load(file: &Path) -> Result<Store, LoadError> {
    let loaded = Store::read(file)?;
    for warning in loaded.warnings() {
        let level = if warning.is_remark() { Level::Info } else { Level::Warn };
        log::log!(level, "{}", warning.about(file));
    }
    Ok(loaded.store)
}
