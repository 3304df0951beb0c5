//! `clientTP3 IP:PORT [KEY]...`

use super::values::{self, Peer};
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED, EXIT_USAGE, Verbosity, complain, exit_with_usage,
};
use super::{command, manual};
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

/// Client of a peer-to-peer key-value store over UDP
///
/// Asks one servent for keys. The servent floods the question through its overlay, and every servent that holds the key
/// answers this client directly: there may be several answers, each shown with the address that it came from. While
/// nobody answers it asks again; after an answer it waits for others until none has come for 4 s.
///
/// Answers go to standard output: at a terminal as SERVENT VALUE, otherwise as KEY TAB SERVENT TAB VALUE with the bytes
/// as they came. Remarks go to standard error.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME)]
pub(super) struct ClientArgs {
    /// The servent to ask: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    servent: Peer,
    /// Keys to ask for; without any, lines of standard input
    ///
    /// At a terminal it shows a prompt, until Ctrl-D. A key that begins with a dash goes behind `--`.
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
    /// How long to wait for each answer
    ///
    /// For a first one after each try, and for another one after each answer. Fractions are allowed.
    #[arg(long, value_name = "SECONDS", default_value = "4", value_parser = values::seconds)]
    timeout: Duration,
    /// How often to ask while nobody answers
    ///
    /// From 1 to 1000 times. After an answer the question is never sent again.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = values::number(1..=1000, 2))]
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
    let args = match command::read::<ClientArgs>(&manual::CLIENT, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let keys = match checked_keys::<ClientArgs>(&args.keys) {
        Ok(keys) => keys,
        Err(error) => return exit_with_usage(&error, manual::CLIENT.example),
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
