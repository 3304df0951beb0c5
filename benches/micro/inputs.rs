//! What is measured with: the same in every run.

use servent::protocol::{Store, parse_kv_file};
use servent::{QueryId, SeqNo};
use std::net::{Ipv4Addr, SocketAddrV4};

const KEY_LEN: usize = 12;
const VALUE_LEN: usize = 45;
/// A line of a file: key, tab, value, newline.
pub(crate) const PAIR_BYTES: usize = KEY_LEN + 1 + VALUE_LEN + 1;
/// In place of a key's first byte, it makes a key that no store holds.
pub(crate) const MISS: u8 = b'-';

pub(crate) fn client() -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 1), 5000)
}

pub(crate) fn key(index: u32) -> [u8; KEY_LEN] {
    let mut key = *b"key-00000000";
    let mut rest = index;
    for digit in key[4..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    key
}

pub(crate) fn value(index: u32) -> [u8; VALUE_LEN] {
    let mut value = *b"key-00000000 has this value of 45 bytes in it";
    value[..KEY_LEN].copy_from_slice(&key(index));
    value
}

/// A sighting that differs from the others by its number alone.
pub(crate) fn query_id(seq: u32) -> QueryId<'static> {
    QueryId { client: client(), seq: SeqNo(seq), key: b"key-00000001" }
}

fn pairs(count: u32) -> Vec<u8> {
    let mut file = Vec::with_capacity(count as usize * PAIR_BYTES);
    for index in 0..count {
        file.extend_from_slice(&key(index));
        file.push(b'\t');
        file.extend_from_slice(&value(index));
        file.push(b'\n');
    }
    file
}

/// The bytes of a key-value file.
pub(crate) fn million_pairs() -> Vec<u8> {
    pairs(1_000_000)
}

pub(crate) fn store(count: u32) -> Store {
    let loaded = parse_kv_file(pairs(count), [1, 2]).expect("below 4 GiB");
    assert_eq!((loaded.store.len(), loaded.skipped_count), (count as usize, 0));
    loaded.store
}

/// All keys of a store, in an order that no cache can guess.
pub(crate) fn shuffled_keys(count: u32) -> Vec<[u8; KEY_LEN]> {
    let mut keys: Vec<_> = (0..count).map(key).collect();
    let mut random = 1_u64;
    for end in (1..keys.len()).rev() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        keys.swap(end, (random >> 33) as usize % (end + 1));
    }
    keys
}
