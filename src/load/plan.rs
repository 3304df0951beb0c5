//! What a load is to be.

use super::in_flight::Ends;
use std::time::Duration;

/// How fast questions follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many a second, whatever becomes of them: an open loop. A latency is counted from when its question was to leave.
    Rate(f64),
    /// So many unanswered at each client, an answer making room for the next question: a closed loop.
    InFlight(u32),
}

/// When no more questions are asked: with whichever comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// After so many.
    pub questions: Option<u64>,
    /// After so long.
    pub time: Option<Duration>,
}

/// What a load is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How fast questions follow each other.
    pub pace: Pace,
    /// How long it lasts.
    pub extent: Extent,
    /// Clients from the beginning, at least one.
    pub clients: u32,
    /// The most clients that an open loop adds where a key is under way at all of them.
    pub clients_max: u32,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// When a question is complete.
    pub ends: Ends,
    /// Once all questions are complete, how long after the last one whoever is not known yet may still answer; not longer
    /// than the time-out.
    pub linger: Duration,
    /// Whether a closed loop asks for a key that is under way at the same client. Otherwise it waits, and an open loop
    /// does so only where nothing else is left.
    pub shares_keys: bool,
    /// Whether [`Measurement::take_ended`](super::Measurement::take_ended) has something to tell.
    pub tells_ended: bool,
}
