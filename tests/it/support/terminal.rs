//! A program in a terminal of its own.

use super::DEADLINE;
pub(crate) use rexpect::process::Signal;
use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};
use std::fs::File;
use std::io::Write;
use std::process::Command;

/// The program and what it shows: one `char` a byte. Dropping it kills the program.
pub(crate) struct Terminal(PtySession);

impl Terminal {
    pub(crate) fn start(binary: &str, args: &[String]) -> Self {
        let mut command = Command::new(binary);
        command.args(args).env("TERM", "xterm").env_remove("RUST_LOG");
        let deadline_ms = u64::try_from(DEADLINE.as_millis()).unwrap();
        Self(spawn_with_options(command, Options::new().timeout_ms(Some(deadline_ms))).unwrap())
    }

    /// Waits until `text` is shown, and returns what stood before it; fails at the deadline.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.0.exp_string(text).unwrap()
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.0.send_line(line).unwrap();
    }

    /// Types these bytes at once.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) {
        self.0.process().get_file_handle().unwrap().write_all(bytes).unwrap();
    }

    /// The terminal itself, to ask for its modes also after the program's end.
    pub(crate) fn handle(&self) -> File {
        self.0.process().get_file_handle().unwrap()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.0.process_mut().signal(signal).unwrap();
    }

    /// Types Ctrl and a letter.
    pub(crate) fn type_control(&mut self, letter: char) {
        self.0.send_control(letter).unwrap();
    }

    /// Waits for the end, which must be a normal one with this code, and returns what was shown last.
    pub(crate) fn expect_end(mut self, code: i32) -> String {
        let rest = self.0.exp_eof().unwrap();
        match self.0.process().wait() {
            Ok(WaitStatus::Exited(_, found)) => assert_eq!(found, code, "{rest:?}"),
            other => panic!("{other:?} after {rest:?}"),
        }
        rest
    }
}
