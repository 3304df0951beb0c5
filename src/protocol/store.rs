//! The dictionary of a servent, kept as what it is for: ready-made RESPONSEs.
//!
//! All pairs lie in one arena, each as its RESPONSE datagram behind two lengths. An index leads from a key to its
//! pair: entries of hash and offset, sorted by hash, and a directory of where each range of hashes starts.
//!
//! ```text
//! starts  [ 0 | 3 | 7 | ... ]                      two to four entries a range
//!           │   └──────────────────┐
//! entries [ hash, offset | ... | hash, offset | ... ]      sorted: a range lies in one or two cache lines
//!                 └──────┐
//! arena   | key_len (u16) | response_len (u16) | 0 3 key TAB value |  next pair ...
//! ```
//!
//! An answer is then a slice. A store does not change once it is built, so the index is made in one sort: filling a
//! hash table key by key costs a cache miss or two for each. A pair costs its RESPONSE, four bytes of lengths and
//! about nine of index. Offsets are 32 bits wide, so the arena ends at 4 GiB. A value that a later one replaces stays
//! in the arena, unreachable, so a file costs at most what its lines do.

mod error;

pub use error::{InsertError, StoreFull};

use crate::wire::{PAYLOAD_LEN_MAX, encode_response, response_len};
use memchr::memchr;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;
use std::iter;

/// RESPONSEs from this length on are cut into several IP packets on an Ethernet: 1,500 bytes less the headers of IP
/// and UDP, and one (P-33).
pub const FRAGMENTED_LEN_MIN: usize = 1_473;

const LENGTHS: usize = 4;
const ENTRIES_A_RANGE: usize = 4;

/// Keys and their ready-made RESPONSEs, to look up.
#[derive(Clone, Debug)]
pub struct Store {
    arena: Vec<u8>,
    /// `hash << 32 | offset`, sorted.
    entries: Vec<u64>,
    /// Where the entries of each range of hashes start; one more than there are ranges.
    starts: Vec<u32>,
    /// A hash's range is the hash shifted right by this.
    range_shift: u32,
    fragmented: usize,
    repeats: Repeats,
    secret: [u64; 2],
}

/// Keys that were inserted more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Repeats {
    /// How many.
    keys: usize,
    /// The first pair whose key had come before, and where it had: offsets.
    first: Option<Repeat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Repeat {
    earlier: usize,
    again: usize,
}

/// A [`Store`] in the making.
#[derive(Clone, Debug)]
pub struct StoreBuilder {
    arena: Vec<u8>,
    entries: Vec<u64>,
    /// Bytes of the longest RESPONSE.
    longest: usize,
    secret: [u64; 2],
}

impl StoreBuilder {
    /// Nothing yet, with room for `arena_len` bytes of pairs if the system has it. `secret` keys the hashes: random in
    /// production, fixed where a run must repeat.
    #[must_use]
    pub fn new(arena_len: usize, secret: [u64; 2]) -> Self {
        let mut arena = Vec::new();
        // Only lest it grow step by step: what there is no room for is told by `insert`.
        arena.try_reserve_exact(arena_len).ok();
        Self { arena, entries: Vec::new(), longest: 0, secret }
    }

    /// Takes `value` for `key`, in place of an earlier one (P-31). This is where keys and values are checked: whatever
    /// is in a store can be asked for and answered.
    ///
    /// # Errors
    /// [`InsertError`]. The builder is then as it was.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), InsertError> {
        let response_len = checked_response_len(key, value)?;
        if !has_room(self.arena.len(), response_len) {
            return Err(InsertError::Full(StoreFull::Offsets));
        }
        self.arena.try_reserve(LENGTHS + response_len).map_err(StoreFull::from)?;
        self.entries.try_reserve(1).map_err(StoreFull::from)?;
        self.longest = self.longest.max(response_len);
        self.entries.push(entry(hash(self.secret, key), self.arena.len()));
        self.arena.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.arena.extend_from_slice(&(response_len as u16).to_le_bytes());
        encode_response(&mut self.arena, key, value);
        Ok(())
    }

    /// Makes the index.
    ///
    /// # Errors
    /// [`StoreFull::Memory`] if there is none for it.
    pub fn build(self) -> Result<Store, StoreFull> {
        let Self { mut arena, mut entries, longest, secret } = self;
        arena.shrink_to_fit();
        // Of equal hashes the later pair comes last, since its offset is higher.
        entries.sort_unstable();
        let repeats = keep_last_values(&mut entries, &arena);
        entries.shrink_to_fit();
        let mut fragmented = 0;
        if longest >= FRAGMENTED_LEN_MIN {
            let response_len = |&entry: &u64| Pair::at(&arena, offset(entry)).response.len();
            fragmented = entries.iter().map(response_len).filter(|&len| len >= FRAGMENTED_LEN_MIN).count();
        }
        let ranges = (entries.len() / ENTRIES_A_RANGE).max(1).next_power_of_two();
        let range_shift = u32::BITS - ranges.trailing_zeros();
        let mut starts = Vec::new();
        starts.try_reserve_exact(ranges + 1)?;
        for (index, &entry) in entries.iter().enumerate() {
            let range = range(hash_of(entry), range_shift);
            starts.resize(starts.len().max(range + 1), index as u32);
        }
        starts.resize(ranges + 1, entries.len() as u32);
        Ok(Store { arena, entries, starts, range_shift, fragmented, repeats, secret })
    }
}

impl Store {
    /// The whole RESPONSE for `key`, without a NUL, or `None` if the store does not hold it.
    #[must_use]
    pub fn response(&self, key: &[u8]) -> Option<&[u8]> {
        let hash = hash(self.secret, key);
        let range = range(hash, self.range_shift);
        let entries = &self.entries[self.starts[range] as usize..self.starts[range + 1] as usize];
        entries
            .iter()
            .filter(|&&entry| hash_of(entry) == hash)
            .map(|&entry| Pair::at(&self.arena, offset(entry)))
            .find(|pair| pair.key() == key)
            .map(|pair| pair.response)
    }

    /// The value of `key`, or `None` if the store does not hold it.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.response(key).map(|response| &response[response_len(key.len(), 0)..])
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many of its RESPONSEs IP must cut into pieces (P-33).
    #[must_use]
    pub fn fragmented(&self) -> usize {
        self.fragmented
    }

    /// How many of its keys came more than once; the last value of each is the one kept (P-31).
    #[must_use]
    pub fn repeated(&self) -> usize {
        self.repeats.keys
    }

    /// The first pair inserted whose key had come before, and the one that it had come in, the earlier first: their
    /// places among all pairs that were inserted, counted from 0.
    pub(super) fn first_repeat(&self) -> Option<[usize; 2]> {
        let Repeat { earlier, again } = self.repeats.first?;
        let mut offsets =
            iter::successors(Some(0), |&at| Some(at + LENGTHS + Pair::at(&self.arena, at).response.len()));
        let earlier = offsets.by_ref().position(|offset| offset == earlier)?;
        let between = offsets.position(|offset| offset == again)?;
        Some([earlier, earlier + 1 + between])
    }
}

/// The length of a pair's RESPONSE, if a store can hold the pair at all.
pub(super) fn checked_response_len(key: &[u8], value: &[u8]) -> Result<usize, InsertError> {
    if key.is_empty() {
        return Err(InsertError::EmptyKey);
    }
    if memchr(0, key).is_some() || memchr(0, value).is_some() {
        return Err(InsertError::Nul);
    }
    if memchr(b'\t', key).is_some() {
        return Err(InsertError::TabInKey);
    }
    let response_len = response_len(key.len(), value.len());
    if response_len > PAYLOAD_LEN_MAX {
        return Err(InsertError::TooLarge(response_len));
    }
    Ok(response_len)
}

/// Whether an arena of this length takes a pair whose RESPONSE has that length: it ends where offsets do.
fn has_room(arena_len: usize, response_len: usize) -> bool {
    u32::try_from(arena_len + LENGTHS + response_len).is_ok()
}

/// Which range `hash` is in.
fn range(hash: u32, range_shift: u32) -> usize {
    // With one range the shift is the whole width.
    hash.checked_shr(range_shift).unwrap_or(0) as usize
}

fn entry(hash: u32, offset: usize) -> u64 {
    u64::from(hash) << 32 | offset as u64
}

fn hash_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

fn offset(entry: u64) -> usize {
    (entry & u64::from(u32::MAX)) as usize
}

/// Drops every entry whose key comes again behind it. Equal keys have equal hashes, so they are in one run of them.
/// Says which keys those are.
fn keep_last_values(entries: &mut Vec<u64>, arena: &[u8]) -> Repeats {
    let mut repeats = Repeats::default();
    let mut kept = 0;
    let mut run_start = 0;
    let mut run_hash = None;
    // Of the run: the places of keys that came again.
    let mut repeated = Vec::new();
    for index in 0..entries.len() {
        let entry = entries[index];
        if run_hash.replace(hash_of(entry)) != Some(hash_of(entry)) {
            run_start = kept;
            repeated.clear();
        }
        let key = |entry| Pair::at(arena, offset(entry)).key();
        let same = (run_start..kept).find(|&earlier| key(entries[earlier]) == key(entry));
        if let Some(earlier) = same {
            if !repeated.contains(&earlier) {
                repeated.push(earlier);
                repeats.keys += 1;
                let repeat = Repeat { earlier: offset(entries[earlier]), again: offset(entry) };
                repeats.first = repeats.first.into_iter().chain([repeat]).min_by_key(|repeat| repeat.again);
            }
            entries[earlier] = entry;
        } else {
            entries[kept] = entry;
            kept += 1;
        }
    }
    entries.truncate(kept);
    repeats
}

/// One pair in the arena.
struct Pair<'a> {
    key_len: usize,
    response: &'a [u8],
}

impl<'a> Pair<'a> {
    /// Only for offsets that `insert` made.
    fn at(arena: &'a [u8], offset: usize) -> Self {
        let pair = &arena[offset..];
        let len = |at: usize| usize::from(u16::from_le_bytes([pair[at], pair[at + 1]]));
        Self { key_len: len(0), response: &pair[LENGTHS..LENGTHS + len(2)] }
    }

    fn key(&self) -> &'a [u8] {
        &self.response[2..2 + self.key_len]
    }
}

fn hash(secret: [u64; 2], key: &[u8]) -> u32 {
    let mut hasher = SipHasher13::new_with_keys(secret[0], secret[1]);
    hasher.write(key);
    (hasher.finish() >> 32) as u32
}

#[cfg(test)]
mod tests;
