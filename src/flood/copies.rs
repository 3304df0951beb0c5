//! The copies of one flood: each sending with its arrival and what became of it there.

use super::model::{Copy, Fate, Moment, PeerId};
use super::pairs::{End, EndKind};
use super::records::{Event, Judgement, Records, What};
use crate::wire::QUERY_HEADER_LEN;

/// What stands behind a network that makes copies of its own is seldom further back than this, in nanoseconds: a QUERY
/// that was sent once is taken for the one that came in even if it seems to have come a little too early.
const TOO_EARLY_MAX: i64 = 1_000_000_000;

/// The copies of a flood, and which of them each of its events is about.
#[derive(Default)]
pub(super) struct Copies {
    pub(super) copies: Vec<Copy>,
    /// By the event's place in the flood.
    of_event: Vec<Option<u32>>,
    ends: Vec<End>,
    arrivals: Vec<Arrival>,
}

/// A copy that came in: when, and the places of the events that tell.
struct Arrival {
    at: i64,
    received: Option<u32>,
    judged: Option<u32>,
    is_taken: bool,
}

impl Copies {
    /// The copy that the event at this place is about.
    pub(super) fn of(&self, event: usize) -> Option<usize> {
        self.of_event[event].map(|copy| copy as usize)
    }

    /// The copy that a servent was sent until then, if it was one and no more.
    pub(super) fn only_one_to(&self, to: PeerId, until: i64) -> Option<usize> {
        let is_meant = |copy: &Copy| copy.to == to && copy.sent.is_some_and(|sent| sent.0 <= until);
        let mut all = (0..self.copies.len()).filter(|&number| is_meant(&self.copies[number]));
        all.next().filter(|_| all.next().is_none())
    }

    /// Brings the events of one flood together, which are in the order of time. `failed` says which of its sendings did
    /// not leave.
    pub(super) fn fill(&mut self, records: &Records, events: &[Event], key_len: usize) {
        self.copies.clear();
        self.of_event.clear();
        self.of_event.resize(events.len(), None);
        self.ends.clear();
        self.ends.extend(events.iter().enumerate().filter_map(|(index, event)| End::of(records, event, index)));
        self.ends.sort_unstable();
        let ends = std::mem::take(&mut self.ends);
        for group in ends.chunk_by(End::is_same_way) {
            self.pair(events, group, (QUERY_HEADER_LEN + key_len) as u32);
        }
        self.ends = ends;
        self.sort(events);
    }

    fn pair(&mut self, events: &[Event], group: &[End], len: u32) {
        let sent = &group[..group.partition_point(|end| end.kind == EndKind::Sent)];
        let rest = &group[sent.len()..];
        let (received, judged) = rest.split_at(rest.partition_point(|end| end.kind == EndKind::Received));
        let judged = &judgements(events, judged, received.len());
        self.arrivals.clear();
        for number in 0..received.len().max(judged.len()) {
            let (received, judged) = (received.get(number), judged.get(number));
            let at = received.or(judged).map_or(0, |end| end.at);
            let [received, judged] = [received, judged].map(|end| end.map(|end| end.index));
            self.arrivals.push(Arrival { at, received, judged, is_taken: false });
        }
        // From the last one back: of those that came later, the next one to come in. They lie on a stack, the next one
        // on top.
        let (mut later, mut rest) = (Vec::new(), self.arrivals.len());
        for end in sent.iter().rev() {
            while rest > 0 && self.arrivals[rest - 1].at >= end.at {
                rest -= 1;
                later.push(rest);
            }
            let is_a_little_early = |arrival: &Arrival| sent.len() == 1 && end.at - arrival.at < TOO_EARLY_MAX;
            let early = || self.arrivals.last().filter(|last| is_a_little_early(last)).map(|_| self.arrivals.len() - 1);
            let arrival = later.pop().or_else(early);
            let copy = self.copies.len() as u32;
            self.of_event[end.index as usize] = Some(copy);
            let event = &events[end.index as usize];
            self.copies.push(Copy {
                from: end.from,
                to: end.to,
                ttl: end.ttl,
                sent: Some(Moment(end.at)),
                received: None,
                len: if event.len == 0 { len } else { event.len },
                fate: Fate::Unknown,
            });
            if let Some(arrival) = arrival {
                let arrival = &mut self.arrivals[arrival];
                arrival.is_taken = true;
                arrive(&mut self.copies[copy as usize], &mut self.of_event, copy, arrival, events);
            }
        }
        let way = &group[0];
        for arrival in self.arrivals.iter().filter(|arrival| !arrival.is_taken) {
            let copy = self.copies.len() as u32;
            self.copies.push(Copy {
                from: way.from,
                to: way.to,
                ttl: way.ttl,
                sent: None,
                received: None,
                len,
                fate: Fate::Unknown,
            });
            arrive(&mut self.copies[copy as usize], &mut self.of_event, copy, arrival, events);
        }
    }

    /// Puts the copies in the order of time.
    fn sort(&mut self, events: &[Event]) {
        let mut order: Vec<u32> = (0..self.copies.len() as u32).collect();
        let mut first_event = vec![events.len(); order.len()];
        for (event, copy) in self.of_event.iter().enumerate() {
            if let Some(copy) = copy {
                let first = &mut first_event[*copy as usize];
                *first = event.min(*first);
            }
        }
        order.sort_by_key(|&copy| (self.copies[copy as usize].at(), first_event[copy as usize]));
        let mut place = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            place[from as usize] = to as u32;
        }
        self.copies = order.iter().map(|&copy| self.copies[copy as usize]).collect();
        for copy in self.of_event.iter_mut().flatten() {
            *copy = place[*copy as usize];
        }
    }
}

/// The judgements, less those that say only that a QUERY was sent on which another one of the same moment judges: a
/// servent that breaks rules sends on what it calls a duplicate, or sends it on twice.
fn judgements(events: &[Event], judged: &[End], received: usize) -> Vec<End> {
    let mut surplus = judged.len().saturating_sub(received);
    let mut kept: Vec<End> = Vec::with_capacity(judged.len());
    for (number, end) in judged.iter().enumerate() {
        let is_only_sent = events[end.index as usize].what == What::Judged(Judgement::Forwarded);
        let is_again = judged.get(number + 1).is_some_and(|next| next.at == end.at);
        if surplus > 0 && is_only_sent && is_again {
            surplus -= 1;
        } else {
            kept.push(*end);
        }
    }
    kept
}

/// Notes that a copy came in. It did not before it was sent, whatever the clocks say.
fn arrive(copy: &mut Copy, of_event: &mut [Option<u32>], number: u32, arrival: &Arrival, events: &[Event]) {
    let at = Moment(arrival.at);
    copy.received = Some(copy.sent.map_or(at, |sent| sent.max(at)));
    for index in [arrival.received, arrival.judged].into_iter().flatten() {
        of_event[index as usize] = Some(number);
        let event = &events[index as usize];
        if event.len != 0 {
            copy.len = event.len;
        }
        if let What::Judged(judgement) = event.what {
            copy.fate = match judgement {
                Judgement::Forwarded | Judgement::TtlEnded | Judgement::NoOtherNeighbour => Fate::First,
                Judgement::Duplicate { higher_ttl: false } => Fate::Duplicate,
                Judgement::Duplicate { higher_ttl: true } => Fate::DuplicateHigherTtl,
                Judgement::Refused(cause) => Fate::Refused(cause),
            };
        }
    }
}
