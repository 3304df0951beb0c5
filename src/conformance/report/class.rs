//! Many checks: the table of all programs, and the same for spreadsheets.

use super::text::padded;
use super::{Report, words};
use crate::conformance::checking::Checked;
use crate::conformance::probe::{Edition, Level, Target};
use crate::conformance::verdict::{ProbeResult, Verdict};
use crate::conformance::words::Words;
use crate::telling::{Language, Style, Tone, csv_cell};
use crate::text::escape;
use std::ffi::OsString;
use unicode_width::UnicodeWidthStr;

/// A program of a class, and what became of its check.
#[derive(Debug)]
pub struct Entrant {
    /// Whose it is.
    pub name: String,
    /// Which program it is.
    pub target: Target,
    /// How it is started.
    pub command: Vec<OsString>,
    /// What was found, or why nothing could be judged.
    pub ended: Result<Checked, Words>,
}

impl Entrant {
    /// Its check.
    ///
    /// # Errors
    /// Why nothing could be judged.
    pub fn report(&self, edition: Edition) -> Result<Report<'_>, &Words> {
        let report = |checked| Report { target: self.target, edition, command: &self.command, checked, known: &[] };
        self.ended.as_ref().map(report)
    }

    /// 0 or 1 as [`Report::exit_code`] has it, 2 if nothing could be judged.
    #[must_use]
    pub fn exit_code(&self, edition: Edition) -> u8 {
        self.report(edition).map_or(2, |report| report.exit_code())
    }

    /// The words of its command.
    pub(super) fn words(&self) -> Vec<String> {
        self.command.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }
}

/// The titles of the chapters in which a probe of the assignment did not pass.
pub(super) fn fails_in(report: &Report<'_>) -> Vec<Words> {
    let is_wrong = |chapter| {
        let tally = report.tally(Level::Assignment, Some(chapter));
        !tally.is_full()
    };
    report.chapters().into_iter().filter(|&chapter| is_wrong(chapter)).map(|chapter| chapter.title()).collect()
}

/// The table for people, a line a program.
#[must_use]
pub fn table(entrants: &[Entrant], edition: Edition, style: Style) -> String {
    let of = |words: &Words| escape(words.of(style.language).as_bytes());
    let mut rows = vec![vec![of(&words::NAME), of(&words::PROGRAM)]];
    rows[0].extend(Level::ALL.map(|level| of(&words::level(level))));
    rows[0].push(of(&words::FAILS_IN));
    let mut tones = vec![Tone::Quiet];
    for entrant in entrants {
        let mut row = vec![escape(entrant.name.as_bytes()), of(&words::target(entrant.target))];
        match entrant.report(edition) {
            Ok(report) => {
                row.extend(Level::ALL.map(|level| report.tally(level, None).cell()));
                row.push(fails_in(&report).iter().map(of).collect::<Vec<_>>().join(", "));
                tones.push(if report.exit_code() == 0 { Tone::Answered } else { Tone::Fault });
            }
            Err(error) => {
                row.extend(Level::ALL.map(|_| "-".to_owned()));
                row.push(of(error));
                tones.push(Tone::Fault);
            }
        }
        rows.push(row);
    }
    let widths: Vec<_> =
        (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column].width()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for (row, tone) in rows.iter().zip(tones) {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| padded(cell, width));
        let line = cells.collect::<Vec<_>>().join("  ");
        out.push_str(&style.paint(tone, line.trim_end()));
        out.push('\n');
    }
    out
}

/// The table for spreadsheets (RFC 4180), with a heading; names of columns, chapters and probes are those that options take.
#[must_use]
pub fn csv(entrants: &[Entrant], edition: Edition, language: Language) -> String {
    let mut out = String::from("name,program,exit");
    Level::ALL.iter().for_each(|level| out.push_str(&format!(",{0}_passed,{0}_all", level.name())));
    out.push_str(",chapters,failed,blocked,not_tried,error\r\n");
    for entrant in entrants {
        let mut cells = vec![entrant.name.clone(), entrant.target.name().to_owned()];
        match entrant.report(edition) {
            Ok(report) => {
                cells.push(report.exit_code().to_string());
                let tallies = Level::ALL.map(|level| report.tally(level, None));
                cells.extend(tallies.iter().flat_map(|tally| [tally.passed.to_string(), tally.total.to_string()]));
                let is_wrong = |chapter| !report.tally(Level::Assignment, Some(chapter)).is_full();
                let chapters = report.chapters().into_iter().filter(|&chapter| is_wrong(chapter));
                cells.push(chapters.map(|chapter| chapter.name()).collect::<Vec<_>>().join(" "));
                let ids = |wanted: fn(&Verdict) -> bool| {
                    let wanted = |result: &&ProbeResult| wanted(&result.verdict);
                    report
                        .checked
                        .results
                        .iter()
                        .filter(wanted)
                        .map(|result| result.probe.id)
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                cells.push(ids(|verdict| matches!(verdict, Verdict::Fail(_))));
                cells.push(ids(|verdict| matches!(verdict, Verdict::Blocked(_))));
                cells.push(ids(|verdict| matches!(verdict, Verdict::NotTried(_))));
                cells.push(String::new());
            }
            Err(error) => {
                cells.push("2".to_owned());
                cells.extend(std::iter::repeat_n(String::new(), 2 * Level::ALL.len() + 4));
                cells.push(error.of(language).to_owned());
            }
        }
        out.push_str(&cells.iter().map(|cell| csv_cell(cell)).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    out
}
