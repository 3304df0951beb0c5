//! Requests, and the only answer that each may get.

use std::net::SocketAddrV4;

/// Keys of a workload: `key-00000000` and on.
pub(crate) const KEYS: usize = 1000;
/// Where the eight digits of a key begin.
const DIGITS_AT: usize = 4;

/// How long values are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// 45 bytes each.
    Equal,
    /// 20 to 70 bytes.
    Mixed,
}

/// What a contestant is asked in, and answers in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// CLIREQ, answered by RESPONSE.
    Clireq,
    /// QUERY with TTL 3 and a number of its own, answered by RESPONSE to this client.
    Query(SocketAddrV4),
    /// CLIREQ, answered by itself.
    Echo,
    /// `get`, answered by `VALUE`, each behind memcached's 8-byte frame header for UDP.
    Memcached,
}

fn key(index: usize) -> String {
    format!("key-{index:08}")
}

fn value(index: usize, values: Values) -> String {
    let len = match values {
        Values::Equal => 45,
        Values::Mixed => 20 + index * 7919 % 51,
    };
    format!("{index:08}-").chars().chain(('a'..='z').cycle()).take(len).collect()
}

/// The key-value file that holds all keys.
pub(crate) fn pairs_file(values: Values) -> String {
    (0..KEYS).map(|index| format!("{}\t{}\n", key(index), value(index, values))).collect()
}

/// What stores the keys in memcached: one datagram each.
pub(crate) fn memcached_sets(values: Values) -> Vec<Vec<u8>> {
    let set = |index| {
        let value = value(index, values);
        frame(&format!("set {} 0 0 {}\r\n{value}\r\n", key(index), value.len()))
    };
    (0..KEYS).map(set).collect()
}

fn frame(text: &str) -> Vec<u8> {
    let mut datagram = vec![0, 0, 0, 0, 0, 1, 0, 0];
    datagram.extend_from_slice(text.as_bytes());
    datagram
}

fn message(kind: u8, text: &str) -> Vec<u8> {
    let mut datagram = vec![0, kind];
    datagram.extend_from_slice(text.as_bytes());
    datagram
}

/// Writes a QUERY; the clauses are drawn in the library's `wire`, and this is written apart from it on purpose.
pub(crate) fn query(ttl: u16, client: SocketAddrV4, seq: u32, key: &str) -> Vec<u8> {
    let mut datagram = vec![0, 2];
    datagram.extend_from_slice(&ttl.to_be_bytes());
    datagram.extend_from_slice(&client.ip().octets());
    datagram.extend_from_slice(&client.port().to_be_bytes());
    datagram.extend_from_slice(&seq.to_be_bytes());
    datagram.extend_from_slice(key.as_bytes());
    datagram
}

/// Requests and answers of all keys.
pub(crate) struct Workload {
    requests: Vec<Vec<u8>>,
    answers: Vec<Vec<u8>>,
    digits_at: usize,
    is_query: bool,
    seq: u32,
}

impl Workload {
    pub(crate) fn new(dialect: Dialect, values: Values) -> Self {
        let request = |index| match dialect {
            Dialect::Clireq | Dialect::Echo => message(1, &key(index)),
            Dialect::Query(client) => query(3, client, 0, &key(index)),
            Dialect::Memcached => frame(&format!("get {}\r\n", key(index))),
        };
        let answer = |index| match dialect {
            Dialect::Clireq | Dialect::Query(_) => message(3, &format!("{}\t{}", key(index), value(index, values))),
            Dialect::Echo => message(1, &key(index)),
            Dialect::Memcached => {
                let value = value(index, values);
                frame(&format!("VALUE {} 0 {}\r\n{value}\r\nEND\r\n", key(index), value.len()))
            }
        };
        let digits_at = DIGITS_AT + if dialect == Dialect::Memcached { "12345678VALUE ".len() } else { 2 };
        Self {
            requests: (0..KEYS).map(request).collect(),
            answers: (0..KEYS).map(answer).collect(),
            digits_at,
            is_query: matches!(dialect, Dialect::Query(_)),
            seq: 0,
        }
    }

    /// Appends the request for a key.
    pub(crate) fn write(&mut self, index: usize, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(&self.requests[index]);
        if self.is_query {
            self.seq = self.seq.wrapping_add(1);
            bytes[start + 10..start + 14].copy_from_slice(&self.seq.to_be_bytes());
        }
    }

    /// Which key `answer` answers, byte for byte.
    pub(crate) fn check(&self, answer: &[u8]) -> Result<usize, String> {
        let index = answer.get(self.digits_at..self.digits_at + 8).map_or(KEYS, |digits| {
            digits.iter().fold(0, |sum: usize, digit| sum.wrapping_mul(10).wrapping_add(usize::from(digit & 15)))
        });
        match self.answers.get(index) {
            Some(expected) if expected == answer => Ok(index),
            expected => Err(format!(
                "wrong answer '{}', expected '{}'",
                answer.escape_ascii(),
                expected.map_or_else(|| "one of the keys".to_owned(), |bytes| bytes.escape_ascii().to_string())
            )),
        }
    }
}
