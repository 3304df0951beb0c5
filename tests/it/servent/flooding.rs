//! How a query spreads: P-11 to P-19, without the seen-table's bounds.

use crate::support::Rig;
use crate::support::wire::{clireq, query, seq_of, with_ttl};
use std::net::{Ipv4Addr, SocketAddrV4};

#[test]
fn p11_a_clireq_goes_to_every_neighbour_whether_the_key_is_held_or_not() {
    let rig = Rig::new(10, &["--first-seq", "100"]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.send(&clireq(b"held by nobody"));
    for index in 0..10 {
        rig.expect_at(index, &query(3, rig.client.addr(), 100, b"http"));
        rig.expect_at(index, &query(3, rig.client.addr(), 101, b"held by nobody"));
    }
    rig.stop().expect(&[("answered", 1), ("not_found", 1), ("sent", 1 + 20)]);
}

#[test]
fn p11_a_clireq_from_a_neighbour_goes_back_to_it_as_well() {
    let rig = Rig::new(2, &["--first-seq", "0"]);
    rig.neighbours[0].send(rig.addr(), &clireq(b"nobody's"));
    for index in 0..2 {
        rig.expect_at(index, &query(3, rig.neighbours[0].addr(), 0, b"nobody's"));
    }
    rig.stop();
}

#[test]
fn p12_a_retransmitted_clireq_is_answered_again_and_gets_a_new_number() {
    let rig = Rig::new(1, &[]);
    let mut seqs = Vec::new();
    for _ in 0..3 {
        rig.send(&clireq(b"http"));
        rig.expect_answer(b"http", b"80/tcp");
        seqs.push(seq_of(&rig.recv_at(0)));
    }
    assert_eq!(seqs, [seqs[0], seqs[0].wrapping_add(1), seqs[0].wrapping_add(2)]);
    rig.stop().expect(&[("clireq", 3), ("answered", 3), ("sent", 6)]);
}

#[test]
fn p13_the_counter_wraps() {
    let rig = Rig::new(1, &["--first-seq", "4294967295"]);
    for seq in [u32::MAX, 0, 1] {
        rig.send(&clireq(b"x"));
        rig.expect_at(0, &query(3, rig.client.addr(), seq, b"x"));
    }
    rig.stop();
}

#[test]
fn p13_the_counter_starts_at_random() {
    let first_of = |rig: Rig| {
        rig.send(&clireq(b"x"));
        let seq = seq_of(&rig.recv_at(0));
        rig.stop();
        seq
    };
    // Three equal ones by chance: once in 2^64 runs.
    let firsts = [(); 3].map(|()| first_of(Rig::new(1, &[])));
    assert!(firsts[0] != firsts[1] || firsts[1] != firsts[2], "{firsts:?}");
}

#[test]
fn p14_p15_a_query_is_answered_to_its_client_and_forwarded_to_all_but_where_it_came_from() {
    let rig = Rig::new(3, &[]);
    for (seq, ttl) in [(70_000, 3), (70_001, 2)] {
        let came = query(ttl, rig.client.addr(), seq, b"http");
        rig.neighbours[1].send(rig.addr(), &came);
        rig.expect_answer(b"http", b"80/tcp");
        rig.expect_at(0, &query(ttl - 1, rig.client.addr(), seq, b"http"));
        rig.expect_at(2, &query(ttl - 1, rig.client.addr(), seq, b"http"));
        rig.settle();
    }
    rig.stop().expect(&[("query", 2), ("first_sighting", 2), ("forwarded", 2), ("ttl_expired", 0), ("duplicate", 0)]);
}

#[test]
fn p14_a_query_with_ttl_1_is_answered_and_goes_no_further() {
    let rig = Rig::new(2, &[]);
    rig.neighbours[0].send(rig.addr(), &query(1, rig.client.addr(), 5, b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.stop().expect(&[("ttl_expired", 1), ("forwarded", 0), ("answered", 1)]);
}

#[test]
fn p14_a_duplicate_is_dropped_whoever_sends_it_and_whatever_its_ttl() {
    let rig = Rig::new(3, &[]);
    let came = query(2, rig.client.addr(), 5, b"http");
    rig.neighbours[0].send(rig.addr(), &came);
    rig.expect_answer(b"http", b"80/tcp");
    rig.expect_at(1, &with_ttl(&came, 1));
    rig.expect_at(2, &with_ttl(&came, 1));
    for sender in [&rig.neighbours[0], &rig.neighbours[1], &rig.client] {
        for ttl in [1, 2, 3, 4, 255] {
            sender.send(rig.addr(), &with_ttl(&came, ttl));
        }
        rig.settle();
    }
    rig.stop().expect(&[("duplicate", 15), ("first_sighting", 1), ("answered", 1)]);
}

#[test]
fn p14_a_query_is_known_by_address_port_number_and_key_together() {
    let rig = Rig::new(2, &[]);
    // Documentation addresses: the key is held by nobody, so nothing is ever sent there.
    let client = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 5000);
    let mut queries = vec![query(3, client, 5, b"nobody's")];
    queries.push(query(3, SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 2), 5000), 5, b"nobody's"));
    queries.push(query(3, SocketAddrV4::new(*client.ip(), 5001), 5, b"nobody's"));
    queries.push(query(3, client, 6, b"nobody's"));
    queries.push(query(3, client, 5, b"nobody's "));
    queries.push(query(3, client, 5 << 24, b"nobody's"));
    for query in &queries {
        rig.neighbours[0].send(rig.addr(), query);
        rig.expect_at(1, &with_ttl(query, 2));
    }
    for query in &queries {
        rig.neighbours[0].send(rig.addr(), query);
    }
    rig.stop().expect(&[("first_sighting", 6), ("duplicate", 6), ("not_found", 6)]);
}

#[test]
fn p14_the_same_address_with_another_port_is_not_where_it_came_from() {
    let rig = Rig::new(2, &[]);
    // The client's socket has a neighbour's address and another port.
    let came = query(3, rig.client.addr(), 5, b"nobody's");
    rig.send(&came);
    rig.expect_at(0, &with_ttl(&came, 2));
    rig.expect_at(1, &with_ttl(&came, 2));
    rig.stop();
}

#[test]
fn p15_every_byte_but_the_ttl_goes_out_as_it_came() {
    let rig = Rig::new(2, &[]);
    let client = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, 255), 65_535);
    let all_bytes: Vec<u8> = (1..=255).chain(0..=255).collect();
    for (seq, key) in [(0xffff_ffff, &b"\xff"[..]), (0x0102_0304, b"a\tb\n "), (0x8000_0000, &all_bytes)] {
        rig.neighbours[0].send(rig.addr(), &query(3, client, seq, key));
        rig.expect_at(1, &query(2, client, seq, key));
    }
    rig.stop();
}

#[test]
fn p16_the_origins_own_query_coming_back_is_a_duplicate() {
    let rig = Rig::new(2, &[]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    let made = rig.recv_at(0);
    rig.expect_at(1, &made);
    for ttl in [3, 2, 1] {
        rig.neighbours[0].send(rig.addr(), &with_ttl(&made, ttl));
        rig.settle();
    }
    rig.stop().expect(&[("duplicate", 3), ("first_sighting", 0), ("forwarded", 0)]);
}

#[test]
fn p17_a_ttl_of_0_is_dropped_and_one_above_3_counts_as_3() {
    let rig = Rig::new(2, &[]);
    let client = rig.client.addr();
    rig.neighbours[0].send(rig.addr(), &query(0, client, 1, b"http"));
    rig.settle();
    // It left no trace: the legal one is no duplicate.
    for (seq, ttl) in [(1, 3), (2, 4), (3, 256), (4, 65_535)] {
        rig.neighbours[0].send(rig.addr(), &query(ttl, client, seq, b"http"));
        rig.expect_answer(b"http", b"80/tcp");
        rig.expect_at(1, &query(2, client, seq, b"http"));
    }
    rig.stop().expect(&[("ttl_zero", 1), ("ttl_clamped", 3), ("first_sighting", 4), ("duplicate", 0)]);
}

#[test]
fn p19_a_later_copy_with_more_ttl_is_dropped_and_counted() {
    let rig = Rig::new(2, &[]);
    let came = query(1, rig.client.addr(), 1, b"http");
    rig.neighbours[0].send(rig.addr(), &came);
    rig.expect_answer(b"http", b"80/tcp");
    for ttl in [3, 1, 2] {
        rig.neighbours[1].send(rig.addr(), &with_ttl(&came, ttl));
    }
    rig.stop().expect(&[("duplicate", 3), ("duplicate_higher_ttl", 2), ("forwarded", 0)]);
}
