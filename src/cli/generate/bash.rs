//! Completions for bash.
//!
//! Those that clap makes offer the names of arguments, such as `<FILE>`, as if they were words to type, and files in
//! every place. These offer options, the values that an option can have, and files where a file is expected.

use super::{option_names, takes_file};
use clap::{Arg, Command};
use clap_complete::Generator;
use std::io::{self, Write};

/// The generator.
pub(super) struct Bash;

impl Generator for Bash {
    fn file_name(&self, name: &str) -> String {
        name.to_owned()
    }

    fn generate(&self, command: &Command, out: &mut dyn Write) {
        // It writes to memory, which does not fail.
        self.try_generate(command, out).ok();
    }

    fn try_generate(&self, command: &Command, out: &mut dyn Write) -> io::Result<()> {
        let name = command.get_name();
        let options: Vec<_> =
            command.get_arguments().filter(|arg| !arg.is_positional()).flat_map(option_names).collect();
        let values: String = command.get_opts().map(value_case).collect();
        let taking: Vec<_> = command.get_opts().flat_map(option_names).collect();
        let places: String = command.get_positionals().filter(|arg| takes_file(arg)).map(place_case).collect();
        let script = SCRIPT
            .replace("{name}", name)
            .replace("{options}", &options.join(" "))
            .replace("{values}", &values)
            .replace("{taking}", &taking.join("|"))
            .replace("{places}", &places);
        out.write_all(script.as_bytes())
    }
}

/// What may follow an option that takes a value. Without a case of its own it is completed by nothing.
fn value_case(option: &Arg) -> String {
    let names = option_names(option).join("|");
    let values: Vec<_> = option.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_file(option) {
        format!("        {names}) {FILES} ;;\n")
    } else if values.is_empty() {
        String::new()
    } else {
        format!("        {names}) mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\") ;;\n", values.join(" "))
    }
}

/// What may stand in the place of an argument that is a file. Places count from 1, and so do clap's.
fn place_case(arg: &Arg) -> String {
    format!("    {}) {FILES} ;;\n", arg.get_index().unwrap_or(1))
}

/// Has bash complete a file's name, with all that it knows of quotes and tildes.
const FILES: &str = "compopt -o default 2>/dev/null";

/// For bash, `127.0.0.1:6001` and `--option=value` are several words. They are put together again before words are
/// counted; what stands behind the last `=` or `:` is completed.
const SCRIPT: &str = r#"# Completions for bash, printed by: {name} --generate bash
_{name}() {
    local current=${COMP_WORDS[COMP_CWORD]} before=() word last glued= taking= ended= place=1
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if ((${#before[@]})) && [[ $glued || $word == [:=]* ]]; then
            before[-1]+=$word
        else
            before+=("$word")
        fi
        glued=
        [[ $word == *[:=] ]] && glued=1
    done
    if [[ $current == [:=] ]] && ((${#before[@]})); then
        before[-1]+=$current
        current=
        glued=1
    fi
    for word in "${before[@]}"; do
        last=$word
        if [[ $taking ]]; then
            taking=
        elif [[ $ended ]]; then
            ((place++))
        else
            case $word in
            --) ended=1 ;;
            {taking}) taking=1 ;;
            -*) ;;
            *) ((place++)) ;;
            esac
        fi
    done
    if [[ $glued ]]; then
        [[ $last == --*= ]] || return
        last=${last%=}
        taking=1
    fi
    if [[ $taking ]]; then
        case $last in
{values}        esac
        return
    fi
    if [[ ! $ended && $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '{options}' -- "$current")
        return
    fi
    case $place in
{places}    esac
}
complete -F _{name} {name}
"#;
