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
pub use outbox::{Datagram, Outbox, Transmit};
pub use pool::Pool;

/// The most datagrams that one [`Inbox`] is given. A receive call brings up to 64, and with receive offload thousands,
/// which are passed on in batches of this many, so that what waits in the channels is bounded.
pub const DATAGRAMS_MAX: usize = 512;

/// The bytes from which on a batch is passed on, however few its datagrams are: the largest ones would make it 32 MiB.
pub const BATCH_LEN_MAX: usize = 1 << 20;

/// Bytes of text that a batch keeps room for between uses. A batch of the largest datagrams has 4 MiB, which would
/// stay for good.
const KEPT_LEN_MAX: usize = 256 << 10;
