//! Duplicate suppression: which queries were seen before (P-14), bounded in time and space (P-20).
//!
//! Sightings lie in a ring in the order they were made, so the oldest one is always the next to be overwritten. A
//! hash table of bucket heads leads to the newest sighting of each bucket, and every sighting leads to the one before
//! it in the same bucket:
//!
//! ```text
//! heads      bucket a: 7    bucket b: 9
//! ring       4    5    6    7    8    9        positions; the oldest, on the left, is overwritten next
//! previous   -    -    4    6    5    8        bucket a holds 7, 6, 4 and bucket b holds 9, 8, 5
//! ```
//!
//! A chain runs from young to old, so a walk ends at the first sighting that is expired or no longer in the ring.
//! Nothing is ever unlinked: forgetting is a comparison. Hence no operation sweeps, rehashes or moves anything; each
//! costs one bucket, about half a sighting of a chain, and one write, at any fill. Memory is reserved at the start
//! and touched as the ring first fills: 32 bytes a sighting, with the capacity rounded up to a power of two.
//!
//! At a million sightings nearly every bucket and chain is a cache miss. Over a batch they overlap:
//! [`SeenTable::read_ahead`] looks at what all queries need, and [`SeenTable::observe`] then finds it in the cache.
//!
//! A sighting is a 96-bit keyed fingerprint of its [`QueryId`]. Strangers choose the keys; without the secret they
//! can neither build long chains nor make two queries look the same. A query is taken for one of the default 2^20
//! sightings by chance with probability 2^-76.

use crate::types::{QueryId, Timestamp, Ttl};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;
use std::hint::black_box;
use std::time::Duration;

/// The bounds of a [`SeenTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenConfig {
    /// How long a sighting counts. It should exceed the time that any copy of a QUERY can still be under way.
    pub expiry: Duration,
    /// How many sightings are kept at most; above it the oldest goes first. 1 to [`SeenConfig::CAPACITY_MAX`]; other
    /// values are taken as the nearest of these. Below the QUERY rate times `expiry`, duplicates can pass as new.
    pub capacity: u32,
}

impl SeenConfig {
    /// The most that a table can keep: 32 bytes each make 2 GiB. Memory is for the next power of two.
    pub const CAPACITY_MAX: u32 = 1 << 26;
}

impl Default for SeenConfig {
    /// P-20: 60 s and 2^20 sightings.
    fn default() -> Self {
        Self { expiry: Duration::from_secs(60), capacity: 1 << 20 }
    }
}

/// What a [`SeenTable`] says of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// Not seen within the expiry: it is remembered from now on.
    First {
        /// A sighting that had not expired had to make room.
        evicted: bool,
    },
    /// Seen before. The first sighting keeps its time: a duplicate does not extend it.
    Again {
        /// This copy has more time-to-live left than the first one had (P-19).
        higher_ttl: bool,
    },
}

/// Twice as many buckets as sightings: fewer would make longer chains, more would cost more misses themselves.
const BUCKETS_A_SLOT: usize = 2;

/// The queries that were seen, each for a while.
#[derive(Debug)]
pub struct SeenTable {
    secret: [u64; 2],
    expiry: Duration,
    capacity: u32,
    /// Position of the newest sighting of each bucket. Positions not within the last `len` ones are vacant.
    heads: Vec<u32>,
    /// The sighting at position `p` is `ring[(p - 1) & mask]`: the first position is 1, so that zeroed heads are
    /// vacant.
    ring: Vec<Seen>,
    mask: u32,
    /// The position of the next sighting.
    next: u32,
    len: u32,
}

/// What a [`SeenTable`] knows a query by: only good for the table that made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    high: u64,
    low: u32,
}

/// A sighting in 24 bytes.
#[derive(Clone, Copy, Debug)]
struct Seen {
    high: u64,
    low: u32,
    /// Position of the sighting before this one in its bucket; its own position if there was none.
    previous: u32,
    /// When, in nanoseconds, of which 36 years fit, and the time-to-live in the four lowest bits.
    stamp: u64,
}

impl Seen {
    const TTL_BITS: u32 = 4;

    fn new(fingerprint: Fingerprint, at: Timestamp, ttl: Ttl, previous: u32) -> Self {
        let Fingerprint { high, low } = fingerprint;
        let nanos = at.as_nanos().min(u64::MAX >> Self::TTL_BITS);
        Self { high, low, previous, stamp: nanos << Self::TTL_BITS | u64::from(ttl.min(SeenTable::TTL_MAX).0) }
    }

    fn is(&self, fingerprint: Fingerprint) -> bool {
        self.high == fingerprint.high && self.low == fingerprint.low
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_nanos(self.stamp >> Self::TTL_BITS)
    }

    fn ttl(&self) -> Ttl {
        Ttl((self.stamp & ((1 << Self::TTL_BITS) - 1)) as u16)
    }
}

impl SeenTable {
    /// The most that a sighting remembers of a time-to-live: what the protocol has, and what a simulation may try.
    pub(crate) const TTL_MAX: Ttl = Ttl((1 << Seen::TTL_BITS) - 1);

    /// An empty table. `secret` keys the fingerprints: random in production, fixed where a run must repeat.
    #[must_use]
    pub fn new(config: SeenConfig, secret: [u64; 2]) -> Self {
        let capacity = config.capacity.clamp(1, SeenConfig::CAPACITY_MAX);
        let slots = capacity.next_power_of_two();
        Self {
            secret,
            expiry: config.expiry,
            capacity,
            heads: vec![0; slots as usize * BUCKETS_A_SLOT],
            ring: Vec::with_capacity(slots as usize),
            mask: slots - 1,
            next: 1,
            len: 0,
        }
    }

    /// Looks at the memory that observing these will need: first at all buckets, then at the newest sighting of each,
    /// so that the cache misses of a batch overlap.
    pub fn read_ahead(&self, fingerprints: &[Fingerprint]) {
        let newest = |fingerprint: &Fingerprint| self.heads[self.bucket(*fingerprint)];
        black_box(fingerprints.iter().map(newest).fold(0, u32::wrapping_add));
        let entry = |position| if self.is_kept(position) { self.at(position).low } else { 0 };
        black_box(fingerprints.iter().map(|fingerprint| entry(newest(fingerprint))).fold(0, u32::wrapping_add));
    }

    /// Asks whether the query was seen, and remembers it if not. `ttl` is what this copy carries, at most 15.
    pub fn observe(&mut self, now: Timestamp, fingerprint: Fingerprint, ttl: Ttl) -> Sighting {
        let bucket = self.bucket(fingerprint);
        let newest = self.heads[bucket];
        if let Some(first) = self.find(now, newest, fingerprint) {
            return Sighting::Again { higher_ttl: ttl > first.ttl() };
        }
        let position = self.next;
        let evicted = self.len == self.capacity && self.is_fresh(now, self.at(position.wrapping_sub(self.capacity)));
        let previous = if self.is_kept(newest) { newest } else { position };
        self.write(position, Seen::new(fingerprint, now, ttl, previous));
        self.heads[bucket] = position;
        Sighting::First { evicted }
    }

    /// How many sightings lie in the ring, expired ones that nothing has overwritten yet included. Never above the
    /// capacity.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether nothing was ever seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn bucket(&self, fingerprint: Fingerprint) -> usize {
        fingerprint.high as usize & (self.heads.len() - 1)
    }

    /// What this table knows `id` by.
    #[must_use]
    pub fn fingerprint(&self, id: &QueryId<'_>) -> Fingerprint {
        let mut fixed = [0; 10];
        fixed[..4].copy_from_slice(&id.client.ip().octets());
        fixed[4..6].copy_from_slice(&id.client.port().to_be_bytes());
        fixed[6..].copy_from_slice(&id.seq.0.to_be_bytes());
        let mut hasher = SipHasher13::new_with_keys(self.secret[0], self.secret[1]);
        hasher.write(&fixed);
        hasher.write(id.key);
        let hash = hasher.finish128();
        Fingerprint { high: hash.h1, low: hash.h2 as u32 }
    }

    /// Walks a chain from `newest` to the first sighting that no longer counts.
    fn find(&self, now: Timestamp, newest: u32, fingerprint: Fingerprint) -> Option<&Seen> {
        let mut position = newest;
        while self.is_kept(position) {
            let seen = self.at(position);
            if !self.is_fresh(now, seen) {
                return None;
            }
            if seen.is(fingerprint) {
                return Some(seen);
            }
            if seen.previous == position {
                return None;
            }
            position = seen.previous;
        }
        None
    }

    /// Whether `position` is one of the last `len`. A head that was vacant for 2^32 sightings may look kept again;
    /// its chain then holds only other fingerprints, so the answer stays right.
    fn is_kept(&self, position: u32) -> bool {
        let age = self.next.wrapping_sub(position);
        1 <= age && age <= self.len
    }

    fn is_fresh(&self, now: Timestamp, seen: &Seen) -> bool {
        now.since(seen.at()) < self.expiry
    }

    fn at(&self, position: u32) -> &Seen {
        &self.ring[self.slot(position)]
    }

    fn slot(&self, position: u32) -> usize {
        (position.wrapping_sub(1) & self.mask) as usize
    }

    fn write(&mut self, position: u32, seen: Seen) {
        let slot = self.slot(position);
        if slot == self.ring.len() {
            self.ring.push(seen);
        } else {
            self.ring[slot] = seen;
        }
        self.next = position.wrapping_add(1);
        self.len = self.capacity.min(self.len + 1);
    }
}

#[cfg(test)]
mod tests;
