//! Load: questions at a rate or in a closed loop, and what came of them (Linux).
//!
//! ```text
//!                  which key, when              question
//!     schedule, keys ──▶ measurement ──▶ engine ──▶ links ──▶ socket a client ──▶ servent
//!                             ▲             │
//!              in_flight, tally ◀── answers ◀── links ◀── sockets ◀── whoever answers
//! ```
//!
//! | file | holds | what is absent from it |
//! |---|---|---|
//! | `plan` | what a load is to be | |
//! | `schedule` | when each question of an open loop is due | clocks |
//! | `keys` | the keys, and which one is asked for next | |
//! | `servents` | who answers, by number | |
//! | `in_flight` | what is under way, and which question an answer belongs to | clocks, I/O |
//! | `tally` | what was counted, and latencies | |
//! | `measurement` | all of these: the machine of a load | clocks, sockets |
//! | `dialogue` | questions and answers as bytes | I/O |
//! | `sockets` | datagrams in batches, and sockets that are waited for together | what the bytes mean |
//! | `links` | the clients' sockets | |
//! | `engine` | the loop of one thread around machine and sockets | decisions |
//! | `running` | the thread that asks, and what it reports while it does | |
//! | `report` | what is told of it: live line, table, JSON, HdrHistogram's log | I/O |
//!
//! It is the generator of `tp3 load` and of `benches/flood`: they differ in their [`Dialogue`] and in a [`Plan`].
//!
//! # Whose answer it is
//!
//! A RESPONSE says its key and no more: no number tells which question it answers. What tells is the port that it comes to
//! (a client has one of its own) and the key, so a client has one question for a key under way at a time. Where an open
//! loop must ask for a key that is under way at every client, it does so all the same, counts it
//! ([`Counts::shared`](tally::Counts)), and tells the answers apart by their order, as a servent gives them.
//!
//! Several servents may answer one question: the first answer of each counts, with a latency of its own. A question is
//! complete once all servents have answered that answered the question for this key before it; only then is its key free
//! for another question of that client. Whoever answers a complete one is new, is counted, and is waited for from then on;
//! whoever fails to answer is waited for until the time-out, and no longer from then on.

pub mod dialogue;
pub mod engine;
pub mod in_flight;
pub mod keys;
pub mod links;
pub mod measurement;
pub mod plan;
pub mod report;
pub mod running;
pub mod schedule;
pub mod servents;
pub mod sockets;
pub mod tally;

pub use dialogue::{Clireqs, Dialogue, Strange};
pub use in_flight::{Ended, Ends};
pub use keys::{Keys, Pattern, Picker};
pub use links::{Links, Traffic};
pub use measurement::Measurement;
pub use plan::{Extent, Pace, Plan};
pub use sockets::CallFailed;
pub use tally::{Counts, Interval, Latencies};
