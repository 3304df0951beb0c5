//! The lines of the servents' traces, question by question, as they come; and when there is news of one to tell.
//!
//! What became of a question is worked out from its lines whenever somebody wants to see it. While lines come, what is
//! not there yet is unknown. Once none has come for a while the question is settled, and a copy that nobody received is
//! lost, if the receiver's trace can have no gap.

use crate::flood::{Memory, Model, Records, TraceReader};
use crate::types::Timestamp;
use serde::Deserialize;
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

/// How many bytes of lines are kept.
const LEN_MAX: usize = 64 << 20;

/// A servent's tracer leaves lines out only when the notes of so many batches wait, and a batch is a line at least: of a
/// servent that wrote fewer lines, nothing is missing.
const LINES_WITHOUT_A_GAP: u64 = 128;

/// A line of a trace, as far as it tells where it belongs.
#[derive(Deserialize)]
struct Line<'a> {
    t: u64,
    #[serde(borrow)]
    node: &'a str,
    event: &'a str,
    client: Option<&'a str>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    key_base64: Option<&'a str>,
}

/// A life of a servent.
#[derive(Clone, Debug)]
struct Run {
    start: Arc<[u8]>,
    end: Option<Arc<[u8]>>,
}

#[derive(Debug, Default)]
struct Servent {
    node: String,
    runs: Vec<Run>,
    /// Lines so far, in all its lives.
    lines: u64,
    /// The time of the last one.
    last_t: u64,
}

#[derive(Debug)]
struct Question {
    client: String,
    key: String,
    /// Of each line whose it is, in which life, and when.
    lines: Vec<(usize, usize, Arc<[u8]>)>,
    len: usize,
    last_t: u64,
    /// How many lines each servent had written when the first of these came.
    lines_before: Vec<u64>,
    version: u64,
    first_at: Timestamp,
    last_at: Timestamp,
    told_at: Option<Timestamp>,
    has_news: bool,
    is_settled: bool,
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
}

/// Everything that what became of a question is worked out from.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) version: u64,
    runs: Vec<Vec<Run>>,
    lines: Vec<(usize, usize, Arc<[u8]>)>,
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
                whose.runs.push(Run { start: line.into(), end: None });
            }
            "end" => {
                if let Some(run) = whose.runs.last_mut() {
                    run.end = Some(line.into());
                }
            }
            _ => {
                // Whatever it wrote could have left others no room.
                whose.lines += 1;
                let key = read.key.or(read.key_base64.map(Cow::Borrowed))?.into_owned();
                let about = (read.client?.to_owned(), key);
                return self.about(servent, about, read.t, line, now);
            }
        }
        None
    }

    fn about(
        &mut self,
        servent: usize,
        about: (String, String),
        t: u64,
        line: &[u8],
        now: Timestamp,
    ) -> Option<Listed> {
        let known = self.numbers.get(&about).copied();
        let number = known.unwrap_or_else(|| self.begin(about, now));
        let run = self.servents[servent].runs.len().checked_sub(1)?;
        let question = self.questions.get_mut(&number)?;
        question.lines.push((servent, run, line.into()));
        question.len += line.len();
        self.len += line.len();
        question.last_t = question.last_t.max(t);
        (question.last_at, question.has_news, question.is_settled) = (now, true, false);
        self.open.insert(number);
        let begun = known.is_none().then(|| question.listed(number));
        self.forget();
        begun
    }

    fn begin(&mut self, about: (String, String), now: Timestamp) -> u64 {
        self.last += 1;
        let (client, key) = about.clone();
        let question = Question {
            client,
            key,
            lines: Vec::new(),
            len: 0,
            last_t: 0,
            lines_before: self.servents.iter().map(|servent| servent.lines).collect(),
            version: 0,
            first_at: now,
            last_at: now,
            told_at: None,
            has_news: true,
            is_settled: false,
        };
        self.questions.insert(self.last, question);
        self.numbers.insert(about, self.last);
        self.last
    }

    /// Drops the oldest questions, but never the last one.
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
        let runs = |(servent, before): (&Servent, &u64)| {
            let mut runs = servent.runs.clone();
            let is_whole = servent.lines - before < LINES_WITHOUT_A_GAP;
            if let Some(run) = runs.last_mut().filter(|run| run.end.is_none() && question.is_settled && is_whole) {
                // Nothing came for so long, which is known by now.
                let quiet = u64::try_from(self.quiet.as_nanos()).unwrap_or_default();
                run.end = Some(servent.end(question.last_t + quiet, 0));
            }
            runs
        };
        let runs = self.servents.iter().zip(&question.lines_before).map(runs).collect();
        Some(Material { version: question.version, runs, lines: question.lines.clone() })
    }
}

impl Servent {
    /// The last line of a trace of its own.
    fn end(&self, t: u64, dropped: u32) -> Arc<[u8]> {
        format!(r#"{{"t":{t},"node":"{}","event":"end","dropped":{dropped}}}"#, self.node).into_bytes().into()
    }
}

impl Question {
    fn due(&self, quiet: Duration) -> Timestamp {
        match self.told_at {
            _ if !self.has_news => self.last_at + quiet,
            None => self.first_at + FIRST_WAIT,
            Some(told_at) => told_at + PACE,
        }
    }

    fn listed(&self, number: u64) -> Listed {
        Listed { number, client: self.client.clone(), key: self.key.clone(), version: self.version }
    }
}

impl Material {
    /// What became of it, on top of what is known of the overlay.
    pub(super) fn model(&self, overlay: &Records) -> Model {
        let mut records = overlay.clone();
        for (servent, runs) in self.runs.iter().enumerate() {
            let mut reader = TraceReader::new();
            for (number, run) in runs.iter().enumerate() {
                let lines = self.lines.iter().filter(|(whose, when, _)| (*whose, *when) == (servent, number));
                let lines = [&run.start].into_iter().chain(lines.map(|(.., line)| line)).chain(&run.end);
                lines.for_each(|line| {
                    reader.line(&mut records, line);
                });
            }
        }
        records.model(Memory::default())
    }
}

#[cfg(test)]
mod tests;
