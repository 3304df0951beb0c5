//! All questions of all points, on so many threads.

use super::plan::{Plan, Point};
use super::question::seen;
use super::totals::Totals;
use crate::sim::Setup;
use rayon::prelude::*;
use rayon::{ThreadPoolBuildError, ThreadPoolBuilder};
use std::fmt;
use std::sync::Arc;

/// Questions that a thread takes at a time.
const CHUNK: u32 = 8;

/// What a point came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// Where.
    pub point: Point,
    /// What.
    pub totals: Totals,
}

/// The threads could not be started.
#[derive(Debug)]
pub struct CannotRun(ThreadPoolBuildError);

impl fmt::Display for CannotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start threads: {}", self.0)
    }
}

impl std::error::Error for CannotRun {}

/// Asks all questions at all points with `jobs` threads, 0 being one a core, and tells `asked` of so many that were asked
/// since it was last told, from any of them. The outcomes are in the order of the points, and the same for any `jobs`.
///
/// # Errors
/// If the threads can't be started.
pub fn run(plan: &Plan, jobs: usize, asked: &(dyn Fn(u32) + Sync)) -> Result<Vec<Outcome>, CannotRun> {
    let pool = ThreadPoolBuilder::new().num_threads(jobs).thread_name(|number| format!("simulate-{number}"));
    Ok(pool.build().map_err(CannotRun)?.install(|| all(plan, asked)))
}

fn all(plan: &Plan, asked: &(dyn Fn(u32) + Sync)) -> Vec<Outcome> {
    let points = plan.points();
    let order = plan.holding_order();
    let mut outcomes: Vec<Option<Outcome>> = vec![None; points.len()];
    let mut setup = Setup::new(plan.graph.clone());
    // Points that differ in what servents hold or clients do come one after the other: a large overlay is there once.
    while let Some(first) = outcomes.iter().position(Option::is_none) {
        let first = points[first];
        let is_alike = |point: &Point| (point.holders, point.tries) == (first.holders, first.tries);
        first.prepare(&mut setup, &order);
        let shared = Arc::new(setup);
        outcomes.par_iter_mut().zip(&points).filter(|(_, point)| is_alike(point)).for_each(|(outcome, &point)| {
            *outcome = Some(Outcome { point, totals: one(plan, &shared, &point, asked) });
        });
        setup = Arc::into_inner(shared).expect("simulations that are over hold nothing");
    }
    outcomes.into_iter().flatten().collect()
}

/// All questions of a point.
fn one(plan: &Plan, setup: &Arc<Setup>, point: &Point, asked: &(dyn Fn(u32) + Sync)) -> Totals {
    let chunk = |number: u32| {
        let from = number * CHUNK;
        let numbers = from..plan.questions.min(from + CHUNK);
        let count = numbers.end - numbers.start;
        let totals = numbers.map(|number| Totals::of(&seen(setup, point, plan.seed, number)));
        let totals = totals.fold(Totals::default(), Totals::plus);
        asked(count);
        totals
    };
    (0..plan.questions.div_ceil(CHUNK)).into_par_iter().map(chunk).reduce(Totals::default, Totals::plus)
}
