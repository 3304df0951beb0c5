//! Completions for bash.
//!
//! Those that clap makes offer the names of arguments, such as `<FILE>`, as if they were words to type, and files in
//! every place. These offer verbs, options, the values that an option can have, and files where a file is expected.

use super::{option_names, options_with_values, takes_file, values};
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
        let mut verbs = String::new();
        let mut functions = function(command, &format!("_{name}_words"));
        for verb in command.get_subcommands() {
            let verb_name = verb.get_name();
            verbs.push_str(&format!("    {verb_name}) before=(\"${{before[@]:1}}\"); _{name}_{verb_name} ;;\n"));
            functions.push_str(&function(verb, &format!("_{name}_{verb_name}")));
        }
        out.write_all(SCRIPT.replace("{name}", name).replace("{verbs}", &verbs).as_bytes())?;
        out.write_all(functions.as_bytes())?;
        writeln!(out, "complete -F _{name} {name}")
    }
}

/// The function that completes the words of one definition: a program's, or a verb's behind the verb.
fn function(command: &Command, name: &str) -> String {
    let options: Vec<_> = command.get_arguments().filter(|arg| !arg.is_positional()).flat_map(option_names).collect();
    let taking = options_with_values(command);
    let taking =
        if taking.is_empty() { String::new() } else { format!("            {}) taking=1 ;;\n", taking.join("|")) };
    let verbs: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let verbs = if verbs.is_empty() { String::new() } else { format!("    1) {} ;;\n", one_of(&verbs)) };
    let places: String = command.get_positionals().map(place_case).collect();
    FUNCTION
        .replace("{name}", name)
        .replace("{options}", &options.join(" "))
        .replace("{values}", &command.get_opts().map(value_case).collect::<String>())
        .replace("{taking}", &taking)
        .replace("{places}", &(verbs + &places))
}

/// What may follow an option that takes a value. Without a case of its own it is completed by nothing.
fn value_case(option: &Arg) -> String {
    completion(option)
        .map_or_else(String::new, |completion| format!("        {}) {completion} ;;\n", option_names(option).join("|")))
}

/// What may stand in the place of an argument. Places count from 1, and so do clap's.
fn place_case(arg: &Arg) -> String {
    completion(arg)
        .map_or_else(String::new, |completion| format!("    {}) {completion} ;;\n", arg.get_index().unwrap_or(1)))
}

/// The command that completes a value of `arg`, if there is something to offer.
fn completion(arg: &Arg) -> Option<String> {
    let values = values(arg);
    if takes_file(arg) { Some(FILES.to_owned()) } else { (!values.is_empty()).then(|| one_of(&values)) }
}

/// Has bash complete one of these words.
fn one_of(words: &[String]) -> String {
    format!("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\")", words.join(" "))
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
    case ${before[0]-} in
{verbs}    *) _{name}_words ;;
    esac
}
"#;

/// It works on the variables of [`SCRIPT`], whose function calls it.
const FUNCTION: &str = r#"{name}() {
    for word in "${before[@]}"; do
        last=$word
        if [[ $taking ]]; then
            taking=
        elif [[ $ended ]]; then
            ((place++))
        else
            case $word in
            --) ended=1 ;;
{taking}            -*) ;;
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
"#;
