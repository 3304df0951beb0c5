//! What is checked of one seed after the other, by as many threads as there are processors.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The complaint about the least seed below `seeds` that anybody came to of which there is one. The environment's `alone`
/// names one seed to check by itself, if it is there.
pub(crate) fn first_complaint(
    alone: &str,
    seeds: u64,
    complaint: impl Fn(u64) -> Option<String> + Sync,
) -> Option<String> {
    if let Some(seed) = alone_seed(alone) {
        return complaint(seed);
    }
    let next = AtomicU64::new(0);
    let search = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
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
            (0..threads).map(|_| thread::Builder::new().spawn_scoped(scope, search).unwrap()).collect();
        workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
    });
    complaints.into_iter().min().map(|(_, complaint)| complaint)
}

/// The seed that the environment's `name` says to run alone.
pub(crate) fn alone_seed(name: &str) -> Option<u64> {
    let seed = std::env::var(name).ok()?;
    Some(seed.parse().unwrap_or_else(|_| panic!("{name}: expected a number, found '{seed}'")))
}
