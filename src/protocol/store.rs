//! The dictionary of a servent, kept as what it is for: ready-made RESPONSEs.
//!
//! All pairs lie in one arena, each as its RESPONSE datagram behind its length, in the order of their keys' hashes. A
//! directory says where each range of hashes starts, and in a few bits which it holds; a look-up of a key that is held walks
//! the pairs of one range, and most others end at the directory.
//!
//! ```text
//! starts  [ 0 | 126 | 126 | 187 | ... ]            two pairs a range, some with none, few with many
//!               └─────┴───────┐
//! arena   | len | 0 3 key TAB value | len | 0 3 key TAB value | ...     sorted by hash
//! ```
//!
//! An answer is then a slice. A store does not change once it is built, so it is laid out in one sort: filling a
//! hash table key by key costs a cache miss or two for each. A pair costs its RESPONSE, one byte of length, or three
//! from 255 on, and four of directory. Offsets are 32 bits wide, so the arena ends at 4 GiB.
//!
//! In a large store a look-up is at most two cache misses, directory and pairs. Over a batch they overlap:
//! [`Store::read_ahead`] looks at what all keys need, and [`Store::find`] then finds it in the cache.

mod builder;
mod error;
mod pair;

pub use builder::StoreBuilder;
pub(super) use builder::{SortedPairs, checked_response_len};
pub use error::{InsertError, StoreFull};

use crate::wire::response_len;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::hint::black_box;
use std::ops::Range;

/// RESPONSEs from this length on are cut into several IP packets on an Ethernet: 1,500 bytes less the headers of IP
/// and UDP, and one (P-33).
pub const FRAGMENTED_LEN_MIN: usize = 1_473;

/// Bytes of a range that are looked at ahead, and its last one: a byte of each cache line of two or three ordinary pairs.
const LINES_AHEAD: [usize; 3] = [0, 64, 128];

/// Keys and their ready-made RESPONSEs, to look up.
#[derive(Clone, Debug)]
pub struct Store {
    /// The pairs, by hash.
    arena: Vec<u8>,
    /// Of each range of hashes, and one more for the end.
    starts: Vec<Start>,
    len: usize,
    fragmented: usize,
    repeated: usize,
    secret: [u64; 2],
}

/// Where the pairs of a range start in the arena, and which they can be.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    offset: u32,
    /// The bits of [`tag`] of all its hashes: most keys that are not held are told by them alone.
    tags: u32,
}

/// What a [`Store`] looks a key up by: only good for the store that made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyHash(u32);

impl Store {
    /// The whole RESPONSE for `key`, without a NUL, or `None` if the store does not hold it.
    #[must_use]
    pub fn response(&self, key: &[u8]) -> Option<&[u8]> {
        self.find(self.hash(key), key)
    }

    /// What to look `key` up by.
    #[must_use]
    pub fn hash(&self, key: &[u8]) -> KeyHash {
        KeyHash(hash(self.secret, key))
    }

    /// Looks at the memory that finding these will need: first at the directory, then at the pairs, so that the cache
    /// misses of a batch overlap.
    pub fn read_ahead(&self, hashes: &[KeyHash]) {
        black_box(hashes.iter().fold(0, |sum, &hash| sum ^ self.pairs(hash).start));
        let lines = |hash: &KeyHash| {
            // Of a key that the directory refuses nothing is looked at.
            if !self.may_hold(*hash) {
                return 0;
            }
            let pairs = &self.arena[self.pairs(*hash)];
            LINES_AHEAD.iter().filter_map(|&at| pairs.get(at)).chain(pairs.last()).fold(0, |sum, byte| sum ^ byte)
        };
        black_box(hashes.iter().map(lines).fold(0, |sum, byte| sum ^ byte));
    }

    /// As [`Store::response`], for a key whose hash is at hand.
    #[must_use]
    pub fn find(&self, hash: KeyHash, key: &[u8]) -> Option<&[u8]> {
        if !self.may_hold(hash) {
            return None;
        }
        let mut pairs = &self.arena[self.pairs(hash)];
        while let Some((response, rest)) = pair::split_first(pairs) {
            if pair::is_for(response, key) {
                return Some(response);
            }
            pairs = rest;
        }
        None
    }

    /// Whether the directory lets a key of this hash be held.
    fn may_hold(&self, hash: KeyHash) -> bool {
        let range = range(hash.0, self.starts.len() - 1);
        self.starts[range].tags & tag(hash.0) != 0
    }

    /// Where the pairs of this hash lie, among others of their range.
    fn pairs(&self, hash: KeyHash) -> Range<usize> {
        let range = range(hash.0, self.starts.len() - 1);
        self.starts[range].offset as usize..self.starts[range + 1].offset as usize
    }

    /// The value of `key`, or `None` if the store does not hold it.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.response(key).map(|response| &response[response_len(key.len(), 0)..])
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many of its RESPONSEs IP must cut into pieces (P-33).
    #[must_use]
    pub fn fragmented(&self) -> usize {
        self.fragmented
    }

    /// How many of its keys came more than once; the last value of each is the one kept (P-31).
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeated
    }
}

/// Which of so many ranges `hash` is in: a higher hash is in no lower one.
fn range(hash: u32, ranges: usize) -> usize {
    ((u64::from(hash) * ranges as u64) >> u32::BITS) as usize
}

/// One bit of 32, which says nothing of the range.
fn tag(hash: u32) -> u32 {
    1 << (hash & 31)
}

fn hash(secret: [u64; 2], key: &[u8]) -> u32 {
    let mut hasher = SipHasher13::new_with_keys(secret[0], secret[1]);
    hasher.write(key);
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests;
