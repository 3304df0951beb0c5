//! The line reader: what the user types, one line each time the conversation asks for one.
//!
//! It reads only when asked, so a prompt never appears among the answers, and what is piped in waits until it is due.

use crossbeam_channel::{Receiver, Sender};
use rustyline::error::ReadlineError;
use rustyline::{Cmd, Config, DefaultEditor, KeyEvent};
use std::io::{self, BufRead, Write};

/// The prompt of an interactive client.
pub const PROMPT: &str = "key> ";

/// What came of asking for a line.
#[derive(Debug)]
pub enum Line {
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
    fn next_line(&mut self) -> Line;
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
    fn next_line(&mut self) -> Line {
        if self.prompting {
            let mut screen = io::stderr().lock();
            // Without a screen there is nobody to prompt.
            screen.write_all(PROMPT.as_bytes()).and_then(|()| screen.flush()).ok();
        }
        let mut line = Vec::new();
        match self.input.read_until(b'\n', &mut line) {
            Ok(0) => Line::End,
            Ok(_) => {
                line.pop_if(|last| *last == b'\n');
                Line::Typed(line)
            }
            Err(error) => Line::Failed(error),
        }
    }
}

/// Lines edited at a terminal, with a history kept in memory.
pub struct EditedLines(DefaultEditor);

impl EditedLines {
    /// An editor on standard input and output.
    ///
    /// # Errors
    /// What the terminal says.
    pub fn new() -> io::Result<Self> {
        // Pasted lines are lines: each is a key of its own.
        let config = Config::builder().bracketed_paste(false).build();
        let mut editor = DefaultEditor::with_config(config).map_err(io::Error::other)?;
        // A Ctrl-D typed during a wait, when the terminal edits lines itself, arrives as a NUL.
        editor.bind_sequence(KeyEvent::ctrl('@'), Cmd::EndOfFile);
        editor.bind_sequence(KeyEvent::ctrl(' '), Cmd::EndOfFile);
        Ok(Self(editor))
    }
}

impl LineSource for EditedLines {
    fn next_line(&mut self) -> Line {
        match self.0.readline(PROMPT) {
            Ok(line) => {
                // A line that the history does not take is still a line.
                self.0.add_history_entry(line.as_str()).ok();
                Line::Typed(line.into_bytes())
            }
            Err(ReadlineError::Interrupted) => Line::Interrupted,
            Err(ReadlineError::Eof) => Line::End,
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => Line::Unreadable,
            Err(ReadlineError::Io(error)) => Line::Failed(error),
            Err(error) => Line::Failed(io::Error::other(error)),
        }
    }
}

/// Answers each request on `asked_rx` with a line on `line_tx`, until the conversation is over or there are no more
/// lines.
pub fn run(mut lines: impl LineSource, asked_rx: &Receiver<()>, line_tx: &Sender<Line>) {
    for () in asked_rx {
        let line = lines.next_line();
        let last = matches!(line, Line::End | Line::Failed(_));
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
        while let Line::Typed(line) = lines.next_line() {
            typed.push(line);
        }
        assert_eq!(typed, [&b"http\r"[..], b"", b"latin\xe9"]);
    }
}
