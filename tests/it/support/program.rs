//! A child process whose output is collected and which does not outlive its guard.

use super::{CLIENT, DEADLINE, SERVENT};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{PoisonError, RwLock};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// Read while a child is made: until it has become its program it has copies of all that is open here.
pub(super) static MAKING: RwLock<()> = RwLock::new(());

/// A running program. Dropping it kills it and waits for its end.
pub(crate) struct Program {
    pid: Pid,
    stdin: Option<ChildStdin>,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
    exit: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
}

/// How a program ended and all it said.
pub(crate) struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// From the wait's beginning to the end.
    pub(crate) waited: Duration,
}

impl Program {
    /// A command without the caller's log settings, with pipes at both outputs and nothing to read.
    pub(crate) fn command<S: AsRef<OsStr>>(binary: &str, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary);
        command.args(args).env_remove("RUST_LOG").env("RUST_BACKTRACE", "1");
        // The same tests judge both ways to hand work over: `TEST_HAND_OVER=queue cargo test --test it`.
        if let Some(way) = std::env::var_os("TEST_HAND_OVER").filter(|_| [SERVENT, CLIENT].contains(&binary)) {
            command.arg("--hand-over").arg(way);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts `binary` with nothing to read.
    pub(crate) fn start<S: AsRef<OsStr>>(binary: &str, args: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(&mut Self::command(binary, args))
    }

    /// Starts `binary` with a pipe to its standard input.
    pub(crate) fn start_with_stdin<S: AsRef<OsStr>>(binary: &str, args: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(Self::command(binary, args).stdin(Stdio::piped()))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = {
            let _making = MAKING.read().unwrap_or_else(PoisonError::into_inner);
            command.spawn().unwrap()
        };
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map_or_else(|| Lines::collect(io::empty()), Lines::collect);
        let stderr = child.stderr.take().map_or_else(|| Lines::collect(io::empty()), Lines::collect);
        Self { pid, stdin, stdout, stderr, exit: watch(child), status: None }
    }

    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("started with a pipe");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).unwrap();
    }

    /// End of input for the program.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the end; fails at the deadline.
    pub(crate) fn finish(self) -> Finished {
        self.finish_within(DEADLINE)
    }

    /// Waits for the end of what has deadlines of its own; fails after `wait`.
    pub(crate) fn finish_within(mut self, wait: Duration) -> Finished {
        let start = Instant::now();
        let status = match self.exit.recv_timeout(wait) {
            Ok(status) => status,
            Err(_) => panic!("pid {} runs on after {wait:?}", self.pid),
        };
        let waited = start.elapsed();
        self.status = Some(status);
        let stdout = self.stdout.read_to_end().concat();
        let stderr = String::from_utf8_lossy(&self.stderr.read_to_end().concat()).into_owned();
        Finished { code: status.code(), stdout, stderr, waited }
    }

    /// Interrupts and waits for the end.
    pub(crate) fn finish_by(self, signal: Signal) -> Finished {
        self.signal(signal);
        self.finish()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.status.is_none() {
            kill(self.pid, Signal::SIGKILL).ok();
            self.exit.recv_timeout(DEADLINE).ok();
        }
        if std::thread::panicking() {
            let stderr = self.stderr.read_to_end().concat();
            eprintln!("--- stderr of pid {}:\n{}", self.pid, String::from_utf8_lossy(&stderr));
        }
    }
}

/// Waits for the child in a thread of its own, so that others can wait for it with a deadline.
fn watch(mut child: Child) -> Receiver<ExitStatus> {
    let (exit_tx, exit) = channel();
    let wait = move || exit_tx.send(child.wait().unwrap()).ok();
    Builder::new().name("wait".into()).spawn(wait).unwrap();
    exit
}

/// The lines of a pipe, with their line ends, as they come.
pub(crate) struct Lines {
    incoming: Receiver<Vec<u8>>,
    lines: Vec<Vec<u8>>,
    /// Lines before this one were looked at by [`Lines::wait_for`].
    looked_at: usize,
}

impl Lines {
    fn collect(pipe: impl Read + Send + 'static) -> Self {
        let (line_tx, incoming) = channel();
        let read = move || {
            let mut pipe = BufReader::new(pipe);
            loop {
                let mut line = Vec::new();
                if pipe.read_until(b'\n', &mut line).unwrap_or(0) == 0 || line_tx.send(line).is_err() {
                    break;
                }
            }
        };
        Builder::new().name("pipe".into()).spawn(read).unwrap();
        Self { incoming, lines: Vec::new(), looked_at: 0 }
    }

    /// The next line that contains `text`; lines before it are passed over. `None` if the pipe ends first.
    pub(crate) fn wait_for(&mut self, text: &str) -> Option<String> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            while let Some(line) = self.lines.get(self.looked_at) {
                self.looked_at += 1;
                let line = String::from_utf8_lossy(line);
                if line.contains(text) {
                    return Some(line.trim_end().to_owned());
                }
            }
            if !self.take_one(deadline, text) {
                return None;
            }
        }
    }

    /// The next line that contains `text`, which must come.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        match self.wait_for(text) {
            Some(line) => line,
            None => panic!("ended without {text:?}: {}", self.text()),
        }
    }

    /// All lines, when the pipe has ended.
    pub(crate) fn read_to_end(&mut self) -> &[Vec<u8>] {
        let deadline = Instant::now() + DEADLINE;
        while self.take_one(deadline, "its end") {}
        &self.lines
    }

    /// What came so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.concat()).into_owned()
    }

    /// Takes in what is there already, for [`Lines::text`].
    pub(crate) fn take_waiting(&mut self) {
        self.lines.extend(self.incoming.try_iter());
    }

    fn take_one(&mut self, deadline: Instant, awaited: &str) -> bool {
        match self.incoming.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.lines.push(line);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) if std::thread::panicking() => false,
            Err(RecvTimeoutError::Timeout) => panic!("{awaited:?} not within {DEADLINE:?}: {}", self.text()),
        }
    }
}
