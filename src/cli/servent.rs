//! `serventTP3 PORT FILE [IP:PORT]...`

use super::values::{self, Peer};
use super::{EXIT_FAILURE, EXIT_OK, Verbosity, complain, exit_with_usage};
use crate::actor::crew::Crew;
use crate::actor::signals;
use crate::net::Offload;
use crate::protocol::SeenConfig;
use crate::servent::{Servent, ServentConfig, ServentEvent, TraceTarget};
use crate::stats::Counters;
use crate::types::{Neighbours, SeqNo};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use crossbeam_channel::unbounded;
use log::LevelFilter;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// The program's name.
pub const NAME: &str = "serventTP3";
const EXAMPLE: &str = "serventTP3 6001 data/kv/web.txt 127.0.0.1:6002 127.0.0.1:6003";

/// A servent of a peer-to-peer key-value store: answers clients from a file and floods their queries to its
/// neighbours
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, version, after_help = "Signals: SIGHUP reads FILE again, SIGUSR1 prints the counters, SIGINT and SIGTERM stop.\n\
    Exit codes: 0 stopped, 1 could not start or failed, 2 wrong command line.\n\
    Example: serventTP3 6001 data/kv/web.txt 127.0.0.1:6002 127.0.0.1:6003")]
pub struct ServentArgs {
    /// UDP port to listen on, 1 to 65535
    #[arg(value_name = "PORT", value_parser = values::port)]
    port: u16,
    /// Key-value file: one pair a line, key and value separated by tabs
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Neighbours, at most 10: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    neighbours: Vec<Peer>,
    /// Address to listen on
    #[arg(long, overrides_with = "bind", value_name = "IP", default_value_t = Ipv4Addr::UNSPECIFIED, value_parser = values::ipv4)]
    bind: Ipv4Addr,
    /// How long a query counts as seen
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = values::seconds)]
    seen_expiry: Duration,
    /// How many queries are remembered at most; above it the oldest is forgotten first
    #[arg(long, value_name = "N", default_value_t = SeenConfig::default().capacity,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(SeenConfig::CAPACITY_MAX)))]
    seen_capacity: u32,
    /// Sequence number of the first query [default: random]
    #[arg(long, value_name = "N")]
    first_seq: Option<u32>,
    /// Refuse QUERYs from others than the neighbours
    #[arg(long)]
    neighbours_only: bool,
    /// RESPONSEs a second to one /24 of globally routable addresses; 0 = no limit
    #[arg(long, value_name = "N", default_value_t = 200)]
    response_limit: u32,
    /// Do without segmentation and receive offload (GSO, GRO)
    #[arg(long)]
    no_offload: bool,
    /// Write what becomes of each datagram to FILE, a JSON object a line; - = standard output
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Log how much comes and goes a second, this often
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    stats_every: Option<Duration>,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl ServentArgs {
    /// Reads the words of a command line, without the program's name.
    ///
    /// # Errors
    /// What clap says, or that there are too many neighbours (P-10).
    pub fn parse_words(words: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Self, clap::Error> {
        let words = words.into_iter().map(Into::into);
        let args = Self::try_parse_from(std::iter::once(OsString::from(NAME)).chain(words))?;
        if args.neighbours.len() > Neighbours::COUNT_MAX {
            let message = format!(
                "{} neighbours '{}'...: expected at most {} of [IP:PORT]...",
                args.neighbours.len(),
                args.neighbours[0],
                Neighbours::COUNT_MAX
            );
            return Err(Self::command().error(ErrorKind::TooManyValues, message));
        }
        Ok(args)
    }

    /// The port to listen on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The key-value file.
    #[must_use]
    pub fn file(&self) -> &PathBuf {
        &self.file
    }

    /// The neighbours as typed.
    #[must_use]
    pub fn neighbours(&self) -> &[Peer] {
        &self.neighbours
    }

    /// The address to listen on.
    #[must_use]
    pub fn bind(&self) -> Ipv4Addr {
        self.bind
    }

    /// Where the trace goes, if there is one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceTarget> {
        let target = |path: &PathBuf| match path.as_os_str().as_encoded_bytes() {
            b"-" => TraceTarget::StandardOutput,
            _ => TraceTarget::File(path.clone()),
        };
        self.trace.as_ref().map(target)
    }

    /// Whether it is to log its rates.
    #[must_use]
    pub fn logs_rates(&self) -> bool {
        self.stats_every.is_some()
    }

    /// How much to log.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// The arguments as a servent takes them: host names resolved.
    ///
    /// # Errors
    /// A message that names the neighbour that has no address.
    pub fn check(self) -> Result<ServentConfig, String> {
        let trace = self.trace();
        Ok(ServentConfig {
            trace,
            stats_every: self.stats_every,
            bind: SocketAddrV4::new(self.bind, self.port),
            file: self.file,
            neighbours: self.neighbours.iter().map(Peer::resolve).collect::<Result<_, _>>()?,
            first_seq: self.first_seq.map(SeqNo),
            neighbours_only: self.neighbours_only,
            seen: SeenConfig { expiry: self.seen_expiry, capacity: self.seen_capacity },
            response_limit: self.response_limit,
            offload: if self.no_offload { Offload::Off } else { Offload::WhereAvailable },
        })
    }
}

/// What a servent says at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Its counters.
    Counters,
    /// Nothing: in an overlay, the tables of all servents would bury the answers.
    Nothing,
}

/// Runs the program with these words, its own name not among them; calls `ready` once it is bound and serving.
pub fn main(words: impl IntoIterator<Item = OsString>, farewell: Farewell, ready: impl FnOnce()) -> ExitCode {
    let args = match ServentArgs::parse_words(words) {
        Ok(args) => args,
        Err(error) => return exit_with_usage(&error, EXAMPLE),
    };
    args.verbosity.start_logging(LevelFilter::Info);
    ExitCode::from(report(serve(args, farewell, ready)))
}

/// Says on standard error why a servent failed, if it did, and returns the exit code.
pub fn report(outcome: Result<(), String>) -> u8 {
    match outcome {
        Ok(()) => EXIT_OK,
        Err(cause) => {
            complain(NAME, cause);
            EXIT_FAILURE
        }
    }
}

fn serve(args: ServentArgs, farewell: Farewell, ready: impl FnOnce()) -> Result<(), String> {
    let (events_tx, events_rx) = unbounded();
    let mut crew = Crew::default();
    let guard = signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGHUP, SIGUSR1], events_tx, |signal| match signal {
        SIGHUP => ServentEvent::Reload,
        SIGUSR1 => ServentEvent::PrintCounters,
        _ => ServentEvent::Stop,
    })
    .map_err(|error| format!("cannot listen to signals: {error}"))?;
    let servent = Servent::start(args.check()?).map_err(|error| error.to_string())?;
    ready();
    let print = |counters: &Counters| {
        // Nobody to show them to is no reason to stop.
        writeln!(io::stderr(), "{counters}").ok();
    };
    let (counters, outcome) = servent.run(&events_rx, print);
    if farewell == Farewell::Counters {
        print(&counters);
    }
    drop(guard);
    outcome.map_err(|failure| failure.to_string())?;
    crew.join().map_err(|panicked| panicked.to_string())
}
