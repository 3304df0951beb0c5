//! Many datagrams: all answered, a clean stop in the middle of them, and bounded memory (P-20).

use crate::support::flood::under_flood;
#[cfg(target_os = "linux")]
use crate::support::processes::memory_kib;
use crate::support::wire::{clireq, query, response};
use crate::support::{DEADLINE, Peer, Rig};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

#[test]
fn p11_twenty_thousand_clireqs_in_a_closed_loop_of_32_are_all_answered() {
    const COUNT: usize = 20_000;
    let pairs: String = (0..COUNT).map(|index| format!("key{index}\tvalue of {index}\n")).collect();
    let rig = Rig::with_pairs(pairs.as_bytes(), 2, &[]);
    let mut keys = 0..COUNT;
    let mut ask_next = || {
        if let Some(index) = keys.next() {
            rig.send(&clireq(format!("key{index}").as_bytes()));
        }
    };
    (0..32).for_each(|_| ask_next());
    let mut answered = vec![false; COUNT];
    for _ in 0..COUNT {
        let answer = rig.client.recv_from(rig.addr());
        let key = answer[2..].split(|byte| *byte == b'\t').next().unwrap();
        let index: usize = str::from_utf8(&key[b"key".len()..]).unwrap().parse().unwrap();
        assert_eq!(answer, response(key, format!("value of {index}").as_bytes()));
        assert!(!std::mem::replace(&mut answered[index], true), "key{index} answered twice");
        ask_next();
    }
    let counters = rig.servent.stop();
    rig.client.expect_nothing_left();
    let count = COUNT as u64;
    counters.expect(&[
        ("clireq", count),
        ("answered", count),
        ("not_found", 0),
        ("sent", 3 * count),
        ("receive_shed", 0),
    ]);
}

#[test]
fn sigterm_under_full_load_ends_it_within_a_second_with_its_counters() {
    let rig = Rig::new(2, &[]);
    let to = rig.addr();
    let send = |peer: &Peer, round| {
        for seq in round * 64..(round + 1) * 64 {
            peer.send(to, &clireq(b"http"));
            peer.send(to, &query(3, peer.addr(), seq, b"smtp"));
        }
    };
    let (finished, counters) = under_flood(2, send, |answers| {
        // Under way: so many answers came back.
        for _ in 0..5_000 {
            answers.recv_timeout(DEADLINE).unwrap();
        }
        rig.servent.stop_by(Signal::SIGTERM)
    });
    assert!(finished.waited < Duration::from_secs(1), "gone after {:?}", finished.waited);
    assert!(counters.get("answered") >= 5_000, "{counters:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn p20_after_200_000_forged_queries_it_answers_and_has_not_grown_by_300_mib() {
    const COUNT: u32 = 200_000;
    let rig = Rig::new(1, &[]);
    rig.settle();
    let before_kib = memory_kib(rig.servent.pid(), "VmRSS");
    for seq in 0..COUNT {
        // No two alike in number, client or key; documentation addresses, and a key that nobody holds.
        let [_, _, high, low] = seq.to_be_bytes();
        let client = SocketAddrV4::new(Ipv4Addr::new(198, 51, 100, high), u16::from(low) + 1);
        let key = format!("forged {seq}");
        rig.send(&query(1, client, seq.wrapping_mul(2_654_435_761), key.as_bytes()));
        if seq % 100 == 99 {
            // All of them got in: the servent is never more than 100 behind.
            rig.settle();
        }
    }
    let grown_kib = memory_kib(rig.servent.pid(), "VmRSS").saturating_sub(before_kib);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.recv_at(0);
    assert!(grown_kib < 300 * 1024, "grown by {grown_kib} KiB");
    rig.stop().expect(&[("first_sighting", u64::from(COUNT)), ("not_found", u64::from(COUNT)), ("receive_shed", 0)]);
}
