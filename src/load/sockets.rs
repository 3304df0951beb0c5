//! Datagrams in batches, and sockets that are waited for together.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, sendmsg, setsockopt,
    sockopt,
};
use rustix::event::{Timespec, epoll};
use std::array;
use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// The most datagrams of one system call.
pub const BATCH: usize = 64;
/// What every socket asks for, as a servent does.
const RECEIVE_BUFFER_LEN: usize = 4 << 20;
/// Room for 64 coalesced datagrams of 256 bytes; the odd lines keep slots from sharing a cache set.
const SLOT_LEN: usize = (16 << 10) + 5 * 64;

/// A system call that failed.
#[derive(Debug)]
pub struct CallFailed {
    call: &'static str,
    cause: io::Error,
}

impl CallFailed {
    /// Makes of the cause a failure of `call`.
    pub fn of<E: Into<io::Error>>(call: &'static str) -> impl Fn(E) -> Self {
        move |cause| Self { call, cause: cause.into() }
    }

    /// What the system said.
    #[must_use]
    pub fn cause(&self) -> &io::Error {
        &self.cause
    }
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call, self.cause)
    }
}

impl Error for CallFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// For whoever tells failures as text.
impl From<CallFailed> for String {
    fn from(failed: CallFailed) -> Self {
        failed.to_string()
    }
}

/// A blocking socket with a large receive buffer; port 0 takes a free one.
///
/// # Errors
/// What the system says: the port is in use, there are too many open files, ...
pub fn bind(ip: Ipv4Addr, port: u16) -> Result<UdpSocket, CallFailed> {
    let socket = UdpSocket::bind((ip, port)).map_err(CallFailed::of("bind"))?;
    // A smaller grant is no error.
    setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER_LEN).map_err(CallFailed::of("SO_RCVBUF"))?;
    Ok(socket)
}

/// Lets `socket` receive coalesced datagrams, which [`Slots::receive`] takes apart.
///
/// # Errors
/// What the system says.
pub fn enable_gro(socket: &UdpSocket) -> Result<(), CallFailed> {
    setsockopt(socket, sockopt::UdpGroSegment, &true).map_err(CallFailed::of("UDP_GRO"))
}

/// Where an IPv4 socket is bound.
///
/// # Errors
/// What the system says.
pub fn local_addr(socket: &UdpSocket) -> Result<SocketAddrV4, CallFailed> {
    match socket.local_addr().map_err(CallFailed::of("getsockname"))? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(_) => Err(CallFailed::of("getsockname")(Errno::EAFNOSUPPORT)),
    }
}

/// Sends the datagrams of `len` bytes each that lie one behind the other in `bytes`; with `gso` the kernel cuts them.
///
/// # Errors
/// What the system says. Those before it have left.
pub fn send_equal(socket: &UdpSocket, bytes: &[u8], len: usize, to: SocketAddrV4, gso: bool) -> Result<(), CallFailed> {
    let to = SockaddrIn::from(to);
    for chunk in bytes.chunks(len * BATCH) {
        if gso {
            let segment = len as u16;
            let control = [ControlMessage::UdpGsoSegments(&segment)];
            let control = if chunk.len() > len { &control[..] } else { &[] };
            let send = || sendmsg(socket.as_raw_fd(), &[IoSlice::new(chunk)], control, MsgFlags::empty(), Some(&to));
            again(send).map_err(CallFailed::of("sendmsg"))?;
        } else {
            let batch: Vec<_> = chunk.chunks(len).map(|datagram| (datagram, to)).collect();
            send_batch(socket, &batch)?;
        }
    }
    Ok(())
}

/// Sends `batch` by sendmmsg, 64 a call.
///
/// # Errors
/// What the system says. Those before it have left.
pub fn send_batch(socket: &UdpSocket, mut batch: &[(&[u8], SockaddrIn)]) -> Result<(), CallFailed> {
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH.min(batch.len()), None);
    while !batch.is_empty() {
        let call = &batch[..batch.len().min(BATCH)];
        let vectors: Vec<_> = call.iter().map(|(bytes, _)| [IoSlice::new(bytes)]).collect();
        let addresses: Vec<_> = call.iter().map(|(_, to)| Some(*to)).collect();
        let send = || {
            sendmmsg(socket.as_raw_fd(), &mut headers, &vectors, &addresses, [], MsgFlags::empty()).map(Iterator::count)
        };
        let sent = again(send).map_err(CallFailed::of("sendmmsg"))?;
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

/// Sockets that are waited for together, each known by a number.
#[derive(Debug)]
pub struct Watch {
    epoll: OwnedFd,
    ready: Vec<usize>,
}

impl Watch {
    /// Waits for none yet.
    ///
    /// # Errors
    /// What the system says, usually that there are too many open files.
    pub fn new() -> Result<Self, CallFailed> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(CallFailed::of("epoll_create"))?;
        Ok(Self { epoll, ready: Vec::new() })
    }

    /// Waits for `socket` as well.
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&mut self, socket: &UdpSocket, number: usize) -> Result<(), CallFailed> {
        let data = epoll::EventData::new_u64(number as u64);
        epoll::add(&self.epoll, socket, data, epoll::EventFlags::IN).map_err(CallFailed::of("epoll_ctl"))
    }

    /// Which sockets hold something to receive, at most [`BATCH`] of them: none when patience ends, or after a signal.
    ///
    /// # Errors
    /// What the system says.
    pub fn ready(&mut self, patience: Duration) -> Result<impl ExactSizeIterator<Item = usize> + use<'_>, CallFailed> {
        match self.wait(patience) {
            // A kernel before 5.11 knows whole milliseconds alone; whoever waits looks at the time again.
            Err(rustix::io::Errno::NOSYS) => self.wait(Duration::from_millis(patience.as_millis() as u64)),
            waited => waited,
        }
        .or_else(|errno| if errno == rustix::io::Errno::INTR { Ok(()) } else { Err(errno) })
        .map_err(CallFailed::of("epoll_wait"))?;
        Ok(self.ready.iter().copied())
    }

    fn wait(&mut self, patience: Duration) -> rustix::io::Result<()> {
        self.ready.clear();
        let patience = Timespec { tv_sec: patience.as_secs() as i64, tv_nsec: patience.subsec_nanos().into() };
        let mut events = [const { MaybeUninit::uninit() }; BATCH];
        let (events, _) = epoll::wait(&self.epoll, &mut events, Some(&patience))?;
        self.ready.extend(events.iter().map(|event| event.data.u64() as usize));
        Ok(())
    }
}

/// Where datagrams are received.
#[derive(Debug)]
pub struct Slots(Vec<u8>);

impl Slots {
    /// Room for one call.
    #[must_use]
    pub fn new() -> Self {
        Self(vec![0; BATCH * SLOT_LEN])
    }

    /// Receives up to 64 buffers by recvmmsg and delivers each datagram in them. Returns how many there were: 0 when
    /// patience ends, or at once if `flags` say not to wait.
    ///
    /// # Errors
    /// What the system says.
    pub fn receive(
        &mut self,
        socket: &UdpSocket,
        flags: MsgFlags,
        mut deliver: impl FnMut(SockaddrIn, &[u8]),
    ) -> Result<usize, CallFailed> {
        // Made anew for each call, since the kernel's lengths of control messages stay in them.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, Some(cmsg_space!(i32)));
        let mut slots = self.0.chunks_exact_mut(SLOT_LEN);
        let mut vectors: [_; BATCH] = array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let flags = flags | MsgFlags::MSG_WAITFORONE;
        let messages = match recvmmsg(socket.as_raw_fd(), &mut headers, vectors.iter_mut(), flags, None) {
            Ok(messages) => messages,
            // After a signal as well: whoever asks asks again, and an answer that comes late is no loss.
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(0),
            Err(errno) => return Err(CallFailed::of("recvmmsg")(errno)),
        };
        let mut datagrams = 0;
        for message in messages {
            let bytes = message.iovs().next().unwrap_or_default();
            let from = message.address.ok_or(Errno::EDESTADDRREQ).map_err(CallFailed::of("recvmmsg"))?;
            let mut segment = bytes.len().max(1);
            for control in message.cmsgs().map_err(CallFailed::of("recvmmsg"))? {
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

impl Default for Slots {
    fn default() -> Self {
        Self::new()
    }
}
