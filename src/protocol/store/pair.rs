//! A pair in an arena: its RESPONSE, behind the length of it.
//!
//! ```text
//! ordinary | len (1 byte)             | 0 3 key TAB value |
//! long     | 255 | len (2 bytes)      | 0 3 key TAB value |
//! ```
//!
//! The key has no length: it ends at the first tab, since no key holds one.

use crate::wire::response_len;
use memchr::memchr;

/// RESPONSEs from this length on have it behind this byte.
const LONG: u8 = u8::MAX;
/// Where the key starts in a RESPONSE.
const KEY: usize = response_len(0, 0) - 1;

/// Bytes of a pair whose RESPONSE has this length.
pub(super) fn len(response_len: usize) -> usize {
    response_len + if response_len < usize::from(LONG) { 1 } else { 3 }
}

/// Appends a pair whose RESPONSE has this length, which fits a datagram; `append` appends that.
pub(super) fn push(arena: &mut Vec<u8>, response_len: usize, append: impl FnOnce(&mut Vec<u8>)) {
    if response_len < usize::from(LONG) {
        arena.push(response_len as u8);
    } else {
        arena.push(LONG);
        arena.extend_from_slice(&(response_len as u16).to_le_bytes());
    }
    append(arena);
}

/// The RESPONSE of the first of these pairs, and the pairs behind it; `None` where none is left.
pub(super) fn split_first(pairs: &[u8]) -> Option<(&[u8], &[u8])> {
    match *pairs {
        [LONG, low, high, ref rest @ ..] => rest.split_at_checked(u16::from_le_bytes([low, high]).into()),
        [len, ref rest @ ..] => rest.split_at_checked(len.into()),
        [] => None,
    }
}

/// The key of a RESPONSE.
pub(super) fn key(response: &[u8]) -> &[u8] {
    let text = &response[KEY..];
    &text[..memchr(b'\t', text).unwrap_or(text.len())]
}

/// Whether a RESPONSE is the one for `key`. A key that is asked for may hold a tab; one that is held does not.
pub(super) fn is_for(response: &[u8], key: &[u8]) -> bool {
    // What differs most often comes first: the length, then the last byte.
    let end = KEY + key.len();
    response.get(end) == Some(&b'\t')
        && key.last() == Some(&response[end - 1])
        && response[KEY..end] == *key
        && !key.contains(&b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{PAYLOAD_LEN_MAX, encode_response};

    #[test]
    fn pairs_of_any_length_come_apart_as_they_were_put_in() {
        let value = vec![b'v'; PAYLOAD_LEN_MAX];
        let value_lens = [0, 1, 253 - KEY - 2, 254 - KEY - 2, 255 - KEY - 2, 256, PAYLOAD_LEN_MAX - KEY - 2];
        let (mut arena, mut arena_len) = (Vec::new(), 0);
        for value_len in value_lens {
            let response_len = response_len(1, value_len);
            push(&mut arena, response_len, |arena| encode_response(arena, b"k", &value[..value_len]));
            arena_len += len(response_len);
            assert_eq!(arena.len(), arena_len, "{value_len}");
        }
        let mut rest = &arena[..];
        for value_len in value_lens {
            let (response, behind) = split_first(rest).unwrap();
            assert_eq!(response, [b"\0\x03k\t", &value[..value_len]].concat(), "{value_len}");
            assert_eq!(key(response), b"k");
            rest = behind;
        }
        assert_eq!(split_first(rest), None);
    }

    #[test]
    fn a_response_is_for_its_whole_key_and_for_nothing_that_reaches_into_the_value() {
        let response = b"\0\x03http\t80\ttcp";
        for (key, is_its) in
            [(&b"http"[..], true), (b"htt", false), (b"http\t80", false), (b"https", false), (b"", false)]
        {
            assert_eq!(is_for(response, key), is_its, "{}", key.escape_ascii());
        }
        assert!(!is_for(b"\0\x03k\t", b"k\t"));
    }
}
