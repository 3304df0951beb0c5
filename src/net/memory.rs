//! A network made of channels, for tests that need no socket.

use super::{DatagramSink, DatagramSource, RECEIVE_WAIT_MAX, Received, SendFailure, Sent};
use crate::batch::Outbox;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::io;
use std::net::SocketAddrV4;

/// A datagram on its way, with the address of its other end: where it came from, or where it goes.
pub type Parcel = (SocketAddrV4, Vec<u8>);

/// Receives what is put into a channel. Once every sender is gone it is like a closed socket.
#[derive(Debug)]
pub struct MemorySource(pub Receiver<Parcel>);

impl DatagramSource for MemorySource {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8])) -> io::Result<Received> {
        let first = match self.0.recv_timeout(RECEIVE_WAIT_MAX) {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => return Ok(Received::default()),
            Err(RecvTimeoutError::Disconnected) => return Err(nix::errno::Errno::EBADF.into()),
        };
        for (source, datagram) in std::iter::once(first).chain(self.0.try_iter()).take(64) {
            deliver(source, &datagram);
        }
        Ok(Received::default())
    }
}

/// Sends into a channel. Once its receiver is gone, every destination is unreachable.
#[derive(Debug)]
pub struct MemorySink(pub Sender<Parcel>);

impl DatagramSink for MemorySink {
    fn send(&mut self, outbox: &Outbox, mut failed: impl FnMut(SocketAddrV4, SendFailure)) -> Sent {
        let mut sent = Sent::default();
        for (datagram, to) in outbox.iter() {
            match self.0.send((to, datagram.to_vec())) {
                Ok(()) => sent.datagrams += 1,
                Err(_) => failed(to, SendFailure::Unreachable),
            }
        }
        sent
    }
}
