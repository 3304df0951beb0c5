//! Which datagrams of an outbox can leave as one: the plan behind segmentation offload.
//!
//! The kernel takes one large buffer and cuts it into datagrams of one length, of which only the last may be shorter.
//! So datagrams to one destination can travel together while their lengths are equal, and one shorter one may close
//! the group:
//!
//! ```text
//! to A: 20 20 20 12   20 20   31      to B: 20
//!       └── group ─┘  └group┘ └alone      └alone
//! ```
//!
//! Groups keep the order of each destination; between destinations there is none to keep. Datagrams that are to leave
//! from different addresses of this host (P-9) are as different as those to different destinations.

use super::outbox::{Outbox, Transmit};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

/// What one group may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLimits {
    /// Datagrams in a group; 1 keeps every datagram alone.
    pub segments_max: usize,
    /// Bytes in a group.
    pub len_max: usize,
    /// Bytes of a datagram that may share a group; longer ones go alone.
    pub segment_len_max: usize,
}

impl GroupLimits {
    /// Every datagram alone.
    pub const ALONE: Self = Self { segments_max: 1, len_max: 0, segment_len_max: 0 };

    /// What Linux cuts: 64 datagrams, somewhat less than 64 KiB, each within the packet size of an Ethernet.
    pub const OFFLOAD: Self = Self { segments_max: 64, len_max: 65_000, segment_len_max: 1_472 };
}

/// A plan for one outbox. Its memory is used again for the next one.
#[derive(Debug, Default)]
pub struct Groups {
    groups: Vec<Group>,
    pieces: Vec<Piece>,
    /// The groups that may still grow: at most one a source and destination.
    open: Vec<usize>,
}

/// Datagrams that leave as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// From which of this host's addresses; unspecified: as routing chooses.
    pub from: Ipv4Addr,
    /// Where to.
    pub to: SocketAddrV4,
    /// The length of each datagram; the last one may be shorter.
    pub segment_len: usize,
    /// How many there are.
    pub segments: usize,
    len: usize,
    /// The index of its first datagram in the outbox.
    first: usize,
    first_piece: usize,
    last_piece: usize,
}

/// Consecutive datagrams that lie side by side in the outbox.
#[derive(Clone, Debug)]
struct Piece {
    bytes: Range<usize>,
    next: Option<usize>,
}

impl Groups {
    /// Plans `outbox`.
    pub fn plan(&mut self, outbox: &Outbox, limits: GroupLimits) {
        self.groups.clear();
        self.pieces.clear();
        self.open.clear();
        for (index, transmit) in outbox.transmits().iter().enumerate() {
            let len = transmit.bytes.len();
            if limits.segments_max <= 1 || len == 0 || len > limits.segment_len_max {
                // What comes later for this destination must not overtake it.
                self.open.retain(|&open| !self.groups[open].is_way_of(transmit));
                self.start(index, transmit);
            } else {
                self.place(index, transmit, limits);
            }
        }
    }

    /// The groups, in the order in which they are to leave.
    #[must_use]
    pub fn as_slice(&self) -> &[Group] {
        &self.groups
    }

    /// The bytes of a group of this plan, as ranges of the outbox's [`Outbox::bytes`]. Each range holds whole
    /// datagrams.
    pub fn pieces(&self, group: &Group) -> impl Iterator<Item = Range<usize>> {
        let mut next = Some(group.first_piece);
        std::iter::from_fn(move || {
            let piece = &self.pieces[next?];
            next = piece.next;
            Some(piece.bytes.clone())
        })
    }

    fn place(&mut self, index: usize, transmit: &Transmit, limits: GroupLimits) {
        let found = self.open.iter().position(|&open| self.groups[open].is_way_of(transmit));
        let Some(slot) = found else {
            let started = self.start(index, transmit);
            self.open.push(started);
            return;
        };
        let bytes = transmit.bytes.clone();
        let group = &mut self.groups[self.open[slot]];
        let fits = group.segments < limits.segments_max && group.len + bytes.len() <= limits.len_max;
        if !fits || bytes.len() > group.segment_len {
            self.open[slot] = self.start(index, transmit);
            return;
        }
        let is_shorter = bytes.len() < group.segment_len;
        group.segments += 1;
        group.len += bytes.len();
        let last = &mut self.pieces[group.last_piece];
        if last.bytes.end == bytes.start {
            last.bytes.end = bytes.end;
        } else {
            let added = self.pieces.len();
            self.pieces[group.last_piece].next = Some(added);
            group.last_piece = added;
            self.pieces.push(Piece { bytes, next: None });
        }
        if is_shorter {
            self.open.swap_remove(slot);
        }
    }

    fn start(&mut self, first: usize, transmit: &Transmit) -> usize {
        let Transmit { ref bytes, from, to } = *transmit;
        let (piece, len) = (self.pieces.len(), bytes.len());
        self.pieces.push(Piece { bytes: bytes.clone(), next: None });
        let (segments, first_piece, last_piece) = (1, piece, piece);
        self.groups.push(Group { from, to, segment_len: len, segments, len, first, first_piece, last_piece });
        self.groups.len() - 1
    }
}

impl Group {
    /// The index in `outbox`, which was planned, of its datagram of this number: none that goes the same way lies between
    /// those of a group.
    ///
    /// # Panics
    /// If it has fewer datagrams.
    #[must_use]
    pub fn index_of(&self, number: usize, outbox: &Outbox) -> usize {
        let later = outbox.transmits().iter().enumerate().skip(self.first);
        let mut own = later.filter(|(_, transmit)| self.is_way_of(transmit)).map(|(index, _)| index);
        own.nth(number).expect("a group has the datagrams that it was planned with")
    }

    /// Whether it goes from where `transmit` is to leave to where it is to go.
    fn is_way_of(&self, transmit: &Transmit) -> bool {
        (self.to, self.from) == (transmit.to, transmit.from)
    }
}

/// The datagrams in `bytes`, which hold whole ones of `segment_len`, of which the last may be shorter: what
/// segmentation made of them, and what a receiver gets back from a coalesced buffer. Empty bytes are one empty
/// datagram.
pub fn segments(bytes: &[u8], segment_len: usize) -> impl Iterator<Item = &[u8]> {
    let empty = bytes.is_empty().then_some(bytes);
    bytes.chunks(segment_len.max(1)).chain(empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn at(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    fn outbox(datagrams: &[(u16, usize)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (index, &(port, len)) in datagrams.iter().enumerate() {
            let datagram = outbox.write(|bytes| bytes.resize(bytes.len() + len, index as u8));
            outbox.send(&datagram, at(port));
        }
        outbox
    }

    fn sizes(datagrams: &[(u16, usize)]) -> Vec<(u16, usize, usize)> {
        let mut groups = Groups::default();
        groups.plan(&outbox(datagrams), GroupLimits::OFFLOAD);
        groups.as_slice().iter().map(|group| (group.to.port(), group.segment_len, group.segments)).collect()
    }

    #[test]
    fn equal_lengths_travel_together_and_a_shorter_one_closes_the_group() {
        assert_eq!(sizes(&[(1, 20), (1, 20), (1, 20)]), [(1, 20, 3)]);
        assert_eq!(sizes(&[(1, 20), (1, 20), (1, 12), (1, 12)]), [(1, 20, 3), (1, 12, 1)]);
        assert_eq!(sizes(&[(1, 20), (1, 31), (1, 31)]), [(1, 20, 1), (1, 31, 2)]);
        assert_eq!(sizes(&[(1, 20), (2, 20), (1, 20), (2, 20)]), [(1, 20, 2), (2, 20, 2)]);
        assert_eq!(sizes(&[(1, 20), (1, 0), (1, 20)]), [(1, 20, 1), (1, 0, 1), (1, 20, 1)]);
        assert_eq!(sizes(&[(1, 2_000), (1, 2_000)]), [(1, 2_000, 1), (1, 2_000, 1)]);
    }

    #[test]
    fn p9_what_leaves_from_different_addresses_shares_no_group() {
        let mut outbox = Outbox::default();
        let froms = [1, 2, 1, 2, 0].map(|last| Ipv4Addr::new(127, 0, 0, last));
        for from in froms {
            let datagram = outbox.write(|bytes| bytes.push(7));
            outbox.send_from(&datagram, from, at(1));
        }
        let mut groups = Groups::default();
        groups.plan(&outbox, GroupLimits::OFFLOAD);
        let planned: Vec<_> = groups.as_slice().iter().map(|group| (group.from, group.segments)).collect();
        assert_eq!(planned, [(froms[0], 2), (froms[1], 2), (froms[4], 1)]);
    }

    #[test]
    fn a_datagram_of_a_group_is_found_again_in_the_outbox() {
        let datagrams = [(1, 20), (2, 20), (1, 20), (1, 12), (1, 20), (2, 2_000), (2, 20), (1, 20), (2, 0), (2, 20)];
        let outbox = outbox(&datagrams);
        let mut groups = Groups::default();
        groups.plan(&outbox, GroupLimits::OFFLOAD);
        let indices = |group: &Group| (0..group.segments).map(|number| group.index_of(number, &outbox)).collect();
        let found: Vec<Vec<_>> = groups.as_slice().iter().map(indices).collect();
        assert_eq!(found, [vec![0, 2, 3], vec![1], vec![4, 7], vec![5], vec![6], vec![8], vec![9]]);
    }

    #[test]
    fn a_group_is_full_at_its_limits() {
        assert_eq!(sizes(&[(1, 20); 65]), [(1, 20, 64), (1, 20, 1)]);
        assert_eq!(sizes(&[(1, 1_472); 45]), [(1, 1_472, 44), (1, 1_472, 1)]);
    }

    #[test]
    fn datagrams_for_many_destinations_are_written_once_and_lie_side_by_side() {
        let mut outbox = Outbox::default();
        for index in 0..64 {
            let datagram = outbox.write(|bytes| bytes.resize(bytes.len() + 20, index));
            (1..=10).for_each(|port| outbox.send(&datagram, at(port)));
        }
        let mut groups = Groups::default();
        groups.plan(&outbox, GroupLimits::OFFLOAD);
        assert_eq!(groups.as_slice().len(), 10);
        assert!(groups.as_slice().iter().all(|group| groups.pieces(group).eq(std::iter::once(0..64 * 20))));
    }

    #[test]
    fn a_buffer_is_cut_into_its_datagrams_and_an_empty_one_is_one_datagram() {
        let cases: [(u8, usize, &[usize]); 5] =
            [(20, 8, &[8, 8, 4]), (16, 8, &[8, 8]), (5, 8, &[5]), (0, 8, &[0]), (2, 0, &[1, 1])];
        for (len, segment_len, lens) in cases {
            let bytes: Vec<u8> = (0..len).collect();
            let cut: Vec<_> = segments(&bytes, segment_len).collect();
            assert_eq!(cut.concat(), bytes, "{len} bytes by {segment_len}");
            assert!(cut.iter().map(|datagram| datagram.len()).eq(lens.iter().copied()), "{len} bytes by {segment_len}");
        }
    }
}
