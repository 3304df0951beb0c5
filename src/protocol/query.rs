//! The client's side of one key: when to transmit, how long to wait, what counts as an answer (P-40 to P-43).
//!
//! ```text
//!            no answer, tries left: transmit again
//!              ┌──────┐
//! start ──▶ waiting ──┴─ no answer, no tries left ──▶ finished (nothing)
//!              │ answer
//!              ▼
//!          collecting ── a whole wait without another ──▶ finished (answers)
//!            └──────┘ answer: wait anew
//! ```

use crate::types::Timestamp;
use crate::wire::{CLIREQ_KEY_LEN_MAX, Header, Message};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hasher;
use std::net::SocketAddrV4;
use std::time::Duration;

/// Answers to one key that are remembered to show each once (P-43). What comes beyond is shown as often as it comes.
pub(super) const SHOWN_MAX: usize = 1 << 16;

/// How long a client waits and how often it asks (P-40).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The wait for a first answer after each transmission, and for another after each answer. Not zero.
    pub timeout: Duration,
    /// Transmissions in all. At least 1; 0 is taken as 1.
    pub tries: u32,
}

impl Default for Patience {
    /// P-40: 4 s, and one retransmission.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(4), tries: 2 }
    }
}

/// How a CLIREQ's key ends (P-2). It is answered in the same way (P-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// With the datagram, as the protocol is now.
    #[default]
    Plain,
    /// With one NUL, as the 2017 edition of the assignment demands.
    NulTerminated,
}

impl Dialect {
    /// What stands behind the key.
    #[must_use]
    pub fn terminator(self) -> &'static [u8] {
        match self {
            Self::Plain => b"",
            Self::NulTerminated => b"\0",
        }
    }
}

/// A key that can be asked for: trimmed, not empty, without NUL, and short enough for a CLIREQ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AskedKey(Vec<u8>);

impl AskedKey {
    /// Trims what was typed (P-45) and checks it.
    ///
    /// # Errors
    /// [`KeyError`], which says what a key can't be.
    pub fn new(typed: &[u8]) -> Result<Self, KeyError> {
        Self::in_dialect(typed, Dialect::Plain)
    }

    /// The same for a key that is asked for in `dialect`, whose terminator must fit as well.
    ///
    /// # Errors
    /// As [`AskedKey::new`].
    pub fn in_dialect(typed: &[u8], dialect: Dialect) -> Result<Self, KeyError> {
        let key = typed.trim_ascii();
        let len_max = CLIREQ_KEY_LEN_MAX - dialect.terminator().len();
        if key.is_empty() {
            Err(KeyError::Empty)
        } else if key.contains(&0) {
            Err(KeyError::Nul)
        } else if key.contains(&b'\t') {
            Err(KeyError::Tab)
        } else if key.len() > len_max {
            Err(KeyError::TooLong { len: key.len(), len_max })
        } else {
            Ok(Self(key.to_vec()))
        }
    }

    /// The bytes to ask for.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for AskedKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// Why a key can't be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing but white space.
    Empty,
    /// A NUL, which would end the key early (P-2).
    Nul,
    /// A tab, at which a RESPONSE would end the key.
    Tab,
    /// More than a datagram holds.
    TooLong {
        /// Bytes of the key.
        len: usize,
        /// Bytes that there is room for.
        len_max: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty key: expected at least one character that is not white space"),
            Self::Nul => f.write_str("a NUL byte in the key, which would end it there"),
            Self::Tab => f.write_str("a tab in the key, where an answer would end it"),
            Self::TooLong { len, len_max } => {
                write!(f, "a key of {len} bytes, and a datagram holds at most {len_max}")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// One key being asked for. Its owner transmits the CLIREQ at the start and whenever [`ClientQuery::on_deadline`]
/// says so.
#[derive(Debug)]
pub(super) struct ClientQuery {
    key: AskedKey,
    patience: Patience,
    tries_left: u32,
    is_retransmitted: bool,
    deadline: Timestamp,
    secret: [u64; 2],
    /// Keyed fingerprints of the answers that were shown, so that what strangers send is not kept.
    shown: HashSet<u128>,
    answers: usize,
}

/// What a received message is to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// An answer, to be shown: the value.
    Answer(&'a [u8]),
    /// The same answer from the same servent again, not to be shown (P-43). It counts as an answer for the wait.
    Repeated,
    /// Not an answer to this query; the wait goes on unchanged (P-42).
    Unrelated,
}

/// What a query waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaiting {
    /// A first answer.
    FirstAnswer,
    /// A first answer, after a retransmission.
    AnswerToRetransmission,
    /// More answers.
    MoreAnswers,
}

/// What to do when a deadline may have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The deadline lies ahead: wait until then.
    Wait,
    /// Transmit the CLIREQ once more, then wait until the new deadline.
    Retransmit,
    /// It is over, with this many different answers.
    Finished(usize),
}

impl ClientQuery {
    /// A query whose CLIREQ is transmitted `now`. `secret` keys the fingerprints of answers.
    #[must_use]
    pub(super) fn start(key: AskedKey, patience: Patience, secret: [u64; 2], now: Timestamp) -> Self {
        Self {
            key,
            patience,
            tries_left: patience.tries.saturating_sub(1),
            is_retransmitted: false,
            deadline: now + patience.timeout,
            secret,
            shown: HashSet::new(),
            answers: 0,
        }
    }

    /// What is asked for.
    #[must_use]
    pub(super) fn key(&self) -> &AskedKey {
        &self.key
    }

    /// When to call [`ClientQuery::on_deadline`].
    #[must_use]
    pub(super) fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// What it waits for until the deadline.
    #[must_use]
    pub(super) fn awaiting(&self) -> Awaiting {
        if self.answers > 0 {
            Awaiting::MoreAnswers
        } else if self.is_retransmitted {
            Awaiting::AnswerToRetransmission
        } else {
            Awaiting::FirstAnswer
        }
    }

    /// Judges a message that came from `servent`: any address will do (P-42).
    pub(super) fn on_message<'a>(&mut self, now: Timestamp, servent: SocketAddrV4, message: &Message<'a>) -> Heard<'a> {
        let (Header::Response, Some((key, value))) = (message.header, message.text.key_and_value()) else {
            return Heard::Unrelated;
        };
        if key != self.key.as_bytes() {
            return Heard::Unrelated;
        }
        self.deadline = now + self.patience.timeout;
        let fingerprint = self.fingerprint(servent, value);
        let is_known = if self.shown.len() < SHOWN_MAX {
            !self.shown.insert(fingerprint)
        } else {
            self.shown.contains(&fingerprint)
        };
        if is_known {
            return Heard::Repeated;
        }
        self.answers += 1;
        Heard::Answer(value)
    }

    fn fingerprint(&self, servent: SocketAddrV4, value: &[u8]) -> u128 {
        let mut hasher = SipHasher13::new_with_keys(self.secret[0], self.secret[1]);
        hasher.write(&servent.ip().octets());
        hasher.write(&servent.port().to_be_bytes());
        hasher.write(value);
        hasher.finish128().as_u128()
    }

    /// Moves on once the deadline has passed. After an answer it never asks for a retransmission (P-40).
    pub(super) fn on_deadline(&mut self, now: Timestamp) -> Step {
        if now < self.deadline {
            return Step::Wait;
        }
        if self.answers == 0 && self.tries_left > 0 {
            self.tries_left -= 1;
            self.is_retransmitted = true;
            self.deadline = now + self.patience.timeout;
            return Step::Retransmit;
        }
        Step::Finished(self.answers)
    }
}

#[cfg(test)]
mod tests;
