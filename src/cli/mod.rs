//! The command lines: arguments as typed, then as checked, then the program's exit code.
//!
//! | file | program |
//! |---|---|
//! | `servent` | `serventTP3 PORT FILE [IP:PORT]...` |
//! | `client` | `clientTP3 IP:PORT [KEY]...` |
//! | `toolbox` | `tp3 VERB [ARGUMENT]...` |
//! | `overlay`, `overlay_file` | `tp3 overlay FILE [KEY]...` |
//! | `hand_over` | `--hand-over`, which they share |
//! | `explain` | `tp3 explain FILE...` |
//! | `export` | `tp3 export FILE TARGET -o DIR` |
//! | `simulate` | `tp3 simulate --graph GRAPH` |
//! | `check` | `tp3 check servent\|client -- COMMAND...` |
//! | `load` | `tp3 load IP:PORT` |
//! | `values` | what can stand for a port, a neighbour, a number |
//! | `command` | from words to arguments, the same way for every program |
//! | `signals` | signals to events |
//! | `hints` | tips for what newcomers type |
//! | `manual` | what `--help` and the man pages tell beside the options |
//! | `written` | files that are written, none of which is read |
//! | `generate` | man pages and completions |
//!
//! Messages go to standard error through [`standard_error`], so that nobody waits for whoever reads them. If it is gone,
//! there is nobody to tell, so failures to write there are ignored.

#[cfg(target_os = "linux")]
mod check;
pub mod client;
mod command;
mod explain;
mod export;
mod generate;
mod hand_over;
mod hints;
mod journal;
mod links;
#[cfg(target_os = "linux")]
mod load;
mod manual;
pub mod overlay;
pub mod overlay_file;
pub mod servent;
mod signals;
mod simulate;
pub mod toolbox;
pub mod values;
mod written;

use crate::actor::hand_over::acting_role;
use crate::console::standard_error::{self, StandardError};
use crate::overlay::Logging;
use crate::text::escape;
use anstream::{AutoStream, ColorChoice};
use env_logger::{Target, WriteStyle};
use log::LevelFilter;
use std::env;
use std::fmt::Display;
use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::thread;

/// All went well.
pub const EXIT_OK: u8 = 0;
/// `serventTP3`, `tp3 overlay`: it could not start, or failed later. `clientTP3`: a key got no answer.
pub const EXIT_FAILURE: u8 = 1;
/// The command line is wrong. `clientTP3`: or input or output failed.
pub const EXIT_USAGE: u8 = 2;
/// Ended by SIGINT where there was no prompt to return to: 128 and the signal's number, as shells do.
pub const EXIT_INTERRUPTED: u8 = 130;
/// Ended by SIGTERM or SIGHUP before its work was done, likewise.
pub const EXIT_TERMINATED: u8 = 143;

/// How much a program logs.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Verbosity {
    /// Log what becomes of each datagram as well
    #[arg(short, long)]
    verbose: bool,
    /// Log only warnings and errors
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
}

impl Verbosity {
    /// What an option says that is to be logged; `None` without one.
    #[must_use]
    pub fn logging(self) -> Option<Logging> {
        match (self.quiet, self.verbose) {
            (true, _) => Some(Logging::Warnings),
            (false, true) => Some(Logging::All),
            (false, false) => None,
        }
    }

    /// Whether to log more than usual.
    #[must_use]
    pub fn is_verbose(self) -> bool {
        self.verbose
    }

    /// Starts logging to standard error; `RUST_LOG` overrides the options, unless it is empty. `usual` is the level without
    /// any of them.
    fn start_logging(self, usual: LevelFilter) {
        let level = match self.logging() {
            Some(Logging::Warnings) => LevelFilter::Warn,
            Some(Logging::Usual) | None => usual,
            Some(Logging::All) => LevelFilter::Debug,
        };
        let mut builder = env_logger::Builder::new();
        if journal::is_standard_error() {
            builder.format_timestamp(None);
        }
        // Beside a filter for a module, one for all that is chosen there would mean nothing.
        if env::var(env_logger::DEFAULT_FILTER_ENV).is_ok_and(|chosen| !chosen.is_empty()) {
            builder.parse_default_env();
        } else {
            builder.filter_module(env!("CARGO_CRATE_NAME"), level);
        }
        builder.format_target(false).target(Target::Pipe(Box::new(StandardError))).write_style(log_style());
        // A second logger in one process changes nothing: the first one stays.
        builder.try_init().ok();
        panic::set_hook(Box::new(|panicked| {
            let current = thread::current();
            let role = acting_role().or(current.name()).unwrap_or("unnamed");
            log::error!("in '{role}': {panicked} (this is a bug)");
        }));
    }
}

/// Whether log lines are coloured. The logger knows of standard error no more than that it is a writer, so it is decided
/// here, as it would.
fn log_style() -> WriteStyle {
    match env::var(env_logger::DEFAULT_WRITE_STYLE_ENV).as_deref() {
        Ok("always") => WriteStyle::Always,
        Ok("never") => WriteStyle::Never,
        _ => AutoStream::choice(&io::stderr()).into(),
    }
}

/// Says a line on standard error.
fn say(line: impl Display) {
    standard_error::say(format!("{line}\n").as_bytes());
}

/// Says on standard error why `program` ends. Names and words that somebody else may have chosen are made safe to show
/// (P-44).
fn complain(program: &str, cause: impl Display) {
    let cause: Vec<_> = cause.to_string().lines().map(|line| escape(line.as_bytes())).collect();
    say(format_args!("{program}: {}", cause.join("\n")));
}

/// Runs a program, and lets what it said on standard error be read.
fn to_the_last_word(program: impl FnOnce() -> ExitCode) -> ExitCode {
    signals::outlive_file_size_limit();
    let ended = program();
    standard_error::flush();
    ended
}

/// Ends with what clap says: help and version on standard output, errors on standard error with an example of how it
/// is done.
fn exit_with_usage(error: &clap::Error, manual: &manual::Manual) -> ExitCode {
    if error.use_stderr() {
        let text = error.render();
        let is_plain = AutoStream::choice(&io::stderr()) == ColorChoice::Never;
        let text = if is_plain { text.to_string() } else { text.ansi().to_string() };
        say(format_args!("{text}\nfor example: {}", manual.example));
        return ExitCode::from(EXIT_USAGE);
    }
    let printed = error.print().and_then(|()| io::stdout().flush());
    exit_of_output(printed, manual)
}

/// The end of a program that was to print something and no more.
fn exit_of_output(printed: io::Result<()>, manual: &manual::Manual) -> ExitCode {
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            complain(manual.name, format_args!("cannot write: {error}"));
            ExitCode::from(manual.exit_unwritable)
        }
        // Who reads it may have seen enough.
        _ => ExitCode::from(EXIT_OK),
    }
}
