//! Bytes and messages: what stands in a datagram, and nothing else.
//!
//! No I/O, no clock, no allocation while decoding. All integers are in network byte order (P-1):
//!
//! ```text
//!            0        2        4                 8        10                14
//! CLIREQ     | type=1 | key ...
//! QUERY      | type=2 | ttl    | client IPv4     | port   | sequence number | key ...
//! RESPONSE   | type=3 | key ... TAB value ...
//! ```
//!
//! The key of CLIREQ and QUERY is the rest of the datagram: no length, no terminator needed (P-1). *Text ends at its
//! first NUL* (P-2): programs of this protocol exist that end a key or value with a NUL or pad it to a fixed size, so
//! a message keeps both its [`Text::field`], which is every byte that came, and its [`Text::before_nul`], which is
//! what the bytes mean. A servent answers in the dialect it was asked in (P-3). Keys and values are bytes, not
//! characters (P-4).
//!
//! | file | holds |
//! |---|---|
//! | `layout` | offsets and limits, each once |
//! | `decode` | bytes to a borrowed [`Message`], or the [`DecodeError`] that says which field failed |
//! | `encode` | messages to bytes, appended to a buffer |

mod decode;
mod encode;
mod layout;

pub use decode::{DecodeError, decode};
pub use encode::{encode_clireq, encode_query, encode_response, response_len};
pub use layout::{CLIREQ_KEY_LEN_MAX, PAYLOAD_LEN_MAX, QUERY_HEADER_LEN};

use crate::types::{SeqNo, Ttl};
use memchr::memchr;
use std::net::SocketAddrV4;

/// Which message a datagram is, with the fields before its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A client asks its servent for a key.
    Clireq,
    /// A servent asks its neighbours on behalf of a client.
    Query(QueryHeader),
    /// A servent tells a client the value that it holds.
    Response,
}

impl Header {
    /// Whom a request is answered that came from `source`: for a CLIREQ its sender (P-11), for a QUERY the client that
    /// it names (P-14). `None` for a RESPONSE, which asks for nothing (P-6).
    #[must_use]
    pub fn client(self, source: SocketAddrV4) -> Option<SocketAddrV4> {
        match self {
            Self::Clireq => Some(source),
            Self::Query(header) => Some(header.client),
            Self::Response => None,
        }
    }
}

/// The fields of a QUERY before its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryHeader {
    /// How many more servents may receive it, this one included.
    pub ttl: Ttl,
    /// Whom to answer.
    pub client: SocketAddrV4,
    /// The origin's number for the query.
    pub seq: SeqNo,
}

/// The text at the end of a message: the bytes as they came, and how many of them count (P-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    field: &'a [u8],
    len: usize,
}

impl<'a> Text<'a> {
    /// The text that stands in `field`, up to its first NUL.
    #[must_use]
    pub fn new(field: &'a [u8]) -> Self {
        Self { field, len: memchr(0, field).unwrap_or(field.len()) }
    }

    /// Every byte that came, NULs and what follows them included.
    #[must_use]
    pub fn field(self) -> &'a [u8] {
        self.field
    }

    /// The bytes before the first NUL: what is looked up and compared (P-2).
    #[must_use]
    pub fn before_nul(self) -> &'a [u8] {
        &self.field[..self.len]
    }

    /// Whether the field held a NUL: the dialect to answer in (P-3).
    #[must_use]
    pub fn is_nul_terminated(self) -> bool {
        self.len < self.field.len()
    }

    /// The field as the origin of a QUERY passes it on (P-3): whole if only NULs follow the first one, else cut
    /// right behind that one, since programs exist that read no key without it.
    #[must_use]
    pub fn field_to_forward(self) -> &'a [u8] {
        if self.field[self.len..].iter().all(|&byte| byte == 0) { self.field } else { &self.field[..=self.len] }
    }

    /// Key and value of a RESPONSE: what is before and behind the first tab. `None` without a tab.
    #[must_use]
    pub fn key_and_value(self) -> Option<(&'a [u8], &'a [u8])> {
        let text = self.before_nul();
        memchr(b'\t', text).map(|tab| (&text[..tab], &text[tab + 1..]))
    }
}

/// A well-formed datagram, borrowed from the buffer that it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Which message, and the fields before the text.
    pub header: Header,
    /// The key, or the RESPONSE's key, tab and value.
    pub text: Text<'a>,
}
