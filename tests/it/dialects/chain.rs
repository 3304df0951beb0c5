//! A chain of five, ours and others by turns: who answers, and what ours count of what they can't use.
//!
//! ```text
//! ours 0 ─ other 1 ─ ours 2 ─ other 3 ─ ours 4
//! ```

use super::dialect::{
    ANSWERS_SENDER, CUT_QUERYS, DATAGRAM_20, DATAGRAM_43, DATAGRAM_206, DATAGRAM_1024, Dialect, FIELD_20, FIELD_43,
    FIELD_206, FIELD_1024, FORWARDS_BACK, FRESH_PORTS, LEFTOVERS_20, LEFTOVERS_43, LEFTOVERS_206, LEFTOVERS_1024,
    LITTLE_ENDIAN, LITTLE_ENDIAN_NUMBERS, NO_TAB, NO_TAB_TO_SENDER, NUL_TERMINATED, PLAIN, SENDS_TTL_0, STRAYS,
};
use super::for_each_at_once;
use super::overlay::Kind::{Other, Ours};
use super::overlay::{Overlay, chain};

/// Two other programs in one chain, and their clients.
#[test]
fn p2_p3_p18_whatever_the_padding_of_the_others_the_chain_answers_as_one_of_ours_does() {
    const ROWS: [(&Dialect, &Dialect); 8] = [
        (&PLAIN, &PLAIN),
        (&NUL_TERMINATED, &FIELD_20),
        (&FIELD_43, &DATAGRAM_20),
        (&FIELD_206, &DATAGRAM_43),
        (&FIELD_1024, &DATAGRAM_206),
        (&DATAGRAM_1024, &LEFTOVERS_20),
        (&LEFTOVERS_43, &LEFTOVERS_206),
        (&LEFTOVERS_1024, &NUL_TERMINATED),
    ];
    for_each_at_once(&ROWS, |one, other| {
        let overlay = Overlay::new(&[Ours, Other(one), Ours, Other(other), Ours], &chain(5));
        let asking = overlay.ask_with_ours(0);
        for client in [one, other] {
            overlay.expect_answers(0, client, &[0, 1, 2, 3]);
            overlay.expect_answers(4, client, &[1, 2, 3, 4]);
            overlay.expect_answers(2, client, &[0, 1, 2, 3, 4]);
        }
        overlay.expect_answers(1, one, &[0, 1, 2, 3, 4]);
        overlay.expect_answers(3, other, &[0, 1, 2, 3, 4]);
        overlay.expect_shown(asking, &[0, 1, 2, 3]);
        overlay.stop().expect_anomalies(&[]);
    });
}

/// What a dialect does to the chain.
struct Row {
    /// Whose values our client shows that asks at 0.
    shown: &'static [usize],
    /// Who sends something to the dialect's own client that asks at 0, and at 1.
    heard_at_0: &'static [usize],
    heard_at_1: &'static [usize],
    /// What ours count of these three questions.
    counted: &'static [(usize, &'static str, u64)],
}

/// A dialect that does no harm at all.
const SERVED: Row = Row { shown: &[0, 1, 2, 3], heard_at_0: &[0, 1, 2, 3], heard_at_1: &[0, 1, 2, 3, 4], counted: &[] };

const ROWS: [(&Dialect, Row); 10] = [
    // Ours sends such a query back to the double's own port, which is a duplicate there.
    (&FRESH_PORTS, SERVED),
    // The first two questions reach 3 with a time-to-live of 1.
    (&SENDS_TTL_0, Row { counted: &[(4, "ttl_zero", 2)], ..SERVED }),
    (&FORWARDS_BACK, Row { counted: &[(0, "duplicate", 2), (2, "duplicate", 1)], ..SERVED }),
    // Neither side understands the other. That ours ignores it, no more, is P-5.
    (
        &LITTLE_ENDIAN,
        Row {
            shown: &[0],
            heard_at_0: &[],
            heard_at_1: &[1],
            counted: &[(0, "malformed_unknown_type", 2), (2, "malformed_unknown_type", 1)],
        },
    ),
    // What it sends as 2 reads as 512 here: taken as 3, by P-17, so the reach grows by what was gone already.
    (
        &LITTLE_ENDIAN_NUMBERS,
        Row {
            shown: &[0, 1, 2, 3, 4],
            heard_at_0: &[0, 1, 2, 3, 4],
            counted: &[(0, "ttl_clamped", 1), (2, "ttl_clamped", 3), (4, "ttl_clamped", 3)],
            ..SERVED
        },
    ),
    // It understands what ours sends, and answers; what it sends on is no use to anybody.
    (
        &CUT_QUERYS,
        Row {
            shown: &[0, 1],
            heard_at_0: &[0, 1],
            heard_at_1: &[1],
            counted: &[(0, "malformed_short_query", 1), (2, "malformed_short_query", 3)],
        },
    ),
    // Three before each QUERY.
    (
        &STRAYS,
        Row {
            counted: &[
                (0, "malformed_too_short", 2),
                (0, "malformed_short_query", 1),
                (2, "malformed_too_short", 6),
                (2, "malformed_short_query", 3),
                (4, "malformed_too_short", 2),
                (4, "malformed_short_query", 1),
            ],
            ..SERVED
        },
    ),
    // Its own client may know what to do with that; ours shows nothing of it.
    (&NO_TAB, Row { shown: &[0, 2], ..SERVED }),
    (
        &ANSWERS_SENDER,
        Row {
            shown: &[0, 2],
            heard_at_0: &[0, 2],
            heard_at_1: &[0, 1, 2, 4],
            counted: &[(0, "unexpected_response", 2), (2, "unexpected_response", 3)],
        },
    ),
    (
        &NO_TAB_TO_SENDER,
        Row {
            shown: &[0, 2],
            heard_at_0: &[0, 2],
            heard_at_1: &[0, 1, 2, 4],
            counted: &[(0, "malformed_no_tab", 2), (2, "malformed_no_tab", 3)],
        },
    ),
];

#[test]
fn p5_p6_p17_what_other_programs_do_wrong_is_counted_and_all_who_can_answer_do() {
    for_each_at_once(&ROWS, |dialect, row| {
        let other = Other(dialect);
        let overlay = Overlay::new(&[Ours, other, Ours, other, Ours], &chain(5));
        let asking = overlay.ask_with_ours(0);
        overlay.expect_answers(0, dialect, row.heard_at_0);
        overlay.expect_answers(1, dialect, row.heard_at_1);
        overlay.expect_shown(asking, row.shown);
        overlay.stop().expect_anomalies(row.counted);
    });
}
