//! Grouping for segmentation offload, and cutting groups again.

use crate::support::{at, check, one_of};
use proptest::prelude::*;
use proptest::sample::Index;
use servent::batch::{Group, GroupLimits, Groups, Outbox, segments};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};

/// What each destination gets from each source, in order.
type Delivered = BTreeMap<(Ipv4Addr, SocketAddrV4), Vec<Vec<u8>>>;

/// One step of filling an outbox.
#[derive(Clone, Debug)]
enum Op {
    /// Writes a datagram of this length.
    Write(usize),
    /// Queues one of the datagrams that were written, for this port, from 0.0.0.N: mostly a young one.
    Send(Index, u16, u8),
    /// Writes a datagram of this length and queues it for ports 1 to this one.
    Flood(usize, u16),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let len = prop_oneof![
        8 => one_of(&[0, 1, 18, 18, 20, 20, 20, 31]),
        2 => one_of(&[1_471, 1_472, 1_473, 9_000]),
        1 => 0_usize..100,
    ];
    let op = prop_oneof![
        1 => len.clone().prop_map(Op::Write),
        3 => (any::<Index>(), 1_u16..5, 0_u8..3).prop_map(|(which, port, from)| Op::Send(which, port, from)),
        6 => (len, 1_u16..5).prop_map(|(len, ports)| Op::Flood(len, ports)),
    ];
    prop::collection::vec(op, 0..150)
}

fn limits() -> impl Strategy<Value = GroupLimits> {
    let any = (0_usize..70, 0_usize..70_000, 0_usize..2_000)
        .prop_map(|(segments_max, len_max, segment_len_max)| GroupLimits { segments_max, len_max, segment_len_max });
    prop_oneof![3 => Just(GroupLimits::OFFLOAD), 1 => Just(GroupLimits::ALONE), 3 => any]
}

fn outbox(ops: &[Op]) -> Outbox {
    let mut outbox = Outbox::default();
    let mut written = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        match *op {
            Op::Write(len) | Op::Flood(len, _) => {
                written.push(outbox.write(|bytes| bytes.resize(bytes.len() + len, number as u8)));
            }
            Op::Send(..) => {}
        }
        match op {
            Op::Write(_) => {}
            Op::Send(which, port, from) => {
                let young = &written[written.len().saturating_sub(4)..];
                if !young.is_empty() {
                    let from = Ipv4Addr::new(0, 0, 0, *from);
                    outbox.send_from(&young[which.index(young.len())], from, at(*port));
                }
            }
            Op::Flood(_, ports) => (1..=*ports).for_each(|port| outbox.send(&written[written.len() - 1], at(port))),
        }
    }
    outbox
}

/// What the kernel makes of a group: its bytes in one buffer, cut.
fn cut(outbox: &Outbox, groups: &Groups, group: &Group) -> Vec<Vec<u8>> {
    let together: Vec<_> = groups.pieces(group).flat_map(|range| outbox.bytes()[range].to_vec()).collect();
    segments(&together, group.segment_len).map(<[u8]>::to_vec).collect()
}

/// The same piece by piece, as a group that was refused is sent.
fn cut_by_piece(outbox: &Outbox, groups: &Groups, group: &Group) -> Vec<Vec<u8>> {
    let cut = |range| segments(&outbox.bytes()[range], group.segment_len).map(<[u8]>::to_vec).collect::<Vec<_>>();
    groups.pieces(group).flat_map(cut).collect()
}

#[test]
fn what_is_cut_again_is_what_was_queued_in_the_order_of_each_destination() {
    check(file!(), 1_500, &(ops(), limits()), |(ops, limits)| {
        let outbox = outbox(&ops);
        let mut queued = Delivered::new();
        for transmit in outbox.transmits() {
            let datagram = outbox.bytes()[transmit.bytes.clone()].to_vec();
            queued.entry((transmit.from, transmit.to)).or_default().push(datagram);
        }
        let mut groups = Groups::default();
        groups.plan(&outbox, limits);
        let mut delivered = Delivered::new();
        for group in groups.as_slice() {
            let cut = cut(&outbox, &groups, group);
            prop_assert_eq!(&cut, &cut_by_piece(&outbox, &groups, group));
            prop_assert_eq!(cut.len(), group.segments);
            if cut.len() > 1 {
                prop_assert!(cut.len() <= limits.segments_max);
                prop_assert!(cut.iter().map(Vec::len).sum::<usize>() <= limits.len_max);
                prop_assert!(group.segment_len <= limits.segment_len_max);
                // The kernel cuts no empty datagram.
                prop_assert!(cut.iter().all(|datagram| !datagram.is_empty()));
            }
            delivered.entry((group.from, group.to)).or_default().extend(cut);
        }
        prop_assert_eq!(delivered, queued);
        Ok(())
    });
}
