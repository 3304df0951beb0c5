//! A servent as the clauses describe it, byte by byte and list by list, without the library's machines.

use servent::Timestamp;
use servent::protocol::SeenConfig;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Where to, and what.
type Sent = (SocketAddrV4, Vec<u8>);

/// Nanoseconds of the slots that the limiter counts in, and how many of them it looks at.
const SLOT_NANOS: u64 = 100_000_000;
const SLOTS: u64 = 11;

/// What a servent knows.
pub(crate) struct Model {
    neighbours: Vec<SocketAddrV4>,
    neighbours_only: bool,
    bounds: SeenConfig,
    next_seq: u32,
    limit: u32,
    pairs: &'static [(&'static str, &'static str)],
    /// Client, port, number and key of each query, as they stand in a QUERY; the oldest first.
    seen: VecDeque<(Vec<u8>, Timestamp)>,
    /// The slots of the RESPONSEs to each network.
    answered: Vec<([u8; 3], u64)>,
}

impl Model {
    pub(crate) fn new(
        neighbours: Vec<SocketAddrV4>,
        neighbours_only: bool,
        bounds: SeenConfig,
        next_seq: u32,
        limit: u32,
        pairs: &'static [(&'static str, &'static str)],
    ) -> Self {
        let (seen, answered) = (VecDeque::new(), Vec::new());
        Self { neighbours, neighbours_only, bounds, next_seq, limit, pairs, seen, answered }
    }

    /// What is due because of one datagram.
    pub(crate) fn on_datagram(&mut self, now: Timestamp, from: SocketAddrV4, datagram: &[u8]) -> Vec<Sent> {
        match datagram {
            [0, 1, field @ ..] => self.on_clireq(now, from, field),
            [0, 2, ttl_high, ttl_low, rest @ ..] if rest.len() >= 10 => {
                self.on_query(now, from, u16::from_be_bytes([*ttl_high, *ttl_low]), rest)
            }
            // P-5, P-6: malformed, or a RESPONSE.
            _ => Vec::new(),
        }
    }

    fn on_clireq(&mut self, now: Timestamp, client: SocketAddrV4, field: &[u8]) -> Vec<Sent> {
        let (key, padding) = field.split_at(key_len(field));
        if key.is_empty() {
            return Vec::new();
        }
        // P-3: padding goes on; garbage does not, but the NUL before it does.
        let field_onward = if padding.iter().all(|&byte| byte == 0) { field } else { &field[..=key.len()] };
        // P-11 to P-13: to all neighbours, with the next number.
        let fields = [&client.ip().octets()[..], &client.port().to_be_bytes(), &self.next_seq.to_be_bytes()].concat();
        let query = [&[0, 2, 0, 3], &fields[..], field_onward].concat();
        self.next_seq = self.next_seq.wrapping_add(1);
        // P-16: it is seen; should it have been, it is sent all the same. Without neighbours there is no QUERY to see.
        if !self.neighbours.is_empty() {
            self.is_new(now, [&fields, key].concat());
        }
        let mut due: Vec<Sent> = self.neighbours.iter().map(|&to| (to, query.clone())).collect();
        due.extend(self.answer(now, client, field));
        due
    }

    /// `rest` is all behind the time-to-live.
    fn on_query(&mut self, now: Timestamp, from: SocketAddrV4, ttl: u16, rest: &[u8]) -> Vec<Sent> {
        let field = &rest[10..];
        let key_len = key_len(field);
        let refused = self.neighbours_only && !self.neighbours.contains(&from);
        // P-5, P-22, P-17, P-14.
        if key_len == 0 || refused || ttl == 0 || !self.is_new(now, rest[..10 + key_len].to_vec()) {
            return Vec::new();
        }
        let mut due = Vec::new();
        let ttl = ttl.min(3) - 1;
        if ttl > 0 {
            // P-14, P-15: to all but its source, with nothing changed but the time-to-live.
            let query = [&[0, 2, 0, ttl as u8], rest].concat();
            due.extend(self.neighbours.iter().filter(|&&to| to != from).map(|&to| (to, query.clone())));
        }
        let client = SocketAddrV4::new(
            Ipv4Addr::new(rest[0], rest[1], rest[2], rest[3]),
            u16::from_be_bytes([rest[4], rest[5]]),
        );
        due.extend(self.answer(now, client, field));
        due
    }

    /// P-14, P-20: whether this identity was not seen within the expiry, among as many as are kept.
    fn is_new(&mut self, now: Timestamp, identity: Vec<u8>) -> bool {
        let is_fresh = |since: Timestamp| now.since(since) < self.bounds.expiry;
        if self.seen.iter().any(|(other, since)| *other == identity && is_fresh(*since)) {
            return false;
        }
        if self.seen.len() == self.bounds.capacity as usize {
            self.seen.pop_front();
        }
        self.seen.push_back((identity, now));
        true
    }

    fn answer(&mut self, now: Timestamp, client: SocketAddrV4, field: &[u8]) -> Option<Sent> {
        let key = &field[..key_len(field)];
        let (key, value) = self.pairs.iter().find(|(held, _)| held.as_bytes() == key)?;
        let [a, b, c, _] = client.ip().octets();
        // P-23: nobody can be answered there.
        if a == 0 || a >= 224 || client.port() == 0 {
            return None;
        }
        // P-24: loopback, private and link-local addresses are exempt.
        let is_exempt =
            matches!([a, b], [127 | 10, _] | [192, 168] | [169, 254]) || (a == 172 && (16..32).contains(&b));
        if !is_exempt {
            let slot = now.as_nanos() / SLOT_NANOS;
            let counted = |&&(network, earlier): &&([u8; 3], u64)| network == [a, b, c] && earlier + SLOTS > slot;
            if self.answered.iter().filter(counted).count() >= self.limit as usize {
                return None;
            }
            self.answered.push(([a, b, c], slot));
        }
        // P-3: in the dialect of the request.
        let nul: &[u8] = if field.contains(&0) { &[0] } else { &[] };
        Some((client, [&[0, 3], key.as_bytes(), b"\t", value.as_bytes(), nul].concat()))
    }
}

/// P-2: a key ends at its first NUL.
fn key_len(field: &[u8]) -> usize {
    field.iter().position(|&byte| byte == 0).unwrap_or(field.len())
}
