//! Many datagrams a system call: recvmmsg(2) and sendmmsg(2).

use super::{DatagramSink, DatagramSource, Received, SendFailure};
use crate::batch::{DATAGRAMS_MAX, Outbox};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use std::array;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

/// A slot holds the largest payload (P-7). The odd lines on top keep the slots' first bytes from sharing a cache set.
const SLOT_LEN: usize = (64 << 10) + 33 * 64;

/// Receives up to [`DATAGRAMS_MAX`] datagrams a call.
#[derive(Debug)]
pub struct BatchReceiver {
    socket: UdpSocket,
    /// One slot a datagram. The kernel writes only what comes, so memory is touched only as far as datagrams are long.
    slots: Vec<u8>,
    /// The kernel's count of dropped datagrams, which wraps.
    shed_total: u32,
}

impl BatchReceiver {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        setsockopt(&socket, sockopt::RxqOvfl, &1)?;
        Ok(Self { socket, slots: vec![0; DATAGRAMS_MAX * SLOT_LEN], shed_total: 0 })
    }
}

impl DatagramSource for BatchReceiver {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8])) -> io::Result<Received> {
        // Made anew each time: recvmmsg leaves the lengths that it used in the headers, so a second call with the same ones would have
        // no room for control messages.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(DATAGRAMS_MAX, Some(cmsg_space!(u32)));
        let mut slots = self.slots.chunks_exact_mut(SLOT_LEN);
        let mut vectors: [_; DATAGRAMS_MAX] = array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let wait_for_one = MsgFlags::MSG_WAITFORONE;
        let messages = match recvmmsg(self.socket.as_raw_fd(), &mut headers, vectors.iter_mut(), wait_for_one, None) {
            Ok(messages) => messages,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Received::default()),
            Err(errno) => return Err(errno.into()),
        };
        let mut datagrams = 0;
        let mut shed_total = self.shed_total;
        for message in messages {
            for control in message.cmsgs()? {
                if let ControlMessageOwned::RxqOvfl(total) = control {
                    shed_total = total;
                }
            }
            if let Some(source) = message.address {
                deliver(source.into(), message.iovs().next().unwrap_or_default());
                datagrams += 1;
            }
        }
        let shed = shed_total.wrapping_sub(self.shed_total);
        self.shed_total = shed_total;
        Ok(Received { datagrams, shed })
    }
}

/// Sends up to [`DATAGRAMS_MAX`] datagrams a call.
#[derive(Debug)]
pub struct BatchSender {
    socket: UdpSocket,
}

impl BatchSender {
    pub(super) fn new(socket: UdpSocket) -> Self {
        Self { socket }
    }
}

impl DatagramSink for BatchSender {
    fn send(&mut self, outbox: &Outbox, mut failed: impl FnMut(SocketAddrV4, SendFailure)) -> usize {
        let vectors: Vec<_> = outbox.iter().map(|(bytes, _)| [IoSlice::new(bytes)]).collect();
        let addresses: Vec<_> = outbox.iter().map(|(_, to)| Some(SockaddrIn::from(to))).collect();
        let mut headers = MultiHeaders::preallocate(vectors.len().min(DATAGRAMS_MAX), None);
        let (mut next, mut sent) = (0, 0);
        while next < vectors.len() {
            let end = vectors.len().min(next + DATAGRAMS_MAX);
            let call = sendmmsg(
                self.socket.as_raw_fd(),
                &mut headers,
                &vectors[next..end],
                &addresses[next..end],
                [],
                MsgFlags::empty(),
            );
            match call {
                // It stops early at one that fails, and the next call begins with that one.
                Ok(messages) => {
                    let count = messages.count();
                    next += count;
                    sent += count;
                }
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    if let Some(to) = addresses[next] {
                        failed(to.into(), SendFailure::from_errno(errno));
                    }
                    next += 1;
                }
            }
        }
        sent
    }
}
