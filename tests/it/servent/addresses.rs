//! Who is served and who is answered: P-22 to P-25.

use crate::support::wire::{clireq, query, with_ttl};
use crate::support::{Peer, Rig, ports};
use std::net::{Ipv4Addr, SocketAddrV4};

#[test]
fn p22_a_strangers_query_is_served() {
    let rig = Rig::new(2, &[]);
    let (stranger, client) = (Peer::new(), Peer::new());
    let came = query(3, client.addr(), 1, b"http");
    stranger.send(rig.addr(), &came);
    client.expect(rig.addr(), b"\0\x03http\t80/tcp");
    rig.expect_at(0, &with_ttl(&came, 2));
    rig.expect_at(1, &with_ttl(&came, 2));
    rig.stop().expect(&[("stranger_refused", 0), ("first_sighting", 1)]);
    stranger.expect_nothing_left();
}

#[test]
fn p22_neighbours_only_refuses_a_strangers_query_and_nothing_else() {
    let rig = Rig::new(2, &["--neighbours-only"]);
    let stranger = Peer::new();
    let came = query(3, rig.client.addr(), 1, b"http");
    stranger.send(rig.addr(), &came);
    rig.settle();
    // A refused one left no trace: from a neighbour the same is new. A CLIREQ is anybody's.
    rig.neighbours[0].send(rig.addr(), &came);
    rig.expect_answer(b"http", b"80/tcp");
    rig.expect_at(1, &with_ttl(&came, 2));
    stranger.send(rig.addr(), &clireq(b"http"));
    stranger.expect(rig.addr(), b"\0\x03http\t80/tcp");
    for index in 0..2 {
        assert_eq!(rig.recv_at(index)[4..10], query(3, stranger.addr(), 0, b"")[4..10], "asked for the stranger");
    }
    rig.stop().expect(&[("stranger_refused", 1), ("first_sighting", 1), ("query", 2), ("clireq", 1)]);
}

#[test]
fn p23_a_client_that_nobody_can_answer_gets_nothing_and_its_query_goes_on() {
    let rig = Rig::new(2, &[]);
    // What was sent to 0.0.0.0 all the same would arrive at our own socket, with this port.
    let port = rig.client.addr().port();
    let unanswerable = [
        (Ipv4Addr::UNSPECIFIED, port),
        (Ipv4Addr::new(0, 1, 2, 3), port),
        (Ipv4Addr::new(224, 0, 0, 1), port),
        (Ipv4Addr::new(239, 255, 255, 255), port),
        (Ipv4Addr::new(240, 0, 0, 1), port),
        (Ipv4Addr::new(255, 255, 255, 254), port),
        (Ipv4Addr::BROADCAST, port),
        (Ipv4Addr::LOCALHOST, 0),
    ];
    for (ip, port) in unanswerable {
        let came = query(3, SocketAddrV4::new(ip, port), 1, b"http");
        rig.neighbours[0].send(rig.addr(), &came);
        rig.expect_at(1, &with_ttl(&came, 2));
        rig.settle();
    }
    rig.stop().expect(&[("unanswerable_client", 8), ("forwarded", 8), ("answered", 0), ("sent", 8)]);
}

#[test]
fn p24_loopback_is_exempt_from_the_limit() {
    let rig = Rig::new(0, &["--response-limit", "1"]);
    for seq in 0..100 {
        rig.send(&query(1, rig.client.addr(), seq, b"http"));
        rig.expect_answer(b"http", b"80/tcp");
    }
    rig.stop().expect(&[("answered", 100), ("response_limited", 0)]);
}

#[test]
fn p25_a_dead_neighbour_or_client_does_not_disturb() {
    let dead = SocketAddrV4::new(Ipv4Addr::LOCALHOST, ports::free());
    let dead_neighbour = dead.to_string();
    let rig = Rig::new(1, &[&dead_neighbour]);
    for seq in 0..200 {
        rig.send(&clireq(b"http"));
        rig.expect_answer(b"http", b"80/tcp");
        rig.recv_at(0);
        // An answer to a closed port: its ICMP error must not reach the next receive.
        rig.send(&query(1, dead, seq, b"http"));
    }
    // `stop` also checks that nothing was counted as receive_failed.
    rig.stop().expect(&[("clireq", 200), ("answered", 400), ("first_sighting", 200)]);
}
