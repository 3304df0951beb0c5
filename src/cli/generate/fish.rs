//! Completions for fish: clap's, and where files are offered and where they are not.

use super::{option_names, takes_file};
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
        let files: Vec<_> = command.get_positionals().filter(|arg| takes_file(arg)).collect();
        writeln!(out, "complete -c {name} -f")?;
        if files.is_empty() {
            return Ok(());
        }
        let taking: Vec<_> = command.get_opts().flat_map(option_names).collect();
        out.write_all(PLACE.replace("{name}", name).replace("{taking}", &taking.join(" ")).as_bytes())?;
        for file in files {
            let place = file.get_index().unwrap_or(1);
            writeln!(out, "complete -c {name} -n '__{name}_at {place}' -F")?;
        }
        Ok(())
    }
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
            case {taking}
                set skip 1
            case '-*'
            case '*'
                set place (math $place + 1)
        end
    end
    test $place = $argv[1]
end
";
