//! Sendings and arrivals of one QUERY over one link, brought together.

use super::model::PeerId;
use super::records::{Event, QuestionId, Records, What};

/// A QUERY at one end of a link.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) question: QuestionId,
    pub(super) from: PeerId,
    pub(super) to: PeerId,
    pub(super) ttl: u16,
    pub(super) kind: EndKind,
    pub(super) at: i64,
    pub(super) index: u32,
}

/// What is known of that end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EndKind {
    /// It left.
    Sent,
    /// It came in.
    Received,
    /// It was judged.
    Judged,
}

impl End {
    /// The end that an event, which is the one at `index`, tells of.
    pub(super) fn of(records: &Records, event: &Event, index: usize) -> Option<Self> {
        let owner = records.owner(event);
        let (from, to, kind) = match event.what {
            What::Flooded | What::Sent => (owner, event.peer, EndKind::Sent),
            What::Received => (event.peer, owner, EndKind::Received),
            What::Judged(_) => (event.peer, owner, EndKind::Judged),
            _ => return None,
        };
        let index = u32::try_from(index).ok()?;
        Some(Self { question: event.question, from, to, ttl: event.ttl, kind, at: event.at, index })
    }

    /// Whether both are about one QUERY over one link, as far as can be told.
    pub(super) fn is_same_way(&self, other: &Self) -> bool {
        (self.question, self.from, self.to, self.ttl) == (other.question, other.from, other.to, other.ttl)
    }
}
