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
//! | `finding` | what breaks a clause |

mod finding;
mod model;

pub use finding::{Breach, Finding};
pub use model::{
    Answer, Clock, Copy, Cost, Fate, Flood, FloodId, LookedUp, Miss, Model, Moment, Onward, Peer, PeerId, Prediction,
    Run, Visit, Why,
};

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
