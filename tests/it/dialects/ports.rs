//! Programs that send from other ports than they listen on, and clients that ask again from another one: P-12, P-14,
//! P-22 and P-42.

use super::dialect::{FRESH_PORTS, PLAIN};
use super::double::Bound;
use super::overlay::Kind::{Other, Ours};
use super::overlay::{KEY, Overlay, chain, ring};
use crate::support::wire::{key_field_of, response, seq_of};
use crate::support::{Peer, Rig};
use std::collections::BTreeSet;

#[test]
fn p14_a_query_from_a_fresh_port_came_from_no_neighbour_so_it_goes_back_as_well() {
    let overlay = Overlay::new(&[Ours, Other(&FRESH_PORTS), Ours], &chain(3));
    overlay.expect_answers(1, &FRESH_PORTS, &[0, 1, 2]);
    let ends = overlay.stop();
    for servent in [0, 2] {
        ends.ours[&servent].expect(&[("first_sighting", 1), ("forwarded", 1), ("sent", 2)]);
        assert_eq!(ends.received(1, servent).len(), 1, "back from {servent}");
    }
    ends.expect_anomalies(&[]);
    // To the double these are its own query: the flood ends there (P-16).
    assert_eq!(ends.others[&1].duplicates, 2);
    assert_eq!(ends.others[&1].sent.len(), 3);
}

#[test]
fn p22_neighbours_only_refuses_the_querys_of_a_neighbour_that_sends_from_fresh_ports() {
    let (bound, control) = (Bound::new(), Peer::new());
    let known = bound.addr().to_string();
    let rig = Rig::new(1, &[&known, "--neighbours-only"]);
    let pairs = vec![(KEY.to_vec(), b"8080/tcp".to_vec())];
    let double = bound.serve(&FRESH_PORTS, pairs, vec![rig.addr()], control.addr());
    rig.client.send(double.addr(), &FRESH_PORTS.clireq(KEY));
    control.send(double.addr(), b"done?");
    control.expect(double.addr(), b"done?");
    assert_eq!(rig.client.recv().0, response(KEY, b"8080/tcp"));
    rig.settle();
    // The other way it works: that QUERY came from the neighbour's port, and the answer is the client's concern.
    rig.send(&PLAIN.clireq(KEY));
    let answers = BTreeSet::from([(); 2].map(|()| rig.client.recv().0));
    assert_eq!(answers, BTreeSet::from([response(KEY, b"80/tcp"), response(KEY, b"8080/tcp")]));
    assert_eq!(key_field_of(&rig.recv_at(0)), KEY);
    rig.stop().expect(&[("stranger_refused", 1), ("clireq", 1), ("first_sighting", 0), ("answered", 1)]);
}

#[test]
fn p12_a_client_that_asks_again_from_another_port_is_answered_at_both_each_time_by_all() {
    let overlay = Overlay::new(&[Ours, Other(&PLAIN), Ours, Other(&FRESH_PORTS)], &ring(4));
    // A new socket for each question is what `expect_answers` has, and it looks for what else comes.
    for _ in 0..3 {
        overlay.expect_answers(0, &PLAIN, &[0, 1, 2, 3]);
    }
    // Now without waiting in between, and the first one still listens.
    let clients = [Peer::new(), Peer::new(), Peer::new()];
    clients.iter().for_each(|client| client.send(overlay.addr(0), &PLAIN.clireq(KEY)));
    for client in &clients {
        overlay.expect_at(client, (0..4).flat_map(|node| overlay.answer_of(node, false)).collect());
    }
    let ends = overlay.stop();
    ends.ours[&0].expect(&[("clireq", 6), ("answered", 6)]);
    ends.ours[&2].expect(&[("first_sighting", 6), ("answered", 6)]);
    // Each is a query of its own: by its number, and by the port in it.
    let made = ends.received(1, 0);
    let of_their_own: BTreeSet<_> = made.iter().map(|query| (query[8..10].to_vec(), seq_of(query))).collect();
    assert_eq!(of_their_own.len(), 6);
}
