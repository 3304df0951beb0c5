//! Batched sends and receives of the generator, the neighbours and the baselines.

use super::Fallible;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, sendmsg, setsockopt,
    sockopt,
};
use std::array;
use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// The most datagrams of one system call.
pub(crate) const BATCH: usize = 64;
/// Without any answer for this long under load, the requests under way are given up, so that their loss does not stop
/// a closed loop.
pub(crate) const STALL: Duration = Duration::from_millis(10);
/// After this long nothing more is expected if the kernel says that it dropped something.
pub(crate) const SILENCE: Duration = Duration::from_millis(250);
/// How often such a silence is waited for while nothing explains what is missing: a busy machine may hold a
/// contestant up for long.
pub(crate) const SILENCES: usize = 20;
/// What every socket of the bench asks for, as the servent does.
const RECEIVE_BUFFER_LEN: usize = 4 << 20;
/// Room for 64 coalesced datagrams of 256 bytes; the odd lines keep slots from sharing a cache set.
const SLOT_LEN: usize = (16 << 10) + 5 * 64;

/// A blocking socket with a large receive buffer; port 0 takes a free one.
pub(crate) fn bind(ip: Ipv4Addr, port: u16) -> Fallible<UdpSocket> {
    let socket = UdpSocket::bind((ip, port)).map_err(|error| format!("cannot bind port {port}: {error}"))?;
    setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER_LEN).map_err(|errno| format!("SO_RCVBUF: {errno}"))?;
    set_patience(&socket, SILENCE)?;
    Ok(socket)
}

/// How long a receive call waits.
pub(crate) fn set_patience(socket: &UdpSocket, patience: Duration) -> Fallible<()> {
    socket.set_read_timeout(Some(patience)).map_err(|error| format!("SO_RCVTIMEO: {error}"))
}

/// Lets `socket` receive coalesced datagrams, which [`Slots::receive`] takes apart.
pub(crate) fn enable_gro(socket: &UdpSocket) -> Fallible<()> {
    setsockopt(socket, sockopt::UdpGroSegment, &true).map_err(|errno| format!("UDP_GRO: {errno}"))
}

pub(crate) fn local_addr(socket: &UdpSocket) -> SocketAddrV4 {
    match socket.local_addr() {
        Ok(std::net::SocketAddr::V4(address)) => address,
        other => panic!("an IPv4 socket at {other:?}"),
    }
}

/// Sends the datagrams of `len` bytes each that lie one behind the other in `bytes`.
pub(crate) fn send_equal(socket: &UdpSocket, bytes: &[u8], len: usize, to: SocketAddrV4, gso: bool) -> Fallible<()> {
    let to = SockaddrIn::from(to);
    for chunk in bytes.chunks(len * BATCH) {
        if gso {
            let segment = len as u16;
            let control = [ControlMessage::UdpGsoSegments(&segment)];
            let control = if chunk.len() > len { &control[..] } else { &[] };
            let send = || sendmsg(socket.as_raw_fd(), &[IoSlice::new(chunk)], control, MsgFlags::empty(), Some(&to));
            again(send).map_err(|errno| format!("sendmsg: {errno}"))?;
        } else {
            let batch: Vec<_> = chunk.chunks(len).map(|datagram| (datagram, to)).collect();
            send_batch(socket, &batch)?;
        }
    }
    Ok(())
}

/// Sends `batch` by sendmmsg, 64 a call.
pub(crate) fn send_batch(socket: &UdpSocket, mut batch: &[(&[u8], SockaddrIn)]) -> Fallible<()> {
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH.min(batch.len()), None);
    while !batch.is_empty() {
        let call = &batch[..batch.len().min(BATCH)];
        let vectors: Vec<_> = call.iter().map(|(bytes, _)| [IoSlice::new(bytes)]).collect();
        let addresses: Vec<_> = call.iter().map(|(_, to)| Some(*to)).collect();
        let send = || {
            sendmmsg(socket.as_raw_fd(), &mut headers, &vectors, &addresses, [], MsgFlags::empty()).map(Iterator::count)
        };
        let sent = again(send).map_err(|errno| format!("sendmmsg: {errno}"))?;
        batch = &batch[sent..];
    }
    Ok(())
}

/// Makes a system call until no signal interrupts it.
fn again<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Sockets that are waited for together, each known by its index.
pub(crate) struct Watch {
    epoll: Epoll,
    events: Vec<EpollEvent>,
}

impl Watch {
    pub(crate) fn new(sockets: &[UdpSocket]) -> Fallible<Self> {
        let failed = |errno| format!("epoll: {errno}");
        let epoll = Epoll::new(EpollCreateFlags::empty()).map_err(failed)?;
        for (index, socket) in sockets.iter().enumerate() {
            epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, index as u64)).map_err(failed)?;
        }
        Ok(Self { epoll, events: vec![EpollEvent::empty(); sockets.len()] })
    }

    /// Which sockets hold something to receive: none when patience ends.
    pub(crate) fn ready(&mut self, patience: Duration) -> Fallible<impl ExactSizeIterator<Item = usize>> {
        let wait = || self.epoll.wait(&mut self.events, patience.as_millis() as u16);
        let ready = again(wait).map_err(|errno| format!("epoll: {errno}"))?;
        Ok(self.events[..ready].iter().map(|event| event.data() as usize))
    }
}

/// Where datagrams are received.
pub(crate) struct Slots(Vec<u8>);

impl Slots {
    pub(crate) fn new() -> Self {
        Self(vec![0; BATCH * SLOT_LEN])
    }

    /// Receives up to 64 buffers by recvmmsg and delivers each datagram in them. Returns how many there were: 0 when
    /// patience ends, or at once if `flags` say not to wait.
    pub(crate) fn receive(
        &mut self,
        socket: &UdpSocket,
        flags: MsgFlags,
        mut deliver: impl FnMut(SockaddrIn, &[u8]),
    ) -> Fallible<usize> {
        // Made anew for each call, since the kernel's lengths of control messages stay in them.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, Some(cmsg_space!(i32)));
        let mut slots = self.0.chunks_exact_mut(SLOT_LEN);
        let mut vectors: [_; BATCH] = array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let flags = flags | MsgFlags::MSG_WAITFORONE;
        let messages = match recvmmsg(socket.as_raw_fd(), &mut headers, vectors.iter_mut(), flags, None) {
            Ok(messages) => messages,
            // After a signal as well: whoever asks asks again, and an answer that comes late is no loss.
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(0),
            Err(errno) => return Err(format!("recvmmsg: {errno}")),
        };
        let mut datagrams = 0;
        for message in messages {
            let bytes = message.iovs().next().unwrap_or_default();
            let from = message.address.ok_or("a datagram from nowhere")?;
            let mut segment = bytes.len().max(1);
            for control in message.cmsgs().map_err(|errno| format!("control messages: {errno}"))? {
                if let ControlMessageOwned::UdpGroSegments(len) = control {
                    segment = len as usize;
                }
            }
            if bytes.is_empty() {
                deliver(from, bytes);
                datagrams += 1;
            }
            for datagram in bytes.chunks(segment) {
                deliver(from, datagram);
                datagrams += 1;
            }
        }
        Ok(datagrams)
    }
}

/// How many datagrams the kernel dropped for want of room at the sockets bound to `ports`. A coalesced buffer counts
/// once.
pub(crate) fn drops(ports: &[u16]) -> u64 {
    let table = fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let row = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let port = u16::from_str_radix(columns.get(1)?.split_once(':')?.1, 16).ok()?;
        ports.contains(&port).then(|| columns.last()?.parse::<u64>().ok()).flatten()
    };
    table.lines().skip(1).filter_map(row).sum()
}
