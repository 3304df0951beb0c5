//! `clientTP3 IP:PORT [KEY]...`

use super::values::{self, Peer};
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED, EXIT_USAGE, Verbosity, complain, exit_with_usage,
};
use crate::actor::client_ui::{Ending, Interrupt};
use crate::actor::crew::Crew;
use crate::actor::signals;
use crate::client::{self, ClientConfig};
use crate::protocol::{AskedKey, Patience};
use crate::terminal::escape;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use crossbeam_channel::unbounded;
use log::LevelFilter;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::time::Duration;

/// The program's name.
pub const NAME: &str = "clientTP3";
const EXAMPLE: &str = "clientTP3 127.0.0.1:6001 http";

/// A client of a peer-to-peer key-value store: asks one servent for keys and shows which servents answer what
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, version, after_help = "Answers go to standard output: at a terminal SERVENT VALUE, otherwise KEY TAB SERVENT TAB VALUE.\n\
    Ctrl-C stops a wait; at the prompt it leaves, like Ctrl-D.\n\
    Exit codes: 0 every key was answered, or a person asked; 1 a key got no answer; 2 wrong command line, or input or output failed;\n\
    130 interrupted, 143 terminated.\n\
    Example: clientTP3 127.0.0.1:6001 http")]
struct ClientArgs {
    /// The servent to ask: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    servent: Peer,
    /// Keys to ask for, in turn; without any, lines of standard input
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
    #[command(flatten)]
    patience: PatienceArgs,
    #[command(flatten)]
    verbosity: Verbosity,
}

/// How long a client waits and how often it asks.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct PatienceArgs {
    /// How long to wait for a first answer after each try, and for another after each answer
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = values::seconds)]
    timeout: Duration,
    /// How often to send the question while nobody answers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1000))]
    tries: u32,
}

impl PatienceArgs {
    pub(super) fn patience(self) -> Patience {
        Patience { timeout: self.timeout, tries: self.tries }
    }
}

/// The KEY arguments as keys, bytes for bytes (P-4).
///
/// # Errors
/// What clap says of the first that is none.
pub(super) fn checked_keys<C: CommandFactory>(typed: &[OsString]) -> Result<Vec<AskedKey>, clap::Error> {
    let check = |typed: &OsString| {
        AskedKey::new(typed.as_bytes()).map_err(|error| {
            let message = format!("invalid value '{}' for '[KEY]...': {error}", escape(typed.as_bytes()));
            C::command().error(ErrorKind::ValueValidation, message)
        })
    };
    typed.iter().map(check).collect()
}

/// The exit code of an ended client.
pub(super) fn exit_code(ending: Ending) -> u8 {
    match ending {
        Ending::Finished { refused: 1.., .. } => EXIT_USAGE,
        Ending::Finished { unanswered: 1.., .. } => EXIT_FAILURE,
        Ending::Finished { .. } | Ending::Unread => EXIT_OK,
        Ending::Interrupted => EXIT_INTERRUPTED,
        Ending::Left => EXIT_TERMINATED,
        Ending::Disconnected => EXIT_USAGE,
    }
}

/// Runs the program with these words, its own name not among them.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match ClientArgs::try_parse_from(std::iter::once(OsString::from(NAME)).chain(words)) {
        Ok(args) => args,
        Err(error) => return exit_with_usage(&error, EXAMPLE),
    };
    let keys = match checked_keys::<ClientArgs>(&args.keys) {
        Ok(keys) => keys,
        Err(error) => return exit_with_usage(&error, EXAMPLE),
    };
    args.verbosity.start_logging(LevelFilter::Warn);
    match converse(&args, keys) {
        Ok(ending) => ExitCode::from(exit_code(ending)),
        Err(cause) => {
            complain(NAME, cause);
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn converse(args: &ClientArgs, keys: Vec<AskedKey>) -> Result<Ending, String> {
    let config = ClientConfig { servent: args.servent.resolve()?, keys, patience: args.patience.patience() };
    let (interrupt_tx, interrupt_rx) = unbounded();
    let mut crew = Crew::default();
    let guard = signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGHUP], interrupt_tx, |signal| match signal {
        SIGINT => Interrupt::User,
        _ => Interrupt::Leave,
    })
    .map_err(|error| format!("cannot listen to signals: {error}"))?;
    let ending = client::run(&config, interrupt_rx).map_err(|error| error.to_string());
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    ending
}
