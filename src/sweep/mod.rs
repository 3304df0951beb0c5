//! What an overlay would do that nobody started: many questions at random servents of one graph, point by point of a
//! sweep over what links lose, how long they take, who holds the key, and how far a question goes.
//!
//! ```text
//!   Shape ─▶ Graph ─┐                       ┌─▶ Outcome: totals of point 1
//!   Axes  ─▶ Points ┴▶ Plan ─▶ questions ───┤
//!                     seed ─▶ entry, luck   └─▶ ... of point n ─▶ Estimate: a value and its interval
//! ```
//!
//! Each question is a simulation of its own, in which only what it reaches is awake. Question 7 is asked at the same
//! servent and has the same luck at every point, whatever else is swept and however many threads share the work: totals
//! are sums of whole numbers, so their order means nothing.
//!
//! **Invariants:** no I/O, no clock, and no thread but rayon's. How it is shown is decided elsewhere.
//!
//! | file | holds |
//! |---|---|
//! | `shape` | graphs by name, and why some can't be |
//! | `plan` | what is swept, and the points of it |
//! | `question` | one question: who was reached, what it cost |
//! | `totals` | sums over questions |
//! | `estimate` | from sums to values with 95 % intervals |
//! | `run` | all questions of all points, on all cores |

mod estimate;
mod plan;
mod question;
mod run;
mod shape;
mod totals;
#[cfg(test)]
mod tests;

pub use estimate::Estimate;
pub use plan::{Axes, Delay, Holders, LOSS_PERCENT_MAX, Loss, Plan, Point, TTL_MAX};
pub use question::trace;
pub use run::{CannotRun, Outcome, run};
pub use shape::{Shape, ShapeError};
pub use totals::Totals;

use crate::types::Ttl;

/// The most servents that a question can reach in `hops` where nobody has more than `degree` neighbours: itself, and
/// on each hop all neighbours but the one that it came from, 1 + sum of d(d-1)^(i-1). `u128::MAX` where that is more.
#[must_use]
pub fn reach_bound(degree: usize, hops: u16) -> u128 {
    let (degree, onward) = (degree as u128, (degree as u128).saturating_sub(1));
    let (mut bound, mut edge) = (1_u128, degree);
    for _ in 0..hops {
        bound = bound.saturating_add(edge);
        edge = edge.saturating_mul(onward);
    }
    bound
}

/// Whether servents have this time-to-live: they start with 3, and take more as 3 (P-11, P-17).
#[must_use]
pub fn is_of_servents(ttl: u16) -> bool {
    Ttl(ttl) == Ttl::INITIAL
}
