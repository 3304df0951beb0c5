//! What became of each datagram, as data that costs little to pass on, and as one JSON object a line.
//!
//! An actor that is traced notes what it did with each datagram of a batch and hands the notes over beside handles to
//! the batch and to what it queued for it ([`Work`]); [`Scribe`] turns them to text later, in another thread. Where a
//! line says what was sent to whom, that is read from the queued datagrams, so a trace shows what an actor did and not
//! what the rules would have it do. No I/O and no clock here. The lines are described in `data/trace.schema.json`.
//!
//! ```text
//! start                                    whose trace it is, and what its times mean
//! neighbours                               it knows these from now on
//! received                                 a CLIREQ or QUERY came in
//! ├─ forwarded | not_forwarded             a QUERY left for the neighbours or, new as it was, for none of them
//! ├─ duplicate | dropped                   or it was seen before (P-14), or refused
//! └─ answered | not_found | dropped        what was new was looked up
//! end                                      how many lines are missing
//! ```
//!
//! What is no request is one `dropped` line without a `received` one, and so is a datagram that could not be sent or that
//! a link lost.

mod scribe;
mod spoken;

pub use scribe::Scribe;
#[cfg(any(test, feature = "cli"))]
pub(crate) use scribe::TTL_EXPIRED;

use crate::batch::{Inbox, Outbox};
use crate::protocol::{LookupVerdict, Verdict};
use crate::stats::DropCause;
use crate::types::{Neighbours, Timestamp};
use crate::wire::DecodeError;
use std::net::SocketAddrV4;
use std::ops::Range;
use std::sync::Arc;

/// What one actor did with a batch. Each event is one line.
#[derive(Clone, Debug)]
pub enum Events {
    /// These came in, well-formed, each at its time. RESPONSEs among them are dropped (P-6).
    Received(Arc<Inbox>, Vec<Timestamp>),
    /// These came in, malformed (P-5).
    Malformed(Vec<Malformed>),
    /// The flooder knows these neighbours from then on (P-27).
    Neighbours(Timestamp, Neighbours),
    /// The flooder judged these, and forwarded some.
    Judged(Work<Verdict>),
    /// These were looked up, and some were answered.
    LookedUp(Work<LookupVerdict>),
    /// These were queued and came to nothing: on links to neighbours, or since they could not be sent (P-25).
    Unsent(Unsent),
}

/// A datagram that was no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// When it came.
    pub at: Timestamp,
    /// Who sent it.
    pub from: SocketAddrV4,
    /// Its bytes.
    pub len: usize,
    /// What is wrong with it.
    pub error: DecodeError,
}

/// Datagrams that were queued and did not leave, or not further than onto a link.
#[derive(Clone, Debug)]
pub struct Unsent {
    /// What was queued.
    pub outbox: Arc<Outbox>,
    /// What of it came to nothing.
    pub drops: Vec<Dropped>,
}

/// A datagram of an outbox that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// When that was known.
    pub at: Timestamp,
    /// Its index in the outbox.
    pub index: usize,
    /// Why.
    pub cause: DropCause,
}

/// What an actor did with the requests of a batch.
#[derive(Clone, Debug)]
pub struct Work<V> {
    /// The batch.
    pub inbox: Arc<Inbox>,
    /// What it queued for them.
    pub outbox: Arc<Outbox>,
    /// What it did with each.
    pub notes: Vec<Note<V>>,
}

/// What an actor did with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<V> {
    /// When it was done.
    pub at: Timestamp,
    /// The request's index in the inbox.
    pub index: usize,
    /// What became of it.
    pub verdict: V,
    /// The indices in the outbox of what was queued for it.
    pub sent: Range<usize>,
}

/// The notes of a batch while an actor is at work on it.
#[derive(Debug)]
pub struct Notes<V> {
    notes: Vec<Note<V>>,
    sent: usize,
}

impl<V> Notes<V> {
    /// For a batch of `requests`. What is in `outbox` before is for none of them.
    #[must_use]
    pub fn of(requests: usize, outbox: &Outbox) -> Self {
        Self { notes: Vec::with_capacity(requests), sent: outbox.len() }
    }

    /// Notes what became of the request at `index`, and that what is new in `outbox` was queued for it.
    pub fn add(&mut self, at: Timestamp, index: usize, verdict: V, outbox: &Outbox) {
        let before = std::mem::replace(&mut self.sent, outbox.len());
        self.notes.push(Note { at, index, verdict, sent: before..self.sent });
    }

    /// The notes, with what they are about.
    #[must_use]
    pub fn done(self, inbox: &Arc<Inbox>, outbox: &Arc<Outbox>) -> Work<V> {
        Work { inbox: Arc::clone(inbox), outbox: Arc::clone(outbox), notes: self.notes }
    }
}

impl Events {
    /// How many events, so lines, these are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Received(inbox, _) => inbox.len(),
            Self::Malformed(malformed) => malformed.len(),
            Self::Neighbours(..) => 1,
            // Of a CLIREQ without neighbours there is no QUERY that a line could be about.
            Self::Judged(work) => work.notes.iter().filter(|note| note.is_of_a_query()).count(),
            Self::LookedUp(work) => work.notes.len(),
            Self::Unsent(unsent) => unsent.drops.len(),
        }
    }
}

impl Note<Verdict> {
    /// Whether there is a QUERY that it is about: one that came in, or one that left.
    fn is_of_a_query(&self) -> bool {
        matches!(self.verdict, Verdict::Query(_)) || !self.sent.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::TTL_EXPIRED;
    use super::scribe::NO_OTHER_NEIGHBOUR;
    use crate::stats::DropCause;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// Every name that the schema allows as the `why` of a line of `event`.
    fn whys<'a>(schema: &'a Value, event: &str) -> BTreeSet<&'a str> {
        let definitions = schema["$defs"].as_object().unwrap().values();
        let of_event = definitions.filter(|definition| definition["properties"]["event"]["const"] == event);
        let variants = of_event.flat_map(|definition| {
            definition["oneOf"]
                .as_array()
                .into_iter()
                .flatten()
                .chain([definition])
                .map(|variant| &variant["properties"])
        });
        let names = variants.flat_map(|properties| {
            let why = &properties["why"];
            why["enum"].as_array().into_iter().flatten().chain(why.get("const"))
        });
        names.map(|name| name.as_str().unwrap()).collect()
    }

    #[test]
    fn the_schema_names_every_cause_and_no_other() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/trace.schema.json");
        let schema: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(whys(&schema, "dropped"), DropCause::ALL.iter().map(|cause| cause.name()).collect());
        assert_eq!(whys(&schema, "not_forwarded"), [TTL_EXPIRED, NO_OTHER_NEIGHBOUR].into());
    }
}
