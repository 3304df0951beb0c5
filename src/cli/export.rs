//! `tp3 export FILE TARGET -o DIR`

mod folder;
mod programs;

use super::{EXIT_FAILURE, EXIT_OK, command, complain, exit_with_usage, manual, overlay_file, say};
use crate::export::{Export, Plan, TARGETS, Target, Wishes};
use crate::loading;
use crate::overlay::Host;
use crate::protocol::AskedKey;
use crate::text::escape_path;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program's name, and the verb.
const NAME: &str = "tp3 export";

/// The longest key-value file that is copied, in bytes: what a store can hold.
const KV_LEN_MAX: u64 = 4 << 30;

/// The same overlay on other machines: what it takes, as files
///
/// Reads an overlay file as tp3 overlay does, and writes into DIR everything that is needed to run it elsewhere, to be read
/// before it is run. DIR is made if there is none. It may be one that was exported to before: then files that tp3 export wrote
/// are written again or removed, and no others are touched.
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct ExportArgs {
    /// Overlay file: a servent's command line on each line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where it is to run
    #[arg(value_name = "TARGET", value_parser = target())]
    target: &'static Target,
    /// Folder to write to
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Deal its servents out to these hosts
    ///
    /// Each gets as many as the others, one more or less, in the order of lines: neighbours mostly stay together. For a file whose lines
    /// have no HOST:PORT, and a TARGET that has hosts. A host is an IPv4 address or a name that all of them know.
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    hosts: Vec<Host>,
    /// Key that the exported client asks for
    ///
    /// For a TARGET that has a client. Unless it is given, the first key in the file of the first servent.
    #[arg(long, value_name = "KEY", value_parser = key)]
    key: Option<String>,
    /// Folder of static programs
    ///
    /// For a TARGET whose machines have no shared libraries: serventTP3, clientTP3 and tp3. Unless it is given, where tp3
    /// itself is.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
}

/// Reads a key that is to be asked for elsewhere: text that a file of text can hold.
fn key(typed: &str) -> Result<String, String> {
    if typed == "-" {
        return Err("the client would take a lone - for standard input".to_owned());
    }
    AskedKey::new(typed.as_bytes()).map(|_| typed.to_owned()).map_err(|error| error.to_string())
}

/// Reads the word for a target.
fn target() -> impl TypedValueParser<Value = &'static Target> {
    let words = TARGETS.iter().map(|target| PossibleValue::new(target.name).help(target.about));
    PossibleValuesParser::new(words).map(|name| {
        let found = TARGETS.iter().find(|target| target.name == name);
        found.expect("the possible values are the names of targets")
    })
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<ExportArgs>(&manual::EXPORT, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    if let Some(message) = args.wrong() {
        return exit_with_usage(&ExportArgs::command().error(ErrorKind::ArgumentConflict, message), &manual::EXPORT);
    }
    match args.run() {
        Ok(()) => ExitCode::from(EXIT_OK),
        Err(cause) => {
            complain(NAME, cause);
            ExitCode::from(EXIT_FAILURE)
        }
    }
}

impl ExportArgs {
    /// What does not go together.
    fn wrong(&self) -> Option<String> {
        let Target { name, takes_hosts, takes_key, programs, .. } = self.target;
        let given = [
            (!self.hosts.is_empty() && !takes_hosts, "--hosts", "hosts"),
            (self.key.is_some() && !takes_key, "--key", "client"),
            (self.programs.is_some() && programs.is_empty(), "--programs", "programs"),
        ];
        if let Some((_, option, what)) = given.into_iter().find(|(is_superfluous, ..)| *is_superfluous) {
            return Some(format!("{option}: {name} has no {what}"));
        }
        let is_twice =
            |(place, host): (usize, &Host)| self.hosts[..place].iter().any(|one| one.is_called(host.as_str()));
        let twice = self.hosts.iter().enumerate().find(|named| is_twice(*named));
        twice.map(|(_, host)| format!("--hosts: {host} is named twice"))
    }

    /// # Errors
    /// What is wrong, whatever it is.
    fn run(&self) -> Result<(), String> {
        let Export { files, next } = self.made()?;
        let removed = folder::write(&self.output, &files).map_err(|error| error.to_string())?;
        let folder = escape_path(&self.output);
        removed.iter().for_each(|path| say(format_args!("removed: {}", escape_path(path))));
        say(format_args!("written to {folder}: {} files", files.len()));
        if !next.is_empty() {
            say(format_args!("next, in {folder}:"));
            next.iter().for_each(|command| say(format_args!("    {command}")));
        }
        Ok(())
    }

    fn made(&self) -> Result<Export, String> {
        let overlay = overlay_file::load(&self.file, &[]).map_err(|error| error.to_string())?;
        let plan = Plan::new(&self.file, &overlay, read).map_err(|error| error.to_string())?;
        let plan = if self.hosts.is_empty() { Ok(plan) } else { plan.dealt(&self.hosts) };
        let plan = plan.map_err(|error| error.to_string())?;
        let programs = programs::read(self.programs.as_deref(), self.target.programs)?;
        let wishes = Wishes { key: self.key.clone(), programs };
        (self.target.make)(&plan, &wishes).map_err(|error| error.to_string())
    }
}

/// Reads a key-value file to copy it.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = escape_path(path);
    // A pipe would be read to its end, and a device may have none.
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return Err(format!("{file} is no ordinary file, so it can't be copied"));
    }
    loading::read(path, KV_LEN_MAX).map_err(|error| format!("cannot read {file}: {error}"))
}
