//! Clocks of several machines, brought onto one time line.
//!
//! Each QUERY that left one machine and reached another says: it was sent before it was received. Between two machines
//! that send each other QUERYs this bounds the offset of their clocks from both sides, as in NTP:
//!
//! ```text
//! time of A = time of B + offset
//! A ──▶ B    sent (A) <= received (B) + offset       offset >= sent - received,  at most as much as the fastest says
//! B ──▶ A    sent (B) + offset <= received (A)       offset <= received - sent,  likewise
//! ```
//!
//! Over all machines these are difference constraints. The largest and the smallest solution are shortest paths, and
//! any mean of two solutions is one, so the middle keeps every arrow forward, and half the distance is what the offset
//! may be off. Where nothing came back the time of day decides, moved as far as the arrows demand.
//!
//! Clocks drift: what is sent over an hour may fit no single offset. `drift` finds the rates first.

use super::drift;
use super::model::Clock;
use super::pairs::{End, EndKind};
use super::records::{ClockId, Records};
use std::collections::BTreeMap;

/// How far apart two clocks' anchors are that are taken for one clock, in nanoseconds: what NTP may have corrected in
/// between.
pub(super) const SAME_CLOCK_NANOS: i64 = 20_000_000;

/// A QUERY that left by one clock and came in by another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrow {
    pub(super) sent: i64,
    pub(super) received: i64,
}

/// All arrows, by the clocks of sender and receiver, which are two.
pub(super) type Arrows = BTreeMap<(ClockId, ClockId), Vec<Arrow>>;

/// What QUERYs on their way tell of the clocks.
#[derive(Default)]
struct Told {
    between: Arrows,
    /// By one clock alone: how many there are, and how many of them go back in time.
    within: BTreeMap<ClockId, (usize, usize)>,
}

/// Puts all events, which stand together by question, onto one time line, which begins at its first event. Returns the clocks, and the time of day there.
pub(super) fn align(records: &mut Records) -> (Vec<Clock>, Option<i64>) {
    let mut told = told(records);
    if records.guessed.iter().any(|&clock| told.is_wrong(clock)) {
        split(records, &told);
        told = self::told(records);
    }
    let bases = bases(records);
    // Times are counted from each clock's first event, so that they are small enough to be scaled.
    let shifted = |clock: ClockId, at: i64| at - bases[clock.0 as usize];
    let mut by_clock = told.between;
    for ((from, to), arrows) in &mut by_clock {
        for arrow in arrows {
            *arrow = Arrow { sent: shifted(*from, arrow.sent), received: shifted(*to, arrow.received) };
        }
    }
    let rates = drift::rates(&by_clock, records.clocks.len());
    for ((from, to), arrows) in &mut by_clock {
        for arrow in arrows {
            arrow.sent = drift::scaled(arrow.sent, rates[from.0 as usize]);
            arrow.received = drift::scaled(arrow.received, rates[to.0 as usize]);
        }
    }
    let walls: Vec<_> =
        records.clocks.iter().zip(&bases).map(|(wall, base)| wall.map(|wall| wall.saturating_add(*base))).collect();
    let solved = super::offsets::solve(&by_clock, &walls);
    for index in 0..records.events.len() {
        let event = records.events[index];
        let clock = records.run_of(&event).clock;
        records.events[index].at = place(event.at, clock, &bases, &rates, &solved.offsets);
    }
    for index in 0..records.changes.len() {
        let change = &records.changes[index];
        let clock = records.runs[change.run.0 as usize].clock;
        records.changes[index].at = place(change.at, clock, &bases, &rates, &solved.offsets);
    }
    for run in &mut records.runs {
        run.from = place(run.from, run.clock, &bases, &rates, &solved.offsets);
        run.to = place(run.to, run.clock, &bases, &rates, &solved.offsets);
    }
    let zero = records.events.iter().map(|event| event.at).min().unwrap_or(0);
    records.events.iter_mut().for_each(|event| event.at -= zero);
    records.changes.iter_mut().for_each(|change| change.at -= zero);
    records.runs.iter_mut().for_each(|run| (run.from, run.to) = (run.from - zero, run.to - zero));
    let clocks = (0..records.clocks.len()).map(|index| Clock {
        offset: solved.offsets[index].saturating_sub(zero).saturating_sub(bases[index]),
        drift: (rates[index] * 1e9) as i64,
        uncertainty: solved.uncertainties[index],
    });
    let is_wall = walls.first().copied().flatten().is_some();
    (clocks.collect(), is_wall.then_some(zero))
}

fn place(at: i64, clock: ClockId, bases: &[i64], rates: &[f64], offsets: &[i64]) -> i64 {
    let clock = clock.0 as usize;
    drift::scaled(at - bases[clock], rates[clock]).saturating_add(offsets[clock])
}

/// The first event of each clock.
fn bases(records: &Records) -> Vec<i64> {
    let mut bases = vec![i64::MAX; records.clocks.len()];
    for run in &records.runs {
        let base = &mut bases[run.clock.0 as usize];
        *base = run.from.min(*base);
    }
    bases.iter().map(|&base| if base == i64::MAX { 0 } else { base }).collect()
}

/// What the QUERYs tell that were sent once over a link and came in once. Only those tell which was which.
fn told(records: &Records) -> Told {
    let mut told = Told::default();
    let is_one_clock = records.runs.windows(2).all(|runs| runs[0].clock == runs[1].clock);
    if is_one_clock && records.guessed.is_empty() {
        return told;
    }
    let mut ends: Vec<End> = Vec::new();
    for events in records.events.chunk_by(|event, next| event.question == next.question) {
        ends.clear();
        ends.extend(events.iter().enumerate().filter_map(|(index, event)| End::of(records, event, index)));
        ends.retain(|end| end.kind != EndKind::Judged);
        ends.sort_unstable();
        for group in ends.chunk_by(End::is_same_way) {
            let [sent, received] = group else { continue };
            if sent.kind == EndKind::Sent && received.kind == EndKind::Received {
                let [from, to] = [sent, received].map(|end| records.run_of(&events[end.index as usize]).clock);
                told.arrow(from, to, Arrow { sent: sent.at, received: received.at });
            }
        }
    }
    told
}

impl Told {
    fn arrow(&mut self, from: ClockId, to: ClockId, arrow: Arrow) {
        if from == to {
            let (all, back) = self.within.entry(from).or_default();
            *all += 1;
            *back += usize::from(arrow.received < arrow.sent);
        } else {
            self.between.entry((from, to)).or_default().push(arrow);
        }
    }

    /// Whether so much goes back in time by a clock that it must be several: more than what strangers can bring about who
    /// repeat QUERYs in others' names.
    fn is_wrong(&self, clock: ClockId) -> bool {
        self.within.get(&clock).is_some_and(|&(all, back)| 5 * back > all)
    }
}

/// Gives every run a clock of its own whose clock was taken for that of several machines and is not.
fn split(records: &mut Records, told: &Told) {
    let mut taken = vec![false; records.clocks.len()];
    for index in 0..records.runs.len() {
        let clock = records.runs[index].clock;
        let is_wrong = records.guessed.contains(&clock) && told.is_wrong(clock);
        if is_wrong && std::mem::replace(&mut taken[clock.0 as usize], true) {
            let wall = records.clocks[clock.0 as usize];
            records.runs[index].clock = records.clock(wall);
        }
    }
}
