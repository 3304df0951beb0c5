//! Duplicate suppression beside the plainest thing that could be right: a list, searched from end to end.

use crate::support::{Pace, at, check, pace};
use proptest::prelude::*;
use servent::protocol::{Fingerprint, SeenConfig, SeenTable, Sighting};
use servent::{QueryId, SeqNo, Timestamp, Ttl};
use std::collections::VecDeque;
use std::time::Duration;

/// A list of sightings, the oldest first.
struct Model {
    expiry: Duration,
    capacity: usize,
    sightings: VecDeque<(u32, Timestamp, Ttl)>,
}

impl Model {
    fn observe(&mut self, now: Timestamp, query: u32, ttl: Ttl) -> Sighting {
        let is_fresh = |since: Timestamp| now.since(since) < self.expiry;
        let known = self.sightings.iter().rev().find(|&&(other, since, _)| other == query && is_fresh(since));
        if let Some(&(_, _, first)) = known {
            return Sighting::Again { higher_ttl: ttl > first };
        }
        let full = self.sightings.len() == self.capacity;
        let oldest = if full { self.sightings.pop_front() } else { None };
        self.sightings.push_back((query, now, ttl));
        Sighting::First { evicted: oldest.is_some_and(|(_, since, _)| is_fresh(since)) }
    }
}

/// Queries that come together after a step of time: the number of each and its time-to-live.
type Batch = (Pace, Vec<(u32, u16)>);

/// A capacity, and batches of which about every second query is a new one.
fn run() -> impl Strategy<Value = (u32, Vec<Batch>)> {
    let capacity = prop_oneof![3 => 1_u32..=5, 2 => 6_u32..=40, 1 => Just(64)];
    capacity.prop_flat_map(|capacity| {
        let batch = prop::collection::vec((0..capacity * 2, 1_u16..=3), 0..8);
        (Just(capacity), prop::collection::vec((pace(), batch), 0..120))
    })
}

fn expiry() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => Just(Duration::from_secs(60)),
        1 => Just(Duration::from_nanos(1)),
        1 => (0_u64..10_000_000_000).prop_map(Duration::from_nanos),
    ]
}

#[test]
fn p14_p19_p20_the_seen_table_agrees_with_a_list_at_any_pace_and_capacity() {
    check(file!(), 3_000, &(run(), expiry(), any::<[u64; 2]>()), |((capacity, batches), expiry, secret)| {
        let mut seen = SeenTable::new(SeenConfig { expiry, capacity }, secret);
        let mut model = Model { expiry, capacity: capacity as usize, sightings: VecDeque::new() };
        let fingerprints: Vec<Fingerprint> = (0..capacity * 2)
            .map(|query| seen.fingerprint(&QueryId { client: at(5000), seq: SeqNo(query), key: b"http" }))
            .collect();
        let mut now = Timestamp::ZERO;
        for (pace, queries) in batches {
            now = pace.after(now, expiry);
            let ahead: Vec<_> = queries.iter().map(|&(query, _)| fingerprints[query as usize]).collect();
            seen.read_ahead(&ahead);
            for (query, ttl) in queries {
                let found = seen.observe(now, fingerprints[query as usize], Ttl(ttl));
                prop_assert_eq!(found, model.observe(now, query, Ttl(ttl)), "query {} at {:?}", query, now);
                prop_assert_eq!(seen.len(), model.sightings.len());
                prop_assert_eq!(seen.is_empty(), model.sightings.is_empty());
            }
        }
        Ok(())
    });
}

/// A value for each field of a QUERY's identity.
fn identity() -> impl Strategy<Value = ([u8; 4], u16, u32, Vec<u8>)> {
    let octet = prop_oneof![0_u8..2, any::<u8>()];
    (prop::array::uniform4(octet), 0_u16..300, 0_u32..300, prop::collection::vec(0_u8..3, 1..4))
}

#[test]
fn p14_fingerprints_are_equal_exactly_if_all_four_fields_are() {
    check(file!(), 5_000, &(identity(), identity(), any::<[u64; 2]>(), any::<[bool; 4]>()), |(a, b, secret, same)| {
        // Two random identities hardly ever share a field, so some of them are shared on purpose.
        let b = (
            if same[0] { a.0 } else { b.0 },
            if same[1] { a.1 } else { b.1 },
            if same[2] { a.2 } else { b.2 },
            if same[3] { a.3.clone() } else { b.3 },
        );
        let seen = SeenTable::new(SeenConfig { capacity: 1, ..SeenConfig::default() }, secret);
        let fingerprint = |(ip, port, seq, key): &([u8; 4], u16, u32, Vec<u8>)| {
            let client = std::net::SocketAddrV4::new((*ip).into(), *port);
            seen.fingerprint(&QueryId { client, seq: SeqNo(*seq), key })
        };
        prop_assert_eq!(fingerprint(&a) == fingerprint(&b), a == b);
        Ok(())
    });
}
