//! `tp3 check class FILE`: many programs, several at a time.

use super::inputs::{self, Entry};
use super::outputs::{Progress, printed, style, write};
use super::{CheckArgs, NAME};
use crate::cli::{EXIT_FAILURE, EXIT_OK, EXIT_USAGE, complain, say};
use crate::conformance::report::{
    Entrant, class_page, class_progress, csv, isolation_warning, json_of_class, not_ready_line, table,
};
use crate::conformance::{CheckError, Checked, Target, Words};
use crate::telling::Language;
use crate::text::escape_path;
use parking_lot::Mutex;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// Programs that are checked at a time, for each core. Probes wait most of the time.
const AT_A_TIME_PER_CORE: usize = 2;

/// Probes of a program that run at a time.
const JOBS: usize = 4;

/// Probes of a client, likewise: they wait for seconds.
const CLIENT_JOBS: usize = 12;

/// Checks all programs of a file.
pub(super) fn check(args: &CheckArgs, file: &Path, stop: &Arc<AtomicBool>, language: Language) -> ExitCode {
    let name = escape_path(file);
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) => {
            complain(NAME, format_args!("{name}: {error}"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let (entries, wrong) = inputs::class(&text);
    wrong.iter().for_each(|(line, cause)| complain(NAME, format_args!("{name}:{line}: {cause}")));
    if entries.is_empty() {
        complain(NAME, format_args!("{name}: there is no program in it"));
        return ExitCode::from(EXIT_USAGE);
    }
    let entrants = match all(args, &entries, stop, language) {
        Ok(entrants) => entrants,
        Err(error) => {
            complain(NAME, error);
            return ExitCode::from(EXIT_USAGE);
        }
    };
    if let Err(ended) = tell(args, &entrants, language) {
        return ended;
    }
    let codes: Vec<_> = entrants.iter().map(|entrant| entrant.exit_code(args.edition())).collect();
    if codes.iter().all(|&code| code == EXIT_USAGE) {
        return ExitCode::from(EXIT_USAGE);
    }
    let is_good = wrong.is_empty() && codes.iter().all(|&code| code == EXIT_OK);
    ExitCode::from(if is_good { EXIT_OK } else { EXIT_FAILURE })
}

fn tell(args: &CheckArgs, entrants: &[Entrant], language: Language) -> Result<(), ExitCode> {
    let style = style(language, &io::stdout());
    write(args.page.as_deref(), || class_page(entrants, args.edition(), language))?;
    write(args.csv.as_deref(), || csv(entrants, args.edition(), language))?;
    printed(&if args.json {
        json_of_class(entrants, args.edition(), language, args.verbose)
    } else {
        table(entrants, args.edition(), style)
    })
}

/// Checks all, and tells them in the order of the file.
fn all(args: &CheckArgs, entries: &[Entry], stop: &Arc<AtomicBool>, language: Language) -> io::Result<Vec<Entrant>> {
    let progress = Progress::new(entries.len(), language, class_progress);
    let is_warned = AtomicBool::new(false);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((number, entry)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, entries.get(n)?)))
        {
            let found = |is_isolated: bool| {
                if !is_isolated && !is_warned.swap(true, Ordering::Relaxed) {
                    progress.clear();
                    say(isolation_warning().of(language));
                }
            };
            let ended = one(args, entry, stop, &found);
            progress.one_more(false);
            let Entry { name, target, command } = entry.clone();
            done.lock().push((number, Entrant { name, target, command, ended }));
        }
    };
    progress.show();
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|scope| {
        for number in 1..=entries.len().min(AT_A_TIME_PER_CORE * cores) {
            Builder::new().name(format!("class {number}")).spawn_scoped(scope, work)?;
        }
        Ok::<_, io::Error>(())
    })?;
    progress.end();
    let mut done = done.into_inner();
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, entrant)| entrant).collect())
}

/// Checks one.
fn one(args: &CheckArgs, entry: &Entry, stop: &Arc<AtomicBool>, found: &dyn Fn(bool)) -> Result<Checked, Words> {
    let jobs = match entry.target {
        Target::Servent => JOBS,
        Target::Client => CLIENT_JOBS,
    };
    let check = args.check(entry.target, &entry.command, stop);
    let check = check.map_err(|error| CheckError::System(error).words())?;
    let found = |_, is_isolated| found(is_isolated);
    check.run(Some(args.jobs.unwrap_or(jobs)), &found, &|_| {}).map_err(|error| not_ready_line(&error))
}
