//! A store in the making: its pairs as they come, then by hash.

use super::{FRAGMENTED_LEN_MIN, InsertError, Start, Store, StoreFull, hash, pair, range, tag};
use crate::protocol::READ_AHEAD;
use crate::wire::{PAYLOAD_LEN_MAX, encode_response, response_len};
use memchr::memchr;
use std::hint::black_box;
use std::iter;

const PAIRS_A_RANGE: usize = 2;

/// A [`Store`] in the making.
#[derive(Clone, Debug)]
pub struct StoreBuilder {
    /// The pairs in the order in which they came.
    arena: Vec<u8>,
    /// `hash << 32 | offset` of each.
    entries: Vec<u64>,
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
        Self { arena, entries: Vec::new(), secret }
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
        self.arena.try_reserve(pair::len(response_len)).map_err(StoreFull::from)?;
        self.entries.try_reserve(1).map_err(StoreFull::from)?;
        self.entries.push(entry(hash(self.secret, key), self.arena.len()));
        pair::push(&mut self.arena, response_len, |arena| encode_response(arena, key, value));
        Ok(())
    }

    /// Makes the store.
    ///
    /// # Errors
    /// [`StoreFull::Memory`] if there is none for it.
    pub fn build(self) -> Result<Store, StoreFull> {
        self.sort().build()
    }

    /// The first half of [`StoreBuilder::build`]: finds the keys that came again.
    pub(in crate::protocol) fn sort(self) -> SortedPairs {
        let Self { arena, mut entries, secret } = self;
        // Of equal hashes the later pair comes last, since its offset is higher.
        entries.sort_unstable();
        let repeats = keep_last_values(&mut entries, &arena);
        SortedPairs { arena, entries, repeats, secret }
    }
}

/// The pairs of a store that is half made.
#[derive(Debug)]
pub(in crate::protocol) struct SortedPairs {
    /// All of them in the order in which they came.
    arena: Vec<u8>,
    /// Of each key the last, sorted.
    entries: Vec<u64>,
    repeats: Repeats,
    secret: [u64; 2],
}

impl SortedPairs {
    /// How many keys came more than once.
    pub(in crate::protocol) fn repeated(&self) -> usize {
        self.repeats.keys
    }

    /// The first pair inserted whose key had come before, and the one that it had come in, the earlier first: their
    /// places among all pairs that were inserted, counted from 0.
    pub(in crate::protocol) fn first_repeat(&self) -> Option<[usize; 2]> {
        let Repeat { earlier, again } = self.repeats.first?;
        let mut offsets = iter::successors(Some(0), |&at| Some(at + pair::len(response_at(&self.arena, at).len())));
        let earlier = offsets.by_ref().position(|offset| offset == earlier)?;
        let between = offsets.position(|offset| offset == again)?;
        Some([earlier, earlier + 1 + between])
    }

    /// The second half of [`StoreBuilder::build`]: lays the pairs out as they are looked up.
    ///
    /// # Errors
    /// As [`StoreBuilder::build`].
    pub(in crate::protocol) fn build(self) -> Result<Store, StoreFull> {
        let Self { arena: pairs, entries, repeats, secret } = self;
        let ranges = (entries.len() / PAIRS_A_RANGE).max(1);
        let (mut arena, mut starts, mut fragmented) = (Vec::new(), Vec::new(), 0);
        arena.try_reserve_exact(pairs.len())?;
        starts.try_reserve_exact(ranges + 1)?;
        for ahead in entries.chunks(READ_AHEAD) {
            // Each lies elsewhere, on two cache lines if it is an ordinary one: so their misses overlap.
            let lines = |entry| pairs[offset(entry)..].iter().step_by(64).take(2).fold(0, |sum, byte| sum ^ byte);
            black_box(ahead.iter().fold(0, |sum, &entry| sum ^ lines(entry)));
            for &entry in ahead {
                let range = range(hash_of(entry), ranges);
                starts.resize(starts.len().max(range + 1), Start { offset: arena.len() as u32, tags: 0 });
                starts[range].tags |= tag(hash_of(entry));
                let response = response_at(&pairs, offset(entry));
                fragmented += usize::from(response.len() >= FRAGMENTED_LEN_MIN);
                pair::push(&mut arena, response.len(), |arena| arena.extend_from_slice(response));
            }
        }
        starts.resize(ranges + 1, Start { offset: arena.len() as u32, tags: 0 });
        arena.shrink_to_fit();
        Ok(Store { arena, starts, len: entries.len(), fragmented, repeated: repeats.keys, secret })
    }
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

/// The length of a pair's RESPONSE, if a store can hold the pair at all.
pub(in crate::protocol) fn checked_response_len(key: &[u8], value: &[u8]) -> Result<usize, InsertError> {
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
    u32::try_from(arena_len + pair::len(response_len)).is_ok()
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

/// The RESPONSE of the pair at an offset that `insert` made.
fn response_at(arena: &[u8], offset: usize) -> &[u8] {
    pair::split_first(&arena[offset..]).map_or(&[], |(response, _)| response)
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
        let key = |entry| pair::key(response_at(arena, offset(entry)));
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

#[cfg(test)]
mod tests;
