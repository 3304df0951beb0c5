//! Time, as clients are judged by it.
//!
//! Questions bear the kernel's time of arrival. What is written to the screen is looked for often, and its time is known to
//! lie between two looks. Answers have to leave in time, which is looked for too: see [`ClientRig::in_time`].

use super::ClientRig;
use crate::conformance::probe::Stop;
use std::time::Duration;

/// What 4 s may be at least.
pub(super) const FOUR_S_MIN: Duration = Duration::from_millis(3800);

/// What 4 s may be at most.
pub(super) const FOUR_S_MAX: Duration = Duration::from_millis(5000);

/// An answer that leaves so late reaches a client that waits for 4 s nevertheless.
pub(super) const IN_TIME: Duration = Duration::from_millis(3600);

/// How long after an answer the next one leaves where many come slowly.
pub(super) const SLOWLY: Duration = Duration::from_millis(3000);

/// How long a question that is to be repeated is awaited, whenever it ought to come.
pub(super) const REPEATED_WAIT_MAX: Duration = Duration::from_secs(15);

/// How long is looked out for a question that is not to come: had it come, it would have come after 4 s.
pub(super) const SILENCE: Duration = Duration::from_millis(6500);

/// How long a value may take to be shown: some clients show nothing until their waiting is over.
pub(super) const SHOWN_WAIT_MAX: Duration = Duration::from_secs(12);

/// What is written so long after the last answer or question is not written because of it.
pub(super) const BEHIND: Duration = Duration::from_secs(2);

/// How long the end of a client's waiting may take.
pub(super) const END_WAIT_MAX: Duration = Duration::from_secs(15);

/// How often is looked whether something was written.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Whether the answers left in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timing {
    /// They did.
    Kept,
    /// They did not, so nothing is known.
    Missed,
}

/// Something was written: after one time, and before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) after: Duration,
    pub(super) before: Duration,
}

impl Written {
    /// Whether it may have been between two times.
    pub(super) fn may_be_in(&self, from: Duration, to: Duration) -> bool {
        self.after <= to && self.before >= from
    }
}

impl ClientRig<'_, '_> {
    /// A moment.
    pub(super) fn pause(&mut self) -> Result<(), Stop> {
        self.rig.pump(LOOK_EVERY)
    }

    /// Waits until a time.
    pub(super) fn wait_until(&mut self, time: Duration) -> Result<(), Stop> {
        while self.rig.now() < time {
            self.rig.pump(time.saturating_sub(self.rig.now()))?;
        }
        Ok(())
    }

    /// Waits until a time, or until the client has ended and all that it wrote is read.
    pub(super) fn wait_until_or_end(&mut self, time: Duration) -> Result<(), Stop> {
        while self.rig.now() < time && !self.is_over() {
            self.pause()?;
        }
        Ok(())
    }

    /// Whether the client has ended, and all that it wrote is read.
    pub(super) fn is_over(&mut self) -> bool {
        let running = self.rig.running(self.program);
        running.ended().is_some() && running.output().is_complete() && running.errors().is_complete()
    }

    /// When something was written, until a time, or until the client has ended.
    pub(super) fn watch_until(&mut self, time: Duration) -> Result<Vec<Written>, Stop> {
        let mut written = Vec::new();
        let (mut after, mut len) = (self.rig.now(), self.written_len());
        while self.rig.now() < time {
            let is_over = self.is_over();
            let next_after = self.rig.now();
            let next_len = self.written_len();
            if next_len > len {
                written.push(Written { after, before: self.rig.now() });
            }
            if is_over {
                break;
            }
            (after, len) = (next_after, next_len);
            self.pause()?;
        }
        Ok(written)
    }

    /// Waits until something is written, but not longer than until a time; tells whether it was.
    pub(super) fn is_written_before(&mut self, time: Duration) -> Result<bool, Stop> {
        let len = self.written_len();
        loop {
            let is_over = self.is_over();
            if self.written_len() > len {
                return Ok(true);
            }
            if is_over || self.rig.now() >= time {
                return Ok(false);
            }
            self.pause()?;
        }
    }

    fn written_len(&mut self) -> u64 {
        let running = self.rig.running(self.program);
        running.output().len() + running.errors().len()
    }
}
