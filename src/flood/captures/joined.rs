//! Datagrams that offload joined, told apart, as `data/wireshark/tp3.lua` does.
//!
//! With segmentation or receive offload the kernel shows a capture several datagrams of one length, the last one perhaps
//! shorter, as one. Nothing tells where each ends but that the next one's type stands behind its text and padding: read
//! as one they would be a message with leftovers.

use crate::text::escape;
use crate::types::Ttl;
use crate::wire::{Header, Message, QUERY_HEADER_LEN, decode};
use std::mem::discriminant;

const TYPE_LEN: usize = 2;

/// Tells of each message in a payload, how long it is, and whether it may be several that can't be told apart.
pub(super) fn each<'a>(payload: &'a [u8], mut tell: impl FnMut(Message<'a>, usize, bool)) {
    let Ok(whole) = decode(payload) else { return };
    let Some(size) = size_of_first(&whole) else { return tell(whole, payload.len(), has_leftovers(&whole)) };
    let parts = || payload.chunks(size).map(decode);
    let is_like_whole = |part: &Message<'_>| discriminant(&part.header) == discriminant(&whole.header);
    let are_all = parts().all(|part| part.is_ok_and(|part| is_like_whole(&part) && is_unmistakable(&part)));
    if !are_all {
        return tell(whole, payload.len(), true);
    }
    for (part, bytes) in parts().zip(payload.chunks(size)) {
        if let Ok(part) = part {
            tell(part, bytes.len(), false);
        }
    }
}

/// How long the first of several is, if they may be several.
fn size_of_first(whole: &Message<'_>) -> Option<usize> {
    if !has_leftovers(whole) {
        return None;
    }
    let text_at = if matches!(whole.header, Header::Query(_)) { QUERY_HEADER_LEN } else { TYPE_LEN };
    let text_len = whole.text.before_nul().len();
    let behind = &whole.text.field()[text_len..];
    let zeros = behind.iter().take_while(|&&byte| byte == 0).count();
    let is_type = behind.get(zeros).is_some_and(|byte| (1..=3).contains(byte));
    is_type.then(|| text_at + text_len + zeros + 1 - TYPE_LEN)
}

/// Whether something else than NULs stands behind the first one.
fn has_leftovers(message: &Message<'_>) -> bool {
    message.text.field()[message.text.before_nul().len()..].iter().any(|&byte| byte != 0)
}

/// Whether nobody but this protocol would send this.
pub(super) fn is_unmistakable(message: &Message<'_>) -> bool {
    let key = match message.header {
        Header::Response => message.text.key_and_value().map_or(&[][..], |(key, _)| key),
        Header::Clireq | Header::Query(_) => message.text.before_nul(),
    };
    if !looks_like_key(key) {
        return false;
    }
    match message.header {
        Header::Query(header) => {
            let first = header.client.ip().octets()[0];
            let can_be_answered = (1..224).contains(&first) && header.client.port() != 0;
            (1..=Ttl::INITIAL.0).contains(&header.ttl.0) && can_be_answered
        }
        Header::Response => !has_leftovers(message),
        Header::Clireq => !has_leftovers(message) && (!message.text.is_nul_terminated() || key.len() > 1),
    }
}

/// Words that somebody would ask for: UTF-8 that a screen shows as it is, or letters in Latin-1, at most half of them
/// accented.
fn looks_like_key(key: &[u8]) -> bool {
    if key.is_empty() {
        return false;
    }
    if escape(key).as_bytes() == key {
        return !key.starts_with(b" ") && !key.ends_with(b" ") && !key.contains(&b'\t');
    }
    let is_accented = |byte: &&u8| **byte >= 192;
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-') || *byte >= 192;
    key.iter().all(is_letter) && 2 * key.iter().filter(is_accented).count() <= key.len()
}
