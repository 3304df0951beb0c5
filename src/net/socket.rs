//! A bound socket, before it is split.

#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
use super::linux;
use super::{
    BatchReceiver, BatchSender, Endpoint, Offload, OffloadInUse, RECEIVE_BUFFER_LEN, SEND_BUFFER_LEN, SEND_WAIT_MAX,
};
use socket2::SockRef;
use std::fmt;
use std::io;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};

/// A bound UDP socket.
#[derive(Debug)]
pub struct Socket {
    udp: UdpSocket,
    local: SocketAddrV4,
    receive_buffer_len: usize,
    send_buffer_len: usize,
}

impl Socket {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the kernel says: the port is in use, the address is not this host's, ...
    pub fn bind(address: SocketAddrV4) -> io::Result<Self> {
        let udp = UdpSocket::bind(address)?;
        do_without(
            udp.set_write_timeout(Some(SEND_WAIT_MAX)),
            "SO_SNDTIMEO",
            "a datagram waits for no room to be sent",
        );
        #[cfg(target_os = "linux")]
        let_fragment(&udp);
        let SocketAddr::V4(local) = udp.local_addr()? else {
            return Err(io::Error::other("an IPv4 socket with an IPv6 address"));
        };
        let options = SockRef::from(&udp);
        // A smaller grant is no error: the caller reports what it got.
        options.set_recv_buffer_size(RECEIVE_BUFFER_LEN).ok();
        options.set_send_buffer_size(SEND_BUFFER_LEN).ok();
        // Linux doubles the number to account for its own overhead, and reports the double.
        let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
        let receive_buffer_len = options.recv_buffer_size().unwrap_or(0) / doubled;
        let send_buffer_len = options.send_buffer_size().unwrap_or(0) / doubled;
        Ok(Self { udp, local, receive_buffer_len, send_buffer_len })
    }

    /// Lets its receiver say what could not be delivered (P-46), where the system tells. For clients: a servent goes on
    /// without (P-25).
    #[must_use]
    pub fn hear_of_undelivered(self) -> Self {
        #[cfg(all(target_os = "linux", not(feature = "portable-net")))]
        linux::hear_of_undelivered(&self.udp);
        self
    }

    /// The address that it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// The receive buffer that the kernel granted, in bytes as asked for: at most [`RECEIVE_BUFFER_LEN`]; 0 if it does
    /// not say.
    #[must_use]
    pub fn receive_buffer_len(&self) -> usize {
        self.receive_buffer_len
    }

    /// The send buffer that the kernel granted, likewise: at most [`SEND_BUFFER_LEN`], and 0 if it does not say.
    #[must_use]
    pub fn send_buffer_len(&self) -> usize {
        self.send_buffer_len
    }

    /// Has each datagram tell at which of this host's addresses it came in, where the socket listens on all of them, so
    /// that a RESPONSE can leave from the one that was asked (P-9). Where the system refuses, it leaves as routing
    /// chooses, which is said in the log.
    pub fn learn_asked(&self) {
        #[cfg(all(target_os = "linux", not(feature = "portable-net")))]
        if self.local.ip().is_unspecified() {
            let without = "on a host with several addresses an answer may leave from another one than was asked";
            do_without(linux::learn_asked(&self.udp), "IP_PKTINFO", without);
        }
    }

    /// The same as an [`Endpoint`], and which offloads it uses.
    ///
    /// # Errors
    /// As [`Socket::split`].
    pub fn into_endpoint(self, offload: Offload) -> io::Result<(Endpoint<BatchReceiver, BatchSender>, OffloadInUse)> {
        let local = self.local;
        let (source, sink, in_use) = self.split(offload)?;
        Ok((Endpoint { local, source, sink }, in_use))
    }

    /// A half to receive with and one, with a cloned socket, to send with; and which offloads they use.
    ///
    /// # Errors
    /// What the kernel says, usually that there are too many open files.
    pub fn split(self, offload: Offload) -> io::Result<(BatchReceiver, BatchSender, OffloadInUse)> {
        let (sender, gso) = BatchSender::new(self.udp.try_clone()?, offload);
        let (receiver, gro) = BatchReceiver::new(self.udp, self.local, offload)?;
        Ok((receiver, sender, OffloadInUse { gso, gro }))
    }
}

/// Lets datagrams leave without the don't-fragment bit and heedless of path MTU news (P-8): with the system's default an
/// answer that is longer than a narrow link on its way takes is lost, and nobody asks again.
#[cfg(target_os = "linux")]
fn let_fragment(udp: &UdpSocket) {
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, set_ip_mtu_discover};
    // Where that is not known, at least without the bit.
    let set = set_ip_mtu_discover(udp, Ipv4PathMtuDiscovery::OMIT)
        .or_else(|_| set_ip_mtu_discover(udp, Ipv4PathMtuDiscovery::DONT));
    do_without(set, "IP_MTU_DISCOVER", "answers longer than a link on their way takes may get lost");
}

/// Says what is done without where the system refuses an option.
pub(super) fn do_without<E: fmt::Display>(set: Result<(), E>, option: &str, without: &str) {
    if let Err(error) = set {
        log::warn!("{without}: {error} ({option})");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::net::sockopt::{Ipv4PathMtuDiscovery, ip_mtu_discover};
    use std::net::Ipv4Addr;

    /// P-8: an answer longer than a link on its way takes must not be lost for the sake of path MTU discovery.
    #[test]
    fn p8_datagrams_may_be_fragmented_on_the_way() {
        let loopback = Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        assert_eq!(ip_mtu_discover(&loopback.udp).unwrap(), Ipv4PathMtuDiscovery::OMIT);
    }
}
