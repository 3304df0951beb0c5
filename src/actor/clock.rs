//! Where time comes from: read here, passed as an argument everywhere else.

use crate::types::Timestamp;
use crossbeam_channel::{Receiver, at};
use std::time::{Duration, Instant};

/// A source of time, and of a channel that reports when some of it has passed.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// A channel that holds a message from `deadline` on.
    fn alarm(&self, deadline: Timestamp) -> Receiver<Instant>;
}

/// The system's monotonic clock, counted from when this was made. Clones share the start.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock that shows [`Timestamp::ZERO`] now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the edge that time comes in from")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_start(self.start.elapsed())
    }

    fn alarm(&self, deadline: Timestamp) -> Receiver<Instant> {
        at(self.start + Duration::from_nanos(deadline.as_nanos()))
    }
}

/// Lets something through at most once in a while, for log lines that must not become a flood themselves.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    interval: Duration,
    last: Option<Timestamp>,
}

impl Pace {
    /// How often a failure that may repeat is logged (P-25).
    pub const FAILURES: Self = Self { interval: Duration::from_secs(30), last: None };

    /// Whether it is time again; if so, the next time is one interval away.
    pub fn is_due(&mut self, now: Timestamp) -> bool {
        let due = self.last.is_none_or(|last| now.since(last) >= self.interval);
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p25_at_most_one_log_line_in_30_seconds() {
        let mut pace = Pace::FAILURES;
        let due = |seconds| Timestamp::from_start(Duration::from_secs(seconds));
        assert_eq!(
            [0, 1, 29, 30, 31, 60].map(|seconds| pace.is_due(due(seconds))),
            [true, false, false, true, false, true]
        );
    }
}
