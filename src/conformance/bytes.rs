//! Datagrams shown: fields by name, the first wrong byte; and the messages that probes send, byte for byte.

use super::words::Words;
use crate::types::{SeqNo, Ttl};
use crate::wire::{QUERY_HEADER_LEN, QueryHeader, encode_query};
use std::net::SocketAddrV4;
use std::ops::Range;

/// As what a datagram's bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client's question.
    Clireq,
    /// A question on its way.
    Query,
    /// An answer.
    Response,
    /// Something else.
    Other,
}

impl Kind {
    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clireq => "CLIREQ",
            Self::Query => "QUERY",
            Self::Response => "RESPONSE",
            Self::Other => "datagram",
        }
    }

    /// As what a datagram is read whose type tells it.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let kinds = [Self::Clireq, Self::Query, Self::Response];
        kinds.into_iter().find(|kind| bytes.starts_with(&kind.type_field().to_be_bytes())).unwrap_or(Self::Other)
    }

    /// What its first two bytes are.
    #[must_use]
    pub const fn type_field(self) -> u16 {
        match self {
            Self::Clireq => 1,
            Self::Query => 2,
            Self::Response => 3,
            Self::Other => 0,
        }
    }
}

/// Bytes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is called.
    pub name: Words,
    /// Where it stands in its datagram.
    pub range: Range<usize>,
}

/// The fields of a datagram that is read as `kind`, as far as it reaches, in order and without a gap.
#[must_use]
pub fn fields(kind: Kind, bytes: &[u8]) -> Vec<Field> {
    let type_field = (Words::new("type", "tipo"), 2);
    let layout: Vec<(Words, usize)> = match kind {
        Kind::Clireq => vec![type_field, (Words::new("key", "chave"), usize::MAX)],
        Kind::Query => vec![
            type_field,
            (Words::new("time-to-live", "TTL"), 4),
            (Words::new("client address", "endereço do cliente"), 8),
            (Words::new("client port", "porto do cliente"), 10),
            (Words::new("sequence number", "número de sequência"), QUERY_HEADER_LEN),
            (Words::new("key", "chave"), usize::MAX),
        ],
        Kind::Response => {
            let text = bytes.get(2..).unwrap_or_default();
            let tab = text.iter().position(|&byte| byte == b'\t').map(|tab| tab + 2);
            match tab {
                Some(tab) => vec![
                    type_field,
                    (Words::new("key", "chave"), tab),
                    (Words::new("tab", "tab"), tab + 1),
                    (Words::new("value", "valor"), usize::MAX),
                ],
                None => vec![type_field, (Words::new("text", "texto"), usize::MAX)],
            }
        }
        Kind::Other => vec![(Words::new("bytes", "bytes"), usize::MAX)],
    };
    let mut start = 0;
    let mut fields = Vec::new();
    for (name, end) in layout {
        let end = end.min(bytes.len());
        if start < end {
            fields.push(Field { name, range: start..end });
            start = end;
        }
    }
    fields
}

/// Where two datagrams differ first: also where one of them ends. `None` if they are the same.
#[must_use]
pub fn first_difference(expected: &[u8], found: &[u8]) -> Option<usize> {
    let common = expected.iter().zip(found).position(|(one, other)| one != other);
    common.or_else(|| (expected.len() != found.len()).then(|| expected.len().min(found.len())))
}

/// Where `part` begins in `bytes`.
#[must_use]
pub fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, part)
}

/// Whether `part` stands anywhere in `bytes`.
#[must_use]
pub fn contains(bytes: &[u8], part: &[u8]) -> bool {
    find(bytes, part).is_some()
}

/// What is left of `bytes` without the NULs at its end.
#[must_use]
pub fn without_nuls(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    &bytes[..end]
}

/// A message that is a type and text: CLIREQ and RESPONSE.
#[must_use]
pub fn message(kind: Kind, text: &[u8]) -> Vec<u8> {
    let mut bytes = kind.type_field().to_be_bytes().to_vec();
    bytes.extend_from_slice(text);
    bytes
}

/// A QUERY.
#[must_use]
pub fn query(ttl: u16, client: SocketAddrV4, seq: u32, field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_query(&mut bytes, QueryHeader { ttl: Ttl(ttl), client, seq: SeqNo(seq) }, field);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cover_a_datagram_as_far_as_it_reaches() {
        let ranges = |kind, bytes: &[u8]| fields(kind, bytes).into_iter().map(|field| field.range).collect::<Vec<_>>();
        assert_eq!(ranges(Kind::Query, &[0; 16]), [0..2, 2..4, 4..8, 8..10, 10..14, 14..16]);
        assert_eq!(ranges(Kind::Query, &[0; 5]), [0..2, 2..4, 4..5]);
        assert_eq!(ranges(Kind::Response, b"\0\x03k\tv"), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(ranges(Kind::Response, b"\0"), std::iter::once(0..1).collect::<Vec<_>>());
        assert!(ranges(Kind::Clireq, b"").is_empty());
    }

    #[test]
    fn the_first_difference_may_be_an_end() {
        assert_eq!(first_difference(b"abc", b"abc"), None);
        assert_eq!(first_difference(b"abc", b"axc"), Some(1));
        assert_eq!(first_difference(b"abc", b"ab"), Some(2));
        assert_eq!(first_difference(b"", b"a"), Some(0));
    }
}
