//! What the sources tell, in a few compact events.
//!
//! ```text
//! Asked                          a CLIREQ came in
//! Flooded, Sent                  a QUERY left: made of a CLIREQ, or passed on
//! Received                       a QUERY came in
//! Judged                         it was new, seen before, or refused
//! LookedUp                       what the store gave
//! Responded                      a RESPONSE left, for a question that is known by client and key alone
//! Heard                          a client got a RESPONSE
//! Unsent                         a datagram could not leave
//! ```

use super::model::PeerId;
use super::records::{QuestionId, RunId};
use crate::stats::DropCause;

/// Something that happened at a servent or client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// On the clock of its run; after the alignment on the model's.
    pub(super) at: i64,
    pub(super) question: QuestionId,
    pub(super) run: RunId,
    /// Whom it came from or went to.
    pub(super) peer: PeerId,
    /// A hash of the key field, padding included; 0 if it is not known.
    pub(super) field: u32,
    /// Bytes of the datagram, or the place of the value among the values of a RESPONSE.
    pub(super) len: u32,
    /// Of what was sent: what it was sent for came from there; nobody, if that is not known.
    pub(super) cause: PeerId,
    /// The time-to-live of the QUERY that came or went.
    pub(super) ttl: u16,
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Asked,
    Flooded,
    Sent,
    Received,
    Judged(Judgement),
    LookedUp(Looked),
    Responded,
    Heard,
    Unsent(DropCause),
}

/// What a flooder made of a QUERY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Judgement {
    /// New; what was sent on stands in events of its own.
    Forwarded,
    TtlEnded,
    NoOtherNeighbour,
    Duplicate {
        higher_ttl: bool,
    },
    Refused(DropCause),
}

impl Judgement {
    pub(super) fn is_new(self) -> bool {
        matches!(self, Self::Forwarded | Self::TtlEnded | Self::NoOtherNeighbour)
    }
}

/// What a look-up gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Looked {
    Answered,
    NotFound,
    Withheld(DropCause),
}

/// The place of no value.
pub(super) const NO_VALUE: u32 = u32::MAX;

/// In place of an address that is not known: events are many, and to be small.
const NOBODY: PeerId = PeerId(u32::MAX);

impl Event {
    /// An event that tells nothing but what every one does.
    pub(super) fn new(at: i64, run: RunId, question: QuestionId, peer: PeerId, what: What) -> Self {
        Self { at, question, run, peer, field: 0, len: 0, cause: NOBODY, ttl: 0, what }
    }

    /// Of what was sent: what it was sent for came from there, if that is known.
    pub(super) fn cause(&self) -> Option<PeerId> {
        Some(self.cause).filter(|&cause| cause != NOBODY)
    }

    /// The same, sent for what came from there.
    pub(super) fn because_of(self, cause: Option<PeerId>) -> Self {
        Self { cause: cause.unwrap_or(NOBODY), ..self }
    }
}

/// A hash of a key field that is never 0. FNV-1a: equal fields are what counts, and nobody gains by two that meet.
pub(super) fn field_hash(field: &[u8]) -> u32 {
    let hash = field.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.max(1)
}
