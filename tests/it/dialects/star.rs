//! A star: ours in the middle, and a different program at each of the ten spokes that a servent may know.

use super::dialect::{
    DATAGRAM_43, DATAGRAM_1024, Dialect, FIELD_20, FORWARDS_BACK, FRESH_PORTS, LEFTOVERS_206, LITTLE_ENDIAN,
    NUL_TERMINATED, PLAIN, SENDS_TTL_0, STRAYS,
};
use super::overlay::Kind::{Other, Ours};
use super::overlay::{Overlay, star};

const SPOKES: [&Dialect; 10] = [
    &NUL_TERMINATED,
    &FIELD_20,
    &DATAGRAM_43,
    &LEFTOVERS_206,
    &DATAGRAM_1024,
    &FRESH_PORTS,
    &SENDS_TTL_0,
    &FORWARDS_BACK,
    &LITTLE_ENDIAN,
    &STRAYS,
];

#[test]
fn p3_p11_p14_ten_programs_round_ours_are_all_asked_and_all_answered_in_their_own_way() {
    let others = SPOKES.iter().map(|dialect| Other(dialect));
    let overlay = Overlay::new(&[vec![Ours], others.collect()].concat(), &star(11));
    let little_endian = 1 + SPOKES.iter().position(|dialect| dialect.name == LITTLE_ENDIAN.name).unwrap();
    let understood: Vec<usize> = (0..11).filter(|node| *node != little_endian).collect();
    let asking = overlay.ask_with_ours(0);
    for (spoke, dialect) in (1..).zip(SPOKES) {
        let (in_the_middle, at_the_spoke) =
            if spoke == little_endian { (&[][..], &[spoke][..]) } else { (&understood[..], &understood[..]) };
        overlay.expect_answers(0, dialect, in_the_middle);
        overlay.expect_answers(spoke, dialect, at_the_spoke);
    }
    overlay.expect_answers(0, &PLAIN, &understood);
    overlay.expect_shown(asking, &understood);
    let ends = overlay.stop();
    ends.expect_anomalies(&[
        // The little-endian client in the middle, and the QUERY of the one at its spoke.
        (0, "malformed_unknown_type", 2),
        // Eleven questions in the middle and eight at other spokes come back from the one that forwards back.
        (0, "duplicate", 19),
        (0, "malformed_too_short", 2),
        (0, "malformed_short_query", 1),
    ]);
    // Of each question that ours flooded: from the middle to all, from a spoke to all but that one, which had it.
    ends.ours[&0].expect(&[("clireq", 11), ("first_sighting", 9), ("forwarded", 9), ("answered", 20)]);
    assert_eq!(ends.others[&little_endian].not_understood, 20);
}
