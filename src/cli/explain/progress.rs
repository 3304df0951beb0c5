//! How far the reading is, on a terminal's standard error.

use crate::console::standard_error::say;
use crate::console::terminal::{bar, fit};
use crate::telling::Language;
use crate::telling::counted::EVENT;
use std::io::{self, IsTerminal, Read};

/// What is read faster than one could look needs no bar.
const TOTAL_MIN: u64 = 32 << 20;

/// So many bytes further, it is drawn again.
const STEP: u64 = 4 << 20;

/// Back to the beginning of the line, which is erased.
const ERASE: &str = "\r\x1b[K";

const MEBIBYTE: u64 = 1 << 20;

/// Of how many bytes how many are read.
#[derive(Debug, Default)]
pub(super) struct Progress {
    total: u64,
    done: u64,
    due: u64,
    language: Language,
    /// Those of the terminal, if anything is to be drawn.
    columns: Option<usize>,
}

impl Progress {
    /// Of so many bytes nothing is read yet.
    pub(super) fn begin(total: u64, language: Language) -> Self {
        let is_shown = total >= TOTAL_MIN && io::stderr().is_terminal();
        let columns = || rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
        Self { total, done: 0, due: 0, language, columns: is_shown.then(columns).flatten() }
    }

    /// The same as `input`, counted.
    pub(super) fn count<R: Read>(&mut self, input: R) -> Counted<'_, R> {
        Counted { input, progress: self }
    }

    fn add(&mut self, len: u64) {
        self.done += len;
        if self.done >= self.due {
            self.due = self.done + STEP;
            self.show(line);
        }
    }

    /// All is read, and is worked out now.
    pub(super) fn work_out(&self, events: usize) {
        let events = self.language.count(events as u64, EVENT);
        let text = format!("{} {events}", self.language.of("working out", "calculando"));
        self.show(|_, columns| fit(&text, columns));
    }

    /// Leaves no trace on the terminal.
    pub(super) fn end(&self) {
        self.show(|_, _| String::new());
    }

    fn show(&self, text: impl FnOnce(&Self, usize) -> String) {
        if let Some(columns) = self.columns {
            say(format!("{ERASE}{}", text(self, columns.saturating_sub(1))).as_bytes());
        }
    }
}

/// How far it is, in so many columns.
fn line(progress: &Progress, columns: usize) -> String {
    let &Progress { total, done, language, .. } = progress;
    // What still grows may be more by now.
    let percent = (100 * done).checked_div(total).unwrap_or(100).min(100);
    let mebibytes = total / MEBIBYTE;
    let text = match language {
        Language::English => format!("{percent} % of {mebibytes} MiB read"),
        Language::Portuguese => format!("{percent} % de {mebibytes} MiB lidos"),
    };
    bar(done, total, &text, columns).unwrap_or_else(|| fit(&text, columns))
}

/// An input whose bytes are counted.
pub(super) struct Counted<'a, R> {
    input: R,
    progress: &'a mut Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let len = self.input.read(bytes)?;
        self.progress.add(len as u64);
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_and_says_how_much_of_what() {
        let half = Progress { total: 1 << 30, done: 1 << 29, ..Progress::default() };
        assert_eq!(line(&half, 45), "[##########----------]  50 % of 1024 MiB read");
        for columns in 0..100 {
            assert!(line(&half, columns).len() <= columns, "{columns}");
        }
        let grown = Progress { total: 1 << 25, done: 1 << 26, ..Progress::default() };
        assert_eq!(line(&grown, 20), "100 % of 32 MiB read");
        let mut read = Vec::new();
        let mut progress = Progress::default();
        progress.count(&b"bytes"[..]).read_to_end(&mut read).unwrap();
        assert_eq!((read.as_slice(), progress.done), (&b"bytes"[..], 5));
    }
}
