//! What became of each probe, and the exit code.

use super::conversation::Conversation;
use super::probe::{Failure, Level, Probe};
use super::words::Words;

/// What became of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The promise holds.
    Pass,
    /// It does not.
    Fail(Box<Failure>),
    /// One that it rests on did not pass: the id of that one.
    Blocked(&'static str),
    /// It was not tried, for this cause.
    NotTried(Words),
}

/// A probe, and what became of it.
#[derive(Debug)]
pub struct ProbeResult {
    /// Which.
    pub probe: &'static Probe,
    /// What became of it.
    pub verdict: Verdict,
    /// All that was said.
    pub conversation: Conversation,
}

impl ProbeResult {
    /// Whether it makes the exit code: it decides by the assignment.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.probe.level == Level::Assignment
    }
}

/// What a result means for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It passes, and should.
    Right,
    /// It does not pass, and counts.
    Wrong,
    /// It does not pass, and does not count.
    Uncounted,
    /// It does not pass, and is known not to.
    Known,
    /// It passes, and is known not to.
    Unexpected,
}

impl Standing {
    /// That of a result, `known` being the ids of those that are known not to pass.
    #[must_use]
    pub fn of(result: &ProbeResult, known: &[String]) -> Self {
        let is_known = known.iter().any(|id| id == result.probe.id);
        match (&result.verdict, is_known) {
            (Verdict::Pass, false) => Self::Right,
            (Verdict::Pass, true) => Self::Unexpected,
            (_, true) => Self::Known,
            (_, false) if result.counts() => Self::Wrong,
            (_, false) => Self::Uncounted,
        }
    }

    /// Whether it makes the exit code 1.
    #[must_use]
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Wrong | Self::Unexpected)
    }
}

/// The exit code of these results, `known` being the ids of those that are known not to pass: 0 if all that count pass
/// or are known not to, 1 if not, or if one passes that is known not to.
#[must_use]
pub fn exit_code<'a>(results: impl IntoIterator<Item = &'a ProbeResult>, known: &[String]) -> u8 {
    u8::from(results.into_iter().any(|result| Standing::of(result, known).is_bad()))
}
