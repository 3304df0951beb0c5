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
use std::collections::HashSet;
use std::fmt;
use std::hash::Hasher;
use std::net::SocketAddrV4;
use std::time::Duration;

/// Answers to one key that are remembered to show each once (P-43). What comes beyond is shown as often as it comes.
const SHOWN_MAX: usize = 1 << 16;

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

/// A key that can be asked for: trimmed, not empty, without NUL, and short enough for a CLIREQ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AskedKey(Vec<u8>);

impl AskedKey {
    /// Trims what was typed (P-45) and checks it.
    ///
    /// # Errors
    /// [`KeyError`], which says what a key can't be.
    pub fn new(typed: &[u8]) -> Result<Self, KeyError> {
        let key = typed.trim_ascii();
        if key.is_empty() {
            Err(KeyError::Empty)
        } else if key.contains(&0) {
            Err(KeyError::Nul)
        } else if key.len() > CLIREQ_KEY_LEN_MAX {
            Err(KeyError::TooLong(key.len()))
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

/// Why a key can't be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Nothing but white space.
    Empty,
    /// A NUL, which would end the key early (P-2).
    Nul,
    /// This many bytes, more than a datagram holds.
    TooLong(usize),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty key: expected at least one character that is not white space"),
            Self::Nul => f.write_str("a NUL byte in the key, which would end it there"),
            Self::TooLong(len) => {
                write!(f, "a key of {len} bytes, and a datagram holds at most {CLIREQ_KEY_LEN_MAX}")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// One key being asked for. Its owner transmits the CLIREQ at the start and whenever [`ClientQuery::on_deadline`]
/// says so.
#[derive(Debug)]
pub struct ClientQuery {
    key: AskedKey,
    patience: Patience,
    tries_left: u32,
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

/// What to do when a deadline may have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
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
    pub fn start(key: AskedKey, patience: Patience, secret: [u64; 2], now: Timestamp) -> Self {
        Self {
            key,
            patience,
            tries_left: patience.tries.saturating_sub(1),
            deadline: now + patience.timeout,
            secret,
            shown: HashSet::new(),
            answers: 0,
        }
    }

    /// What is asked for.
    #[must_use]
    pub fn key(&self) -> &AskedKey {
        &self.key
    }

    /// When to call [`ClientQuery::on_deadline`].
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// Judges a message that came from `servent`: any address will do (P-42).
    pub fn on_message<'a>(&mut self, now: Timestamp, servent: SocketAddrV4, message: &Message<'a>) -> Heard<'a> {
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
    pub fn on_deadline(&mut self, now: Timestamp) -> Step {
        if now < self.deadline {
            return Step::Wait;
        }
        if self.answers == 0 && self.tries_left > 0 {
            self.tries_left -= 1;
            self.deadline = now + self.patience.timeout;
            return Step::Retransmit;
        }
        Step::Finished(self.answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decode;
    use std::net::Ipv4Addr;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_start(Duration::from_secs(seconds))
    }

    fn servent(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    fn query() -> ClientQuery {
        ClientQuery::start(AskedKey::new(b"http").unwrap(), Patience::default(), [1, 2], at(0))
    }

    fn hear<'a>(query: &mut ClientQuery, now: u64, port: u16, datagram: &'a [u8]) -> Heard<'a> {
        query.on_message(at(now), servent(port), &decode(datagram).unwrap())
    }

    #[test]
    fn p40_silence_is_met_with_one_retransmission_and_then_the_end() {
        let mut query = query();
        assert_eq!(query.deadline(), at(4));
        assert_eq!(query.on_deadline(at(3)), Step::Wait);
        assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
        assert_eq!(query.deadline(), at(8));
        assert_eq!(query.on_deadline(at(8)), Step::Finished(0));
    }

    #[test]
    fn p40_after_an_answer_there_is_no_retransmission_and_each_answer_renews_the_wait() {
        let mut query = query();
        assert_eq!(hear(&mut query, 3, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
        assert_eq!(query.deadline(), at(7));
        assert_eq!(query.on_deadline(at(4)), Step::Wait);
        assert_eq!(hear(&mut query, 6, 2, b"\0\x03http\t81\0"), Heard::Answer(b"81"));
        assert_eq!(query.on_deadline(at(9)), Step::Wait);
        assert_eq!(query.on_deadline(at(10)), Step::Finished(2));
    }

    #[test]
    fn p40_an_answer_to_the_retransmission_counts() {
        let mut query = query();
        assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
        assert_eq!(hear(&mut query, 7, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
        assert_eq!(query.on_deadline(at(11)), Step::Finished(1));
    }

    #[test]
    fn p42_what_is_no_answer_does_not_touch_the_wait() {
        let mut query = query();
        for datagram in [
            &b"\0\x03https\t443"[..],
            b"\0\x03htt\tp",
            b"\0\x01http",
            b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0\x07http",
        ] {
            assert_eq!(hear(&mut query, 3, 1, datagram), Heard::Unrelated, "{datagram:?}");
        }
        assert_eq!(query.on_deadline(at(4)), Step::Retransmit);
    }

    #[test]
    fn p43_a_repeated_answer_is_shown_once_and_another_value_or_servent_is_shown() {
        let mut query = query();
        assert_eq!(hear(&mut query, 1, 1, b"\0\x03http\t80"), Heard::Answer(b"80"));
        assert_eq!(hear(&mut query, 2, 1, b"\0\x03http\t80\0pad"), Heard::Repeated);
        assert_eq!(query.deadline(), at(6));
        assert_eq!(hear(&mut query, 2, 1, b"\0\x03http\t81"), Heard::Answer(b"81"));
        assert_eq!(hear(&mut query, 2, 2, b"\0\x03http\t80"), Heard::Answer(b"80"));
        assert_eq!(query.on_deadline(at(6)), Step::Finished(3));
    }

    #[test]
    fn p40_the_number_of_tries_is_the_number_of_transmissions() {
        for tries in [1, 2, 5] {
            let patience = Patience { tries, ..Patience::default() };
            let mut query = ClientQuery::start(AskedKey::new(b"k").unwrap(), patience, [1, 2], at(0));
            let mut transmissions = 1;
            while query.on_deadline(query.deadline()) == Step::Retransmit {
                transmissions += 1;
            }
            assert_eq!(transmissions, tries);
        }
    }

    #[test]
    fn p43_a_servent_that_never_ends_does_not_fill_the_memory() {
        let mut query = query();
        for number in 0..SHOWN_MAX + 10 {
            let datagram = format!("\0\x03http\t{number}").into_bytes();
            assert!(matches!(hear(&mut query, 1, 1, &datagram), Heard::Answer(_)));
        }
        assert_eq!(hear(&mut query, 1, 1, b"\0\x03http\t0"), Heard::Repeated);
        assert_eq!(query.shown.len(), SHOWN_MAX);
        assert_eq!(query.on_deadline(at(5)), Step::Finished(SHOWN_MAX + 10));
    }

    #[test]
    fn p45_a_key_is_trimmed_and_checked() {
        assert_eq!(AskedKey::new(b" \thttp\r\n").unwrap().as_bytes(), b"http");
        assert_eq!(AskedKey::new(b" \t"), Err(KeyError::Empty));
        assert_eq!(AskedKey::new(b"a\0b"), Err(KeyError::Nul));
        assert!(AskedKey::new(&[b'k'; CLIREQ_KEY_LEN_MAX]).is_ok());
        assert_eq!(AskedKey::new(&[b'k'; CLIREQ_KEY_LEN_MAX + 1]), Err(KeyError::TooLong(CLIREQ_KEY_LEN_MAX + 1)));
    }
}
