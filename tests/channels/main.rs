//! Without a socket: the actors driven by injected channel messages, a whole servent on a network of channels, the
//! client's conversation with injected lines, datagrams and deadlines, and the golden wire vectors both ways.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers outside the test functions are tests as well: a surprise in them fails the test"
)]

mod client;
#[cfg(feature = "cli")]
mod client_ui;
mod links;
mod names;
mod servent_actors;
mod servent_in_memory;
mod support;
mod trace;
mod vectors;
