//! A check told to people: a table by chapter, then each failure, then the verdict.

use super::dump::{Line, Row, dump, hex};
use super::{Report, Tally, talk, words};
use crate::conformance::bytes::{Kind, first_difference};
use crate::conformance::causes::usual_cause;
use crate::conformance::probe::{End, Failure, Level, Shown};
use crate::conformance::verdict::{ProbeResult, Standing, Verdict};
use crate::conformance::words::Words;
use crate::telling::{Style, Tone, broken};
use crate::text::escape;
use unicode_width::UnicodeWidthStr;

/// Columns that a row of a datagram takes beside its bytes and what they mean.
const BESIDE_BYTES: usize = 31;

/// Tells a check; `is_verbose` with every conversation.
#[must_use]
pub fn text(report: &Report<'_>, style: Style, is_verbose: bool) -> String {
    let mut text = Text { style, out: String::new() };
    text.table(report);
    if is_verbose {
        report.checked.results.iter().for_each(|result| text.result(report, result, true));
    } else {
        report.failures().into_iter().for_each(|result| text.result(report, result, false));
    }
    text.others(report);
    text.end(report);
    text.out
}

/// Tells why a program is not ready, in full.
#[must_use]
pub fn not_ready(failure: &Failure, style: Style) -> String {
    let mut text = Text { style, out: String::new() };
    text.failure("", failure);
    text.out
}

/// Text in the making.
pub(super) struct Text {
    pub(super) style: Style,
    pub(super) out: String,
}

impl Text {
    /// A probe, and what became of it, alone.
    pub(super) fn result_alone(report: &Report<'_>, result: &ProbeResult, style: Style) -> String {
        let mut text = Self { style, out: String::new() };
        text.result(report, result, false);
        text.out
    }

    pub(super) fn of(&self, words: &Words) -> String {
        escape(words.of(self.style.language).as_bytes())
    }

    pub(super) fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// A paragraph, broken at the width.
    fn told(&mut self, tone: Option<Tone>, text: &str) {
        for line in broken(text, self.style.width, "  ", "    ") {
            let line = tone.map_or_else(|| line.clone(), |tone| self.style.paint(tone, &line));
            self.line(&line);
        }
    }

    fn table(&mut self, report: &Report<'_>) {
        let levels: Vec<_> = Level::ALL.into_iter().filter(|&level| report.tally(level, None).total > 0).collect();
        let headings: Vec<_> = levels.iter().map(|&level| self.of(&words::level(level))).collect();
        let chapters = report.chapters().into_iter().map(|chapter| (self.of(&chapter.title()), Some(chapter)));
        let rows: Vec<_> = chapters.chain([(self.of(&words::TOTAL), None)]).collect();
        let chapter = self.of(&words::CHAPTER);
        let first = rows.iter().map(|(title, _)| title.width()).chain([chapter.width()]).max().unwrap_or(0);
        let heading = format!("{}  {}", padded(&chapter, first), headings.join("  "));
        let heading = self.style.paint(Tone::Quiet, &heading);
        self.line(&heading);
        for (title, chapter) in rows {
            let cells = levels.iter().zip(&headings).map(|(&level, heading)| {
                let tally = report.tally(level, chapter);
                let cell = tally.cell();
                let gap = " ".repeat(heading.width().saturating_sub(cell.width()));
                format!("{gap}{}", self.style.paint(tally.tone(level), &cell))
            });
            let line = format!("{}  {}", padded(&title, first), cells.collect::<Vec<_>>().join("  "));
            self.line(&line);
        }
    }

    /// A probe, and what became of it.
    fn result(&mut self, report: &Report<'_>, result: &ProbeResult, is_verbose: bool) {
        let probe = result.probe;
        let tone = match Standing::of(result, report.known) {
            Standing::Right => Tone::Answered,
            Standing::Wrong | Standing::Unexpected => Tone::Fault,
            Standing::Uncounted | Standing::Known => Tone::Remark,
        };
        let verdict = self.of(&words::verdict(result, report.known));
        let title = format!("{} ({}, {})", probe.id, probe.clause, self.of(&words::level(probe.level)));
        let heading = format!("\n{}  {}", self.style.paint(tone, &verdict), self.style.paint(Tone::Title, &title));
        self.line(&heading);
        let promise = self.of(&probe.promise);
        self.told(None, &promise);
        if let Verdict::Fail(failure) = &result.verdict {
            if !result.counts() {
                let meaning = self.of(&words::level_meaning(probe.level));
                self.told(Some(Tone::Quiet), &meaning);
            }
            self.failure(probe.clause, failure);
            if let Some(sentence) = probe.sentence {
                let told =
                    format!("{}: \"{}\"", self.of(&words::ASSIGNMENT), words::sentence(sentence, self.style.language));
                self.told(Some(Tone::Quiet), &told);
            }
            let again = format!("  {}: {}", self.of(&words::AGAIN), report.replay(probe));
            self.line(&again);
        }
        if is_verbose && !result.conversation.entries.is_empty() {
            let heading = format!("  {}:", self.of(&words::CONVERSATION));
            self.line(&heading);
            talk::tell(self, &result.conversation);
        }
    }

    fn failure(&mut self, clause: &str, failure: &Failure) {
        let (expected, found) = (failure.expected.single(), failure.found.single());
        let both = expected.zip(found).map(|((_, expected), (_, found))| (expected, found));
        let wrong = both.and_then(|(expected, found)| Some((first_difference(expected, found)?, expected)));
        failure.sent.iter().for_each(|sent| self.shown(&words::SENT, sent, None));
        self.shown(&words::EXPECTED, &failure.expected, None);
        self.shown(&words::FOUND, &failure.found, wrong);
        let meaning = format!("{}: {}", self.of(&words::MEANS), self.of(&failure.explanation));
        self.told(None, &meaning);
        if let Some(cause) = usual_cause(clause, failure) {
            let cause = format!("{}: {}", self.of(&words::CAUSE), self.of(&cause));
            self.told(Some(Tone::Remark), &cause);
        }
        if let Some(End::Ended { last_words, .. }) = &failure.end
            && !last_words.is_empty()
        {
            let heading = format!("  {}:", self.of(&words::LAST_WORDS));
            self.line(&heading);
            last_words.iter().for_each(|line| self.line(&format!("    | {}", escape(line.as_bytes()))));
        }
    }

    /// Something sent, expected or found. `wrong` is its first wrong byte, and what was expected.
    fn shown(&mut self, what: &Words, shown: &Shown, wrong: Option<(usize, &[u8])>) {
        let what_told = self.of(what);
        match shown {
            Shown::Nothing => {
                let nothing = format!("{what_told}: {}", self.of(&words::NOTHING));
                self.told(None, &nothing);
            }
            Shown::Words(words) => {
                let told = format!("{what_told}: {}", self.of(words));
                self.told(None, &told);
            }
            Shown::Datagram { kind, bytes, way } => {
                let heading = format!("  {what_told}, {}: {}", self.of(way), kind.name());
                self.line(&heading);
                self.datagram(*kind, bytes, wrong);
            }
            Shown::Several(all) => all.iter().for_each(|one| self.shown(what, one, None)),
        }
    }

    fn datagram(&mut self, kind: Kind, bytes: &[u8], wrong: Option<(usize, &[u8])>) {
        let per_row = self.bytes_per_row();
        let lines = dump(kind, bytes, per_row, wrong.map(|(at, _)| at));
        let names = lines.iter().filter_map(|line| match line {
            Line::Bytes(row) => Some(row.name.as_ref().map_or(0, |name| self.of(name).width())),
            Line::LeftOut(_) => None,
        });
        let column = names.max().unwrap_or(0);
        let longest = lines.iter().map(|line| match line {
            Line::Bytes(row) => row.bytes.len(),
            Line::LeftOut(_) => 0,
        });
        let hex_width = 3 * longest.max().unwrap_or(0);
        for line in &lines {
            match line {
                Line::LeftOut(count) => {
                    let left_out = self.style.paint(Tone::Quiet, &self.of(&words::left_out(*count)));
                    let indent = " ".repeat(10 + column);
                    self.line(&format!("{indent}{left_out}"));
                }
                Line::Bytes(row) => self.row(row, column, hex_width, wrong, bytes),
            }
        }
    }

    fn row(&mut self, row: &Row<'_>, column: usize, hex_width: usize, wrong: Option<(usize, &[u8])>, bytes: &[u8]) {
        let name = row.name.as_ref().map(|name| self.of(name)).unwrap_or_default();
        let digits = match row.wrong.filter(|&wrong| wrong < row.bytes.len()) {
            Some(at) => {
                let parts = [
                    hex(&row.bytes[..at]),
                    self.style.paint(Tone::Fault, &hex(&row.bytes[at..=at])),
                    hex(&row.bytes[at + 1..]),
                ];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }
            None => hex(row.bytes),
        };
        let gap = " ".repeat(hex_width.saturating_sub((3 * row.bytes.len()).saturating_sub(1)));
        let line = format!("  {:>6}  {}{digits}{gap} {}", row.offset, padded(&name, column) + "  ", row.meaning);
        self.line(&line);
        if let (Some(place), Some((at, expected))) = (row.wrong, wrong) {
            let indent = " ".repeat(12 + column + 3 * place);
            let told = self.of(&words::difference(at, expected.get(at).copied(), bytes.get(at).copied()));
            let mark = self.style.paint(Tone::Fault, &format!("^^ {told}"));
            self.line(&format!("{indent}{mark}"));
        }
    }

    /// How many bytes a row of a datagram has room for.
    pub(super) fn bytes_per_row(&self) -> usize {
        if self.style.width >= BESIDE_BYTES + 16 * 4 { 16 } else { 8 }
    }

    /// What was not judged, or known beforehand, a line each.
    fn others(&mut self, report: &Report<'_>) {
        let is_other = |result: &&ProbeResult| {
            let is_open = matches!(result.verdict, Verdict::Blocked(_) | Verdict::NotTried(_));
            is_open || matches!(Standing::of(result, report.known), Standing::Known | Standing::Unexpected)
        };
        let others: Vec<_> = report.checked.results.iter().filter(is_other).collect();
        if others.is_empty() {
            return;
        }
        let column = others.iter().map(|result| result.probe.id.len()).max().unwrap_or(0);
        let heading = format!("\n{}", self.style.paint(Tone::Title, &self.of(&words::NOT_ALL)));
        self.line(&heading);
        for result in others {
            let tone = match Standing::of(result, report.known) {
                Standing::Unexpected => Tone::Fault,
                _ => Tone::Quiet,
            };
            let verdict = self.style.paint(tone, &self.of(&words::verdict(result, report.known)));
            self.line(&format!("  {:column$}  {verdict}", result.probe.id));
        }
    }

    fn end(&mut self, report: &Report<'_>) {
        let tone = if report.exit_code() == 0 { Tone::Answered } else { Tone::Fault };
        let summary = self.style.paint(tone, &self.of(&report.summary()));
        self.line(&format!("\n{summary}"));
        if let Some(first) = report.failures().first().filter(|first| first.counts()) {
            let begin = self.of(&words::begin_with(first.probe.id));
            self.line(&begin);
        }
    }
}

impl Tally {
    /// As it stands in a table.
    pub(super) fn cell(self) -> String {
        if self.total == 0 { "-".to_owned() } else { format!("{}/{}", self.passed, self.total) }
    }

    pub(super) fn is_full(self) -> bool {
        self.passed == self.total
    }

    fn tone(self, level: Level) -> Tone {
        match (self.total, self.is_full(), level) {
            (0, ..) => Tone::Quiet,
            (_, true, _) => Tone::Answered,
            (_, false, Level::Assignment) => Tone::Fault,
            (_, false, Level::Decision | Level::Robustness) => Tone::Remark,
        }
    }
}

/// A text with blanks behind it, up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}
