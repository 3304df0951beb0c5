//! The addresses of this host.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, ToSocketAddrs, UdpSocket};

/// Whether `ip` is an address of this host: on loopback, or of one of its interfaces. Where the system does not list
/// those, as in a sandbox without netlink, whether it lets a socket be bound to it.
#[must_use]
pub fn is_local(ip: Ipv4Addr) -> bool {
    ip.is_loopback()
        || interfaces(InterfaceFlags::empty()).map_or_else(|_| can_be_bound(ip), |mut own| own.any(|own| own == ip))
}

/// Whether `address` is that of a servent of this host that is bound to `local`; 0.0.0.0 stands for all addresses.
#[must_use]
pub fn leads_to(local: SocketAddrV4, address: SocketAddrV4) -> bool {
    address.port() == local.port()
        && if local.ip().is_unspecified() { is_local(*address.ip()) } else { address.ip() == local.ip() }
}

/// Every address of the host called `host`, each with this port. It takes as long as its name server does, and nothing can
/// interrupt that.
///
/// # Errors
/// What the system says.
pub fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}

/// The special-purpose IPv4 addresses of RFC 6890, as IANA's registry has them now: network, length of its prefix, and
/// whether datagrams to it are forwarded beyond their own administrative domain. Of two that hold an address the first one
/// counts.
const SPECIAL_PURPOSE: [(Ipv4Addr, u32, bool); 20] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, false),
    (Ipv4Addr::new(10, 0, 0, 0), 8, false),
    (Ipv4Addr::new(100, 64, 0, 0), 10, false),
    (Ipv4Addr::new(127, 0, 0, 0), 8, false),
    (Ipv4Addr::new(169, 254, 0, 0), 16, false),
    (Ipv4Addr::new(172, 16, 0, 0), 12, false),
    // Port control and TURN anycast, within the next one.
    (Ipv4Addr::new(192, 0, 0, 9), 32, true),
    (Ipv4Addr::new(192, 0, 0, 10), 32, true),
    (Ipv4Addr::new(192, 0, 0, 0), 24, false),
    (Ipv4Addr::new(192, 0, 2, 0), 24, false),
    (Ipv4Addr::new(192, 31, 196, 0), 24, true),
    (Ipv4Addr::new(192, 52, 193, 0), 24, true),
    // Relays from 6to4, no longer in use; the registry does not say, so it counts as anybody's.
    (Ipv4Addr::new(192, 88, 99, 0), 24, true),
    (Ipv4Addr::new(192, 168, 0, 0), 16, false),
    (Ipv4Addr::new(192, 175, 48, 0), 24, true),
    (Ipv4Addr::new(198, 18, 0, 0), 15, false),
    (Ipv4Addr::new(198, 51, 100, 0), 24, false),
    (Ipv4Addr::new(203, 0, 113, 0), 24, false),
    // The limited broadcast address is within it.
    (Ipv4Addr::new(240, 0, 0, 0), 4, false),
    (Ipv4Addr::BROADCAST, 32, false),
];

/// Whether datagrams to `ip` are forwarded anywhere on the internet: all addresses are but those that RFC 6890 keeps for
/// other purposes.
#[must_use]
pub fn is_globally_routable(ip: Ipv4Addr) -> bool {
    let is_in = |network: Ipv4Addr, len: u32| (ip.to_bits() ^ network.to_bits()) >> (u32::BITS - len) == 0;
    SPECIAL_PURPOSE.iter().find(|(network, len, _)| is_in(*network, *len)).is_none_or(|&(.., is_global)| is_global)
}

/// Whether a socket can be bound to `ip`: only to an address of this host, unless the system is told otherwise
/// (sysctl net.ipv4.ip_nonlocal_bind), or to one of no single host, such as a network's broadcast address.
fn can_be_bound(ip: Ipv4Addr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// The addresses of this host's interfaces that are up, those on loopback last.
///
/// # Errors
/// What the system says where it does not list them, as in a sandbox without netlink.
pub fn own_addresses() -> io::Result<Vec<Ipv4Addr>> {
    let mut addresses = Vec::new();
    for address in interfaces(InterfaceFlags::IFF_UP)? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses.sort_by_key(Ipv4Addr::is_loopback);
    Ok(addresses)
}

/// The address of this host that `peer` would see; `None` without a route. Nothing is sent.
#[must_use]
pub fn source_towards(peer: SocketAddrV4) -> Option<Ipv4Addr> {
    // Not the servent's socket: that one is never connected (P-25).
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(peer).ok()?;
    match socket.local_addr().ok()? {
        SocketAddr::V4(local) => Some(*local.ip()),
        SocketAddr::V6(_) => None,
    }
}

/// The addresses of the interfaces that have these flags.
fn interfaces(flags: InterfaceFlags) -> io::Result<impl Iterator<Item = Ipv4Addr>> {
    let interfaces = getifaddrs()?.filter(move |interface| interface.flags.contains(flags));
    Ok(interfaces.filter_map(|interface| interface.address?.as_sockaddr_in().map(|own| own.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first and the last address of each block of the registry, and those beside it.
    #[test]
    fn special_purpose_addresses_are_not_routed_globally_and_their_neighbours_are() {
        let ip = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.8"),
            ("192.0.0.11", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("240.0.0.0", "255.255.255.255"),
        ] {
            let (first, last) = (ip(first), ip(last));
            assert!(!is_globally_routable(first) && !is_globally_routable(last), "{first} to {last}");
            let beside = [first.to_bits().checked_sub(1), last.to_bits().checked_add(1)];
            for beside in beside.into_iter().flatten().map(Ipv4Addr::from_bits) {
                assert!(is_globally_routable(beside), "{beside} is beside {first} to {last}");
            }
        }
        for global in
            ["1.1.1.1", "8.8.8.8", "192.0.0.9", "192.0.0.10", "192.31.196.1", "192.88.99.1", "223.255.255.255"]
        {
            assert!(is_globally_routable(ip(global)), "{global}");
        }
    }

    #[test]
    fn p27_where_interfaces_are_not_listed_own_addresses_are_those_that_can_be_bound() {
        let own = own_addresses().unwrap();
        assert!(own.iter().all(|&ip| can_be_bound(ip)), "{own:?}");
        let others = [Ipv4Addr::new(203, 0, 113, 7), Ipv4Addr::new(8, 8, 8, 8)];
        assert!(others.iter().all(|&ip| !can_be_bound(ip)));
    }
}
