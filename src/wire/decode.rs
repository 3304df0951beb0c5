//! From bytes to a message. Any byte string may arrive: nothing here panics, allocates or trusts a length (P-5).

use super::{Header, Message, QueryHeader, Text, layout};
use crate::types::{SeqNo, Ttl};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Reads one datagram.
///
/// # Errors
/// The first field that fails, in the order: type, header, text. The caller counts it and otherwise ignores the
/// datagram (P-5).
pub fn decode(datagram: &[u8]) -> Result<Message<'_>, DecodeError> {
    let len = datagram.len();
    let kind = u16::from_be_bytes(field(datagram, layout::TYPE).ok_or(DecodeError::TooShort { len })?);
    match kind {
        layout::TYPE_CLIREQ => {
            Ok(Message { header: Header::Clireq, text: key(Text::new(&datagram[layout::TEXT]), "CLIREQ")? })
        }
        layout::TYPE_QUERY => {
            let header = query_header(datagram).ok_or(DecodeError::ShortQuery { len })?;
            Ok(Message { header: Header::Query(header), text: key(Text::new(&datagram[layout::QUERY_KEY]), "QUERY")? })
        }
        layout::TYPE_RESPONSE => {
            let text = key(Text::new(&datagram[layout::TEXT]), "RESPONSE")?;
            match text.key_and_value() {
                Some(([], _)) => Err(DecodeError::EmptyKey { message: "RESPONSE" }),
                Some(_) => Ok(Message { header: Header::Response, text }),
                None => Err(DecodeError::NoTab { text_len: text.before_nul().len() }),
            }
        }
        found => Err(DecodeError::UnknownType { found }),
    }
}

/// Why a datagram is malformed: one variant for each cause that is counted apart (P-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// No room for the type.
    TooShort {
        /// Bytes that came.
        len: usize,
    },
    /// A type that this protocol does not have.
    UnknownType {
        /// What stood in the type's place.
        found: u16,
    },
    /// A QUERY that ends before its key.
    ShortQuery {
        /// Bytes that came.
        len: usize,
    },
    /// Nothing before the first NUL, or in a RESPONSE nothing before the first tab.
    EmptyKey {
        /// The message's name.
        message: &'static str,
    },
    /// A RESPONSE whose text has no tab between key and value.
    NoTab {
        /// Bytes before the first NUL.
        text_len: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { len } => write!(f, "type: expected 2 bytes, found {len}"),
            // The types are small, so one that is in the other order can be told.
            Self::UnknownType { found }
                if (layout::TYPE_CLIREQ..=layout::TYPE_RESPONSE).contains(&found.swap_bytes()) =>
            {
                write!(f, "type {found}: {} in little-endian order; use network order", found.swap_bytes())
            }
            Self::UnknownType { found } => {
                write!(f, "type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found {found}")
            }
            Self::ShortQuery { len } => {
                write!(f, "QUERY header: expected {} bytes, found {len}", layout::QUERY_HEADER_LEN)
            }
            Self::EmptyKey { message } => write!(f, "{message} key: expected at least 1 byte, found none"),
            Self::NoTab { text_len } => write!(f, "RESPONSE text: expected a tab, found none in {text_len} bytes"),
        }
    }
}

impl std::error::Error for DecodeError {}

fn key<'a>(text: Text<'a>, message: &'static str) -> Result<Text<'a>, DecodeError> {
    if text.before_nul().is_empty() { Err(DecodeError::EmptyKey { message }) } else { Ok(text) }
}

fn query_header(datagram: &[u8]) -> Option<QueryHeader> {
    let ttl = Ttl(u16::from_be_bytes(field(datagram, layout::QUERY_TTL)?));
    let ip = Ipv4Addr::from(field::<4>(datagram, layout::QUERY_CLIENT_IP)?);
    let port = u16::from_be_bytes(field(datagram, layout::QUERY_CLIENT_PORT)?);
    let seq = SeqNo(u32::from_be_bytes(field(datagram, layout::QUERY_SEQ)?));
    Some(QueryHeader { ttl, client: SocketAddrV4::new(ip, port), seq })
}

/// The `N` bytes at `place`, or `None` if the datagram ends before them.
fn field<const N: usize>(datagram: &[u8], place: std::ops::Range<usize>) -> Option<[u8; N]> {
    datagram.get(place)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_every_prefix_of_every_message_is_one_or_fails_for_the_first_field_that_is_missing() {
        let messages: [(&'static str, &[u8]); 3] = [
            ("CLIREQ", b"\0\x01http"),
            ("QUERY", b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0\x07http"),
            ("RESPONSE", b"\0\x03http\t80/tcp"),
        ];
        for (message, datagram) in messages {
            for len in 0..=datagram.len() {
                let error = match (message, len) {
                    (_, 0..2) => Some(DecodeError::TooShort { len }),
                    ("QUERY", 2..14) => Some(DecodeError::ShortQuery { len }),
                    ("QUERY", 14) | ("CLIREQ" | "RESPONSE", 2) => Some(DecodeError::EmptyKey { message }),
                    ("RESPONSE", 3..7) => Some(DecodeError::NoTab { text_len: len - 2 }),
                    _ => None,
                };
                assert_eq!(decode(&datagram[..len]).err(), error, "{len} bytes of a {message}");
            }
        }
    }

    #[test]
    fn p5_the_error_names_the_field_that_failed() {
        let cases: [(&[u8], DecodeError); 11] = [
            (b"", DecodeError::TooShort { len: 0 }),
            (b"\0", DecodeError::TooShort { len: 1 }),
            (b"\x01\0http", DecodeError::UnknownType { found: 256 }),
            (b"\0\x01", DecodeError::EmptyKey { message: "CLIREQ" }),
            (b"\0\x01\0http", DecodeError::EmptyKey { message: "CLIREQ" }),
            (b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0", DecodeError::ShortQuery { len: 13 }),
            (b"\0\x02\0\x03\x7f\0\0\x01\x1f\x90\0\0\0\x07", DecodeError::EmptyKey { message: "QUERY" }),
            (b"\0\x03", DecodeError::EmptyKey { message: "RESPONSE" }),
            (b"\0\x03\tvalue", DecodeError::EmptyKey { message: "RESPONSE" }),
            (b"\0\x03key", DecodeError::NoTab { text_len: 3 }),
            (b"\0\x03key\0\tvalue", DecodeError::NoTab { text_len: 3 }),
        ];
        for (datagram, error) in cases {
            assert_eq!(decode(datagram), Err(error), "{datagram:?}");
        }
    }

    #[test]
    fn p5_an_error_is_said_with_what_was_expected_and_what_was_found() {
        for (error, said) in [
            (DecodeError::TooShort { len: 1 }, "type: expected 2 bytes, found 1"),
            (DecodeError::UnknownType { found: 4 }, "type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found 4"),
            (DecodeError::UnknownType { found: 0 }, "type: expected 1 (CLIREQ), 2 (QUERY) or 3 (RESPONSE), found 0"),
            (DecodeError::UnknownType { found: 768 }, "type 768: 3 in little-endian order; use network order"),
            (DecodeError::ShortQuery { len: 13 }, "QUERY header: expected 14 bytes, found 13"),
            (DecodeError::EmptyKey { message: "QUERY" }, "QUERY key: expected at least 1 byte, found none"),
            (DecodeError::NoTab { text_len: 3 }, "RESPONSE text: expected a tab, found none in 3 bytes"),
        ] {
            assert_eq!(error.to_string(), said);
        }
    }

    #[test]
    fn p2_text_ends_at_its_first_nul() {
        let text = decode(b"\0\x01http\0junk").unwrap().text;
        assert_eq!(text.before_nul(), b"http");
        assert_eq!(text.field(), b"http\0junk");
        assert!(text.is_nul_terminated());
        assert!(!decode(b"\0\x01http").unwrap().text.is_nul_terminated());
    }

    #[test]
    fn p3_padding_is_kept_and_garbage_is_cut_behind_the_nul() {
        for (field, forwarded) in [
            (&b"http"[..], &b"http"[..]),
            (b"http\0", b"http\0"),
            (b"http\0\0\0", b"http\0\0\0"),
            (b"http\0junk", b"http\0"),
            (b"http\0\0x", b"http\0"),
        ] {
            assert_eq!(Text::new(field).field_to_forward(), forwarded, "{field:?}");
        }
    }

    #[test]
    fn p2_a_response_splits_at_its_first_tab_and_ends_at_its_first_nul() {
        let text = decode(b"\0\x03key\ta\tb\0c\t").unwrap().text;
        assert_eq!(text.key_and_value(), Some((&b"key"[..], &b"a\tb"[..])));
        let empty = decode(b"\0\x03key\t").unwrap().text;
        assert_eq!(empty.key_and_value(), Some((&b"key"[..], &b""[..])));
    }
}
