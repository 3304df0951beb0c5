//! What is dropped without a sound: P-5 and P-6.

use crate::support::Rig;
use crate::support::wire::{query, response};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};

const CLIENT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);

/// Datagrams that nobody answers or forwards, and the counter of the cause.
fn silent_ones() -> Vec<(Vec<u8>, &'static str)> {
    let valid = query(3, CLIENT, 1, b"http");
    let mut rows: Vec<(Vec<u8>, _)> = vec![
        (b"".to_vec(), "malformed_too_short"),
        (b"\0".to_vec(), "malformed_too_short"),
        (b"\x01".to_vec(), "malformed_too_short"),
        (b"\0\x01".to_vec(), "malformed_empty_key"),
        (b"\0\x01\0".to_vec(), "malformed_empty_key"),
        (b"\0\x01\0http".to_vec(), "malformed_empty_key"),
        (valid[..14].to_vec(), "malformed_empty_key"),
        (query(3, CLIENT, 1, b"\0"), "malformed_empty_key"),
        (query(3, CLIENT, 1, b"\0http"), "malformed_empty_key"),
        (b"\0\0http".to_vec(), "malformed_unknown_type"),
        (b"\0\x04http".to_vec(), "malformed_unknown_type"),
        // CLIREQ and QUERY in the wrong byte order, and text instead of a type.
        (b"\x01\0http".to_vec(), "malformed_unknown_type"),
        ([&[2, 0], &valid[2..]].concat(), "malformed_unknown_type"),
        (b"http".to_vec(), "malformed_unknown_type"),
        (b"\xff\xff".to_vec(), "malformed_unknown_type"),
        (vec![0xff; 65_507], "malformed_unknown_type"),
        (b"\0\x03".to_vec(), "malformed_empty_key"),
        (b"\0\x03\t80/tcp".to_vec(), "malformed_empty_key"),
        (b"\0\x03\0http\t80/tcp".to_vec(), "malformed_empty_key"),
        (b"\0\x03http".to_vec(), "malformed_no_tab"),
        (b"\0\x03http\0\t80/tcp".to_vec(), "malformed_no_tab"),
        (response(b"http", b"80/tcp"), "unexpected_response"),
        (response(b"http", b""), "unexpected_response"),
        (response(b"http", b"80/tcp\0"), "unexpected_response"),
    ];
    // A QUERY cut short anywhere in its header.
    rows.extend((2..14).map(|len| (valid[..len].to_vec(), "malformed_short_query")));
    rows
}

#[test]
fn p5_p6_each_kind_of_malformed_datagram_and_any_response_is_silently_counted() {
    let rig = Rig::new(2, &[]);
    let rows = silent_ones();
    for (datagram, _) in &rows {
        rig.send(datagram);
        rig.neighbours[0].send(rig.addr(), datagram);
        rig.settle();
    }
    let counters = rig.stop();
    for cause in rows.iter().map(|(_, cause)| *cause) {
        let sent = rows.iter().filter(|row| row.1 == cause).count() as u64;
        counters.expect(&[(cause, 2 * sent)]);
    }
    counters.expect(&[("received", 2 * rows.len() as u64), ("clireq", 0), ("query", 0), ("sent", 0)]);
}

#[test]
fn p5_datagrams_of_random_bytes_do_no_harm() {
    let rig = Rig::new(1, &[]);
    // Knuth's generator: the same bytes in every run. Bit 32 and up are random enough.
    let mut state = 2016_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as usize
    };
    for round in 0..2_000 {
        let mut datagram: Vec<u8> = (0..random() % 64).map(|_| (random() & 0xff) as u8).collect();
        // Never type 1 or 2: those would be served, or aim at a random address.
        if let [first, second, ..] = &mut datagram[..] {
            *first = if *first == 0 && matches!(second, 1 | 2) { 3 } else { *first };
        }
        rig.send(&datagram);
        if round % 50 == 0 {
            rig.settle();
        }
    }
    rig.stop().expect(&[("received", 2_000), ("clireq", 0), ("query", 0), ("sent", 0)]);
}

#[test]
fn p6_a_query_that_names_the_servent_itself_as_its_client_makes_no_loop() {
    let rig = Rig::new(1, &[]);
    rig.neighbours[0].send(rig.addr(), &query(3, rig.addr(), 1, b"http"));
    // It answers itself, once, and that RESPONSE is ignored.
    rig.settle();
    rig.stop().expect(&[("query", 1), ("answered", 1), ("unexpected_response", 1), ("sent", 1)]);
}

#[test]
fn p5_a_malformed_datagram_is_logged_at_debug_with_who_sent_it() {
    for (options, logged) in [(&["-v"][..], true), (&[], false)] {
        let rig = Rig::new(0, options);
        rig.send(b"\0\x09");
        rig.settle();
        let client = rig.client.addr().to_string();
        let (finished, counters) = rig.servent.stop_by(Signal::SIGTERM);
        let debug = finished.stderr.lines().any(|line| line.contains("DEBUG") && line.contains(&client));
        assert_eq!(debug, logged, "{}", finished.stderr);
        counters.expect(&[("malformed_unknown_type", 1)]);
    }
}
