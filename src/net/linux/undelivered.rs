//! What the network says of datagrams that left: nothing listens there, no way to the host (P-46).
//!
//! The kernel keeps such news in the socket's error queue if it is asked to (`IP_RECVERR`), and reports each as well as
//! the error of the next call, whichever that is. A receive call must not take that for an error of its own, nor can it
//! wait for news that a send call was told of: so it polls, which sees the queue itself.

use crate::net::SendFailure;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, getsockopt, recvmsg, setsockopt, sockopt};
use std::io::IoSliceMut;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// Asks for the news. Where that is refused there are none.
pub(in crate::net) fn hear_of_undelivered(socket: &UdpSocket) {
    setsockopt(socket, sockopt::Ipv4RecvErr, &true).ok();
}

/// Asks for them no longer.
pub(super) fn stop_hearing(socket: &UdpSocket) {
    setsockopt(socket, sockopt::Ipv4RecvErr, &false).ok();
}

/// Whether the news of `socket` were asked for.
pub(super) fn is_told(socket: &UdpSocket) -> bool {
    matches!(getsockopt(socket, sockopt::Ipv4RecvErr), Ok(true))
}

/// Whether an error may be news of an earlier datagram.
pub(super) fn is_news(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ECONNREFUSED
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::EHOSTDOWN
            | Errno::ENONET
            | Errno::EOPNOTSUPP
            | Errno::ENOPROTOOPT
            | Errno::EPROTO
            | Errno::EMSGSIZE
    )
}

/// What a socket was found to have.
pub(super) enum Waited {
    /// Perhaps a datagram, or it was woken, or nothing in time.
    Over,
    /// News.
    News(SocketAddrV4, SendFailure),
    /// They are not to be had: a sandbox does not allow it.
    Refused,
}

/// Waits for news or a datagram, for so long at most, and takes the first of the news.
pub(super) fn wait(socket: &UdpSocket, time: Option<Duration>) -> Waited {
    let timeout = time.and_then(|time| PollTimeout::try_from(time).ok()).unwrap_or(PollTimeout::NONE);
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, timeout) {
        Err(Errno::EINTR) | Ok(0) => return Waited::Over,
        Err(_) => return Waited::Refused,
        Ok(_) => {}
    }
    if !fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR)) {
        return Waited::Over;
    }
    match take(socket) {
        Ok(Some((to, failure))) => Waited::News(to, failure),
        // What else is in the queue is not news, and an error without any is told by the next call.
        Ok(None) | Err(Errno::EAGAIN | Errno::EINTR) => Waited::Over,
        // It would be found there again and again.
        Err(_) => Waited::Refused,
    }
}

/// Takes the first of the queue: where the datagram was sent, and what became of it, if the network said so.
fn take(socket: &UdpSocket) -> nix::Result<Option<(SocketAddrV4, SendFailure)>> {
    // Room for other control messages that the socket may have been told to add.
    let mut controls = cmsg_space!([u8; 128]);
    // The datagram itself, of which nothing is needed.
    let mut byte = [0; 1];
    let mut vector = [IoSliceMut::new(&mut byte)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut vector, Some(&mut controls), flags)?;
    let Some(to) = message.address else { return Ok(None) };
    let told = message.cmsgs().into_iter().flatten().find_map(|control| match control {
        ControlMessageOwned::Ipv4RecvErr(error, _) if error.ee_origin == libc::SO_EE_ORIGIN_ICMP => {
            Some(SendFailure::from_errno(Errno::from_raw(i32::try_from(error.ee_errno).unwrap_or(0))))
        }
        _ => None,
    });
    Ok(told.map(|failure| (to.into(), failure)))
}
