//! A raw UDP socket on loopback, which plays the client, a neighbour or a stranger.

use super::DEADLINE;
use super::wire::show;
#[cfg(target_os = "linux")]
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, getsockopt, sendmsg};
use nix::sys::socket::{setsockopt, sockopt};
use std::io::ErrorKind;
#[cfg(target_os = "linux")]
use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::time::Duration;

pub(crate) struct Peer {
    socket: UdpSocket,
    addr: SocketAddrV4,
}

impl Peer {
    /// On a free port of 127.0.0.1.
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let SocketAddr::V4(addr) = socket.local_addr().unwrap() else { panic!("bound to IPv4") };
        Self { socket, addr }
    }

    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    pub(crate) fn send(&self, to: SocketAddrV4, datagram: &[u8]) {
        assert_eq!(self.socket.send_to(datagram, to).unwrap(), datagram.len());
    }

    /// Whether the kernel cuts a group into datagrams for [`Peer::send_group`].
    #[cfg(target_os = "linux")]
    pub(crate) fn can_send_groups(&self) -> bool {
        getsockopt(&self.socket, sockopt::UdpGsoSegment).is_ok()
    }

    /// Sends `datagram` so many times, in one pass through the kernel.
    #[cfg(target_os = "linux")]
    pub(crate) fn send_group(&self, to: SocketAddrV4, datagram: &[u8], count: usize) {
        let (group, len) = (datagram.repeat(count), u16::try_from(datagram.len()).unwrap());
        let (pieces, cut) = ([IoSlice::new(&group)], [ControlMessage::UdpGsoSegments(&len)]);
        let to = SockaddrIn::from(to);
        let sent = sendmsg(self.socket.as_raw_fd(), &pieces, &cut, MsgFlags::empty(), Some(&to));
        assert_eq!(sent, Ok(group.len()));
    }

    /// From now on, datagrams that were sent as a group arrive as one: where they are cut is not told.
    #[cfg(target_os = "linux")]
    pub(crate) fn receive_groups_uncut(&self) {
        setsockopt(&self.socket, sockopt::UdpGroSegment, &true).unwrap();
    }

    /// Makes room for more datagrams than usual that wait to be received.
    pub(crate) fn enlarge_receive_buffer(&self) {
        setsockopt(&self.socket, sockopt::RcvBuf, &(4 << 20)).unwrap();
    }

    /// The next datagram and its source; fails at the deadline.
    pub(crate) fn recv(&self) -> (Vec<u8>, SocketAddrV4) {
        self.recv_within(DEADLINE).unwrap_or_else(|| panic!("{}: no datagram within {DEADLINE:?}", self.addr))
    }

    /// The next datagram, which must come from `from`.
    pub(crate) fn recv_from(&self, from: SocketAddrV4) -> Vec<u8> {
        let (datagram, source) = self.recv();
        assert_eq!(source, from, "source of {} at {}", show(&datagram), self.addr);
        datagram
    }

    /// The next datagram must be exactly `expected` and come from `from` (P-21).
    pub(crate) fn expect(&self, from: SocketAddrV4, expected: &[u8]) {
        let found = self.recv_from(from);
        assert!(found == expected, "at {}: expected {}, found {}", self.addr, show(expected), show(&found));
    }

    /// The next datagram, if one comes in time.
    pub(crate) fn recv_within(&self, wait: Duration) -> Option<(Vec<u8>, SocketAddrV4)> {
        self.socket.set_read_timeout(Some(wait)).unwrap();
        self.recv_one()
    }

    /// The next datagram, if it is there already.
    pub(crate) fn recv_now(&self) -> Option<(Vec<u8>, SocketAddrV4)> {
        self.socket.set_nonblocking(true).unwrap();
        let received = self.recv_one();
        self.socket.set_nonblocking(false).unwrap();
        received
    }

    /// Nothing is in the receive buffer: for after the sender's end, when nothing can be under way on loopback.
    pub(crate) fn expect_nothing_left(&self) {
        if let Some((datagram, source)) = self.recv_now() {
            panic!("at {}: unexpected {} from {source}", self.addr, show(&datagram));
        }
    }

    fn recv_one(&self) -> Option<(Vec<u8>, SocketAddrV4)> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((len, SocketAddr::V4(source))) => return Some((buffer[..len].to_vec(), source)),
                Ok((_, source)) => panic!("IPv6 source {source}"),
                // A signal ends a receive that has a time-out, whatever its handler says of restarts.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
                Err(error) => panic!("{}: {error}", self.addr),
            }
        }
    }
}
