//! A ring of four in which one of the others has habits: what it loses comes round the other way.
//!
//! ```text
//! ours 0 ─ other 1
//!   │         │
//! plain 3 ─ ours 2
//! ```

use super::dialect::{
    ANSWERS_SENDER, CUT_QUERYS, Dialect, FORWARDS_BACK, FRESH_PORTS, LITTLE_ENDIAN, LITTLE_ENDIAN_NUMBERS, NO_TAB,
    NO_TAB_TO_SENDER, PLAIN, SENDS_TTL_0, STRAYS, padder_pairs,
};
use super::for_each_at_once;
use super::overlay::Kind::{Other, Ours};
use super::overlay::{Overlay, ring};

/// What a habit does to the ring.
struct Row {
    /// Whose values our client shows that asks at 0.
    shown: &'static [usize],
    /// Who sends something to the dialect's own client that asks at 1, and to a plain one that asks at 3.
    heard_at_1: &'static [usize],
    heard_at_3: &'static [usize],
}

const ALL: &[usize] = &[0, 1, 2, 3];
const BUT_IT: &[usize] = &[0, 2, 3];
const SERVED: Row = Row { shown: ALL, heard_at_1: ALL, heard_at_3: ALL };

const ROWS: [(&Dialect, Row); 10] = [
    (&FRESH_PORTS, SERVED),
    (&SENDS_TTL_0, SERVED),
    (&FORWARDS_BACK, SERVED),
    (&LITTLE_ENDIAN, Row { shown: BUT_IT, heard_at_1: &[1], heard_at_3: BUT_IT }),
    (&LITTLE_ENDIAN_NUMBERS, SERVED),
    (&CUT_QUERYS, Row { heard_at_1: &[1], ..SERVED }),
    (&STRAYS, SERVED),
    (&NO_TAB, Row { shown: BUT_IT, ..SERVED }),
    (&ANSWERS_SENDER, Row { shown: BUT_IT, heard_at_3: BUT_IT, ..SERVED }),
    (&NO_TAB_TO_SENDER, Row { shown: BUT_IT, heard_at_3: BUT_IT, ..SERVED }),
];

#[test]
fn p14_round_a_ring_each_answers_once_and_nobody_is_lost_behind_another_program() {
    for_each_at_once(&ROWS, |dialect, row| {
        let overlay = Overlay::new(&[Ours, Other(dialect), Ours, Other(&PLAIN)], &ring(4));
        let asking = overlay.ask_with_ours(0);
        overlay.expect_answers(1, dialect, row.heard_at_1);
        overlay.expect_answers(3, &PLAIN, row.heard_at_3);
        overlay.expect_shown(asking, row.shown);
        let ends = overlay.stop();
        // However many copies came, of each question ours made or saw one query.
        let from_1 = u64::from(row.heard_at_1.contains(&0));
        ends.ours[&0].expect(&[("clireq", 1), ("first_sighting", from_1 + 1), ("answered", from_1 + 2)]);
        ends.ours[&2].expect(&[("clireq", 0), ("first_sighting", from_1 + 2), ("answered", from_1 + 2)]);
    });
}

#[test]
fn p2_p14_round_a_ring_of_two_paddings_each_answers_once() {
    for_each_at_once(&padder_pairs(), |one, other| {
        let overlay = Overlay::new(&[Ours, Other(one), Ours, Other(other)], &ring(4));
        for (entry, client) in [(0, one), (1, one), (2, other), (3, other)] {
            overlay.expect_answers(entry, client, ALL);
        }
        let ends = overlay.stop();
        for servent in [0, 2] {
            ends.ours[&servent].expect(&[("clireq", 1), ("first_sighting", 3), ("answered", 4)]);
        }
    });
}
