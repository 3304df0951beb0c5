//! The largest datagrams: P-7, and the bounds of P-33.

use crate::support::schema::validator;
use crate::support::wire::{clireq, query, with_ttl};
use crate::support::{Rig, TempDir};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;

/// The largest payload of a UDP datagram over IPv4.
const PAYLOAD_MAX: usize = 65_507;

#[test]
fn p7_p25_a_clireq_of_the_largest_size_does_no_harm() {
    let dir = TempDir::new();
    let file = dir.path().join("trace.jsonl");
    let rig = Rig::new(1, &["--trace", file.to_str().unwrap()]);
    let datagram = clireq(&vec![b'k'; PAYLOAD_MAX - 2]);
    assert_eq!(datagram.len(), PAYLOAD_MAX);
    // Its QUERY would be 12 bytes longer than any datagram: it can only be counted, and is logged once in a while
    // (P-25).
    for _ in 0..3 {
        rig.send(&datagram);
        rig.settle();
    }
    let neighbour = rig.neighbours[0].addr().to_string();
    let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
    counters.expect(&[("clireq", 3), ("not_found", 3), ("send_failed_too_long", 3)]);
    let logged = finished.stderr.lines().filter(|line| line.contains("WARN") && line.contains(&neighbour));
    assert_eq!(logged.count(), 1, "{}", finished.stderr);
    // The trace names the QUERY each time.
    let lines = fs::read_to_string(file).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let dropped: Vec<_> = lines.filter(|line| line["event"] == "dropped").collect();
    assert_eq!(dropped.len(), 3);
    let validator = validator("trace");
    for line in &dropped {
        assert!(validator.is_valid(line) && line["type"] == "query", "{}", line["why"]);
        assert_eq!(line["key"].as_str().map(str::len), Some(PAYLOAD_MAX - 2));
    }
}

#[test]
fn p7_p15_the_largest_query_is_made_and_forwarded_uncut() {
    let rig = Rig::new(2, &["--first-seq", "1"]);
    let mut key = vec![b'k'; PAYLOAD_MAX - 14];
    key[PAYLOAD_MAX - 15] = b'!';
    rig.send(&clireq(&key));
    for index in 0..2 {
        rig.expect_at(index, &query(3, rig.client.addr(), 1, &key));
    }
    let came = query(3, rig.client.addr(), 9, &key);
    assert_eq!(came.len(), PAYLOAD_MAX);
    rig.neighbours[0].send(rig.addr(), &came);
    rig.expect_at(1, &with_ttl(&came, 2));
    rig.stop();
}

#[test]
fn p7_p33_the_largest_pair_is_answered_and_a_larger_one_is_skipped_with_a_warning() {
    // RESPONSE: type, key, tab, value.
    let largest = vec![b'v'; PAYLOAD_MAX - 2 - 3 - 1];
    let pairs = [b"big ", &largest[..], b"\nhuge ", &largest[..], b"\nlong ", &vec![b'w'; 1_500], b"\n"].concat();
    let mut rig = Rig::with_pairs(&pairs, 0, &[]);
    rig.send(&clireq(b"big"));
    rig.expect_answer(b"big", &largest);
    rig.send(&clireq(b"long"));
    rig.expect_answer(b"long", &vec![b'w'; 1_500]);
    // With the NUL of its dialect the answer fits no datagram: nothing is sent, nothing breaks.
    rig.send(&clireq(b"big\0"));
    rig.send(&clireq(b"huge"));
    rig.settle();
    // Said at the start, and again whenever the file is read.
    rig.servent.signal(Signal::SIGHUP);
    let warning = rig.servent.expect_line("pairs.txt:2");
    assert!(warning.contains("WARN"), "{warning}");
    rig.stop().expect(&[("answered", 3), ("not_found", 1), ("send_failed_too_long", 1)]);
}
