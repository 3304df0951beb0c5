//! All that the sources tell: addresses, keys and questions are numbers here, and lives and clocks as well.

pub(super) use super::events::{Event, Judgement, Looked, NO_VALUE, What, field_hash};
use super::model::{Holdings, PeerId};
use super::taking::Memory;
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

/// That a servent knows other neighbours than before, from some time of its life on.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) run: RunId,
    pub(super) at: i64,
    pub(super) neighbours: Vec<PeerId>,
}

/// Everything that was told so far.
#[derive(Clone, Debug, Default)]
pub struct Records {
    pub(super) peers: Vec<SocketAddrV4>,
    peer_ids: HashMap<SocketAddrV4, PeerId>,
    pub(super) neighbours: HashMap<PeerId, Vec<PeerId>>,
    /// How they changed.
    pub(super) changes: Vec<Change>,
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
    memories: HashMap<PeerId, Memory>,
    /// Of RESPONSEs.
    pub(super) values: Vec<Box<[u8]>>,
}

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

    /// Says that in this life of a servent it knows these neighbours from `at` on.
    pub(super) fn change(&mut self, run: RunId, at: i64, neighbours: Vec<SocketAddrV4>) {
        let neighbours = neighbours.into_iter().map(|neighbour| self.peer(neighbour)).collect();
        self.changes.push(Change { run, at, neighbours });
    }

    /// Says who holds what.
    pub fn hold(&mut self, holds: impl Fn(SocketAddrV4, &[u8]) -> Option<bool> + Send + Sync + 'static) {
        self.holdings = Holdings(Some(Arc::new(holds)));
    }

    /// Says what bounds the memory of the servent at `address`.
    pub fn remember(&mut self, address: SocketAddrV4, memory: Memory) {
        let servent = self.peer(address);
        self.memories.insert(servent, memory);
    }

    /// What bounds a servent's memory: `usual`, if nothing was said of this one.
    pub(super) fn memory(&self, servent: PeerId, usual: Memory) -> Memory {
        self.memories.get(&servent).copied().unwrap_or(usual)
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

    /// Brings the events of each question together, in the order of the questions; those of one stay in their order.
    pub(super) fn group_by_question(&mut self) {
        let questions = self.questions.len();
        let group = |event: &Event| event.question.0 as usize;
        let mut next = vec![0_u32; questions + 1];
        for event in &self.events {
            next[group(event) + 1] += 1;
        }
        for group in 0..questions {
            next[group + 1] += next[group];
        }
        let place = |event: &Event| {
            let place = &mut next[group(event)];
            *place += 1;
            *place - 1
        };
        let mut places: Vec<u32> = self.events.iter().map(place).collect();
        for index in 0..places.len() {
            while places[index] as usize != index {
                let to = places[index] as usize;
                self.events.swap(index, to);
                places.swap(index, to);
            }
        }
    }

    /// Forgets what addresses, keys and questions are numbered by: nothing more will be told.
    pub(super) fn close(&mut self) {
        (self.peer_ids, self.key_ids, self.question_ids) = Default::default();
        self.events.shrink_to_fit();
    }

    pub(super) fn run_of(&self, event: &Event) -> &RunRecord {
        &self.runs[event.run.0 as usize]
    }

    /// Whose event it is.
    pub(super) fn owner(&self, event: &Event) -> PeerId {
        self.run_of(event).peer
    }
}
