//! A peer-to-peer key-value store over UDP: servents that flood queries through an overlay, and their client.
//!
//! A *servent* holds key-value pairs and knows up to ten neighbours. A client's CLIREQ makes it flood a QUERY with a
//! time-to-live of 3; every servent that sees the QUERY for the first time answers the client directly if it holds
//! the key, and forwards it to all neighbours but the one it came from. Clauses (`P-14`) are listed in
//! ARCHITECTURE.md; the bytes are drawn in [`wire`].
//!
//! ```text
//!     socket ─▶ receiver ──batches──▶ flooder ──first sightings──▶ lookup
//!               (decode)                │ (seen-table, TTL)          │ (store)
//!                  └──── CLIREQs ───────┼──────────────────────────▶ │
//!                                       │ QUERYs to neighbours       │ RESPONSEs
//!                                       ▼                            ▼
//!                                     sender ─▶ cloned socket ─▶ network
//! ```
//!
//! # Invariants
//!
//! - A module names only itself and the modules above it in the list below.
//! - [`wire`], [`batch`] and [`protocol`] know no socket, thread or clock: time is an argument, effects are data.
//!   Time is read in [`actor::clock`] alone, sockets are named in [`net`] alone.
//! - One thread owns each machine. The only lock guards a copy of the counters, in [`stats`].
//! - The channels form no cycle and are bounded. Overload is shed by the kernel's receive buffer, and counted.
//! - Any datagram may arrive: it is used, or it is counted by cause. Nothing a stranger sends makes the program panic
//!   or grow without bound.

// In reading order.
pub mod types;
pub mod wire;
pub mod batch;
pub mod protocol;
pub mod net;
pub mod stats;
pub mod terminal;
mod json;
pub mod trace;
pub mod actor;
pub mod loading;
pub mod servent;
pub mod client;
pub mod overlay;
pub mod sim;
pub mod cli;
