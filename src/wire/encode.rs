//! From messages to bytes. Each function appends one datagram to a buffer, so a batch of them shares one allocation.

use super::{QueryHeader, layout};

/// Appends a CLIREQ for `key`, without a NUL (P-3).
pub fn encode_clireq(datagrams: &mut Vec<u8>, key: &[u8]) {
    datagrams.extend_from_slice(&layout::TYPE_CLIREQ.to_be_bytes());
    datagrams.extend_from_slice(key);
}

/// Appends a QUERY whose key field is `field`, byte for byte (P-15).
pub fn encode_query(datagrams: &mut Vec<u8>, header: QueryHeader, field: &[u8]) {
    let QueryHeader { ttl, client, seq } = header;
    let mut header = [0; layout::QUERY_HEADER_LEN];
    header[layout::TYPE].copy_from_slice(&layout::TYPE_QUERY.to_be_bytes());
    header[layout::QUERY_TTL].copy_from_slice(&ttl.0.to_be_bytes());
    header[layout::QUERY_CLIENT_IP].copy_from_slice(&client.ip().octets());
    header[layout::QUERY_CLIENT_PORT].copy_from_slice(&client.port().to_be_bytes());
    header[layout::QUERY_SEQ].copy_from_slice(&seq.0.to_be_bytes());
    datagrams.extend_from_slice(&header);
    datagrams.extend_from_slice(field);
}

/// Appends a RESPONSE without a NUL; whoever answers in the NUL-terminated dialect appends that one byte (P-3).
pub fn encode_response(datagrams: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    datagrams.extend_from_slice(&layout::TYPE_RESPONSE.to_be_bytes());
    datagrams.extend_from_slice(key);
    datagrams.push(b'\t');
    datagrams.extend_from_slice(value);
}

/// Bytes of the RESPONSE for a key and a value of these lengths, without a NUL.
#[must_use]
pub const fn response_len(key_len: usize, value_len: usize) -> usize {
    layout::TEXT.start + key_len + 1 + value_len
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{SeqNo, Ttl};
    use crate::wire::{CLIREQ_KEY_LEN_MAX, Header, PAYLOAD_LEN_MAX, decode};
    use std::net::{Ipv4Addr, SocketAddrV4};

    #[test]
    fn p1_a_query_is_written_in_network_byte_order() {
        let mut datagram = Vec::new();
        let client = SocketAddrV4::new(Ipv4Addr::new(10, 1, 2, 3), 0x1f90);
        let header = QueryHeader { ttl: Ttl(3), client, seq: SeqNo(0x0102_0304) };
        encode_query(&mut datagram, header, b"http\0");
        assert_eq!(datagram, b"\0\x02\0\x03\x0a\x01\x02\x03\x1f\x90\x01\x02\x03\x04http\0");
        let message = decode(&datagram).unwrap();
        assert_eq!(message.header, Header::Query(header));
        assert_eq!(message.text.field(), b"http\0");
    }

    #[test]
    fn response_len_is_what_encode_response_appends() {
        let mut datagram = Vec::new();
        encode_response(&mut datagram, b"http", b"80/tcp");
        assert_eq!(datagram, b"\0\x03http\t80/tcp");
        assert_eq!(datagram.len(), response_len(4, 6));
    }

    #[test]
    fn p7_the_longest_key_of_a_clireq_fills_a_datagram() {
        let mut datagram = Vec::new();
        encode_clireq(&mut datagram, &[b'k'; CLIREQ_KEY_LEN_MAX]);
        assert_eq!(datagram.len(), PAYLOAD_LEN_MAX);
    }
}
