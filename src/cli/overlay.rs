//! `tp3 overlay FILE [KEY]...`

mod explaining;
mod running;
mod web;

pub(super) use running::servent_mode;

use super::client::AskingArgs;
use super::links::{self, Delay, Loss};
use super::signals;
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_TERMINATED, Verbosity, complain, exit_of_output, exit_with_usage, values,
};
use super::{command, hints, manual, overlay_file};
use crate::actor::aside::aside;
use crate::actor::crew::Crew;
use crate::console::patient::Patient;
use crate::overlay::OverlayFile;
use crate::protocol::LinkConfig;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use crossbeam_channel::{Receiver, select, unbounded};
use log::LevelFilter;
use running::{Ended, Signals};
use signal_hook::consts::SIGINT;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The first word that makes `tp3` a servent of an overlay; the parent's process id and the servent's command
/// line follow.
pub(super) const SERVENT_MODE: &str = "--as-servent";

/// The program's name, and the verb.
pub(super) const NAME: &str = "tp3 overlay";

/// Overlay of servents on this machine, with a client
///
/// Starts a servent for each line of an overlay file and is then a client of the first one, or of the one at `--at`:
/// it asks for each KEY, or for what is typed or piped in. Every servent is a process of its own on 127.0.0.1, and all
/// end when this program ends, however it ends.
///
/// Answers go to standard output, as clientTP3 writes them.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct OverlayArgs {
    /// Overlay file: a servent's command line on each line
    ///
    /// Behind a ! a line names another program, which is run: see Files below.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Keys to ask for; without any, lines of standard input
    ///
    /// A lone - stands for standard input as well.
    #[arg(value_name = "KEY")]
    keys: Vec<OsString>,
    /// Port of the servent to ask [default: first in FILE]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    at: Option<u16>,
    /// Put the overlay on the ports from N on
    ///
    /// The lowest port that FILE listens on becomes N, the others keep their distance, and neighbours and --at follow.
    /// Ports that no line of FILE listens on stay. For a file whose ports are in use.
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = values::port)]
    port_base: Option<u16>,
    /// Lose so many percent of the QUERYs on every link
    ///
    /// From 0 to 100. A line with --loss has its own. CLIREQs and RESPONSEs are not lost.
    #[arg(long, hide_short_help = true, value_name = "PERCENT", value_parser = links::loss)]
    loss: Option<Loss>,
    /// Delay QUERYs on every link: TIME or TIME±JITTER
    ///
    /// As in 50ms or 50ms±10ms, where any time from 40 to 60 ms is equally likely; +- stands for ± as well. From 0 up to an
    /// hour, in us, ms, s, min or h; a number alone is seconds. With --web it is at most 10 s, as far as the page's slider goes. A line with --delay has its own.
    /// CLIREQs and RESPONSEs are not delayed, so answers from one, two and three hops
    /// away come after once, twice and thrice this time.
    #[arg(long, hide_short_help = true, value_name = "TIME", value_parser = links::delay)]
    delay: Option<Delay>,
    /// Write a trace of each servent to DIR/PORT.jsonl
    ///
    /// DIR is made if there is none. A line with --trace has its own file. tp3 explain DIR tells what became of each
    /// question.
    #[arg(long, hide_short_help = true, value_name = "DIR")]
    trace: Option<PathBuf>,
    /// Ask for KEY as well, and explain what became of it
    ///
    /// For each key it is told at the end, as tp3 explain does: who got the question from whom and when, who answered, and of every other
    /// servent why it did not. What links still hold then is waited for first. With --json it is an object for each
    /// question. Of traces that --trace does not ask for nothing is left. A lone - stands for what is typed or piped in.
    #[arg(long, value_name = "KEY")]
    explain: Option<OsString>,
    /// With --explain, write a page that plays the floods
    // clap forgets what is required beside something that excludes it.
    #[arg(long, hide_short_help = true, value_name = "HTML", requires = "explain", conflicts_with_all = ["web", "print_json"])]
    page: Option<PathBuf>,
    /// Show it on a page in a browser, and ask there
    ///
    /// Prints the address of the page and serves it on 127.0.0.1, on PORT or on a free one, until SIGINT or SIGTERM. Who
    /// has the address can ask, stop and start servents, and change what links lose and how long they take. To see it from
    /// elsewhere, forward the same port on both sides: ssh -L PORT:127.0.0.1:PORT HOST. FILE stands before it; KEY,
    /// --explain, --trace and --print-json do not go with it.
    #[arg(long, value_name = "PORT", num_args = 0..=1, value_parser = web_port,
        conflicts_with_all = ["keys", "explain", "trace", "print_json"])]
    web: Option<Option<u16>>,
    /// Open the page of --web in the usual browser
    ///
    /// Other users of this machine can see the address meanwhile, among the arguments of the program that does it.
    #[arg(long, hide_short_help = true, requires = "web", conflicts_with_all = ["keys", "explain", "trace", "print_json"])]
    open: bool,
    /// Print what FILE says as JSON, and do nothing else
    ///
    /// For programs that run an overlay their own way, so that they need no parser of overlay files.
    #[arg(long, hide_short_help = true, conflicts_with_all = ["keys", "at", "loss", "delay", "explain"])]
    print_json: bool,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl OverlayArgs {
    /// What all links are like whose lines do not say, if it was said.
    fn links(&self) -> Option<LinkConfig> {
        let is_said = self.loss.is_some() || self.delay.is_some();
        is_said.then(|| links::config(self.loss.unwrap_or_default(), self.delay.unwrap_or_default()))
    }

    /// All keys to ask for, as typed.
    fn typed_keys(&self) -> Vec<OsString> {
        self.explain.iter().chain(&self.keys).cloned().collect()
    }

    /// Whether keys are given beside those of standard input.
    fn is_mixed(&self) -> bool {
        self.explain.as_ref().is_some_and(|key| key == "-") && !self.keys.is_empty()
    }

    /// The options of every servent whose line does not have them itself.
    fn usual_options(&self) -> Vec<(&'static str, String)> {
        let loss = self.loss.map(|loss| ("--loss", loss.to_string()));
        let delay = self.delay.map(|delay| ("--delay", delay.to_string()));
        loss.into_iter().chain(delay).collect()
    }
}

/// Reads the port of `--web`, which a file behind it would be taken for.
fn web_port(typed: &str) -> Result<u16, String> {
    values::port(typed).map_err(|expected| {
        let is_number = typed.parse::<i64>().is_ok();
        if is_number { expected } else { format!("{expected}; FILE stands before --web") }
    })
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<OverlayArgs>(&manual::OVERLAY, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    if args.is_mixed() {
        return exit_with_value_error("--explain - is what is typed or piped in, so it goes with no KEY".to_owned());
    }
    let keys = match args.asking.checked_keys::<OverlayArgs>(&args.typed_keys()) {
        Ok(keys) => keys,
        Err(error) => return exit_with_usage(&error, &manual::OVERLAY),
    };
    args.verbosity.start_logging(LevelFilter::Warn);
    let (signal_tx, signal_rx) = unbounded();
    let mut crew = Crew::default();
    let (interrupt_tx, interrupt_rx) = unbounded();
    let terminal_tx = interrupt_tx.clone();
    let pass_on = move |signal| (!signals::attend_terminal(signal, &terminal_tx)).then_some(signal);
    let guard = match signals::forward(&mut crew, &signals::OF_A_CLIENT, &[], signal_tx, pass_on) {
        Ok(guard) => guard,
        Err(error) => return fail(format_args!("cannot listen to signals: {error}")),
    };
    let file = match load(&args.file, args.asking.history(), &signal_rx) {
        Ok(file) => file,
        Err(ended) => return ended,
    };
    let shifted = match overlay_file::shifted(&file, args.port_base) {
        Ok(shifted) => shifted,
        Err(message) => return exit_with_value_error(message),
    };
    let traces = match explaining::traces(&args) {
        Ok(traces) => traces,
        Err(error) => return fail(error),
    };
    let overlay = match &traces {
        Some(traces) => shifted.traced(&args.file, args.asking.history().as_slice(), &traces.folder),
        None => Ok(shifted),
    };
    let overlay = match overlay {
        Ok(overlay) => overlay,
        Err(error) => return fail(error),
    };
    if args.print_json {
        return match overlay.to_json() {
            Ok(json) => print(json, &signal_rx),
            Err(error) => fail(format_args!("{}: cannot be printed as JSON: {error}", args.file.display())),
        };
    }
    // The port to ask at is one of the file, wherever that is now.
    let servent = match entry(&file, args.at) {
        Ok(place) => overlay.lines()[place].address(),
        Err(message) => return exit_with_value_error(message),
    };
    let signals = Signals { signal_rx, interrupt_tx, interrupt_rx, guard, crew };
    if let Some(port) = args.web {
        return web::run(&args, port, &overlay, servent, signals).unwrap_or_else(fail);
    }
    let Ended { code, is_asked, capture } = match running::run(&args, &overlay, servent, keys, signals) {
        Ok(ended) => ended,
        Err(cause) => return fail(cause),
    };
    if is_asked
        && args.explain.is_some()
        && let Err(ended) = explaining::explain(&args, &overlay, capture.as_ref())
    {
        return ended;
    }
    ExitCode::from(code)
}

/// Reads and checks the overlay file and its key-value files, unless a signal comes first. What is wrong is said. No
/// trace may go to the client's history.
fn load(file: &Path, history: Option<PathBuf>, signal_rx: &Receiver<i32>) -> Result<OverlayFile, ExitCode> {
    let its = file.to_owned();
    let loaded_rx = aside("loader", move || overlay_file::load(&its, history.as_slice())).map_err(fail)?;
    let loaded = select! {
        recv(loaded_rx) -> loaded => loaded.map_err(|_| fail("the thread 'loader' ended by itself"))?,
        recv(signal_rx) -> signal => return Err(ExitCode::from(exit_of_signal(signal.unwrap_or_default()))),
    };
    loaded.map_err(|error| {
        let ended = fail(error);
        if let Some(hint) = hints::overlay_file(file) {
            complain("tip", hint);
        }
        ended
    })
}

/// Prints a listing, unless a signal comes while nobody reads it.
fn print(listing: String, signal_rx: &Receiver<i32>) -> ExitCode {
    let printed_rx = match aside("printer", move || {
        let mut output = Patient(io::stdout());
        writeln!(output, "{listing}").and_then(|()| output.flush())
    }) {
        Ok(printed_rx) => printed_rx,
        Err(error) => return fail(error),
    };
    select! {
        recv(printed_rx) -> printed => match printed {
            Ok(printed) => exit_of_output(printed, &manual::OVERLAY),
            Err(_) => fail("the thread 'printer' ended by itself"),
        },
        recv(signal_rx) -> signal => ExitCode::from(exit_of_signal(signal.unwrap_or_default())),
    }
}

/// The exit code of an end by `signal` before there was anything to ask.
fn exit_of_signal(signal: i32) -> u8 {
    if signal == SIGINT { EXIT_INTERRUPTED } else { EXIT_TERMINATED }
}

/// Ends with what is wrong with an option's value.
fn exit_with_value_error(message: String) -> ExitCode {
    exit_with_usage(&OverlayArgs::command().error(ErrorKind::ValueValidation, message), &manual::OVERLAY)
}

fn fail(cause: impl Display) -> ExitCode {
    complain(NAME, cause);
    ExitCode::from(EXIT_FAILURE)
}

/// The place of the servent to ask among the lines: the first one, or the one at `port`.
fn entry(file: &OverlayFile, port: Option<u16>) -> Result<usize, String> {
    let is_meant = |address: SocketAddrV4| port.is_none_or(|port| address.port() == port);
    file.addresses().position(is_meant).ok_or_else(|| {
        let ports: Vec<_> = file.addresses().map(|address| address.port().to_string()).collect();
        format!(
            "invalid value '{}' for '--at <PORT>': expected the port of a servent in the overlay file: {}",
            port.unwrap_or_default(),
            ports.join(", ")
        )
    })
}
