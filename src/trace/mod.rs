//! What became of each datagram, as data that costs little to pass on, and as one JSON object a line.
//!
//! An actor that is traced notes the verdicts of a batch beside a handle to it ([`Traced`]); [`Scribe`] turns them to
//! text later, in another thread. No I/O and no clock here. The lines are described in `data/trace.schema.json`.
//!
//! ```text
//! start                                    whose trace it is, and what its times mean
//! received                                 a CLIREQ or QUERY came in
//! ├─ forwarded | not_forwarded             a QUERY left for the neighbours or, new as it was, for none of them
//! ├─ duplicate | dropped                   or it was seen before (P-14), or refused
//! └─ answered | not_found | dropped        what was new was looked up
//! end                                      how many lines are missing
//! ```
//!
//! What is no request is one `dropped` line without a `received` one, and so is a datagram that could not be sent.

mod scribe;

pub use scribe::Scribe;

use crate::batch::Inbox;
use crate::net::SendFailure;
use crate::protocol::{LookupVerdict, Verdict};
use crate::types::Timestamp;
use crate::wire::DecodeError;
use std::net::SocketAddrV4;
use std::sync::Arc;

/// What one actor did with one batch.
#[derive(Clone, Debug)]
pub struct Traced {
    /// When it began with it.
    pub at: Timestamp,
    /// What it did.
    pub events: Events,
}

/// What became of the datagrams of a batch. Each event is one line.
#[derive(Clone, Debug)]
pub enum Events {
    /// These came in, well-formed. RESPONSEs among them are dropped (P-6).
    Received(Arc<Inbox>),
    /// These came in, malformed (P-5).
    Malformed(Vec<Malformed>),
    /// The flooder judged these, by their indices in the batch.
    Judged(Arc<Inbox>, Vec<(usize, Verdict)>),
    /// These were looked up, by their indices in the batch.
    LookedUp(Arc<Inbox>, Vec<(usize, LookupVerdict)>),
    /// These could not be sent (P-25).
    Unsent(Vec<(SocketAddrV4, SendFailure)>),
}

/// A datagram that was no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Who sent it.
    pub from: SocketAddrV4,
    /// Its bytes.
    pub len: usize,
    /// What is wrong with it.
    pub error: DecodeError,
}

impl Events {
    /// How many events, so lines, these are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Received(inbox) => inbox.len(),
            Self::Malformed(malformed) => malformed.len(),
            Self::Judged(_, verdicts) => verdicts.len(),
            Self::LookedUp(_, verdicts) => verdicts.len(),
            Self::Unsent(unsent) => unsent.len(),
        }
    }
}

#[cfg(test)]
mod tests {
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
    }
}
