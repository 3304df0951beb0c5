//! How text ends, and what bytes it may hold: P-1 to P-4, and P-15 for what is forwarded.

use crate::support::Rig;
use crate::support::wire::{clireq, key_field_of, query, response, with_ttl};

/// Key fields as other programs send them: with what the RESPONSE ends, and what a QUERY made from a CLIREQ carries.
const FIELDS: [(&[u8], &[u8], &[u8]); 6] = [
    (b"http", b"", b"http"),
    (b"http\0", b"\0", b"http\0"),
    (b"http\0\0\0\0\0\0\0", b"\0", b"http\0\0\0\0\0\0\0"),
    (b"http\0junk", b"\0", b"http\0"),
    (b"http\0\0\0x", b"\0", b"http\0"),
    (b"http\0\0x\0\0", b"\0", b"http\0"),
];

#[test]
fn p1_p21_the_key_is_the_rest_of_the_datagram_and_the_answer_comes_from_the_servents_port() {
    let rig = Rig::new(1, &["--first-seq", "7"]);
    rig.send(b"\0\x01http");
    // `expect` checks the source as well.
    rig.client.expect(rig.addr(), b"\0\x03http\t80/tcp");
    let client = rig.client.addr();
    let [port_high, port_low] = client.port().to_be_bytes();
    let expected = [0, 2, 0, 3, 127, 0, 0, 1, port_high, port_low, 0, 0, 0, 7, b'h', b't', b't', b'p'];
    rig.expect_at(0, &expected);
    rig.stop().expect(&[("received", 1), ("clireq", 1), ("answered", 1), ("query", 0), ("sent", 2)]);
}

#[test]
fn p2_p3_a_clireq_is_answered_in_its_dialect_and_its_padding_is_kept_but_garbage_is_cut_behind_the_nul() {
    let rig = Rig::new(1, &[]);
    for (field, nul, carried) in FIELDS {
        rig.send(&clireq(field));
        rig.expect_answer(b"http", &[b"80/tcp", nul].concat());
        assert_eq!(key_field_of(&rig.recv_at(0)), carried, "QUERY made from {}", field.escape_ascii());
    }
    rig.stop();
}

#[test]
fn p2_p3_p15_a_query_is_answered_in_its_dialect_and_forwarded_as_it_came() {
    let rig = Rig::new(2, &[]);
    for (seq, (field, nul, _)) in (0..).zip(FIELDS) {
        let came = query(3, rig.client.addr(), seq, field);
        rig.neighbours[0].send(rig.addr(), &came);
        rig.expect_answer(b"http", &[b"80/tcp", nul].concat());
        rig.expect_at(1, &with_ttl(&came, 2));
    }
    rig.stop().expect(&[("first_sighting", 6), ("forwarded", 6)]);
}

#[test]
fn p2_the_key_of_duplicate_suppression_ends_at_the_first_nul() {
    let rig = Rig::new(2, &[]);
    let client = rig.client.addr();
    let first = query(3, client, 5, b"http\0");
    rig.neighbours[0].send(rig.addr(), &first);
    rig.expect_answer(b"http", b"80/tcp\0");
    rig.expect_at(1, &with_ttl(&first, 2));
    for field in [&b"http"[..], b"http\0junk", b"http\0\0\0"] {
        rig.neighbours[0].send(rig.addr(), &query(3, client, 5, field));
        rig.settle();
    }
    rig.stop().expect(&[("duplicate", 3), ("first_sighting", 1)]);
}

#[test]
fn p4_keys_and_values_are_bytes() {
    let rig = Rig::new(1, &[]);
    rig.send(&clireq(b"caf\xe9"));
    rig.client.expect(rig.addr(), b"\0\x03caf\xe9\t\xe7\xe3o");
    assert_eq!(key_field_of(&rig.recv_at(0)), b"caf\xe9");
    // The same word in UTF-8 is another key, and so is one in other case.
    for key in ["café".as_bytes(), b"CAF\xe9", b"caf"] {
        rig.send(&clireq(key));
        assert_eq!(key_field_of(&rig.recv_at(0)), key);
    }
    rig.stop().expect(&[("not_found", 3), ("answered", 1)]);
}

#[test]
fn p1_a_key_may_hold_any_byte_but_nul() {
    let rig = Rig::with_pairs(b"\x01\xff#'\"\t\tv\t \xfe\r\n", 0, &[]);
    rig.send(&clireq(b"\x01\xff#'\""));
    rig.client.expect(rig.addr(), &response(b"\x01\xff#'\"", b"v\t \xfe"));
    // A tab ends a key in a file and in a RESPONSE; in a CLIREQ it is a byte like any other, of a key that nobody
    // holds.
    rig.send(&clireq(b"\x01\xff#'\"\tv"));
    rig.stop().expect(&[("not_found", 1)]);
}
