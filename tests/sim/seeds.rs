//! Every promise of `sim::check`, over thousands of overlays with their troubles.

use servent::sim::{Machines, Scenario};
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

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
    if let Ok(seed) = std::env::var(ALONE) {
        let seed = seed.parse().unwrap_or_else(|_| panic!("{ALONE}: expected a number, found '{seed}'"));
        let scenario = Scenario::from_seed(seed);
        eprintln!("{scenario}\n{}", scenario.story::<Machines>());
        assert_eq!(complaint(seed), None);
        return;
    }
    let next = AtomicU64::new(0);
    let first_complaint = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= SEEDS {
                return None;
            }
            if let Some(complaint) = complaint(seed) {
                return Some((seed, complaint));
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let complaints: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| thread::Builder::new().spawn_scoped(scope, first_complaint).unwrap()).collect();
        workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
    });
    if let Some((_, complaint)) = complaints.iter().min() {
        panic!("{complaint}");
    }
}
