//! Sockets that play clients, neighbours and servents, and what they receive.

use super::Rig;
use crate::conformance::bytes::{Kind, contains};
use crate::conformance::conversation::What;
use crate::conformance::probe::{Shown, Stop};
use crate::conformance::words::Words;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt::ReceiveTimestampns};
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// The longest payload of a datagram, and a byte.
const BUFFER_LEN: usize = 65_536;

/// A socket of a rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerId(usize);

/// A datagram that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Where it came from.
    pub from: SocketAddrV4,
    /// Who received it.
    pub to: PeerId,
    /// When, since the probe began, by the kernel's clock.
    pub at: Duration,
    /// What it carried.
    pub bytes: Vec<u8>,
    /// Between whom: `servent to client`.
    pub way: Words,
}

#[derive(Debug)]
pub(super) struct Peer {
    name: Words,
    socket: UdpSocket,
    address: SocketAddrV4,
    received: Vec<Datagram>,
}

impl Rig<'_> {
    /// A socket on 127.0.0.1 that plays somebody.
    ///
    /// # Errors
    /// What the system says.
    pub fn peer(&mut self, name: Words) -> Result<PeerId, Stop> {
        self.peer_at(name, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
    }

    /// A socket at an address that plays somebody. Port 0 stands for a free one.
    ///
    /// # Errors
    /// What the system says.
    pub fn peer_at(&mut self, name: Words, address: SocketAddrV4) -> Result<PeerId, Stop> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, ReceiveTimestampns, &true).map_err(io::Error::from)?;
        let SocketAddr::V4(address) = socket.local_addr()? else {
            return Err(io::Error::other("an IPv4 socket with an IPv6 address").into());
        };
        self.peers.push(Peer { name, socket, address, received: Vec::new() });
        Ok(PeerId(self.peers.len() - 1))
    }

    /// A client.
    ///
    /// # Errors
    /// What the system says.
    pub fn client(&mut self) -> Result<PeerId, Stop> {
        self.peer(Words::new("client", "cliente"))
    }

    /// So many neighbours, `neighbour 1` and so on.
    ///
    /// # Errors
    /// What the system says.
    pub fn neighbours<const N: usize>(&mut self) -> Result<[PeerId; N], Stop> {
        let mut neighbours = [PeerId(0); N];
        for (index, neighbour) in neighbours.iter_mut().enumerate() {
            let number = index + 1;
            *neighbour = self.peer(Words::made(format!("neighbour {number}"), format!("vizinho {number}")))?;
        }
        Ok(neighbours)
    }

    /// Where a socket is bound.
    #[must_use]
    pub fn address(&self, peer: PeerId) -> SocketAddrV4 {
        self.peers[peer.0].address
    }

    /// Where these sockets are bound.
    #[must_use]
    pub fn addresses(&self, peers: &[PeerId]) -> Vec<SocketAddrV4> {
        peers.iter().map(|&peer| self.address(peer)).collect()
    }

    /// All that a socket has received so far, control questions and answers left out.
    #[must_use]
    pub fn received(&self, peer: PeerId) -> Vec<Datagram> {
        let received = self.peers[peer.0].received.iter();
        received.filter(|datagram| !self.is_control(&datagram.bytes)).cloned().collect()
    }

    /// What a socket has received so far that is as wanted.
    #[must_use]
    pub fn matching(&self, peer: PeerId, is_wanted: impl Fn(&Datagram) -> bool) -> Vec<Datagram> {
        self.peers[peer.0].received.iter().filter(|datagram| is_wanted(datagram)).cloned().collect()
    }

    /// Sends a datagram, as part of what is tried.
    ///
    /// # Errors
    /// What the system says.
    pub fn send(&mut self, from: PeerId, to: SocketAddrV4, bytes: &[u8]) -> Result<(), Stop> {
        let kind = Kind::of(bytes);
        let way = way(&self.peers[from.0].name, &self.name_of(to));
        self.sent.push(Shown::Datagram { kind, bytes: bytes.to_vec(), way });
        self.transmit(from, to, bytes)
    }

    /// Sends a datagram that is not part of what is tried.
    pub(super) fn transmit(&mut self, from: PeerId, to: SocketAddrV4, bytes: &[u8]) -> Result<(), Stop> {
        let peer = &self.peers[from.0];
        let what = What::Datagram {
            from: (peer.name.clone(), peer.address),
            to: (self.name_of(to), to),
            bytes: bytes.to_vec(),
            is_control: self.is_control(bytes),
        };
        let now = self.now();
        self.conversation.note(now, what);
        match self.peers[from.0].socket.send_to(bytes, to) {
            Ok(_) => Ok(()),
            // News of an earlier datagram: nobody listens there any more. How the program ended is looked at elsewhere.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until something arrives at any socket, but at most this long, and takes in all that has.
    ///
    /// # Errors
    /// What the system says; that the check is to end.
    pub fn pump(&mut self, wait_max: Duration) -> Result<(), Stop> {
        self.go_on()?;
        // Rounded up, so that what is left of a wait is not waited for in a loop of nothing.
        let wait_ms = u16::try_from(wait_max.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
        let mut watched: Vec<_> =
            self.peers.iter().map(|peer| PollFd::new(peer.socket.as_fd(), PollFlags::POLLIN)).collect();
        match poll(&mut watched, PollTimeout::from(wait_ms)) {
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let mut arrived = Vec::new();
        for index in 0..self.peers.len() {
            while let Some((from, at, bytes)) = self.receive(index)? {
                let way = way(&self.name_of(from), &self.peers[index].name);
                arrived.push(Datagram { from, to: PeerId(index), at, bytes, way });
            }
        }
        arrived.sort_by_key(|datagram| datagram.at);
        for datagram in arrived {
            let peer = &self.peers[datagram.to.0];
            let what = What::Datagram {
                from: (self.name_of(datagram.from), datagram.from),
                to: (peer.name.clone(), peer.address),
                bytes: datagram.bytes.clone(),
                is_control: self.is_control(&datagram.bytes),
            };
            self.conversation.note(datagram.at, what);
            self.peers[datagram.to.0].received.push(datagram);
        }
        Ok(())
    }

    fn receive(&self, peer: usize) -> io::Result<Option<(SocketAddrV4, Duration, Vec<u8>)>> {
        let socket = &self.peers[peer].socket;
        let mut buffer = vec![0; BUFFER_LEN];
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
        let received = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut space), MsgFlags::empty());
        let message = match received {
            Ok(message) => message,
            Err(nix::Error::EAGAIN | nix::Error::EINTR | nix::Error::ECONNREFUSED) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let stamp = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time)),
            _ => None,
        });
        let at = stamp.map_or_else(|| self.now(), |time| time.saturating_sub(Duration::from_nanos(self.wall_nanos)));
        let from = message.address.map_or(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), SocketAddrV4::from);
        let len = message.bytes;
        buffer.truncate(len);
        Ok(Some((from, at, buffer)))
    }

    /// Who is at an address.
    fn name_of(&self, address: SocketAddrV4) -> Words {
        let peers = self.peers.iter().map(|peer| (peer.address, &peer.name));
        let programs = self.programs.iter().map(|program| (program.address, &program.name));
        let named = peers.chain(programs).find(|(known, _)| *known == address).map(|(_, name)| name.clone());
        // From another address of the same host, or another port.
        let of_port = || {
            let program = self.programs.iter().find(|program| program.address.port() == address.port())?;
            Some(program.name.clone())
        };
        named.or_else(of_port).unwrap_or_else(|| Words::same(address.to_string()))
    }

    /// Whether a datagram is part of a control question.
    pub(super) fn is_control(&self, bytes: &[u8]) -> bool {
        let mut controls = self.programs.iter().filter_map(|program| program.control.as_ref());
        controls.any(|control| contains(bytes, control.key.as_bytes()))
    }
}

/// As what a datagram is read that carries the type of one.
fn way(from: &Words, to: &Words) -> Words {
    Words::made(format!("{} to {}", from.en, to.en), format!("{} para {}", from.pt, to.pt))
}
