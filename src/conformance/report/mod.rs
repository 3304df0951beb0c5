//! What is told of a check.
//!
//! | file | holds |
//! |---|---|
//! | `words` | every word, in both languages |
//! | `dump` | a datagram as rows, with its first wrong byte |
//! | `text` | a check told to people |
//! | `talk` | a conversation told to people |
//! | `json` | a check as one object on one line |
//! | `junit` | a check as JUnit's XML |
//! | `page` | checks as one HTML document |
//! | `class` | many checks: the table, and the same for spreadsheets |
//!
//! **Invariants:** nothing is decided here: what is told stands in the results. What the program under test wrote is made
//! safe to show (P-44).

mod class;
mod dump;
mod json;
mod junit;
mod page;
mod talk;
mod text;
mod words;
#[cfg(test)]
mod tests;

pub use class::{Entrant, csv, table};
pub use json::{json, json_of_class, json_of_error};
pub use junit::junit;
pub use page::{class_page, page};
pub use text::{not_ready, text};

use super::checking::{CheckError, Checked};
use super::framing::Framing;
use super::probe::{Chapter, Edition, End, Level, Probe, Shown, Target};
use super::verdict::{ProbeResult, Verdict, exit_code};
use super::words::Words;
use crate::text::escape;
use std::ffi::OsString;

/// A check, and what was to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// Which program it is.
    pub target: Target,
    /// By which edition it was judged.
    pub edition: Edition,
    /// The program under test, as typed.
    pub command: &'a [OsString],
    /// What was found.
    pub checked: &'a Checked,
    /// The ids of probes that are known not to pass.
    pub known: &'a [String],
}

/// How many probes passed, of how many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) total: usize,
}

impl<'a> Report<'a> {
    /// 0 if every probe of the assignment passes or is known not to, and none passes that is known not to; else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        exit_code(&self.checked.results, self.known)
    }

    /// Those of this level and chapter; of all where none is given.
    fn tally(&self, level: Level, chapter: Option<Chapter>) -> Tally {
        let is_meant = |probe: &Probe| probe.level == level && chapter.is_none_or(|chapter| probe.chapter == chapter);
        let meant = || self.checked.results.iter().filter(|result| is_meant(result.probe));
        Tally { passed: meant().filter(|result| result.verdict == Verdict::Pass).count(), total: meant().count() }
    }

    /// The chapters that there are results of, in order.
    fn chapters(&self) -> Vec<Chapter> {
        let mut chapters: Vec<Chapter> = Vec::new();
        for result in &self.checked.results {
            if !chapters.contains(&result.probe.chapter) {
                chapters.push(result.probe.chapter);
            }
        }
        chapters
    }

    /// The failures that are not known, those that count first, each level in the order of the table.
    fn failures(&self) -> Vec<&'a ProbeResult> {
        let is_failure = |result: &&ProbeResult| matches!(result.verdict, Verdict::Fail(_));
        let is_new = |result: &&ProbeResult| !self.known.iter().any(|id| id == result.probe.id);
        let mut failures: Vec<_> = self.checked.results.iter().filter(is_failure).filter(is_new).collect();
        failures.sort_by_key(|result| result.probe.level);
        failures
    }

    /// The verdict on those that count, as one line.
    fn summary(&self) -> Words {
        let count = |wanted: fn(&Verdict) -> bool| {
            self.checked.results.iter().filter(|result| result.counts() && wanted(&result.verdict)).count()
        };
        words::summary(
            count(|verdict| *verdict == Verdict::Pass),
            count(|verdict| matches!(verdict, Verdict::Fail(_))),
            count(|verdict| matches!(verdict, Verdict::Blocked(_))),
            count(|verdict| matches!(verdict, Verdict::NotTried(_))),
        )
    }

    /// The command under test as one would type it.
    fn command_line(&self) -> String {
        command_line(self.command)
    }

    /// A command that runs one probe again, and shows all that is said.
    fn replay(&self, probe: &Probe) -> String {
        let edition = match self.edition {
            Edition::Of2016 => "",
            Edition::Of2017 => " --edition 2017",
        };
        format!("tp3 check {}{edition} --only {} -v -- {}", self.target.name(), probe.id, self.command_line())
    }
}

/// Words as one would type them into a shell.
fn command_line(words: &[OsString]) -> String {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let line = shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| words.join(" "));
    escape(line.as_bytes())
}

/// How a program writes text, as it is said once. `None` if it answers nothing.
#[must_use]
pub fn framing_line(framing: Option<Framing>) -> Words {
    let name = framing.map_or(words::UNKNOWN_FRAMING, Framing::name);
    Words::made(format!("{}: {}", words::FRAMING.en, name.en), format!("{}: {}", words::FRAMING.pt, name.pt))
}

/// What is said where the program has no network of its own.
#[must_use]
pub fn isolation_warning() -> Words {
    words::NOT_ISOLATED
}

/// How far a check is, on a line.
#[must_use]
pub fn progress(done: usize, total: usize, failed: usize) -> Words {
    words::progress(done, total, failed)
}

/// How far a class is, on a line.
#[must_use]
pub fn class_progress(done: usize, total: usize, _failed: usize) -> Words {
    words::class_progress(done, total)
}

/// Why nothing could be judged, on a line.
#[must_use]
pub fn not_ready_line(error: &CheckError) -> Words {
    let words = error.words();
    let CheckError::NotReady(failure) = error else { return words };
    let last = match &failure.end {
        Some(End::Ended { last_words, .. }) => last_words.iter().rfind(|line| !line.trim().is_empty()),
        Some(End::Hangs) | None => None,
    };
    let found = match &failure.found {
        Shown::Words(found) => found,
        Shown::Nothing | Shown::Datagram { .. } | Shown::Several(_) => &failure.explanation,
    };
    let last = last.map(|line| format!(" ({})", line.trim())).unwrap_or_default();
    Words::made(format!("{}: {}{last}", words.en, found.en), format!("{}: {}{last}", words.pt, found.pt))
}
