//! The table against its clauses, and what only its insides can show.

use super::*;
use crate::types::SeqNo;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddrV4};

const SECRET: [u64; 2] = [1, 2];
const FIRST: Sighting = Sighting::First { evicted: false };
const AGAIN: Sighting = Sighting::Again { higher_ttl: false };

fn id(seq: u32) -> QueryId<'static> {
    QueryId { client: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5000), seq: SeqNo(seq), key: b"http" }
}

fn table(capacity: u32, expiry: Duration) -> SeenTable {
    SeenTable::new(SeenConfig { expiry, capacity }, SECRET)
}

fn observe(seen: &mut SeenTable, now: Timestamp, id: QueryId<'_>, ttl: Ttl) -> Sighting {
    let fingerprint = seen.fingerprint(&id);
    seen.read_ahead(&[fingerprint]);
    seen.observe(now, fingerprint, ttl)
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs_f64(seconds))
}

#[test]
fn p14_each_of_the_four_fields_makes_another_query() {
    let mut seen = table(100, Duration::from_secs(60));
    let base = id(7);
    let others = [
        base,
        QueryId { seq: SeqNo(8), ..base },
        QueryId { key: b"https", ..base },
        QueryId { client: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5001), ..base },
        QueryId { client: SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), 5000), ..base },
    ];
    for other in &others {
        assert_eq!(observe(&mut seen, Timestamp::ZERO, *other, Ttl(3)), FIRST, "{other:?}");
    }
    for other in &others {
        assert_eq!(observe(&mut seen, Timestamp::ZERO, *other, Ttl(3)), AGAIN, "{other:?}");
    }
}

/// No two queries are known that share half of one, so these are made up.
#[test]
fn p14_a_fingerprint_is_compared_whole() {
    let mut seen = table(3, Duration::from_secs(60));
    let known = Fingerprint { high: 0, low: 1 };
    // The low bits of `high` are the bucket.
    for other in [known, Fingerprint { low: 2, ..known }, Fingerprint { high: 1 << 32, ..known }] {
        assert!(matches!(seen.observe(Timestamp::ZERO, other, Ttl(3)), Sighting::First { .. }), "{other:?}");
    }
}

#[test]
fn p19_a_copy_with_more_time_to_live_is_told_apart() {
    let mut seen = table(100, Duration::from_secs(60));
    observe(&mut seen, Timestamp::ZERO, id(1), Ttl(1));
    assert_eq!(observe(&mut seen, Timestamp::ZERO, id(1), Ttl(2)), Sighting::Again { higher_ttl: true });
    assert_eq!(observe(&mut seen, Timestamp::ZERO, id(1), Ttl(1)), AGAIN);
}

#[test]
fn p20_a_sighting_counts_until_its_expiry_and_a_duplicate_does_not_extend_it() {
    let mut seen = table(100, Duration::from_secs(60));
    assert_eq!(observe(&mut seen, at(0.0), id(1), Ttl(3)), FIRST);
    assert_eq!(observe(&mut seen, at(59.9), id(1), Ttl(3)), AGAIN);
    assert_eq!(observe(&mut seen, at(60.0), id(1), Ttl(3)), FIRST);
    assert_eq!(observe(&mut seen, at(119.9), id(1), Ttl(3)), AGAIN);
}

#[test]
fn p20_above_the_capacity_the_oldest_goes_first_and_is_counted_unless_expired() {
    let mut seen = table(3, Duration::from_secs(60));
    assert!(seen.is_empty());
    for seq in 1..=3 {
        assert_eq!(observe(&mut seen, at(0.0), id(seq), Ttl(3)), FIRST);
    }
    assert_eq!(observe(&mut seen, at(1.0), id(4), Ttl(3)), Sighting::First { evicted: true });
    assert_eq!(observe(&mut seen, at(1.0), id(2), Ttl(3)), AGAIN);
    assert_eq!(observe(&mut seen, at(1.0), id(1), Ttl(3)), Sighting::First { evicted: true });
    assert_eq!(observe(&mut seen, at(61.0), id(5), Ttl(3)), FIRST, "the oldest had expired");
    assert_eq!((seen.len(), seen.is_empty()), (3, false));
}

/// The table against the plainest thing that could be right, while the position counter wraps. That it agrees
/// otherwise is a property in `tests/properties`.
#[test]
fn p20_agrees_with_a_naive_model_while_the_positions_wrap() {
    for capacity in [1, 2, 3, 7, 64, 100] {
        let expiry = Duration::from_millis(500);
        let mut seen = table(capacity, expiry);
        seen.next = u32::MAX - 2000;
        // A table that starts elsewhere must find its ring aligned with the slots of its positions.
        seen.next = (seen.next & !seen.mask) | 1;
        let mut model: VecDeque<(u32, Timestamp)> = VecDeque::new();
        let mut random = 0x9e37_79b9_u32;
        let mut now = Timestamp::ZERO;
        while seen.next > 2000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let seq = (random >> 16) % (capacity * 2);
            now = now + Duration::from_millis(u64::from(random >> 28));
            let known = model.iter().any(|&(other, since)| other == seq && now.since(since) < expiry);
            let mut evicted = false;
            if !known {
                if model.len() == capacity as usize {
                    let (_, oldest) = model.pop_front().unwrap();
                    evicted = now.since(oldest) < expiry;
                }
                model.push_back((seq, now));
            }
            let expected = if known { AGAIN } else { Sighting::First { evicted } };
            assert_eq!(observe(&mut seen, now, id(seq), Ttl(3)), expected, "capacity {capacity}");
            assert_eq!(seen.len(), model.len());
        }
    }
}

#[test]
fn a_sighting_takes_32_bytes_reserved_at_the_start_for_a_power_of_two_of_them() {
    for (capacity, slots) in [(0, 1), (1, 1), (3, 4), (100, 128), (256, 256)] {
        let mut seen = table(capacity, Duration::from_secs(60));
        for observed in 0..3 * slots {
            let len = size_of_val(&seen.heads[..]) + seen.ring.capacity() * size_of::<Seen>();
            assert_eq!(len, 32 * slots, "capacity {capacity}, {observed} observed");
            observe(&mut seen, Timestamp::ZERO, id(observed as u32), Ttl(3));
        }
    }
}

/// A chain is then about half a sighting long: with all queries in one bucket the table is right as well, but slow.
#[test]
fn queries_spread_over_the_buckets() {
    let mut seen = table(1_024, Duration::from_secs(60));
    (0..1_024).for_each(|seq| assert_eq!(observe(&mut seen, Timestamp::ZERO, id(seq), Ttl(3)), FIRST));
    let used = seen.heads.iter().filter(|&&newest| newest != 0).count();
    assert!((750..=850).contains(&used), "{used} of 2048 buckets used");
}
