//! Several buffers a call; each is a datagram, or with receive offload several.

use super::is_refused;
use super::shed::Shed;
use super::undelivered::{self, Waited, is_news, is_told, stop_hearing};
use crate::batch::segments;
use crate::net::{DatagramSource, Offload, Received, SHED_WAIT, Waker};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrIn, recvmmsg, recvmsg, setsockopt, sockopt,
};
use socket2::SockRef;
use std::array;
use std::io::{self, IoSliceMut};
use std::net::{Shutdown, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A slot holds the largest payload (P-7), and the largest that the kernel coalesces. The odd lines on top keep the
/// slots' first bytes from sharing a cache set.
const SLOT_LEN: usize = (64 << 10) + 33 * 64;

/// Buffers that a receive call takes. With receive offload each may hold 128 datagrams.
const BUFFERS_MAX: usize = 64;

/// Receives several buffers a call; each is a datagram, or with receive offload several.
#[derive(Debug)]
pub struct BatchReceiver {
    socket: UdpSocket,
    /// One slot a buffer. The kernel writes only what comes, so memory is touched only as far as datagrams are long.
    slots: Vec<u8>,
    shed: Shed,
    /// A call waits no longer than [`SHED_WAIT`], and not until something comes.
    is_hasty: bool,
    /// recvmmsg is not to be had: a call takes one buffer.
    is_one_a_call: bool,
    /// The waker was used.
    is_woken: Arc<AtomicBool>,
    /// A call waits for news of what could not be delivered as well: they are wanted and to be had.
    is_told: bool,
}

impl BatchReceiver {
    /// The receiver, and whether it uses receive offload.
    pub(in crate::net) fn new(socket: UdpSocket, offload: Offload) -> io::Result<(Self, bool)> {
        // Without it, what was shed is told when it is quiet, and at the end.
        setsockopt(&socket, sockopt::RxqOvfl, &1).ok();
        let gro = offload == Offload::WhereAvailable && setsockopt(&socket, sockopt::UdpGroSegment, &true).is_ok();
        let slots = vec![0; BUFFERS_MAX * SLOT_LEN];
        // Where that is not told, it is asked whenever it is quiet.
        let shed = Shed::new(SockRef::from(&socket).recv_buffer_size().unwrap_or(0));
        let (is_told, is_woken) = (is_told(&socket), Arc::default());
        Ok((Self { socket, slots, shed, is_hasty: false, is_one_a_call: false, is_woken, is_told }, gro))
    }

    /// Does without recvmmsg, as where it is refused.
    #[cfg(test)]
    pub(super) fn take_one_a_call(&mut self) {
        self.is_one_a_call = true;
    }

    /// Takes one buffer, by the call that every kernel has.
    fn receive_one(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8]), flags: MsgFlags) -> nix::Result<Received> {
        let mut controls = cmsg_space!(u32, i32);
        let mut vector = [IoSliceMut::new(&mut self.slots[..SLOT_LEN])];
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<SockaddrIn>(fd, &mut vector, Some(&mut controls), flags)?;
        if is_the_wakers(&self.is_woken, &message) {
            return Ok(Received::default());
        }
        let mut intake = Intake { shed: &mut self.shed, shed_total: None, unreadable: 0 };
        intake.take(&message, &mut deliver);
        // Whether more waits is not known; what was taken out counts on until a call waits.
        Ok(intake.received())
    }

    fn receive_many(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8]), flags: MsgFlags) -> nix::Result<Received> {
        // Made anew each time: recvmmsg leaves the lengths that it used in the headers, so a second call with the same
        // ones would have no room for control messages.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BUFFERS_MAX, Some(cmsg_space!(u32, i32)));
        let mut slots = self.slots.chunks_exact_mut(SLOT_LEN);
        let mut vectors: [_; BUFFERS_MAX] = array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let vectors = vectors.iter_mut();
        let fd = self.socket.as_raw_fd();
        let messages = recvmmsg(fd, &mut headers, vectors, flags | MsgFlags::MSG_WAITFORONE, None)?;
        let mut intake = Intake { shed: &mut self.shed, shed_total: None, unreadable: 0 };
        let mut count = 0;
        for message in messages {
            if count == 0 && is_the_wakers(&self.is_woken, &message) {
                break;
            }
            intake.take(&message, &mut deliver);
            count += 1;
        }
        let received = intake.received();
        if count < BUFFERS_MAX {
            self.shed.emptied();
        }
        Ok(received)
    }

    /// Waits for news of what could not be delivered, or for a datagram, if they are wanted and to be had.
    fn wait_for_news(&mut self) -> Option<Waited> {
        if !self.is_told {
            return None;
        }
        let waited = undelivered::wait(&self.socket, self.shed.is_stale().then_some(SHED_WAIT));
        if matches!(waited, Waited::Refused) {
            self.is_told = false;
            // Otherwise they would be told as errors of other calls.
            stop_hearing(&self.socket);
        }
        Some(waited)
    }

    /// Waits until something comes or, where something can have been shed, not for long.
    fn set_haste(&mut self) {
        if self.is_hasty != self.shed.is_stale() {
            self.is_hasty = self.shed.is_stale();
            // Where that is refused, what was shed last is told at the end.
            self.socket.set_read_timeout(self.is_hasty.then_some(SHED_WAIT)).ok();
        }
    }
}

impl DatagramSource for BatchReceiver {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8])) -> io::Result<Received> {
        if self.is_woken.load(Ordering::SeqCst) {
            return Ok(Received::default());
        }
        let wait_flags = match self.wait_for_news() {
            Some(Waited::News(to, failure)) => {
                return Ok(Received { undelivered: Some((to, failure)), ..Received::default() });
            }
            Some(Waited::Over) => MsgFlags::MSG_DONTWAIT,
            Some(Waited::Refused) | None => {
                self.set_haste();
                MsgFlags::empty()
            }
        };
        let received = if self.is_one_a_call {
            self.receive_one(&mut deliver, wait_flags)
        } else {
            self.receive_many(&mut deliver, wait_flags)
        };
        match received {
            // Its news come from the queue.
            Err(errno) if self.is_told && is_news(errno) => Ok(Received::default()),
            // While nothing comes, nothing tells of what was shed last.
            Err(Errno::EAGAIN) => {
                self.shed.emptied();
                Ok(Received { shed: self.shed(), ..Received::default() })
            }
            Err(Errno::EINTR) => Ok(Received::default()),
            Err(errno) if is_refused(errno) && !self.is_one_a_call => {
                self.is_one_a_call = true;
                Ok(Received { batching_lost: true, ..Received::default() })
            }
            received => Ok(received?),
        }
    }

    fn shed(&mut self) -> u64 {
        self.shed.ask(&self.socket)
    }

    /// Ends the receiving half of the socket, which the kernel lets a blocked call know. That it has no other end is
    /// an error to the caller, and no reason not to.
    fn waker(&self) -> io::Result<Waker> {
        let (socket, is_woken) = (self.socket.try_clone()?, Arc::clone(&self.is_woken));
        Ok(Waker::new(move || {
            is_woken.store(true, Ordering::SeqCst);
            SockRef::from(&socket).shutdown(Shutdown::Read).ok();
        }))
    }
}

/// Whether it is what a woken call returns: nothing, from nobody, and nothing behind it, since it waited. What looks
/// like its source is none.
fn is_the_wakers(is_woken: &AtomicBool, first: &RecvMsg<'_, '_, SockaddrIn>) -> bool {
    first.bytes == 0 && is_woken.load(Ordering::SeqCst)
}

/// What one receive call brings.
struct Intake<'a> {
    shed: &'a mut Shed,
    shed_total: Option<u32>,
    unreadable: u64,
}

impl Intake<'_> {
    fn take(&mut self, message: &RecvMsg<'_, '_, SockaddrIn>, deliver: &mut impl FnMut(SocketAddrV4, &[u8])) {
        let (Some(source), Ok(controls)) = (message.address, message.cmsgs()) else {
            self.unreadable += 1;
            return;
        };
        let buffer = message.iovs().next().unwrap_or_default();
        self.shed.took(buffer.len());
        let mut segment_len = buffer.len();
        for control in controls {
            match control {
                ControlMessageOwned::RxqOvfl(total) => self.shed_total = Some(total),
                ControlMessageOwned::UdpGroSegments(len) => {
                    segment_len = usize::try_from(len).unwrap_or(segment_len);
                }
                _ => {}
            }
        }
        segments(buffer, segment_len).for_each(|datagram| deliver(source.into(), datagram));
    }

    fn received(self) -> Received {
        let shed = self.shed_total.map_or(0, |total| self.shed.until(total));
        Received { shed, unreadable: self.unreadable, ..Received::default() }
    }
}
