//! A check as JUnit's XML, which machines that build show.
//!
//! What makes the exit code 1 is a failure there, and nothing else is: what does not count, or is known, is skipped, with
//! the reason.

use super::text::Text;
use super::{Report, Tally, words};
use crate::conformance::probe::Chapter;
use crate::conformance::verdict::{ProbeResult, Standing};
use crate::picture::markup;
use crate::telling::{Language, Style};
use std::time::Duration;

/// Columns of the text of a failure.
const WIDTH: usize = 100;

/// The document.
#[must_use]
pub fn junit(report: &Report<'_>, language: Language) -> String {
    let all = count(report, |_| true);
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"tp3 check\"{}>\n", numbers(all));
    for chapter in report.chapters() {
        let numbers = numbers(count(report, |result| result.probe.chapter == chapter));
        let name = format!("{}: {}", report.target.name(), chapter.title().of(language));
        out.push_str(&format!("<testsuite name=\"{}\"{numbers}>\n", markup(&name)));
        report
            .checked
            .results
            .iter()
            .filter(|result| result.probe.chapter == chapter)
            .for_each(|result| out.push_str(&case(report, result, chapter, language)));
        out.push_str("</testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Those that pass of those that count or pass, and those that are left out.
fn count(report: &Report<'_>, is_meant: impl Fn(&ProbeResult) -> bool) -> (Tally, usize) {
    let mut tally = Tally::default();
    let mut skipped = 0;
    for result in report.checked.results.iter().filter(|result| is_meant(result)) {
        tally.total += 1;
        match Standing::of(result, report.known) {
            Standing::Right => tally.passed += 1,
            Standing::Wrong | Standing::Unexpected => {}
            Standing::Uncounted | Standing::Known => skipped += 1,
        }
    }
    (tally, skipped)
}

fn numbers((tally, skipped): (Tally, usize)) -> String {
    let failures = tally.total - tally.passed - skipped;
    format!(" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"", tally.total)
}

fn case(report: &Report<'_>, result: &ProbeResult, chapter: Chapter, language: Language) -> String {
    let probe = result.probe;
    let time = result.conversation.entries.last().map_or(Duration::ZERO, |entry| entry.at);
    let class = format!("{}.{}", report.target.name(), chapter.name());
    let head = format!("<testcase classname=\"{class}\" name=\"{}\" time=\"{:.3}\"", probe.id, time.as_secs_f64());
    let verdict = words::verdict(result, report.known);
    let message = format!("{}: {}", verdict.of(language), probe.promise.of(language));
    let level = probe.level.name();
    match Standing::of(result, report.known) {
        Standing::Right => format!("{head}/>\n"),
        Standing::Wrong | Standing::Unexpected => {
            let style = Style { language, width: WIDTH, is_coloured: false };
            let text = Text::result_alone(report, result, style);
            let (message, text) = (markup(&message), markup(&text));
            format!("{head}><failure type=\"{level}\" message=\"{message}\">{text}</failure></testcase>\n")
        }
        Standing::Uncounted | Standing::Known => {
            let message = format!("{}, {message}", words::level(probe.level).of(language));
            format!("{head}><skipped message=\"{}\"/></testcase>\n", markup(&message))
        }
    }
}
