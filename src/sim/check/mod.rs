//! The promises of a servent and of an overlay, checked event by event.
//!
//! The checker sees what a servent gets and what it sends because of it, and holds that against a model of its own:
//! a list of what the servent has seen, the graph, the pairs. It knows of each datagram what it descends from, so
//! that it can follow a QUERY over all its links.
//!
//! A corrupted datagram counts as a new one that somebody made on the link: what servents do with it must be right,
//! and who answers it is nobody's promise.
//!
//! | promise | broken as |
//! |---|---|
//! | a servent answers a query at most once, and forwards it at most once (P-14) | [`Violation::AnsweredAgain`], [`Violation::ForwardedAgain`] |
//! | no QUERY travels over more than three links, nor back over the one it came by (P-11, P-14) | [`Violation::TravelledTooFar`], [`Violation::WrongTtl`], [`Violation::SentBack`] |
//! | every byte but the time-to-live is as the origin wrote it (P-15) | [`Violation::ChangedBytes`] |
//! | messages for one query are at most the neighbours of the servents that it reached | [`Violation::TooManyMessages`], [`Violation::ForwardedAstray`] |
//! | the network falls silent | [`Violation::NotSilent`], [`Violation::Reacted`] |
//! | the seen-table keeps to its bound, and forgets nothing before its time (P-20) | [`Violation::TooManySightings`], [`Violation::Forgot`] |
//! | a new query is not swallowed, after a restart neither (P-13, P-14) | [`Violation::Swallowed`], [`Violation::RepeatedQuery`] |
//! | with equal delays and no faults exactly the holders within three hops answer, with faults some of them | [`Violation::AnswerMissing`], [`Violation::AnsweredFromBeyond`], [`Violation::NotAnswered`], [`Violation::NotForwarded`], [`Violation::WrongAnswer`] |
//! | a client shows an answer once (P-43) | [`Violation::ShownTwice`] |

mod lineage;
mod model;
mod step;
mod violation;

pub use violation::{Found, Place, Violation};

use super::client::Ask;
use super::event::{Cause, Event, Fate, Observer};
use super::ids::{Addresses, Party, ServentId};
use super::setup::{HOPS_MAX, Setup};
use super::simulation::RunEnd;
use crate::types::Timestamp;
use crate::wire::decode;
use lineage::Lineages;
use model::{Queries, Sightings};
use std::collections::HashMap;
use std::mem::discriminant;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

/// How many links lie one behind the other when a key is asked for: the CLIREQ's, three of a QUERY, the RESPONSE's.
const LINKS_A_QUESTION: u32 = HOPS_MAX as u32 + 2;

/// Watches a simulation and notes the first violation of each kind.
#[derive(Debug)]
pub struct Checker {
    setup: Arc<Setup>,
    delay_max: Duration,
    sightings: Vec<Sightings>,
    addresses: Addresses,
    /// Where each servent that has looked names up, or has started since, must take its neighbours to be, in the order of the
    /// graph (P-27).
    known: HashMap<ServentId, Vec<SocketAddrV4>>,
    queries: Queries,
    lineages: Lineages,
    /// When a datagram last came from outside, or was corrupted into a new one.
    last_stimulus: Timestamp,
    last_arrival: Timestamp,
    found: Vec<Found>,
    /// Of the query at hand; kept for its memory.
    identity: Vec<u8>,
}

impl Checker {
    /// A checker for an overlay of this setup, none of whose links ever takes longer than `delay_max`.
    #[must_use]
    pub fn new(setup: Arc<Setup>, delay_max: Duration) -> Self {
        let sightings = setup.graph.servents().map(|_| Sightings::default()).collect();
        Self {
            setup,
            delay_max,
            sightings,
            addresses: Addresses::default(),
            known: HashMap::new(),
            queries: Queries::default(),
            lineages: Lineages::default(),
            last_stimulus: Timestamp::ZERO,
            last_arrival: Timestamp::ZERO,
            found: Vec::new(),
            identity: Vec::new(),
        }
    }

    /// What was found so far: the first of each kind, in the order in which they were found.
    #[must_use]
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// Checks what shows at the end of a run, which came at `now`. `must_be_whole` says of which questions all
    /// that can answer must have: those asked while delays were equal and nothing went wrong.
    pub fn finish(&mut self, now: Timestamp, end: RunEnd, asks: &[Ask], must_be_whole: impl Fn(&Ask) -> bool) {
        let due = self.last_stimulus + self.delay_max * LINKS_A_QUESTION;
        if self.last_arrival > due || end == RunEnd::CutShort {
            self.note(now, Place::Overlay, Violation::NotSilent { last: self.last_arrival, due });
        }
        let costly = self.queries.tallies().iter().find(|tally| tally.messages > tally.bound).copied();
        if let Some(model::Tally { messages, bound, .. }) = costly {
            self.note(now, Place::Overlay, Violation::TooManyMessages { messages, bound });
        }
        for ask in asks {
            self.check_answers(now, ask, must_be_whole(ask));
        }
    }

    fn check_answers(&mut self, now: Timestamp, ask: &Ask, must_be_whole: bool) {
        let place = Place::Client(ask.client);
        let mut missing =
            if must_be_whole { self.setup.holders_in_reach(ask.entry, ask.key.as_bytes()) } else { Vec::new() };
        for (index, answer) in ask.answers.iter().enumerate() {
            let Party::Servent(servent) = Party::from(answer.from) else { continue };
            let is_same = |earlier: &super::AnswerShown| (earlier.from, &earlier.value) == (answer.from, &answer.value);
            if ask.answers[..index].iter().any(is_same) {
                self.note(now, place, Violation::ShownTwice { servent });
            }
            // An answer may be a late one, to an earlier question for the same key at another servent.
            if let Some(entry) = self.lineages.of(answer.datagram).entry
                && !self.setup.holders_in_reach(entry, ask.key.as_bytes()).contains(&servent)
            {
                self.note(now, place, Violation::AnsweredFromBeyond { servent });
            }
            missing.retain(|&holder| holder != servent);
        }
        if let Some(&servent) = missing.first() {
            self.note(now, place, Violation::AnswerMissing { servent });
        }
    }

    fn note(&mut self, at: Timestamp, place: Place, violation: Violation) {
        let is_same_kind = |found: &Found| discriminant(&found.violation) == discriminant(&violation);
        if !self.found.iter().any(is_same_kind) {
            self.found.push(Found { violation, at, place });
        }
    }

    fn on_sent(&mut self, at: Timestamp, cause: Cause, to: Party, bytes: &[u8], fate: Fate) {
        if matches!(cause, Cause::Client(_) | Cause::Stranger) || matches!(fate, Fate::Arrives { corrupted: true, .. })
        {
            self.last_stimulus = at;
        }
        let lineage = self.lineages.note(cause, to, bytes, decode(bytes).ok().as_ref(), fate);
        if usize::from(lineage.hops) > HOPS_MAX {
            let violation = Violation::TravelledTooFar { hops: lineage.hops };
            self.note(at, Place::Overlay, violation);
        }
    }

    /// Where a servent must take its neighbours to be.
    fn known(&self, servent: ServentId) -> impl Iterator<Item = SocketAddrV4> {
        let known = self.known.get(&servent);
        let neighbours = self.setup.graph.neighbours(servent).iter().enumerate();
        neighbours.map(move |(place, neighbour)| known.map_or_else(|| neighbour.address(), |known| known[place]))
    }

    /// A servent finds each neighbour where its name leads to.
    fn find_neighbours(&mut self, servent: ServentId) {
        let neighbours = self.setup.graph.neighbours(servent).iter();
        let found = neighbours.map(|&neighbour| self.addresses.of(neighbour)).collect();
        self.known.insert(servent, found);
    }

    fn forget(&mut self, servent: ServentId) {
        self.sightings[servent.index()] = Sightings::default();
    }
}

impl Observer for Checker {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        match *event {
            Event::Sent { cause, to, bytes, fate, .. } => self.on_sent(at, cause, Party::from(to), bytes, fate),
            Event::Delivered { datagram, from, to, bytes, outcome, sends, sightings } => {
                self.last_arrival = at;
                if sightings > self.setup.seen.capacity as usize {
                    self.note(at, Place::Servent(to, datagram), Violation::TooManySightings { sightings });
                }
                self.on_delivered(at, &step::Delivery { datagram, from, servent: to, bytes, outcome, sends });
            }
            Event::Heard { .. } | Event::Missed { .. } => self.last_arrival = at,
            Event::Crashed(servent) => self.forget(servent),
            Event::Restarted(servent) => {
                self.forget(servent);
                self.find_neighbours(servent);
            }
            Event::Moved { servent, address } => self.addresses.set(servent, address),
            Event::LookedUp { servent, .. } => self.find_neighbours(servent),
            Event::Asked { .. }
            | Event::Retransmits { .. }
            | Event::Finished { .. }
            | Event::Parted(_)
            | Event::Healed
            | Event::LinksChanged => {}
        }
    }
}
