//! Who takes part in a simulation, and at which address.
//!
//! ```text
//! servent 0x012345   10.1.35.69:6000, and a port higher each time that it comes back elsewhere
//! client  0x300012   172.16.0.18:5003
//! anybody else       a stranger: what is sent there is gone
//! ```
//!
//! Both ranges are private, so the RESPONSE limiter does not count them (P-24).

use std::collections::HashMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};

/// A servent, by its place in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServentId(pub u32);

/// A client, by the order in which clients were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

/// A datagram on a link, numbered in the order of sending; a copy that the network made has a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatagramId(pub u64);

const SERVENT_PORT: u16 = 6000;
/// Of one that has moved as often as it can.
const SERVENT_PORT_MAX: u16 = 6999;
const SERVENT_NET: u32 = 0x0a00_0000;
const SERVENT_MASK: u32 = 0xff00_0000;
const CLIENT_NET: u32 = 0xac10_0000;
const CLIENT_MASK: u32 = 0xfff0_0000;
/// The upper bits of a client's number choose a port from this one on.
const CLIENT_PORT_MIN: u16 = 5000;
const CLIENT_PORT_BITS: u32 = 12;
const CLIENT_PORT_MAX: u16 = CLIENT_PORT_MIN + (1 << CLIENT_PORT_BITS) - 1;

impl ServentId {
    /// The most servents that have addresses.
    pub const COUNT_MAX: usize = 1 << 24;

    /// Where it listens, unless it has moved: see [`Addresses`].
    #[must_use]
    pub fn address(self) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::from_bits(SERVENT_NET | self.0 & !SERVENT_MASK), SERVENT_PORT)
    }

    /// Its place in the graph.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl ClientId {
    /// Where it listens.
    #[must_use]
    pub fn address(self) -> SocketAddrV4 {
        let port = CLIENT_PORT_MIN + (self.0 >> (u32::BITS - CLIENT_PORT_BITS)) as u16;
        SocketAddrV4::new(Ipv4Addr::from_bits(CLIENT_NET | self.0 & !CLIENT_MASK), port)
    }

    /// Its place among the clients.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where servents are, some of which have come back at other addresses.
#[derive(Clone, Debug, Default)]
pub struct Addresses(HashMap<ServentId, SocketAddrV4>);

impl Addresses {
    /// Where a servent listens, or listened last.
    #[must_use]
    pub fn of(&self, servent: ServentId) -> SocketAddrV4 {
        if self.0.is_empty() {
            return servent.address();
        }
        self.0.get(&servent).copied().unwrap_or_else(|| servent.address())
    }

    /// Where it will listen after its next move: where it never did, but after a thousand moves.
    #[must_use]
    pub fn next(&self, servent: ServentId) -> SocketAddrV4 {
        let now = self.of(servent);
        let port = if now.port() == SERVENT_PORT_MAX { SERVENT_PORT } else { now.port() + 1 };
        SocketAddrV4::new(*now.ip(), port)
    }

    /// It is there from now on.
    pub fn set(&mut self, servent: ServentId, address: SocketAddrV4) {
        self.0.insert(servent, address);
    }
}

/// Whose address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// A servent's.
    Servent(ServentId),
    /// A client's.
    Client(ClientId),
    /// Nobody's that is simulated.
    Stranger(SocketAddrV4),
}

impl From<SocketAddrV4> for Party {
    fn from(address: SocketAddrV4) -> Self {
        let ip = address.ip().to_bits();
        if ip & SERVENT_MASK == SERVENT_NET && (SERVENT_PORT..=SERVENT_PORT_MAX).contains(&address.port()) {
            Self::Servent(ServentId(ip & !SERVENT_MASK))
        } else if ip & CLIENT_MASK == CLIENT_NET && (CLIENT_PORT_MIN..=CLIENT_PORT_MAX).contains(&address.port()) {
            let upper = u32::from(address.port() - CLIENT_PORT_MIN) << (u32::BITS - CLIENT_PORT_BITS);
            Self::Client(ClientId(upper | ip & !CLIENT_MASK))
        } else {
            Self::Stranger(address)
        }
    }
}

impl fmt::Display for ServentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "servent {}", self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}", self.0)
    }
}

impl fmt::Display for DatagramId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Servent(servent) => servent.fmt(f),
            Self::Client(client) => client.fmt(f),
            Self::Stranger(address) => write!(f, "stranger {address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_back_to_their_owners() {
        for number in [0, 1, 255, 256, 0x01_2345, 0xff_ffff] {
            assert_eq!(Party::from(ServentId(number).address()), Party::Servent(ServentId(number)));
        }
        for number in [0, 18, 0xf_ffff, 0x10_0000, u32::MAX] {
            assert_eq!(Party::from(ClientId(number).address()), Party::Client(ClientId(number)));
        }
        let other_port = SocketAddrV4::new(*ServentId(1).address().ip(), 1);
        assert_eq!(Party::from(other_port), Party::Stranger(other_port));
    }
}
