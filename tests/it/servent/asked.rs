//! P-9: on a host with several addresses, from which one an answer leaves. A [`Rig`]'s servent listens on all of them.

use crate::support::wire::{clireq, query, response, with_ttl};
use crate::support::{DEADLINE, Rig};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

/// Where the servent is reached as well.
fn second_address(rig: &Rig) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 2), rig.addr().port())
}

#[test]
fn p9_a_clireq_is_answered_from_the_address_that_was_asked() {
    for options in [&[][..], &["--no-offload"]] {
        let rig = Rig::new(1, options);
        let asked = second_address(&rig);
        rig.client.send(asked, &clireq(b"http"));
        rig.client.expect(asked, &response(b"http", b"80/tcp"));
        // The QUERY leaves as routing chooses: by that address the neighbours know the servent.
        rig.recv_at(0);
        // A connected socket takes from nobody but whom it asked.
        let connected = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        connected.connect(asked).unwrap();
        connected.set_read_timeout(Some(DEADLINE)).unwrap();
        connected.send(&clireq(b"smtp")).unwrap();
        let mut answer = [0; 64];
        let len = connected.recv(&mut answer).unwrap();
        assert_eq!(answer[..len], response(b"smtp", b"25/tcp"));
        rig.recv_at(0);
        rig.stop().expect(&[("answered", 2), ("sent", 4)]);
    }
}

/// A QUERY that came over loopback may name a client on the LAN, whom 127.0.0.1 can't answer.
#[test]
fn p9_a_query_is_answered_and_passed_on_from_the_address_that_routing_chooses() {
    let rig = Rig::new(2, &[]);
    let came = query(3, rig.client.addr(), 1, b"http");
    rig.neighbours[0].send(second_address(&rig), &came);
    rig.expect_answer(b"http", b"80/tcp");
    rig.expect_at(1, &with_ttl(&came, 2));
    rig.stop().expect(&[("answered", 1), ("forwarded", 1)]);
}

/// Split horizon compares where a QUERY came from and nothing else (P-14): a neighbour's second address is a stranger's.
#[test]
fn p9_p14_a_neighbours_second_address_is_a_strangers() {
    let rig = Rig::new(1, &[]);
    let neighbour = rig.neighbours[0].addr();
    let second = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), neighbour.port())).unwrap();
    let came = query(3, rig.client.addr(), 1, b"absent");
    second.send_to(&came, rig.addr()).unwrap();
    rig.expect_at(0, &with_ttl(&came, 2));
    rig.stop().expect(&[("forwarded", 1)]);
}
