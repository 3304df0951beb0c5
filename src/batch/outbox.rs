//! Datagrams to send: each written once, however many destinations it has.

use super::{BATCH_LEN_MAX, KEPT_LEN_MAX};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

/// Datagrams and their destinations, in the order in which they are to leave.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    transmits: Vec<Transmit>,
}

/// A datagram written to an [`Outbox`], by its place there. Only good for the outbox that returned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram(Range<usize>);

/// A datagram that is queued for one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Which of [`Outbox::bytes`] it is; neighbours in memory can be told by it.
    pub bytes: Range<usize>,
    /// From which of this host's addresses it is to leave (P-9); unspecified: as routing chooses.
    pub from: Ipv4Addr,
    /// Where to.
    pub to: SocketAddrV4,
}

impl Outbox {
    /// Empties it and keeps its memory, up to what a batch of ordinary datagrams needs.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_LEN_MAX);
        self.transmits.clear();
    }

    /// Writes a datagram by letting `append` append its bytes.
    pub fn write(&mut self, append: impl FnOnce(&mut Vec<u8>)) -> Datagram {
        let start = self.bytes.len();
        append(&mut self.bytes);
        Datagram(start..self.bytes.len())
    }

    /// Queues a written datagram for one more destination.
    pub fn send(&mut self, datagram: &Datagram, to: SocketAddrV4) {
        self.send_from(datagram, Ipv4Addr::UNSPECIFIED, to);
    }

    /// The same, to leave from this address of the host; from the unspecified one as routing chooses.
    pub fn send_from(&mut self, datagram: &Datagram, from: Ipv4Addr, to: SocketAddrV4) {
        self.transmits.push(Transmit { bytes: datagram.0.clone(), from, to });
    }

    /// What is queued: bytes and destination, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], SocketAddrV4)> + Clone {
        self.transmits.iter().map(|transmit| (&self.bytes[transmit.bytes.clone()], transmit.to))
    }

    /// The sends at `indices` of that order, datagram by datagram: its bytes, and whom it goes to. One that is queued
    /// again behind another datagram comes again.
    ///
    /// # Panics
    /// If fewer are queued.
    pub fn sends(
        &self,
        indices: Range<usize>,
    ) -> impl Iterator<Item = (&[u8], impl ExactSizeIterator<Item = SocketAddrV4> + Clone)> {
        let runs = self.transmits[indices].chunk_by(|one, next| one.bytes == next.bytes);
        runs.map(|run| (&self.bytes[run[0].bytes.clone()], run.iter().map(|transmit| transmit.to)))
    }

    /// What is queued, in order.
    #[must_use]
    pub fn transmits(&self) -> &[Transmit] {
        &self.transmits
    }

    /// Everything that was written, in order.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether as much was written as a batch may hold, [`BATCH_LEN_MAX`] bytes.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= BATCH_LEN_MAX
    }

    /// How many sends are queued.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transmits.len()
    }

    /// Whether nothing is queued.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PAYLOAD_LEN_MAX;
    use std::net::Ipv4Addr;

    #[test]
    fn one_datagram_serves_many_destinations_in_order() {
        let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let mut outbox = Outbox::default();
        let first = outbox.write(|bytes| bytes.extend_from_slice(b"first"));
        let second = outbox.write(|bytes| bytes.extend_from_slice(b"second"));
        outbox.send(&first, at(1));
        outbox.send(&second, at(1));
        outbox.send(&first, at(2));
        outbox.send(&first, at(3));
        let queued: Vec<_> = outbox.iter().collect();
        let runs = outbox.sends(1..4).map(|(bytes, to)| (bytes, to.collect::<Vec<_>>()));
        let expected = [(&b"second"[..], vec![at(1)]), (b"first", vec![at(2), at(3)])];
        assert_eq!(runs.collect::<Vec<_>>(), expected);
        assert_eq!(queued, [(&b"first"[..], at(1)), (b"second", at(1)), (b"first", at(2)), (b"first", at(3))]);
        outbox.send_from(&second, Ipv4Addr::LOCALHOST, at(1));
        let [.., chosen, asked] = outbox.transmits() else { panic!("five are queued") };
        assert_eq!(*chosen, Transmit { bytes: 0..5, from: Ipv4Addr::UNSPECIFIED, to: at(3) });
        assert_eq!(*asked, Transmit { bytes: 5..11, from: Ipv4Addr::LOCALHOST, to: at(1) });
        assert_eq!((outbox.bytes(), outbox.len(), outbox.is_empty()), (&b"firstsecond"[..], 5, false));
        outbox.clear();
        assert_eq!((outbox.bytes(), outbox.len(), outbox.is_empty()), (&b""[..], 0, true));
    }

    #[test]
    fn it_is_full_once_as_much_is_written_as_a_batch_may_hold() {
        let mut outbox = Outbox::default();
        for len in [BATCH_LEN_MAX - 1, BATCH_LEN_MAX, BATCH_LEN_MAX + 1] {
            outbox.write(|bytes| bytes.resize(len, 0));
            assert_eq!(outbox.is_full(), len >= BATCH_LEN_MAX, "{len} bytes");
        }
    }

    #[test]
    fn room_for_a_batch_of_ordinary_datagrams_is_kept_and_room_for_the_largest_is_given_back() {
        for (name, datagram_len, kept) in [("ordinary", 1_472, true), ("largest", PAYLOAD_LEN_MAX, false)] {
            let mut outbox = Outbox::default();
            outbox.write(|bytes| bytes.resize(64 * datagram_len, 0));
            outbox.clear();
            assert_eq!(outbox.bytes.capacity() >= 64 * datagram_len, kept, "{name}");
        }
    }
}
