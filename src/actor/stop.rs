//! The order to stop, wherever a receiver waits.

use crate::net::{DatagramSource, Waker};
use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Tells a receiver to stop, wherever it waits. Clones are the same order.
#[derive(Clone, Debug)]
pub struct StopFlag(Arc<Order>);

#[derive(Debug)]
struct Order {
    is_set: AtomicBool,
    waker: Waker,
    /// Dropped with the order, which ends a rest.
    rest_tx: Mutex<Option<Sender<Infallible>>>,
    rest_rx: Receiver<Infallible>,
}

impl StopFlag {
    /// For the receiver from `source`.
    ///
    /// # Errors
    /// What the system says when it has no waker to give.
    pub fn new(source: &impl DatagramSource) -> io::Result<Self> {
        let (rest_tx, rest_rx) = bounded(0);
        let waker = source.waker()?;
        Ok(Self(Arc::new(Order { is_set: AtomicBool::new(false), waker, rest_tx: Mutex::new(Some(rest_tx)), rest_rx })))
    }

    /// Asks for the stop.
    pub fn set(&self) {
        self.0.is_set.store(true, Ordering::Relaxed);
        self.0.rest_tx.lock().take();
        self.0.waker.wake();
    }

    /// Whether the stop was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Waits for so long, or until the stop is asked for.
    pub(super) fn rest(&self, time: Duration) {
        // Nothing is ever sent: it ends by time, or because the channel is closed.
        self.0.rest_rx.recv_timeout(time).ok();
    }
}
