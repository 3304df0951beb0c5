//! A query that was new to a servent: for how long it is, and what may be sent because of it.

use super::finding::Breach;
use super::model::PeerId;
use super::records::{Event, RunId, What};
use crate::types::Ttl;

/// How long a query is a duplicate for a servent (P-20), and how many others it may have seen since then.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In nanoseconds.
    pub expiry_nanos: i64,
    /// Sightings.
    pub capacity: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { expiry_nanos: 60_000_000_000, capacity: 1 << 20 }
    }
}

/// By how much the time that a trace tells may be off the one that a seen-table was asked at, in nanoseconds.
pub(super) const SLACK: i64 = 10_000_000;

/// A servent that is only seen from outside may have been restarted after this time, in nanoseconds, and so may repeat
/// itself.
pub(super) const CAPTURED_MEMORY: i64 = 1_000_000_000;

/// Links that a QUERY travels at most (P-11).
pub(super) const HOPS_MAX: u8 = 3;

/// A query that was new to a servent, and what it did with it.
pub(super) struct Taking {
    /// `None`: made of a CLIREQ.
    pub(super) from: Option<PeerId>,
    pub(super) ttl: u16,
    pub(super) at: i64,
    pub(super) run: RunId,
    pub(super) ordinal: u32,
    pub(super) field: u32,
    /// Links that it had travelled, if every one of them was seen.
    pub(super) hop: Option<u8>,
    pub(super) told: Vec<PeerId>,
}

/// What is wrong with a QUERY that was sent to `to`.
pub(super) fn breach(taking: &Taking, event: &Event, to: PeerId) -> Option<Breach> {
    // Sent for another copy than the one that was new.
    let is_for_another = event.what == What::Sent && event.cause().is_some_and(|cause| Some(cause) != taking.from);
    let came_from = event.cause().filter(|_| event.what == What::Sent).or(taking.from);
    if came_from == Some(to) {
        return Some(Breach::SentBack { to });
    }
    if is_for_another || taking.told.contains(&to) {
        return Some(Breach::ForwardedAgain { to });
    }
    let due = taking.ttl.min(Ttl::INITIAL.0 + u16::from(taking.from.is_none())).saturating_sub(1);
    if event.ttl != due {
        return Some(Breach::WrongTtl { found: event.ttl, due });
    }
    let is_changed = event.field != 0 && taking.field != 0 && event.field != taking.field;
    is_changed.then_some(Breach::ChangedBytes)
}
