//! The questions of each client for each key.

use super::NONE;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Up to so many chains have a place of their own, 12 MiB together; of more, only those that hold something are kept.
const PLACES_MAX: u64 = 1 << 20;

/// A client and a key, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) client: u32,
    pub(super) key: u32,
}

/// The questions of one client for one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// From the oldest to the newest: the open ones, and the one that is complete.
    pub(super) oldest: u32,
    pub(super) newest: u32,
    /// Of these, the one that was completed last, until it times out.
    pub(super) complete: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { oldest: NONE, newest: NONE, complete: NONE };
}

/// All chains. One that is not kept is empty.
#[derive(Debug)]
pub(super) enum Chains {
    /// Each at its place, by client and key.
    Places { keys: usize, chains: Vec<Chain> },
    /// Those that are not empty.
    Table(HashMap<Pair, Chain, BuildHasherDefault<Spread>>),
}

impl Chains {
    /// For so many keys, and clients up to so many.
    pub(super) fn new(keys: usize, clients_max: u32) -> Self {
        if keys as u64 * u64::from(clients_max) <= PLACES_MAX {
            Self::Places { keys, chains: Vec::new() }
        } else {
            Self::Table(HashMap::default())
        }
    }

    pub(super) fn get(&self, pair: Pair) -> Chain {
        match self {
            Self::Places { keys, chains } => chains.get(place(*keys, pair)).copied(),
            Self::Table(table) => table.get(&pair).copied(),
        }
        .unwrap_or(Chain::EMPTY)
    }

    pub(super) fn set(&mut self, pair: Pair, chain: Chain) {
        match self {
            Self::Places { keys, chains } => {
                let place = place(*keys, pair);
                if chains.len() <= place {
                    chains.resize((pair.client as usize + 1) * *keys, Chain::EMPTY);
                }
                chains[place] = chain;
            }
            Self::Table(table) if chain == Chain::EMPTY => {
                table.remove(&pair);
            }
            Self::Table(table) => {
                table.insert(pair, chain);
            }
        }
    }

    /// Whether all are empty.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Places { chains, .. } => chains.iter().all(|&chain| chain == Chain::EMPTY),
            Self::Table(table) => table.is_empty(),
        }
    }
}

fn place(keys: usize, pair: Pair) -> usize {
    pair.client as usize * keys + pair.key as usize
}

/// Nobody else chooses these numbers, so a multiplication spreads them well enough.
#[derive(Debug, Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u32(u32::from(byte)));
    }

    fn write_u32(&mut self, number: u32) {
        let mixed = (self.0.rotate_left(32) ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}
