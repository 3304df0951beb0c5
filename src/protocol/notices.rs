//! What a client can tell of what came and can't count (P-46): who sent it, what was found and what was expected.
//!
//! Each is noticed once per sender and cause, and so many in a run: whatever strangers send, what is kept stays
//! bounded. Keys that were asked are kept as fingerprints, so that a late answer to one of them is told from a RESPONSE
//! that has another key.

use super::query::AskedKey;
use crate::text::escape;
use crate::wire::{DecodeError, Header, Message, Text};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::hash::Hasher;
use std::net::SocketAddrV4;

/// Notices of one run; what comes beyond is told once, as others.
const NOTICES_MAX: usize = 64;
/// Keys that are remembered as asked. Where there were more, no key is called another one any more.
const ASKED_MAX: usize = 1 << 20;
/// Bytes of a found text that are shown.
const FOUND_LEN_MAX: usize = 64;

/// Bytes of a datagram's beginning that [`Notices::on_malformed`] looks at.
pub const EXCERPT_LEN_MAX: usize = 2 + FOUND_LEN_MAX;

/// Something that a client can tell. None of it is an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A datagram that can't count as an answer.
    NoAnswer {
        /// Who sent it.
        from: SocketAddrV4,
        /// What is wrong with it.
        found: Found,
    },
    /// The host says that no program listens there.
    NothingListens {
        /// Where a question was sent.
        at: SocketAddrV4,
    },
    /// The network says that there is no way to the host.
    Unreachable {
        /// Where a question was sent.
        at: SocketAddrV4,
    },
    /// There was more of this, of which nothing is told.
    Others,
}

/// What was found where an answer was expected. Of texts that strangers sent the first 64 bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// No message of this protocol.
    Malformed(DecodeError),
    /// A RESPONSE without a tab between key and value.
    NoTab {
        /// The text, or its beginning.
        text: Vec<u8>,
        /// Whether it is longer.
        is_cut: bool,
    },
    /// A RESPONSE for a key that was not asked in this run.
    OtherKey {
        /// The key, or its beginning.
        key: Vec<u8>,
        /// Whether it is longer.
        is_cut: bool,
    },
    /// A CLIREQ, which only servents expect.
    Clireq,
    /// A QUERY, likewise.
    Query,
}

/// A notice less its details, which a stranger could vary without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cause {
    TooShort,
    Type,
    ShortQuery,
    EmptyKey,
    NoTab,
    OtherKey,
    Clireq,
    Query,
    NothingListens,
    Unreachable,
}

/// Judges what is no answer, and keeps what is to be told until it is taken.
#[derive(Debug)]
pub struct Notices {
    secret: [u64; 2],
    asked: HashSet<u128>,
    noticed: HashSet<(SocketAddrV4, Cause)>,
    waiting: VecDeque<Notice>,
    are_others_noticed: bool,
}

impl Notices {
    /// Nothing noticed yet. `secret` keys the fingerprints of keys.
    #[must_use]
    pub fn new(secret: [u64; 2]) -> Self {
        Self {
            secret,
            asked: HashSet::new(),
            noticed: HashSet::new(),
            waiting: VecDeque::new(),
            are_others_noticed: false,
        }
    }

    /// Remembers that `key` is asked: what comes for it is no fault, however late.
    pub fn asked(&mut self, key: &AskedKey) {
        if self.asked.len() < ASKED_MAX {
            self.asked.insert(self.fingerprint(key.as_bytes()));
        }
    }

    /// Judges a message that is no answer to a key under way.
    pub fn on_unrelated(&mut self, from: SocketAddrV4, message: &Message<'_>) {
        let (cause, found) = match message.header {
            Header::Clireq => (Cause::Clireq, Found::Clireq),
            Header::Query(_) => (Cause::Query, Found::Query),
            Header::Response => {
                let Some((key, _)) = message.text.key_and_value() else { return };
                if self.asked.len() >= ASKED_MAX || self.asked.contains(&self.fingerprint(key)) {
                    return;
                }
                let (key, is_cut) = beginning(key);
                (Cause::OtherKey, Found::OtherKey { key, is_cut })
            }
        };
        self.notice(from, cause, Notice::NoAnswer { from, found });
    }

    /// Judges a malformed datagram: `excerpt` is its beginning, of [`EXCERPT_LEN_MAX`] bytes or all that it has.
    pub fn on_malformed(&mut self, from: SocketAddrV4, error: DecodeError, excerpt: &[u8]) {
        let (cause, found) = match error {
            DecodeError::TooShort { .. } => (Cause::TooShort, Found::Malformed(error)),
            DecodeError::UnknownType { .. } => (Cause::Type, Found::Malformed(error)),
            DecodeError::ShortQuery { .. } => (Cause::ShortQuery, Found::Malformed(error)),
            DecodeError::EmptyKey { .. } => (Cause::EmptyKey, Found::Malformed(error)),
            DecodeError::NoTab { text_len } => {
                let (text, _) = beginning(Text::new(excerpt.get(2..).unwrap_or_default()).before_nul());
                let is_cut = text.len() < text_len;
                (Cause::NoTab, Found::NoTab { text, is_cut })
            }
        };
        self.notice(from, cause, Notice::NoAnswer { from, found });
    }

    /// Notes that no program listens at `at`.
    pub fn on_refused(&mut self, at: SocketAddrV4) {
        self.notice(at, Cause::NothingListens, Notice::NothingListens { at });
    }

    /// Notes that there is no way to `at`.
    pub fn on_unreachable(&mut self, at: SocketAddrV4) {
        self.notice(at, Cause::Unreachable, Notice::Unreachable { at });
    }

    /// The next thing to tell.
    pub fn next_notice(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }

    fn notice(&mut self, whom: SocketAddrV4, cause: Cause, notice: Notice) {
        if self.noticed.contains(&(whom, cause)) {
            return;
        }
        if self.noticed.len() < NOTICES_MAX {
            self.noticed.insert((whom, cause));
            self.waiting.push_back(notice);
        } else if !std::mem::replace(&mut self.are_others_noticed, true) {
            self.waiting.push_back(Notice::Others);
        }
    }

    fn fingerprint(&self, key: &[u8]) -> u128 {
        let mut hasher = SipHasher13::new_with_keys(self.secret[0], self.secret[1]);
        hasher.write(key);
        hasher.finish128().as_u128()
    }
}

/// The beginning of `text`, as much as is shown, and whether that is not all.
fn beginning(text: &[u8]) -> (Vec<u8>, bool) {
    let shown = &text[..text.len().min(FOUND_LEN_MAX)];
    (shown.to_vec(), shown.len() < text.len())
}

/// A text as it is shown.
fn quoted(text: &[u8], is_cut: bool) -> String {
    format!("'{}'{}", escape(text), if is_cut { "..." } else { "" })
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { from, found } => write!(f, "{from} sent no answer but this: {found}"),
            Self::NothingListens { at } => write!(f, "nothing listens at {at}"),
            Self::Unreachable { at } => write!(f, "no way to {at}: the host or its network is unreachable"),
            Self::Others => f.write_str("others sent no answers either; that is not shown any more"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::NoTab { text, is_cut } => {
                let separator = text.iter().find(|byte| byte.is_ascii_whitespace());
                let found = if separator == Some(&b' ') { "a space" } else { "none" };
                write!(f, "RESPONSE text: expected a tab behind the key, found {found}: {}", quoted(text, *is_cut))
            }
            Self::OtherKey { key, is_cut } => {
                write!(f, "RESPONSE key: expected one that was asked, found {}", quoted(key, *is_cut))
            }
            Self::Clireq => f.write_str("type: expected 3 (RESPONSE), found 1 (CLIREQ)"),
            Self::Query => f.write_str("type: expected 3 (RESPONSE), found 2 (QUERY)"),
        }
    }
}

#[cfg(test)]
mod tests;
