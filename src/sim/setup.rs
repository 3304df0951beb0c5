//! What is simulated: who neighbours whom, who holds what, and how the servents are set.

use super::graph::Graph;
use super::ids::ServentId;
use crate::protocol::{Patience, SeenConfig};
use crate::types::SeqNo;

/// An overlay before anything happens in it.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Who neighbours whom.
    pub graph: Graph,
    /// What each servent holds, by its place in the graph; servents past the end hold nothing.
    pub pairs: Vec<Vec<Pair>>,
    /// Bounds of duplicate suppression, the same for all. A table of the usual capacity takes 32 MiB a servent.
    pub seen: SeenConfig,
    /// The number of a servent's first CLIREQ after each start.
    pub first_seq: FirstSeq,
    /// Refuse QUERYs from strangers (P-22).
    pub neighbours_only: bool,
    /// How long clients wait and how often they ask.
    pub patience: Patience,
}

/// A key and its value. Neither holds a NUL, nor the key a tab, and their RESPONSE fits a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

/// Where a servent starts to count CLIREQs (P-13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstSeq {
    /// At random, drawn from the simulation's seed at each start.
    Random,
    /// Always here: what a restarted servent must not do.
    Fixed(SeqNo),
}

impl Setup {
    /// This graph with nothing in it: a seen-table of 256 sightings, P-20's expiry, P-13's numbers, P-40's patience.
    #[must_use]
    pub fn new(graph: Graph) -> Self {
        Self {
            graph,
            pairs: Vec::new(),
            seen: SeenConfig { capacity: 256, ..SeenConfig::default() },
            first_seq: FirstSeq::Random,
            neighbours_only: false,
            patience: Patience::default(),
        }
    }

    /// The same where every servent holds `key`, with its own number for a value.
    #[must_use]
    pub fn held_by_all(mut self, key: &[u8]) -> Self {
        self.pairs.resize(self.graph.len(), Vec::new());
        for (number, pairs) in self.pairs.iter_mut().enumerate() {
            pairs.push(Pair { key: key.to_vec(), value: number.to_string().into_bytes() });
        }
        self
    }

    /// The pairs of `servent`.
    #[must_use]
    pub fn pairs(&self, servent: ServentId) -> &[Pair] {
        self.pairs.get(servent.index()).map_or(&[], Vec::as_slice)
    }

    /// The value that `servent` holds for `key`: of several, the last (P-31).
    #[must_use]
    pub fn value(&self, servent: ServentId, key: &[u8]) -> Option<&[u8]> {
        self.pairs(servent).iter().rev().find(|pair| pair.key == key).map(|pair| pair.value.as_slice())
    }

    /// Who must answer for `key` when `entry` is asked and nothing goes wrong: those within three hops that hold it,
    /// nearest first (P-14, P-18).
    #[must_use]
    pub fn holders_in_reach(&self, entry: ServentId, key: &[u8]) -> Vec<ServentId> {
        let mut reached = self.graph.within(HOPS_MAX, entry);
        reached.retain(|&servent| self.value(servent, key).is_some());
        reached
    }
}

/// How many links a QUERY travels at most (P-11).
pub(super) const HOPS_MAX: usize = 3;
