//! UDP datagrams out of packets: whole, and each once.

use super::file::Packet;
use super::link;
use etherparse::defrag::IpDefragPool;
use etherparse::{NetSlice, SlicedPacket, TransportSlice, UdpSlice};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddrV4};

/// How far apart two sightings of one packet may be, in nanoseconds: also where machines' clocks differ.
const REPEATED_MAX: i64 = 2_000_000_000;

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
}

/// What a packet was.
pub(super) enum Taken {
    Datagram(Datagram),
    /// It was captured before.
    Repeated,
    /// Only its beginning is there, or it makes no sense.
    Unreadable,
    /// Nothing of this protocol, or a piece of a datagram that is not whole yet.
    Other,
}

/// Packets that were seen: when and where, by a hash of what they are told from others by.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<u64, (i64, u32)>);

/// Takes the packets of one file.
#[derive(Default)]
pub(super) struct Datagrams {
    fragments: IpDefragPool<i64, ()>,
    last_cleaned: i64,
}

impl Datagrams {
    pub(super) fn take(&mut self, packet: &Packet<'_>, seen: &mut Seen) -> Taken {
        let Some((ip, place)) = link::ipv4(packet.link, packet.bytes) else { return Taken::Other };
        if ip.get(9) != Some(&PROTOCOL_UDP) {
            return Taken::Other;
        }
        let Ok(sliced) = SlicedPacket::from_ip(ip) else { return Taken::Unreadable };
        let Some(NetSlice::Ipv4(ipv4)) = &sliced.net else { return Taken::Other };
        let header = ipv4.header();
        let ends = (header.source_addr(), header.destination_addr());
        let place = packet.interface << 24 ^ place;
        let identification = header.identification();
        if seen.is_repeated(packet.at, place, identification, ip) {
            return Taken::Repeated;
        }
        if header.is_fragmenting_payload() {
            return self.fragment(packet, &sliced, ends);
        }
        match &sliced.transport {
            Some(TransportSlice::Udp(udp)) if !packet.is_cut => Taken::Datagram(datagram(packet.at, ends, udp)),
            Some(TransportSlice::Udp(_)) => Taken::Unreadable,
            _ => Taken::Other,
        }
    }

    /// The datagram that this is the last piece of, if it is.
    fn fragment(&mut self, packet: &Packet<'_>, sliced: &SlicedPacket<'_>, ends: (Ipv4Addr, Ipv4Addr)) -> Taken {
        if packet.at - self.last_cleaned > FRAGMENTS_MAX {
            self.fragments.retain(|&at| packet.at - at <= FRAGMENTS_MAX);
            self.last_cleaned = packet.at;
        }
        match self.fragments.process_sliced_packet(sliced, packet.at, ()) {
            Ok(Some(whole)) => UdpSlice::from_slice(&whole.payload)
                .map_or(Taken::Unreadable, |udp| Taken::Datagram(datagram(packet.at, ends, &udp))),
            Ok(None) => Taken::Other,
            Err(_) => Taken::Unreadable,
        }
    }
}

fn datagram(at: i64, (source, destination): (Ipv4Addr, Ipv4Addr), udp: &UdpSlice<'_>) -> Datagram {
    Datagram {
        at,
        from: SocketAddrV4::new(source, udp.source_port()),
        to: SocketAddrV4::new(destination, udp.destination_port()),
        payload: udp.payload().into(),
    }
}

impl Seen {
    /// Whether this packet was captured before: at another place, or anywhere if its sender numbers its packets.
    fn is_repeated(&mut self, at: i64, place: u32, identification: u16, ip: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        // On its way hosts change the time-to-live and the checksum of the header.
        (&ip[..8], &ip[12..]).hash(&mut hasher);
        let earlier = self.0.insert(hasher.finish(), (at, place));
        earlier.is_some_and(|(before, there)| {
            at - before <= REPEATED_MAX && before - at <= REPEATED_MAX && (identification != 0 || there != place)
        })
    }
}
