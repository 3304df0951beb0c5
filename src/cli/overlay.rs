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
use crate::overlay::{Host, Located, OverlayFile};
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
/// it asks for each KEY, or for what is typed or piped in. Every servent is a process of its own, on 127.0.0.1 unless its line
/// says otherwise, and all end when this program ends, however it ends. In a file over several machines each runs its own
/// (--here).
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
    /// Run the servents of this host alone: HOST:PORT in FILE
    ///
    /// For an overlay on several machines, whose lines have HOST:PORT in the place of PORT: each machine runs its own with
    /// the same FILE. They listen at the host's address, unless a line says --bind, and send to those of other hosts by
    /// their HOST:PORT. HOST is as it stands in FILE.
    #[arg(long, hide_short_help = true, value_name = "HOST")]
    here: Option<Host>,
    /// Ask nothing: serve until SIGINT or SIGTERM
    ///
    /// Once all servents serve, a line on standard output says so. Clients ask them by their addresses.
    #[arg(long, hide_short_help = true, conflicts_with_all = ["keys", "at", "explain", "web", "print_json"])]
    serve: bool,
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

    /// What is to run on this machine of a file.
    ///
    /// # Errors
    /// Why that can't be told, as clap says such things.
    fn share(&self, file: &OverlayFile) -> Result<OverlayFile, String> {
        let hosts: Vec<_> = file.hosts().into_iter().map(Host::as_str).collect();
        let listed = listed(&hosts);
        match &self.here {
            None if hosts.is_empty() || self.print_json => Ok(file.clone()),
            None => Err(format!("--here HOST is missing: the servents of the overlay file live on {listed}")),
            Some(_) if hosts.is_empty() => {
                Err("--here: no line of the overlay file has HOST:PORT, all its servents live on one machine"
                    .to_owned())
            }
            Some(here) => file.share_of(here).ok_or_else(|| {
                format!("invalid value '{here}' for '--here <HOST>': expected a host of the overlay file: {listed}")
            }),
        }
    }

    /// The options of every servent whose line does not have them itself.
    fn usual_options(&self) -> Vec<(&'static str, String)> {
        let loss = self.loss.map(|loss| ("--loss", loss.to_string()));
        let delay = self.delay.map(|delay| ("--delay", delay.to_string()));
        loss.into_iter().chain(delay).collect()
    }
}

/// Some names, and how many there are where those are more.
fn listed(names: &[&str]) -> String {
    const SHOWN_MAX: usize = 12;
    let shown = names.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN_MAX { format!("{shown}, ... ({} in all)", names.len()) } else { shown }
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
    let shifted = overlay_file::shifted(&file, args.port_base);
    let (file, shifted) = match shifted.and_then(|shifted| Ok((args.share(&file)?, args.share(&shifted)?))) {
        Ok(shares) => shares,
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
    let overlay = match locate(overlay, &args.file, &signal_rx) {
        Ok(overlay) => overlay,
        Err(ended) => return ended,
    };
    // The port to ask at is one of the file, wherever that is now.
    let servent = match entry(&file, args.at) {
        Ok(place) => overlay.addresses()[place],
        Err(message) => return exit_with_value_error(message),
    };
    let signals = Signals { signal_rx, interrupt_tx, interrupt_rx, guard, crew };
    if let Some(port) = args.web {
        return web::run(&args, port, &overlay, servent, signals).unwrap_or_else(fail);
    }
    if args.serve {
        return running::serve(&args, &overlay, signals).unwrap_or_else(fail);
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

/// Finds the addresses of the servents that are to run here, unless a signal comes first. What is wrong is said.
fn locate(overlay: OverlayFile, file: &Path, signal_rx: &Receiver<i32>) -> Result<Located, ExitCode> {
    let its = file.to_owned();
    let located_rx = aside("name resolver", move || overlay_file::located_here(overlay, &its)).map_err(fail)?;
    select! {
        recv(located_rx) -> located => match located {
            Ok(located) => located.map_err(fail),
            Err(_) => Err(fail("the thread 'name resolver' ended by itself")),
        },
        recv(signal_rx) -> signal => Err(ExitCode::from(exit_of_signal(signal.unwrap_or_default()))),
    }
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
    let own = || file.lines().iter().map(|line| line.command().port);
    own().position(|own| port.is_none_or(|port| own == port)).ok_or_else(|| {
        let ports: Vec<_> = own().map(|port| port.to_string()).collect();
        let ports: Vec<_> = ports.iter().map(String::as_str).collect();
        format!(
            "invalid value '{}' for '--at <PORT>': expected the port of a servent in the overlay file: {}",
            port.unwrap_or_default(),
            listed(&ports)
        )
    })
}
