//! The roles: one file, one thread each.
//!
//! An actor is a thin [role](hand_over::Role) around a machine of [`protocol`](crate::protocol): take a batch, let the
//! machine judge each message, hand on what came of it. Its work is done by its own thread or, where it is idle, at once
//! by whoever brings it ([`hand_over`]).
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
//! The resolver, where neighbours have names, hands the flooder their new addresses.
//!
//! The graph has no cycle, so bounded channels with blocking sends cannot deadlock, nor can locks that are taken
//! downstream. From the receiver to the flooder everything is queued (P-11). A servent that is asked for more
//! than it can do blocks in the receiver's send; the kernel's receive buffer then fills, and sheds what it counts. An
//! actor ends when nobody can bring it work any more and its channel is drained, and nobody can then bring work to those
//! behind it for its part: stopping the receiver stops everything, in order, with nothing queued lost.
//!
//! | file | role |
//! |---|---|
//! | `channels` | what flows, and how much of it may wait |
//! | `clock` | where time comes from |
//! | `crew` | named threads, joined in flow order, panics reported |
//! | `hand_over` | who does a role's work, and when |
//! | `receiver` | socket to decoded batches |
//! | `flooder` | duplicate suppression and forwarding |
//! | `lookup` | answers |
//! | `links` | what links to neighbours are to lose and hold back, where asked for |
//! | `sender` | batches to socket |
//! | `stop` | the order to stop |
//! | `tracer` | what the others noted, to a file |
//! | `asking` | the client's machine at its channels |
//! | `resolver` | neighbours' names, looked up again and again |
//! | `aside` | threads that nobody waits for |

pub mod aside;
pub mod asking;
pub mod channels;
pub mod clock;
pub mod crew;
pub mod flooder;
pub mod hand_over;
pub mod links;
pub mod lookup;
pub mod receiver;
pub mod resolver;
pub mod sender;
pub mod stop;
pub mod tracer;
