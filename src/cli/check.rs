//! `tp3 check servent|client -- COMMAND...` and `tp3 check class FILE`.

mod class;
mod inputs;
mod outputs;

use super::explain::{Lang, language};
use super::overlay::SERVENT_MODE;
use super::{
    EXIT_INTERRUPTED, EXIT_TERMINATED, EXIT_USAGE, command, complain, exit_of_output, exit_with_usage, manual, say,
    signals, written,
};
use crate::actor::crew::Crew;
use crate::conformance::checking::table;
use crate::conformance::report::{Report, framing_line, isolation_warning, json_of_error, not_ready, progress};
use crate::conformance::{Check, CheckError, Checked, Edition, Framing, ProbeResult, Target, Verdict, World};
use crate::launching::Template;
use crate::serving::FileId;
use crate::telling::Language;
use crate::text::escape_path;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use inputs::Selector;
use outputs::{Progress, print, style};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// The program's name, and the verb.
const NAME: &str = "tp3 check";

/// Whether a servent or client, in any language, keeps the protocol
///
/// Starts COMMAND anew for each of many probes, with PORT FILE IP:PORT... behind it for a servent and IP:PORT for a client,
/// as the assignment has it, talks to it, and tells clause by clause what is wrong, with the bytes expected and found.
/// {port}, {file}, {neighbours}, {neighbour...} and {address} in COMMAND place them otherwise.
///
/// As root each probe has a network of its own. Otherwise the program runs in this one, on loopback.
///
/// class checks many programs: a line of FILE for each, NAME, a tab, servent or client, a tab, COMMAND.
#[derive(Clone, Debug, Parser)]
#[command(
    name = NAME,
    bin_name = NAME,
    override_usage = "tp3 check [OPTIONS] servent|client -- COMMAND...\n       tp3 check [OPTIONS] class FILE"
)]
pub(super) struct CheckArgs {
    /// What is checked: servent, client, or class for many
    #[arg(value_name = "WHAT", hide_possible_values = true)]
    what: What,
    /// The programs of a class
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The program and its arguments, behind a --
    #[arg(value_name = "COMMAND", last = true)]
    command: Vec<OsString>,
    /// Judge by this edition of the assignment: 2016 or 2017
    ///
    /// That of 2017 demands a NUL behind texts, and limits keys to 40 bytes and values to 160.
    #[arg(
        long,
        value_name = "YEAR",
        default_value = "2016",
        hide_possible_values = true,
        hide_default_value = true,
        hide_short_help = true
    )]
    edition: Year,
    /// Run only these probes, by id, chapter, level or clause
    ///
    /// Several with commas between them, or the option again. Those that they rest on are run as well, and not told.
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = Selector, hide_possible_values = true)]
    only: Vec<String>,
    /// Leave these probes out
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = Selector, hide_possible_values = true)]
    skip: Vec<String>,
    /// The probes in this file are known not to pass
    ///
    /// An id a line; # begins a comment. They do not make the exit code 1, unless one of them passes.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Tell every conversation, datagram by datagram
    #[arg(short, long)]
    verbose: bool,
    /// Print a JSON object for each program, a line each
    #[arg(long)]
    json: bool,
    /// Write a page with every conversation, for any browser
    #[arg(long, value_name = "HTML")]
    page: Option<PathBuf>,
    /// Write the results as JUnit's XML
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// class: write the table for spreadsheets
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print the probes and do nothing else
    #[arg(long)]
    list: bool,
    /// Tell in this language, en or pt [default: locale's]
    #[arg(long, value_name = "LANG", hide_possible_values = true)]
    lang: Option<Lang>,
    /// Run so many probes at a time
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = inputs::jobs)]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// a servent
    Servent,
    /// a client
    Client,
    /// many programs
    Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Year {
    /// the first edition
    #[value(name = "2016")]
    Of2016,
    /// the later edition
    #[value(name = "2017")]
    Of2017,
}

/// Runs the tool with the words behind its verb.
pub(super) fn main(words: Vec<OsString>) -> ExitCode {
    let args = match command::read::<CheckArgs>(&manual::CHECK, words) {
        Ok(args) => args,
        Err(ended) => return ended,
    };
    let language = language(args.lang);
    if args.list {
        return exit_of_output(print(&listed(&args, language)), &manual::CHECK);
    }
    if let Err(error) = args.consistent(language) {
        return exit_with_usage(&error, &manual::CHECK);
    }
    let stop: Arc<AtomicBool> = Arc::default();
    let signal: Arc<AtomicI32> = Arc::default();
    let mut crew = Crew::default();
    let (events_tx, _events_rx) = crossbeam_channel::unbounded::<()>();
    let (came, stopped) = (Arc::clone(&signal), Arc::clone(&stop));
    let translate = move |number| {
        came.store(number, Ordering::Relaxed);
        stopped.store(true, Ordering::Relaxed);
        None
    };
    let guard = match signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGHUP], &[], events_tx, translate) {
        Ok(guard) => guard,
        Err(error) => {
            complain(NAME, format_args!("cannot listen to signals: {error}"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let ended = match &args.file {
        Some(file) => class::check(&args, file, &stop, language),
        None => check(&args, &stop, language),
    };
    drop(guard);
    crew.join().ok();
    match signal.load(Ordering::Relaxed) {
        0 => ended,
        SIGINT => ExitCode::from(EXIT_INTERRUPTED),
        _ => ExitCode::from(EXIT_TERMINATED),
    }
}

impl CheckArgs {
    /// # Errors
    /// Arguments that do not go together.
    fn consistent(&self, language: Language) -> Result<(), clap::Error> {
        self.check_files(language).map_err(|message| Self::command().error(ErrorKind::ValueValidation, message))?;
        let error = |kind, message: String| Err(CheckArgs::command().error(kind, message));
        let missing = |message: &str| error(ErrorKind::MissingRequiredArgument, message.to_owned());
        let conflict = |message: &str| error(ErrorKind::ArgumentConflict, message.to_owned());
        match (self.what, &self.file) {
            (What::Class, None) => {
                missing("FILE is missing: a line for each program, NAME, servent or client, COMMAND")
            }
            (What::Class, Some(_)) if !self.command.is_empty() => conflict("a class has its commands in FILE"),
            (What::Class, Some(_)) if self.expect.is_some() => conflict("--expect is for a single program"),
            (What::Class, Some(_)) if self.junit.is_some() => conflict("--junit is for a single program"),
            (What::Class, Some(_)) => Ok(()),
            (What::Servent | What::Client, Some(file)) => error(
                ErrorKind::UnknownArgument,
                format!("unexpected '{}': COMMAND stands behind a --", escape_path(file)),
            ),
            _ if self.command.is_empty() => missing("COMMAND is missing: the program to check, behind a --"),
            _ if self.csv.is_some() => conflict("--csv is for a class"),
            _ => Ok(()),
        }
    }

    /// That nothing that is read is overwritten.
    fn check_files(&self, language: Language) -> Result<(), String> {
        let read = self.file.iter().chain(&self.expect).map(|file| FileId::at(file));
        let files = [("--page", &self.page), ("--junit", &self.junit), ("--csv", &self.csv)];
        written::check(read, files.map(|(option, file)| (option, file.as_deref())), language)
    }

    /// Which programs there are probes for.
    fn targets(&self) -> &'static [Target] {
        match self.what {
            What::Servent => &[Target::Servent],
            What::Client => &[Target::Client],
            What::Class => &[Target::Servent, Target::Client],
        }
    }

    fn edition(&self) -> Edition {
        match self.edition {
            Year::Of2016 => Edition::Of2016,
            Year::Of2017 => Edition::Of2017,
        }
    }

    /// The check of a program.
    fn check(&self, target: Target, words: &[OsString], stop: &Arc<AtomicBool>) -> io::Result<Check> {
        let own = env::current_exe()?;
        let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command is empty");
        let world = World {
            ours: vec![own.clone().into(), SERVENT_MODE.into(), process::id().to_string().into()],
            launcher: own,
            command: Template::new(words.to_vec()).ok_or_else(empty)?,
            target,
            edition: self.edition(),
            framing: Framing::default(),
            is_isolated: false,
            stop: Arc::clone(stop),
        };
        Ok(Check { world, only: self.only.clone(), skip: self.skip.clone() })
    }
}

/// Checks one program.
fn check(args: &CheckArgs, stop: &Arc<AtomicBool>, language: Language) -> ExitCode {
    let known = match args.expect.as_deref().map_or_else(|| Ok(Vec::new()), inputs::known) {
        Ok(known) => known,
        Err(error) => {
            complain(NAME, error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let target = args.targets()[0];
    let check = match args.check(target, &args.command, stop) {
        Ok(check) => check,
        Err(error) => {
            complain(NAME, error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let total = match check.chosen() {
        Ok(chosen) => chosen.len(),
        Err(error) => {
            let message = error.words().of(language).to_owned();
            return exit_with_usage(&CheckArgs::command().error(ErrorKind::ValueValidation, message), &manual::CHECK);
        }
    };
    let progress = Progress::new(total, language, progress);
    let found = |framing: Option<Framing>, is_isolated: bool| {
        progress.clear();
        if !is_isolated {
            say(isolation_warning().of(language));
        }
        say(framing_line(framing).of(language));
        progress.show();
    };
    let told = |result: &ProbeResult| progress.one_more(matches!(result.verdict, Verdict::Fail(_)));
    progress.show();
    let finished = check.run(args.jobs, &found, &told);
    progress.end();
    match finished {
        Ok(checked) => {
            let report = report(args, target, &checked, &known);
            match outputs::tell(args, &report, language) {
                Ok(()) => ExitCode::from(report.exit_code()),
                Err(ended) => ended,
            }
        }
        Err(error) => no_verdict(args, target, &error, language),
    }
}

fn report<'a>(args: &'a CheckArgs, target: Target, checked: &'a Checked, known: &'a [String]) -> Report<'a> {
    Report { target, edition: args.edition(), command: &args.command, checked, known }
}

/// Says why nothing could be judged.
fn no_verdict(args: &CheckArgs, target: Target, error: &CheckError, language: Language) -> ExitCode {
    let words = error.words();
    complain(NAME, words.of(language));
    if let CheckError::NotReady(failure) = error {
        say(not_ready(failure, style(language, &io::stderr())).trim_end());
    }
    if args.json
        && let Err(error) = print(&json_of_error(target, args.edition(), &args.command, words.of(language)))
    {
        exit_of_output(Err(error), &manual::CHECK);
    }
    ExitCode::from(EXIT_USAGE)
}

/// The probes, a line each.
fn listed(args: &CheckArgs, language: Language) -> String {
    let probes = args.targets().iter().flat_map(|&target| table(target, args.edition()));
    let line = |probe: &crate::conformance::Probe| {
        format!("{:28} {:5} {:10} {}\n", probe.id, probe.clause, probe.level.name(), probe.promise.of(language))
    };
    probes
        .filter(|probe| (args.only.is_empty() || probe.is_any_of(&args.only)) && !probe.is_any_of(&args.skip))
        .map(line)
        .collect()
}
