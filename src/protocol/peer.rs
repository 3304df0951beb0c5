//! Who another program is: its address, or the name that leads there.

use std::error::Error;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// Another program of this protocol, as it is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Peer {
    /// By its address.
    Address(SocketAddrV4),
    /// By its host's name, which has to be looked up, and may lead elsewhere later.
    Name {
        /// The host's name.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Why a peer has no address that datagrams can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolveError {
    /// Who it is.
    pub peer: Peer,
    /// Why.
    pub failure: ResolveFailure,
}

/// What came of looking a name up in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveFailure {
    /// What the system says.
    Failed(String),
    /// Nothing: no name server has answered yet.
    Unanswered,
    /// It has IPv6 addresses alone.
    NoIpv4,
    /// Its address is not one host's.
    NotOneHost(Ipv4Addr),
}

impl Peer {
    /// The one at `port` of the host that is called `host`.
    pub fn name(host: impl Into<String>, port: u16) -> Self {
        Self::Name { host: host.into(), port }
    }
}

impl From<SocketAddrV4> for Peer {
    fn from(address: SocketAddrV4) -> Self {
        Self::Address(address)
    }
}

/// The address to use of all that a name has: `kept`, if it is among them, or else the first of IPv4.
///
/// # Errors
/// That there is none of IPv4, or that it is not one host's.
pub fn choose(all: &[SocketAddr], kept: Option<SocketAddrV4>) -> Result<SocketAddrV4, ResolveFailure> {
    let mut ipv4 = all.iter().filter_map(|address| match address {
        SocketAddr::V4(address) => Some(*address),
        SocketAddr::V6(_) => None,
    });
    if let Some(kept) = kept.filter(|kept| ipv4.clone().any(|address| address == *kept)) {
        return Ok(kept);
    }
    let address = ipv4.next().ok_or(ResolveFailure::NoIpv4)?;
    if is_one_host(*address.ip()) { Ok(address) } else { Err(ResolveFailure::NotOneHost(*address.ip())) }
}

/// Whether `ip` can be one host's: not 0.0.0.0/8, multicast, 240.0.0.0/4 or broadcast.
#[must_use]
pub fn is_one_host(ip: Ipv4Addr) -> bool {
    (1..224).contains(&ip.octets()[0])
}

/// Why there is no IPv6.
pub const IPV6_REASON: &str = "IPv6 is not supported, since a QUERY has room for the 4 address bytes of IPv4";

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, failure } = self;
        match failure {
            ResolveFailure::Failed(error) => write!(f, "cannot resolve '{peer}': {error}"),
            ResolveFailure::Unanswered => write!(f, "cannot resolve '{peer}': no name server answers"),
            ResolveFailure::NoIpv4 => write!(f, "'{peer}' has no IPv4 address: {IPV6_REASON}"),
            ResolveFailure::NotOneHost(ip) => write!(f, "'{peer}' is {ip}, which is not the address of one host"),
        }
    }
}

impl Error for ResolveError {}
