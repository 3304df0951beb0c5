//! The only place that names a socket: batches of datagrams in and out.
//!
//! Two implementations behind one interface: `linux` (recvmmsg and sendmmsg through nix) and `portable` (what every Unix
//! has, one datagram a call), which the feature `portable-net` chooses on Linux too. The actors know neither: they take
//! any [`DatagramSource`] and [`DatagramSink`], and [`memory`] has a pair made of channels.
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
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use socket2::SockRef;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, UdpSocket};
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
    /// Sends all of `outbox`, in its order for each destination, and tells `failed` of each datagram that could not
    /// leave. One failure does not keep the rest from leaving.
    fn send(&mut self, outbox: &Outbox, failed: impl FnMut(SocketAddrV4, SendFailure)) -> Sent;
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
    let set = set_ip_mtu_discover(udp, Ipv4PathMtuDiscovery::OMIT);
    do_without(set, "IP_MTU_DISCOVER", "answers longer than a link on their way takes may get lost");
}

/// Says what is done without where the system refuses an option.
fn do_without<E: fmt::Display>(set: Result<(), E>, option: &str, without: &str) {
    if let Err(error) = set {
        log::warn!("{without}: {error} ({option})");
    }
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
fn is_from_wake(local: SocketAddrV4, source: SocketAddrV4, len: usize) -> bool {
    len == 0 && source == own(local)
}

/// Where a socket that is bound to `local` reaches itself.
fn own(local: SocketAddrV4) -> SocketAddrV4 {
    let ip = if local.ip().is_unspecified() { Ipv4Addr::LOCALHOST } else { *local.ip() };
    SocketAddrV4::new(ip, local.port())
}

/// Whether `ip` is an address of this host: on loopback, or of one of its interfaces. Where the system does not list
/// those, as in a sandbox without netlink, whether it lets a socket be bound to it.
#[must_use]
pub fn is_local(ip: Ipv4Addr) -> bool {
    ip.is_loopback()
        || interfaces(InterfaceFlags::empty()).map_or_else(|_| can_be_bound(ip), |mut own| own.any(|own| own == ip))
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
mod tests;
