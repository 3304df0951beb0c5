//! A network in memory: for overlays inside one program, and for tests that need no socket.

use super::{DatagramSink, DatagramSource, Endpoint, Received, SendFailure, Sent, Waker, WhenFull};
use crate::batch::Outbox;
use crate::wire::PAYLOAD_LEN_MAX;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, select};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A datagram on its way, with the address of its other end: where it came from, or where it goes.
pub type Parcel = (SocketAddrV4, Vec<u8>);

/// Datagrams that wait for one endpoint; those that come when as many wait are shed, as a kernel does.
pub const PARCELS_WAITING_MAX: usize = 4_096;

/// Datagrams that a receive call brings at most.
const PARCELS_A_CALL: usize = 64;

/// A network that joins the endpoints made of it by their addresses. Clones are the same network.
#[derive(Clone, Debug, Default)]
pub struct MemoryNetwork {
    inlets: Arc<Mutex<BTreeMap<SocketAddrV4, Inlet>>>,
}

/// The sending side of what an endpoint receives.
#[derive(Clone, Debug)]
struct Inlet {
    parcel_tx: Sender<Parcel>,
    shed: Arc<AtomicU64>,
}

impl MemoryNetwork {
    /// A network without endpoints.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A place at `address`, in the stead of the one that was there. Its sender reaches every endpoint of the network;
    /// where none is, the destination is unreachable.
    #[must_use]
    pub fn endpoint(&self, address: SocketAddrV4) -> Endpoint<MemorySource, MemoryUplink> {
        let (parcel_tx, parcel_rx) = bounded(PARCELS_WAITING_MAX);
        let shed = Arc::<AtomicU64>::default();
        self.inlets.lock().insert(address, Inlet { parcel_tx, shed: Arc::clone(&shed) });
        Endpoint {
            local: address,
            source: MemorySource::seated(parcel_rx, shed, Some((self.clone(), address))),
            sink: MemoryUplink { network: self.clone(), from: address },
        }
    }

    fn deliver(&self, from: SocketAddrV4, to: SocketAddrV4, datagram: &[u8]) -> Result<(), SendFailure> {
        let mut inlets = self.inlets.lock();
        let inlet = inlets.get(&to).ok_or(SendFailure::Unreachable)?;
        match inlet.parcel_tx.try_send((from, datagram.to_vec())) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                inlet.shed.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Disconnected(_)) => {
                inlets.remove(&to);
                Err(SendFailure::Unreachable)
            }
        }
    }
}

/// Receives what is put into a channel. Once every sender is gone it is like a closed socket.
#[derive(Debug)]
pub struct MemorySource {
    parcel_rx: Receiver<Parcel>,
    shed: Arc<AtomicU64>,
    /// Where it is known in a network, to be given up with it.
    seat: Option<(MemoryNetwork, SocketAddrV4)>,
    /// Closed by the waker.
    woken_rx: Receiver<Infallible>,
    /// For the wakers.
    woken_tx: Arc<Mutex<Option<Sender<Infallible>>>>,
}

impl MemorySource {
    /// Receives from `parcel_rx`; each parcel has its sender's address.
    #[must_use]
    pub fn new(parcel_rx: Receiver<Parcel>) -> Self {
        Self::seated(parcel_rx, Arc::default(), None)
    }

    fn seated(parcel_rx: Receiver<Parcel>, shed: Arc<AtomicU64>, seat: Option<(MemoryNetwork, SocketAddrV4)>) -> Self {
        let (woken_tx, woken_rx) = bounded(0);
        Self { parcel_rx, shed, seat, woken_rx, woken_tx: Arc::new(Mutex::new(Some(woken_tx))) }
    }
}

impl Drop for MemorySource {
    /// Gives its place up, unless another endpoint has it by now.
    fn drop(&mut self) {
        let Some((network, address)) = &self.seat else { return };
        let mut inlets = network.inlets.lock();
        if inlets.get(address).is_some_and(|inlet| Arc::ptr_eq(&inlet.shed, &self.shed)) {
            inlets.remove(address);
        }
    }
}

impl DatagramSource for MemorySource {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, Ipv4Addr, &[u8])) -> io::Result<Received> {
        let mut received = Received { shed: self.shed(), ..Received::default() };
        let first = select! {
            recv(self.parcel_rx) -> first => first.map_err(|_| nix::errno::Errno::EBADF)?,
            recv(self.woken_rx) -> _ => return Ok(received),
        };
        let parcels = std::iter::once(first).chain(self.parcel_rx.try_iter()).take(PARCELS_A_CALL);
        let mut count = 0;
        for (source, datagram) in parcels {
            deliver(source, Ipv4Addr::UNSPECIFIED, &datagram);
            count += 1;
        }
        received.is_full = count == PARCELS_A_CALL;
        Ok(received)
    }

    fn shed(&mut self) -> u64 {
        self.shed.swap(0, Ordering::Relaxed)
    }

    fn waker(&self) -> io::Result<Waker> {
        let woken_tx = Arc::clone(&self.woken_tx);
        Ok(Waker::new(move || drop(woken_tx.lock().take())))
    }
}

/// Sends to the endpoints of a [`MemoryNetwork`].
#[derive(Debug)]
pub struct MemoryUplink {
    network: MemoryNetwork,
    from: SocketAddrV4,
}

impl DatagramSink for MemoryUplink {
    fn send(&mut self, outbox: &Outbox, _: WhenFull, failed: impl FnMut(usize, SendFailure)) -> Sent {
        send_each(outbox, failed, |to, datagram| self.network.deliver(self.from, to, datagram))
    }
}

/// Sends into a channel, each parcel with its destination. Once the receiver is gone, every destination is unreachable.
/// Where the channel has no room it waits, whoever does the sending: it is meant for one without bounds.
#[derive(Debug)]
pub struct MemorySink(pub Sender<Parcel>);

impl DatagramSink for MemorySink {
    fn send(&mut self, outbox: &Outbox, _: WhenFull, failed: impl FnMut(usize, SendFailure)) -> Sent {
        let send = |to, datagram: &[u8]| self.0.send((to, datagram.to_vec())).map_err(|_| SendFailure::Unreachable);
        send_each(outbox, failed, send)
    }
}

fn send_each(
    outbox: &Outbox,
    mut failed: impl FnMut(usize, SendFailure),
    send: impl Fn(SocketAddrV4, &[u8]) -> Result<(), SendFailure>,
) -> Sent {
    let mut sent = Sent::default();
    for (index, (datagram, to)) in outbox.iter().enumerate() {
        let fits = if datagram.len() > PAYLOAD_LEN_MAX { Err(SendFailure::TooLong) } else { Ok(()) };
        match fits.and_then(|()| send(to, datagram)) {
            Ok(()) => sent.datagrams += 1,
            Err(failure) => failed(index, failure),
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    fn outbox(count: usize, to: &[SocketAddrV4]) -> Outbox {
        let mut outbox = Outbox::default();
        let datagram = outbox.write(|bytes| bytes.extend_from_slice(b"hello"));
        (0..count).for_each(|_| to.iter().for_each(|&to| outbox.send(&datagram, to)));
        outbox
    }

    #[test]
    fn endpoints_reach_each_other_by_address_and_nobody_else() {
        let network = MemoryNetwork::new();
        let (mut here, mut there) = (network.endpoint(at(1)), network.endpoint(at(2)));
        let mut failures = Vec::new();
        let sent = here
            .sink
            .send(&outbox(1, &[at(2), at(3)]), WhenFull::Wait, |index, failure| failures.push((index, failure)));
        assert_eq!((sent.datagrams, failures), (1, vec![(1, SendFailure::Unreachable)]));
        let mut heard = Vec::new();
        there.source.receive(|from, _, datagram| heard.push((from, datagram.to_vec()))).unwrap();
        assert_eq!(heard, [(at(1), b"hello".to_vec())]);
        // It has moved elsewhere: the one that stood there before takes nothing with it.
        let moved = network.endpoint(at(2));
        drop(there);
        assert_eq!(here.sink.send(&outbox(1, &[at(2)]), WhenFull::Wait, |_, _| {}).datagrams, 1);
        drop(moved);
        assert_eq!(network.inlets.lock().len(), 1, "who has left leaves nothing behind");
        let sent = here.sink.send(&outbox(1, &[at(2)]), WhenFull::Wait, |_, _| {});
        assert_eq!(sent.datagrams, 0, "who has left is unreachable");
    }

    #[test]
    fn p7_what_fits_no_datagram_is_not_sent() {
        let network = MemoryNetwork::new();
        let (mut here, _there) = (network.endpoint(at(1)), network.endpoint(at(2)));
        for (len, failed) in [(PAYLOAD_LEN_MAX, vec![]), (PAYLOAD_LEN_MAX + 1, vec![(0, SendFailure::TooLong)])] {
            let mut outbox = Outbox::default();
            let datagram = outbox.write(|bytes| bytes.resize(len, 7));
            outbox.send(&datagram, at(2));
            let mut failures = Vec::new();
            here.sink.send(&outbox, WhenFull::Wait, |index, failure| failures.push((index, failure)));
            assert_eq!(failures, failed, "{len} bytes");
        }
    }

    #[test]
    fn what_finds_no_room_is_shed_and_counted_as_a_kernel_does() {
        let network = MemoryNetwork::new();
        let (mut here, mut there) = (network.endpoint(at(1)), network.endpoint(at(2)));
        here.sink.send(&outbox(PARCELS_WAITING_MAX + 3, &[at(2)]), WhenFull::Wait, |_, _| {});
        assert_eq!(there.source.receive(|_, _, _| {}).unwrap().shed, 3);
        assert_eq!(there.source.shed(), 0, "said once");
    }
}
