//! A peer-to-peer key-value store over UDP: servents that flood queries through an overlay, and their client.
//!
//! A *servent* holds key-value pairs and knows up to ten neighbours. A client's CLIREQ makes it flood a QUERY with a
//! time-to-live of 3; every servent that sees the QUERY for the first time answers the client directly if it holds
//! the key, and forwards it to all neighbours but the one it came from. Clauses (`P-14`) are listed in
//! ARCHITECTURE.md; the bytes are drawn in [`wire`].
//!
//! # A servent, and a question
//!
//! ```
//! use servent::{Client, Servent, Store};
//! use std::net::{Ipv4Addr, SocketAddrV4};
//!
//! let store = Store::from_pairs([("http", "80/tcp"), ("ssh", "22/tcp")])?;
//! let any_port = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
//! let servent = Servent::builder(store).bind(any_port).start()?;
//!
//! let mut client = Client::builder(servent.local_addr()).start()?;
//! let answer = client.ask("http")?.next().expect("the servent holds the key");
//! assert_eq!((answer.servent, answer.value.as_slice()), (servent.local_addr(), &b"80/tcp"[..]));
//! // Both stop, and join their threads, when they are dropped.
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # An overlay in memory
//!
//! ```
//! use servent::net::memory::MemoryNetwork;
//! use servent::{Client, Patience, Servent, Store, SystemClock};
//! use std::net::{Ipv4Addr, SocketAddrV4};
//! use std::time::Duration;
//!
//! let (network, clock) = (MemoryNetwork::new(), SystemClock::start());
//! let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
//! // A chain: 6001 - 6002 - 6003 - 6004 - 6005.
//! let chain = (6001..=6005).map(|port: u16| {
//!     let store = Store::from_pairs([("port", port.to_string())])?;
//!     let neighbours = [port - 1, port + 1].into_iter().filter(|port| (6001..=6005).contains(port)).map(at);
//!     Ok(Servent::builder(store).neighbours(neighbours).start_on(network.endpoint(at(port)), clock)?)
//! });
//! let chain = chain.collect::<Result<Vec<_>, Box<dyn std::error::Error>>>()?;
//!
//! let patience = Patience { timeout: Duration::from_secs(1), tries: 2 };
//! let client = Client::builder(chain[0].local_addr()).patience(patience);
//! let mut client = client.start_on(network.endpoint(at(5000)), clock)?;
//! let mut answers = client.ask("port")?;
//! let mut ports: Vec<_> = answers.by_ref().map(|answer| answer.servent.port()).collect();
//! ports.sort();
//! // The time-to-live ends before the fifth (P-18).
//! assert_eq!(ports, [6001, 6002, 6003, 6004]);
//! assert_eq!(answers.finish()?.answers, 4);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it is built
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
//! What stands at the root is what a program needs that embeds a servent or asks one. The modules are the layers that
//! it is built from, for programs that take it apart: [`wire`] and [`protocol`] are the protocol without I/O.
//!
//! Features: none is needed for any of this. `cli`, on by default, brings the programs; `sim` the simulator alone;
//! `portable-net` plain sockets, one datagram a call, also on Linux.
//!
//! # Invariants
//!
//! - A module names only itself and the modules above it in the list in `src/lib.rs`.
//! - [`wire`], [`batch`] and [`protocol`] know no socket, thread or clock: time is an argument, effects are data.
//!   The time is read in `actor::clock` alone, sockets are named in [`net`] alone.
//! - One role, one machine, one thread at a time: each role's machine has a lock, and the work is done by the role's own
//!   thread or, where the role is idle and nothing waits before it, by whoever brings it (`actor::hand_over`). Nothing
//!   overtakes. Only the way downstream is taken with a lock held, and nobody but a role's own thread waits for one.
//! - The channels form no cycle and are bounded. Overload is shed by the kernel's receive buffer, and counted.
//! - Any datagram may arrive: it is used, or it is counted by cause. Nothing a stranger sends makes the program panic
//!   or grow without bound.

// In reading order. The hidden ones are public for the programs, tests and benches of this package alone.
mod types;
mod text;
pub mod wire;
pub mod batch;
pub mod protocol;
pub mod net;
pub mod stats;
mod entropy;
mod json;
pub mod trace;
#[doc(hidden)]
pub mod actor;
mod loading;
mod servent;
mod client;
#[cfg(feature = "sim")]
pub mod sim;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod sweep;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod flood;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod telling;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod picture;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod live;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod console;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod serving;
#[cfg(all(feature = "cli", target_os = "linux"))]
#[doc(hidden)]
pub mod load;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod launching;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod overlay;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod export;
#[cfg(all(feature = "cli", target_os = "linux"))]
#[doc(hidden)]
pub mod conformance;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;

pub use actor::clock::{Anchor, Clock, SystemClock};
pub use actor::crew::ActorPanicked;
pub use actor::hand_over::HandOver;
pub use client::{Answers, Client, ClientBuilder, Disconnected, StillOpen};
#[doc(no_inline)]
pub use crossbeam_channel;
pub use loading::{LoadError, LoadWarning, PairRefused};
pub use net::{Endpoint, Offload};
pub use protocol::{
    Answer, Dialect, Foreign, Found, InsertError, KeyError, KvFileError, LinkConfig, Loaded, Notice, Patience, Peer,
    Repeated, ResolveConfig, ResolveError, ResolveFailure, SeenConfig, Store, StoreFull, Summary,
};
pub use servent::{RESPONSE_LIMIT, Servent, ServentBuilder, StartError};
pub use stats::Counters;
pub use text::escape;
pub use types::{Neighbours, QueryId, SeqNo, Timestamp, TooManyNeighbours, Ttl};
