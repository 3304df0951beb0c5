//! Neighbours that only count what reaches them, drained by one thread.

use super::Fallible;
use super::drops::{SILENCE, SILENCES};
use super::load::Drops;
use super::pin::Pinned;
use nix::sys::socket::MsgFlags;
use servent::load::CallFailed;
use servent::load::sockets::{Slots, Watch, bind, enable_gro, local_addr};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// As many as a servent may have.
pub(crate) const SINKS: usize = 10;
/// Bytes of a QUERY for a key of the workload.
const QUERY_LEN: usize = 14 + 12;

/// How neighbours receive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SinkKind {
    Plain,
    Gro,
}

/// Ten neighbours.
pub(crate) struct Sinks {
    pub(crate) addresses: Vec<SocketAddrV4>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Fallible<()>>>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    copies: AtomicU64,
    wrong: AtomicU64,
}

impl Sinks {
    /// Neighbours that expect QUERYs with this time-to-live, from a client on loopback; on `core` alone if there is one.
    pub(crate) fn start(kind: SinkKind, ttl: u8, core: Option<usize>) -> Fallible<Self> {
        let sockets: Vec<_> = (0..SINKS).map(|_| bind(Ipv4Addr::LOCALHOST, 0)).collect::<Result<_, CallFailed>>()?;
        if kind == SinkKind::Gro {
            sockets.iter().try_for_each(enable_gro)?;
        }
        let addresses = sockets.iter().map(local_addr).collect::<Result<_, CallFailed>>()?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let _pinned = Pinned::to(core)?;
            drain(&sockets, ttl, &of_thread)
        });
        Ok(Self { addresses, shared, thread: Some(thread) })
    }

    /// QUERYs that arrived so far, at all of them together.
    pub(crate) fn copies(&self) -> u64 {
        self.shared.copies.load(Ordering::Relaxed)
    }

    /// Waits until `expected` copies are there, or until no more come, the longer if no `drops` explain that they are
    /// missing.
    ///
    /// # Errors
    /// One that was looked at was not as it should be.
    pub(crate) fn settle(&self, expected: u64, drops: Drops<'_>) -> Fallible<u64> {
        const LOOK: Duration = Duration::from_millis(1);
        let (mut copies, mut quiet) = (self.copies(), Duration::ZERO);
        while copies < expected && quiet < SILENCE * SILENCES as u32 && (quiet < SILENCE || !drops()) {
            thread::sleep(LOOK);
            quiet = if self.copies() == copies { quiet + LOOK } else { Duration::ZERO };
            copies = self.copies();
        }
        match self.shared.wrong.load(Ordering::Relaxed) {
            0 => Ok(self.copies()),
            wrong => Err(format!("{wrong} of the QUERYs that neighbours looked at were wrong")),
        }
    }
}

impl Drop for Sinks {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Whoever sleeps until a datagram comes gets one.
        let woken = bind(Ipv4Addr::LOCALHOST, 0).map(|socket| socket.send_to(&[], self.addresses[0]));
        if !matches!(woken, Ok(Ok(_))) {
            eprintln!("the sinks could not be woken: {woken:?}");
        }
        if let Some(Err(failure)) = self.thread.take().map(|thread| thread.join().expect("no panic in the sinks")) {
            eprintln!("the sinks ended: {failure}");
        }
    }
}

fn drain(sockets: &[UdpSocket], ttl: u8, shared: &Shared) -> Fallible<()> {
    let mut watch = Watch::new()?;
    sockets.iter().enumerate().try_for_each(|(index, socket)| watch.add(socket, index))?;
    let mut slots = Slots::new();
    while !shared.stop.load(Ordering::Relaxed) {
        // Without QUERYs it sleeps, so that another contestant has the machine to itself.
        for index in watch.ready(Duration::from_secs(60))? {
            let (mut copies, mut wrong) = (0, 0);
            slots.receive(&sockets[index], MsgFlags::MSG_DONTWAIT, |_, datagram| {
                // Every length is looked at, and all bytes of one datagram of a batch that are the same in all QUERYs.
                let head = [0, 2, 0, ttl, 127, 0, 0, 1];
                let right = datagram.len() == QUERY_LEN
                    && (copies > 0 || datagram.starts_with(&head) && &datagram[14..18] == b"key-");
                wrong += u64::from(!right);
                copies += 1;
            })?;
            shared.copies.fetch_add(copies, Ordering::Relaxed);
            shared.wrong.fetch_add(wrong, Ordering::Relaxed);
        }
    }
    Ok(())
}
