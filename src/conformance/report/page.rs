//! Checks as one HTML document that needs no script: every probe, every conversation.
//!
//! What the program under test wrote is text in it and nothing else: made safe to show, then escaped as markup.

use super::class::{Entrant, fails_in};
use super::dump::{Line, Row, dump, hex};
use super::talk::{BYTES_MAX, seconds, written};
use super::{Report, words};
use crate::conformance::bytes::{Kind, first_difference};
use crate::conformance::causes::usual_cause;
use crate::conformance::conversation::{Conversation, Entry, What};
use crate::conformance::probe::{Edition, End, Failure, Level, Shown};
use crate::conformance::verdict::{ProbeResult, Standing, Verdict};
use crate::conformance::words::Words;
use crate::picture::{PAGE_CSS, markup};
use crate::telling::Language;
use crate::text::escape;
use std::fmt::{Arguments, Write};

const CSS: &str = include_str!("page.css");

/// Nothing is loaded, and nothing is run.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Bytes on a row of a datagram.
const PER_ROW: usize = 16;

/// The page of one check.
#[must_use]
pub fn page(report: &Report<'_>, language: Language) -> String {
    let title = format!("tp3 check {}: {}", report.target.name(), report.command_line());
    let mut page = Page { language, out: String::new() };
    page.begin(&title);
    page.report(report, "", false);
    page.levels();
    page.end()
}

/// The page of a class: all programs, and then each with its failures.
#[must_use]
pub fn class_page(entrants: &[Entrant], edition: Edition, language: Language) -> String {
    let mut page = Page { language, out: String::new() };
    page.begin("tp3 check class");
    page.class_table(entrants, edition);
    for (number, entrant) in entrants.iter().enumerate() {
        let name = text(&entrant.name);
        page.put(format_args!("<section id=\"e{number}\"><h2>{name}</h2>\n"));
        let command = text(&super::command_line(&entrant.command));
        page.put(format_args!("<p><code>{command}</code></p>\n"));
        match entrant.report(edition) {
            Ok(report) => page.report(&report, &format!("e{number}-"), true),
            Err(error) => {
                let error = page.of(error);
                page.put(format_args!("<p class=\"verdict fail\">{error}</p>\n"));
            }
        }
        page.out.push_str("</section>\n");
    }
    page.levels();
    page.end()
}

/// Text of anybody's as it stands in the page.
fn text(text: &str) -> String {
    markup(&escape(text.as_bytes()))
}

struct Page {
    language: Language,
    out: String,
}

impl Page {
    /// Markup as it is. Writing to a string never fails.
    fn put(&mut self, markup: Arguments<'_>) {
        self.out.write_fmt(markup).ok();
    }

    fn of(&self, words: &Words) -> String {
        text(words.of(self.language))
    }

    fn begin(&mut self, title: &str) {
        let (lang, title) = (self.language.tag(), text(title));
        self.put(format_args!("<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\n"));
        self.put(format_args!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
        self.out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
        self.put(format_args!("<title>{title}</title>\n<style>\n{PAGE_CSS}{CSS}</style></head>\n<body>\n"));
        self.put(format_args!("<header><h1>{title}</h1></header>\n<main>\n"));
    }

    fn end(mut self) -> String {
        self.out.push_str("</main>\n</body></html>\n");
        self.out
    }

    fn class_table(&mut self, entrants: &[Entrant], edition: Edition) {
        let heads =
            [words::NAME, words::PROGRAM].into_iter().chain(Level::ALL.map(words::level)).chain([words::FAILS_IN]);
        let heads: String = heads.map(|head| format!("<th scope=\"col\">{}</th>", self.of(&head))).collect();
        self.put(format_args!("<div class=\"scroll\"><table class=\"class\"><thead><tr>{heads}</tr></thead><tbody>\n"));
        for (number, entrant) in entrants.iter().enumerate() {
            let (name, target) = (text(&entrant.name), self.of(&words::target(entrant.target)));
            self.put(format_args!("<tr><th scope=\"row\"><a href=\"#e{number}\">{name}</a></th><td>{target}</td>"));
            match entrant.report(edition) {
                Ok(report) => {
                    for level in Level::ALL {
                        let tally = report.tally(level, None);
                        let class = if tally.total == 0 { "" } else { class_of(tally.is_full(), level) };
                        self.put(format_args!("<td class=\"number {class}\">{}</td>", tally.cell()));
                    }
                    let chapters: Vec<_> = fails_in(&report).iter().map(|title| self.of(title)).collect();
                    self.put(format_args!("<td>{}</td></tr>\n", chapters.join(", ")));
                }
                Err(error) => {
                    let error = self.of(error);
                    self.put(format_args!("<td></td><td></td><td></td><td class=\"fail\">{error}</td></tr>\n"));
                }
            }
        }
        self.out.push_str("</tbody></table></div>\n");
    }

    /// What the levels mean.
    fn levels(&mut self) {
        self.out.push_str("<footer>\n");
        for level in Level::ALL {
            let meaning = self.of(&words::level_meaning(level));
            self.put(format_args!("<p class=\"summary\">{meaning}</p>\n"));
        }
        self.out.push_str("</footer>\n");
    }

    /// A check. `prefix` keeps the names of its places apart from those of others; `is_brief` without what passes.
    fn report(&mut self, report: &Report<'_>, prefix: &str, is_brief: bool) {
        let framing = self.of(&super::framing_line(report.checked.framing));
        let class = if report.exit_code() == 0 { "pass" } else { "fail" };
        let summary = self.of(&report.summary());
        self.put(format_args!("<p class=\"verdict {class}\">{summary}</p>\n<p class=\"summary\">{framing}</p>\n"));
        self.table(report);
        let is_told = |result: &&ProbeResult| !is_brief || Standing::of(result, report.known) != Standing::Right;
        for chapter in report.chapters() {
            let results = report.checked.results.iter().filter(|result| result.probe.chapter == chapter);
            let told: Vec<_> = results.filter(is_told).collect();
            if told.is_empty() {
                continue;
            }
            let title = self.of(&chapter.title());
            self.put(format_args!("<section><h3>{title}</h3>\n"));
            told.into_iter().for_each(|result| self.result(report, result, prefix));
            self.out.push_str("</section>\n");
        }
    }

    fn table(&mut self, report: &Report<'_>) {
        let heads = [words::CHAPTER].into_iter().chain(Level::ALL.map(words::level));
        let heads: String = heads.map(|head| format!("<th scope=\"col\">{}</th>", self.of(&head))).collect();
        self.put(format_args!("<table class=\"tally\"><thead><tr>{heads}</tr></thead><tbody>\n"));
        let chapters = report.chapters().into_iter().map(|chapter| (chapter.title(), Some(chapter)));
        for (title, chapter) in chapters.chain([(words::TOTAL, None)]) {
            let title = self.of(&title);
            self.put(format_args!("<tr><th scope=\"row\">{title}</th>"));
            for level in Level::ALL {
                let tally = report.tally(level, chapter);
                let class = if tally.total == 0 { "" } else { class_of(tally.is_full(), level) };
                self.put(format_args!("<td class=\"{class}\">{}</td>", tally.cell()));
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table>\n");
    }

    fn result(&mut self, report: &Report<'_>, result: &ProbeResult, prefix: &str) {
        let probe = result.probe;
        let standing = Standing::of(result, report.known);
        let class = match standing {
            Standing::Right => "pass",
            Standing::Wrong | Standing::Unexpected => "fail",
            Standing::Uncounted | Standing::Known => "fair",
        };
        let open = if standing.is_bad() && matches!(result.verdict, Verdict::Fail(_)) { " open" } else { "" };
        let (verdict, promise) = (self.of(&words::verdict(result, report.known)), self.of(&probe.promise));
        let (id, clause, level) = (probe.id, probe.clause, self.of(&words::level(probe.level)));
        self.put(format_args!(
            "<details class=\"probe\" id=\"{prefix}{id}\"{open}><summary><strong class=\"{class}\">{verdict}</strong> \
             <span class=\"id\">{id}</span> {promise} <span class=\"about\">({clause}, {level})</span></summary>\n"
        ));
        if let Some(sentence) = probe.sentence {
            let sentence = text(&words::sentence(sentence, self.language));
            let says = self.of(&words::ASSIGNMENT);
            self.put(format_args!("<p class=\"heading\">{says}</p><blockquote>{sentence}</blockquote>\n"));
        }
        if let Verdict::Fail(failure) = &result.verdict {
            self.failure(probe.clause, failure);
            let (again, command) = (self.of(&words::AGAIN), text(&report.replay(probe)));
            self.put(format_args!("<p class=\"heading\">{again}</p><pre>{command}</pre>\n"));
        }
        if !result.conversation.entries.is_empty() {
            self.conversation(&result.conversation);
        }
        self.out.push_str("</details>\n");
    }

    fn failure(&mut self, clause: &str, failure: &Failure) {
        let both = failure.expected.single().zip(failure.found.single());
        let wrong = both.and_then(|((_, due), (_, found))| Some((first_difference(due, found)?, due)));
        failure.sent.iter().for_each(|sent| self.shown(&words::SENT, sent, None));
        self.shown(&words::EXPECTED, &failure.expected, None);
        self.shown(&words::FOUND, &failure.found, wrong);
        let explanation = self.of(&failure.explanation);
        self.put(format_args!("<p>{explanation}</p>\n"));
        if let Some(cause) = usual_cause(clause, failure) {
            let (heading, cause) = (self.of(&words::CAUSE), self.of(&cause));
            self.put(format_args!("<p class=\"cause\"><strong>{heading}:</strong> {cause}</p>\n"));
        }
        if let Some(End::Ended { last_words, .. }) = &failure.end
            && !last_words.is_empty()
        {
            let heading = self.of(&words::LAST_WORDS);
            let lines: Vec<_> = last_words.iter().map(|line| text(line)).collect();
            self.put(format_args!("<p class=\"heading\">{heading}</p><pre>{}</pre>\n", lines.join("\n")));
        }
    }

    fn shown(&mut self, what: &Words, shown: &Shown, wrong: Option<(usize, &[u8])>) {
        let heading = self.of(what);
        match shown {
            Shown::Nothing => {
                let nothing = self.of(&words::NOTHING);
                self.put(format_args!("<p class=\"heading\">{heading}</p><p>{nothing}</p>\n"));
            }
            Shown::Words(told) => {
                let told = self.of(told);
                self.put(format_args!("<p class=\"heading\">{heading}</p><p>{told}</p>\n"));
            }
            Shown::Datagram { kind, bytes, way } => {
                let way = self.of(way);
                self.put(format_args!("<p class=\"heading\">{heading}, {way}: {}</p>\n", kind.name()));
                self.datagram(*kind, bytes, wrong);
            }
            Shown::Several(all) => all.iter().for_each(|one| self.shown(what, one, None)),
        }
    }

    fn datagram(&mut self, kind: Kind, bytes: &[u8], wrong: Option<(usize, &[u8])>) {
        self.out.push_str("<div class=\"scroll\"><table class=\"dump\"><tbody>\n");
        for line in dump(kind, bytes, PER_ROW, wrong.map(|(at, _)| at)) {
            match line {
                Line::LeftOut(count) => {
                    let left_out = self.of(&words::left_out(count));
                    self.put(format_args!("<tr><th></th><td></td><td colspan=\"2\">{left_out}</td></tr>\n"));
                }
                Line::Bytes(row) => self.row(&row, bytes, wrong),
            }
        }
        self.out.push_str("</tbody></table></div>\n");
    }

    fn row(&mut self, row: &Row<'_>, bytes: &[u8], wrong: Option<(usize, &[u8])>) {
        let name = row.name.as_ref().map(|name| self.of(name)).unwrap_or_default();
        let digits: Vec<_> = row
            .bytes
            .iter()
            .enumerate()
            .map(
                |(place, byte)| {
                    if row.wrong == Some(place) { format!("<mark>{byte:02x}</mark>") } else { format!("{byte:02x}") }
                },
            )
            .collect();
        let (digits, meaning) = (digits.join(" "), markup(&row.meaning));
        self.put(format_args!("<tr><th>{}</th><td>{name}</td><td>{digits}</td><td>{meaning}</td></tr>\n", row.offset));
        if let (Some(_), Some((at, expected))) = (row.wrong, wrong) {
            let note = self.of(&words::difference(at, expected.get(at).copied(), bytes.get(at).copied()));
            self.put(format_args!("<tr><th></th><td></td><td class=\"note\" colspan=\"2\">↑ {note}</td></tr>\n"));
        }
    }

    fn conversation(&mut self, conversation: &Conversation) {
        let heading = self.of(&words::CONVERSATION);
        self.put(format_args!(
            "<details><summary>{heading}</summary><div class=\"scroll\"><table class=\"talk\"><tbody>\n"
        ));
        conversation.entries.iter().for_each(|entry| self.entry(entry));
        self.out.push_str("</tbody></table></div></details>\n");
    }

    fn entry(&mut self, entry: &Entry) {
        let at = seconds(entry.at);
        match &entry.what {
            What::Datagram { from, to, bytes, is_control } => {
                let (class, control) = if *is_control {
                    (" class=\"control\"", format!(" ({})", self.of(&words::CONTROL)))
                } else {
                    ("", String::new())
                };
                let who = format!("{} {} → {} {}", self.of(&from.0), from.1, self.of(&to.0), to.1);
                let kind = Kind::of(bytes).name();
                let shown = &bytes[..bytes.len().min(BYTES_MAX)];
                let more = match bytes.len() - shown.len() {
                    0 => String::new(),
                    count => format!(" {}", self.of(&words::left_out(count))),
                };
                let (digits, meaning) = (hex(shown), markup(&escape(shown)));
                self.put(format_args!(
                    "<tr{class}><td>{at}</td><td>{who}</td><td>{kind}{control}<br><code>{digits}</code>{more}<br>\
                     <code>\"{meaning}\"</code></td></tr>\n"
                ));
            }
            What::Typed(typed) => {
                let (what, typed) = (self.of(&words::TYPED), markup(&escape(typed)));
                self.put(format_args!("<tr><td>{at}</td><td>{what}</td><td><code>\"{typed}\"</code></td></tr>\n"));
            }
            What::Event(event) => {
                let event = self.of(event);
                self.put(format_args!("<tr><td>{at}</td><td colspan=\"2\">{event}</td></tr>\n"));
            }
            What::Wrote { program, output, errors } => {
                for (lines, heading) in written(program, output, errors) {
                    let heading = self.of(&heading);
                    let lines: Vec<_> = lines.iter().map(|line| markup(line)).collect();
                    let lines = lines.join("\n");
                    self.put(format_args!("<tr><td>{at}</td><td>{heading}</td><td><pre>{lines}</pre></td></tr>\n"));
                }
            }
        }
    }
}

/// The class of a number of passes in a table.
fn class_of(is_full: bool, level: Level) -> &'static str {
    match (is_full, level) {
        (true, _) => "pass",
        (false, Level::Assignment) => "fail",
        (false, Level::Decision | Level::Robustness) => "fair",
    }
}
