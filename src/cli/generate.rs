//! `--generate`: man pages and completions, from the definition of a program's command line.
//!
//! | file | makes |
//! |---|---|
//! | `man` | the man page: what clap knows, and the sections of the manual |
//! | `bash` | completions for bash, written by hand |
//! | `fish` | what clap's completions for fish lack |
//! | `zsh` | what clap's completions for zsh lack |

mod bash;
mod fish;
mod man;
mod zsh;

use super::manual::Manual;
use super::toolbox::VERBS;
use clap::builder::{PossibleValuesParser, TypedValueParser, ValueHint};
use clap::{Arg, ArgAction, Command, ValueEnum};
use clap_complete::Shell;
use std::io::{self, Write};

/// The option's name.
pub(super) const ID: &str = "generate";

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Wanted {
    /// a man page
    Man,
    /// completions for bash
    Bash,
    /// completions for zsh
    Zsh,
    /// completions for fish
    Fish,
    /// the names of the verbs, one a line
    Verbs,
}

/// What can be made of one definition.
#[derive(Debug)]
pub(super) struct Generates {
    wanted: &'static [Wanted],
    help: &'static str,
}

/// Of a program.
pub(super) const PROGRAM: Generates = Generates {
    wanted: &[Wanted::Man, Wanted::Bash, Wanted::Zsh, Wanted::Fish],
    help: "Print a man page or completions, and do nothing else: man, bash, zsh or fish",
};

/// Of a program that has verbs. Its completions are those of its verbs as well.
pub(super) const TOOLBOX: Generates = Generates {
    wanted: &[Wanted::Man, Wanted::Bash, Wanted::Zsh, Wanted::Fish, Wanted::Verbs],
    help: "Print a man page, completions or the names of the verbs, and do nothing else: man, bash, zsh, fish or verbs",
};

/// Of a verb.
pub(super) const VERB: Generates =
    Generates { wanted: &[Wanted::Man], help: "Print a man page, and do nothing else: man" };

/// The option. It stands alone on a command line, so it needs none of what is required otherwise.
pub(super) fn arg(generates: &'static Generates) -> Arg {
    let values = PossibleValuesParser::new(generates.wanted.iter().filter_map(Wanted::to_possible_value));
    Arg::new(ID)
        .long(ID)
        .value_name("WHAT")
        .action(ArgAction::Set)
        .value_parser(values.try_map(|typed| Wanted::from_str(&typed, false)))
        .exclusive(true)
        .hide_short_help(true)
        .hide_possible_values(true)
        .help(generates.help)
}

/// What is wanted, as bytes to print.
///
/// # Errors
/// None that are known: it writes to memory.
pub(super) fn generate(wanted: Wanted, mut command: Command, manual: &Manual) -> io::Result<Vec<u8>> {
    // clap adds --help and --version, and numbers the arguments, when it builds.
    command.build();
    let mut text = Vec::new();
    match wanted {
        Wanted::Man => man::write(&command, manual, &mut text)?,
        Wanted::Bash => clap_complete::generate(bash::Bash, &mut command, manual.name, &mut text),
        Wanted::Zsh => {
            clap_complete::generate(Shell::Zsh, &mut command, manual.name, &mut text);
            text = zsh::offer_options_everywhere(&text);
        }
        Wanted::Fish => clap_complete::generate(fish::Fish, &mut command, manual.name, &mut text),
        Wanted::Verbs => VERBS.iter().try_for_each(|verb| writeln!(text, "{}", verb.name()))?,
    }
    Ok(text)
}

/// Whether a file's name can stand for the value of `arg`.
fn takes_file(arg: &Arg) -> bool {
    arg.get_value_hint() == ValueHint::FilePath
}

/// The values that `arg` can have, if they are few enough to be listed.
fn values(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// The names of all options that take a value.
fn options_with_values(command: &Command) -> Vec<String> {
    command.get_opts().flat_map(option_names).collect()
}

/// The names of an option: `-v`, `--verbose`.
fn option_names(option: &Arg) -> Vec<String> {
    let short = option.get_short().map(|short| format!("-{short}"));
    let long = option.get_long().map(|long| format!("--{long}"));
    short.into_iter().chain(long).collect()
}
