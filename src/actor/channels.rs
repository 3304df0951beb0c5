//! What flows between the actors, and how much of it may wait.

use crate::batch::{Inbox, Outbox};
use crate::net::SendFailure;
use crate::protocol::Store;
use crate::types::Neighbours;
use crate::wire::DecodeError;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::net::SocketAddrV4;
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

/// What the network brings to a client.
#[derive(Clone, Debug)]
pub enum News {
    /// Messages.
    Messages(InboxHandle),
    /// A datagram that is no message.
    Malformed {
        /// Who sent it.
        from: SocketAddrV4,
        /// What is wrong with it.
        error: DecodeError,
        /// Its beginning, at most [`EXCERPT_LEN_MAX`](crate::protocol::EXCERPT_LEN_MAX) bytes.
        excerpt: Vec<u8>,
    },
    /// What was sent there could not be delivered.
    Undelivered {
        /// Where it was sent.
        to: SocketAddrV4,
        /// Why not.
        failure: SendFailure,
    },
}

/// Work for the flooder.
#[derive(Clone, Debug)]
pub enum FloodJob {
    /// Judge these messages.
    Messages(InboxHandle),
    /// Know these neighbours from now on (P-27).
    Neighbours(Box<Neighbours>),
}

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
