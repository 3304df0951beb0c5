//! The conversation: asks for lines, asks the servent for keys, shows the answers.
//!
//! Everything reaches it through channels, time included, so a test can be its user, its network and its clock. What
//! is asked when, and in which order it is shown, [`Queries`](crate::protocol::Queries) decides.
//!
//! | file | holds |
//! |---|---|
//! | `conversation` | the loop |
//! | `format` | answers as lines: for eyes, with tabs, as JSON |
//! | `guide` | what is said to whoever types at the prompt |
//! | `json` | the objects of `--json` |
//! | `live` | the line that counts down, and the progress bar |
//! | `screen` | the two outputs, and the live line that must not mix with them |
//! | `writer` | the thread that writes to them, and alone waits for whoever reads |

mod conversation;
mod format;
mod guide;
mod json;
mod live;
mod screen;
mod writer;

pub use writer::BACKLOG_LEN_MAX;

use super::line_reader::LineRead;
use super::terminal::Paint;
use crate::actor::channels::{News, OutboxHandle};
use crate::actor::clock::Clock;
use crate::actor::hand_over::RoleHandle;
use crate::protocol::{AskedKey, Dialect, Patience};
use conversation::Conversation;
use crossbeam_channel::{Receiver, Sender};
use std::io::{self, Write};
use std::net::SocketAddrV4;
use writer::Backlog;

/// What a conversation is like.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The servent to ask.
    pub servent: SocketAddrV4,
    /// How long to wait and how often to ask.
    pub patience: Patience,
    /// How the keys end on the wire.
    pub dialect: Dialect,
    /// Whether other programs may be among those that could answer, which may want keys to end otherwise.
    pub has_strangers: bool,
    /// Keys under way at a time. A person asks one at a time, whatever this says.
    pub jobs: usize,
    /// A person types: Ctrl-C ends a wait, not the program, and unanswered keys are no failure.
    pub interactive: bool,
    /// Keys the fingerprints of answers; see [`QueriesConfig`](crate::protocol::QueriesConfig).
    pub secret: [u64; 2],
    /// What answers look like.
    pub format: Format,
    /// Colours of the answers.
    pub answer_paint: Paint,
    /// Colours of the remarks.
    pub remark_paint: Paint,
    /// Where remarks are shown on a terminal, so that a live line may be: says how many columns it has.
    pub columns: Option<fn() -> usize>,
}

/// What answers look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For eyes: aligned, with the time it took, and escaped (P-44).
    Terminal,
    /// `KEY TAB SERVENT TAB VALUE`, byte for byte.
    Plain,
    /// An object a line, as `data/client.schema.json` says.
    Json,
}

/// What to ask for.
#[derive(Debug)]
pub enum Input {
    /// These keys.
    Keys(Vec<AskedKey>),
    /// What a line reader reads.
    Lines {
        /// Asks it for a line.
        asked_tx: Sender<()>,
        /// The lines; closed means the end of the input.
        line_rx: Receiver<LineRead>,
    },
}

/// The channels of a conversation.
#[derive(Debug)]
pub struct Wires {
    /// What to ask for.
    pub input: Input,
    /// What the network brings.
    pub news_rx: Receiver<News>,
    /// Where what is to be sent goes.
    pub sender: RoleHandle<OutboxHandle>,
    /// Ctrl-C, and orders to leave.
    pub interrupt_rx: Receiver<Interrupt>,
}

/// What can interrupt a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C.
    User,
    /// Leave at once, whatever is under way.
    Leave,
    /// The terminal has other columns now.
    Resized,
    /// The program was stopped and goes on: others have written to the terminal.
    GoneOn,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The input ended, or the user left, and this is what became of the keys.
    Finished {
        /// Whether any key was asked for.
        has_asked: bool,
        /// Keys without an answer.
        unanswered: usize,
        /// Lines that no key can be.
        refused: usize,
    },
    /// Ctrl-C when nobody was at the prompt to return to.
    Interrupted,
    /// Told to leave.
    Left,
    /// Nobody reads the answers any more.
    Unread,
    /// The network's actors are gone.
    Disconnected,
}

/// Holds a conversation until its input ends. Answers go to `answers`, and what is said about them to `remarks`, both
/// from a thread of its own: the conversation never waits for whoever reads them, but for that thread at its end. Once
/// [`BACKLOG_LEN_MAX`] bytes are not written, no keys are taken in, and nothing is received, until they are.
///
/// # Errors
/// When a line can't be read or an answer not be written. Remarks that can't be written are left out.
pub fn run(
    manner: Manner,
    wires: Wires,
    clock: &impl Clock,
    answers: impl Write + Send + 'static,
    remarks: impl Write + Send + 'static,
) -> io::Result<Ending> {
    Conversation::new(manner, wires, clock, Backlog::start(answers, remarks)?).run()
}
