//! The messages, byte by byte, independent of the library.

use std::net::SocketAddrV4;

/// A CLIREQ: type 1, then the key field as given.
pub(crate) fn clireq(key: &[u8]) -> Vec<u8> {
    [&[0, 1], key].concat()
}

/// A QUERY: type 2, time-to-live, client address and port, sequence number, then the key field as given.
pub(crate) fn query(ttl: u16, client: SocketAddrV4, seq: u32, key: &[u8]) -> Vec<u8> {
    let [ttl_high, ttl_low] = [(ttl >> 8) as u8, (ttl & 0xff) as u8];
    let [port_high, port_low] = [(client.port() >> 8) as u8, (client.port() & 0xff) as u8];
    let [a, b, c, d] = client.ip().octets();
    let seq = [(seq >> 24) as u8, (seq >> 16 & 0xff) as u8, (seq >> 8 & 0xff) as u8, (seq & 0xff) as u8];
    [&[0, 2, ttl_high, ttl_low, a, b, c, d, port_high, port_low], &seq[..], key].concat()
}

/// A RESPONSE without a NUL.
pub(crate) fn response(key: &[u8], value: &[u8]) -> Vec<u8> {
    [&[0, 3], key, b"\t", value].concat()
}

/// The sequence number of a QUERY that came from a servent.
pub(crate) fn seq_of(query: &[u8]) -> u32 {
    assert_is_query(query);
    query[10..14].iter().fold(0, |seq, byte| seq << 8 | u32::from(*byte))
}

/// The key field of a QUERY that came from a servent.
pub(crate) fn key_field_of(query: &[u8]) -> &[u8] {
    assert_is_query(query);
    &query[14..]
}

/// The same QUERY with another time-to-live.
pub(crate) fn with_ttl(query: &[u8], ttl: u8) -> Vec<u8> {
    assert_is_query(query);
    let mut copy = query.to_vec();
    copy[2] = 0;
    copy[3] = ttl;
    copy
}

/// A datagram for a failure message: long ones are cut.
pub(crate) fn show(datagram: &[u8]) -> String {
    let shown = &datagram[..datagram.len().min(80)];
    format!("{} bytes \"{}\"", datagram.len(), shown.escape_ascii())
}

fn assert_is_query(datagram: &[u8]) {
    assert!(datagram.len() > 14 && datagram.starts_with(&[0, 2]), "expected a QUERY, found {}", show(datagram));
}
