//! What the sources tell, in a few compact events: addresses, keys and questions are numbers here.
//!
//! ```text
//! Asked                          a CLIREQ came in
//! Flooded, Sent                  a QUERY left: made of a CLIREQ, or passed on
//! Received                       a QUERY came in
//! Judged                         it was new, seen before, or refused
//! LookedUp                       what the store gave
//! Responded                      a RESPONSE left, for a question that is known by client and key alone
//! Heard                          a client got a RESPONSE
//! Unsent                         a datagram could not leave
//! ```

use super::model::{Holdings, PeerId};
use crate::stats::DropCause;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddrV4;
use std::sync::Arc;

/// The latest time that is read, in nanoseconds, on any clock: with later ones differences could not be told (year 2043).
pub(super) const TIME_MAX: i64 = i64::MAX / 4;

/// The number of a clock: of a machine, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClockId(pub(super) u32);

/// The number of one life of a servent, as one record tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RunId(pub(super) u32);

/// The number of a question: a client and a key, and the number that the entry gave it, or none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct QuestionId(pub(super) u32);

/// What a question is told from others by (P-14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) client: PeerId,
    pub(super) key: u32,
    pub(super) seq: Option<u32>,
    /// Of CLIREQs that made no QUERY: which of them.
    pub(super) nth: u32,
}

/// A life of a servent.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunRecord {
    pub(super) peer: PeerId,
    pub(super) clock: ClockId,
    /// Seen from outside: what it made of anything is to be inferred.
    pub(super) is_captured: bool,
    pub(super) from: i64,
    pub(super) to: i64,
    /// The record begins with the start.
    pub(super) is_opened: bool,
    /// When it says that it started, if a line says so; and how often that line stands there.
    pub(super) opened_at: Option<i64>,
    pub(super) openings: u32,
    pub(super) is_closed: bool,
    pub(super) is_whole: bool,
}

/// Something that happened at a servent or client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// On the clock of its run; after the alignment on the model's.
    pub(super) at: i64,
    pub(super) question: QuestionId,
    pub(super) run: RunId,
    /// Whom it came from or went to.
    pub(super) peer: PeerId,
    /// A hash of the key field, padding included; 0 if it is not known.
    pub(super) field: u32,
    /// Bytes of the datagram, or the place of the value among the values of a RESPONSE.
    pub(super) len: u32,
    /// Of what was sent: what it was sent for came from there, if that is known.
    pub(super) cause: Option<PeerId>,
    /// The time-to-live of the QUERY that came or went.
    pub(super) ttl: u16,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Asked,
    Flooded,
    Sent,
    Received,
    Judged(Judgement),
    LookedUp(Looked),
    Responded,
    Heard,
    Unsent(DropCause),
}

/// What a flooder made of a QUERY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Judgement {
    /// New; what was sent on stands in events of its own.
    Forwarded,
    TtlEnded,
    NoOtherNeighbour,
    Duplicate {
        higher_ttl: bool,
    },
    Refused(DropCause),
}

impl Judgement {
    pub(super) fn is_new(self) -> bool {
        matches!(self, Self::Forwarded | Self::TtlEnded | Self::NoOtherNeighbour)
    }
}

/// What a look-up gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Looked {
    Answered,
    NotFound,
    Withheld(DropCause),
}

/// Everything that was told so far.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub(super) peers: Vec<SocketAddrV4>,
    peer_ids: HashMap<SocketAddrV4, PeerId>,
    pub(super) neighbours: HashMap<PeerId, Vec<PeerId>>,
    pub(super) keys: Vec<Box<[u8]>>,
    key_ids: HashMap<Box<[u8]>, u32>,
    pub(super) questions: Vec<Question>,
    question_ids: HashMap<Question, QuestionId>,
    pub(super) runs: Vec<RunRecord>,
    /// The time of day less the clock's time, in nanoseconds, if it was told.
    pub(super) clocks: Vec<Option<i64>>,
    /// The clocks that were taken for one because they were nearly the same.
    pub(super) guessed: HashSet<ClockId>,
    pub(super) events: Vec<Event>,
    pub(super) holdings: Holdings,
    /// Of RESPONSEs.
    pub(super) values: Vec<Box<[u8]>>,
}

/// The place of no value.
pub(super) const NO_VALUE: u32 = u32::MAX;

impl Records {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many events there are.
    #[must_use]
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Says whom the servent at `address` forwards to. What is said last counts.
    pub fn neighbours(&mut self, address: SocketAddrV4, neighbours: impl IntoIterator<Item = SocketAddrV4>) {
        let servent = self.peer(address);
        let neighbours = neighbours.into_iter().map(|neighbour| self.peer(neighbour)).collect();
        self.neighbours.insert(servent, neighbours);
    }

    /// Says who holds what.
    pub fn hold(&mut self, holds: impl Fn(SocketAddrV4, &[u8]) -> Option<bool> + Send + Sync + 'static) {
        self.holdings = Holdings(Some(Arc::new(holds)));
    }

    pub(super) fn peer(&mut self, address: SocketAddrV4) -> PeerId {
        *self.peer_ids.entry(address).or_insert_with(|| {
            self.peers.push(address);
            PeerId((self.peers.len() - 1) as u32)
        })
    }

    pub(super) fn key(&mut self, key: &[u8]) -> u32 {
        if let Some(&id) = self.key_ids.get(key) {
            return id;
        }
        let id = self.keys.len() as u32;
        self.keys.push(key.into());
        self.key_ids.insert(key.into(), id);
        id
    }

    pub(super) fn question(&mut self, client: PeerId, key: u32, seq: Option<u32>) -> QuestionId {
        self.number(Question { client, key, seq, nth: 0 })
    }

    pub(super) fn number(&mut self, question: Question) -> QuestionId {
        *self.question_ids.entry(question).or_insert_with(|| {
            self.questions.push(question);
            QuestionId((self.questions.len() - 1) as u32)
        })
    }

    pub(super) fn clock(&mut self, wall_offset: Option<i64>) -> ClockId {
        self.clocks.push(wall_offset);
        ClockId((self.clocks.len() - 1) as u32)
    }

    /// One more life, of which nothing is known yet but that it begins at `from`.
    pub(super) fn run(&mut self, peer: PeerId, clock: ClockId, from: i64) -> RunId {
        self.runs.push(RunRecord {
            peer,
            clock,
            is_captured: false,
            from,
            to: from,
            is_opened: false,
            opened_at: None,
            openings: 0,
            is_closed: false,
            is_whole: false,
        });
        RunId((self.runs.len() - 1) as u32)
    }

    pub(super) fn value(&mut self, value: &[u8]) -> u32 {
        self.values.push(value.into());
        (self.values.len() - 1) as u32
    }

    pub(super) fn push(&mut self, event: Event) {
        let run = &mut self.runs[event.run.0 as usize];
        run.from = run.from.min(event.at);
        run.to = run.to.max(event.at);
        self.events.push(event);
    }

    pub(super) fn run_of(&self, event: &Event) -> &RunRecord {
        &self.runs[event.run.0 as usize]
    }

    /// Whose event it is.
    pub(super) fn owner(&self, event: &Event) -> PeerId {
        self.run_of(event).peer
    }
}

impl Event {
    /// An event that tells nothing but what every one does.
    pub(super) fn new(at: i64, run: RunId, question: QuestionId, peer: PeerId, what: What) -> Self {
        Self { at, question, run, peer, field: 0, len: 0, cause: None, ttl: 0, what }
    }
}

/// A hash of a key field that is never 0. FNV-1a: equal fields are what counts, and nobody gains by two that meet.
pub(super) fn field_hash(field: &[u8]) -> u32 {
    let hash = field.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.max(1)
}
