//! What is told while a check runs, and in the end: on a terminal, and in files.

use super::super::{EXIT_USAGE, complain, exit_of_output, manual};
use super::{CheckArgs, NAME};
use crate::conformance::Words;
use crate::conformance::report::{self, Report};
use crate::console::patient::Patient;
use crate::console::standard_error;
use crate::telling::{Language, Style};
use crate::text::escape_path;
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Columns where an output is no terminal.
const WIDTH: usize = 100;

/// How text is told on an output.
pub(super) fn style(language: Language, output: &(impl RawStream + std::os::fd::AsFd)) -> Style {
    let columns = rustix::termios::tcgetwinsize(output).ok().map(|size| usize::from(size.ws_col));
    Style {
        language,
        width: columns.filter(|&columns| columns > 0).unwrap_or(WIDTH),
        is_coloured: AutoStream::choice(output) != ColorChoice::Never,
    }
}

/// Tells all of a check that is wanted.
///
/// # Errors
/// The end of the program, where something could not be written.
pub(super) fn tell(args: &CheckArgs, report: &Report<'_>, language: Language) -> Result<(), ExitCode> {
    write(args.page.as_deref(), || report::page(report, language))?;
    write(args.junit.as_deref(), || report::junit(report, language))?;
    let text = if args.json {
        report::json(report, language, args.verbose)
    } else {
        report::text(report, style(language, &io::stdout()), args.verbose)
    };
    printed(&text)
}

/// Prints the result.
///
/// # Errors
/// See [`tell`].
pub(super) fn printed(text: &str) -> Result<(), ExitCode> {
    match print(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(exit_of_output(Err(error), &manual::CHECK)),
        _ => Ok(()),
    }
}

/// Prints a text.
///
/// # Errors
/// What the system says.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut output = Patient(io::stdout());
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Writes a file, if it is wanted.
///
/// # Errors
/// See [`tell`].
pub(super) fn write(file: Option<&Path>, text: impl FnOnce() -> String) -> Result<(), ExitCode> {
    let Some(file) = file else { return Ok(()) };
    fs::write(file, text()).map_err(|error| {
        complain(NAME, format_args!("{}: {error}", escape_path(file)));
        ExitCode::from(EXIT_USAGE)
    })
}

/// How far a check is, on the last line of a terminal.
pub(super) struct Progress {
    is_shown: bool,
    language: Language,
    total: usize,
    done: AtomicUsize,
    failed: AtomicUsize,
    words: fn(usize, usize, usize) -> Words,
}

impl Progress {
    /// Of so many, told as `words` has it of how many are done, of how many, and how many failed.
    pub(super) fn new(total: usize, language: Language, words: fn(usize, usize, usize) -> Words) -> Self {
        let is_plain = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_shown = io::stderr().is_terminal() && !is_plain;
        Self { is_shown, language, total, done: AtomicUsize::new(0), failed: AtomicUsize::new(0), words }
    }

    /// One more is known.
    pub(super) fn one_more(&self, is_failure: bool) {
        self.failed.fetch_add(usize::from(is_failure), Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
        self.show();
    }

    /// Shows it.
    pub(super) fn show(&self) {
        let (done, failed) = (self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        self.put((self.words)(done, self.total, failed).of(self.language));
    }

    /// Takes the line away, for something else to be said.
    pub(super) fn clear(&self) {
        self.put("");
    }

    /// Takes the line away, before standard output has its turn.
    pub(super) fn end(&self) {
        self.clear();
        standard_error::flush();
    }

    fn put(&self, text: &str) {
        if self.is_shown {
            standard_error::say(format!("\r{text}\x1b[K").as_bytes());
        }
    }
}
