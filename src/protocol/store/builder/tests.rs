//! What comes again, and where an arena ends.

use super::*;
use std::error::Error;

#[test]
fn keys_of_one_hash_are_told_apart_and_the_last_value_of_each_is_kept() {
    let mut builder = StoreBuilder::new(0, [1, 2]);
    for (key, value) in [(b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4"), (b"b", b"5")] {
        builder.insert(key, value).unwrap();
    }
    // As if all keys had the hash of the first one.
    let mut entries: Vec<_> = builder.entries.iter().map(|&made| entry(7, offset(made))).collect();
    let repeats = keep_last_values(&mut entries, &builder.arena);
    let mut kept: Vec<_> =
        entries.iter().map(|&kept| response_at(&builder.arena, offset(kept))[2..].to_vec()).collect();
    kept.sort();
    assert_eq!(kept, [&b"a\t3"[..], b"b\t5", b"c\t4"]);
    let at = |place: usize| offset(builder.entries[place]);
    assert_eq!(repeats, Repeats { keys: 2, first: Some(Repeat { earlier: at(0), again: at(2) }) });
}

#[test]
fn p31_keys_that_come_again_are_counted_once_each_and_the_first_one_is_named() {
    for (keys, repeated, first) in [
        (&["a", "b", "c"][..], 0, None),
        (&["a", "b", "b", "a", "a"], 2, Some([1, 2])),
        (&["a", "b", "c", "a", "a", "a"], 1, Some([0, 3])),
    ] {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        keys.iter().for_each(|key| builder.insert(key.as_bytes(), b"value").unwrap());
        let pairs = builder.sort();
        assert_eq!((pairs.repeated(), pairs.first_repeat()), (repeated, first), "{keys:?}");
        assert_eq!(pairs.build().unwrap().repeated(), repeated, "{keys:?}");
    }
}

#[test]
fn the_arena_ends_at_4_gib_where_offsets_do() {
    let end = u32::MAX as usize;
    for (arena_len, response_len, fits) in [
        (0, PAYLOAD_LEN_MAX, true),
        (end - 3 - PAYLOAD_LEN_MAX, PAYLOAD_LEN_MAX, true),
        (end - 3 - PAYLOAD_LEN_MAX, PAYLOAD_LEN_MAX + 1, false),
        (end - 1, 1, false),
    ] {
        assert_eq!(has_room(arena_len, response_len), fits, "{response_len} behind {arena_len}");
    }
    let full = InsertError::Full(StoreFull::Offsets);
    assert_eq!(full.to_string(), "more than 4 GiB of pairs, and a servent holds at most that");
    assert!(full.source().is_none());
}
