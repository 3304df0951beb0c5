//! `serventTP3`, run: from its words to its exit code.

use super::{NAME, ServentArgs, orders};
use crate::actor::crew::Crew;
use crate::cli::{EXIT_FAILURE, EXIT_OK, complain, exit_with_usage, say, to_the_last_word};
use crate::cli::{command, hints, manual, signals};
use crate::console::standard_error;
use crate::serving::{self, Events, ServentEvent, Serving, ServingConfig, ServingError};
use crate::stats::Counters;
use crossbeam_channel::unbounded;
use log::LevelFilter;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use std::ffi::OsString;
use std::process::ExitCode;

/// What a servent says at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Its counters.
    Counters,
    /// Nothing: in an overlay, the tables of all servents would bury the answers.
    Nothing,
}

/// Why a servent does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotStarted {
    /// The cause, with a tip where one helps.
    pub cause: String,
    /// It is that another program holds its port.
    pub is_port_in_use: bool,
}

impl From<String> for NotStarted {
    fn from(cause: String) -> Self {
        Self { cause, is_port_in_use: false }
    }
}

/// Says on standard error why a servent does not serve.
pub fn complain_unless_started(outcome: Result<(), &NotStarted>) {
    match outcome {
        Ok(()) => {}
        Err(NotStarted { cause, is_port_in_use: true }) => complain(NAME, format_args!("{cause}; choose another one")),
        Err(NotStarted { cause, .. }) => complain(NAME, cause),
    }
}

/// Runs the program with these words, its own name not among them; tells `started` once it is bound and serving, or why
/// it is not, which is said nowhere else.
pub fn main(
    words: impl IntoIterator<Item = OsString>,
    farewell: Farewell,
    started: impl FnOnce(Result<(), &NotStarted>),
) -> ExitCode {
    to_the_last_word(|| run(words, farewell, started))
}

fn run(
    words: impl IntoIterator<Item = OsString>,
    farewell: Farewell,
    started: impl FnOnce(Result<(), &NotStarted>),
) -> ExitCode {
    let read = command::read::<ServentArgs>(&manual::SERVENT, words);
    let args = match read.and_then(|args| args.counted().map_err(|error| exit_with_usage(&error, &manual::SERVENT))) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    args.verbosity.start_logging(LevelFilter::Info);
    match start(args) {
        Ok(None) => ExitCode::from(EXIT_OK),
        Ok(Some(serving)) => {
            started(Ok(()));
            ExitCode::from(report(serve(serving, farewell)))
        }
        Err(cause) => {
            started(Err(&cause));
            ExitCode::from(EXIT_FAILURE)
        }
    }
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

/// A servent that serves, and the signals that it is told by.
struct Started {
    serving: Serving,
    events: Events,
    /// Whether it tells also of what did not happen.
    is_verbose: bool,
    guard: signals::SignalGuard,
    crew: Crew,
}

/// Starts the servent; `None` if it was told to stop before it served.
fn start(args: ServentArgs) -> Result<Option<Started>, NotStarted> {
    let (events_tx, events_rx) = unbounded();
    let mut crew = Crew::default();
    let guard = signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGUSR1], &[SIGHUP], events_tx, |signal| match signal {
        SIGHUP => Some(ServentEvent::Reload),
        SIGUSR1 => Some(ServentEvent::PrintCounters),
        _ => Some(ServentEvent::Stop),
    })
    .map_err(|error| format!("cannot listen to signals: {error}"))?;
    let mut events = Events::new(events_rx);
    let (file, is_verbose) = (args.file.clone(), args.verbosity.is_verbose());
    let links_rx = match args.link_orders {
        true => Some(orders::listen(args.loss, args.delay).map_err(|error| format!("cannot start: {error}"))?),
        false => None,
    };
    let started = serving::start(&ServingConfig { links_rx, ..args.check() }, &mut events);
    match (started, hints::kv_file(&file)) {
        (Ok(serving), _) => Ok(Some(Started { serving, events, is_verbose, guard, crew })),
        (Err(ServingError::Stopped), _) => Ok(None),
        (Err(error @ ServingError::File(_)), Some(hint)) => Err(format!("{error}\ntip: {hint}").into()),
        (Err(error), _) => {
            let is_port_in_use = matches!(error, ServingError::PortInUse(..));
            Err(NotStarted { cause: error.to_string(), is_port_in_use })
        }
    }
}

fn serve(started: Started, farewell: Farewell) -> Result<(), String> {
    let Started { serving, events, is_verbose, guard, crew } = started;
    let print_all = |counters: &Counters| say(format_args!("{counters:#}"));
    let (counters, outcome) = serving.run(&events, print_all);
    if farewell == Farewell::Counters {
        // Behind a long log there may be no room for them yet.
        standard_error::flush();
        if is_verbose { print_all(&counters) } else { say(&counters) }
    }
    drop(guard);
    outcome.map_err(|failure| failure.to_string())?;
    crew.join().map_err(|panicked| panicked.to_string())
}
