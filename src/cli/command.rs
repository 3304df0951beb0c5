//! From the words of a command line to a program's arguments, the same way for every program: its definition
//! completed by what all have in common, and errors with a tip.

use super::generate::{self, Wanted};
use super::manual::Manual;
use super::{exit_of_output, exit_with_usage, hints};
use crate::text::escape;
use clap::builder::ValueHint;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Parser};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// The package's version, and the commit if it was built in a checkout.
const VERSION: &str = env!("TP3_VERSION");

/// What a time stands for in help.
const TIMES: [&str; 2] = ["SECONDS", "TIME"];

/// What a path stands for in help.
const PATHS: [&str; 4] = ["FILE", "DIR", "HTML", "SVG"];

/// What a command line asks for.
pub(super) enum Parsed<P> {
    /// To run with these arguments.
    Arguments(P),
    /// To print something that is made from the definition of the command line.
    Generate(Wanted),
}

/// The definition of a program's command line.
pub(super) fn command<P: Parser>(manual: &Manual) -> Command {
    completed(P::command(), manual)
}

/// A definition with what all have in common.
pub(super) fn completed(command: Command, manual: &Manual) -> Command {
    command
        .display_name(manual.name)
        .version(VERSION)
        .arg(generate::arg(manual.generates))
        .after_help(format!("Example: {}", manual.example))
        .after_long_help(manual.help())
        .mut_args(complete_arg)
}

/// What files and numbers have in common.
fn complete_arg(arg: Arg) -> Arg {
    if !arg.get_action().takes_values() {
        return arg;
    }
    let is_one_of =
        |all: &[&str]| arg.get_value_names().is_some_and(|names| names.iter().any(|name| all.contains(&&**name)));
    let (is_file, is_time) = (is_one_of(&PATHS), is_one_of(&TIMES));
    // Where one value is expected `-1` is taken for it, and `-1ms` where that is a time, and refused with what was
    // expected. Among keys and neighbours it is an unknown option.
    let is_single = !arg.is_positional() || !matches!(arg.get_action(), ArgAction::Append);
    let hint = if is_file { ValueHint::FilePath } else { ValueHint::Other };
    arg.value_hint(hint).allow_negative_numbers(is_single).allow_hyphen_values(is_time)
}

/// Reads the words of a command line, without the program's name.
///
/// # Errors
/// What clap says, with a tip where one helps.
pub(super) fn parse<P: Parser>(
    manual: &Manual,
    words: impl IntoIterator<Item = OsString>,
) -> Result<Parsed<P>, clap::Error> {
    let (_, mut matches) = matches(command::<P>(manual), manual, words)?;
    match wanted(&matches) {
        Some(wanted) => Ok(Parsed::Generate(wanted)),
        None => P::from_arg_matches_mut(&mut matches).map(Parsed::Arguments),
    }
}

/// What the words of a command line are by its definition, which comes back built.
///
/// # Errors
/// See [`parse`].
pub(super) fn matches(
    mut command: Command,
    manual: &Manual,
    words: impl IntoIterator<Item = OsString>,
) -> Result<(Command, ArgMatches), clap::Error> {
    let words: Vec<_> = std::iter::once(OsString::from(manual.name)).chain(words).collect();
    match command.try_get_matches_from_mut(&words) {
        Ok(matches) => Ok((command, matches)),
        Err(error) => Err(with_tip(error, &command, manual, &words)),
    }
}

/// The words of the options that were typed, in the order of the definition, but for those whose long names are in
/// `but`; each option by its long name, with its value in the word behind it.
pub(super) fn typed_options(command: &Command, matches: &ArgMatches, but: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for option in command.get_arguments() {
        let id = option.get_id().as_str();
        let Some(long) = option.get_long().filter(|long| !but.contains(long)) else { continue };
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        words.push(format!("--{long}"));
        if option.get_action().takes_values() {
            let values = matches.get_raw(id).into_iter().flatten();
            words.extend(values.map(|value| value.to_string_lossy().into_owned()));
        }
    }
    words
}

/// What `--generate` asks for, if it is there.
pub(super) fn wanted(matches: &ArgMatches) -> Option<Wanted> {
    matches.get_one(generate::ID).copied()
}

/// Reads the words of a command line, without the program's name; `Err` is the end of a program that is not to run.
pub(super) fn read<P: Parser>(manual: &Manual, words: impl IntoIterator<Item = OsString>) -> Result<P, ExitCode> {
    match parse::<P>(manual, words) {
        Ok(Parsed::Arguments(args)) => Ok(args),
        Ok(Parsed::Generate(wanted)) => Err(print_generated(command::<P>(manual), manual, wanted)),
        Err(error) => Err(exit_with_usage(&error, manual)),
    }
}

/// Prints what `--generate` asks for, and is the end of the program.
pub(super) fn print_generated(command: Command, manual: &Manual, wanted: Wanted) -> ExitCode {
    let printed = generate::generate(wanted, command, manual)
        .and_then(|text| io::stdout().write_all(&text).and_then(|()| io::stdout().flush()));
    exit_of_output(printed, manual)
}

/// Replaces what was typed by what is safe to show of it (P-44).
fn escape_words(error: &mut clap::Error) {
    let unsafe_words: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(word) => Some((kind, escape(word.as_bytes()))).filter(|(_, shown)| shown != word),
            _ => None,
        })
        .collect();
    for (kind, shown) in unsafe_words {
        error.insert(kind, ContextValue::String(shown));
    }
}

/// Replaces clap's tips by ours, but for the option that is nearest to an unknown one that no other program has.
fn with_tip(mut error: clap::Error, command: &Command, manual: &Manual, words: &[OsString]) -> clap::Error {
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => match error.get(ContextKind::InvalidArg).cloned() {
            Some(ContextValue::String(typed)) if typed.starts_with('-') => {
                let tip = hints::others_option(&typed, manual.name);
                if tip.is_some() {
                    error.remove(ContextKind::SuggestedArg);
                }
                let is_near = error.get(ContextKind::SuggestedArg).is_some();
                let unknown = || hints::unknown_option(&typed, command, manual.name, words);
                if is_near { tip } else { tip.or_else(unknown) }
            }
            _ => None,
        }
        .or_else(|| hints::behind_dashes(command, manual.name, words)),
        _ => (manual.hint)(&hints::operands(command, words)),
    };
    escape_words(&mut error);
    error.remove(ContextKind::Suggested);
    if let Some(tip) = tip {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![escape(tip.as_bytes()).into()]));
    }
    error
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use super::super::manual::{CHECK, LOAD};
    use super::super::manual::{CLIENT, EXPLAIN, Entry, OVERLAY, SERVENT, SIMULATE, TP3};
    #[cfg(target_os = "linux")]
    use super::super::{check, load};
    use super::super::{client, explain, overlay, servent, simulate, toolbox};
    use super::*;

    /// A definition, and how it reads words.
    type Program = (&'static Manual, Command, fn(Vec<OsString>) -> Option<String>);

    fn programs() -> Vec<Program> {
        vec![
            (&SERVENT, command::<servent::ServentArgs>(&SERVENT), refusal_servent),
            (&CLIENT, command::<client::ClientArgs>(&CLIENT), |words| refusal::<client::ClientArgs>(&CLIENT, words)),
            (&OVERLAY, command::<overlay::OverlayArgs>(&OVERLAY), |words| {
                refusal::<overlay::OverlayArgs>(&OVERLAY, words)
            }),
            (&EXPLAIN, command::<explain::ExplainArgs>(&EXPLAIN), |words| {
                refusal::<explain::ExplainArgs>(&EXPLAIN, words)
            }),
            (&SIMULATE, command::<simulate::SimulateArgs>(&SIMULATE), |words| {
                refusal::<simulate::SimulateArgs>(&SIMULATE, words)
            }),
            #[cfg(target_os = "linux")]
            (&CHECK, command::<check::CheckArgs>(&CHECK), |words| refusal::<check::CheckArgs>(&CHECK, words)),
            #[cfg(target_os = "linux")]
            (&LOAD, command::<load::LoadArgs>(&LOAD), |words| refusal::<load::LoadArgs>(&LOAD, words)),
        ]
    }

    fn refusal_servent(words: Vec<OsString>) -> Option<String> {
        servent::ServentArgs::parse_words(words).err().map(|error| error.to_string())
    }

    /// Why these words are refused.
    fn refusal<P: Parser>(manual: &Manual, words: Vec<OsString>) -> Option<String> {
        parse::<P>(manual, words).err().map(|error| error.to_string())
    }

    fn words(line: &str) -> Vec<OsString> {
        shlex::split(line).unwrap().into_iter().map(OsString::from).collect()
    }

    #[test]
    fn clap_finds_no_fault_with_the_definitions() {
        for (_, command, _) in programs() {
            command.debug_assert();
        }
        toolbox::command().debug_assert();
    }

    #[test]
    fn every_example_is_a_command_line_that_is_accepted() {
        let programs = programs();
        let mut count = 0;
        let sections = programs.iter().flat_map(|(manual, ..)| manual.sections).chain(TP3.sections);
        let lines = sections.flat_map(|section| section.entries).filter_map(|entry| match entry {
            Entry::Lines(lines) => Some(*lines),
            _ => None,
        });
        for line in lines.flat_map(str::lines).chain(programs.iter().map(|(manual, ..)| manual.example)) {
            // What follows is for the shell.
            let line = line.split(['<', '>', '|']).next().unwrap();
            let behind = |(manual, _, refusal): &Program| Some((line.strip_prefix(manual.name)?, *refusal));
            if let Some((line, refusal)) = programs.iter().find_map(behind) {
                count += 1;
                assert_eq!(refusal(words(line)), None, "{line}");
            }
        }
        assert!(count >= 20, "{count} examples");
    }

    #[test]
    fn a_bad_value_of_any_option_is_refused_with_an_example_or_the_values() {
        for (manual, command, refusal) in programs() {
            // A key can be anything, and a host have any name.
            let is_name = |name: &str| ["KEY", "HOST", "A,B,..."].contains(&name);
            let is_named =
                |option: &&Arg| option.get_value_names().unwrap_or_default().iter().any(|name| is_name(name));
            let takes_any = |option: &&Arg| option.get_value_hint() == ValueHint::FilePath || is_named(option);
            // An option that takes no value is none of `get_opts`, but only once the definition is built.
            let takes_value = |option: &&Arg| option.get_action().takes_values();
            for option in command.get_opts().filter(takes_value).filter(|option| !takes_any(option)) {
                let name = format!("--{}", option.get_long().unwrap());
                for bad in ["-1", "wrong", ""] {
                    // `--generate` stands alone.
                    let example = manual.example.strip_prefix(manual.name).unwrap();
                    let rest = if name == "--generate" { Vec::new() } else { words(example) };
                    let words = [vec![name.clone().into(), bad.into()], rest].concat();
                    let message = refusal(words).unwrap_or_default();
                    let first = message.split("\n\n").next().unwrap_or_default();
                    let helps = first.contains(", for example ") || first.contains("[possible values: ");
                    assert!(first.contains(&name) && helps, "{} {name} '{bad}': {message}", manual.name);
                }
            }
        }
    }

    #[test]
    fn files_are_completed_where_files_are_expected_and_nowhere_else() {
        for (_, command, _) in programs() {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                let is_file =
                    arg.get_value_names().unwrap_or_default().iter().any(|name| PATHS.contains(&name.as_str()));
                let expected = if is_file { ValueHint::FilePath } else { ValueHint::Other };
                assert_eq!(arg.get_value_hint(), expected, "{}", arg.get_id());
            }
        }
    }
}
