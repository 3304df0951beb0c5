//! Text that ends in a NUL, or in padding, between programs that pad differently: P-2, P-3 and P-15.

use super::dialect::{FIELD_20, FIELD_43, LEFTOVERS_20, LEFTOVERS_1024, NUL_TERMINATED, PLAIN, padder_pairs};
use super::for_each_at_once;
use super::overlay::Kind::{Other, Ours};
use super::overlay::{KEY, Overlay, chain};
use crate::support::wire::{clireq, key_field_of, response, with_ttl};
use crate::support::{Peer, Rig};

#[test]
fn p15_between_two_programs_a_query_goes_through_ours_byte_for_byte() {
    for_each_at_once(&padder_pairs(), |one, other| {
        let overlay = Overlay::new(&[Other(one), Ours, Other(other)], &chain(3));
        overlay.expect_answers(0, one, &[0, 1, 2]);
        overlay.expect_answers(2, other, &[0, 1, 2]);
        let ends = overlay.stop();
        ends.expect_anomalies(&[]);
        for (from, to) in [(0, 2), (2, 0)] {
            let sent = ends.sent(from, 1);
            assert_eq!(sent.len(), 1, "from {from}");
            assert_eq!(ends.received(to, 1), [&with_ttl(sent[0], 2)[..]], "from {from} to {to}");
        }
    });
}

/// Copies of one query that are padded differently, and that ours can't send on: the diamond ends at it.
///
/// ```text
///          ┌▶ other 1 ─┐
/// ours 0 ──┤           ├▶ ours 3
///          └▶ other 2 ─┘
/// ```
#[test]
fn p2_copies_that_are_padded_differently_are_one_query() {
    for_each_at_once(&padder_pairs(), |one, other| {
        let overlay = Overlay::new(&[Ours, Other(one), Other(other), Ours], &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        for client in [one, other] {
            overlay.expect_answers(0, client, &[0, 1, 2, 3]);
        }
        let ends = overlay.stop();
        ends.expect_anomalies(&[(3, "duplicate", 2)]);
        ends.ours[&3].expect(&[("query", 4), ("first_sighting", 2), ("answered", 2)]);
        assert_eq!([1, 2].map(|node| ends.others[&node].duplicates), [0, 0]);
        // The copies did differ.
        assert_ne!(ends.sent(1, 3), ends.sent(2, 3));
    });
}

#[test]
fn p3_each_servent_answers_as_it_was_asked_not_as_the_client_asked() {
    // Behind a program that pads, ours is asked with a NUL, though the client did not send one; and the other way.
    for (client, between, behind_it) in [(&PLAIN, &FIELD_20, true), (&FIELD_20, &PLAIN, false)] {
        let overlay = Overlay::new(&[Ours, Other(between), Ours], &chain(3));
        let asking = Peer::new();
        asking.send(overlay.addr(0), &client.clireq(KEY));
        let nuls = [client.ends_with_nul(KEY), false, behind_it];
        overlay.expect_at(&asking, (0..3).flat_map(|node| overlay.answer_of(node, nuls[node])).collect());
        overlay.stop().expect_anomalies(&[]);
    }
}

#[test]
fn p2_p3_every_size_is_answered_with_one_nul_and_text_that_fills_its_field_with_none() {
    // The keys are as long as fits, less one, and as fits.
    let sizes = [(&FIELD_20, 19), (&FIELD_20, 20), (&FIELD_43, 42), (&FIELD_43, 43), (&LEFTOVERS_20, 18)];
    let keys: Vec<Vec<u8>> = sizes.iter().map(|(_, len)| vec![b'k'; *len]).collect();
    let pairs: Vec<u8> = keys.iter().flat_map(|key| [key, &b"\tv\n"[..]].concat()).collect();
    let rig = Rig::with_pairs(&pairs, 1, &[]);
    for ((dialect, len), key) in sizes.iter().zip(&keys) {
        rig.send(&dialect.clireq(key));
        let nul = dialect.ends_with_nul(key);
        assert_eq!(nul, !matches!(len, 20 | 43), "{}", dialect.name);
        rig.client.expect(rig.addr(), &response(key, if nul { b"v\0" } else { b"v" }));
        // Padding goes on as it came; leftovers are cut behind the NUL (P-3).
        let field = &dialect.clireq(key)[2..];
        let carried = if dialect.leftovers { &field[..=key.len()] } else { field };
        assert_eq!(key_field_of(&rig.recv_at(0)), carried, "{}", dialect.name);
    }
    rig.stop().expect(&[("answered", 5), ("not_found", 0)]);
}

#[test]
fn p2_leftovers_behind_the_key_are_never_looked_up_or_sent_back() {
    // Ours holds what stands in the leftovers as well.
    let rig = Rig::with_pairs(b"http\t80/tcp\nsmtp\t25/tcp\n", 1, &[]);
    for dialect in [&LEFTOVERS_20, &LEFTOVERS_1024] {
        rig.send(&dialect.clireq(KEY));
        rig.client.expect(rig.addr(), b"\0\x03http\t80/tcp\0");
        assert_eq!(key_field_of(&rig.recv_at(0)), [KEY, b"\0"].concat());
    }
    // The same without anything before the first NUL is no question.
    rig.send(&clireq(&[b"\0", &LEFTOVERS_20.clireq(KEY)[2..]].concat()));
    rig.send(&NUL_TERMINATED.clireq(b""));
    rig.stop().expect(&[("answered", 2), ("malformed_empty_key", 2)]);
}
