//! Groups that are refused, and calls that are.

use super::*;
use crate::net::{BatchReceiver, DatagramSource, Socket};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Two sockets, the sending one with a limit that no kernel takes: it refuses a group of 200 segments as it
/// would on a way that does not segment.
fn refusing() -> Option<(BatchSender, BatchReceiver, SocketAddrV4)> {
    let bind = || Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (here, there) = (bind(), bind());
    let to = there.local_addr();
    let (_, mut sender, offload) = here.split(Offload::WhereAvailable).unwrap();
    let (receiver, _, _) = there.split(Offload::Off).unwrap();
    sender.limits = GroupLimits { segments_max: 1_000, ..GroupLimits::OFFLOAD };
    if !offload.gso {
        // As the tests of the programs skip (`tests/it/support`).
        let is_strict = std::env::var_os("CI_STRICT").is_some_and(|value| value == "1");
        assert!(!is_strict, "CI_STRICT=1 allows no skipped test: the kernel has no GSO");
        eprintln!("skipped: the kernel has no GSO");
    }
    offload.gso.then_some((sender, receiver, to))
}

fn outbox(lengths: impl Iterator<Item = usize>, to: SocketAddrV4) -> Outbox {
    let mut outbox = Outbox::default();
    for len in lengths {
        let datagram = outbox.write(|bytes| bytes.resize(bytes.len() + len, 7));
        outbox.send(&datagram, to);
    }
    outbox
}

#[test]
fn a_group_that_is_refused_costs_no_datagram_and_offload_to_its_host_alone() {
    let Some((mut sender, mut receiver, to)) = refusing() else { return };
    // Nobody can be sent to at port 0, in groups or alone: that is not the group's fault.
    let nowhere = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    let mut failures = Vec::new();
    let sent = sender
        .send(&outbox([1; 3].into_iter(), nowhere), WhenFull::Wait, |index, failure| failures.push((index, failure)));
    assert_eq!((sent, failures), (Sent::default(), [0, 1, 2].map(|index| (index, SendFailure::Other)).into()));
    assert!(!sender.narrow.has(*nowhere.ip()));

    for _ in 0..2 {
        let lengths = [1_473, 65_508].into_iter().chain(std::iter::repeat_n(1, 200)).chain([30]);
        let mut failures = Vec::new();
        let sent =
            sender.send(&outbox(lengths.clone(), to), WhenFull::Wait, |index, failure| failures.push((index, failure)));
        assert_eq!(sent, Sent { datagrams: 202, ..Sent::default() });
        assert_eq!(failures, [(1, SendFailure::TooLong)]);
        let mut received = Vec::new();
        while received.len() < 202 {
            receiver.receive(|_, _, datagram| received.push(datagram.len())).unwrap();
        }
        assert_eq!(received, lengths.filter(|&len| len != 65_508).collect::<Vec<_>>());
        assert!(sender.narrow.has(*to.ip()), "from the first refusal on");
    }
    assert_eq!(sender.limits.segments_max, 1_000, "others may still get groups");
}

#[test]
fn where_every_host_refuses_there_is_no_segmentation_and_that_is_said_once() {
    let Some((mut sender, ..)) = refusing() else { return };
    let bind = |host| Socket::bind(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0)).unwrap();
    let destinations: Vec<_> = (1..=9).map(bind).collect();
    let lost: Vec<_> = destinations
        .iter()
        .map(|socket| sender.send(&outbox(std::iter::repeat_n(1, 200), socket.local_addr()), WhenFull::Wait, |_, _| {}))
        .map(|sent| sent.offload_lost)
        .collect();
    assert_eq!(lost.iter().filter(|&&lost| lost).count(), 1);
    assert!(sender.narrow.is_without());
}

#[test]
fn one_message_a_call_sends_and_receives_all_the_same() {
    let Some((mut sender, mut receiver, to)) = refusing() else { return };
    (sender.limits, sender.is_one_a_call) = (GroupLimits::OFFLOAD, Some(true));
    let lengths = [20; 100].into_iter().chain([1_473, 7]);
    assert_eq!(sender.send(&outbox(lengths.clone(), to), WhenFull::Wait, |_, _| {}).datagrams, 102);
    receiver.take_one_a_call();
    let mut received = Vec::new();
    while received.len() < 102 {
        receiver.receive(|_, _, datagram| received.push(datagram.len())).unwrap();
    }
    assert_eq!(received, lengths.collect::<Vec<_>>());
}
