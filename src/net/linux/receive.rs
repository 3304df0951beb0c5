//! Several buffers a call; each is a datagram, or with receive offload several.

use super::is_refused;
use super::shed::Shed;
use super::undelivered::{self, Waited, is_news, is_told, stop_hearing};
use crate::batch::segments;
use crate::net::{DatagramSource, Offload, Received, SHED_WAIT, Waker, do_without, is_from_wake, wake};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::in_pktinfo;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrIn, recvmmsg, recvmsg, setsockopt, sockopt,
};
use socket2::SockRef;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A slot holds the largest payload (P-7), and the largest that the kernel coalesces. The odd lines on top keep the
/// slots' first bytes from sharing a cache set.
const SLOT_LEN: usize = (64 << 10) + 33 * 64;

/// Buffers that a receive call takes. With receive offload each may hold 128 datagrams.
const BUFFERS_MAX: usize = 64;

/// The same at least. A call makes its headers anew, and that for 64 costs as much as a datagram or two.
const BUFFERS_MIN: usize = 8;

/// Receives several buffers a call; each is a datagram, or with receive offload several.
#[derive(Debug)]
pub struct BatchReceiver {
    socket: UdpSocket,
    local: SocketAddrV4,
    /// One slot a buffer. The kernel writes only what comes, so memory is touched only as far as datagrams are long.
    slots: Vec<u8>,
    /// How many the next call is to take: twice what the last one brought, within the bounds.
    buffers: usize,
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
    pub(in crate::net) fn new(socket: UdpSocket, local: SocketAddrV4, offload: Offload) -> io::Result<(Self, bool)> {
        let set = setsockopt(&socket, sockopt::RxqOvfl, &1);
        do_without(set, "SO_RXQ_OVFL", "what is shed under load is counted only once it is quiet");
        let gro = offload == Offload::WhereAvailable && setsockopt(&socket, sockopt::UdpGroSegment, &true).is_ok();
        let slots = vec![0; BUFFERS_MAX * SLOT_LEN];
        // Where that is not told, it is asked whenever it is quiet.
        let shed = Shed::new(SockRef::from(&socket).recv_buffer_size().unwrap_or(0));
        let (is_hasty, is_one_a_call) = (false, false);
        let (buffers, is_told, is_woken) = (BUFFERS_MIN, is_told(&socket), Arc::default());
        Ok((Self { socket, local, slots, buffers, shed, is_hasty, is_one_a_call, is_woken, is_told }, gro))
    }

    /// Does without recvmmsg, as where it is refused.
    #[cfg(test)]
    pub(super) fn take_one_a_call(&mut self) {
        self.is_one_a_call = true;
    }

    /// Takes what is there, one buffer a call, by the call that every kernel has. Only the first waits, if `flags` let it.
    fn receive_singly(
        &mut self,
        mut deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8]),
        flags: MsgFlags,
    ) -> nix::Result<Received> {
        let mut intake = Intake { shed: &mut self.shed, shed_total: None, unreadable: 0 };
        let (mut is_empty, mut count) = (false, 0);
        for index in 0..BUFFERS_MAX {
            let flags = if index == 0 { flags } else { MsgFlags::MSG_DONTWAIT };
            let mut controls = cmsg_space!(u32, i32, in_pktinfo);
            let mut vector = [IoSliceMut::new(&mut self.slots[..SLOT_LEN])];
            match recvmsg::<SockaddrIn>(self.socket.as_raw_fd(), &mut vector, Some(&mut controls), flags) {
                Ok(message) if is_wakers(&self.is_woken, self.local, &message, index == 0) => break,
                Ok(message) => {
                    intake.take(&message, &mut deliver);
                    count += 1;
                }
                Err(Errno::EAGAIN) if index > 0 => {
                    is_empty = true;
                    break;
                }
                Err(errno) => return Err(errno),
            }
        }
        let received = Received { is_full: count == BUFFERS_MAX, ..intake.received() };
        if is_empty {
            self.shed.emptied();
        }
        Ok(received)
    }

    fn receive_many(
        &mut self,
        mut deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8]),
        flags: MsgFlags,
    ) -> nix::Result<Received> {
        // Made anew each time: recvmmsg leaves the lengths that it used in the headers, so a second call with the same
        // ones would have no room for control messages.
        let mut headers =
            MultiHeaders::<SockaddrIn>::preallocate(self.buffers, Some(cmsg_space!(u32, i32, in_pktinfo)));
        let slots = self.slots.chunks_exact_mut(SLOT_LEN).take(self.buffers);
        let mut vectors: Vec<_> = slots.map(|slot| [IoSliceMut::new(slot)]).collect();
        let fd = self.socket.as_raw_fd();
        let messages = recvmmsg(fd, &mut headers, &mut vectors, flags | MsgFlags::MSG_WAITFORONE, None)?;
        let mut intake = Intake { shed: &mut self.shed, shed_total: None, unreadable: 0 };
        let mut count = 0;
        for message in messages {
            if is_wakers(&self.is_woken, self.local, &message, count == 0) {
                continue;
            }
            intake.take(&message, &mut deliver);
            count += 1;
        }
        // Fewer that came back full only say that fewer were asked for.
        let received = Received { is_full: count == BUFFERS_MAX, ..intake.received() };
        if count < self.buffers {
            self.shed.emptied();
        }
        self.buffers = (2 * count).clamp(BUFFERS_MIN, BUFFERS_MAX);
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
            // Where that is refused, what was shed last is told with the next datagram, or at the end.
            self.socket.set_read_timeout(self.is_hasty.then_some(SHED_WAIT)).ok();
        }
    }
}

impl DatagramSource for BatchReceiver {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8])) -> io::Result<Received> {
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
            self.receive_singly(&mut deliver, wait_flags)
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

    fn waker(&self) -> io::Result<Waker> {
        let (socket, local, is_woken) = (self.socket.try_clone()?, self.local, Arc::clone(&self.is_woken));
        Ok(Waker::new(move || {
            is_woken.store(true, Ordering::SeqCst);
            wake(&socket, local);
        }))
    }
}

/// Whether it is what a woken call returns: nothing, as the first and from nobody (what looks like its source is none),
/// or from the socket itself.
fn is_wakers(
    is_woken: &AtomicBool,
    local: SocketAddrV4,
    message: &RecvMsg<'_, '_, SockaddrIn>,
    is_first: bool,
) -> bool {
    let is_own = || message.address.is_some_and(|source| is_from_wake(local, source.into(), message.bytes));
    message.bytes == 0 && is_woken.load(Ordering::SeqCst) && (is_first || is_own())
}

/// What one receive call brings.
struct Intake<'a> {
    shed: &'a mut Shed,
    shed_total: Option<u32>,
    unreadable: u64,
}

impl Intake<'_> {
    fn take(&mut self, message: &RecvMsg<'_, '_, SockaddrIn>, deliver: &mut impl FnMut(SocketAddrV4, Ipv4Addr, &[u8])) {
        let (Some(source), Ok(controls)) = (message.address, message.cmsgs()) else {
            self.unreadable += 1;
            return;
        };
        let buffer = message.iovs().next().unwrap_or_default();
        let (mut segment_len, mut asked_at) = (buffer.len(), Ipv4Addr::UNSPECIFIED);
        for control in controls {
            match control {
                ControlMessageOwned::RxqOvfl(total) => self.shed_total = Some(total),
                ControlMessageOwned::UdpGroSegments(len) => {
                    segment_len = usize::try_from(len).expect("the kernel tells a length");
                }
                // Of one that was sent to many hosts it is the address that this one would answer from.
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    asked_at = Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes());
                }
                _ => {}
            }
        }
        self.shed.took(buffer.len(), buffer.len().div_ceil(segment_len.max(1)).max(1));
        segments(buffer, segment_len).for_each(|datagram| deliver(source.into(), asked_at, datagram));
    }

    fn received(self) -> Received {
        let shed = self.shed_total.map_or(0, |total| self.shed.until(total));
        Received { shed, unreadable: self.unreadable, ..Received::default() }
    }
}
