//! `clientTP3 IP:PORT [KEY]...`

use super::hand_over::HandOverArg;
use super::values;
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED, EXIT_USAGE, Verbosity, complain, exit_with_usage,
    to_the_last_word,
};
use super::{command, manual, signals};
use crate::actor::aside::aside;
use crate::actor::crew::Crew;
use crate::console::client_ui::{Ending, Interrupt};
use crate::console::session::{self, SessionConfig};
use crate::console::terminal::Colours;
use crate::protocol::{AskedKey, Dialect, Patience, Peer};
use crate::text::escape;
use anstream::AutoStream;
use clap::error::ErrorKind;
use clap::{ColorChoice, CommandFactory, Parser};
use crossbeam_channel::{Receiver, select, unbounded};
use log::LevelFilter;
use signal_hook::consts::SIGINT;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::net::SocketAddrV4;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
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
/// Answers go to standard output: at a terminal with who sent them and how long that took, otherwise as KEY TAB SERVENT
/// TAB VALUE with the bytes as they came. Remarks go to standard error: also, once each, who sent what can't be an answer,
/// with what was found and what was expected; that nothing listens where it asked, while it waits all the same; and
/// that --nul may help.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME)]
pub(super) struct ClientArgs {
    /// The servent to ask: IPv4 address or host name, and port
    #[arg(value_name = "IP:PORT", value_parser = values::peer)]
    servent: Peer,
    /// Keys to ask for; without any, lines of standard input
    ///
    /// At a terminal it shows a prompt, until Ctrl-D. A lone - stands for standard input. A key that begins with a dash
    /// goes behind `--`.
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    verbosity: Verbosity,
}

/// How a client asks and how it shows what comes.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AskingArgs {
    /// How long to wait for each answer
    ///
    /// For a first one after each try, and for another one after each answer. Fractions are allowed, and 500ms or 2s.
    #[arg(short, long, value_name = "SECONDS", default_value = "4", value_parser = values::seconds)]
    timeout: Duration,
    /// How often to ask while nobody answers
    ///
    /// From 1 to 1000 times. After an answer the question is never sent again.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 2, value_parser = values::number(1..=1000, 2))]
    tries: u32,
    /// How many keys to ask for at a time
    ///
    /// From 1 to 1024. At the prompt it is one.
    #[arg(short, long, value_name = "N", default_value_t = 64, value_parser = values::number(1..=1024, 64))]
    jobs: u32,
    /// Write answers as JSON
    ///
    /// An object a line, for each answer and for each key that is done. A key or value that is not UTF-8 is in base64,
    /// as `key_base64` or `value_base64`.
    #[arg(long)]
    json: bool,
    /// End each key with a NUL
    ///
    /// Programs written for the 2017 edition of the assignment need it to understand a key.
    #[arg(long, hide_short_help = true)]
    nul: bool,
    /// Colours: auto, always or never
    ///
    /// `auto` is where they are shown to a person, unless NO_COLOR is set or TERM is dumb or not set.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: ColorChoice,
    /// Keep no history of what is typed
    ///
    /// At the prompt it is kept between runs, in a file that only you can read.
    #[arg(long, hide_short_help = true)]
    no_history: bool,
    #[command(flatten)]
    hand_over: HandOverArg,
}

impl AskingArgs {
    /// How keys end on the wire.
    pub(super) fn dialect(&self) -> Dialect {
        if self.nul { Dialect::NulTerminated } else { Dialect::Plain }
    }

    /// How long to wait and how often to ask.
    pub(super) fn patience(&self) -> Patience {
        Patience { timeout: self.timeout, tries: self.tries }
    }

    /// The KEY arguments as keys, bytes for bytes (P-4). None are left where a lone `-` stands for standard input.
    ///
    /// # Errors
    /// What clap says of the first that is none.
    pub(super) fn checked_keys<C: CommandFactory>(&self, typed: &[OsString]) -> Result<Vec<AskedKey>, clap::Error> {
        if typed.iter().map(|key| key.as_bytes()).eq([b"-"]) {
            return Ok(Vec::new());
        }
        let check = |typed: &OsString| {
            AskedKey::in_dialect(typed.as_bytes(), self.dialect()).map_err(|error| {
                let message = format!("invalid key '{}': {error}", escape(typed.as_bytes()));
                C::command().error(ErrorKind::ValueValidation, message)
            })
        };
        typed.iter().map(check).collect()
    }

    /// Whether answers are JSON objects.
    pub(super) fn writes_json(&self) -> bool {
        self.json
    }

    /// Whether what is written beside the answers has colours.
    pub(super) fn is_coloured(&self) -> bool {
        match self.color {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        }
    }

    /// Where what is typed is kept, if it is.
    pub(super) fn history(&self) -> Option<PathBuf> {
        let history = || history_file(env::var_os("XDG_STATE_HOME").as_deref(), env::var_os("HOME").as_deref());
        if self.no_history { None } else { history() }
    }

    /// A client of `servent` that asks for `keys`, or for what is typed.
    pub(super) fn config(&self, servent: SocketAddrV4, keys: Vec<AskedKey>, verbosity: Verbosity) -> SessionConfig {
        // A terminal without a name is as good as one without colours and without a cursor to move.
        let is_dumb = env::var_os("TERM").is_none_or(|terminal| terminal.is_empty() || terminal == "dumb");
        SessionConfig {
            servent,
            keys,
            patience: self.patience(),
            dialect: self.dialect(),
            has_strangers: true,
            jobs: self.jobs as usize,
            hand_over: self.hand_over.checked(),
            json: self.json,
            colours: match self.color {
                ColorChoice::Auto => Colours::Auto,
                ColorChoice::Always => Colours::Always,
                ColorChoice::Never => Colours::Never,
            },
            // https://no-color.org: present and not empty, whatever it says.
            no_colours: is_dumb || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
            is_dumb,
            // What is logged at any time would mix with it.
            live: !is_dumb && !verbosity.is_verbose(),
            history: self.history(),
        }
    }
}

/// Where the history is kept: below the user's state directory, as the XDG base directory specification has it.
fn history_file(state_home: Option<&OsStr>, home: Option<&OsStr>) -> Option<PathBuf> {
    let absolute = |path: Option<&OsStr>| path.map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute(state_home).or_else(|| Some(absolute(home)?.join(".local/state")))?;
    Some(state.join(Path::new(NAME)).join("history"))
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
    to_the_last_word(|| run(words))
}

fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match command::read::<ClientArgs>(&manual::CLIENT, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let keys = match args.asking.checked_keys::<ClientArgs>(&args.keys) {
        Ok(keys) => keys,
        Err(error) => return exit_with_usage(&error, &manual::CLIENT),
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
    let (interrupt_tx, interrupt_rx) = unbounded();
    let mut crew = Crew::default();
    let terminal_tx = interrupt_tx.clone();
    let guard = signals::forward(&mut crew, &signals::OF_A_CLIENT, &[], interrupt_tx, move |signal| match signal {
        SIGINT => Some(Interrupt::User),
        _ if signals::attend_terminal(signal, &terminal_tx) => None,
        _ => Some(Interrupt::Leave),
    })
    .map_err(|error| format!("cannot listen to signals: {error}"))?;
    let ending = resolve(&args.servent, &interrupt_rx).and_then(|servent| match servent {
        Ok(servent) => {
            let config = args.asking.config(servent, keys, args.verbosity);
            let ending = session::socket().and_then(|socket| session::run(&config, socket, interrupt_rx));
            ending.map_err(|error| error.to_string())
        }
        Err(ending) => Ok(ending),
    });
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    ending
}

/// The address of `servent`, or how the client ends if it is interrupted before that is known.
fn resolve(servent: &Peer, interrupt_rx: &Receiver<Interrupt>) -> Result<Result<SocketAddrV4, Ending>, String> {
    let servent = servent.clone();
    let resolved_rx =
        aside("resolver", move || values::resolve(&servent)).map_err(|error| format!("cannot start: {error}"))?;
    loop {
        select! {
            recv(resolved_rx) -> resolved => return match resolved {
                Ok(resolved) => resolved.map(Ok).map_err(|error| error.to_string()),
                Err(_) => Err("the thread 'resolver' ended by itself".to_owned()),
            },
            recv(interrupt_rx) -> interrupt => match interrupt {
                Ok(Interrupt::User) => return Ok(Err(Ending::Interrupted)),
                Ok(Interrupt::Leave) | Err(_) => return Ok(Err(Ending::Left)),
                // There is nothing on the terminal yet.
                Ok(Interrupt::Resized | Interrupt::GoneOn) => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_below_the_state_directory_and_relative_paths_are_no_paths() {
        let rows = [
            (Some("/state"), Some("/home/me"), Some("/state/clientTP3/history")),
            (None, Some("/home/me"), Some("/home/me/.local/state/clientTP3/history")),
            (Some(""), Some("/home/me"), Some("/home/me/.local/state/clientTP3/history")),
            (Some("state"), Some("/home/me"), Some("/home/me/.local/state/clientTP3/history")),
            (None, None, None),
            (None, Some("home"), None),
        ];
        for (state_home, home, file) in rows {
            assert_eq!(history_file(state_home.map(OsStr::new), home.map(OsStr::new)), file.map(PathBuf::from));
        }
    }
}
