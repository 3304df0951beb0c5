//! The simulator: whole overlays in one thread, on a virtual clock, over links that lose, delay and corrupt.
//!
//! The servents are the machines of [`protocol`](crate::protocol), the datagrams the bytes of [`wire`](crate::wire);
//! only sockets, threads and the clock are left out. Whatever is drawn is drawn from one seed, so that a run repeats
//! to the byte, and a failing seed can be told as a [`Story`].
//!
//! ```text
//!   Scenario ──▶ Simulation ──events──▶ Observer: Checker, Story, ...
//!   (a seed)       │    ▲
//!                  ▼    │ datagrams, by time
//!               Machines of each servent, Queries of each client
//! ```
//!
//! **Invariants:** no thread, no socket, no clock; nothing is iterated in the order of a hash. A checker sees what
//! goes in and out of a servent and what it says it made of it, and never looks into the machines that it checks.
//!
//! | file | holds |
//! |---|---|
//! | `ids` | who takes part, and at which address |
//! | `graph` | who neighbours whom: line, ring, star, tree, grid, clique, random regular, scale-free, or any lists |
//! | `setup` | an overlay before anything happens in it |
//! | `links` | latency, loss, duplication, reordering, corruption, partitions |
//! | `machines` | one servent: the real machines, or a mutation in their place |
//! | `client` | one client: the real machine of many keys |
//! | `queue`, `simulation/` | what will happen, and the loop that lets it happen |
//! | `event` | what happened, and its telling |
//! | `traces` | what the servents would have traced |
//! | `check/` | the promises, checked event by event |
//! | `scenario/` | a whole overlay with its troubles, drawn from a seed |

pub mod check;
mod client;
mod event;
mod graph;
mod ids;
mod links;
mod machines;
mod queue;
mod scenario;
mod setup;
mod simulation;
mod traces;

pub use client::{AnswerShown, Ask, Reception};
pub use event::{Cause, Event, Fate, Observer, Story};
pub use graph::{Graph, GraphError};
pub use ids::{Addresses, ClientId, DatagramId, Party, ServentId};
pub use links::{Latency, LinkModel};
pub use machines::{Behaviour, Machines, Outcome};
pub use scenario::{Scenario, Trouble};
pub use setup::{FirstSeq, Pair, Setup};
pub use simulation::{Action, RunEnd, Simulation};
pub use traces::Traces;
