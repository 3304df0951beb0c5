//! The line reader: what the user types, one line each time the conversation asks for one.
//!
//! It reads only when asked, so a prompt never appears among the answers, and what is piped in waits until it is due.

use super::standard_error;
use crossbeam_channel::{Receiver, Sender};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Cmd, Config, Editor, KeyEvent};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, BufRead};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
    /// The input can't be read.
    Failed(io::Error),
}

/// Where lines come from.
pub trait LineSource {
    /// The next line; blocks until there is one.
    fn next_line(&mut self) -> LineRead;
}

/// Lines from a file or pipe, or from a terminal that cannot show an editor.
#[derive(Debug)]
pub struct PlainLines<R> {
    input: R,
    /// Whether to prompt on standard error, because a person types.
    prompting: bool,
}

impl<R: BufRead> PlainLines<R> {
    /// Reads from `input`.
    pub fn new(input: R, prompting: bool) -> Self {
        Self { input, prompting }
    }
}

impl<R: BufRead> LineSource for PlainLines<R> {
    fn next_line(&mut self) -> LineRead {
        if self.prompting {
            standard_error::say(PROMPT.as_bytes());
        }
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) => LineRead::End,
            Ok(_) => {
                line.pop_if(|last| *last == b'\n');
                LineRead::Typed(line)
            }
            Err(error) => LineRead::Failed(error),
        }
    }
}

/// Lines that the history holds; the oldest go first.
pub const HISTORY_LINES_MAX: usize = 1_000;
/// Bytes of the longest line that it takes.
pub const HISTORY_LINE_LEN_MAX: usize = 1_024;

/// Lines edited at a terminal, with a history.
pub struct EditedLines {
    editor: Editor<(), FileHistory>,
    /// Where the history is kept between runs; `None` keeps it in memory only.
    history: Option<PathBuf>,
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
        let config = Config::builder().bracketed_paste(false).max_history_size(HISTORY_LINES_MAX);
        let config = config.map_err(io::Error::other)?.build();
        let kept = FileHistory::with_config(&config);
        let mut editor = Editor::with_history(config, kept).map_err(io::Error::other)?;
        // A Ctrl-D typed during a wait, when the terminal edits lines itself, arrives as a NUL.
        editor.bind_sequence(KeyEvent::ctrl('@'), Cmd::EndOfFile);
        editor.bind_sequence(KeyEvent::ctrl(' '), Cmd::EndOfFile);
        let mut lines = Self { editor, history };
        lines.with_history(|editor, file| {
            create_private(file)?;
            editor.load_history(file).map_err(io::Error::other)
        });
        Ok(lines)
    }

    /// Keeps `line`. Each is written at once, so that none is lost however the program ends; what other clients wrote
    /// meanwhile stays.
    fn remember(&mut self, line: &str) {
        // A line that the history does not take is still a line.
        if line.len() <= HISTORY_LINE_LEN_MAX && self.editor.add_history_entry(line).unwrap_or(false) {
            self.with_history(|editor, file| editor.append_history(file).map_err(io::Error::other));
        }
    }

    /// Does something with the file, and gives the file up if that fails.
    fn with_history(&mut self, act: impl FnOnce(&mut Editor<(), FileHistory>, &Path) -> io::Result<()>) {
        let Some(file) = &self.history else { return };
        if let Err(error) = act(&mut self.editor, file) {
            log::warn!("no history is kept in {}: {error}", file.display());
            self.history = None;
        }
    }
}

/// Makes `file`, and the folders that it is in, for their owner alone, unless they are there.
fn create_private(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(file).map(drop)
}

impl LineSource for EditedLines {
    fn next_line(&mut self) -> LineRead {
        // The editor writes to the terminal itself: what was said before stands above its prompt.
        standard_error::flush();
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
}
