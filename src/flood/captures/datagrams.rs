//! UDP datagrams out of packets: those of this protocol, whole.

use super::file::Packet;
use super::link;
use crate::wire::decode;
use etherparse::defrag::IpDefragPool;
use etherparse::{NetSlice, SlicedPacket, TransportSlice, UdpSlice};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Fragments are waited for that long, in nanoseconds, as hosts do.
const FRAGMENTS_MAX: i64 = 30_000_000_000;

/// UDP in IPv4.
const PROTOCOL_UDP: u8 = 17;

/// A datagram that went over the wire.
#[derive(Debug)]
pub(super) struct Datagram {
    pub(super) at: i64,
    pub(super) from: SocketAddrV4,
    pub(super) to: SocketAddrV4,
    pub(super) payload: Box<[u8]>,
    /// A hash of what it is told from others by, which is the same wherever it is captured.
    pub(super) mark: u64,
    /// Its sender numbers its packets, so that another one like it has another mark.
    pub(super) is_numbered: bool,
    /// Where it was seen: interface and direction, as far as the file tells.
    pub(super) place: u32,
    /// The file that it is from.
    pub(super) file: u32,
}

/// What a packet was.
pub(super) enum Taken {
    Datagram(Datagram),
    /// Only its beginning is there.
    Cut,
    /// It makes no sense.
    Unreadable,
    /// Nothing of this protocol, or a piece of a datagram that is not whole yet.
    Other,
}

/// Takes the packets of one file.
pub(super) struct Datagrams {
    file: u32,
    fragments: IpDefragPool<i64, ()>,
    last_cleaned: i64,
}

/// Where a datagram stands: what its packets' headers say.
#[derive(Clone, Copy)]
struct Standing {
    at: i64,
    ends: (Ipv4Addr, Ipv4Addr),
    identification: u16,
    place: u32,
}

impl Datagrams {
    /// Of the file of that number.
    pub(super) fn new(file: u32) -> Self {
        Self { file, fragments: IpDefragPool::default(), last_cleaned: 0 }
    }

    pub(super) fn take(&mut self, packet: &Packet<'_>) -> Taken {
        let Some((ip, place)) = link::ipv4(packet.link, packet.bytes) else {
            return if packet.is_cut { Taken::Cut } else { Taken::Other };
        };
        let protocol = ip.get(9);
        let damaged = || if packet.is_cut { Taken::Cut } else { Taken::Unreadable };
        if protocol.is_some_and(|&protocol| protocol != PROTOCOL_UDP) {
            return Taken::Other;
        }
        let Ok(sliced) = SlicedPacket::from_ip(ip) else { return damaged() };
        let Some(NetSlice::Ipv4(ipv4)) = &sliced.net else { return damaged() };
        let header = ipv4.header();
        let standing = Standing {
            at: packet.at,
            ends: (header.source_addr(), header.destination_addr()),
            identification: header.identification(),
            place: packet.interface << 24 ^ place,
        };
        if header.is_fragmenting_payload() {
            return self.fragment(&sliced, standing);
        }
        match &sliced.transport {
            Some(TransportSlice::Udp(udp)) => self.datagram(udp, standing),
            _ => damaged(),
        }
    }

    /// The datagram that this is the last piece of, if it is.
    fn fragment(&mut self, sliced: &SlicedPacket<'_>, standing: Standing) -> Taken {
        let now = standing.at;
        if now - self.last_cleaned > FRAGMENTS_MAX {
            self.fragments.retain(|&at| now - at <= FRAGMENTS_MAX);
            self.last_cleaned = now;
        }
        match self.fragments.process_sliced_packet(sliced, now, ()) {
            Ok(Some(whole)) => {
                UdpSlice::from_slice(&whole.payload).map_or(Taken::Unreadable, |udp| self.datagram(&udp, standing))
            }
            Ok(None) => Taken::Other,
            Err(_) => Taken::Unreadable,
        }
    }

    /// A whole datagram; only what can be of this protocol is kept.
    fn datagram(&self, udp: &UdpSlice<'_>, standing: Standing) -> Taken {
        let payload = udp.payload();
        if decode(payload).is_err() {
            return Taken::Other;
        }
        let Standing { at, ends: (source, destination), identification, place } = standing;
        let from = SocketAddrV4::new(source, udp.source_port());
        let to = SocketAddrV4::new(destination, udp.destination_port());
        let mut hasher = DefaultHasher::new();
        (from, to, identification, payload).hash(&mut hasher);
        let (mark, is_numbered) = (hasher.finish(), identification != 0);
        Taken::Datagram(Datagram { at, from, to, payload: payload.into(), mark, is_numbered, place, file: self.file })
    }
}
