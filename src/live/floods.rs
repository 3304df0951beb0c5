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
mod tests {
    use super::*;
    use crate::flood::Fate;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_start(Duration::from_millis(ms))
    }

    fn start(port: u16, t: u64) -> String {
        let neighbour = if port == 6001 { 6002 } else { 6001 };
        format!(
            r#"{{"t":{t},"node":"127.0.0.1:{port}","event":"start","wall_ns":{t},"version":1,"neighbours":["127.0.0.1:{neighbour}"]}}"#
        )
    }

    /// What the first of two servents writes of a question.
    fn asked(client: u16, t: u64) -> [String; 3] {
        let about = format!(r#""from":"127.0.0.1:{client}","client":"127.0.0.1:{client}","key":"http""#);
        let line = |t, event: &str, more: &str| {
            format!(r#"{{"t":{t},"node":"127.0.0.1:6001","event":"{event}","type":"clireq",{about}{more}}}"#)
        };
        [
            line(t, "received", ""),
            line(t + 1, "forwarded", r#","seq":7,"ttl_sent":3,"to":["127.0.0.1:6002"]"#),
            line(t + 2, "not_found", ""),
        ]
    }

    fn two() -> Floods {
        let mut floods = Floods::new(2);
        assert_eq!(floods.line(0, start(6001, 10).as_bytes(), at(0)), None);
        assert_eq!(floods.line(1, start(6002, 10).as_bytes(), at(0)), None);
        floods
    }

    #[test]
    fn what_is_new_is_told_soon_then_at_a_pace_and_once_more_when_it_is_settled() {
        let mut floods = two();
        assert_eq!(floods.next_due(), None);
        let [first, second, third] = asked(5000, 1_000);
        let listed = floods.line(0, first.as_bytes(), at(100)).unwrap();
        assert_eq!((listed.number, listed.key.as_str(), listed.client.as_str()), (1, "http", "127.0.0.1:5000"));
        assert_eq!(floods.line(0, second.as_bytes(), at(101)), None);
        assert_eq!((floods.next_due(), floods.due(at(114))), (Some(at(115)), Vec::new()));
        let change = |version, is_settled| Change { number: 1, version, is_settled };
        assert_eq!(floods.due(at(115)), [change(1, false)]);
        floods.line(0, third.as_bytes(), at(116));
        assert_eq!(floods.next_due(), Some(at(175)));
        assert_eq!(floods.due(at(175)), [change(2, false)]);
        assert_eq!(floods.next_due(), Some(at(1116)));
        assert_eq!((floods.due(at(1116)), floods.next_due()), (vec![change(3, true)], None));
    }

    #[test]
    fn a_copy_that_nobody_received_is_unknown_at_first_and_lost_once_the_question_is_settled() {
        let mut floods = two();
        asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
        let fates = |floods: &Floods| {
            let model = floods.material(1).unwrap().model(&Records::new());
            assert_eq!(model.floods.len(), 1);
            model.floods[0].copies.iter().map(|copy| copy.fate).collect::<Vec<_>>()
        };
        assert_eq!(fates(&floods), [Fate::Unknown]);
        floods.due(at(5_000));
        assert_eq!(fates(&floods), [Fate::Lost]);
        // The other one may have left something out by now.
        floods.servents[1].lines += LINES_WITHOUT_A_GAP;
        assert_eq!(fates(&floods), [Fate::Unknown]);
    }

    #[test]
    fn while_links_hold_queries_back_nothing_is_settled() {
        let mut floods = two();
        floods.hold_back(Duration::from_secs(3));
        floods.hold_back(Duration::ZERO);
        asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
        assert!(!floods.due(at(15)).iter().any(|change| change.is_settled));
        assert_eq!((floods.next_due(), floods.due(at(3_999))), (Some(at(4_000)), Vec::new()));
        assert!(floods.due(at(4_000))[0].is_settled);
    }

    #[test]
    fn a_servent_that_ended_is_down_even_if_its_trace_does_not_say_so() {
        let mut floods = two();
        floods.ended(1);
        asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
        floods.due(at(5_000));
        let model = floods.material(1).unwrap().model(&Records::new());
        assert_eq!(model.floods[0].copies[0].fate, Fate::Down);
    }

    #[test]
    fn the_oldest_questions_are_forgotten() {
        let mut floods = two();
        for client in 0..QUESTIONS_MAX as u16 + 5 {
            asked(client + 1, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
        }
        assert_eq!(floods.listed().count(), QUESTIONS_MAX);
        assert!(floods.material(5).is_none() && floods.material(6).is_some());
        assert_eq!(floods.len, floods.questions.values().map(|question| question.len).sum::<usize>());
        assert!(floods.numbers.len() == QUESTIONS_MAX && floods.open.len() == QUESTIONS_MAX);
    }

    #[test]
    fn what_is_no_line_of_a_trace_is_left() {
        let mut floods = two();
        for line in
            [&b""[..], b"ready", b"{}", br#"{"t":1,"node":"127.0.0.1:6001","event":"dropped","why":"malformed_short"}"#]
        {
            assert_eq!(floods.line(0, line, at(0)), None);
        }
        assert_eq!(floods.line(9, asked(5000, 1)[0].as_bytes(), at(0)), None);
        assert_eq!(floods.listed().count(), 0);
    }
}
