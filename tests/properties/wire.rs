//! Decoding and encoding undo each other, and any bytes may arrive.

use crate::support::{check, query_header, text};
use proptest::prelude::*;
use servent::wire::{
    DecodeError, Header, Message, QUERY_HEADER_LEN, Text, decode, encode_clireq, encode_query, encode_response,
};

/// The datagram of a message, with the encoder of its kind.
fn encode(message: Message<'_>) -> Vec<u8> {
    let mut datagram = Vec::new();
    let Message { header, text } = message;
    match header {
        Header::Clireq => encode_clireq(&mut datagram, text.field()),
        Header::Query(header) => encode_query(&mut datagram, header, text.field()),
        Header::Response => {
            let (key, value) = text.key_and_value().unwrap();
            encode_response(&mut datagram, key, value);
            datagram.extend_from_slice(&text.field()[text.before_nul().len()..]);
        }
    }
    datagram
}

/// Bytes that are often nearly a message.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        6 => (1_u8..=4).prop_map(|kind| vec![0, kind]),
        1 => prop::collection::vec(any::<u8>(), 0..=3),
    ];
    (start, text(40)).prop_map(|(start, rest)| [start, rest].concat())
}

#[test]
fn p5_any_bytes_decode_to_what_encodes_to_them_or_are_refused_for_what_is_wrong() {
    check(file!(), 20_000, &datagram(), |datagram| {
        let text_start = if datagram.starts_with(&[0, 2]) { QUERY_HEADER_LEN } else { 2 };
        let text = datagram.get(text_start..).unwrap_or_default().split(|&byte| byte == 0).next().unwrap();
        let is_keyless = text.is_empty() || datagram.starts_with(&[0, 3]) && text[0] == b'\t';
        match decode(&datagram) {
            Ok(message) => {
                prop_assert!(!is_keyless);
                prop_assert_eq!(message.text.before_nul(), text);
                prop_assert_eq!(encode(message), datagram);
            }
            Err(DecodeError::TooShort { len }) => prop_assert!(len < 2 && len == datagram.len()),
            Err(DecodeError::UnknownType { .. }) => prop_assert!(datagram[0] != 0 || !(1..=3).contains(&datagram[1])),
            Err(DecodeError::ShortQuery { len }) => prop_assert!(len < QUERY_HEADER_LEN && len == datagram.len()),
            Err(DecodeError::EmptyKey { .. }) => prop_assert!(is_keyless),
            Err(DecodeError::NoTab { .. }) => prop_assert!(!is_keyless && !text.contains(&b'\t')),
        }
        Ok(())
    });
}

#[test]
fn p1_every_message_decodes_to_itself() {
    let header = prop_oneof![Just(Header::Clireq), query_header().prop_map(Header::Query), Just(Header::Response)];
    // The bytes before the first NUL or tab; without any, it would be no message.
    let key = prop::collection::vec(any::<u8>().prop_filter("of a key", |byte| !b"\0\t".contains(byte)), 1..20);
    check(file!(), 10_000, &(header, key, text(40)), |(header, key, rest)| {
        let field = match header {
            Header::Response => [&key[..], b"\t", &rest].concat(),
            Header::Clireq | Header::Query(_) => [key, rest].concat(),
        };
        let message = Message { header, text: Text::new(&field) };
        let datagram = encode(message);
        prop_assert_eq!(decode(&datagram), Ok(message));
        Ok(())
    });
}

#[test]
fn p2_p3_the_text_ends_at_its_first_nul_and_padding_is_only_nuls() {
    check(file!(), 5_000, &text(12), |field| {
        let text = Text::new(&field);
        let mut parts = field.splitn(2, |&byte| byte == 0);
        let before = parts.next().unwrap();
        let behind = parts.next();
        prop_assert_eq!(text.before_nul(), before);
        prop_assert_eq!(text.is_nul_terminated(), behind.is_some());
        let is_padding = behind.is_none_or(|behind| behind.iter().all(|&byte| byte == 0));
        prop_assert_eq!(text.field_to_forward(), if is_padding { field.clone() } else { [before, b"\0"].concat() });
        Ok(())
    });
}
