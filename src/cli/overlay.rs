//! `tp3 overlay FILE [KEY]...`; with a page in a browser, `web`.

mod web;

use super::client::{AskingArgs, exit_code};
use super::links::{self, Delay, Loss};
use super::servent::NotStarted;
use super::signals::{self, SignalGuard};
use super::{
    EXIT_FAILURE, EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USAGE, Verbosity, complain, exit_of_output, exit_with_usage,
    say, servent, values,
};
use super::{command, hints, manual, overlay_file};
use crate::actor::aside::aside;
use crate::actor::crew::Crew;
use crate::console::client_ui::Interrupt;
use crate::console::patient::Patient;
use crate::console::session;
use crate::console::standard_error;
use crate::overlay::{
    Overlay, OverlayError, OverlayFile, PassedOn, ServentProgram, StartReport, TRACED, Traces, die_with_parent,
};
use crate::protocol::AskedKey;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};
use log::LevelFilter;
use signal_hook::consts::SIGINT;
use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

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
    #[arg(long, value_name = "N", value_parser = values::port)]
    port_base: Option<u16>,
    /// Lose so many percent of the QUERYs on every link
    ///
    /// From 0 to 100. A line with --loss has its own. CLIREQs and RESPONSEs are not lost.
    #[arg(long, value_name = "PERCENT", value_parser = links::loss)]
    loss: Option<Loss>,
    /// Delay QUERYs on every link: TIME or TIME±JITTER
    ///
    /// As in 50ms or 50ms±10ms, where any time from 40 to 60 ms is equally likely; +- stands for ± as well. From 0 up to an
    /// hour. A line with --delay has its own. CLIREQs and RESPONSEs are not delayed, so answers from one, two and three hops
    /// away come after once, twice and thrice this time.
    #[arg(long, value_name = "TIME", value_parser = links::delay)]
    delay: Option<Delay>,
    /// Show what happens on a page in a browser, and ask there
    ///
    /// Prints the address of the page and serves it on 127.0.0.1, on PORT or on a free one, until SIGINT or SIGTERM. Who
    /// has the address can ask, and stop and start servents. To see it from elsewhere, forward the same port on both
    /// sides: ssh -L PORT:127.0.0.1:PORT HOST.
    #[arg(long, value_name = "PORT", num_args = 0..=1, value_parser = values::port, conflicts_with_all = ["keys", "print_json"])]
    web: Option<Option<u16>>,
    /// Open the page in the usual browser
    #[arg(long, requires = "web")]
    open: bool,
    /// Print what FILE says as JSON, and do nothing else
    ///
    /// For programs that run an overlay their own way, so that they need no parser of overlay files.
    #[arg(long, hide_short_help = true, conflicts_with_all = ["keys", "at", "loss", "delay"])]
    print_json: bool,
    #[command(flatten)]
    asking: AskingArgs,
    #[command(flatten)]
    verbosity: Verbosity,
}

impl OverlayArgs {
    /// The options of every servent whose line does not have them itself.
    fn usual_options(&self) -> Vec<(&'static str, String)> {
        let loss = self.loss.map(|loss| ("--loss", loss.to_string()));
        let delay = self.delay.map(|delay| ("--delay", delay.to_string()));
        loss.into_iter().chain(delay).collect()
    }
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<OverlayArgs>(&manual::OVERLAY, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let keys = match args.asking.checked_keys::<OverlayArgs>(&args.keys) {
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
    let shifted = match shifted(&file, args.port_base) {
        Ok(shifted) => shifted,
        Err(message) => return exit_with_value_error(message),
    };
    if args.print_json {
        return match shifted.to_json() {
            Ok(json) => print(json, &signal_rx),
            Err(error) => fail(format_args!("{}: cannot be printed as JSON: {error}", args.file.display())),
        };
    }
    // The port to ask at is one of the file, wherever that is now.
    let servent = match entry(&file, args.at) {
        Ok(place) => shifted.lines()[place].address(),
        Err(message) => return exit_with_value_error(message),
    };
    let signals = Signals { signal_rx, interrupt_tx, interrupt_rx, guard, crew };
    let ended = match args.web {
        Some(port) => web::run(&args, port, &shifted, servent, signals),
        None => run(&args, &shifted, servent, keys, signals).map(ExitCode::from),
    };
    ended.unwrap_or_else(fail)
}

/// The signals that come, and the thread that they come from.
struct Signals {
    signal_rx: Receiver<i32>,
    interrupt_tx: Sender<Interrupt>,
    interrupt_rx: Receiver<Interrupt>,
    guard: SignalGuard,
    crew: Crew,
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

/// This program itself in servent mode, so that one executable is enough.
fn own_servents() -> io::Result<ServentProgram> {
    Ok(ServentProgram {
        executable: env::current_exe()?,
        args: vec![SERVENT_MODE.into(), process::id().to_string().into()],
    })
}

/// One servent of an overlay: `PARENT-PID`, then a servent's command line.
pub(super) fn servent_mode(mut words: impl Iterator<Item = OsString>) -> ExitCode {
    let parent = words.next().and_then(|word| word.to_str()?.parse().ok()).unwrap_or(0);
    if let Err(error) = die_with_parent(parent) {
        return fail(error);
    }
    let words: Vec<_> = words.collect();
    let is_traced = words.first().is_some_and(|word| word == TRACED[0]);
    servent::main(words, servent::Farewell::Nothing, |outcome| {
        let report = match outcome {
            // Its trace says so.
            Ok(()) if is_traced => return,
            Ok(()) => StartReport::Serves,
            Err(NotStarted { cause, is_port_in_use }) => {
                StartReport::NotStarted { cause: cause.clone(), is_port_in_use: *is_port_in_use }
            }
        };
        // A parent that is gone will not miss it.
        report.write(io::stdout()).ok();
    })
}

fn run(
    args: &OverlayArgs,
    file: &OverlayFile,
    servent: SocketAddrV4,
    keys: Vec<AskedKey>,
    signals: Signals,
) -> Result<u8, String> {
    let Signals { signal_rx, interrupt_tx, interrupt_rx, guard, mut crew } = signals;
    let mut overlay = match start(args, file, None, &signal_rx)? {
        Ok(overlay) => overlay,
        Err(ended) => return Ok(ended),
    };
    say(format_args!("{file}\nasking servent {servent}"));

    let config = args.asking.config(servent, keys, args.verbosity);
    let ended_rx = overlay.ended();
    let (died_tx, died_rx) = bounded(1);
    crew.spawn("supervisor", move || supervise(&signal_rx, &ended_rx, &interrupt_tx, &died_tx))
        .map_err(|error| format!("cannot start: {error}"))?;
    let ending = session::run(&config, interrupt_rx);
    // The supervisor goes first: from here on it is the overlay that listens for servents that end.
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    if let Ok(index) = died_rx.try_recv() {
        return Err(overlay.obituary(index).to_string());
    }
    drop(overlay);
    Ok(ending.map_or_else(
        |error| {
            complain(NAME, error);
            EXIT_USAGE
        },
        exit_code,
    ))
}

/// Starts the servents, or returns the exit code if a signal comes first. What they trace goes to `traces`.
fn start(
    args: &OverlayArgs,
    file: &OverlayFile,
    traces: Option<Traces>,
    signal_rx: &Receiver<i32>,
) -> Result<Result<Overlay, u8>, String> {
    let verbose = args.verbosity.is_verbose();
    let passed_on = PassedOn { to: standard_error::say, last_words_too: verbose, traces };
    let program = own_servents().map_err(|error| OverlayError::System(error).to_string())?;
    match Overlay::start(&program, &file.members(verbose, &args.usual_options()), passed_on, signal_rx) {
        Ok(overlay) => Ok(Ok(overlay)),
        Err(OverlayError::Interrupted(signal)) => Ok(Err(exit_of_signal(signal))),
        Err(error @ OverlayError::NotStarted { is_port_in_use: true, .. }) => {
            Err(format!("{error}\ntip: --port-base N puts the whole overlay on other ports, from N on"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The overlay on the ports from `base` on, or as its file has it.
fn shifted(file: &OverlayFile, base: Option<u16>) -> Result<OverlayFile, String> {
    let Some(base) = base else { return Ok(file.clone()) };
    file.with_port_base(base).map_err(|error| format!("invalid value '{base}' for '--port-base <N>': {error}"))
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

/// Tells the conversation of signals and of the first servent that dies, until the signals end.
fn supervise(
    signal_rx: &Receiver<i32>,
    ended_rx: &Receiver<usize>,
    interrupt_tx: &Sender<Interrupt>,
    died_tx: &Sender<usize>,
) {
    loop {
        let interrupt = select! {
            recv(signal_rx) -> signal => match signal {
                Ok(SIGINT) => Interrupt::User,
                Ok(_) => Interrupt::Leave,
                Err(_) => break,
            },
            recv(ended_rx) -> index => match index {
                Ok(index) => {
                    // The first one is the cause; the others may follow from it.
                    died_tx.try_send(index).ok();
                    Interrupt::Leave
                }
                Err(_) => break,
            },
        };
        // The conversation may be over.
        interrupt_tx.send(interrupt).ok();
    }
}
