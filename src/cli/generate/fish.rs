//! Completions for fish: clap's, and what stands in the place of an argument: files, or one of a few words.

use super::{options_with_values, takes_file, values};
use clap::Command;
use clap_complete::{Generator, Shell};
use std::io::{self, Write};

/// The generator.
pub(super) struct Fish;

impl Generator for Fish {
    fn file_name(&self, name: &str) -> String {
        format!("{name}.fish")
    }

    fn generate(&self, command: &Command, out: &mut dyn Write) {
        // It writes to memory, which does not fail.
        self.try_generate(command, out).ok();
    }

    fn try_generate(&self, command: &Command, out: &mut dyn Write) -> io::Result<()> {
        let name = command.get_name();
        Shell::Fish.try_generate(command, out)?;
        writeln!(out, "complete -c {name} -f")?;
        write_places(command, name, name, None, out)?;
        command.get_subcommands().try_for_each(|verb| {
            let verb_name = verb.get_name();
            write_places(verb, name, &format!("{name}_{verb_name}"), Some(verb_name), out)
        })
    }
}

/// Writes what stands in the places of the arguments of one definition: a program's, or a verb's.
fn write_places(
    command: &Command,
    program: &str,
    name: &str,
    verb: Option<&str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let offer = |arg| {
        let values = values(arg);
        if takes_file(arg) {
            Some("-F".to_owned())
        } else {
            (!values.is_empty()).then(|| format!("-a '{}'", values.join(" ")))
        }
    };
    let offered: Vec<_> = command.get_positionals().filter_map(|arg| Some((arg.get_index()?, offer(arg)?))).collect();
    if offered.is_empty() {
        return Ok(());
    }
    let taking = options_with_values(command);
    let taking = if taking.is_empty() {
        String::new()
    } else {
        format!("            case {}\n                set skip 1\n", taking.join(" "))
    };
    out.write_all(PLACE.replace("{name}", name).replace("{taking}", &taking).as_bytes())?;
    // The verb is a word before the others.
    let (condition, before) = match verb {
        Some(verb) => (format!("__fish_{program}_using_subcommand {verb}; and "), 1),
        None => (String::new(), 0),
    };
    offered.iter().try_for_each(|(place, offer)| {
        writeln!(out, "complete -c {program} -n '{condition}__{name}_at {}' {offer}", before + place)
    })
}

/// Whether the word that is completed is the argument with this number, options not counted.
const PLACE: &str = "function __{name}_at
    set -l place 1
    set -l skip 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
{taking}            case '-*'
            case '*'
                set place (math $place + 1)
        end
    end
    test $place = $argv[1]
end
";
