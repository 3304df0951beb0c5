//! The line reader: what the user types, one line each time the conversation asks for one.
//!
//! It reads only when asked, so a prompt never appears among the answers, and what is piped in waits until it is due.

use super::history::History;
use super::modes;
use crossbeam_channel::{Receiver, Sender};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{MemHistory, SearchDirection};
use rustyline::validate::Validator;
use rustyline::{
    Cmd, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext, EventHandler,
};
use rustyline::{Helper, KeyEvent, RepeatCount};
use std::collections::BTreeSet;
use std::io::{self, BufRead, Read, Write};
use std::mem;
use std::path::PathBuf;

/// The prompt of an interactive client.
pub const PROMPT: &str = "key> ";

/// What came of asking for a line.
#[derive(Debug)]
pub enum LineRead {
    /// A line as typed, without its end.
    Typed(Vec<u8>),
    /// Ctrl-C at the prompt.
    Interrupted,
    /// Ctrl-D, or the end of the input.
    End,
    /// Bytes that the line editor can't take, because they are not UTF-8.
    Unreadable,
    /// A line of more than [`LINE_LEN_MAX`] bytes. Its rest is skipped.
    TooLong,
    /// The input can't be read.
    Failed(io::Error),
}

/// Where lines come from.
pub trait LineSource {
    /// The next line; blocks until there is one.
    fn next_line(&mut self) -> LineRead;
}

/// Bytes of the longest line that is read: any key, and some white space round it.
pub const LINE_LEN_MAX: usize = 1 << 17;

/// What some editors put in front of UTF-8 (P-32).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Lines from a file or pipe, or from a terminal that cannot show an editor. A byte order mark in front is skipped.
#[derive(Debug)]
pub struct PlainLines<R> {
    input: R,
    /// Whether to prompt on standard error, because a person types.
    prompting: bool,
    /// Nothing is read yet.
    is_first: bool,
    /// What comes up to the next end of a line belongs to one that was too long.
    is_skipping: bool,
}

impl<R: BufRead> PlainLines<R> {
    /// Reads from `input`.
    pub fn new(input: R, prompting: bool) -> Self {
        Self { input, prompting, is_first: true, is_skipping: false }
    }

    /// The next line, read no further than it may be long.
    fn read(&mut self) -> io::Result<LineRead> {
        if mem::take(&mut self.is_skipping) {
            self.input.skip_until(b'\n')?;
        }
        let mut line = Vec::new();
        // With its end, a line that is too long by one byte fills this.
        (&mut self.input).take(LINE_LEN_MAX as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(LineRead::End);
        }
        if line.pop_if(|last| *last == b'\n').is_none() && line.len() > LINE_LEN_MAX {
            self.is_skipping = true;
            return Ok(LineRead::TooLong);
        }
        if mem::take(&mut self.is_first) && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(LineRead::Typed(line))
    }
}

impl<R: BufRead> LineSource for PlainLines<R> {
    fn next_line(&mut self) -> LineRead {
        if self.prompting {
            let mut screen = io::stderr().lock();
            // Without a screen there is nobody to prompt.
            screen.write_all(PROMPT.as_bytes()).and_then(|()| screen.flush()).ok();
        }
        self.read().unwrap_or_else(LineRead::Failed)
    }
}

/// Lines that the history holds; the oldest go first.
pub const HISTORY_LINES_MAX: usize = 1_000;
/// Bytes of the longest line that it takes.
pub const HISTORY_LINE_LEN_MAX: usize = 1_024;

/// Lines edited at a terminal, with a history.
pub struct EditedLines {
    editor: Editor<KeysBefore, MemHistory>,
    /// What is kept between runs, if anything.
    kept: Option<History>,
}

impl EditedLines {
    /// An editor on standard input and output, with the history that is kept in the file `history`.
    ///
    /// A history that can't be kept is said in the log; the editor does without.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn new(history: Option<PathBuf>) -> io::Result<Self> {
        // Pasted lines are lines: each is a key of its own.
        let config = Config::builder().bracketed_paste(false).completion_type(CompletionType::List);
        let config = config.max_history_size(HISTORY_LINES_MAX).map_err(io::Error::other)?.build();
        let kept = history.map(|file| History::start(file, config.clone()));
        let lines = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, lines).map_err(io::Error::other)?;
        editor.set_helper(Some(KeysBefore));
        // A Ctrl-D typed during a wait, when the terminal edits lines itself, arrives as a NUL.
        editor.bind_sequence(KeyEvent::ctrl('@'), Cmd::EndOfFile);
        editor.bind_sequence(KeyEvent::ctrl(' '), Cmd::EndOfFile);
        editor.bind_sequence(KeyEvent::ctrl('Z'), EventHandler::Conditional(Box::new(Suspend)));
        Ok(Self { editor, kept })
    }

    /// Keeps `line`, at once where the file can be written, so that none is lost however the program ends.
    fn remember(&mut self, line: &str) {
        // A line that the history does not take is still a line.
        if line.len() <= HISTORY_LINE_LEN_MAX && self.editor.add_history_entry(line).unwrap_or(false) {
            self.kept.iter_mut().for_each(|kept| kept.keep(line));
            self.settle();
        }
    }

    /// Puts what earlier runs left in front of what was typed in this one, once it is there.
    fn settle(&mut self) {
        let earlier = self.kept.as_mut().map(History::settle).unwrap_or_default();
        if earlier.is_empty() {
            return;
        }
        let typed = entries(self.editor.history());
        // A history in memory takes whatever comes.
        self.editor.clear_history().ok();
        for line in earlier.iter().chain(&typed) {
            self.editor.add_history_entry(line).ok();
        }
    }
}

/// The lines of a history, the oldest first.
fn entries(history: &dyn rustyline::history::History) -> Vec<String> {
    let entry = |index| Some(history.get(index, SearchDirection::Forward).ok()??.entry.into_owned());
    (0..history.len()).filter_map(entry).collect()
}

/// What Tab offers: the keys that were asked for before and begin as this one does.
struct KeysBefore;

impl Completer for KeysBefore {
    type Candidate = String;

    fn complete(&self, line: &str, place: usize, context: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line[..place].trim_start();
        let before: BTreeSet<String> =
            entries(context.history()).into_iter().filter(|entry| entry.starts_with(typed)).collect();
        Ok((place - typed.len(), before.into_iter().collect()))
    }
}

impl Hinter for KeysBefore {
    type Hint = String;
}

impl Highlighter for KeysBefore {}

impl Validator for KeysBefore {}

impl Helper for KeysBefore {}

/// Ctrl-Z at the prompt: the editor's own would leave the modes of a wait to the shell.
struct Suspend;

impl ConditionalEventHandler for Suspend {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        modes::suspend_group();
        Some(Cmd::Repaint)
    }
}

impl LineSource for EditedLines {
    fn next_line(&mut self) -> LineRead {
        self.settle();
        modes::claim();
        match self.editor.readline(PROMPT) {
            Ok(line) => {
                self.remember(&line);
                LineRead::Typed(line.into_bytes())
            }
            Err(ReadlineError::Interrupted) => LineRead::Interrupted,
            Err(ReadlineError::Eof) => LineRead::End,
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => LineRead::Unreadable,
            Err(ReadlineError::Io(error)) => LineRead::Failed(error),
            Err(error) => LineRead::Failed(io::Error::other(error)),
        }
    }
}

/// Answers each request on `asked_rx` with a line on `line_tx`, until the conversation is over or there are no more
/// lines.
pub fn run(mut lines: impl LineSource, asked_rx: &Receiver<()>, line_tx: &Sender<LineRead>) {
    for () in asked_rx {
        let line = lines.next_line();
        let last = matches!(line, LineRead::End | LineRead::Failed(_));
        if line_tx.send(line).is_err() || last {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p45_lines_come_without_their_ends_and_the_last_needs_none() {
        let mut lines = PlainLines::new(&b"http\r\n\nlatin\xe9"[..], false);
        let mut typed = Vec::new();
        while let LineRead::Typed(line) = lines.next_line() {
            typed.push(line);
        }
        assert_eq!(typed, [&b"http\r"[..], b"", b"latin\xe9"]);
    }

    #[test]
    fn p45_a_line_without_an_end_is_refused_before_it_is_read_to_its_end_and_the_next_one_is_read() {
        let endless = io::repeat(b'x');
        let mut lines = PlainLines::new(io::BufReader::new(endless), false);
        assert!(matches!(lines.next_line(), LineRead::TooLong));

        for (excess, fits) in [(0, true), (1, false)] {
            let text = ["x".repeat(LINE_LEN_MAX + excess), "\nhttp\n".to_owned()].concat();
            let mut lines = PlainLines::new(text.as_bytes(), false);
            assert_eq!(matches!(lines.next_line(), LineRead::Typed(line) if line.len() == LINE_LEN_MAX), fits);
            assert!(matches!(lines.next_line(), LineRead::Typed(line) if line == b"http"), "{excess} too many");
            assert!(matches!(lines.next_line(), LineRead::End));
        }
    }

    #[test]
    fn p45_a_byte_order_mark_is_skipped_in_front_of_the_first_line_and_nowhere_else() {
        let mut lines = PlainLines::new("\u{feff}http\n\u{feff}smtp\n".as_bytes(), false);
        assert!(matches!(lines.next_line(), LineRead::Typed(line) if line == b"http"));
        assert!(matches!(lines.next_line(), LineRead::Typed(line) if line == "\u{feff}smtp".as_bytes()));
    }
}
