//! Many datagrams at once: they may travel in groups, and still each is the datagram that it would be alone (P-11,
//! P-15).

use crate::support::wire::{clireq, query, response, with_ttl};
use crate::support::{Peer, Rig, Servent, TempDir};
use std::collections::BTreeSet;

/// So many fit any socket's receive buffer.
const BURST: u32 = 60;

/// A key for each number: a few lengths by turns, with and without a NUL, so that neighbours in the burst differ.
fn key(number: u32) -> Vec<u8> {
    let (padding, nul) = (["", "x", "yyyy", "y"][number as usize % 4], ["", "\0"][number as usize / 4 % 2]);
    format!("key{number:04}{padding}{nul}").into_bytes()
}

/// The next `BURST` datagrams at `peer`, each of which must come from `servent`.
fn recv_burst(peer: &Peer, servent: &Servent) -> BTreeSet<Vec<u8>> {
    (0..BURST).map(|_| peer.recv_from(servent.addr())).collect()
}

#[test]
fn p11_p15_in_a_burst_every_datagram_keeps_its_bounds_and_its_bytes() {
    expect_bounds_and_bytes(Rig::new(3, &["--first-seq", "0"]));
    expect_bounds_and_bytes(Rig::new(3, &["--first-seq", "0", "--no-offload"]));
}

fn expect_bounds_and_bytes(rig: Rig) {
    let client = rig.client.addr();
    for first in (0..4 * BURST).step_by(BURST as usize) {
        let numbers = first..first + BURST;
        numbers.clone().for_each(|number| rig.send(&clireq(&key(number))));
        // In whatever order they come; the numbers follow the order in which they were asked.
        let made: BTreeSet<_> = numbers.map(|number| query(3, client, number, &key(number))).collect();
        for neighbour in &rig.neighbours {
            assert!(recv_burst(neighbour, &rig.servent) == made);
        }
        rig.settle();

        let numbers = 1_000 + first..1_000 + first + BURST;
        let came: Vec<_> = numbers.map(|number| query(3, client, number, &key(number))).collect();
        came.iter().for_each(|query| rig.neighbours[0].send(rig.addr(), query));
        let forwarded = came.iter().map(|query| with_ttl(query, 2)).collect::<BTreeSet<_>>();
        assert!(recv_burst(&rig.neighbours[1], &rig.servent) == forwarded);
        assert!(recv_burst(&rig.neighbours[2], &rig.servent) == forwarded);
        rig.settle();
    }
    rig.stop().expect(&[("clireq", 240), ("first_sighting", 240), ("sent", 3 * 240 + 2 * 240), ("receive_shed", 0)]);
}

#[test]
fn p11_p14_a_burst_through_two_servents_is_answered_by_both() {
    let dir = TempDir::new();
    let field = |number: u32| String::from_utf8(key(number)).unwrap();
    let pairs: String =
        (0..4 * BURST).map(|n| format!("{0}\tvalue of {0}\n", field(n).trim_end_matches('\0'))).collect();
    let file = dir.write("pairs.txt", pairs.as_bytes());
    let second = Servent::start(&file, &[]);
    let first = Servent::start(&file, &[second.addr().to_string()]);
    let client = Peer::new();
    for start in (0..4 * BURST).step_by(BURST as usize) {
        let numbers = start..start + BURST;
        numbers.clone().for_each(|number| client.send(first.addr(), &clireq(&key(number))));
        let answer = |number: u32| {
            let (field, nul) = (field(number), ["", "\0"][number as usize / 4 % 2]);
            let held = field.trim_end_matches('\0');
            response(held.as_bytes(), format!("value of {held}{nul}").as_bytes())
        };
        let expected: BTreeSet<_> =
            numbers.flat_map(|n| [(first.addr(), answer(n)), (second.addr(), answer(n))]).collect();
        let found: BTreeSet<_> = (0..2 * BURST).map(|_| client.recv()).map(|(bytes, from)| (from, bytes)).collect();
        assert!(found == expected);
    }
    first.stop().expect(&[("clireq", 240), ("answered", 240), ("sent", 480)]);
    second.stop().expect(&[("first_sighting", 240), ("answered", 240), ("duplicate", 0)]);
}
