//! A client at a terminal or in a pipe, wired up: line reader, conversation, receiver and sender.

use super::client_ui::{self, Ending, Format, Input, Interrupt, Manner, Wires};
use super::line_reader::{self, EditedLines, PlainLines};
use super::modes::TerminalGuard;
use super::patient::Patient;
use super::standard_error::StandardError;
use super::terminal::Colours;
use crate::actor::channels::batches;
use crate::actor::clock::SystemClock;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::actor::hand_over::{HandOver, role};
use crate::actor::stop::StopFlag;
use crate::actor::{receiver, sender};
use crate::entropy::secret;
use crate::net::{Offload, Socket};
use crate::protocol::{AskedKey, Dialect, Patience};
use crate::stats::Stats;
use crossbeam_channel::{Receiver, bounded, unbounded};
use nix::sys::stat::{FileStat, fstat};
use rustix::termios::tcgetwinsize;
use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::thread;

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

/// Everything that a client is told.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The servent to ask.
    pub servent: SocketAddrV4,
    /// The keys to ask for; none = lines from standard input.
    pub keys: Vec<AskedKey>,
    /// How long to wait and how often to ask.
    pub patience: Patience,
    /// How the keys end on the wire.
    pub dialect: Dialect,
    /// Whether other programs may be among those that could answer, which may want keys to end otherwise.
    pub has_strangers: bool,
    /// Keys under way at a time.
    pub jobs: usize,
    /// Who sends.
    pub hand_over: HandOver,
    /// Whether answers are JSON objects.
    pub json: bool,
    /// When to use colours.
    pub colours: Colours,
    /// The environment asks for no colours.
    pub no_colours: bool,
    /// The terminal can't move its cursor: lines are not edited there.
    pub is_dumb: bool,
    /// Whether a line may change while it waits, where remarks are shown on a terminal.
    pub live: bool,
    /// The file that keeps what is typed at the prompt; `None` = none.
    pub history: Option<PathBuf>,
}

/// Why a client failed.
#[derive(Debug)]
pub enum SessionError {
    /// No socket, thread or terminal to be had.
    System(io::Error),
    /// The input can't be read or the output not be written.
    InputOutput(io::Error),
    /// An actor panicked.
    Panicked(ActorPanicked),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot start: {error}"),
            Self::InputOutput(error) => write!(f, "cannot go on: {error}"),
            Self::Panicked(panicked) => panicked.fmt(f),
        }
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) | Self::InputOutput(error) => Some(error),
            // It reads as that one does.
            Self::Panicked(panicked) => panicked.source(),
        }
    }
}

/// The socket of a client, on a free port.
///
/// # Errors
/// [`SessionError::System`].
pub fn socket() -> Result<Socket, SessionError> {
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    Ok(Socket::bind(any).map_err(SessionError::System)?.hear_of_undelivered())
}

/// Runs a client on its socket and standard input, output and error until its keys are asked or its input ends.
/// `interrupt_rx` brings Ctrl-C.
///
/// # Errors
/// [`SessionError`]. A reader of standard output that went away is no error: see [`Ending::Unread`].
pub fn run(config: &SessionConfig, socket: Socket, interrupt_rx: Receiver<Interrupt>) -> Result<Ending, SessionError> {
    let (source, sink, _) = socket.split(Offload::Off).map_err(SessionError::System)?;
    let clock = SystemClock::start();
    let stop = StopFlag::new(&source).map_err(SessionError::System)?;
    let (mut crew, mut stats) = (Crew::default(), Stats::default());
    let (news_tx, news_rx) = batches();

    let (flag, tally) = (stop.clone(), stats.tally());
    crew.spawn("receiver", move || receiver::run(source, &flag, news_tx, &clock, tally, None))
        .map_err(SessionError::System)?;
    let sending = sender::Sender::new(sink, clock, stats.tally(), None);
    let (sender, worker) = role("sender", sending, config.hand_over, batches());
    crew.spawn("sender", || worker.run()).map_err(SessionError::System)?;

    let manner = manner(config);
    let _terminal = TerminalGuard::set_up(manner.interactive && is_edited(config), manner.columns.is_some());
    let input = input(config).map_err(SessionError::System)?;
    let wires = Wires { input, news_rx, sender, interrupt_rx };
    // Where both are shown together, their order matters, and remarks wait with the answers. Elsewhere they hold up nobody.
    let remarks: Box<dyn Write + Send> =
        if is_one_output() { Box::new(Patient(io::stderr())) } else { Box::new(StandardError) };
    let ending = client_ui::run(manner, wires, &clock, Patient(io::stdout()), remarks);
    stop.set();
    crew.join().map_err(SessionError::Panicked)?;
    match ending {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ending::Unread),
        ending => ending.map_err(SessionError::InputOutput),
    }
}

/// What the configuration makes of these standard streams.
fn manner(config: &SessionConfig) -> Manner {
    let paint = |is_terminal| config.colours.paint(is_terminal, config.no_colours);
    let format = match (config.json, io::stdout().is_terminal()) {
        (true, _) => Format::Json,
        (false, true) => Format::Terminal,
        (false, false) => Format::Plain,
    };
    Manner {
        servent: config.servent,
        patience: config.patience,
        dialect: config.dialect,
        has_strangers: config.has_strangers,
        jobs: config.jobs,
        interactive: config.keys.is_empty() && io::stdin().is_terminal(),
        secret: secret(),
        format,
        answer_paint: paint(io::stdout().is_terminal()),
        remark_paint: paint(io::stderr().is_terminal()),
        columns: (config.live && io::stderr().is_terminal()).then_some(columns),
    }
}

/// Whether answers and remarks go to the same place.
fn is_one_output() -> bool {
    let identity = |stat: FileStat| (stat.st_dev, stat.st_ino);
    let (answers, remarks) = (fstat(io::stdout()).map(identity), fstat(io::stderr()).map(identity));
    (io::stdout().is_terminal() && io::stderr().is_terminal()) || (answers.is_ok() && answers == remarks)
}

/// Columns of the terminal that remarks are shown on.
fn columns() -> usize {
    let columns = tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { COLUMNS } else { columns }
}

/// Whether what is typed at a terminal is edited there.
fn is_edited(config: &SessionConfig) -> bool {
    io::stdout().is_terminal() && !config.is_dumb
}

/// The keys that were given, or else a line reader.
fn input(config: &SessionConfig) -> io::Result<Input> {
    if !config.keys.is_empty() {
        return Ok(Input::Keys(config.keys.clone()));
    }
    let (asked_tx, asked_rx) = bounded(1);
    let (line_tx, line_rx) = unbounded();
    let person = io::stdin().is_terminal();
    let (history, is_edited) = (config.history.clone(), is_edited(config));
    // Not one of the crew: it may sit in a read that nothing ends, and is left there when the program exits.
    thread::Builder::new().name("line reader".to_owned()).spawn(move || {
        if person && is_edited {
            match EditedLines::new(history) {
                Ok(lines) => line_reader::run(lines, &asked_rx, &line_tx),
                Err(error) => drop(line_tx.send(line_reader::LineRead::Failed(error))),
            }
        } else {
            line_reader::run(PlainLines::new(io::stdin().lock(), person), &asked_rx, &line_tx);
        }
    })?;
    Ok(Input::Lines { asked_tx, line_rx })
}
