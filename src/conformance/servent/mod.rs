//! The probes of a servent, by chapter.
//!
//! What a servent sends is recognised leniently, so that one wrong byte fails one probe: an answer is whatever carries the
//! value, a QUERY whatever carries the key. Keys and values of a scene stand in no other datagram.

mod duplicate;
mod file;
mod forward;
mod framing;
mod header;
mod lookup;
mod overlay;
mod query;
mod response;
mod scene;
mod start;
mod survival;

pub use framing::framing;

use super::probe::Probe;

/// All of them, in the order in which they are told.
pub static PROBES: &[&[Probe]] = &[
    &start::PROBES,
    &response::PROBES,
    &query::PROBES,
    &header::PROBES,
    &lookup::PROBES,
    &forward::PROBES,
    &duplicate::PROBES,
    &file::PROBES,
    &survival::PROBES,
    &overlay::PROBES,
];
