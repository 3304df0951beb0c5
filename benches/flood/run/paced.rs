//! Loads that leave a contestant idle for most of the time, or for all of it.

use super::Fallible;
use super::load::{Clients, Drops, Generator, Outcome, outcome};
use servent::load::{Extent, Pace};
use std::thread;
use std::time::{Duration, Instant};

/// Requests a second.
const RATE: f64 = 1_000.0;

/// The first requests, whose latency is not counted: caches are still another contestant's.
const COLD: u64 = 10;

/// One client that asks once a millisecond, whatever becomes of the requests before.
pub(crate) struct Paced(pub(crate) Clients);

impl Generator for Paced {
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome> {
        let cold = self.0.go(Pace::Rate(RATE), Extent { questions: Some(COLD), time: Some(length) }, drops)?;
        let left = length.saturating_sub(cold.elapsed());
        let mut whole = outcome(&cold);
        if !left.is_zero() {
            let warm = self.0.go(Pace::Rate(RATE), Extent { time: Some(left), questions: None }, drops)?;
            let mut measured = outcome(&warm);
            let latencies = warm.tally().interval.first.histogram();
            measured.latencies = latencies
                .iter_recorded()
                .flat_map(|value| std::iter::repeat_n(value.value_iterated_to(), value.count_at_value() as usize))
                .collect();
            whole.add(measured);
        }
        Ok(whole)
    }

    fn ports(&self) -> Vec<u16> {
        self.0.ports()
    }
}

/// Nobody asks.
pub(crate) struct Nobody;

impl Generator for Nobody {
    fn load(&mut self, length: Duration, _: Drops<'_>) -> Fallible<Outcome> {
        let start = Instant::now();
        thread::sleep(length);
        Ok(Outcome { elapsed: start.elapsed(), ..Outcome::default() })
    }

    fn ports(&self) -> Vec<u16> {
        Vec::new()
    }
}
