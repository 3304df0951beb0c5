//! What one entry of a send call carries.

use super::MESSAGES_MAX;
use crate::batch::segments;
use crate::net::linux::narrow::Narrow;
use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::ControlMessage;
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

/// A datagram of the plan that is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: usize,
    /// Its number in the group.
    pub(super) datagram: usize,
}

/// One entry of a sendmmsg call.
#[derive(Clone, Copy)]
pub(super) struct Shipment<'a> {
    /// Its datagram, or the first one.
    pub(super) place: Place,
    /// From which of this host's addresses; unspecified: as routing chooses.
    pub(super) from: Ipv4Addr,
    pub(super) to: SocketAddrV4,
    pub(super) pieces: &'a [IoSlice<'a>],
    pub(super) segment_len: u16,
    pub(super) segments: usize,
}

impl<'a> Shipment<'a> {
    /// Its datagram of this number, on its own.
    pub(super) fn alone<'b>(&self, datagram: &'b [IoSlice<'b>; 1], number: usize) -> Shipment<'b> {
        let place = Place { datagram: number, ..self.place };
        Shipment { place, pieces: datagram, segment_len: 0, segments: 1, ..*self }
    }

    /// Its datagrams, each to be sent on its own.
    pub(super) fn cut(self) -> impl Iterator<Item = [IoSlice<'a>; 1]> {
        let len = usize::from(self.segment_len);
        self.pieces.iter().flat_map(move |piece| segments(piece, len)).map(|cut| [IoSlice::new(cut)])
    }

    pub(super) fn is_group(&self) -> bool {
        self.segments > 1
    }

    pub(super) fn has_source(&self) -> bool {
        !self.from.is_unspecified()
    }

    /// What can be said to the kernel beside the bytes: the source, and where to cut.
    pub(super) fn controls<'b>(&'b self, source: &'b in_pktinfo) -> [ControlMessage<'b>; 2] {
        [ControlMessage::Ipv4PacketInfo(source), ControlMessage::UdpGsoSegments(&self.segment_len)]
    }

    /// Which of [`Shipment::controls`] it needs.
    pub(super) fn needed_controls(&self) -> Range<usize> {
        usize::from(!self.has_source())..1 + usize::from(self.is_group())
    }

    /// What asks for the source (P-9), and leaves the way to routing.
    pub(super) fn source(&self) -> in_pktinfo {
        let from = in_addr { s_addr: u32::from_ne_bytes(self.from.octets()) };
        in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: from, ipi_addr: in_addr { s_addr: 0 } }
    }
}

/// The first shipments that can leave in one call: at most [`MESSAGES_MAX`], all from one source, and all alone or all
/// cut at the same length, since a call has one set of control messages for all; and none behind the first that is to be cut beforehand.
pub(super) fn run<'a, 'm>(shipments: &'m [Shipment<'a>], narrow: &Narrow) -> &'m [Shipment<'a>] {
    let kind = |shipment: &Shipment<'_>| (shipment.from, shipment.is_group().then_some(shipment.segment_len));
    let first = shipments.first().map(kind);
    let is_like = |shipment: &&Shipment<'_>| {
        Some(kind(shipment)) == first && !(shipment.is_group() && narrow.has(*shipment.to.ip()))
    };
    let count = shipments.iter().take(MESSAGES_MAX).take_while(is_like).count();
    &shipments[..count]
}
