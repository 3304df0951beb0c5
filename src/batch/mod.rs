//! What the channels carry: many datagrams at once, in buffers that are used again.
//!
//! One channel message a datagram costs more than the datagram itself; a batch of up to [`DATAGRAMS_MAX`] shares that
//! cost. An [`Inbox`] holds datagrams as they were received and decoded, an [`Outbox`] those to send; a [`Pool`]
//! lends them out and takes them back. [`Groups`] says which datagrams of an outbox can leave as one. Nothing here
//! knows a socket or a thread.

mod groups;
mod inbox;
mod outbox;
mod pool;

pub use groups::{Group, GroupLimits, Groups, segments};
pub use inbox::Inbox;
pub use outbox::{Datagram, Outbox};
pub use pool::Pool;

/// The most datagrams that one [`Inbox`] is given. Whatever one receive call brings, with receive offload thousands,
/// is passed on in batches of at most this many, so what waits in the channels is bounded.
pub const DATAGRAMS_MAX: usize = 64;

/// Bytes of text that a batch keeps room for between uses. A batch of the largest datagrams has 4 MiB, which would
/// stay for good.
const KEPT_LEN_MAX: usize = 256 << 10;
