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

    #[test]
    fn p27_where_interfaces_are_not_listed_own_addresses_are_those_that_can_be_bound() {
        let own = own_addresses().unwrap();
        assert!(own.iter().all(|&ip| can_be_bound(ip)), "{own:?}");
        let others = [Ipv4Addr::new(203, 0, 113, 7), Ipv4Addr::new(8, 8, 8, 8)];
        assert!(others.iter().all(|&ip| !can_be_bound(ip)));
    }
}
