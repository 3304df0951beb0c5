//! Every promise of `sim::check`, over thousands of overlays with their troubles.

use crate::search::{alone_seed, first_complaint};
use servent::sim::{Machines, Scenario};
use std::panic;

/// Overlays in an ordinary run.
const SEEDS: u64 = 20_000;

/// One seed to run alone, with its whole story: `SIM_SEED=7 cargo test --release --test sim every_seed -- --nocapture`
const ALONE: &str = "SIM_SEED";

/// What is wrong with a seed, if anything.
fn complaint(seed: u64) -> Option<String> {
    let scenario = Scenario::from_seed(seed);
    let found = match panic::catch_unwind(|| scenario.check::<Machines>()) {
        Ok(found) if found.is_empty() => return None,
        Ok(found) => found.iter().map(|found| format!("{found}\n")).collect(),
        Err(_) => "it panics, see above\n".to_owned(),
    };
    let story = panic::catch_unwind(|| scenario.story::<Machines>().to_string());
    let story = story.unwrap_or_else(|_| "(no story: it panics)".to_owned());
    Some(format!("{scenario}\n{story}\n{found}\nto run it alone: {ALONE}={seed}"))
}

#[test]
fn every_seed_keeps_every_promise() {
    if let Some(seed) = alone_seed(ALONE) {
        let scenario = Scenario::from_seed(seed);
        eprintln!("{scenario}\n{}", scenario.story::<Machines>());
    }
    if let Some(complaint) = first_complaint(ALONE, SEEDS, complaint) {
        panic!("{complaint}");
    }
}
