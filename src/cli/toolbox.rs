//! `tp3 VERB [ARGUMENT]...`: every tool beside servent and client is a verb of one program.
//!
//! `VERBS` is the one list of them: `--help`, `help`, the man pages, completions and `data/install` are made from it.

#[cfg(target_os = "linux")]
use super::check;
use super::command;
#[cfg(target_os = "linux")]
use super::load;
use super::manual::{self, Manual};
use super::{exit_with_usage, explain, export, hints, overlay, say, simulate, to_the_last_word};
use crate::launching::{LAUNCH_MODE, launch_mode};
use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command};
use std::ffi::OsString;
use std::process::ExitCode;

/// The program's name.
pub const NAME: &str = "tp3";

/// The verb that explains the others.
const HELP: &str = "help";

/// A tool of the toolbox.
pub(super) struct Verb {
    /// What there is to say about it. Its name there is the program's and the verb's: `tp3 overlay`.
    manual: &'static Manual,
    /// The definition of its command line.
    command: fn() -> Command,
    /// Runs it with the words behind the verb.
    run: fn(Vec<OsString>) -> ExitCode,
}

/// The verbs, in the order in which they are listed.
pub(super) const VERBS: &[Verb] = &[
    Verb {
        manual: &manual::OVERLAY,
        command: || command::command::<overlay::OverlayArgs>(&manual::OVERLAY),
        run: |words| overlay::main(words),
    },
    Verb {
        manual: &manual::EXPLAIN,
        command: || command::command::<explain::ExplainArgs>(&manual::EXPLAIN),
        run: |words| explain::main(words),
    },
    #[cfg(target_os = "linux")]
    Verb {
        manual: &manual::CHECK,
        command: || command::command::<check::CheckArgs>(&manual::CHECK),
        run: |words| check::main(words),
    },
    #[cfg(target_os = "linux")]
    Verb {
        manual: &manual::LOAD,
        command: || command::command::<load::LoadArgs>(&manual::LOAD),
        run: |words| load::main(words),
    },
    Verb {
        manual: &manual::EXPORT,
        command: || command::command::<export::ExportArgs>(&manual::EXPORT),
        run: |words| export::main(words),
    },
    Verb {
        manual: &manual::SIMULATE,
        command: || command::command::<simulate::SimulateArgs>(&manual::SIMULATE),
        run: |words| simulate::main(words),
    },
];

impl Verb {
    /// The word that stands for it.
    pub(super) fn name(&self) -> &'static str {
        self.manual.name.rsplit(' ').next().unwrap_or_default()
    }
}

/// Runs the program with these words, its own name not among them.
pub fn main(words: Vec<OsString>) -> ExitCode {
    to_the_last_word(|| run(words))
}

fn run(mut words: Vec<OsString>) -> ExitCode {
    if words.first().is_some_and(|word| word == LAUNCH_MODE) {
        let (cause, code) = launch_mode(words.into_iter().skip(1));
        say(cause);
        return ExitCode::from(code);
    }
    if words.first().is_some_and(|word| word == overlay::SERVENT_MODE) {
        return overlay::servent_mode(words.into_iter().skip(1));
    }
    if let Some(verb) = words.first().and_then(|word| word.to_str()).and_then(verb) {
        words.remove(0);
        return (verb.run)(words);
    }
    match command::matches(command(), &manual::TP3, words) {
        Ok((mut command, matches)) => tell_about(&mut command, &matches),
        Err(error) => exit_with_usage(&in_our_words(error), &manual::TP3),
    }
}

fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name() == name)
}

/// What is printed about the program or one of its verbs.
fn tell_about(definition: &mut Command, matches: &ArgMatches) -> ExitCode {
    if let Some(wanted) = command::wanted(matches) {
        return command::print_generated(command(), &manual::TP3, wanted);
    }
    let Some(help) = matches.subcommand_matches(HELP) else {
        return exit_with_usage(&no_verb(definition), &manual::TP3);
    };
    match help.get_one::<String>("verb").and_then(|name| verb(name)) {
        Some(verb) => (verb.run)(vec!["--help".into()]),
        None => run(vec!["--help".into()]),
    }
}

/// The definition of the command line, verbs included.
pub(super) fn command() -> Command {
    let names = VERBS.iter().map(Verb::name);
    let help = Command::new(HELP).about("Explain a verb").override_usage(format!("{NAME} {HELP} [VERB]")).arg(
        Arg::new("verb").value_name("VERB").value_parser(PossibleValuesParser::new(names)).help("What to explain"),
    );
    let command = Command::new(NAME)
        .about("Tools for a peer-to-peer key-value store over UDP")
        .long_about(
            "Tools for a peer-to-peer key-value store over UDP\n\nEach tool is a verb with options of its own, which \
            `tp3 help VERB` explains. The servent and the client are programs of their own, serventTP3 and clientTP3.",
        )
        .override_usage(format!("{NAME} VERB [ARGUMENT]..."))
        .subcommand_value_name("VERB")
        .subcommand_help_heading("Verbs")
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .subcommands(VERBS.iter().map(|verb| (verb.command)().name(verb.name())))
        .subcommand(help);
    command::completed(command, &manual::TP3)
}

/// A command line without a verb is told which there are.
fn no_verb(definition: &mut Command) -> clap::Error {
    let line = |verb: &Command| {
        format!("\n  {:8} {}", verb.get_name(), verb.get_about().map(ToString::to_string).unwrap_or_default())
    };
    let verbs: String = definition.get_subcommands().map(line).collect();
    definition.error(ErrorKind::MissingSubcommand, format!("a verb is missing\n{verbs}"))
}

/// clap speaks of subcommands, and knows nothing of what stands in the place of a verb by mistake.
fn in_our_words(error: clap::Error) -> clap::Error {
    let typed = match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(ContextValue::String(typed))) => typed,
        _ => return error,
    };
    let similar = match error.get(ContextKind::SuggestedSubcommand) {
        // The most similar one is the last.
        Some(ContextValue::Strings(names)) => names.last(),
        _ => None,
    };
    let similar = similar.map(|name| format!("a similar verb exists: '{name}'"));
    let tip = similar.or_else(|| hints::no_verb(typed)).map(|tip| format!("\n\n  tip: {tip}")).unwrap_or_default();
    command().error(ErrorKind::InvalidSubcommand, format!("there is no verb '{typed}'{tip}"))
}
