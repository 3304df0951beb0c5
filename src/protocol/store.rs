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

use crate::wire::{PAYLOAD_LEN_MAX, encode_response, response_len};
use memchr::memchr;
use siphasher::sip::SipHasher13;
use std::error::Error;
use std::fmt;
use std::hash::Hasher;

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
    secret: [u64; 2],
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
    /// Nothing yet, with room for `arena_len` bytes of pairs. `secret` keys the hashes: random in production, fixed
    /// where a run must repeat.
    #[must_use]
    pub fn new(arena_len: usize, secret: [u64; 2]) -> Self {
        Self { arena: Vec::with_capacity(arena_len), entries: Vec::new(), longest: 0, secret }
    }

    /// Takes `value` for `key`, in place of an earlier one (P-31). This is where keys and values are checked: whatever
    /// is in a store can be asked for and answered.
    ///
    /// # Errors
    /// [`InsertError`]. The builder is then as it was.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), InsertError> {
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
        if u32::try_from(self.arena.len() + LENGTHS + response_len).is_err() {
            return Err(InsertError::Full(StoreFull));
        }
        self.longest = self.longest.max(response_len);
        self.entries.push(entry(hash(self.secret, key), self.arena.len()));
        self.arena.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.arena.extend_from_slice(&(response_len as u16).to_le_bytes());
        encode_response(&mut self.arena, key, value);
        Ok(())
    }

    /// Makes the index.
    #[must_use]
    pub fn build(self) -> Store {
        let Self { mut arena, mut entries, longest, secret } = self;
        arena.shrink_to_fit();
        // Of equal hashes the later pair comes last, since its offset is higher.
        entries.sort_unstable();
        keep_last_values(&mut entries, &arena);
        entries.shrink_to_fit();
        let mut fragmented = 0;
        if longest >= FRAGMENTED_LEN_MIN {
            let response_len = |&entry: &u64| Pair::at(&arena, offset(entry)).response.len();
            fragmented = entries.iter().map(response_len).filter(|&len| len >= FRAGMENTED_LEN_MIN).count();
        }
        let ranges = (entries.len() / ENTRIES_A_RANGE).max(1).next_power_of_two();
        let range_shift = u32::BITS - ranges.trailing_zeros();
        let mut starts = Vec::with_capacity(ranges + 1);
        for (index, &entry) in entries.iter().enumerate() {
            let range = range(hash_of(entry), range_shift);
            starts.resize(starts.len().max(range + 1), index as u32);
        }
        starts.resize(ranges + 1, entries.len() as u32);
        Store { arena, entries, starts, range_shift, fragmented, secret }
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
fn keep_last_values(entries: &mut Vec<u64>, arena: &[u8]) {
    let mut kept = 0;
    let mut run_start = 0;
    for index in 0..entries.len() {
        let entry = entries[index];
        if kept > run_start && hash_of(entries[kept - 1]) != hash_of(entry) {
            run_start = kept;
        }
        let key = |entry| Pair::at(arena, offset(entry)).key();
        let same = (run_start..kept).find(|&earlier| key(entries[earlier]) == key(entry));
        if let Some(earlier) = same {
            entries[earlier] = entry;
        } else {
            entries[kept] = entry;
            kept += 1;
        }
    }
    entries.truncate(kept);
}

/// Why a store does not take a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsertError {
    /// No key: nobody could ask for it (P-5).
    EmptyKey,
    /// A tab in the key: a RESPONSE ends its key at the first one.
    TabInKey,
    /// A NUL in the key or the value: all text ends at its first NUL (P-2).
    Nul,
    /// The RESPONSE would have this many bytes and fit no datagram (P-33).
    TooLarge(usize),
    /// No further pair of this length fits.
    Full(StoreFull),
}

impl fmt::Display for InsertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyKey => f.write_str("the key is empty"),
            Self::TabInKey => f.write_str("a tab in the key, which would end it there"),
            Self::Nul => f.write_str("a NUL byte, which the protocol cannot carry"),
            Self::TooLarge(len) => {
                write!(f, "its RESPONSE would have {len} bytes, and a datagram holds {PAYLOAD_LEN_MAX}")
            }
            Self::Full(full) => full.fmt(f),
        }
    }
}

impl Error for InsertError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Full(full) => Some(full),
            Self::EmptyKey | Self::TabInKey | Self::Nul | Self::TooLarge(_) => None,
        }
    }
}

/// The arena is full: offsets into it are 32 bits wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFull;

impl fmt::Display for StoreFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more than 4 GiB of pairs, and a servent holds at most that")
    }
}

impl Error for StoreFull {}

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
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn store(pairs: &[(&str, &[u8])]) -> Store {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        for (key, value) in pairs {
            builder.insert(key.as_bytes(), value).unwrap();
        }
        builder.build()
    }

    #[test]
    fn p31_the_last_value_of_a_key_is_the_one_kept() {
        let store = store(&[("http", b"80/tcp"), ("https", b"443/tcp"), ("http", b"81"), ("http", b"8080/tcp")]);
        assert_eq!(store.response(b"http"), Some(&b"\0\x03http\t8080/tcp"[..]));
        assert_eq!(store.response(b"https"), Some(&b"\0\x03https\t443/tcp"[..]));
        assert_eq!(store.response(b"htt"), None);
        assert_eq!(store.response(b""), None);
        assert_eq!(store.len(), 2);
        assert!(self::store(&[]).response(b"http").is_none());
    }

    #[test]
    fn p33_responses_that_ip_would_fragment_are_counted_once_a_key() {
        let long = vec![b'x'; FRAGMENTED_LEN_MIN - response_len(1, 0)];
        for (values, fragmented) in
            [(&[&long[1..]][..], 0), (&[&long], 1), (&[&long[1..], &long, &long], 1), (&[&long, b"short"], 0)]
        {
            let pairs: Vec<_> = values.iter().map(|&value| ("a", value)).collect();
            assert_eq!(store(&pairs).fragmented(), fragmented);
        }
    }

    #[test]
    fn p31_agrees_with_a_map_at_every_size() {
        // Any byte but NUL.
        let value = |number: u32| (number % 255 + 1) as u8;
        for count in [0, 1, 2, 3, 4, 5, 8, 9, 100, 20_000] {
            let mut builder = StoreBuilder::new(0, [3, 4]);
            let mut map = HashMap::new();
            for number in 0..count {
                let key = (number * 7 % (count / 2 + 1)).to_string();
                builder.insert(key.as_bytes(), &[value(number)]).unwrap();
                map.insert(key, value(number));
            }
            let store = builder.build();
            assert_eq!(store.len(), map.len());
            for number in 0..count {
                let key = number.to_string();
                let value = store.response(key.as_bytes()).map(|response| response[response.len() - 1]);
                assert_eq!(value, map.get(&key).copied(), "{key} of {count}");
            }
        }
    }

    #[test]
    fn keys_of_one_hash_are_told_apart_and_the_last_value_of_each_is_kept() {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        for (key, value) in [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4"), (b"b", b"5")] {
            builder.insert(key, value).unwrap();
        }
        // As if all keys had the hash of the first one.
        let mut entries: Vec<_> = builder.entries.iter().map(|&made| entry(7, offset(made))).collect();
        keep_last_values(&mut entries, &builder.arena);
        let mut kept: Vec<_> =
            entries.iter().map(|&kept| Pair::at(&builder.arena, offset(kept)).response[2..].to_vec()).collect();
        kept.sort();
        assert_eq!(kept, [&b"a\t3"[..], b"b\t5", b"c\t4"]);
    }

    #[test]
    fn p33_the_largest_pair_fits_and_a_larger_one_is_refused() {
        let value = vec![b'v'; PAYLOAD_LEN_MAX + 1 - response_len(3, 0)];
        let mut builder = StoreBuilder::new(0, [1, 2]);
        assert_eq!(builder.insert(b"big", &value), Err(InsertError::TooLarge(PAYLOAD_LEN_MAX + 1)));
        builder.insert(b"big", &value[1..]).unwrap();
        assert_eq!(builder.build().response(b"big").map(<[u8]>::len), Some(PAYLOAD_LEN_MAX));
    }
}
