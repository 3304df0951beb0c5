//! Where time comes from: read here, passed as an argument everywhere else.

use crate::types::Timestamp;
use crossbeam_channel::{Receiver, at};
use nix::time::{ClockId, clock_gettime};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time, and of a channel that reports when some of it has passed.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// A channel that holds a message from `deadline` on.
    fn alarm(&self, deadline: Timestamp) -> Receiver<Instant>;

    /// Where [`Timestamp::ZERO`] lies on time lines that other programs share. A clock of its own has none: its zero is
    /// theirs.
    ///
    /// # Errors
    /// What the system says if it has no such clock.
    fn anchor(&self) -> io::Result<Anchor> {
        Ok(Anchor::default())
    }
}

/// What leads to a clock is one.
macro_rules! clock_behind {
    ($($pointer:ty),+) => {$(
        impl<C: Clock + ?Sized> Clock for $pointer {
            fn now(&self) -> Timestamp {
                (**self).now()
            }

            fn alarm(&self, deadline: Timestamp) -> Receiver<Instant> {
                (**self).alarm(deadline)
            }

            fn anchor(&self) -> io::Result<Anchor> {
                (**self).anchor()
            }
        }
    )+};
}

clock_behind!(&C, Arc<C>);

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

/// Where [`Timestamp::ZERO`] lies on time lines that other programs share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anchor {
    /// Nanoseconds on the system's monotonic clock, which is the same for all programs of this machine.
    pub monotonic_nanos: u64,
    /// Nanoseconds since the Unix epoch, by the time of day.
    pub wall_nanos: u64,
}

/// How often the anchor is taken; the best one counts.
const ANCHOR_TRIES: u32 = 16;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_start(self.start.elapsed())
    }

    fn alarm(&self, deadline: Timestamp) -> Receiver<Instant> {
        at(self.start + Duration::from_nanos(deadline.as_nanos()))
    }

    /// Another thread may run between looking at one clock and at the other, and the traces of two servents would then
    /// not fit together. So it is done several times, and the one counts that took least.
    #[expect(clippy::disallowed_methods, reason = "this is the edge that time comes in from")]
    fn anchor(&self) -> io::Result<Anchor> {
        let (mut best, mut best_took) = (Anchor { monotonic_nanos: 0, wall_nanos: 0 }, u64::MAX);
        for _ in 0..ANCHOR_TRIES {
            let before = self.now().as_nanos();
            let monotonic = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
            let wall = SystemTime::now();
            let took = self.now().as_nanos() - before;
            if took < best_took {
                let since = |time: Duration| (Timestamp::from_start(time).as_nanos()).saturating_sub(before);
                best = Anchor {
                    monotonic_nanos: since(monotonic.into()),
                    wall_nanos: since(wall.duration_since(UNIX_EPOCH).unwrap_or_default()),
                };
                best_took = took;
            }
        }
        Ok(best)
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

    /// How often it is said that RESPONSEs are withheld (P-24).
    pub const WITHHELD: Self = Self { interval: Duration::from_secs(60), last: None };

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
