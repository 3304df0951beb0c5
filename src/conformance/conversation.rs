//! Every datagram that was seen between the programs under test and the sockets around them, and what happened beside.

use super::words::Words;
use std::net::SocketAddrV4;
use std::time::Duration;

/// All that was seen during a probe, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// In the order in which it was seen.
    pub entries: Vec<Entry>,
}

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Since the probe began.
    pub at: Duration,
    /// What it was.
    pub what: What,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A datagram.
    Datagram {
        /// Who sent it, by name, and from where.
        from: (Words, SocketAddrV4),
        /// Whom it was for, likewise.
        to: (Words, SocketAddrV4),
        /// What it carried.
        bytes: Vec<u8>,
        /// Whether it belongs to a control question.
        is_control: bool,
    },
    /// A line was typed to a program.
    Typed(Vec<u8>),
    /// Something else happened: a program was started, was ready, ended.
    Event(Words),
    /// What a program wrote, when the probe was over.
    Wrote {
        /// Which program.
        program: Words,
        /// What it wrote to standard output.
        output: Vec<u8>,
        /// What it wrote to standard error.
        errors: Vec<u8>,
    },
}

impl Conversation {
    /// Notes what was seen.
    pub fn note(&mut self, at: Duration, what: What) {
        self.entries.push(Entry { at, what });
    }
}
