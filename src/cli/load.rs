//! `tp3 load IP:PORT`

mod open_files;
mod showing;

use super::values;
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USAGE, command, complain, exit_of_output, exit_with_usage,
    manual, say, signals, written,
};
use crate::actor::aside::aside;
use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::Crew;
use crate::console::patient::Patient;
use crate::entropy;
use crate::load::report::{Bounds, Summary, json, text};
use crate::load::running::{self, Job};
use crate::load::{Clireqs, Ends, Extent, Keys, Links, Pace, Pattern, Picker, Plan, Traffic};
use crate::loading;
use crate::net::{is_globally_routable, is_local};
use crate::protocol::{AskedKey, Dialect, Peer};
use crate::serving::FileId;
use crate::telling::Language;
use crate::text::{escape, escape_path};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use crossbeam_channel::{Receiver, select, unbounded};
use showing::{Showing, Shown, Written};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The program's name, and the verb.
const NAME: &str = "tp3 load";

/// Clients of a closed loop, unless told otherwise.
const CLIENTS: u32 = 64;
/// The most clients of an open loop, unless told otherwise.
const CLIENTS_MAX: u32 = 512;
/// Of rates up to this, each question is told of.
const TOLD_RATE_MAX: f64 = 10.0;
/// How long others may still answer the last questions once all are answered by those who are known.
const LINGER: Duration = Duration::from_millis(250);
/// How often the thread that asks reports.
const REPORT: Duration = Duration::from_secs(1);
/// The longest file of keys, in bytes. It bounds what has no end, such as /dev/zero.
const KEYS_LEN_MAX: u64 = 256 << 20;
const REPORT_TOLD: Duration = Duration::from_millis(100);

/// Measure any servent: questions at a rate, or as fast as it answers
///
/// Asks the servent at IP:PORT for keys, in the plain protocol, so any program of it can be measured, and tells how many
/// questions a second were answered, how many were lost, and how long answers took, by the servent that gave them: all that
/// the question reaches may answer.
///
/// With --rate a latency is counted from when its question was to leave: a servent that stalls delays all questions of that
/// time, and they all count. Without it, each client asks the next question when the last one is answered, as fast as it can.
///
/// An answer belongs to a question by its key and by the port that it comes to, since it says no more: a client has one
/// question for a key under way at a time. With fewer keys than --in-flight, as many are under way as there are keys.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct LoadArgs {
    /// The servent to measure: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    servent: Peer,
    /// Ask for KEY; may be given several times
    #[arg(short, long, value_name = "KEY", required_unless_present_any = ["keys", "numbered"])]
    key: Vec<OsString>,
    /// Ask for the keys of FILE, one a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "numbered"])]
    keys: Option<PathBuf>,
    /// Ask for N keys, key-00000000 and on
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = values::number(1..=1_000_000, 1000), conflicts_with_all = ["key", "keys"])]
    numbered: Option<u32>,
    /// Choose by turn, uniform or zipf:S [default: turn]
    ///
    /// `turn` takes them one after the other, `uniform` gives each the same chance, and with `zipf:S` the chance of the key
    /// on line R is proportional to 1/R^S, as of words in a text with S about 1.
    #[arg(long, value_name = "PATTERN", value_parser = values::pattern)]
    pattern: Option<Pattern>,
    /// Choose the same keys as other runs with this seed
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = values::number(0..=u32::MAX, 1))]
    seed: Option<u32>,
    /// Ask N questions a second
    ///
    /// Fractions are allowed. Up to 10 a second each question is told of on a line of its own, when no more answers to it
    /// are waited for.
    #[arg(short, long, value_name = "N", value_parser = values::rate)]
    rate: Option<f64>,
    /// Ask from N clients [default: 64]
    ///
    /// Each has a port of its own, and takes an open file (`ulimit -n`). With --rate the default is as many as it takes so that no client has two questions for one key under way, up to 512.
    #[arg(short, long, value_name = "N", value_parser = values::number(1..=10_000, 64))]
    clients: Option<u32>,
    /// Questions under way at each client [default: 1]
    #[arg(short, long, value_name = "N", value_parser = values::number(1..=65_535, 16), conflicts_with = "rate")]
    in_flight: Option<u32>,
    /// End after this time [default: at Ctrl-C]
    #[arg(short, long, value_name = "SECONDS", value_parser = values::seconds)]
    seconds: Option<Duration>,
    /// End after N questions
    #[arg(short = 'n', long, value_name = "N", value_parser = values::number(1..=u32::MAX, 1000))]
    questions: Option<u32>,
    /// How long an answer is waited for
    #[arg(short, long, hide_short_help = true, value_name = "SECONDS", default_value = "1", value_parser = values::seconds)]
    timeout: Duration,
    /// End each key with a NUL
    ///
    /// Programs written for the 2017 edition of the assignment need it to understand a key.
    #[arg(long, hide_short_help = true)]
    nul: bool,
    /// Exit with 1 if the p99 is above TIME
    ///
    /// That of the times from a question to its first answer.
    #[arg(long, value_name = "TIME", value_parser = values::seconds)]
    p99_max: Option<Duration>,
    /// Exit with 1 if more than PERCENT are lost
    #[arg(long, value_name = "PERCENT", value_parser = values::percent)]
    loss_max: Option<f64>,
    /// Print the summary as a JSON object
    ///
    /// One object on one line, as data/load.schema.json describes it. Latencies are nanoseconds.
    #[arg(long)]
    json: bool,
    /// Write latencies as an HdrHistogram log
    ///
    /// An interval a second, as HdrHistogram's tools read it: of the times to first answers without a tag, and of each
    /// servent with its address as the tag. Values are nanoseconds.
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    hdr: Option<PathBuf>,
    /// Ask a host on the internet, too
    ///
    /// Without it a globally routable address that is not this host's is refused, before anything is sent. Load only what
    /// is yours.
    #[arg(long, hide_short_help = true)]
    yes: bool,
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<LoadArgs>(&manual::LOAD, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let keys = match args.checked_keys() {
        Ok(keys) => keys,
        Err(error) => return exit_with_usage(&error, &manual::LOAD),
    };
    measure(&args, keys).unwrap_or_else(|cause| {
        complain(NAME, cause);
        ExitCode::from(EXIT_USAGE)
    })
}

impl LoadArgs {
    /// What is asked for.
    fn checked_keys(&self) -> Result<Keys, clap::Error> {
        let refused = |message| Self::command().error(ErrorKind::ValueValidation, message);
        let check = |typed: &[u8]| AskedKey::in_dialect(typed, self.dialect());
        if let Some(count) = self.numbered {
            return Ok(Keys::numbered(count));
        }
        let Some(file) = &self.keys else {
            let keys = self.key.iter().map(|typed| {
                let wrong = |error| refused(format!("invalid key '{}': {error}", escape(typed.as_bytes())));
                check(typed.as_bytes()).map_err(wrong)
            });
            return keys.collect::<Result<Vec<_>, _>>().map(Keys::new);
        };
        let shown = escape_path(file);
        let read = FileId::at(file);
        written::check([read], [("--hdr", self.hdr.as_deref())], Language::English).map_err(refused)?;
        let text =
            loading::read(file, KEYS_LEN_MAX).map_err(|error| refused(format!("cannot read {shown}: {error}")))?;
        let lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).enumerate();
        let keys = lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(number, line)| check(line).map_err(|error| refused(format!("{shown}:{}: {error}", number + 1))));
        let keys = Keys::new(keys.collect::<Result<Vec<_>, _>>()?);
        if keys.is_empty() { Err(refused(format!("{shown} holds no key"))) } else { Ok(keys) }
    }

    fn dialect(&self) -> Dialect {
        if self.nul { Dialect::NulTerminated } else { Dialect::Plain }
    }

    fn bounds(&self) -> Bounds {
        Bounds { p99_max: self.p99_max, loss_percent_max: self.loss_max }
    }

    /// Whether each question has a line of its own.
    fn tells_questions(&self) -> bool {
        self.rate.is_some_and(|rate| rate <= TOLD_RATE_MAX) && !self.json
    }

    fn plan(&self) -> Plan {
        let (pace, clients, clients_max) = match self.rate {
            Some(rate) => (Pace::Rate(rate), 1, CLIENTS_MAX),
            None => {
                let clients = self.clients.unwrap_or(CLIENTS);
                (Pace::InFlight(self.in_flight.unwrap_or(1)), clients, clients)
            }
        };
        Plan {
            pace,
            extent: Extent { questions: self.questions.map(u64::from), time: self.seconds },
            // Those that were asked for are there from the beginning.
            clients: self.clients.unwrap_or(clients),
            clients_max: self.clients.unwrap_or(clients_max),
            timeout: self.timeout,
            ends: Ends::WithKnownServents,
            // What is told of a question is told once all that may answer could.
            linger: if self.tells_questions() { self.timeout } else { LINGER.min(self.timeout) },
            shares_keys: false,
            tells_ended: self.tells_questions(),
        }
    }

    fn picker(&self, keys: usize) -> Picker {
        let seed = self.seed.map_or_else(|| entropy::secret()[0], u64::from);
        Picker::new(self.pattern.unwrap_or_default(), keys, seed)
    }
}

/// Measures, and says what came of it.
///
/// # Errors
/// Why it could not, or could not go on.
fn measure(args: &LoadArgs, keys: Keys) -> Result<ExitCode, String> {
    let (stop, ended_by) = (Arc::new(AtomicBool::new(false)), unbounded());
    let mut crew = Crew::default();
    let stopping = Arc::clone(&stop);
    let guard = signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGHUP], &[], ended_by.0, move |signal| {
        stopping.store(true, Ordering::Relaxed);
        Some(signal)
    })
    .map_err(|error| format!("cannot listen to signals: {error}"))?;
    let signal_rx = ended_by.1;
    let outcome = match resolve(&args.servent, &signal_rx)? {
        Ok(servent) if is_far(*servent.ip()) && !args.yes => {
            let refused = format!("{servent} is on the internet: load only what is yours, and say so by --yes");
            return Ok(exit_with_usage(&LoadArgs::command().error(ErrorKind::ValueValidation, refused), &manual::LOAD));
        }
        Ok(servent) => run(args, servent, keys, &mut crew, &stop),
        Err(SIGINT) => Ok(ExitCode::from(EXIT_INTERRUPTED)),
        Err(_) => Ok(ExitCode::from(EXIT_TERMINATED)),
    };
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    let is_terminated = signal_rx.try_iter().any(|signal| signal != SIGINT);
    if is_terminated { Ok(ExitCode::from(EXIT_TERMINATED)) } else { outcome }
}

/// Whether a host is somebody's on the internet.
fn is_far(ip: Ipv4Addr) -> bool {
    is_globally_routable(ip) && !is_local(ip)
}

/// The address of the servent; the inner `Err` is a signal that comes before it is known.
fn resolve(servent: &Peer, signal_rx: &Receiver<i32>) -> Result<Result<SocketAddrV4, i32>, String> {
    let servent = servent.clone();
    let resolved_rx =
        aside("resolver", move || values::resolve(&servent)).map_err(|error| format!("cannot start: {error}"))?;
    select! {
        recv(resolved_rx) -> resolved => match resolved {
            Ok(resolved) => resolved.map(Ok).map_err(|error| error.to_string()),
            Err(_) => Err("the thread 'resolver' ended by itself".to_owned()),
        },
        recv(signal_rx) -> signal => signal.map(Err).map_err(|_| "the thread that hears signals ended by itself".to_owned()),
    }
}

/// Asks until all is over, and tells the summary.
fn run(
    args: &LoadArgs,
    servent: SocketAddrV4,
    keys: Keys,
    crew: &mut Crew,
    stop: &Arc<AtomicBool>,
) -> Result<ExitCode, String> {
    let (plan, bounds, key_count) = (args.plan(), args.bounds(), keys.len());
    if let Pace::InFlight(in_flight) = plan.pace
        && in_flight as usize > key_count
    {
        say(format_args!(
            "{NAME}: at most {key_count} in flight at each client, since a client asks for a key once at a time"
        ));
    }
    let files_max = open_files::allow(plan.clients.max(plan.clients_max).into());
    let links = Links::new(servent, Ipv4Addr::UNSPECIFIED, plan.clients, Traffic::Single)
        .map_err(|failed| format!("cannot start: {failed}{}", open_files::hint(&failed, plan.clients, files_max)))?;
    let clock = SystemClock::start();
    let wall_nanos = clock.anchor().map_err(|error| format!("cannot start: {error}"))?.wall_nanos;
    let mut showing = Showing::new(args, &keys, wall_nanos)?;
    let report_every = if args.tells_questions() { REPORT_TOLD } else { REPORT };
    let picker = args.picker(key_count);
    let job = Job { plan, links, dialogue: Clireqs::new(keys, args.dialect()), picker, report_every };
    let (reports_rx, ended_rx) =
        running::start(crew, job, clock, Arc::clone(stop)).map_err(|error| format!("cannot start: {error}"))?;
    // Ends when the thread that asks does.
    for report in reports_rx {
        showing.take(report);
        if showing.is_output_gone() {
            stop.store(true, Ordering::Relaxed);
        }
    }
    let unsent = ended_rx.recv().map_err(|_| "the thread 'generator' ended by itself".to_owned())?;
    let unsent = unsent.map_err(|failed| format!("cannot go on: {failed}"))?;
    let Shown { whole, roster, last, written } = showing.finish();
    let mut summary = Summary::new(servent, &plan, &whole, &roster);
    summary.keys = key_count;
    summary.unsent_cause = unsent.cause.map(|cause| cause.to_string());
    if let Some(last) = last {
        summary = Summary {
            clients: last.clients,
            elapsed: last.elapsed,
            counts: last.counts,
            lag_max: last.lag_max,
            ..summary
        };
    }
    Ok(tell(args, &summary, &bounds, written))
}

/// Prints the summary, and is the end of the program, of which other outputs were `written` or not.
fn tell(args: &LoadArgs, summary: &Summary, bounds: &Bounds, written: Written) -> ExitCode {
    let told = if args.json { json(summary, bounds) + "\n" } else { text::table(summary) };
    let mut out = Patient(io::stdout());
    let printed = written.lines.and_then(|()| out.write_all(told.as_bytes())).and_then(|()| out.flush());
    text::remarks(summary, bounds).iter().for_each(|remark| complain(NAME, remark));
    let is_silent = summary.counts.answered == 0 && summary.counts.lost > 0;
    match exit_of_output(printed, &manual::LOAD) {
        ended if ended != ExitCode::SUCCESS => ended,
        // Why was said.
        _ if !written.is_log_whole => ExitCode::from(EXIT_USAGE),
        _ if is_silent || !summary.breaches(bounds).is_empty() => ExitCode::from(EXIT_FAILURE),
        ended => ended,
    }
}
