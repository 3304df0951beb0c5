//! From records to the model.

use super::answers::{self, ByQuestion};
use super::copies::Copies;
use super::model::{Copy, Cost, Fate, Flood, FloodId, Model, Moment, Peer, PeerId, Run};
use super::records::{Event, Question, QuestionId, Records, RunRecord, What};
use super::taking::Memory;
use super::walk::{Recorded, Tour, Walk};
use super::{asks, clocks, repeats, seen_from_outside, told_by_others};
use crate::stats::DropCause;
use crate::types::SeqNo;
use std::collections::HashMap;

impl Records {
    /// What all that was told means. `memory` is that of the servents of which nothing was said.
    #[must_use]
    pub fn model(mut self, memory: Memory) -> Model {
        let repeated = repeats::count_once(&mut self);
        seen_from_outside::find_origins(&mut self);
        asks::resolve(&mut self);
        self.close();
        self.group_by_question();
        let (clocks, wall_nanos) = clocks::align(&mut self);
        let mut events = std::mem::take(&mut self.events);
        for group in events.chunk_by_mut(|event, next| event.question == next.question) {
            // Stable: what happened at one moment stays in the order in which it was told.
            group.sort_by_key(|event| event.at);
        }
        let failed = failed(&self, &events);
        let ordinals = ordinals(&self, &events, memory);
        let recorded = recorded(&self);
        let mut assembly =
            Assembly { records: &self, memory, failed, ordinals, recorded, copies: Copies::default(), delay_max: 0 };
        let (mut floods, mut loose) = (Vec::new(), Vec::new());
        // From the last one back, so that the events of those that are done can go: there are many.
        while let Some(last) = events.last() {
            let first = events.partition_point(|event| event.question < last.question);
            let group = &events[first..];
            // Of what was lost and nothing else the sending is not there either.
            if group.iter().all(|event| matches!(event.what, What::Responded | What::Heard | What::Unsent(_))) {
                loose.extend_from_slice(group);
            } else {
                floods.push((last.question, assembly.flood(group, first)));
            }
            events.truncate(first);
            if events.len() < events.capacity() / 2 {
                events.shrink_to_fit();
            }
        }
        floods.sort_by_key(|(question, flood)| (flood.first, *question));
        let mut by_question = ByQuestion::new();
        for (place, (question, flood)) in floods.iter_mut().enumerate() {
            flood.id = FloodId(place as u32);
            let Question { client, key, .. } = self.questions[question.0 as usize];
            by_question.entry((client, key)).or_default().push(flood.id);
        }
        let delay_max = assembly.delay_max;
        let mut floods: Vec<_> = floods.into_iter().map(|(_, flood)| flood).collect();
        let peers = peers(&self, &floods);
        for flood in &mut floods {
            settle(flood, &peers, delay_max);
        }
        loose.sort_by_key(|event| (event.at, event.question));
        answers::attribute(&self, &mut floods, &by_question, &loose);
        answers::find_retransmissions(&mut floods, &by_question);
        Model { peers, floods, clocks, holdings: self.holdings, repeated, wall_nanos }
    }
}

struct Assembly<'a> {
    records: &'a Records,
    memory: Memory,
    failed: HashMap<usize, DropCause>,
    ordinals: HashMap<usize, (u32, u32)>,
    recorded: Vec<Recorded>,
    copies: Copies,
    /// The longest that a copy was under way.
    delay_max: i64,
}

impl Assembly<'_> {
    /// The flood of these events, the first of which is the one at `first` among all.
    fn flood(&mut self, events: &[Event], first: usize) -> Flood {
        let question = self.records.questions[events[0].question.0 as usize];
        let key = &self.records.keys[question.key as usize];
        let mut copies = std::mem::take(&mut self.copies);
        copies.fill(self.records, events, key.len());
        let mut fates = std::mem::take(&mut copies.copies);
        seen_from_outside::judge(self.records, events, |index| copies.of(index), &mut fates);
        copies.copies = fates;
        for (index, event) in events.iter().enumerate() {
            if let Some(&cause) = self.failed.get(&(first + index))
                && let Some(copy) = copies.of(index)
                && copies.copies[copy].received.is_none()
                && matches!(event.what, What::Sent | What::Flooded)
            {
                // On a link it was under way; otherwise it did not leave.
                copies.copies[copy].fate = if cause == DropCause::LinkLost { Fate::Lost } else { Fate::Refused(cause) };
            }
        }
        let (failed, ordinals) = (&self.failed, &self.ordinals);
        let tour = Tour {
            records: self.records,
            events,
            copies: &copies,
            memory: self.memory,
            recorded: &self.recorded,
            ordinal: &|index| ordinals.get(&(first + index)).copied().unwrap_or_default(),
            failed: &|index| failed.get(&(first + index)).copied(),
        };
        let mut walk = Walk::run(&tour);
        if let (Some(entry), Some(_)) = (walk.entry, walk.asked) {
            walk.findings.extend(told_by_others::judge(&tour, entry));
        }
        walk.visits.shrink_to_fit();
        walk.answers.shrink_to_fit();
        let delay = |copy: &Copy| Some(copy.received?.since(copy.sent?));
        self.delay_max = copies.copies.iter().filter_map(delay).max().unwrap_or(0).max(self.delay_max);
        let flood = Flood {
            id: FloodId(0),
            client: self.records.peers[question.client.0 as usize],
            seq: question.seq.map(SeqNo),
            key: key.clone(),
            entry: walk.entry,
            asked: walk.asked,
            first: Moment(events.first().map_or(0, |event| event.at)),
            // That something did not leave may be known much later.
            last: Moment(events.iter().rfind(|event| !is_unsent(event)).map_or(0, |event| event.at)),
            retransmission_of: None,
            copies: copies.copies.clone(),
            visits: walk.visits,
            answers: walk.answers,
            cost: Cost::default(),
            findings: walk.findings,
        };
        self.copies = copies;
        flood
    }
}

fn is_unsent(event: &Event) -> bool {
    matches!(event.what, What::Unsent(_))
}

/// What was sent to somebody, as far as one datagram is told from others: a QUERY by its question, a RESPONSE by its key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Datagram {
    Query(QuestionId),
    Response(u32),
}

/// The sendings that did not leave, or were lost on a link: of each failure the last one before it of such a datagram to
/// the same place.
fn failed(records: &Records, events: &[Event]) -> HashMap<usize, DropCause> {
    let mut failed = HashMap::new();
    if !events.iter().any(is_unsent) {
        return failed;
    }
    let question = |event: &Event| records.questions[event.question.0 as usize];
    let mut sent = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let (to, datagram) = match event.what {
            What::Sent | What::Flooded => (event.peer, Datagram::Query(event.question)),
            What::LookedUp(_) => (question(event).client, Datagram::Response(question(event).key)),
            _ => continue,
        };
        sent.push(((event.run, to, datagram), event.at, index));
    }
    sent.sort_unstable();
    for event in events {
        let What::Unsent(cause) = event.what else { continue };
        let Question { key, seq, .. } = question(event);
        let datagram = if seq.is_some() { Datagram::Query(event.question) } else { Datagram::Response(key) };
        let meant = (event.run, event.peer, datagram);
        let end = sent.partition_point(|&(way, at, _)| (way, at) <= (meant, event.at));
        let mut before = sent[..end].iter().rev().take_while(|&&(way, ..)| way == meant);
        if let Some(&(.., index)) = before.find(|(.., index)| !failed.contains_key(index)) {
            failed.insert(index, cause);
        }
    }
    failed
}

/// How many queries a run had seen before each that was new to it, and how many by the end of that moment: what came at
/// one moment has no order that is known. Nothing where none can have been forgotten for want of room.
fn ordinals(records: &Records, events: &[Event], memory: Memory) -> HashMap<usize, (u32, u32)> {
    let is_sighting = |event: &Event| match event.what {
        What::Flooded => true,
        What::Judged(judgement) => judgement.is_new(),
        _ => false,
    };
    let mut counts = vec![0_u32; records.runs.len()];
    for event in events.iter().filter(|event| is_sighting(event)) {
        counts[event.run.0 as usize] += 1;
    }
    let capacity = |run: &RunRecord| records.memory(run.peer, memory).capacity;
    if counts.iter().zip(&records.runs).all(|(&count, run)| count <= capacity(run)) {
        return HashMap::new();
    }
    let mut sightings: Vec<_> = events.iter().enumerate().filter(|(_, event)| is_sighting(event)).collect();
    sightings.sort_by_key(|(_, event)| (event.run, event.at));
    let mut ordinals = HashMap::new();
    for run in sightings.chunk_by(|(_, event), (_, next)| event.run == next.run) {
        let mut before = 0;
        for moment in run.chunk_by(|(_, event), (_, next)| event.at == next.at) {
            let until = before + moment.len() as u32;
            ordinals.extend(moment.iter().map(|&(index, _)| (index, (before, until))));
            before = until;
        }
    }
    ordinals
}

fn recorded(records: &Records) -> Vec<Recorded> {
    let mut recorded = vec![Recorded::Not; records.peers.len()];
    for run in &records.runs {
        let what = if run.is_captured { Recorded::Outside } else { Recorded::Itself };
        let known = &mut recorded[run.peer.0 as usize];
        *known = what.max(*known);
    }
    recorded
}

fn peers(records: &Records, floods: &[Flood]) -> Vec<Peer> {
    let peer = |(number, &address): (usize, &_)| Peer {
        address,
        neighbours: records.neighbours.get(&PeerId(number as u32)).cloned(),
        changes: Vec::new(),
        is_servent: false,
        runs: Vec::new(),
    };
    let mut peers: Vec<_> = records.peers.iter().enumerate().map(peer).collect();
    for run in records.runs.iter().filter(|run| !run.is_captured) {
        let &RunRecord { peer, from, to, is_opened, is_closed, is_whole, .. } = run;
        let (from, to) = (Moment(from), Moment(to));
        peers[peer.0 as usize].runs.push(Run { from, to, is_opened, is_whole, is_closed });
    }
    for change in &records.changes {
        let peer = &mut peers[records.runs[change.run.0 as usize].peer.0 as usize];
        peer.changes.push((Moment(change.at), change.neighbours.clone()));
    }
    for peer in &mut peers {
        peer.runs.sort_by_key(|run| run.from);
        peer.changes.sort_by_key(|(from, _)| *from);
        if peer.changes.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            peer.changes.clear();
        }
    }
    let told = records.neighbours.iter().flat_map(|(peer, neighbours)| neighbours.iter().chain([peer]));
    let changed = records.changes.iter().flat_map(|change| &change.neighbours);
    let linked = told.chain(changed);
    let met = floods.iter().flat_map(|flood| {
        let ends = flood.copies.iter().flat_map(|copy| [copy.from, copy.to]);
        ends.chain(flood.visits.iter().map(|visit| visit.servent))
    });
    let servents: Vec<_> = linked.copied().chain(met).collect();
    for servent in servents {
        peers[servent.0 as usize].is_servent = true;
    }
    peers
}

/// Says of the copies that did not come in whether they were lost, and what all of it cost.
fn settle(flood: &mut Flood, peers: &[Peer], delay_max: i64) {
    for copy in &mut flood.copies {
        if let (Fate::Unknown, None, Some(sent)) = (copy.fate, copy.received, copy.sent) {
            copy.fate = fate(sent, &peers[copy.to.0 as usize].runs, delay_max);
        }
    }
    // What came from somebody whose record is whole and tells of no sending was not sent: networks make copies too.
    let is_told = |run: &Run, copy: &Copy| run.is_whole && run.from <= copy.at() && copy.at() <= run.to;
    let is_sent =
        |copy: &&Copy| copy.sent.is_some() || !peers[copy.from.0 as usize].runs.iter().any(|run| is_told(run, copy));
    let sent = || flood.copies.iter().filter(is_sent);
    let count = |is_meant: fn(Fate) -> bool| sent().filter(|copy| is_meant(copy.fate)).count() as u32;
    flood.cost = Cost {
        messages: sent().count() as u32,
        duplicates: count(|fate| matches!(fate, Fate::Duplicate | Fate::DuplicateHigherTtl)),
        lost: count(|fate| matches!(fate, Fate::Lost | Fate::Down | Fate::Refused(_))),
        bytes: sent().map(|copy| u64::from(copy.len)).sum(),
    };
}

/// What became of a copy that was sent then to somebody who ran at these times, and did not come in.
fn fate(sent: Moment, runs: &[Run], delay_max: i64) -> Fate {
    // It may be under way for as long as the slowest was.
    let due = Moment(sent.0.saturating_add(delay_max));
    if runs.iter().any(|run| run.is_whole && run.from <= sent && due <= run.to) {
        return Fate::Lost;
    }
    if runs.iter().any(|run| run.from <= due && sent <= run.to) {
        return Fate::Unknown;
    }
    let before = runs.iter().rev().find(|run| run.to < sent);
    let after = runs.iter().find(|run| due < run.from);
    // Between the end of one record and the beginning of the next, unless either of them is only a piece. Of a time before
    // the first record nobody knows: a servent that is started again empties its file.
    let is_ended = before.is_some_and(|run| run.is_closed);
    let is_begun = after.is_none_or(|run| run.is_opened);
    if is_ended && is_begun { Fate::Down } else { Fate::Unknown }
}
