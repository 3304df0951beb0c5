//! How much faster one clock runs than another.

use super::clocks::{Arrow, Arrows};
use super::records::ClockId;
use std::collections::VecDeque;

/// Quartz clocks are within 100 millionths of each other, also bad ones within a thousandth.
const RATE_MAX: f64 = 1e-3;

/// Below this span, in nanoseconds, a rate can't be told from what the network does.
const SPAN_MIN: i64 = 1_000_000_000;

/// The most bounds of each kind that a rate is sought over.
const BOUNDS_MAX: usize = 2_000;

/// A bound on the offset of a clock at one time of it.
#[derive(Clone, Copy)]
struct Bound {
    at: f64,
    offset: f64,
}

/// `at` by a clock that runs at this rate too slow.
pub(super) fn scaled(at: i64, rate: f64) -> i64 {
    at.saturating_add((at as f64 * rate) as i64)
}

/// What each clock's time has to be scaled by, less 1: along a tree of the clocks that send each other QUERYs.
pub(super) fn rates(arrows: &Arrows, clocks: usize) -> Vec<f64> {
    let mut rates = vec![0.0; clocks];
    let mut is_known = vec![false; clocks];
    for root in 0..clocks {
        if std::mem::replace(&mut is_known[root], true) {
            continue;
        }
        let mut open = VecDeque::from([root]);
        while let Some(known) = open.pop_front() {
            for other in 0..clocks {
                if is_known[other] {
                    continue;
                }
                let between = |from: usize, to: usize| arrows.get(&(ClockId(from as u32), ClockId(to as u32)));
                let (Some(out), Some(back)) = (between(known, other), between(other, known)) else { continue };
                is_known[other] = true;
                rates[other] = (1.0 + rates[known]) * (1.0 + rate(out, back)) - 1.0;
                open.push_back(other);
            }
        }
    }
    rates
}

/// The rate of a clock against a known one, from what went out to it and what came back: that at which the offset has
/// most room.
fn rate(out: &[Arrow], back: &[Arrow]) -> f64 {
    let lower = thinned(out.iter().map(|arrow| (arrow.received, arrow.sent - arrow.received)), f64::max);
    let upper = thinned(back.iter().map(|arrow| (arrow.sent, arrow.received - arrow.sent)), f64::min);
    let times = || lower.iter().chain(&upper).map(|bound| bound.at);
    let span = times().fold(f64::MIN, f64::max) - times().fold(f64::MAX, f64::min);
    if span < SPAN_MIN as f64 {
        return 0.0;
    }
    let room = |rate: f64| {
        let highest = lower.iter().map(|bound| bound.offset - rate * bound.at).fold(f64::MIN, f64::max);
        let lowest = upper.iter().map(|bound| bound.offset - rate * bound.at).fold(f64::MAX, f64::min);
        lowest - highest
    };
    // The room is a concave function of the rate.
    let (mut low, mut high) = (-RATE_MAX, RATE_MAX);
    for _ in 0..100 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if room(left) < room(right) { low = left } else { high = right }
    }
    let best = f64::midpoint(low, high);
    let (still, moved) = (room(0.0), room(best));
    if still >= 0.0 && still >= 0.8 * moved { 0.0 } else { best }
}

/// The sharpest bound of each of at most so many stretches of time.
fn thinned(bounds: impl Iterator<Item = (i64, i64)>, sharper: fn(f64, f64) -> f64) -> Vec<Bound> {
    let mut bounds: Vec<_> = bounds.collect();
    bounds.sort_unstable();
    let stretch = bounds.len().div_ceil(BOUNDS_MAX).max(1);
    let sharpest = |stretch: &[(i64, i64)]| {
        let bound = |&(at, offset): &(i64, i64)| Bound { at: at as f64, offset: offset as f64 };
        let of_two = |best: Bound, next: Bound| {
            if sharper(best.offset, next.offset) == best.offset { best } else { next }
        };
        stretch.iter().map(bound).reduce(of_two)
    };
    bounds.chunks(stretch).filter_map(sharpest).collect()
}
