//! A flood event by event: who was reached by whom, and what each did then, against what it had to do.

use super::copies::Copies;
use super::finding::{Breach, Finding};
use super::model::{Answer, Copy, Fate, LookedUp, Moment, Onward, PeerId, Visit};
use super::records::{Event, Judgement, Looked, NO_VALUE, Records, What};
use super::taking::{CAPTURED_MEMORY, HOPS_MAX, Memory, SLACK, Taking, breach};
use crate::stats::DropCause;
use crate::types::Ttl;
use std::collections::HashMap;

/// What one servent did in a flood.
struct Part {
    visit: usize,
    taking: Option<Taking>,
    /// How often it was right to take the query for new.
    takings: u32,
    answers: u32,
    judgement: Option<Judgement>,
}

/// What tells of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Recorded {
    /// Nothing but what others say.
    Not,
    /// What was captured.
    Outside,
    /// A record of its own.
    Itself,
}

/// What a walk finds.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) visits: Vec<Visit>,
    pub(super) answers: Vec<Answer>,
    pub(super) findings: Vec<Finding>,
    pub(super) asked: Option<Moment>,
    pub(super) entry: Option<PeerId>,
    parts: HashMap<PeerId, Part>,
    /// Links that each copy travels, by its place.
    hops: Vec<Option<u8>>,
}

/// What a walk is told.
pub(super) struct Tour<'a> {
    pub(super) records: &'a Records,
    pub(super) events: &'a [Event],
    pub(super) copies: &'a Copies,
    /// That of the servents of which nothing was said.
    pub(super) memory: Memory,
    /// What there is of each peer, by number.
    pub(super) recorded: &'a [Recorded],
    /// How many queries the run had seen before this event and by the end of its moment, by place in the flood; all 0
    /// where nothing is evicted.
    pub(super) ordinal: &'a dyn Fn(usize) -> (u32, u32),
    /// Why a sending did not leave, by place in the flood.
    pub(super) failed: &'a dyn Fn(usize) -> Option<DropCause>,
}

impl Walk {
    pub(super) fn run(tour: &Tour<'_>) -> Self {
        let mut walk = Self { hops: vec![None; tour.copies.copies.len()], ..Self::default() };
        for (index, event) in tour.events.iter().enumerate() {
            walk.step(tour, index, event);
        }
        walk.finish(tour);
        walk
    }

    fn step(&mut self, tour: &Tour<'_>, index: usize, event: &Event) {
        let owner = tour.records.owner(event);
        match event.what {
            What::Asked => {
                self.asked = self.asked.or(Some(Moment(event.at)));
                self.enter(owner, event.at);
            }
            What::Flooded => self.flooded(tour, index, event, owner),
            What::Sent => self.sent(tour, index, event, owner),
            What::Received => {
                let is_captured = tour.records.run_of(event).is_captured;
                if is_captured
                    && let Some(copy) = tour.copies.of(index)
                    && tour.copies.copies[copy].fate == Fate::First
                {
                    self.took(tour, index, event, owner);
                }
            }
            What::Judged(judgement) if judgement.is_new() => {
                self.took(tour, index, event, owner);
                if let Some(part) = self.parts.get_mut(&owner) {
                    part.judgement = part.judgement.or(Some(judgement));
                }
            }
            What::Judged(Judgement::Duplicate { .. }) => self.know_sender(tour, event),
            What::LookedUp(looked) => self.looked_up(tour, index, event, owner, looked),
            What::Judged(_) | What::Responded | What::Heard | What::Unsent(_) => {}
        }
    }

    /// The servent that was asked.
    fn enter(&mut self, owner: PeerId, at: i64) -> &mut Part {
        self.entry = self.entry.or(Some(owner));
        let visit = Visit {
            servent: owner,
            hop: Some(0),
            parent: None,
            at: Moment(at),
            ttl: 0,
            lookup: LookedUp::Unknown,
            onward: Onward::Unknown,
        };
        self.part(visit)
    }

    fn part(&mut self, visit: Visit) -> &mut Part {
        let visits = &mut self.visits;
        self.parts.entry(visit.servent).or_insert_with(|| {
            visits.push(visit);
            Part { visit: visits.len() - 1, taking: None, takings: 0, answers: 0, judgement: None }
        })
    }

    fn flooded(&mut self, tour: &Tour<'_>, index: usize, event: &Event, owner: PeerId) {
        let part = self.enter(owner, event.at);
        let is_same = part.taking.as_ref().is_some_and(|taking| taking.from.is_none() && event.at - taking.at < SLACK);
        if !is_same {
            part.takings += 1;
            part.taking = Some(Taking {
                from: None,
                ttl: Ttl::INITIAL.0 + 1,
                at: event.at,
                run: event.run,
                ordinal: (tour.ordinal)(index).0,
                field: event.field,
                hop: Some(0),
                told: Vec::new(),
            });
        }
        self.sent(tour, index, event, owner);
    }

    /// A copy was new to its receiver.
    fn took(&mut self, tour: &Tour<'_>, index: usize, event: &Event, owner: PeerId) {
        let copy = tour.copies.of(index);
        let hop = copy.and_then(|copy| self.hops[copy]);
        let guess = (1..=Ttl::INITIAL.0).contains(&event.ttl).then(|| HOPS_MAX + 1 - event.ttl as u8);
        self.know_sender(tour, event);
        let run = *tour.records.run_of(event);
        let part = self.part(Visit {
            servent: owner,
            hop: hop.or(guess),
            parent: Some(event.peer),
            at: Moment(event.at),
            ttl: event.ttl,
            lookup: if run.is_captured { LookedUp::Silent } else { LookedUp::Unknown },
            onward: Onward::Unknown,
        });
        let (ordinal, until) = (tour.ordinal)(index);
        let Memory { expiry_nanos, capacity } = tour.records.memory(owner, tour.memory);
        let is_forgotten = |earlier: &Taking| {
            let since = event.at - earlier.at;
            let memory = if run.is_captured { CAPTURED_MEMORY } else { expiry_nanos };
            earlier.run != event.run
                || since.saturating_add(SLACK) >= memory
                || until.saturating_sub(earlier.ordinal) >= capacity
        };
        if part.taking.as_ref().is_none_or(is_forgotten) {
            part.takings += 1;
            let &Event { at, run, ttl, field, .. } = event;
            part.taking = Some(Taking { from: Some(event.peer), ttl, at, run, ordinal, field, hop, told: Vec::new() });
        }
    }

    /// Whoever sends a QUERY has it, also if no record of it tells.
    fn know_sender(&mut self, tour: &Tour<'_>, event: &Event) {
        if tour.recorded[event.peer.0 as usize] != Recorded::Not || self.parts.contains_key(&event.peer) {
            return;
        }
        let ttl = event.ttl;
        let guess = (1..=Ttl::INITIAL.0).contains(&ttl).then(|| HOPS_MAX - ttl as u8);
        let came = tour.copies.only_one_to(event.peer, event.at);
        self.part(Visit {
            servent: event.peer,
            hop: came.and_then(|copy| self.hops[copy]).or(guess),
            parent: came.map(|copy| tour.copies.copies[copy].from),
            at: Moment(event.at),
            ttl: 0,
            lookup: LookedUp::Unknown,
            onward: Onward::Unknown,
        });
    }

    fn sent(&mut self, tour: &Tour<'_>, index: usize, event: &Event, owner: PeerId) {
        let to = event.peer;
        let hop = (1..=Ttl::INITIAL.0).contains(&event.ttl).then(|| HOPS_MAX - event.ttl as u8);
        let is_captured = tour.records.run_of(event).is_captured;
        let part = self.part(Visit {
            servent: owner,
            hop,
            parent: None,
            at: Moment(event.at),
            ttl: 0,
            lookup: if is_captured { LookedUp::Silent } else { LookedUp::Unknown },
            onward: Onward::Unknown,
        });
        let Some(taking) = &mut part.taking else { return };
        if is_captured && event.at - taking.at >= CAPTURED_MEMORY {
            taking.told.clear();
        }
        let breach = breach(taking, event, to);
        taking.told.push(to);
        let hop = taking.hop;
        if let Some(copy) = tour.copies.of(index) {
            self.hops[copy] = hop.map(|hop| hop.saturating_add(1));
        }
        let beyond =
            hop.filter(|&hop| hop >= HOPS_MAX).map(|hop| Breach::BeyondThreeHops { hops: hop.saturating_add(1) });
        for breach in [breach, beyond].into_iter().flatten() {
            self.note(tour, event, owner, breach);
        }
    }

    fn looked_up(&mut self, tour: &Tour<'_>, index: usize, event: &Event, owner: PeerId, looked: Looked) {
        let failed = (tour.failed)(index);
        let lookup = match looked {
            Looked::Answered => failed.map_or(LookedUp::Answered, LookedUp::Withheld),
            Looked::NotFound => LookedUp::NotHeld,
            Looked::Withheld(cause) => LookedUp::Withheld(cause),
        };
        let Memory { expiry_nanos, .. } = tour.records.memory(owner, tour.memory);
        let question = tour.records.questions[event.question.0 as usize];
        // Only a CLIREQ comes from the client; a QUERY that does was a stranger's.
        let is_entry = event.peer == question.client && event.ttl == 0;
        let part = self.part(Visit {
            servent: owner,
            hop: if is_entry { Some(0) } else { None },
            parent: (!is_entry).then_some(event.peer),
            at: Moment(event.at),
            ttl: event.ttl,
            lookup,
            onward: Onward::Unknown,
        });
        let visit = part.visit;
        let is_again = looked == Looked::Answered && {
            part.answers += 1;
            // A look-up runs beside the flood, so it may come first; and a memory lasts for so long.
            let is_recent = part
                .taking
                .as_ref()
                .is_some_and(|taking| taking.run == event.run && event.at - taking.at < expiry_nanos - SLACK);
            part.answers > part.takings.max(1) && is_recent
        };
        if matches!(self.visits[visit].lookup, LookedUp::Unknown | LookedUp::Silent) {
            self.visits[visit].lookup = lookup;
        }
        if lookup == LookedUp::Answered {
            let value = (event.len != NO_VALUE).then(|| tour.records.values[event.len as usize].clone());
            let sent = Some(Moment(event.at));
            self.answers.push(Answer { from: owner, sent, received: None, value, is_uncertain: false });
        }
        if is_again {
            self.note(tour, event, owner, Breach::AnsweredAgain);
        }
    }

    fn note(&mut self, tour: &Tour<'_>, event: &Event, servent: PeerId, breach: Breach) {
        let bytes = super::bytes_of(tour.records, event);
        self.findings.push(Finding { breach, servent, at: Moment(event.at), bytes });
    }

    /// What each did with the query, now that all it sent is known.
    fn finish(&mut self, tour: &Tour<'_>) {
        let mut counts: HashMap<PeerId, u32> = HashMap::new();
        let is_told = |copy: &&Copy| copy.sent.is_some() || tour.recorded[copy.from.0 as usize] == Recorded::Not;
        for copy in tour.copies.copies.iter().filter(is_told) {
            *counts.entry(copy.from).or_default() += 1;
        }
        for visit in &mut self.visits {
            let part = &self.parts[&visit.servent];
            let count = counts.get(&visit.servent).copied().unwrap_or(0);
            let is_own = visit.parent.is_none() && visit.hop == Some(0);
            visit.onward = match part.judgement {
                _ if count > 0 => Onward::Sent(count),
                Some(Judgement::TtlEnded) => Onward::TtlEnded,
                Some(Judgement::NoOtherNeighbour) => Onward::NoOtherNeighbour,
                None if is_own && tour.recorded[visit.servent.0 as usize] == Recorded::Itself => {
                    Onward::NoOtherNeighbour
                }
                None if visit.lookup != LookedUp::Unknown && visit.ttl == 1 => Onward::TtlEnded,
                _ => Onward::Unknown,
            };
        }
        if self.entry.is_none() {
            self.entry = self.visits.iter().find(|visit| visit.hop == Some(0)).map(|visit| visit.servent);
        }
    }
}
