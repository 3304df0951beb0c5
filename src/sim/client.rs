//! A client: asks one key after the other, as P-40 says.

use super::ids::{ClientId, DatagramId, ServentId};
use crate::protocol::{AskedKey, ClientQuery, Heard, Patience};
use crate::types::Timestamp;
use crate::wire::decode;
use std::collections::VecDeque;
use std::net::SocketAddrV4;

/// One key that a client asked for, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Who asked.
    pub client: ClientId,
    /// Whom.
    pub entry: ServentId,
    /// For what.
    pub key: AskedKey,
    /// When it was first transmitted; `None` while earlier ones are under way.
    pub started: Option<Timestamp>,
    /// CLIREQs sent: more than one after silence.
    pub transmissions: u32,
    /// What was shown, in order.
    pub answers: Vec<Answer>,
    /// When the last wait was over.
    pub finished: Option<Timestamp>,
}

/// An answer as a client shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who answered.
    pub from: SocketAddrV4,
    /// The value.
    pub value: Vec<u8>,
    /// The datagram that brought it.
    pub datagram: DatagramId,
    /// When.
    pub at: Timestamp,
}

/// What a datagram was to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// An answer, shown.
    Answer,
    /// The same answer from the same servent again (P-43).
    Repeated,
    /// No answer to what is being asked (P-42).
    Unrelated,
}

/// A simulated client. What it asks is kept by the simulation; this has the numbers of its [`Ask`]s.
#[derive(Debug, Default)]
pub(super) struct Client {
    waiting: VecDeque<usize>,
    current: Option<(usize, ClientQuery)>,
}

impl Client {
    pub(super) fn queue(&mut self, ask: usize) {
        self.waiting.push_back(ask);
    }

    /// Starts the next key if none is under way; returns its number.
    pub(super) fn start_next(
        &mut self,
        now: Timestamp,
        asks: &mut [Ask],
        patience: Patience,
        secret: [u64; 2],
    ) -> Option<usize> {
        if self.current.is_some() {
            return None;
        }
        let number = self.waiting.pop_front()?;
        let ask = &mut asks[number];
        ask.started = Some(now);
        ask.transmissions = 1;
        self.current = Some((number, ClientQuery::start(ask.key.clone(), patience, secret, now)));
        Some(number)
    }

    /// The query under way, and the number of its [`Ask`].
    pub(super) fn current(&mut self) -> Option<(usize, &mut ClientQuery)> {
        self.current.as_mut().map(|(number, query)| (*number, query))
    }

    pub(super) fn finish(&mut self) {
        self.current = None;
    }

    /// Hears a datagram and notes the answer in `asks`, if it is one.
    pub(super) fn hear(
        &mut self,
        now: Timestamp,
        from: SocketAddrV4,
        datagram: DatagramId,
        bytes: &[u8],
        asks: &mut [Ask],
    ) -> Reception {
        let (Some((number, query)), Ok(message)) = (&mut self.current, decode(bytes)) else {
            return Reception::Unrelated;
        };
        match query.on_message(now, from, &message) {
            Heard::Answer(value) => {
                asks[*number].answers.push(Answer { from, value: value.to_vec(), datagram, at: now });
                Reception::Answer
            }
            Heard::Repeated => Reception::Repeated,
            Heard::Unrelated => Reception::Unrelated,
        }
    }
}
