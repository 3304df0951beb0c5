//! Datagrams that come in groups: one receive call can bring thousands.

use crate::support::flood::under_flood;
use crate::support::processes::memory_kib;
use crate::support::wire::{clireq, response};
use crate::support::{DEADLINE, Peer, Rig, skip};
use nix::sys::signal::Signal;
use std::time::Duration;

/// Datagrams in a group: what every kernel that cuts groups takes at once.
const GROUP: usize = 64;

/// Whether the test can be run: groups are what it is about.
fn can_send_groups() -> bool {
    let can = Peer::new().can_send_groups();
    if !can {
        skip("the kernel has no UDP_SEGMENT");
    }
    can
}

/// Receive offload made batches of thousands, and their answers of 65 KB each took memory by the GiB, which was kept.
#[test]
fn p11_groups_of_requests_for_a_large_value_leave_the_memory_bounded() {
    if !can_send_groups() {
        return;
    }
    let value = vec![b'v'; 65_000];
    let rig = Rig::with_pairs(&[b"k\t", &value[..], b"\n"].concat(), 0, &[]);
    // Nobody reads its answers.
    let asker = Peer::new();
    let send_groups = || (0..64).for_each(|_| asker.send_group(rig.addr(), &clireq(b"k"), GROUP));
    // All there at once, then as they come.
    rig.servent.while_paused(send_groups);
    send_groups();
    // Answers leave in the order of the requests, so this one comes after all the others left.
    rig.send(&clireq(b"k"));
    rig.expect_answer(b"k", &value);
    let (now_kib, most_kib) = (memory_kib(rig.servent.pid(), "VmRSS"), memory_kib(rig.servent.pid(), "VmHWM"));
    assert!(now_kib < 150 << 10, "{now_kib} KiB resident");
    assert!(most_kib < 200 << 10, "{most_kib} KiB resident at the most");
    rig.settle();
    let asked = 2 * 64 * GROUP as u64;
    rig.servent.stop().expect(&[("answered", asked + 2), ("receive_shed", 0)]);
}

/// A stop waited until thousands of datagrams a batch, ten QUERYs each, had been sent.
#[test]
fn sigterm_under_a_load_of_groups_with_10_neighbours_ends_it_within_a_second() {
    if !can_send_groups() {
        return;
    }
    // Nobody reads what the neighbours get.
    let rig = Rig::new(10, &[]);
    let to = rig.addr();
    let send = |peer: &Peer, _| peer.send_group(to, &clireq(b"http"), GROUP);
    let (finished, counters) = under_flood(2, send, |answers| {
        for _ in 0..5_000 {
            answers.recv_timeout(DEADLINE).unwrap();
        }
        rig.servent.stop_by(Signal::SIGTERM)
    });
    assert!(finished.waited < Duration::from_secs(1), "gone after {:?}", finished.waited);
    assert!(counters.get("answered") >= 5_000, "{counters:?}");
}

/// Groups are passed on in parts: none of a group may be lost by it.
#[test]
fn p11_each_request_of_a_group_is_answered() {
    if !can_send_groups() {
        return;
    }
    let rig = Rig::new(1, &[]);
    rig.client.enlarge_receive_buffer();
    for _ in 0..20 {
        rig.client.send_group(rig.addr(), &clireq(b"http"), GROUP);
        for _ in 0..GROUP {
            rig.client.expect(rig.addr(), &response(b"http", b"80/tcp"));
            rig.recv_at(0);
        }
    }
    rig.stop().expect(&[("clireq", 20 * GROUP as u64), ("answered", 20 * GROUP as u64)]);
}
