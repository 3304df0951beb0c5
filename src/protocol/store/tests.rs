//! The dictionary against its clauses, and what its index and its memory are.

use super::*;
use crate::wire::PAYLOAD_LEN_MAX;
use std::collections::HashMap;
use std::error::Error;

fn store(pairs: &[(&str, &[u8])]) -> Store {
    let mut builder = StoreBuilder::new(0, [1, 2]);
    for (key, value) in pairs {
        builder.insert(key.as_bytes(), value).unwrap();
    }
    builder.build().unwrap()
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
    for count in [0, 1, 2, 3, 4, 5, 8, 9, 100, 4_000] {
        let mut builder = StoreBuilder::new(0, [3, 4]);
        let mut map = HashMap::new();
        for number in 0..count {
            let key = (number * 7 % (count / 2 + 1)).to_string();
            builder.insert(key.as_bytes(), &[value(number)]).unwrap();
            map.insert(key, value(number));
        }
        let store = builder.build().unwrap();
        assert_eq!((store.len(), store.is_empty()), (map.len(), map.is_empty()));
        for number in 0..count {
            let key = number.to_string();
            let value = store.response(key.as_bytes()).map(|response| response[response.len() - 1]);
            assert_eq!(value, map.get(&key).copied(), "{key} of {count}");
        }
    }
}

#[test]
fn what_there_is_no_memory_for_is_refused_and_what_was_there_stays() {
    // More than any machine can address: nothing is reserved, and the pairs find their room all the same.
    let mut builder = StoreBuilder::new(usize::MAX / 2, [1, 2]);
    builder.insert(b"key", b"value").unwrap();
    assert_eq!(builder.build().unwrap().response(b"key"), Some(&b"\0\x03key\tvalue"[..]));
    let refused = Vec::<u8>::new().try_reserve(usize::MAX).unwrap_err();
    assert_eq!(StoreFull::from(refused), StoreFull::Memory);
}

#[test]
fn p33_the_largest_pair_fits_and_a_larger_one_is_refused() {
    let value = vec![b'v'; PAYLOAD_LEN_MAX + 1 - response_len(3, 0)];
    let mut builder = StoreBuilder::new(0, [1, 2]);
    assert_eq!(builder.insert(b"big", &value), Err(InsertError::TooLarge(PAYLOAD_LEN_MAX + 1)));
    builder.insert(b"big", &value[1..]).unwrap();
    assert_eq!(builder.build().unwrap().response(b"big").map(<[u8]>::len), Some(PAYLOAD_LEN_MAX));
}

#[test]
fn p2_p5_p33_a_pair_that_can_not_be_asked_for_or_answered_is_refused_with_the_reason() {
    let long = vec![b'v'; PAYLOAD_LEN_MAX];
    let cases: [(&[u8], &[u8], InsertError, &str); 5] = [
        (b"", b"v", InsertError::EmptyKey, "the key is empty"),
        (b"a\tb", b"v", InsertError::TabInKey, "a tab in the key, which would end it there"),
        (b"a\0b", b"v", InsertError::Nul, "a NUL byte, which the protocol cannot carry"),
        (b"a", b"v\0", InsertError::Nul, "a NUL byte, which the protocol cannot carry"),
        (
            b"a",
            &long,
            InsertError::TooLarge(PAYLOAD_LEN_MAX + 4),
            "its RESPONSE would have 65511 bytes, and a datagram holds 65507",
        ),
    ];
    let mut builder = StoreBuilder::new(0, [1, 2]);
    for (key, value, error, said) in cases {
        assert_eq!(builder.insert(key, value), Err(error));
        assert_eq!(error.to_string(), said);
        assert!(error.source().is_none(), "{said}");
    }
    assert!(builder.build().unwrap().is_empty());
}

#[test]
fn a_pair_costs_its_response_a_byte_of_length_and_four_of_directory() {
    for count in [8, 1_000, 1_027, 1_028, 4_000] {
        let mut builder = StoreBuilder::new(0, [3, 4]);
        let mut pairs_len = 0;
        for number in 0..count {
            let key = number.to_string();
            // What is replaced costs nothing.
            builder.insert(key.as_bytes(), b"another value").unwrap();
            builder.insert(key.as_bytes(), b"value").unwrap();
            pairs_len += 1 + response_len(key.len(), 5);
        }
        let store = builder.build().unwrap();
        assert_eq!(store.arena.capacity(), pairs_len, "{count} pairs");
        let directory_len = store.starts.capacity() * size_of::<Start>();
        assert!((4 * count..=4 * count + 8).contains(&directory_len), "{directory_len} for {count} pairs");
    }
}

#[test]
fn keys_spread_over_ranges_of_two() {
    for count in [8, 1_000, 1_027, 1_028, 4_000] {
        let mut builder = StoreBuilder::new(0, [3, 4]);
        (0..count).for_each(|number: usize| builder.insert(number.to_string().as_bytes(), b"value").unwrap());
        let store = builder.build().unwrap();
        let lens = store.starts.windows(2).map(|range| (range[1].offset - range[0].offset) / 10);
        let longest = lens.max();
        assert!(longest.is_some_and(|pairs| pairs <= 12), "{longest:?} of {count} pairs in one range");
    }
}

#[test]
fn keys_that_are_read_ahead_are_found_as_one_by_one() {
    for count in [0, 1, 2, 100, 4_000] {
        let mut builder = StoreBuilder::new(0, [3, 4]);
        (0..count).for_each(|number: u32| builder.insert(number.to_string().as_bytes(), b"value").unwrap());
        let store = builder.build().unwrap();
        let keys: Vec<_> = (0..count + 10).map(|number| number.to_string()).collect();
        let hashes: Vec<_> = keys.iter().map(|key| store.hash(key.as_bytes())).collect();
        store.read_ahead(&hashes);
        for (key, &hash) in keys.iter().zip(&hashes) {
            assert_eq!(store.find(hash, key.as_bytes()), store.response(key.as_bytes()), "{key} of {count}");
        }
    }
}

#[test]
fn p2_a_tab_in_the_key_that_is_asked_for_does_not_reach_into_a_value() {
    // One range, so that every pair is looked at.
    assert_eq!(store(&[("http", b"80\ttcp")]).response(b"http\t80"), None);
}
