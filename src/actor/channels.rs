//! What flows between the actors, and how much of it may wait.

use crate::batch::{Inbox, Outbox};
use crate::protocol::Store;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;

/// Batches that may wait in each channel.
///
/// Small on purpose. With a long channel the receiver runs ahead of the others and takes one datagram at a time; with
/// a short one it waits, the socket's buffer fills meanwhile, and the next receive call brings a full batch.
pub const BATCHES_WAITING_MAX: usize = 2;

/// Decoded datagrams, shared by whoever has to look at them.
pub type InboxHandle = Arc<Inbox>;

/// Datagrams to send.
pub type OutboxHandle = Arc<Outbox>;

/// Work for the lookup actor.
#[derive(Clone, Debug)]
pub enum LookupJob {
    /// Look up the keys of some messages.
    Keys {
        /// The batch that they came in.
        inbox: InboxHandle,
        /// Their indices in it.
        wanted: Arc<Vec<usize>>,
    },
    /// Answer from this store from now on (P-35).
    Replace(Box<Store>),
}

/// A channel for batches.
#[must_use]
pub fn batches<T>() -> (Sender<T>, Receiver<T>) {
    bounded(BATCHES_WAITING_MAX)
}
