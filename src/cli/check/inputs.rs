//! What is read: the words that choose probes, the file of known failures, the file of a class.

use crate::conformance::checking::everything;
use crate::conformance::{Chapter, Level, Target};
use crate::text::{escape, escape_path};
use clap::builder::{PossibleValue, TypedValueParser};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

/// The words that choose probes: ids, chapters, levels, clauses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Selector;

impl TypedValueParser for Selector {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        selector.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(choices().into_iter().map(PossibleValue::new)))
    }
}

fn selector(typed: &str) -> Result<String, String> {
    if everything().any(|probe| probe.is_meant_by(typed)) {
        return Ok(typed.to_owned());
    }
    let near = choices().into_iter().find(|choice| !typed.is_empty() && choice.contains(typed));
    let example = near.unwrap_or("response");
    Err(format!("no probe, chapter, level or clause is called so, for example {example}; --list tells the probes"))
}

/// Every word that can be chosen by, each once.
fn choices() -> Vec<&'static str> {
    let mut chapters: Vec<Chapter> = Vec::new();
    let mut clauses: Vec<&str> = Vec::new();
    for probe in everything() {
        if !chapters.contains(&probe.chapter) {
            chapters.push(probe.chapter);
        }
        if !clauses.contains(&probe.clause) {
            clauses.push(probe.clause);
        }
    }
    let ids = everything().map(|probe| probe.id);
    let levels = Level::ALL.map(Level::name);
    ids.chain(chapters.into_iter().map(Chapter::name)).chain(levels).chain(clauses).collect()
}

/// How many at a time.
pub(super) fn jobs(typed: &str) -> Result<usize, String> {
    let number = typed.parse().ok().filter(|number| (1..=256).contains(number));
    number.ok_or_else(|| "a number from 1 to 256 is expected, for example 4".to_owned())
}

/// The ids of a file of known failures.
///
/// # Errors
/// What is wrong with it, with its line.
pub(super) fn known(file: &Path) -> Result<Vec<String>, String> {
    let name = escape_path(file);
    let text = fs::read(file).map_err(|error| format!("{name}: {error}"))?;
    let mut ids = Vec::new();
    for (number, line) in String::from_utf8_lossy(&text).trim_start_matches('\u{feff}').lines().enumerate() {
        let id = line.split('#').next().unwrap_or_default().trim();
        if id.is_empty() {
            continue;
        }
        if !everything().any(|probe| probe.id == id) {
            let id = escape(id.as_bytes());
            return Err(format!("{name}:{}: there is no probe '{id}'; --list tells them", number + 1));
        }
        ids.push(id.to_owned());
    }
    Ok(ids)
}

/// A program of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) target: Target,
    pub(super) command: Vec<OsString>,
}

/// The programs of a class, and what is wrong with other lines, each with its number.
pub(super) fn class(text: &[u8]) -> (Vec<Entry>, Vec<(usize, String)>) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut entries, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        match entry(line) {
            Ok(Some(entry)) => entries.push(entry),
            Ok(None) => {}
            Err(cause) => wrong.push((number + 1, cause)),
        }
    }
    (entries, wrong)
}

fn entry(line: &[u8]) -> Result<Option<Entry>, String> {
    let line = str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let parts: Vec<_> = line.splitn(3, '\t').map(str::trim).collect();
    let [name, target, command] = parts[..] else {
        return Err("NAME, a tab, servent or client, a tab, COMMAND are expected".to_owned());
    };
    let target = match target {
        "servent" => Target::Servent,
        "client" => Target::Client,
        other => return Err(format!("servent or client is expected, not '{}'", escape(other.as_bytes()))),
    };
    let command = shlex::split(command).ok_or("a quotation mark is not closed in COMMAND")?;
    if command.is_empty() || name.is_empty() {
        return Err("NAME or COMMAND is empty".to_owned());
    }
    Ok(Some(Entry { name: name.to_owned(), target, command: command.into_iter().map(OsString::from).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_of_a_class_does_not_stop_the_rest() {
        let text = b"# name\tprogram\tcommand\r\n\nana\tservent\tpython3 'a b.py' -x\r\nbob\tserver\tx\nc\n\
            d\tclient\t'x\n\xff\tclient\tx\neva\tclient\t./c\n";
        let (entries, wrong) = class(text);
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.name.as_str(), entry.target, entry.command.len())).collect();
        assert_eq!(told, [("ana", Target::Servent, 3), ("eva", Target::Client, 1)]);
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6, 7]);
    }

    #[test]
    fn probes_are_chosen_by_id_chapter_level_or_clause_and_no_two_words_are_the_same() {
        for word in ["response-text", "response", "assignment", "P-11", "p-11"] {
            assert_eq!(selector(word), Ok(word.to_owned()));
        }
        assert!(selector("nonsense").is_err() && selector("").is_err());
        let mut choices = choices();
        let count = choices.len();
        choices.sort_unstable();
        choices.dedup();
        assert_eq!(choices.len(), count);
    }
}
