//! One datagram a call, with what every Unix has. Where it was asked is not known here, and what leaves does so from
//! the address that routing chooses (P-9).

use super::{DatagramSink, DatagramSource, Offload, Received, SendFailure, Sent, Waker, WhenFull, wake};
use crate::batch::Outbox;
use crate::wire::PAYLOAD_LEN_MAX;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, SockaddrIn, recvmsg};
use socket2::SockRef;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a receive call blocks where nothing wakes it, so that a stop is noticed without a datagram. Linux lets the
/// end of a socket's receiving half wake it.
const WAIT_MAX: Option<Duration> = if cfg!(target_os = "linux") { None } else { Some(Duration::from_millis(100)) };

/// Datagrams that are taken in a row, if so many wait.
const DATAGRAMS_A_CALL: usize = 64;

/// Receives one datagram a call. The standard library cannot ask for what was shed, so that counter stays 0.
#[derive(Debug)]
pub struct BatchReceiver {
    socket: UdpSocket,
    local: SocketAddrV4,
    buffer: Vec<u8>,
    /// The waker was used.
    is_woken: Arc<AtomicBool>,
}

impl BatchReceiver {
    /// The receiver, which has no offload.
    pub(super) fn new(socket: UdpSocket, local: SocketAddrV4, _: Offload) -> io::Result<(Self, bool)> {
        if WAIT_MAX.is_some() {
            socket.set_read_timeout(WAIT_MAX)?;
        }
        Ok((Self { socket, local, buffer: vec![0; PAYLOAD_LEN_MAX], is_woken: Arc::default() }, false))
    }

    /// Whether it is what a woken call returns: nothing, from nobody (what looks like its source is none) or from the
    /// socket itself. Once it is woken, nothing else that is empty is told from that.
    fn is_wakers(&self, len: usize) -> bool {
        len == 0 && self.is_woken.load(Ordering::SeqCst)
    }
}

impl DatagramSource for BatchReceiver {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8])) -> io::Result<Received> {
        if self.is_woken.load(Ordering::SeqCst) {
            return Ok(Received::default());
        }
        let mut received = Received::default();
        for count in 0..DATAGRAMS_A_CALL {
            let flags = if count == 0 { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT };
            let mut vector = [IoSliceMut::new(&mut self.buffer)];
            let message = recvmsg::<SockaddrIn>(self.socket.as_raw_fd(), &mut vector, None, flags);
            let (source, len) = match message {
                Ok(message) => (message.address.map(SocketAddrV4::from), message.bytes),
                Err(Errno::EAGAIN | Errno::ETIMEDOUT | Errno::EINTR) => return Ok(received),
                Err(errno) => return Err(errno.into()),
            };
            match source {
                Some(source) if !self.is_wakers(len) => deliver(source, Ipv4Addr::UNSPECIFIED, &self.buffer[..len]),
                _ => return Ok(received),
            }
        }
        received.is_full = true;
        Ok(received)
    }

    fn waker(&self) -> io::Result<Waker> {
        let (socket, local, is_woken) = (self.socket.try_clone()?, self.local, Arc::clone(&self.is_woken));
        Ok(Waker::new(move || {
            is_woken.store(true, Ordering::SeqCst);
            wake(&socket, local);
        }))
    }
}

/// Sends one datagram a call.
#[derive(Debug)]
pub struct BatchSender {
    socket: UdpSocket,
    /// A send may wait for room in the send buffer.
    may_wait: bool,
    /// The last outbox found the send buffer full.
    is_full: bool,
    /// Datagrams of the outbox that stopped for want of room, which are dealt with.
    done: usize,
}

impl BatchSender {
    /// The sender, which has no offload.
    pub(super) fn new(socket: UdpSocket, _: Offload) -> (Self, bool) {
        // Without a time-out a send would wait for as long as the buffer is full.
        let may_wait = matches!(socket.write_timeout(), Ok(Some(_)));
        (Self { socket, may_wait, is_full: false, done: 0 }, false)
    }

    /// Waits for room in the send buffer only if it `is_patient`.
    fn send_one(&self, datagram: &[u8], to: SocketAddrV4, is_patient: bool) -> io::Result<()> {
        let flags = if is_patient { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT }.bits();
        loop {
            match SockRef::from(&self.socket).send_to_with_flags(datagram, &to.into(), flags) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result.map(drop),
            }
        }
    }
}

impl DatagramSink for BatchSender {
    fn send(&mut self, outbox: &Outbox, when_full: WhenFull, mut failed: impl FnMut(usize, SendFailure)) -> Sent {
        let mut sent = Sent::default();
        let mut is_patient = !std::mem::take(&mut self.is_full) && self.may_wait;
        let stops = is_patient && when_full == WhenFull::Return;
        for (index, (datagram, to)) in outbox.iter().enumerate().skip(std::mem::take(&mut self.done)) {
            match self.send_one(datagram, to, is_patient && !stops) {
                Ok(()) => sent.datagrams += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && stops => {
                    (self.done, sent.is_unfinished) = (index, true);
                    break;
                }
                Err(error) => {
                    if error.kind() == io::ErrorKind::WouldBlock {
                        (is_patient, self.is_full) = (false, true);
                    }
                    let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
                    failed(index, SendFailure::from_errno(errno));
                }
            }
        }
        sent
    }
}
