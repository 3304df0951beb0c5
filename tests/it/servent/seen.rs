//! The bounds of the seen-table: P-20.

use crate::support::wire::{query, with_ttl};
use crate::support::{DEADLINE, Rig};
use std::time::{Duration, Instant};

#[test]
fn p20_after_the_expiry_the_same_query_is_new_again() {
    let rig = Rig::new(2, &["--seen-expiry", "1"]);
    let came = query(3, rig.client.addr(), 1, b"nobody's");
    let start = Instant::now();
    rig.neighbours[0].send(rig.addr(), &came);
    rig.expect_at(1, &with_ttl(&came, 2));
    // A duplicate does not prolong it, so asking all the while is allowed.
    let mut asked_again = 0;
    let forwarded = loop {
        assert!(start.elapsed() < DEADLINE, "it never expires");
        rig.neighbours[0].send(rig.addr(), &came);
        asked_again += 1;
        if let Some((forwarded, _)) = rig.neighbours[1].recv_within(Duration::from_millis(50)) {
            break forwarded;
        }
    };
    assert_eq!(forwarded, with_ttl(&came, 2));
    assert!(start.elapsed() >= Duration::from_secs(1), "forgotten after {:?}", start.elapsed());
    rig.stop().expect(&[("first_sighting", 2), ("duplicate", asked_again - 1), ("seen_evicted", 0)]);
}

#[test]
fn p20_a_fraction_of_a_second_can_be_the_expiry() {
    let rig = Rig::new(2, &["--seen-expiry", "0.05"]);
    let came = query(3, rig.client.addr(), 1, b"nobody's");
    let start = Instant::now();
    for _ in 0..3 {
        while rig.neighbours[1].recv_within(Duration::from_millis(20)).is_none() {
            assert!(start.elapsed() < DEADLINE, "it never expires");
            rig.neighbours[0].send(rig.addr(), &came);
        }
    }
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
    rig.stop_unsettled();
}

#[test]
fn p20_above_the_capacity_the_oldest_goes_first() {
    // No sentinel here: it would be one more sighting.
    let rig = Rig::new(0, &["--seen-capacity", "2"]);
    let client = rig.client.addr();
    let keys = ["a", "b", "c", "c", "b", "a"];
    for key in keys {
        rig.send(&query(1, client, 1, key.as_bytes()));
    }
    // `c` made `a` go, and `b` and `c` were kept.
    for (key, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("a", "1")] {
        rig.expect_answer(key.as_bytes(), value.as_bytes());
    }
    rig.stop_unsettled().expect(&[("first_sighting", 4), ("duplicate", 2), ("seen_evicted", 2)]);
}
