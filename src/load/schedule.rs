//! When each question of an open loop is due: evenly spaced, whatever becomes of those before it.

use crate::types::Timestamp;

const NANOS_PER_SECOND: f64 = 1e9;

/// So many questions a second, from a start on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    start: Timestamp,
    rate: f64,
}

impl Schedule {
    /// `rate` questions a second, above 0, the first at `start`.
    #[must_use]
    pub fn new(start: Timestamp, rate: f64) -> Self {
        Self { start, rate }
    }

    /// When question `number`, counted from 0, is to leave. It depends on no question before it, so that neither an answer
    /// that is long in coming nor a generator that was held up moves it.
    #[must_use]
    pub fn intended(&self, number: u64) -> Timestamp {
        let since_start = number as f64 * NANOS_PER_SECOND / self.rate;
        Timestamp::from_nanos(self.start.as_nanos().saturating_add(since_start as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn questions_are_evenly_spaced_and_do_not_drift() {
        let start = Timestamp::from_nanos(500);
        let schedule = Schedule::new(start, 3.0);
        let since = |number| schedule.intended(number).since(start);
        assert_eq!([0, 1, 2, 3].map(since).map(|time| time.as_nanos()), [0, 333_333_333, 666_666_666, 1_000_000_000]);
        assert_eq!(since(3_000_000), Duration::from_secs(1_000_000));
        assert_eq!(Schedule::new(start, 0.5).intended(1), start + Duration::from_secs(2));
    }
}
