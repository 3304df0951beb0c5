//! What several files tell of the same servent, taken once: a trace beside a link or a copy of it, or beside a file that
//! it was merged into.
//!
//! The same event is the same servent's, at the same nanosecond, and tells the same. Within one life of a servent in one
//! file it may stand several times and mean as much: a servent that breaks rules sends on twice at one moment. So of each
//! event as many count as the file has that has most of it.
//!
//! Two lives of one servent, in two files or in one that another was appended to, are one if they begin or end alike or
//! have an event in common. Times are compared as they were written: they are of one clock then, whatever else is known
//! of it.

use super::records::{ClockId, Event, Records, RunId, RunRecord};
use std::collections::HashMap;

/// Drops what repeats what is there already, and makes one life of those that are the same. Returns how many events that
/// were.
pub(super) fn count_once(records: &mut Records) -> u64 {
    let is_suspect = suspects(records);
    if !is_suspect.contains(&true) {
        return 0;
    }
    let mut same = Same((0..records.runs.len() as u32).map(RunId).collect());
    unite_by_ends(records, &mut same);
    // Those that tell the same stand together, whichever life of the servent they are in.
    let is_meant = |&index: &u32| is_suspect[records.events[index as usize].run.0 as usize];
    let mut order: Vec<u32> = (0..records.events.len() as u32).filter(is_meant).collect();
    let told = |index: u32| {
        let event = &records.events[index as usize];
        (records.owner(event), Event { run: RunId(0), ..*event })
    };
    order.sort_unstable_by_key(|&index| (told(index), records.events[index as usize].run, index));
    let is_same = |one: &u32, next: &u32| told(*one) == told(*next);
    let run = |index: u32| records.events[index as usize].run;
    let mut is_repeated = vec![false; records.events.len()];
    for group in order.chunk_by(is_same) {
        group[1..].iter().for_each(|&index| same.unite(run(group[0]), run(index)));
        group.iter().for_each(|&index| is_repeated[index as usize] = true);
        kept(records, group).iter().for_each(|&index| is_repeated[index as usize] = false);
    }
    drop(order);
    let before = records.events.len();
    let mut index = 0;
    records.events.retain(|_| {
        index += 1;
        !is_repeated[index - 1]
    });
    merge(records, &mut same);
    (before - records.events.len()) as u64
}

/// The lives that may be told of elsewhere as well: of those of one servent, the ones that overlap.
fn suspects(records: &Records) -> Vec<bool> {
    let mut order: Vec<usize> = (0..records.runs.len()).filter(|&run| !records.runs[run].is_captured).collect();
    order.sort_by_key(|&run| (records.runs[run].peer, records.runs[run].from));
    let mut is_suspect: Vec<_> = records.runs.iter().map(|run| run.openings > 1).collect();
    let mut last: Option<usize> = None;
    for run in order {
        let this = &records.runs[run];
        let before = last.filter(|&before| records.runs[before].peer == this.peer);
        if let Some(before) = before.filter(|&before| this.from <= records.runs[before].to) {
            (is_suspect[before], is_suspect[run]) = (true, true);
        }
        // The one that reaches furthest.
        last = before.filter(|&before| records.runs[before].to >= this.to).or(Some(run));
    }
    is_suspect
}

/// Lives that begin or end in the same line are one.
fn unite_by_ends(records: &Records, same: &mut Same) {
    let mut ends = HashMap::new();
    for (number, run) in records.runs.iter().enumerate().filter(|(_, run)| !run.is_captured) {
        let opened = run.opened_at.map(|at| (run.peer, run.clock, at, true));
        let closed = run.is_closed.then_some((run.peer, run.clock, run.to, false));
        for end in [opened, closed].into_iter().flatten() {
            same.unite(*ends.entry(end).or_insert(RunId(number as u32)), RunId(number as u32));
        }
    }
}

/// Of events that are the same, those that count: as many as the life has that has most of them.
fn kept<'a>(records: &Records, group: &'a [u32]) -> &'a [u32] {
    let run = |index: u32| records.events[index as usize].run;
    let mut most: &[u32] = &[];
    for of_run in group.chunk_by(|&one, &next| run(one) == run(next)) {
        // In a file that several copies were merged into each stands as often as its first line does.
        let copies = records.runs[run(of_run[0]).0 as usize].openings.max(1) as usize;
        let these = &of_run[..of_run.len().div_ceil(copies)];
        if these.len() > most.len() {
            most = these;
        }
    }
    most
}

/// Makes one life of each set of those that are the same, and one clock of theirs.
fn merge(records: &mut Records, same: &mut Same) {
    let mut clock_of: Vec<_> = (0..records.clocks.len() as u32).map(ClockId).collect();
    let mut merged: Vec<RunRecord> = Vec::new();
    let mut place: Vec<Option<RunId>> = vec![None; records.runs.len()];
    for number in 0..records.runs.len() {
        let run = records.runs[number];
        let root = same.root(RunId(number as u32)).0 as usize;
        let Some(known) = place[root] else {
            place[root] = Some(RunId(merged.len() as u32));
            merged.push(run);
            continue;
        };
        place[number] = Some(known);
        let into = &mut merged[known.0 as usize];
        if into.clock != run.clock {
            // The one that is known better stays.
            let is_better = records.clocks[into.clock.0 as usize].is_none();
            let (stays, goes) = if is_better { (run.clock, into.clock) } else { (into.clock, run.clock) };
            clock_of.iter_mut().filter(|clock| **clock == goes).for_each(|clock| *clock = stays);
        }
        into.take_in(&run);
    }
    for run in &mut merged {
        run.clock = clock_of[run.clock.0 as usize];
    }
    for event in &mut records.events {
        event.run = place[event.run.0 as usize].unwrap_or(event.run);
    }
    for change in &mut records.changes {
        change.run = place[change.run.0 as usize].unwrap_or(change.run);
    }
    records.runs = merged;
    drop_clocks(records);
}

/// Numbers the clocks anew that are still in use.
fn drop_clocks(records: &mut Records) {
    let mut place = vec![None; records.clocks.len()];
    let (mut clocks, guessed) = (Vec::new(), std::mem::take(&mut records.guessed));
    for run in &mut records.runs {
        let old = run.clock;
        let new = *place[old.0 as usize].get_or_insert_with(|| {
            clocks.push(records.clocks[old.0 as usize]);
            ClockId((clocks.len() - 1) as u32)
        });
        if guessed.contains(&old) {
            records.guessed.insert(new);
        }
        run.clock = new;
    }
    records.clocks = clocks;
}

/// Which lives are the same: each leads to another one of its set, the first one to itself.
struct Same(Vec<RunId>);

impl Same {
    fn root(&mut self, run: RunId) -> RunId {
        let mut root = run;
        while self.0[root.0 as usize] != root {
            root = self.0[root.0 as usize];
        }
        self.0[run.0 as usize] = root;
        root
    }

    fn unite(&mut self, one: RunId, other: RunId) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other).0 as usize] = one.min(other);
    }
}

impl RunRecord {
    /// Adds what another record of the same life tells.
    fn take_in(&mut self, other: &Self) {
        let (from, to) = (self.from.min(other.from), self.to.max(other.to));
        let is_all = |run: &Self| run.is_whole && run.from <= from && to <= run.to;
        self.is_whole = is_all(self) || is_all(other);
        (self.from, self.to) = (from, to);
        self.is_opened |= other.is_opened;
        self.is_closed |= other.is_closed;
        self.opened_at = self.opened_at.or(other.opened_at);
    }
}
