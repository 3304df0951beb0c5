//! clientTP3 among servents of other programs: P-2 and P-41 to P-43.

use super::dialect::{
    Dialect, FIELD_20, FIELD_43, FIELD_206, FIELD_1024, FRESH_PORTS, LEFTOVERS_20, LITTLE_ENDIAN, NO_TAB,
    NUL_TERMINATED, PADDERS, PLAIN, STRAYS,
};
use super::overlay::Kind::{Other, Ours};
use super::overlay::{KEY, Overlay, chain, value_of};
use crate::support::wire::clireq;
use crate::support::{CLIENT, Finished, Peer, Program};
use std::net::SocketAddrV4;

/// Our client asks `servent` once for the key; returns it, and where it is to be answered.
fn ask(servent: &Peer) -> (Program, SocketAddrV4) {
    let program = Program::start(CLIENT, [&servent.addr().to_string(), "http", "--timeout", "0.7", "--tries", "1"]);
    let (asked, client) = servent.recv();
    assert_eq!(asked, clireq(KEY), "{}", asked.escape_ascii());
    (program, client)
}

/// It ended well, and showed exactly these: who, and the value.
fn expect_lines(finished: &Finished, expected: &[(SocketAddrV4, Vec<u8>)]) {
    let lines = expected.iter().map(|(who, value)| [format!("http\t{who}\t").as_bytes(), value, b"\n"].concat());
    let lines: Vec<u8> = lines.flatten().collect();
    assert_eq!(finished.stdout.escape_ascii().to_string(), lines.escape_ascii().to_string());
    assert!(finished.stderr.contains(&format!("({} answer", expected.len())), "{}", finished.stderr);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
}

#[test]
fn p2_p42_answers_of_every_padding_and_any_port_are_shown_without_it() {
    let asked = Peer::new();
    let (program, client) = ask(&asked);
    let mut expected = Vec::new();
    for (node, dialect) in PADDERS.iter().enumerate() {
        // None of them is the one that was asked.
        let servent = Peer::new();
        servent.send(client, &dialect.response(KEY, &value_of(node)));
        expected.push((servent.addr(), value_of(node)));
    }
    expect_lines(&program.finish(), &expected);
}

#[test]
fn p2_p42_text_that_fills_its_field_is_whole_and_a_value_may_hold_any_byte_but_nul() {
    let asked = Peer::new();
    let (program, client) = ask(&asked);
    let mut expected = Vec::new();
    // Key and tab are 5 bytes: these fill the field, or leave one or two bytes of it. The last holds every byte.
    let fields = [(&FIELD_20, 15), (&FIELD_20, 14), (&LEFTOVERS_20, 13), (&FIELD_43, 38), (&FIELD_206, 201)];
    for (dialect, len) in fields.into_iter().chain([(&FIELD_1024, 1_019)]) {
        let value: Vec<u8> = (1..=255).rev().cycle().take(len).collect();
        asked.send(client, &dialect.response(KEY, &value));
        expected.push((asked.addr(), value));
    }
    expect_lines(&program.finish(), &expected);
}

#[test]
fn p43_the_same_answer_in_another_padding_is_the_same_answer() {
    let [one, other] = [Peer::new(), Peer::new()];
    let (program, client) = ask(&one);
    for servent in [&one, &other] {
        for dialect in [&PLAIN].into_iter().chain(PADDERS).chain([&PLAIN]) {
            servent.send(client, &dialect.response(KEY, b"80/tcp"));
        }
    }
    expect_lines(&program.finish(), &[(one.addr(), b"80/tcp".to_vec()), (other.addr(), b"80/tcp".to_vec())]);
}

/// Who sent it is all that tells two answers with one value apart, and by P-43 that is address and port.
#[test]
fn p43_the_same_value_from_a_fresh_port_is_another_answer() {
    let asked = Peer::new();
    let (program, client) = ask(&asked);
    let ports = [Peer::new(), Peer::new()];
    for port in &ports {
        port.send(client, &FRESH_PORTS.response(KEY, b"80/tcp"));
    }
    expect_lines(&program.finish(), &ports.map(|port| (port.addr(), b"80/tcp".to_vec())));
}

#[test]
fn p42_what_other_programs_send_beside_answers_is_not_shown_and_ends_nothing() {
    let asked = Peer::new();
    let (program, client) = ask(&asked);
    let before: [&Dialect; 2] = [&NO_TAB, &LITTLE_ENDIAN];
    for dialect in before {
        asked.send(client, &dialect.response(KEY, b"not shown"));
    }
    for dialect in PADDERS.into_iter().chain([&STRAYS]) {
        dialect.strays.iter().for_each(|stray| asked.send(client, stray));
        // Messages that no client expects, and answers to another question.
        asked.send(client, &dialect.clireq(KEY));
        asked.send(client, &dialect.query(3, client, 1, KEY));
        asked.send(client, &dialect.response(b"htt", b"p"));
    }
    asked.send(client, &NUL_TERMINATED.response(KEY, b"80/tcp"));
    expect_lines(&program.finish(), &[(asked.addr(), b"80/tcp".to_vec())]);
    asked.expect_nothing_left();
}

#[test]
fn p42_our_client_is_served_by_any_program_that_understands_it() {
    let others = PADDERS.iter().map(|dialect| Other(dialect));
    // The first knows all others, which is more than ours would take; the last is ours.
    let kinds = [others.collect(), vec![Other(&STRAYS), Other(&FRESH_PORTS), Ours]].concat();
    let knows: Vec<_> = (1..kinds.len()).map(|node| (0, node)).collect();
    let served = Overlay::new(&kinds, &knows);
    let not_served = Overlay::new(&[Other(&LITTLE_ENDIAN), Ours], &chain(2));
    let [asking, in_vain] = [&served, &not_served].map(|overlay| overlay.ask_with_ours(0));
    served.expect_shown(asking, &(0..kinds.len()).collect::<Vec<_>>());
    served.stop().expect_anomalies(&[]);
    not_served.expect_shown(in_vain, &[]);
    let ends = not_served.stop();
    assert_eq!(ends.others[&0].not_understood, 1);
    ends.expect_anomalies(&[]);
}
