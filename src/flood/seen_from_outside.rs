//! What a capture does not tell and its order does: which QUERY is the sender's own, and which copy was new.

use super::model::{Copy, Fate, PeerId};
use super::records::{Event, Records, What};
use crate::stats::DropCause;
use crate::types::Ttl;
use std::collections::HashMap;

/// How far apart two packets may be, in nanoseconds, that a capture shows in another order than their receiver got them
/// in.
const DISORDER_MAX: i64 = 1_000_000;

/// Takes for a servent's own each QUERY that it sends without having got it: where a CLIREQ for it came in, or where its
/// time-to-live is that of an origin.
pub(super) fn find_origins(records: &mut Records) {
    if !records.runs.iter().any(|run| run.is_captured) {
        return;
    }
    let mut got = HashMap::new();
    let mut asked = HashMap::new();
    for event in &records.events {
        let owner = records.owner(event);
        match event.what {
            What::Received => {
                let first = got.entry((event.question, owner)).or_insert(event.at);
                *first = event.at.min(*first);
            }
            What::Asked => {
                let question = &records.questions[event.question.0 as usize];
                let first = asked.entry((question.client, question.key, owner)).or_insert(event.at);
                *first = event.at.min(*first);
            }
            _ => {}
        }
    }
    for index in 0..records.events.len() {
        let event = records.events[index];
        if event.what != What::Sent || !records.run_of(&event).is_captured {
            continue;
        }
        let owner = records.owner(&event);
        let question = records.questions[event.question.0 as usize];
        let is_before = |at: Option<&i64>| at.is_some_and(|&at| at <= event.at);
        let is_asked = is_before(asked.get(&(question.client, question.key, owner)));
        let is_passed_on = is_before(got.get(&(event.question, owner)));
        if !is_passed_on && (is_asked || event.ttl >= Ttl::INITIAL.0) {
            records.events[index].what = What::Flooded;
        }
    }
}

/// Says what became of the copies that captured servents got: the first one was new, and the others were not.
pub(super) fn judge(
    records: &Records,
    events: &[Event],
    copy_of: impl Fn(usize) -> Option<usize>,
    copies: &mut [Copy],
) {
    let mut by_servent: HashMap<PeerId, Seen> = HashMap::new();
    for (index, event) in events.iter().enumerate().filter(|(_, event)| records.run_of(event).is_captured) {
        let seen = by_servent.entry(records.owner(event)).or_default();
        match event.what {
            What::Flooded => seen.is_origin = true,
            What::Sent if seen.last_sent.is_none_or(|at| event.at - at < DISORDER_MAX) => {
                seen.last_sent = Some(event.at);
                seen.told.push((event.peer, event.ttl));
            }
            What::Received => {
                if let Some(copy) = copy_of(index).filter(|&copy| copies[copy].fate == Fate::Unknown) {
                    seen.got.push((event.at, copy));
                }
            }
            _ => {}
        }
    }
    let mut all: Vec<_> = by_servent.into_iter().collect();
    all.sort_unstable_by_key(|(servent, _)| *servent);
    for (_, seen) in all {
        seen.judge(copies);
    }
}

/// What was seen of one servent.
#[derive(Default)]
struct Seen {
    is_origin: bool,
    /// When each copy came, and which.
    got: Vec<(i64, usize)>,
    /// To whom it sent the query on, the first time, and with which time-to-live.
    told: Vec<(PeerId, u16)>,
    last_sent: Option<i64>,
}

impl Seen {
    fn judge(&self, copies: &mut [Copy]) {
        let is_zero = |copy: &Copy| copy.ttl == 0;
        let mut first_ttl = self.is_origin.then_some(Ttl::INITIAL.0);
        let cause = if self.is_origin { None } else { self.cause(copies) };
        if let Some(cause) = cause {
            copies[cause].fate = Fate::First;
            first_ttl = Some(copies[cause].ttl.min(Ttl::INITIAL.0));
        }
        for &(_, index) in self.got.iter().filter(|&&(_, index)| Some(index) != cause) {
            let copy = &mut copies[index];
            let is_higher = first_ttl.is_some_and(|first| copy.ttl.min(Ttl::INITIAL.0) > first);
            copy.fate = if is_zero(copy) {
                Fate::Refused(DropCause::TtlZero)
            } else if is_higher {
                Fate::DuplicateHigherTtl
            } else {
                Fate::Duplicate
            };
        }
    }

    /// The copy that was new to it: the first one, or where several came at nearly the same time the first of those that
    /// what it sent can have come of.
    fn cause(&self, copies: &[Copy]) -> Option<usize> {
        let mut alive = self.got.iter().filter(|&&(_, index)| copies[index].ttl != 0);
        let &(first_at, first) = alive.next()?;
        let explains = |index: usize| {
            let copy = &copies[index];
            let due = copy.ttl.min(Ttl::INITIAL.0) - 1;
            self.told.iter().all(|&(to, ttl)| to != copy.from && ttl == due)
        };
        if self.told.is_empty() || explains(first) {
            return Some(first);
        }
        let others = alive.take_while(|&&(at, _)| at - first_at <= DISORDER_MAX).map(|&(_, index)| index);
        others.into_iter().find(|&index| explains(index)).or(Some(first))
    }
}
