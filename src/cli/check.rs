//! `tp3 check servent|client -- COMMAND...`

use super::explain::{Lang, language};
use super::overlay::SERVENT_MODE;
use super::{
    EXIT_INTERRUPTED, EXIT_OK, EXIT_TERMINATED, EXIT_USAGE, command, complain, exit_of_output, exit_with_usage, manual,
    say, signals,
};
use crate::actor::crew::Crew;
use crate::conformance::checking::table;
use crate::conformance::probe::End;
use crate::conformance::report::text::text;
use crate::conformance::verdict::exit_code;
use crate::conformance::{Check, CheckError, Checked, Edition, Framing, ProbeResult, Shown, Target, World};
use crate::console::patient::Patient;
use crate::launching::Template;
use crate::telling::Language;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
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
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, bin_name = NAME)]
pub(super) struct CheckArgs {
    /// What COMMAND is: servent or client
    #[arg(value_name = "WHAT", hide_possible_values = true)]
    what: What,
    /// The program and its arguments, behind a --
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required_unless_present = "list"
    )]
    command: Vec<OsString>,
    /// Judge by this edition of the assignment: 2016 or 2017
    ///
    /// That of 2017 demands a NUL behind texts, and limits keys to 40 bytes and values to 160.
    #[arg(long, value_name = "YEAR", default_value = "2016", hide_possible_values = true, hide_default_value = true)]
    edition: Year,
    /// Run only these probes, by id; may be repeated
    ///
    /// Those that they rest on are run as well, and not told.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,
    /// Leave these probes out; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,
    /// Print the probes and do nothing else
    #[arg(long)]
    list: bool,
    /// Tell in this language, en or pt [default: locale's]
    #[arg(long, value_name = "LANG", hide_possible_values = true)]
    lang: Option<Lang>,
    /// Run so many probes at a time
    #[arg(long, hide_short_help = true, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// a servent
    Servent,
    /// a client
    Client,
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
    let stop: Arc<AtomicBool> = Arc::default();
    let check = match check(&args, Arc::clone(&stop)) {
        Ok(check) => check,
        Err(error) => {
            complain(NAME, error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if let Err(error @ (CheckError::NoProbe(_) | CheckError::NothingChosen)) = check.chosen() {
        let message = error.words().of(language).to_owned();
        return exit_with_usage(&CheckArgs::command().error(ErrorKind::ValueValidation, message), &manual::CHECK);
    }
    let signal: Arc<AtomicI32> = Arc::default();
    let mut crew = Crew::default();
    let (events_tx, _events_rx) = crossbeam_channel::unbounded::<()>();
    let came = Arc::clone(&signal);
    let translate = move |number| {
        came.store(number, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
        None
    };
    let guard = match signals::forward(&mut crew, &[SIGINT, SIGTERM, SIGHUP], &[], events_tx, translate) {
        Ok(guard) => guard,
        Err(error) => {
            complain(NAME, format_args!("cannot listen to signals: {error}"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let found = |framing: Option<Framing>, is_isolated: bool| say_found(framing, is_isolated, language);
    let finished = check.run(args.jobs, &found, &|_: &ProbeResult| {});
    drop(guard);
    crew.join().ok();
    let ended = match finished {
        Ok(checked) => report(&checked, language),
        Err(error) => {
            complain(NAME, cause(&error, language));
            ExitCode::from(EXIT_USAGE)
        }
    };
    match signal.load(Ordering::Relaxed) {
        0 => ended,
        SIGINT => ExitCode::from(EXIT_INTERRUPTED),
        _ => ExitCode::from(EXIT_TERMINATED),
    }
}

impl CheckArgs {
    fn target(&self) -> Target {
        match self.what {
            What::Servent => Target::Servent,
            What::Client => Target::Client,
        }
    }

    fn edition(&self) -> Edition {
        match self.edition {
            Year::Of2016 => Edition::Of2016,
            Year::Of2017 => Edition::Of2017,
        }
    }
}

/// What the arguments ask to be checked.
fn check(args: &CheckArgs, stop: Arc<AtomicBool>) -> io::Result<Check> {
    let own = env::current_exe()?;
    let empty = || io::Error::new(io::ErrorKind::InvalidInput, "the command is empty");
    let world = World {
        ours: vec![own.clone().into(), SERVENT_MODE.into(), process::id().to_string().into()],
        launcher: own,
        command: Template::new(args.command.clone()).ok_or_else(empty)?,
        target: args.target(),
        edition: args.edition(),
        framing: Framing::default(),
        is_isolated: false,
        stop,
    };
    Ok(Check { world, only: args.only.clone(), skip: args.skip.clone() })
}

/// The probes, a line each.
fn listed(args: &CheckArgs, language: Language) -> String {
    let probes = table(args.target(), args.edition());
    probes.iter().map(|probe| format!("{:28} {}\n", probe.id, probe.promise.of(language))).collect()
}

fn say_found(framing: Option<Framing>, is_isolated: bool, language: Language) {
    if !is_isolated {
        say(language.of(
            "warning: not root, so the program runs in this network and may send anywhere",
            "aviso: sem root, o programa roda nesta rede e pode enviar para qualquer lugar",
        ));
    }
    let framing = match framing {
        Some(framing) => framing.name().of(language).to_owned(),
        None => language
            .of("not known: no question was answered", "desconhecido: nenhuma consulta foi respondida")
            .to_owned(),
    };
    say(format_args!("{}: {framing}", language.of("framing", "formato dos textos")));
}

fn report(checked: &Checked, language: Language) -> ExitCode {
    let printed = print(&text(checked, language));
    match exit_of_output(printed, &manual::CHECK) {
        ended if ended != ExitCode::from(EXIT_OK) => ended,
        _ => ExitCode::from(exit_code(&checked.results, &[])),
    }
}

fn cause(error: &CheckError, language: Language) -> String {
    let words = error.words().of(language).to_owned();
    let CheckError::NotReady(failure) = error else { return words };
    let found = match &failure.found {
        Shown::Words(found) => found,
        _ => &failure.explanation,
    };
    let last_words = match &failure.end {
        Some(End::Ended { last_words, .. }) => last_words.as_slice(),
        _ => &[],
    };
    let last_words: String = last_words.iter().map(|line| format!("\n  | {line}")).collect();
    format!("{words}: {}{last_words}", found.of(language))
}

fn print(text: &str) -> io::Result<()> {
    let mut output = Patient(io::stdout());
    output.write_all(text.as_bytes())?;
    output.flush()
}
