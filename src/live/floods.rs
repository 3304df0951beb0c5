//! The lines of the servents' traces, question by question, as they come; and when there is news of one to tell.
//!
//! What became of a question is worked out from its lines whenever somebody wants to see it. While lines come, what is
//! not there yet is unknown. Once none has come for a while the question is settled, and a copy that nobody received is
//! lost, if the receiver's trace can have no gap.
//!
//! | file | holds |
//! |---|---|
//! | `line` | a line, as far as it tells where it belongs |
//! | `question` | the lines of a question |
//! | `material` | what became of it, worked out |

mod line;
mod material;
mod question;
#[cfg(test)]
mod tests;

pub(super) use material::{Material, Outcome};

use crate::types::Timestamp;
use line::Line;
use material::Run;
use question::{Kept, Question};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// How long a first line waits for the next ones before it is told.
const FIRST_WAIT: Duration = Duration::from_millis(15);

/// How often it is told at most that a question goes on.
const PACE: Duration = Duration::from_millis(60);

/// How long no line comes of a question that is settled, where links hold nothing back.
const QUIET: Duration = Duration::from_secs(1);

/// How many questions are kept.
const QUESTIONS_MAX: usize = 1_000;

/// How many bytes are kept, lines above all.
const LEN_MAX: usize = 64 << 20;

/// How many of these one question may take.
const SHARE_MAX: usize = LEN_MAX / 4;

/// How many times a servent may have come to know other neighbours until the first of them are forgotten.
const CHANGES_MAX: usize = 16;

/// A servent's tracer leaves lines out only when the notes of so many batches wait, and a batch is a line at least: of a
/// servent that wrote fewer lines, nothing is missing.
const LINES_WITHOUT_A_GAP: u64 = 128;

#[derive(Debug, Default)]
struct Servent {
    node: String,
    runs: Vec<Run>,
    /// Lines so far, in all its lives.
    lines: u64,
    /// The time of the last one.
    last_t: u64,
}

/// What is new of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) number: u64,
    pub(super) version: u64,
    pub(super) is_settled: bool,
}

/// A question, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) number: u64,
    pub(super) client: String,
    /// A key that is no text is in base64.
    pub(super) key: String,
    pub(super) version: u64,
}

/// The questions that there are lines of.
#[derive(Debug)]
pub(super) struct Floods {
    servents: Vec<Servent>,
    /// How long no line comes of a question that is settled.
    quiet: Duration,
    questions: BTreeMap<u64, Question>,
    numbers: HashMap<(String, String), u64>,
    open: BTreeSet<u64>,
    last: u64,
    len: usize,
    /// How many bytes one question may take.
    share_max: usize,
}

impl Floods {
    pub(super) fn new(servents: usize) -> Self {
        Self {
            servents: (0..servents).map(|_| Servent::default()).collect(),
            quiet: QUIET,
            questions: BTreeMap::new(),
            numbers: HashMap::new(),
            open: BTreeSet::new(),
            last: 0,
            len: 0,
            share_max: SHARE_MAX,
        }
    }

    /// Links hold QUERYs back for so long at most from now on. What is under way on them may have been sent before.
    pub(super) fn hold_back(&mut self, delay: Duration) {
        self.quiet = self.quiet.max(QUIET + delay);
    }

    /// Takes a line of a servent's trace, without its end. The question that it began, if it did.
    pub(super) fn line(&mut self, servent: usize, line: &[u8], now: Timestamp) -> Option<Listed> {
        let read: Line<'_> = serde_json::from_slice(line).ok()?;
        let whose = self.servents.get_mut(servent)?;
        whose.last_t = whose.last_t.max(read.t);
        match read.event {
            "start" => {
                read.node.clone_into(&mut whose.node);
                whose.runs.push(Run { start: line.into(), changes: Vec::new(), end: None });
            }
            "neighbours" => {
                if let Some(run) = whose.runs.last_mut() {
                    if run.changes.len() == CHANGES_MAX {
                        run.changes.remove(0);
                    }
                    run.changes.push(line.into());
                }
            }
            "end" => {
                if let Some(run) = whose.runs.last_mut() {
                    run.end = Some(line.into());
                }
            }
            _ => {
                // Whatever it wrote could have left others no room.
                whose.lines += 1;
                let (run, stage) = (whose.runs.len().checked_sub(1)?, read.stage());
                let key = read.key.or(read.key_base64.map(Cow::Borrowed))?.into_owned();
                let about = (read.client?.to_owned(), key);
                return self.about(about, Kept { servent, run, stage, bytes: line.into() }, read.t, now);
            }
        }
        None
    }

    fn about(&mut self, about: (String, String), line: Kept, t: u64, now: Timestamp) -> Option<Listed> {
        let known = self.numbers.get(&about).copied();
        let number = known.unwrap_or_else(|| self.begin(about, now));
        let question = self.questions.get_mut(&number)?;
        self.len -= question.len;
        question.take(line, t, now, self.share_max);
        self.len += question.len;
        self.open.insert(number);
        let begun = known.is_none().then(|| question.listed(number));
        self.forget();
        begun
    }

    fn begin(&mut self, about: (String, String), now: Timestamp) -> u64 {
        self.last += 1;
        let (client, key) = about.clone();
        let lines_before = self.servents.iter().map(|servent| servent.lines).collect();
        let question = Question::new(client, key, lines_before, now);
        self.len += question.len;
        self.questions.insert(self.last, question);
        self.numbers.insert(about, self.last);
        self.last
    }

    /// Drops the oldest questions. The last one has no more than its share.
    fn forget(&mut self) {
        while self.questions.len() > 1 && (self.questions.len() > QUESTIONS_MAX || self.len > LEN_MAX) {
            let Some((number, question)) = self.questions.pop_first() else { return };
            self.len -= question.len;
            self.numbers.remove(&(question.client, question.key));
            self.open.remove(&number);
        }
    }

    /// A servent has ended. If its trace does not tell so, what is missing can't be known.
    pub(super) fn ended(&mut self, servent: usize) {
        let Some(whose) = self.servents.get_mut(servent) else { return };
        let end = whose.end(whose.last_t, 1);
        if let Some(run) = whose.runs.last_mut().filter(|run| run.end.is_none()) {
            run.end = Some(end);
        }
    }

    /// What is to be told by now.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Change> {
        let due: Vec<_> =
            self.open.iter().copied().filter(|number| self.questions[number].due(self.quiet) <= now).collect();
        let mut changes = Vec::with_capacity(due.len());
        for number in due {
            let Some(question) = self.questions.get_mut(&number) else { continue };
            question.is_settled = question.last_at + self.quiet <= now;
            question.version += 1;
            (question.told_at, question.has_news) = (Some(now), false);
            if question.is_settled {
                self.open.remove(&number);
            }
            changes.push(Change { number, version: question.version, is_settled: question.is_settled });
        }
        changes
    }

    /// When there is something to tell next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.open.iter().map(|number| self.questions[number].due(self.quiet)).min()
    }

    /// The questions that are kept, oldest first.
    pub(super) fn listed(&self) -> impl Iterator<Item = Listed> {
        self.questions.iter().map(|(&number, question)| question.listed(number))
    }

    /// What is known of a question, if it is kept.
    pub(super) fn material(&self, number: u64) -> Option<Material> {
        let question = self.questions.get(&number)?;
        let runs = self.servents.iter().zip(&question.lines_before);
        let runs = runs.map(|(servent, &before)| servent.runs_for(question, before, self.quiet)).collect();
        let &Question { version, forgotten, is_cut, .. } = question;
        Some(Material { version, forgotten, is_cut, runs, lines: question.lines.iter().cloned().collect() })
    }
}

impl Servent {
    /// Its lives, as far as they tell of a question; it had written so many lines before that.
    fn runs_for(&self, question: &Question, before: u64, quiet: Duration) -> Vec<Run> {
        let mut runs = self.runs.clone();
        let is_whole = self.lines - before < LINES_WITHOUT_A_GAP;
        if let Some(run) = runs.last_mut().filter(|run| run.end.is_none() && question.is_settled && is_whole) {
            // Nothing came for so long, which is known by now.
            let quiet = u64::try_from(quiet.as_nanos()).unwrap_or_default();
            run.end = Some(self.end(question.last_t + quiet, 0));
        }
        runs
    }

    /// The last line of a trace of its own.
    fn end(&self, t: u64, dropped: u32) -> Arc<[u8]> {
        format!(r#"{{"t":{t},"node":"{}","event":"end","dropped":{dropped}}}"#, self.node).into_bytes().into()
    }
}

impl Question {
    fn listed(&self, number: u64) -> Listed {
        Listed { number, client: self.client.clone(), key: self.key.clone(), version: self.version }
    }
}
