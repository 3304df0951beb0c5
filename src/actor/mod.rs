//! The roles: one file, one thread each.
//!
//! An actor is a thin loop around a machine of [`protocol`](crate::protocol): take a batch, let the machine judge
//! each message, pass on what came of it. One thread owns each machine, so none has a lock.
//!
//! ```text
//!                 inbox          lookup jobs
//! socket ─▶ receiver ───▶ flooder ───────▶ lookup
//!              │             │ outbox         │ outbox
//!              │             ▼                ▼
//!              │           sender ◀───────────┘ ─▶ cloned socket
//!              └── lookup jobs: CLIREQs ──────▶ lookup
//! ```
//!
//! The graph has no cycle, so bounded channels with blocking sends cannot deadlock. A servent that is asked for more
//! than it can do blocks in the receiver's send; the kernel's receive buffer then fills, and sheds what it counts. An
//! actor ends when its inbound channel is closed and drained, which closes its outbound ones: stopping the receiver
//! stops everything, in order, with nothing queued lost.
//!
//! | file | role |
//! |---|---|
//! | `channels` | what flows, and how much of it may wait |
//! | `clock` | where time comes from |
//! | `crew` | named threads, joined in flow order, panics reported |
//! | `receiver` | socket to decoded batches |
//! | `flooder` | duplicate suppression and forwarding |
//! | `lookup` | answers |
//! | `sender` | batches to socket |
//! | `stop` | the order to stop |
//! | `tracer` | what the others noted, to a file |
//! | `asking` | the client's machine at its channels |
//! | `aside` | threads that nobody waits for |

pub mod aside;
pub mod asking;
pub mod channels;
pub mod clock;
pub mod crew;
pub mod flooder;
pub mod hand_over;
pub mod lookup;
pub mod receiver;
pub mod sender;
pub mod stop;
pub mod tracer;
