//! The only place that names a socket: batches of datagrams in and out.
//!
//! Two implementations behind one interface: `linux` (recvmmsg and sendmmsg through nix) and `portable` (what every Unix
//! has, one datagram a call), which the feature `portable-net` chooses on Linux too. The actors know neither: they take
//! any [`DatagramSource`] and [`DatagramSink`], and [`memory`] has a pair made of channels.
//!
//! The socket is never connected (P-25): a dead neighbour's ICMP error must not come back as a receive error.

mod addresses;
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
mod linux;
pub mod memory;
#[cfg(any(not(target_os = "linux"), feature = "portable-net"))]
mod portable;
mod socket;

pub use addresses::{is_globally_routable, is_local, leads_to, look_up, own_addresses, source_towards};

#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
pub use linux::{BatchReceiver, BatchSender};
#[cfg(any(not(target_os = "linux"), feature = "portable-net"))]
pub use portable::{BatchReceiver, BatchSender};

pub use socket::Socket;
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
use socket::do_without;

use crate::batch::Outbox;
use nix::errno::Errno;
use socket2::SockRef;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// The receive buffer to ask for. The usual default holds about 256 small datagrams, less than one batch of ten
/// neighbours.
pub const RECEIVE_BUFFER_LEN: usize = 4 << 20;

/// How long a receive call waits where something can have been shed, before it asks the kernel. Otherwise it waits for a
/// datagram, or for its [`Waker`].
pub const SHED_WAIT: Duration = Duration::from_secs(1);

/// The send buffer to ask for. The kernel counts a datagram in it until it has left, and one to a host of the local
/// network that does not answer is kept for seconds, with others as much as the usual default holds: that one host
/// would take all of it.
pub const SEND_BUFFER_LEN: usize = 4 << 20;

/// The longest that sending waits for room in the send buffer. What finds none then is a send that failed, and so is
/// all that finds none until a whole outbox has left again: a buffer that moves at all has room sooner, and waiting for
/// one that does not would let whoever names dead hosts as clients stop the servent.
pub const SEND_WAIT_MAX: Duration = Duration::from_millis(10);

/// Where datagrams come from.
pub trait DatagramSource {
    /// Waits for datagrams, and hands each to `deliver`: its source, at which of this host's addresses it came in
    /// (unspecified if that is not known), and its bytes. It may return without any.
    ///
    /// # Errors
    /// What the socket says. [`is_transient`] tells whether the next call may succeed.
    fn receive(&mut self, deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8])) -> io::Result<Received>;

    /// Buffers that the kernel dropped and that no [`Received`] has said yet.
    fn shed(&mut self) -> u64 {
        0
    }

    /// What wakes a receive call that waits.
    ///
    /// # Errors
    /// What the system says, usually that there are too many open files.
    fn waker(&self) -> io::Result<Waker>;
}

/// Lets a receive call that waits return, and every later one, so that whoever receives can be told to stop.
pub struct Waker(Box<dyn Fn() + Send + Sync>);

impl Waker {
    /// A waker that calls `wake`, which does not block.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Box::new(wake))
    }

    /// Wakes.
    pub fn wake(&self) {
        (self.0)();
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}

/// Where datagrams go.
pub trait DatagramSink {
    /// Sends all of `outbox`, in its order for each destination, and tells `failed` the index in it of each datagram that
    /// could not leave. One failure does not keep the rest from leaving.
    ///
    /// If that [is unfinished](Sent::is_unfinished), the next call must be for the same outbox, and goes on where this
    /// one stopped.
    fn send(&mut self, outbox: &Outbox, when_full: WhenFull, failed: impl FnMut(usize, SendFailure)) -> Sent;
}

/// What to do when there is no room for what is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Wait for it, within reason.
    Wait,
    /// Return, [unfinished](Sent::is_unfinished), if waiting might help.
    Return,
}

/// A place in a network: an address, and both ways from and to it.
#[derive(Debug)]
pub struct Endpoint<S, K> {
    /// By which the others know it.
    pub local: SocketAddrV4,
    /// What they send to it.
    pub source: S,
    /// What it sends to them.
    pub sink: K,
}

/// What became of an outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Datagrams that left.
    pub datagrams: usize,
    /// Those of them that could not leave from the address that they were to leave from (P-9), and did so from the one
    /// that routing chose.
    pub strayed: usize,
    /// The network would not segment, so that every datagram is sent alone from now on. Said once; nothing was lost
    /// by it.
    pub offload_lost: bool,
    /// The system would not take several datagrams a call, so that each has its own from now on. Likewise.
    pub batching_lost: bool,
    /// There is no room for the rest, which is still to be sent: only with [`WhenFull::Return`].
    pub is_unfinished: bool,
}

/// Segmentation and receive offload: many datagrams in one pass through the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// Use what the system has.
    WhereAvailable,
    /// Do without.
    Off,
}

/// Which offloads a socket uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffloadInUse {
    /// Generic segmentation offload for what is sent.
    pub gso: bool,
    /// Generic receive offload for what comes in.
    pub gro: bool,
}

impl fmt::Display for OffloadInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.gso, self.gro) {
            (true, true) => "GSO and GRO",
            (true, false) => "GSO",
            (false, true) => "GRO",
            (false, false) => "no offload",
        })
    }
}

/// What one receive call had to say, beside the datagrams that it delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Buffers that the kernel dropped for want of space since it was last said. A buffer is a datagram, or with
    /// receive offload several.
    pub shed: u64,
    /// Buffers whose control messages could not be read, so that nobody knows where their datagrams end. Nothing of
    /// them is delivered.
    pub unreadable: u64,
    /// The system would not give several datagrams a call, so that each has its own from now on. Said once; nothing
    /// was lost by it.
    pub batching_lost: bool,
    /// News of a datagram that left and could not be delivered: where it was sent, and why. Only of a socket that
    /// [hears of it](Socket::hear_of_undelivered).
    pub undelivered: Option<(SocketAddrV4, SendFailure)>,
    /// It took as many buffers as a call can, so more may wait.
    pub is_full: bool,
}

/// Why a datagram could not leave (P-25), or not be delivered (P-46).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

/// Whether a receive error is news of something past, so that the next call may succeed (P-25). Only an error that
/// says that there is no socket any more is not.
#[must_use]
pub fn is_transient(error: &io::Error) -> bool {
    !matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::EBADF | Errno::ENOTSOCK | Errno::EFAULT))
}

/// Ends the receiving half of `socket`, which Linux lets a blocked receive call know: it returns nothing, from nobody.
/// That the socket has no other end is an error to the caller, and no reason not to. Where the system refuses, the call
/// gets an empty datagram instead, from the socket itself.
fn wake(socket: &UdpSocket, local: SocketAddrV4) {
    let ended = SockRef::from(socket).shutdown(Shutdown::Read);
    if ended.is_err_and(|error| error.kind() != io::ErrorKind::NotConnected) {
        // With no room for it, the call does not wait.
        socket.send_to(&[], own(local)).ok();
    }
}

/// Whether a datagram of `len` bytes from `source` is what [`wake`] sends to a socket bound to `local`.
#[cfg(all(target_os = "linux", not(feature = "portable-net")))]
fn is_from_wake(local: SocketAddrV4, source: SocketAddrV4, len: usize) -> bool {
    len == 0 && source == own(local)
}

/// Where a socket that is bound to `local` reaches itself.
fn own(local: SocketAddrV4) -> SocketAddrV4 {
    let ip = if local.ip().is_unspecified() { Ipv4Addr::LOCALHOST } else { *local.ip() };
    SocketAddrV4::new(ip, local.port())
}

#[cfg(test)]
mod tests;
