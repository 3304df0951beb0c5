//! A program in a terminal of its own.

use super::{DEADLINE, TempDir};
pub(crate) use rexpect::process::Signal;
use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The program and what it shows: one `char` a byte. Dropping it kills the program.
pub(crate) struct Terminal {
    session: PtySession,
    /// The state directory of one that was given none.
    _state: Option<TempDir>,
}

impl Terminal {
    /// With a state directory of its own: no history of the user's, nor of another test.
    pub(crate) fn start(binary: &str, args: &[String]) -> Self {
        let state = TempDir::new();
        let session = Self::spawn(Self::command(binary, args).env("XDG_STATE_HOME", state.path()));
        Self { session, _state: Some(state) }
    }

    /// With what was typed before, if its history is kept in this state directory.
    pub(crate) fn start_with_state(binary: &str, args: &[String], state: &Path) -> Self {
        let session = Self::spawn(Self::command(binary, args).env("XDG_STATE_HOME", state));
        Self { session, _state: None }
    }

    fn command(binary: &str, args: &[String]) -> Command {
        let mut command = Command::new(binary);
        // Colours have tests of their own: elsewhere they would stand between what is looked for.
        command.args(args).env("TERM", "xterm").env("NO_COLOR", "1").env_remove("RUST_LOG");
        command
    }

    fn spawn(command: &mut Command) -> PtySession {
        let command = std::mem::replace(command, Command::new("true"));
        let deadline_ms = u64::try_from(DEADLINE.as_millis()).unwrap();
        spawn_with_options(command, Options::new().timeout_ms(Some(deadline_ms))).unwrap()
    }

    /// Waits until `text` is shown, and returns what stood before it; fails at the deadline.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        self.session.exp_string(text).unwrap()
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    /// Types these bytes at once.
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) {
        self.session.process().get_file_handle().unwrap().write_all(bytes).unwrap();
    }

    /// The terminal itself, to ask for its modes also after the program's end.
    pub(crate) fn handle(&self) -> File {
        self.session.process().get_file_handle().unwrap()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.session.process_mut().signal(signal).unwrap();
    }

    /// Types Ctrl and a letter.
    pub(crate) fn type_control(&mut self, letter: char) {
        self.session.send_control(letter).unwrap();
    }

    /// Waits for the end, which must be by this signal.
    pub(crate) fn expect_killed(mut self, signal: Signal) {
        let rest = self.session.exp_eof().unwrap();
        match self.session.process().wait() {
            Ok(WaitStatus::Signaled(_, found, _)) => assert_eq!(found, signal, "{rest:?}"),
            other => panic!("{other:?} after {rest:?}"),
        }
    }

    /// Waits for the end, which must be a normal one with this code, and returns what was shown last.
    pub(crate) fn expect_end(mut self, code: i32) -> String {
        let rest = self.session.exp_eof().unwrap();
        match self.session.process().wait() {
            Ok(WaitStatus::Exited(_, found)) => assert_eq!(found, code, "{rest:?}"),
            other => panic!("{other:?} after {rest:?}"),
        }
        rest
    }
}
