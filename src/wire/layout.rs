//! Where each field stands. Every offset of the protocol is named here, and only here.

use std::ops::{Range, RangeFrom};

/// The most that a UDP datagram over IPv4 can carry: 65,535 less 20 bytes of IP and 8 of UDP header (P-7).
pub const PAYLOAD_LEN_MAX: usize = 65_507;

/// The message type, first in every datagram (P-1).
pub(super) const TYPE: Range<usize> = 0..2;
/// CLIREQ: a client to its servent.
pub(super) const TYPE_CLIREQ: u16 = 1;
/// QUERY: a servent to its neighbours.
pub(super) const TYPE_QUERY: u16 = 2;
/// RESPONSE: a servent to a client.
pub(super) const TYPE_RESPONSE: u16 = 3;

/// The key of a CLIREQ and the text of a RESPONSE: the rest of the datagram.
pub(super) const TEXT: RangeFrom<usize> = TYPE.end..;

/// QUERY: the time-to-live.
pub(super) const QUERY_TTL: Range<usize> = 2..4;
/// QUERY: the client's IPv4 address.
pub(super) const QUERY_CLIENT_IP: Range<usize> = 4..8;
/// QUERY: the client's port.
pub(super) const QUERY_CLIENT_PORT: Range<usize> = 8..10;
/// QUERY: the origin's sequence number.
pub(super) const QUERY_SEQ: Range<usize> = 10..14;
/// QUERY: the key, the rest of the datagram.
pub(super) const QUERY_KEY: RangeFrom<usize> = QUERY_SEQ.end..;

/// Bytes of a QUERY before its key.
pub const QUERY_HEADER_LEN: usize = QUERY_KEY.start;

/// The longest key that a CLIREQ can carry.
pub const CLIREQ_KEY_LEN_MAX: usize = PAYLOAD_LEN_MAX - TEXT.start;
