//! What became of every question: the model of a flood, made of traces, captures or a simulation.
//!
//! ```text
//!   lines of traces ─▶ Traces   ─┐
//!   bytes of pcaps  ─▶ Captures ─┼─ events ─▶ Records ─▶ clocks aligned ─▶ copies matched ─▶ Model
//!   a Simulation    ─▶ Watch    ─┘                                                            │
//!                                                     a tree, a page, JSON, a judgement ◀──────┘
//! ```
//!
//! Each source turns what it reads into the same few events: this servent sent that copy, got this one, made that of
//! it. Everything else is decided from those, once, here: who is whose parent, what was lost and what is only not
//! known, who was not reached and why, what breaks a clause. Whoever shows a flood reads [`Model`] and nothing else.
//!
//! **Invariants:** no I/O, no clock, no thread. No arrow goes back in time. What the records do not tell is unknown,
//! and never a loss or a finding.
//!
//! | file | holds |
//! |---|---|
//! | `model` | the types: floods, copies, visits, answers, cost |
//! | `why` | who was not reached, and why |
//! | `finding` | what breaks a clause |
//! | `events` | what the sources tell, as compact events |
//! | `records` | all of them, with numbers for addresses, keys and questions |
//! | `traces` | lines of traces, read |
//! | `captures/` | packets, read |
//! | `repeats` | what several files tell of one servent, taken once |
//! | `simulation` | events of the simulator |
//! | `asks` | which CLIREQ became which QUERY |
//! | `clocks`, `drift`, `offsets` | the clocks of several machines brought onto one time line |
//! | `pairs`, `copies` | sendings and arrivals brought together |
//! | `seen_from_outside` | what a capture does not tell and its order does |
//! | `walk` | a flood event by event: who was reached by whom, and what was done that must not be |
//! | `told_by_others` | what a servent without a record did, by the records of its neighbours |
//! | `taking` | a query that was new to a servent, and what may be sent because of it |
//! | `answers` | which flood a RESPONSE belongs to, and which floods repeat one |
//! | `misses` | who was not reached and why; what the overlay predicts |
//! | `assemble` | all of that, in its order |

mod answers;
mod asks;
mod assemble;
mod captures;
mod clocks;
mod copies;
mod drift;
mod events;
mod finding;
mod misses;
mod model;
mod offsets;
mod pairs;
mod records;
mod repeats;
mod seen_from_outside;
mod simulation;
mod taking;
mod told_by_others;
mod traces;
mod walk;
mod why;

pub use captures::{CaptureError, CaptureSummary, CaptureUse, Captures};
pub use finding::{Breach, Finding};
pub use model::{
    Answer, Clock, Copy, Cost, Fate, Flood, FloodId, Holdings, Holds, LookedUp, Model, Moment, Onward, Peer, PeerId,
    Prediction, Run, Visit,
};
pub use records::Records;
pub use simulation::Watch;
pub use taking::Memory;
pub use traces::TraceReader;
pub use why::{Miss, Why};

use crate::types::{SeqNo, Ttl};
use crate::wire::{QueryHeader, encode_query, encode_response};
use records::{Event, NO_VALUE, What};

impl Model {
    /// Somebody, by place.
    ///
    /// # Panics
    /// If it is the place of another model.
    #[must_use]
    pub fn peer(&self, peer: PeerId) -> &Peer {
        &self.peers[peer.0 as usize]
    }
}

/// The datagram that an event is about, as far as it is known: a QUERY less its padding, or a RESPONSE.
fn bytes_of(records: &Records, event: &Event) -> Option<Box<[u8]>> {
    let question = records.questions.get(event.question.0 as usize)?;
    let key = &records.keys[question.key as usize];
    let mut bytes = Vec::new();
    match event.what {
        What::Responded | What::Heard | What::LookedUp(_) => {
            let value = if event.len == NO_VALUE { None } else { records.values.get(event.len as usize) };
            encode_response(&mut bytes, key, value?);
        }
        _ => {
            let client = records.peers[question.client.0 as usize];
            let header = QueryHeader { ttl: Ttl(event.ttl), client, seq: SeqNo(question.seq?) };
            encode_query(&mut bytes, header, key);
        }
    }
    Some(bytes.into())
}
