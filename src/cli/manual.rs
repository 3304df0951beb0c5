//! What `--help` and the man pages tell beside the options: a manual for each program, one text for both.

#[cfg(target_os = "linux")]
mod check;
mod client;
mod explain;
mod export;
#[cfg(target_os = "linux")]
mod load;
mod overlay;
mod reference;
mod servent;
mod simulate;
mod toolbox;

#[cfg(target_os = "linux")]
pub(super) use check::CHECK;
pub(super) use client::CLIENT;
pub(super) use explain::EXPLAIN;
pub(super) use export::EXPORT;
#[cfg(target_os = "linux")]
pub(super) use load::LOAD;
pub(super) use overlay::OVERLAY;
pub(super) use servent::SERVENT;
pub(super) use simulate::SIMULATE;
pub(super) use toolbox::TP3;

use super::generate::Generates;
#[cfg(target_os = "linux")]
use crate::conformance::{Edition, Probe, Target, checking::table};
use crate::stats::Counters;
use std::borrow::Cow;

/// How wide `--help` is set: a terminal's usual width.
const WIDTH: usize = 80;

/// What there is to say about a program beside its options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manual {
    /// The program's name; a verb's is behind that of its program: `tp3 overlay`.
    pub(super) name: &'static str,
    /// A command line that works, for `-h` and for errors.
    pub(super) example: &'static str,
    /// The exit code where standard output can't be written.
    pub(super) exit_unwritable: u8,
    /// What `--generate` makes of it.
    pub(super) generates: &'static Generates,
    /// In the order in which a man page has them.
    pub(super) sections: &'static [Section],
    /// What is looked up rather than read, which the man page alone has, before where else to look.
    pub(super) reference: &'static [Section],
    /// What to do about a command line that was refused, from its arguments that are no options. `None` if it looks
    /// like none of the usual mistakes.
    pub(super) hint: fn(&[String]) -> Option<String>,
}

/// A titled part of a manual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section {
    /// As `--help` writes it; a man page has it in capitals.
    pub(super) title: &'static str,
    /// What stands below it.
    pub(super) entries: &'static [Entry],
}

/// A piece of a section.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entry {
    /// A paragraph.
    Text(&'static str),
    /// A word, and what it means.
    Term(&'static str, &'static str),
    /// Lines to type or to put into a file, as they are.
    Lines(&'static str),
    /// A word and what it means, of each counter.
    Counters,
    /// The id of each probe of a program, and what it promises.
    #[cfg(target_os = "linux")]
    Probes(Target),
}

impl Entry {
    /// The words that it explains, each with its meaning.
    pub(super) fn terms(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Text(_) | Self::Lines(_) => Vec::new(),
            Self::Term(term, meaning) => vec![(term, (*meaning).into())],
            Self::Counters => Counters::MEANINGS.iter().map(|(name, meaning)| (*name, meaning.trim().into())).collect(),
            #[cfg(target_os = "linux")]
            Self::Probes(target) => probes(*target),
        }
    }
}

/// The probes of a program by either edition: id, and promise with clause and level.
#[cfg(target_os = "linux")]
fn probes(target: Target) -> Vec<(&'static str, Cow<'static, str>)> {
    let [first, later] = [Edition::Of2016, Edition::Of2017].map(|edition| table(target, edition));
    let is_in = |table: &[&Probe], probe: &Probe| table.iter().any(|one| one.id == probe.id);
    let only_later = later.iter().copied().filter(|probe| !is_in(&first, probe));
    let told = |probe: &'static Probe| {
        let edition = match probe.edition {
            Some(edition) => format!(", only in the edition of {}", edition.year()),
            None => String::new(),
        };
        let meaning = format!("{} ({}, {}{edition})", probe.promise.en, probe.clause, probe.level.name());
        (probe.id, meaning.into())
    };
    first.iter().copied().chain(only_later).map(told).collect()
}

/// RUST_LOG and NO_COLOR, which mean the same to all programs.
const LOG_ENTRY: Entry = Entry::Term(
    "RUST_LOG",
    "what to log: error, warn, info, debug, trace or off; it overrides -v and -q. The notation of Rust's env_logger.",
);
const IGNORED_SIGNALS: Entry =
    Entry::Text("A signal that was ignored when the program started stays ignored, as nohup(1) has it.");
const COLOR_ENTRY: Entry = Entry::Term("NO_COLOR", "if set and not empty, messages have no colours");

impl Manual {
    /// The name of the man page: `tp3-overlay`.
    pub(super) fn page(&self) -> String {
        self.name.replace(' ', "-")
    }

    /// The sections as `--help` shows them below the options.
    pub(super) fn help(&self) -> String {
        let sections: Vec<_> = self.sections.iter().map(Section::help).collect();
        sections.join("\n")
    }
}

impl Section {
    fn help(&self) -> String {
        let terms = self.entries.iter().flat_map(Entry::terms);
        let column = 2 + terms.map(|(term, _)| term.len()).max().unwrap_or(0) + 2;
        let mut help = format!("{}:\n", self.title);
        for (index, entry) in self.entries.iter().enumerate() {
            match entry {
                Entry::Text(text) => {
                    // A paragraph keeps its distance from what stands before it.
                    help.push_str(if index == 0 { "" } else { "\n" });
                    fill(&mut help, "  ", text, 2);
                }
                Entry::Lines(lines) => lines.lines().for_each(|line| help.push_str(&format!("    {line}\n"))),
                _ => {
                    for (term, meaning) in entry.terms() {
                        fill(&mut help, &format!("  {term:<width$}", width = column - 2), &meaning, column);
                    }
                }
            }
        }
        help
    }
}

/// Appends `first` and the words of `text`, broken at [`WIDTH`]; further lines begin at `column`.
fn fill(help: &mut String, first: &str, text: &str, column: usize) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            help.push_str(&line);
            help.push('\n');
            line = " ".repeat(column);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    help.push_str(&line);
    help.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_lines_break_at_the_width() {
        let long = "word ".repeat(20);
        let long: &'static str = Box::leak(long.into_boxed_str());
        let entries =
            [Entry::Text("It does."), Entry::Lines("a  b\nc"), Entry::Term("0", "fine"), Entry::Term("130", long)];
        let section = Section { title: "Title", entries: Box::leak(Box::new(entries)) };
        let words = |count| vec!["word"; count].join(" ");
        let expected =
            format!("Title:\n  It does.\n    a  b\n    c\n  0    fine\n  130  {}\n       {}\n", words(14), words(6));
        assert_eq!(section.help(), expected);
    }

    #[test]
    fn every_manual_has_the_sections_of_a_man_page_in_their_order() {
        for manual in [
            &SERVENT,
            &CLIENT,
            &OVERLAY,
            &EXPLAIN,
            &EXPORT,
            #[cfg(target_os = "linux")]
            &CHECK,
            #[cfg(target_os = "linux")]
            &LOAD,
            &SIMULATE,
            &TP3,
        ] {
            let titles: Vec<_> = manual.sections.iter().map(|section| section.title).collect();
            let expected = ["Signals", "Exit status", "Environment", "Files", "Examples", "See also"];
            // The toolbox itself reads no file and waits for nothing.
            let here =
                |title: &&str| manual.name != TP3.name || ["Exit status", "Examples", "See also"].contains(title);
            assert_eq!(titles, expected.into_iter().filter(here).collect::<Vec<_>>(), "{}", manual.name);
        }
    }
}
