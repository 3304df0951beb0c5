//! Which flood a RESPONSE belongs to. It has no number, so its client, key and sender are looked for, and its time
//! decides between several.

use super::finding::{Breach, Finding};
use super::model::{Answer, Flood, FloodId, LookedUp, Moment, PeerId, Visit};
use super::records::{Event, NO_VALUE, Question, Records, What};
use std::collections::{HashMap, HashSet};

/// A client asks again after 4 s at the earliest (P-40), and not much later.
const RETRANSMITTED_MIN: i64 = 500_000_000;
const RETRANSMITTED_MAX: i64 = 10_000_000_000;

/// So many of the last floods of a question are looked at.
const CANDIDATES_MAX: usize = 64;

/// The floods of each question that differ by their numbers alone, in the order of time.
pub(super) type ByQuestion = HashMap<(PeerId, u32), Vec<FloodId>>;

/// Gives the RESPONSEs of captures, and those that clients were seen to get, to their floods.
pub(super) fn attribute(records: &Records, floods: &mut [Flood], by_question: &ByQuestion, loose: &[Event]) {
    let known: HashSet<PeerId> = floods
        .iter()
        .flat_map(|flood| flood.visits.iter().map(|visit| visit.servent).chain(flood.copies.iter().map(|copy| copy.to)))
        .collect();
    let mut open = open_answers(records, floods, loose);
    for event in loose {
        let Question { client, key, .. } = records.questions[event.question.0 as usize];
        let Some(candidates) = by_question.get(&(client, key)) else { continue };
        match event.what {
            What::Responded => responded(records, floods, candidates, event, &known),
            What::Heard => heard(records, floods, &mut open, event),
            _ => {}
        }
    }
}

fn value(records: &Records, event: &Event) -> Option<Box<[u8]>> {
    (event.len != NO_VALUE).then(|| records.values[event.len as usize].clone())
}

/// A RESPONSE was captured on its way.
fn responded(records: &Records, floods: &mut [Flood], candidates: &[FloodId], event: &Event, known: &HashSet<PeerId>) {
    let from = records.owner(event);
    let at = Moment(event.at);
    let reached = |flood: &Flood| flood.visits.iter().any(|visit| visit.servent == from && visit.at <= at);
    let end = candidates.partition_point(|id| floods[id.0 as usize].first <= at);
    let recent = &candidates[end.saturating_sub(CANDIDATES_MAX)..end];
    let mut all: Vec<_> = recent.iter().filter(|id| reached(&floods[id.0 as usize])).copied().collect();
    // Where no capture shows the QUERY that it answers, any flood of that time may be it.
    let is_seen = !all.is_empty();
    if !is_seen {
        all = recent.to_vec();
    }
    let has_answered = |id: &FloodId| floods[id.0 as usize].answers.iter().any(|answer| answer.from == from);
    let Some(&chosen) = all.iter().rev().find(|id| !has_answered(id)).or(all.last()) else { return };
    let is_uncertain = all.len() > 1;
    let is_again = has_answered(&chosen);
    let flood = &mut floods[chosen.0 as usize];
    let earlier = flood.answers.iter().rev().find(|answer| answer.from == from).and_then(|answer| answer.sent);
    let value = value(records, event);
    flood.last = flood.last.max(at);
    flood.answers.push(Answer { from, sent: Some(at), received: Some(at), value, is_uncertain });
    let mut note = |breach| {
        let bytes = super::bytes_of(records, event);
        flood.findings.push(Finding { breach, servent: from, at, bytes });
    };
    // One that is started anew may answer again, but it takes a while to start.
    let is_soon = earlier.is_some_and(|earlier| at.since(earlier) < 1_000_000_000);
    if is_again && !is_uncertain && is_seen && is_soon {
        note(Breach::AnsweredAgain);
    }
    if !is_seen
        && !is_uncertain
        && !known.contains(&from)
        && let Some(expected) = elsewhere(records, flood, from)
    {
        let breach = Breach::AnsweredFromElsewhere { expected };
        let bytes = super::bytes_of(records, event);
        flood.findings.push(Finding { breach, servent: from, at, bytes });
    }
    if let Some(visit) = flood.visits.iter_mut().find(|visit| visit.servent == from) {
        visit.lookup = LookedUp::Answered;
    }
}

/// Whether somebody on the host of `from` got the question and gave no answer from where it got it; and the port, if it
/// was one alone. The one that was asked may be all that a capture shows of many, unless it told nobody.
fn elsewhere(records: &Records, flood: &Flood, from: PeerId) -> Option<Option<u16>> {
    let host = *records.peers[from.0 as usize].ip();
    let is_silent = |visit: &&Visit| {
        let is_here = *records.peers[visit.servent.0 as usize].ip() == host;
        is_here && visit.lookup == LookedUp::Silent && (visit.parent.is_some() || flood.copies.is_empty())
    };
    let mut silent = flood.visits.iter().filter(is_silent);
    let first = silent.next()?;
    Some(silent.next().is_none().then(|| records.peers[first.servent.0 as usize].port()))
}

/// Answers that nobody was seen to get yet, by client, key and sender: their places, in the order of sending.
type Open = HashMap<(PeerId, u32, PeerId), Vec<(FloodId, usize)>>;

/// All of them, if any client was seen to get anything.
fn open_answers(records: &Records, floods: &[Flood], loose: &[Event]) -> Open {
    let mut open = Open::new();
    if !loose.iter().any(|event| event.what == What::Heard) {
        return open;
    }
    let clients: HashMap<_, _> = loose
        .iter()
        .map(|event| records.questions[event.question.0 as usize])
        .map(|Question { client, key, .. }| {
            ((records.peers[client.0 as usize], &records.keys[key as usize]), (client, key))
        })
        .collect();
    for flood in floods {
        let Some(&(client, key)) = clients.get(&(flood.client, &flood.key)) else { continue };
        for (place, answer) in flood.answers.iter().enumerate() {
            open.entry((client, key, answer.from)).or_default().push((flood.id, place));
        }
    }
    open
}

/// A client was seen to get a RESPONSE.
fn heard(records: &Records, floods: &mut [Flood], open: &mut Open, event: &Event) {
    let at = Moment(event.at);
    let (from, value) = (event.peer, value(records, event));
    let Question { client, key, .. } = records.questions[event.question.0 as usize];
    let Some(open) = open.get_mut(&(client, key, from)) else { return };
    let is_meant = |&(id, place): &(FloodId, usize)| {
        let answer = &floods[id.0 as usize].answers[place];
        answer.sent.is_some_and(|sent| sent <= at) && (answer.value.is_none() || answer.value == value)
    };
    let mut meant = open.iter().enumerate().rev().take(CANDIDATES_MAX).filter(|(_, answer)| is_meant(answer));
    let Some((number, &(id, place))) = meant.next() else { return };
    let is_uncertain = meant.next().is_some();
    open.remove(number);
    let answer = &mut floods[id.0 as usize].answers[place];
    answer.received = Some(at);
    answer.is_uncertain = is_uncertain;
    answer.value = answer.value.take().or(value);
}

/// Says which floods repeat one that nobody answered, or whose answers the client did not get.
pub(super) fn find_retransmissions(floods: &mut [Flood], by_question: &ByQuestion) {
    let mut groups: Vec<_> = by_question.values().filter(|floods| floods.len() > 1).collect();
    groups.sort_unstable();
    // Where clients are seen, what they did not get counts for nothing.
    let are_clients_seen = floods.iter().any(|flood| flood.answers.iter().any(|answer| answer.received.is_some()));
    for group in groups {
        for pair in group.windows(2) {
            let [earlier, later] = [pair[0], pair[1]].map(|id| &floods[id.0 as usize]);
            let begun = |flood: &Flood| flood.asked.unwrap_or(flood.first);
            let gap = begun(later).since(begun(earlier));
            let is_heard = earlier.answers.iter().any(|answer| answer.received.is_some());
            let is_answered = if are_clients_seen { is_heard } else { !earlier.answers.is_empty() };
            let is_same = earlier.entry.is_some() && earlier.entry == later.entry;
            if is_same && (RETRANSMITTED_MIN..=RETRANSMITTED_MAX).contains(&gap) && !is_answered {
                floods[pair[1].0 as usize].retransmission_of = Some(pair[0]);
            }
        }
    }
}
