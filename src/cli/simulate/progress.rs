//! How far a sweep is, on a terminal's standard error.

use crate::console::standard_error::{flush, say};
use crate::console::terminal::{bar, fit};
use crate::telling::Language;
use crate::telling::counted::QUESTION;
use std::env;
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};

/// Back to the beginning of the line, which is erased.
const ERASE: &str = "\r\x1b[K";

/// Of how many questions how many were asked, told by several threads.
pub(super) struct Progress {
    total: u64,
    done: AtomicU64,
    language: Language,
    /// Those of the terminal, if anything is to be drawn.
    columns: Option<usize>,
}

impl Progress {
    /// Of so many questions none was asked yet.
    pub(super) fn begin(total: u64, language: Language) -> Self {
        let is_plain = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_shown = io::stderr().is_terminal() && !is_plain;
        let columns = || rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
        Self { total, done: AtomicU64::new(0), language, columns: is_shown.then(columns).flatten() }
    }

    /// So many more were asked.
    pub(super) fn add(&self, asked: u32) {
        let before = self.done.fetch_add(asked.into(), Ordering::Relaxed);
        let now = before + u64::from(asked);
        if let Some(columns) = self.columns
            && self.percent(before) != self.percent(now)
        {
            say(format!("{ERASE}{}", self.line(now, columns.saturating_sub(1))).as_bytes());
        }
    }

    /// Leaves no trace on the terminal, before standard output has its turn.
    pub(super) fn end(&self) {
        if self.columns.is_some() {
            say(ERASE.as_bytes());
            flush();
        }
    }

    fn percent(&self, done: u64) -> u64 {
        (100 * done).checked_div(self.total).unwrap_or(100)
    }

    fn line(&self, done: u64, columns: usize) -> String {
        let of = self.language.of("of", "de");
        let text = format!("{} % {of} {}", self.percent(done), self.language.count(self.total, QUESTION));
        bar(done, self.total, &text, columns).unwrap_or_else(|| fit(&text, columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_and_says_how_much_of_what() {
        let total = Progress { total: 9_000, done: AtomicU64::new(0), language: Language::English, columns: None };
        assert_eq!(total.line(4_500, 46), "[##########----------]  50 % of 9000 questions");
        for columns in 0..100 {
            assert!(total.line(10, columns).len() <= columns, "{columns}");
        }
    }
}
