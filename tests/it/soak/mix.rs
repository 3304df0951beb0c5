//! Everything that can be sent to a servent, in a random order that is the same in every run.

use crate::support::Peer;
use crate::support::wire::{clireq, query, response};
use std::net::{Ipv4Addr, SocketAddrV4};

/// The pairs of the key-value file of this `version`: short ones, one that fills a packet, and one near the limit.
pub(super) fn pairs(version: usize) -> Vec<u8> {
    let short: String = (0..KEYS).map(|index| format!("{}\t{}\n", key(index), value(index, version))).collect();
    [short.as_bytes(), b"long\t", &[b'v'; 1_400], b"\nhuge\t", &[b'v'; 60_000], b"\n"].concat()
}

/// How many short pairs there are.
pub(super) const KEYS: usize = 2_000;

pub(super) fn key(index: usize) -> String {
    format!("key{index}")
}

pub(super) fn value(index: usize, version: usize) -> String {
    format!("value of {index} in version {version}")
}

/// Multiply, shift and exclusive-or: Marsaglia's generator.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        high as usize % bound
    }

    fn byte(&mut self) -> u8 {
        (self.below(256) & 0xff) as u8
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Held,
    Absent,
    WithNul,
    StrangersQuery,
    NeighboursQuery,
    Duplicate,
    DuplicateHigherTtl,
    Malformed,
    Response,
    Forged,
    TtlZero,
    TtlLargest,
    RandomWithKey,
    Largest,
    HugeAnswer,
    Train,
}

/// How often each kind comes, of [`Mix::send_one`]s. Large ones and trains count for many.
const KINDS: [(Kind, usize); 16] = [
    (Kind::Held, 150),
    (Kind::Absent, 60),
    (Kind::WithNul, 20),
    (Kind::StrangersQuery, 150),
    (Kind::NeighboursQuery, 150),
    (Kind::Duplicate, 100),
    (Kind::DuplicateHigherTtl, 60),
    (Kind::Malformed, 80),
    (Kind::Response, 50),
    (Kind::Forged, 80),
    (Kind::TtlZero, 20),
    (Kind::TtlLargest, 30),
    (Kind::RandomWithKey, 40),
    (Kind::Largest, 3),
    (Kind::HugeAnswer, 1),
    (Kind::Train, 6),
];

/// The largest payload of a UDP datagram over IPv4.
const PAYLOAD_MAX: usize = 65_507;

/// Recent QUERYs that duplicates are made of.
const RECENT: usize = 256;

/// One thread's share of the load.
pub(super) struct Mix<'a> {
    random: Random,
    /// Whom it sends to, by turns of chance.
    servents: &'a [SocketAddrV4],
    /// What QUERYs of a neighbour come from.
    neighbour: &'a Peer,
    /// Everything else comes from here, and nobody reads the answers.
    stranger: Peer,
    /// Whether several datagrams may go through the kernel as one.
    trains: bool,
    /// Whether forged QUERYs may name a servent, which then sends too.
    names_servents: bool,
    seq: u32,
    recent: Vec<Vec<u8>>,
    sent: u64,
}

impl<'a> Mix<'a> {
    /// The `number` sets the order and the sequence numbers apart from those of other threads.
    pub(super) fn new(number: u32, servents: &'a [SocketAddrV4], neighbour: &'a Peer) -> Self {
        let stranger = Peer::new();
        let trains = stranger.can_send_groups();
        let (random, seq) = (Random::new(u64::from(number) + 1), number << 28);
        let recent = Vec::with_capacity(RECENT);
        Self { random, servents, neighbour, stranger, trains, names_servents: true, seq, recent, sent: 0 }
    }

    /// Each datagram goes through the kernel alone, and nobody else sends to the servents on behalf of these.
    pub(super) fn countable(self) -> Self {
        Self { trains: false, names_servents: false, ..self }
    }

    /// Datagrams sent so far.
    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends one datagram, or one train of them.
    pub(super) fn send_one(&mut self) {
        let to = *self.random.pick(self.servents);
        let (kind, key) = (self.kind(), key(self.random.below(KEYS)));
        let key = key.as_bytes();
        let own = self.stranger.addr();
        let datagram = match kind {
            Kind::Held => clireq(key),
            Kind::Absent => clireq(&[b"no such ", key].concat()),
            Kind::WithNul => clireq(&[key, b"\0"].concat()),
            Kind::StrangersQuery => self.query(3, own, key),
            Kind::NeighboursQuery => return self.send_as_neighbour(to, key),
            Kind::Duplicate => self.duplicate(false),
            Kind::DuplicateHigherTtl => self.duplicate(true),
            Kind::Malformed => self.malformed(key),
            Kind::Response => response(key, b"who asked?"),
            Kind::Forged => {
                let client = self.forged_client(to);
                self.query(3, client, key)
            }
            Kind::TtlZero => query(0, own, self.seq, key),
            Kind::TtlLargest => self.query(u16::MAX, own, key),
            Kind::RandomWithKey => self.random_with(key),
            Kind::Largest => self.largest(),
            Kind::HugeAnswer => self.query(1, own, self.random_large_key()),
            Kind::Train if self.trains => return self.send_train(to, key),
            Kind::Train => clireq(key),
        };
        self.stranger.send(to, &datagram);
        self.sent += 1;
    }

    fn kind(&mut self) -> Kind {
        let total = KINDS.iter().map(|(_, share)| share).sum();
        let mut drawn = self.random.below(total);
        for (kind, share) in KINDS {
            match drawn.checked_sub(share) {
                Some(left) => drawn = left,
                None => return kind,
            }
        }
        Kind::Held
    }

    /// A new QUERY, which a duplicate may be made of later.
    fn query(&mut self, ttl: u16, client: SocketAddrV4, key: &[u8]) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        let datagram = query(ttl, client, self.seq, key);
        if self.recent.len() < RECENT {
            self.recent.push(datagram.clone());
        } else {
            self.recent[self.seq as usize % RECENT].clone_from(&datagram);
        }
        datagram
    }

    fn send_as_neighbour(&mut self, to: SocketAddrV4, key: &[u8]) {
        let ttl = 1 + self.random.below(3) as u16;
        let client = self.stranger.addr();
        let datagram = self.query(ttl, client, key);
        self.neighbour.send(to, &datagram);
        self.sent += 1;
    }

    fn send_train(&mut self, to: SocketAddrV4, key: &[u8]) {
        let client = self.stranger.addr();
        let datagram = if self.random.below(2) == 0 { clireq(key) } else { self.query(2, client, key) };
        let count = 2 + self.random.below(62);
        self.stranger.send_group(to, &datagram, count);
        self.sent += count as u64;
    }

    fn duplicate(&mut self, higher_ttl: bool) -> Vec<u8> {
        let count = self.recent.len();
        if count == 0 {
            return clireq(b"key0");
        }
        let mut copy = self.recent[self.random.below(count)].clone();
        if higher_ttl {
            copy[3] = copy[3].saturating_add(1);
        }
        copy
    }

    /// One for each way to be malformed, and a few more (P-5).
    fn malformed(&mut self, key: &[u8]) -> Vec<u8> {
        let valid = query(3, self.stranger.addr(), self.seq, key);
        match self.random.below(8) {
            0 => Vec::new(),
            1 => vec![0],
            2 => [&[0, 1 + self.random.below(2) as u8 * 3], &b"\0garbage"[..]].concat(),
            3 => valid[..2 + self.random.below(12)].to_vec(),
            4 => valid[..14].to_vec(),
            5 => [b"\0\x03", key].concat(),
            6 => b"\0\x03\tno key".to_vec(),
            _ => [b"\x01\0", key].concat(),
        }
    }

    /// Clients that nobody can be answered at, that are not there, whose host is down, to whom there is no way, or who
    /// asked for nothing (P-23, P-24).
    fn forged_client(&mut self, servent: SocketAddrV4) -> SocketAddrV4 {
        let (low, port) = (1 + self.random.below(254) as u8, 1 + self.random.short() % 60_000);
        let ip = match self.random.below(if self.names_servents { 15 } else { 14 }) {
            0 => [127, 0, 0, 1],
            1 => [127, 9, 9, low],
            2 => [0, 0, 0, low],
            3 => [10, 9, 0, low.max(2)],
            4 => [10, 8, 0, 9],
            5 => [203, 0, 113, low],
            6 => [198, 18, self.random.byte(), low],
            7 => [192, 0, 2, low],
            8 => [198, 51, 100, low],
            9 => [8, 8, 8, low],
            10 => [224, 0, 0, low],
            11 => [240, 0, 0, low],
            12 => [255, 255, 255, 255],
            13 => return SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0),
            _ => return *self.random.pick(&[servent, self.servents[0]]),
        };
        // On loopback a port below those that sockets are given, so that it is none of ours.
        SocketAddrV4::new(Ipv4Addr::from(ip), if ip[0] == 127 { 1 + port % 1_000 } else { port })
    }

    /// A header of chance before a key that is held.
    fn random_with(&mut self, key: &[u8]) -> Vec<u8> {
        let mut datagram = vec![0, (1 + self.random.below(4)) as u8];
        let mut len = self.random.below(13);
        if !self.names_servents {
            // Not a QUERY whose client may be a servent by chance.
            (datagram[1], len) = (3, len.min(11));
        }
        datagram.extend((0..len).map(|_| self.random.byte()));
        datagram.extend_from_slice(key);
        datagram
    }

    /// As large as a datagram may be: a CLIREQ whose QUERY is too long to be sent, a QUERY, or neither.
    fn largest(&mut self) -> Vec<u8> {
        let own = self.stranger.addr();
        let mut datagram = match self.random.below(3) {
            0 => clireq(b"k"),
            1 => self.query(3, own, b"k"),
            _ => response(b"k", b"v"),
        };
        datagram.resize(PAYLOAD_MAX, b'k');
        datagram
    }

    fn random_large_key(&self) -> &'static [u8] {
        if self.seq.is_multiple_of(2) { b"long" } else { b"huge" }
    }
}
