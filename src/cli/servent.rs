//! `serventTP3 PORT FILE [IP:PORT]...`: its arguments here, its run in `program`, `orders` for its links.

mod orders;
mod program;

pub use program::{Farewell, NotStarted, complain_unless_started, main, report};

use super::Verbosity;
use super::hand_over::HandOverArg;
use super::links::{self, Delay, Loss};
use super::values;
use super::{command, manual};
use crate::net::Offload;
use crate::protocol::{Peer, ResolveConfig, SeenConfig};
use crate::servent::RESPONSE_LIMIT;
use crate::serving::{self, ServingConfig, TraceTarget};
use crate::text::escape;
use crate::types::{Neighbours, SeqNo};
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::time::Duration;

/// The program's name.
pub const NAME: &str = "serventTP3";

/// Servent of a peer-to-peer key-value store over UDP
///
/// A servent holds the keys and values of a file and knows up to ten neighbours; together they form an overlay. A
/// client asks one servent for a key. The servent answers if it holds the key, and floods the question to its
/// neighbours and theirs, at most three hops far; every servent that holds the key answers the client directly.
///
/// It runs until it is stopped, logs to standard error, and prints what it counted at the end.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME)]
pub struct ServentArgs {
    /// UDP port to listen on, 1 to 65535
    #[arg(value_name = "PORT", value_parser = values::port)]
    port: u16,
    /// Key-value file: on each line a key and its value
    ///
    /// - is standard input, which is read once: a reload keeps the pairs.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Neighbours, at most 10: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    neighbours: Vec<Peer>,
    /// Address to listen on
    ///
    /// One of this machine's; 0.0.0.0 stands for all of them.
    #[arg(long, overrides_with = "bind", value_name = "IP", default_value_t = Ipv4Addr::UNSPECIFIED, value_parser = values::ipv4)]
    bind: Ipv4Addr,
    /// How long a query counts as seen
    ///
    /// A query that comes again within this time is dropped. Above 0, up to a year.
    #[arg(long, hide_short_help = true, value_name = "SECONDS", default_value = "60", value_parser = values::seconds)]
    seen_expiry: Duration,
    /// How many queries are remembered
    ///
    /// From 1 to 67,108,864. Above it the oldest is forgotten first.
    #[arg(long, hide_short_help = true, value_name = "N", default_value_t = SeenConfig::default().capacity,
        value_parser = values::number(1..=SeenConfig::CAPACITY_MAX, SeenConfig::default().capacity))]
    seen_capacity: u32,
    /// Sequence number of the first query [default: random]
    ///
    /// From 0 to 4,294,967,295, for tests and lessons. It is random unless given, so that a servent that was started again is not taken for one
    /// that repeats itself.
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = values::number(0..=u32::MAX, 1))]
    first_seq: Option<u32>,
    /// Refuse QUERYs from others than the neighbours
    ///
    /// Clients are served all the same.
    #[arg(long)]
    neighbours_only: bool,
    /// Wait so long for neighbours' names that are not found
    ///
    /// It listens meanwhile, tries them again five times a second, and knows each once it is found. One that is not found by then
    /// ends the servent. 0 is an error at once, before it listens; else from 0.1 s up to a year.
    #[arg(long, hide_short_help = true, value_name = "SECONDS", default_value = "0", value_parser = values::interval_or_none)]
    resolve_wait: Duration,
    /// Look neighbours' names up again this often
    ///
    /// One that has another address then is followed there; one that is not found stays where it was. 0 is never; else from
    /// 0.1 s up to a year.
    #[arg(long, hide_short_help = true, value_name = "SECONDS", default_value = "30", value_parser = values::interval_or_none)]
    resolve_every: Duration,
    /// RESPONSEs a second to a /24
    ///
    /// Keeps strangers from aiming RESPONSEs at others. It holds for globally routable addresses, not for loopback,
    /// private and shared ones. From 0, which is no limit, to 4,294,967,295.
    #[arg(long, value_name = "N", default_value_t = RESPONSE_LIMIT, value_parser = values::number(0..=u32::MAX, RESPONSE_LIMIT))]
    response_limit: u32,
    /// Do without segmentation and receive offload (GSO, GRO)
    #[arg(long, hide_short_help = true)]
    no_offload: bool,
    /// Lose so many percent of the QUERYs to each neighbour
    ///
    /// From 0 to 100, drawn for each. For lessons and tests; CLIREQs and RESPONSEs are not lost.
    #[arg(long, hide_short_help = true, value_name = "PERCENT", default_value_t, value_parser = links::loss)]
    loss: Loss,
    /// Hold QUERYs back before they leave: TIME or TIME±JITTER
    ///
    /// As in 50ms or 50ms±10ms, where any time from 40 to 60 ms is equally likely; +- stands for ± as well. From 0 up to an
    /// hour, in us, ms, s, min or h; a number alone is seconds. For lessons and tests; CLIREQs and RESPONSEs are not held back.
    #[arg(long, hide_short_help = true, value_name = "TIME", default_value_t, value_parser = links::delay)]
    delay: Delay,
    /// Let standard input change --loss and --delay meanwhile
    ///
    /// A line is `loss PERCENT` or `delay TIME[±JITTER]` and counts from then on. For programs that run an overlay; FILE is
    /// then no standard input.
    #[arg(long, hide_short_help = true)]
    link_orders: bool,
    #[command(flatten)]
    hand_over: HandOverArg,
    /// Write each event to FILE as JSON
    ///
    /// An object a line says what becomes of a datagram. FILE is emptied first; - is standard output.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Log the rates this often
    ///
    /// On one line, a second: received, answered, forwarded, duplicates, dropped and shed. From 0.1 s up to a year.
    #[arg(long, conflicts_with = "quiet", value_name = "SECONDS", value_parser = values::log_interval)]
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
        Self::parse_words_and_options(words, &[]).map(|(args, _)| args)
    }

    /// Reads the words of a command line, without the program's name, and picks out the words of its options, but for
    /// those whose long names are in `but`; each option by its long name, with its value in the word behind it.
    ///
    /// # Errors
    /// As [`ServentArgs::parse_words`].
    pub(super) fn parse_words_and_options(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        but: &[&str],
    ) -> Result<(Self, Vec<String>), clap::Error> {
        let words = words.into_iter().map(Into::into);
        let command = command::command::<Self>(&manual::SERVENT);
        let (command, mut matches) = command::matches(command, &manual::SERVENT, words)?;
        if command::wanted(&matches).is_some() {
            return Err(Self::command().error(ErrorKind::UnknownArgument, "--generate has no place here"));
        }
        let options = command::typed_options(&command, &matches, but);
        Ok((Self::from_arg_matches_mut(&mut matches)?.counted()?, options))
    }

    /// Itself, unless there are too many neighbours (P-10) or standard input is wanted twice.
    fn counted(self) -> Result<Self, clap::Error> {
        let args = self;
        if args.link_orders && serving::is_standard_input(&args.file) {
            let message = "--link-orders reads standard input, so FILE can't be -: name a file";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
        }
        if args.neighbours.len() > Neighbours::COUNT_MAX {
            let message = format!(
                "{} neighbours '{}'...: expected at most {} of [IP:PORT]...",
                args.neighbours.len(),
                escape(args.neighbours[0].to_string().as_bytes()),
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

    /// What it remembers of queries.
    #[must_use]
    pub fn seen(&self) -> SeenConfig {
        SeenConfig { expiry: self.seen_expiry, capacity: self.seen_capacity }
    }

    /// How much to log.
    #[must_use]
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// The arguments as a servent takes them.
    #[must_use]
    pub fn check(self) -> ServingConfig {
        let (trace, seen) = (self.trace(), self.seen());
        let every = Some(self.resolve_every).filter(|every| !every.is_zero());
        ServingConfig {
            trace,
            stats_every: self.stats_every,
            bind: SocketAddrV4::new(self.bind, self.port),
            file: self.file,
            neighbours: self.neighbours,
            resolve: ResolveConfig { wait: self.resolve_wait, every },
            first_seq: self.first_seq.map(SeqNo),
            neighbours_only: self.neighbours_only,
            seen,
            response_limit: self.response_limit,
            hand_over: self.hand_over.checked(),
            links: links::config(self.loss, self.delay),
            links_rx: None,
            offload: if self.no_offload { Offload::Off } else { Offload::WhereAvailable },
        }
    }
}
