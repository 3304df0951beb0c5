//! Duplicate suppression as one would explain it: a list of what was seen, oldest first.

use crate::protocol::SeenConfig;
use crate::types::Timestamp;
use std::collections::{HashMap, VecDeque};

/// A query, by the number that a [`Queries`] gave it.
pub(super) type QueryNumber = u32;

/// What one servent must remember.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    in_order: VecDeque<(QueryNumber, Timestamp)>,
    last: HashMap<QueryNumber, Timestamp>,
}

impl Sightings {
    /// Whether `query` was not seen within the expiry and the capacity; it is from now on.
    pub(super) fn is_new(&mut self, now: Timestamp, query: QueryNumber, bounds: SeenConfig) -> bool {
        if self.last.get(&query).is_some_and(|&at| now.since(at) < bounds.expiry) {
            return false;
        }
        if self.in_order.len() >= bounds.capacity as usize
            && let Some((oldest, at)) = self.in_order.pop_front()
            && self.last.get(&oldest) == Some(&at)
        {
            self.last.remove(&oldest);
        }
        self.in_order.push_back((query, now));
        self.last.insert(query, now);
        true
    }
}

/// All queries that ever came up, numbered, with what became of each.
#[derive(Debug, Default)]
pub(super) struct Queries {
    numbers: HashMap<Box<[u8]>, QueryNumber>,
    tallies: Vec<Tally>,
}

/// What one query cost.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// QUERYs that servents sent for it.
    pub(super) messages: u64,
    /// The neighbours of the servents that saw it, each time that it was new to them.
    pub(super) bound: u64,
    /// CLIREQs that it was made of.
    pub(super) origins: u32,
}

impl Queries {
    /// The number of the query with this identity (P-14), written as bytes.
    pub(super) fn number(&mut self, identity: &[u8]) -> QueryNumber {
        if let Some(&number) = self.numbers.get(identity) {
            return number;
        }
        let number = self.tallies.len() as QueryNumber;
        self.numbers.insert(identity.into(), number);
        self.tallies.push(Tally::default());
        number
    }

    pub(super) fn tally(&mut self, query: QueryNumber) -> &mut Tally {
        &mut self.tallies[query as usize]
    }

    /// The tally of each query, in the order in which they came up.
    pub(super) fn tallies(&self) -> &[Tally] {
        &self.tallies
    }
}
