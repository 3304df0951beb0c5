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

/// The exit code of these results, `expected` being the ids of those that are known not to pass: 0 if all that count pass
/// or are known not to, 1 if not, or if one passes that is known not to.
#[must_use]
pub fn exit_code<'a>(results: impl IntoIterator<Item = &'a ProbeResult>, expected: &[String]) -> u8 {
    let is_wrong = |result: &ProbeResult| {
        let passes = result.verdict == Verdict::Pass;
        let is_known = expected.iter().any(|id| id == result.probe.id);
        (passes && is_known) || (!passes && !is_known && result.counts())
    };
    u8::from(results.into_iter().any(is_wrong))
}
