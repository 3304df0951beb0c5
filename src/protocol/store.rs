//! The dictionary of a servent, kept as what it is for: ready-made RESPONSEs.
//!
//! All pairs lie in one arena, each as its RESPONSE datagram behind two lengths; a hash table holds offsets into it:
//!
//! ```text
//! | key_len (u16) | response_len (u16) | 0 3 key TAB value |  next pair ...
//! ```
//!
//! An answer is then a slice. A pair costs its RESPONSE, four bytes of lengths and about ten of hash table. Offsets are 32 bits wide, so the
//! arena ends at 4 GiB. A value that a later one replaces stays in the arena, unreachable, until the store is dropped.

use crate::wire::{PAYLOAD_LEN_MAX, encode_response, response_len};
use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::fmt;
use std::hash::Hasher;

/// RESPONSEs from this length on are cut into several IP packets on an Ethernet: 1,500 bytes less the headers of IP and UDP, and one (P-33).
pub const FRAGMENTED_LEN_MIN: usize = 1_473;

const LENGTHS: usize = 4;

/// Keys and their ready-made RESPONSEs.
#[derive(Clone, Debug)]
pub struct Store {
    arena: Vec<u8>,
    offsets: HashTable<u32>,
    fragmented: usize,
    secret: [u64; 2],
}

impl Store {
    /// An empty store with room for `arena_len` bytes of pairs. `secret` keys the hash table.
    #[must_use]
    pub fn with_capacity(arena_len: usize, secret: [u64; 2]) -> Self {
        Self { arena: Vec::with_capacity(arena_len), offsets: HashTable::new(), fragmented: 0, secret }
    }

    /// Takes `value` for `key`, in place of an earlier one (P-31). The caller has checked that key and value fit a datagram (P-33) and that
    /// neither holds a NUL.
    ///
    /// # Errors
    /// [`StoreFull`] if the arena would pass 4 GiB. The store is then as it was.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreFull> {
        let response_len = response_len(key.len(), value.len());
        debug_assert!(response_len <= PAYLOAD_LEN_MAX, "checked by the caller");
        let offset = u32::try_from(self.arena.len()).map_err(|_| StoreFull)?;
        let end = self.arena.len() + LENGTHS + response_len;
        if u32::try_from(end).is_err() {
            return Err(StoreFull);
        }
        self.arena.extend_from_slice(&(key.len() as u16).to_le_bytes());
        self.arena.extend_from_slice(&(response_len as u16).to_le_bytes());
        encode_response(&mut self.arena, key, value);
        self.fragmented += usize::from(response_len >= FRAGMENTED_LEN_MIN);

        let (arena, secret) = (&self.arena, self.secret);
        let hash = hash(secret, key);
        let entry = self.offsets.entry(
            hash,
            |&offset| Pair::at(arena, offset).key() == key,
            |&offset| self::hash(secret, Pair::at(arena, offset).key()),
        );
        match entry {
            hashbrown::hash_table::Entry::Occupied(mut earlier) => {
                let earlier_len = Pair::at(arena, *earlier.get()).response.len();
                self.fragmented -= usize::from(earlier_len >= FRAGMENTED_LEN_MIN);
                *earlier.get_mut() = offset;
            }
            hashbrown::hash_table::Entry::Vacant(vacant) => {
                vacant.insert(offset);
            }
        }
        Ok(())
    }

    /// Gives back memory that was reserved and not used.
    pub fn shrink_to_fit(&mut self) {
        self.arena.shrink_to_fit();
    }

    /// The whole RESPONSE for `key`, without a NUL, or `None` if the store does not hold it.
    #[must_use]
    pub fn response(&self, key: &[u8]) -> Option<&[u8]> {
        self.offsets
            .find(hash(self.secret, key), |&offset| Pair::at(&self.arena, offset).key() == key)
            .map(|&offset| Pair::at(&self.arena, offset).response)
    }

    /// How many keys it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Whether it holds no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// How many of its RESPONSEs IP must cut into pieces (P-33).
    #[must_use]
    pub fn fragmented(&self) -> usize {
        self.fragmented
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

impl std::error::Error for StoreFull {}

/// One pair in the arena.
struct Pair<'a> {
    key_len: usize,
    response: &'a [u8],
}

impl<'a> Pair<'a> {
    /// Only for offsets that `insert` made.
    fn at(arena: &'a [u8], offset: u32) -> Self {
        let pair = &arena[offset as usize..];
        let len = |at: usize| usize::from(u16::from_le_bytes([pair[at], pair[at + 1]]));
        Self { key_len: len(0), response: &pair[LENGTHS..LENGTHS + len(2)] }
    }

    fn key(&self) -> &'a [u8] {
        &self.response[2..2 + self.key_len]
    }
}

fn hash(secret: [u64; 2], key: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(secret[0], secret[1]);
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p31_the_last_value_of_a_key_is_the_one_kept() {
        let mut store = Store::with_capacity(0, [1, 2]);
        store.insert(b"http", b"80/tcp").unwrap();
        store.insert(b"https", b"443/tcp").unwrap();
        store.insert(b"http", b"8080/tcp").unwrap();
        assert_eq!(store.response(b"http"), Some(&b"\0\x03http\t8080/tcp"[..]));
        assert_eq!(store.response(b"https"), Some(&b"\0\x03https\t443/tcp"[..]));
        assert_eq!(store.response(b"htt"), None);
        assert_eq!(store.response(b""), None);
        assert_eq!(store.len(), 2);
    }

    #[test]
    fn p33_responses_that_ip_would_fragment_are_counted_once_a_key() {
        let mut store = Store::with_capacity(0, [1, 2]);
        let value = vec![b'x'; FRAGMENTED_LEN_MIN - response_len(1, 0)];
        store.insert(b"a", &value[1..]).unwrap();
        assert_eq!(store.fragmented(), 0);
        store.insert(b"a", &value).unwrap();
        store.insert(b"a", &value).unwrap();
        assert_eq!(store.fragmented(), 1);
        store.insert(b"a", b"short").unwrap();
        assert_eq!(store.fragmented(), 0);
    }

    #[test]
    fn the_largest_pair_survives_growth_of_the_table() {
        let mut store = Store::with_capacity(0, [1, 2]);
        let value = vec![b'v'; PAYLOAD_LEN_MAX - response_len(3, 0)];
        store.insert(b"big", &value).unwrap();
        for number in 0..10_000_u32 {
            store.insert(number.to_string().as_bytes(), &number.to_be_bytes()).unwrap();
        }
        assert_eq!(store.response(b"big").map(<[u8]>::len), Some(PAYLOAD_LEN_MAX));
        for number in 0..10_000_u32 {
            let response = store.response(number.to_string().as_bytes()).unwrap();
            assert!(response.ends_with(&number.to_be_bytes()));
        }
    }
}
