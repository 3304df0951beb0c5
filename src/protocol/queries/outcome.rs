//! What comes of the lines that are asked for.

use crate::protocol::query::{AskedKey, Awaiting};
use crate::types::Timestamp;
use std::net::SocketAddrV4;
use std::time::Duration;

/// An answer to one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Who answered.
    pub servent: SocketAddrV4,
    /// From the line's first transmission on.
    pub elapsed: Duration,
    /// The value.
    pub value: Vec<u8>,
}

/// What came of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Different answers.
    pub answers: usize,
    /// Different servents among who answered.
    pub servents: usize,
    /// From the first transmission to the first answer.
    pub first_after: Option<Duration>,
    /// From the first transmission to the end of the last wait.
    pub elapsed: Duration,
    /// Of the answers, those left out because too much was held back ([`HELD_LEN_MAX`](super::HELD_LEN_MAX)).
    pub left_out: usize,
}

/// What there is to show. `number` counts the lines from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An answer came.
    Answer {
        /// Which line.
        number: u64,
        /// Its key.
        key: AskedKey,
        /// The answer.
        answer: Answer,
    },
    /// The last wait is over.
    Finished {
        /// Which line.
        number: u64,
        /// Its key.
        key: AskedKey,
        /// What came of it.
        summary: Summary,
    },
    /// It was under way when [`Queries::stop`](super::Queries::stop) was called.
    Stopped {
        /// Its key.
        key: AskedKey,
    },
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Lines that are over.
    pub done: usize,
    /// Lines under way.
    pub active: usize,
    /// Lines in all, as far as they are known.
    pub lines: usize,
    /// Different answers to all of them.
    pub answers: usize,
    /// Lines that are over without an answer.
    pub unanswered: usize,
}

/// What the first line under way waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait<'a> {
    /// Its key.
    pub key: &'a AskedKey,
    /// For what.
    pub awaiting: Awaiting,
    /// Until when.
    pub until: Timestamp,
    /// What it has got so far.
    pub answers: usize,
}
