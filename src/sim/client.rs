//! A client: asks one key after the other, as P-40 says.

use super::ids::{ClientId, DatagramId, ServentId};
use crate::protocol::{Answer, AskedKey, Event, Heard, Patience, Queries, QueriesConfig, Summary};
use crate::types::Timestamp;
use crate::wire::Message;
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
    pub answers: Vec<AnswerShown>,
    /// When the last wait was over.
    pub finished: Option<Timestamp>,
}

/// An answer as a client shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerShown {
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

impl From<Heard<'_>> for Reception {
    fn from(heard: Heard<'_>) -> Self {
        match heard {
            Heard::Answer(_) => Self::Answer,
            Heard::Repeated => Self::Repeated,
            Heard::Unrelated => Self::Unrelated,
        }
    }
}

/// A simulated client: the machine of the real one, with one key under way at a time. What it asks is kept by the
/// simulation; this has the numbers of its [`Ask`]s.
#[derive(Debug)]
pub(super) struct Client {
    config: QueriesConfig,
    /// Only while a key is not over: it takes more than a kilobyte, and of many clients few are asking at a time.
    queries: Option<Box<Queries>>,
    /// Those that are not over, in the order in which they are asked: the first is the one under way, if one is.
    open: VecDeque<usize>,
}

impl Client {
    pub(super) fn new(patience: Patience, secret: [u64; 2]) -> Self {
        Self { config: QueriesConfig { patience, jobs: 1, secret }, queries: None, open: VecDeque::new() }
    }

    pub(super) fn queue(&mut self, ask: usize, key: AskedKey) {
        self.queries.get_or_insert_with(|| Box::new(Queries::new(self.config))).push(key);
        self.open.push_back(ask);
    }

    /// Starts the next key if none is under way; returns its number.
    pub(super) fn start_next(&mut self, now: Timestamp) -> Option<usize> {
        self.queries.as_mut()?.start_next(now).map(|_| under_way(&self.open))
    }

    /// When to call [`Client::on_deadline`]; `None` while nothing is under way.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.queries.as_ref()?.deadline()
    }

    /// Moves on if the deadline has passed.
    pub(super) fn on_deadline(&mut self, now: Timestamp) -> Overdue {
        let queries = self.queries.as_mut().expect("a deadline is that of a key under way");
        let again = queries.on_deadline(now);
        debug_assert!(again.len() <= 1, "one key is under way at a time");
        match queries.next_event() {
            None if again.is_empty() => Overdue::Wait,
            None => Overdue::Retransmit(under_way(&self.open)),
            Some(Event::Finished { summary, .. }) => {
                let over = under_way(&self.open);
                self.open.pop_front();
                if queries.is_empty() {
                    self.queries = None;
                }
                Overdue::Finished(over, summary)
            }
            Some(event) => unreachable!("an answer is shown when it comes, and nothing is stopped: {event:?}"),
        }
    }

    /// Hears a message and notes the answer in `asks`, if it is one.
    pub(super) fn hear(
        &mut self,
        now: Timestamp,
        from: SocketAddrV4,
        datagram: DatagramId,
        message: &Message<'_>,
        asks: &mut [Ask],
    ) -> Reception {
        let Some(queries) = &mut self.queries else { return Reception::Unrelated };
        let reception = queries.on_message(now, from, message).into();
        while let Some(event) = queries.next_event() {
            let Event::Answer { answer, .. } = event else { unreachable!("a message ends nothing: {event:?}") };
            let Answer { servent: from, value, .. } = answer;
            asks[under_way(&self.open)].answers.push(AnswerShown { from, value, datagram, at: now });
        }
        reception
    }
}

/// Of the keys that are not over the first.
fn under_way(open: &VecDeque<usize>) -> usize {
    *open.front().expect("a key is under way, and those that are not over are queued")
}

/// What is to be done when a deadline may have passed.
pub(super) enum Overdue {
    /// It lies ahead.
    Wait,
    /// The CLIREQ of this key is transmitted once more.
    Retransmit(usize),
    /// This key is over.
    Finished(usize, Summary),
}
