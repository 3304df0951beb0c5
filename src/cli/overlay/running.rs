//! An overlay while it runs: its servents, the client on it, and the signals that end both.

use super::explaining::{self, Capture, Captured};
use super::{NAME, OverlayArgs, SERVENT_MODE, exit_of_signal, fail, print};
use crate::actor::crew::Crew;
use crate::cli::client::exit_code;
use crate::cli::explain;
use crate::cli::servent::{self, NotStarted};
use crate::cli::signals::SignalGuard;
use crate::cli::{EXIT_TERMINATED, EXIT_USAGE, complain, say};
use crate::console::client_ui::{Ending, Interrupt};
use crate::console::session::{self, SessionConfig};
use crate::console::standard_error;
use crate::launching::die_with_parent;
use crate::overlay::{Located, Overlay, OverlayError, PassedOn, ServentProgram, StartReport, TRACED, Traces};
use crate::protocol::AskedKey;
use crate::text::escape;
use crossbeam_channel::{Receiver, Sender, bounded, select};
use signal_hook::consts::SIGINT;
use std::env;
use std::ffi::OsString;
use std::io;
use std::net::SocketAddrV4;
use std::process::{self, ExitCode};

/// The signals that come, and the thread that they come from.
pub(super) struct Signals {
    pub(super) signal_rx: Receiver<i32>,
    pub(super) interrupt_tx: Sender<Interrupt>,
    pub(super) interrupt_rx: Receiver<Interrupt>,
    pub(super) guard: SignalGuard,
    pub(super) crew: Crew,
}

/// This program itself in servent mode, so that one executable is enough.
fn own_servents() -> io::Result<ServentProgram> {
    Ok(ServentProgram {
        executable: env::current_exe()?,
        args: vec![SERVENT_MODE.into(), process::id().to_string().into()],
    })
}

/// One servent of an overlay: `PARENT-PID`, then a servent's command line.
pub(in super::super) fn servent_mode(mut words: impl Iterator<Item = OsString>) -> ExitCode {
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

/// How an overlay ended.
pub(super) struct Ended {
    pub(super) code: u8,
    /// Whether all was asked that there was to ask.
    pub(super) is_asked: bool,
    /// What tells of servents that write no trace.
    pub(super) capture: Option<Captured>,
}

impl Ended {
    /// Before all was asked.
    fn early(code: u8) -> Self {
        Self { code, is_asked: false, capture: None }
    }
}

/// Starts the servents, asks, and stops them.
pub(super) fn run(
    args: &OverlayArgs,
    file: &Located,
    servent: SocketAddrV4,
    keys: Vec<AskedKey>,
    signals: Signals,
) -> Result<Ended, String> {
    let Signals { signal_rx, interrupt_tx, interrupt_rx, guard, mut crew } = signals;
    let socket = session::socket().map_err(|error| error.to_string())?;
    let mut overlay = match start(args, file, None, &signal_rx)? {
        Ok(overlay) => overlay,
        Err(code) => return Ok(Ended::early(code)),
    };
    let capture = match explaining::capture(args, file, socket.local_addr().port(), &signal_rx)? {
        Ok(capture) => capture,
        Err(code) => return Ok(Ended::early(code)),
    };
    say(format_args!("{file}"));
    if let Some(links) = args.links() {
        say(format_args!("each link, unless its line says otherwise: {links}"));
    }
    say(format_args!("asking servent {servent}"));
    if args.explain.is_some() && keys.is_empty() {
        say(explain::language(None).of(
            "what becomes of each key is explained at the end of the input (Ctrl-D)",
            "o que houve com cada chave é explicado no fim da entrada (Ctrl-D)",
        ));
    }

    let has_strangers = file.has_strangers();
    let config = SessionConfig { has_strangers, ..args.asking.config(servent, keys, args.verbosity) };
    let ended_rx = overlay.ended();
    let (died_tx, died_rx) = bounded(1);
    crew.spawn("supervisor", move || supervise(&signal_rx, &ended_rx, &interrupt_tx, &died_tx))
        .map_err(|error| format!("cannot start: {error}"))?;
    let waiting_rx = interrupt_rx.clone();
    let ending = session::run(&config, socket, interrupt_rx);
    let is_asked = matches!(ending, Ok(Ending::Finished { .. }));
    // What was not asked is nowhere under way.
    let is_waited = args.explain.is_some() && matches!(ending, Ok(Ending::Finished { has_asked: true, .. }));
    let is_left = is_waited && !explaining::let_arrive(args, file, &config, &waiting_rx);
    // The supervisor goes first: from here on it is the overlay that listens for servents that end.
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    if let Ok(index) = died_rx.try_recv() {
        return Err(overlay.obituary(index).to_string());
    }
    drop(overlay);
    // What they sent until their end is in it.
    let capture = capture.map(Capture::finish);
    Ok(match ending {
        Ok(_) if is_left => Ended::early(EXIT_TERMINATED),
        Ok(ending) => Ended { code: exit_code(ending), is_asked, capture },
        Err(error) => {
            complain(NAME, error);
            Ended::early(EXIT_USAGE)
        }
    })
}

/// Starts the servents, and stops them when a signal comes. Returns the exit code.
pub(super) fn serve(args: &OverlayArgs, file: &Located, signals: Signals) -> Result<ExitCode, String> {
    let Signals { signal_rx, guard, crew, .. } = signals;
    let mut overlay = match start(args, file, None, &signal_rx)? {
        Ok(overlay) => overlay,
        Err(code) => return Ok(ExitCode::from(code)),
    };
    let count = file.addresses().len();
    let told = print(format!("serving: {count} servent{}", if count == 1 { "" } else { "s" }), &signal_rx);
    if told != ExitCode::SUCCESS {
        return Ok(told);
    }
    let ended_rx = overlay.ended();
    let died = select! {
        recv(signal_rx) -> _ => None,
        recv(ended_rx) -> index => index.ok(),
    };
    if let Some(index) = died {
        return Err(overlay.obituary(index).to_string());
    }
    drop(overlay);
    drop(guard);
    crew.join().map_err(|panicked| panicked.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Starts the servents, or returns the exit code if a signal comes first. What they trace goes to `traces`.
pub(super) fn start(
    args: &OverlayArgs,
    file: &Located,
    traces: Option<Traces>,
    signal_rx: &Receiver<i32>,
) -> Result<Result<Overlay, u8>, String> {
    announce(args, file);
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

/// Says which other programs are run, before they are, and what does not go for them.
fn announce(args: &OverlayArgs, file: &Located) {
    let mut others = 0;
    for (address, line, command) in file.foreign() {
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        // A word that no shell can be told is shown as it is.
        let typed = shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap_or_else(|_| words.join(" "));
        say(format_args!("servent {address} (line {}) runs: {}", line.number(), escape(typed.as_bytes())));
        others += 1;
    }
    if others == 0 {
        return;
    }
    let of_none = [
        (args.links().is_some(), "--loss and --delay do not go for servents of other programs"),
        (args.trace.is_some(), "--trace: servents of other programs write none"),
        (
            args.web.is_some(),
            "the page shows of servents of other programs what ours tell of them, and changes none of their links",
        ),
    ];
    of_none.iter().filter(|(is_asked, _)| *is_asked).for_each(|(_, said)| say(said));
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
