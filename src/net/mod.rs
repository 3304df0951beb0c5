//! The only place that names a socket: batches of datagrams in and out.
//!
//! Two implementations behind one interface: `linux` (recvmmsg and sendmmsg through nix) and `portable` (the standard library, one
//! datagram a call), which the feature `portable-net` chooses on Linux too. The actors know neither: they take any [`DatagramSource`] and
//! [`DatagramSink`], and [`memory`] has a pair made of channels.
//!
//! The socket is never connected (P-25): a dead neighbour's ICMP error must not come back as a receive error.

#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
mod linux;
pub mod memory;
#[cfg(any(not(target_os = "linux"), feature = "portable-net"))]
mod portable;

#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
pub use linux::{BatchReceiver, BatchSender};
#[cfg(any(not(target_os = "linux"), feature = "portable-net"))]
pub use portable::{BatchReceiver, BatchSender};

use crate::batch::Outbox;
use nix::errno::Errno;
use socket2::SockRef;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// The receive buffer to ask for. The usual default holds about 256 small datagrams, less than one batch of ten neighbours.
pub const RECEIVE_BUFFER_LEN: usize = 4 << 20;

/// The longest that a receive call blocks, so that a stop is noticed without a datagram.
pub const RECEIVE_WAIT_MAX: Duration = Duration::from_millis(100);

/// Where datagrams come from.
pub trait DatagramSource {
    /// Waits for datagrams, at most about [`RECEIVE_WAIT_MAX`], and hands each to `deliver` with its source.
    ///
    /// # Errors
    /// What the socket says. [`is_transient`] tells whether the next call may succeed.
    fn receive(&mut self, deliver: impl FnMut(SocketAddrV4, &[u8])) -> io::Result<Received>;
}

/// Where datagrams go.
pub trait DatagramSink {
    /// Sends all of `outbox`, in its order for each destination, and tells `failed` of each datagram that could not leave. Returns how
    /// many did. One failure does not keep the rest from leaving.
    fn send(&mut self, outbox: &Outbox, failed: impl FnMut(SocketAddrV4, SendFailure)) -> usize;
}

/// What one receive call brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Datagrams delivered; 0 when the wait ended without one.
    pub datagrams: usize,
    /// Datagrams that the kernel dropped for want of buffer space since the last call.
    pub shed: u32,
}

/// Why a datagram could not leave (P-25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendFailure {
    /// No route, or the host or network is down.
    Unreachable,
    /// No buffer space.
    NoBuffers,
    /// Refused.
    Refused,
    /// Longer than a datagram may be.
    TooLong,
    /// Not permitted.
    Forbidden,
    /// Anything else.
    Other,
}

impl SendFailure {
    fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::ENETUNREACH | Errno::EHOSTUNREACH | Errno::ENETDOWN | Errno::EHOSTDOWN | Errno::EADDRNOTAVAIL => {
                Self::Unreachable
            }
            Errno::ENOBUFS | Errno::ENOMEM | Errno::EAGAIN => Self::NoBuffers,
            Errno::ECONNREFUSED => Self::Refused,
            Errno::EMSGSIZE => Self::TooLong,
            Errno::EPERM | Errno::EACCES => Self::Forbidden,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for SendFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "the host or its network is unreachable",
            Self::NoBuffers => "the kernel has no buffer space",
            Self::Refused => "refused",
            Self::TooLong => "longer than a datagram may be",
            Self::Forbidden => "not permitted, perhaps by a packet filter",
            Self::Other => "the kernel would not send it",
        })
    }
}

/// Whether a receive error is news of something past, so that the next call may succeed (P-25). Only an error that says that there is no
/// socket any more is not.
#[must_use]
pub fn is_transient(error: &io::Error) -> bool {
    !matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EBADF | Errno::ENOTSOCK | Errno::EFAULT))
}

/// A bound UDP socket.
#[derive(Debug)]
pub struct Socket {
    udp: UdpSocket,
    local: SocketAddrV4,
    receive_buffer_len: usize,
}

impl Socket {
    /// Binds `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the kernel says: the port is in use, the address is not this host's, ...
    pub fn bind(address: SocketAddrV4) -> io::Result<Self> {
        let udp = UdpSocket::bind(address)?;
        udp.set_read_timeout(Some(RECEIVE_WAIT_MAX))?;
        let SocketAddr::V4(local) = udp.local_addr()? else {
            return Err(io::Error::other("an IPv4 socket with an IPv6 address"));
        };
        let options = SockRef::from(&udp);
        // A smaller grant is no error: the caller reports what it got.
        options.set_recv_buffer_size(RECEIVE_BUFFER_LEN).ok();
        // Linux doubles the number to account for its own overhead, and reports the double.
        let doubled = if cfg!(target_os = "linux") { 2 } else { 1 };
        let receive_buffer_len = options.recv_buffer_size()? / doubled;
        Ok(Self { udp, local, receive_buffer_len })
    }

    /// The address that it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// The receive buffer that the kernel granted, in bytes as asked for: at most [`RECEIVE_BUFFER_LEN`].
    #[must_use]
    pub fn receive_buffer_len(&self) -> usize {
        self.receive_buffer_len
    }

    /// A half to receive with and one, with a cloned socket, to send with.
    ///
    /// # Errors
    /// What the kernel says, usually that there are too many open files.
    pub fn split(self) -> io::Result<(BatchReceiver, BatchSender)> {
        let sender = BatchSender::new(self.udp.try_clone()?);
        Ok((BatchReceiver::new(self.udp)?, sender))
    }
}

/// Whether `ip` is an address of this host: a socket can be bound to it.
#[must_use]
pub fn is_local(ip: Ipv4Addr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback() -> Socket {
        Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap()
    }

    /// Receives until `count` datagrams came.
    fn receive(receiver: &mut BatchReceiver, count: usize) -> Vec<(SocketAddrV4, Vec<u8>)> {
        let mut datagrams = Vec::new();
        while datagrams.len() < count {
            receiver.receive(|source, datagram| datagrams.push((source, datagram.to_vec()))).unwrap();
        }
        datagrams
    }

    #[test]
    fn p7_p21_datagrams_of_every_size_arrive_whole_in_order_from_the_bound_port() {
        let (here, there) = (loopback(), loopback());
        let (from, to) = (here.local_addr(), there.local_addr());
        let (_, mut sender) = here.split().unwrap();
        let (mut receiver, _) = there.split().unwrap();
        let mut outbox = Outbox::default();
        let mut expected = Vec::new();
        for (index, len) in [0, 1, 1_472, 1_473, 60, 60, 60, 0, 65_507, 3].into_iter().cycle().take(20).enumerate() {
            let bytes = vec![index as u8; len];
            let datagram = outbox.write(|buffer| buffer.extend_from_slice(&bytes));
            outbox.send(&datagram, to);
            expected.push((from, bytes));
        }
        let sent = sender.send(&outbox, |to, failure| panic!("{to}: {failure}"));
        assert_eq!(sent, 20);
        assert_eq!(receive(&mut receiver, 20), expected);
    }

    #[test]
    fn p25_one_datagram_that_cannot_leave_is_reported_and_the_others_leave() {
        let (here, there) = (loopback(), loopback());
        let to = there.local_addr();
        let (_, mut sender) = here.split().unwrap();
        let (mut receiver, _) = there.split().unwrap();
        let mut outbox = Outbox::default();
        for len in [1, 65_508, 2, 65_508, 3] {
            let datagram = outbox.write(|buffer| buffer.resize(buffer.len() + len, 7));
            outbox.send(&datagram, to);
        }
        let mut failures = Vec::new();
        let sent = sender.send(&outbox, |to, failure| failures.push((to, failure)));
        assert_eq!((sent, failures), (3, vec![(to, SendFailure::TooLong); 2]));
        let lengths: Vec<_> = receive(&mut receiver, 3).iter().map(|(_, datagram)| datagram.len()).collect();
        assert_eq!(lengths, [1, 2, 3]);
    }

    #[test]
    fn p25_a_dead_neighbour_is_no_receive_error() {
        let (here, there) = (loopback(), loopback());
        let (dead, to) = (there.local_addr(), here.local_addr());
        drop(there);
        let (mut receiver, mut sender) = here.split().unwrap();
        let mut outbox = Outbox::default();
        let datagram = outbox.write(|buffer| buffer.push(1));
        for destination in [dead, to, dead, to] {
            outbox.send(&datagram, destination);
        }
        sender.send(&outbox, |_, _| {});
        assert_eq!(receive(&mut receiver, 2).len(), 2);
    }

    #[test]
    fn a_receive_call_ends_without_a_datagram() {
        let (mut receiver, _) = loopback().split().unwrap();
        assert_eq!(receiver.receive(|_, _| panic!("nobody sent")).unwrap(), Received::default());
    }

    #[test]
    fn local_addresses_are_told_from_others() {
        assert!(is_local(Ipv4Addr::LOCALHOST));
        assert!(!is_local(Ipv4Addr::new(203, 0, 113, 7)));
    }
}
