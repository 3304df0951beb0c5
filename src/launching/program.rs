//! A program that runs: its outputs, its input, its end.

use super::mode::{EXIT_REFUSED, LAUNCH_MODE, PIPES, REFUSED, TERMINAL};
use super::terminal::terminal;
use super::{Capture, Limits, Listeners, Watch, family};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long a program may take to stop on SIGTERM before it is killed.
const STOP_WAIT_MAX: Duration = Duration::from_millis(500);

/// How often is looked for its end where that can't be waited for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a program's standard input and output are. Standard error is a pipe always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streams {
    /// Pipes.
    Pipes,
    /// A terminal that does not echo, so that what is written is seen at once and no program needs to be told.
    Terminal,
}

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The executable of this package that has the launcher mode.
    pub launcher: PathBuf,
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// Where it runs; here if it is not said.
    pub folder: Option<PathBuf>,
    /// What it reads and writes.
    pub streams: Streams,
    /// What it may use.
    pub limits: Limits,
}

/// A program that was started. Dropping it ends it, and all that it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    mark: String,
    /// What is typed; `None` once the input has ended.
    input: Option<Input>,
    output: Capture,
    errors: Capture,
    readers: Vec<JoinHandle<()>>,
    ended: Option<Ended>,
    /// Nothing is left of it, so its number may be another program's.
    is_gone: bool,
}

#[derive(Debug)]
enum Input {
    Pipe(File),
    Terminal(File),
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It was ended by [`Running::end`].
    Stopped,
    /// It could not be started at all, for this cause.
    NotStarted(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "{signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
            Self::Stopped => write!(f, "stopped"),
            Self::NotStarted(cause) => write!(f, "not started: {cause}"),
        }
    }
}

/// Tells one program of this process from another.
static NUMBER: AtomicU64 = AtomicU64::new(0);

impl Running {
    /// Starts a program. It dies with the calling thread, at the latest.
    ///
    /// # Errors
    /// What the system says when it has no process, terminal or thread to give. That the command itself can't be started
    /// is told by [`Running::ended`].
    pub fn start(launch: &Launch) -> io::Result<Self> {
        Self::start_heard(launch, Listeners::default())
    }

    /// The same, with somebody who listens.
    ///
    /// # Errors
    /// See [`Running::start`].
    pub fn start_heard(launch: &Launch, listeners: Listeners) -> io::Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}.{number}", std::process::id());
        let mut command = Command::new(&launch.launcher);
        command
            .arg(LAUNCH_MODE)
            .arg(std::process::id().to_string())
            .arg(if launch.streams == Streams::Terminal { TERMINAL } else { PIPES })
            .arg(launch.limits.to_word())
            .args(&launch.command)
            .env(family::MARK, &mark)
            .stderr(Stdio::piped());
        if let Some(folder) = &launch.folder {
            command.current_dir(folder);
        }
        let terminal = match launch.streams {
            Streams::Pipes => {
                command.stdin(Stdio::piped()).stdout(Stdio::piped());
                None
            }
            Streams::Terminal => {
                let (ours, its) = terminal()?;
                command.stdin(its.try_clone()?).stdout(its);
                Some(ours)
            }
        };
        let mut child = command.spawn()?;
        // Its end of the terminal is its own alone from here on.
        drop(command);
        let stderr = child.stderr.take();
        let (input, stdout): (_, Option<Box<dyn Read + Send>>) = match terminal {
            Some(ours) => (Some(Input::Terminal(ours.try_clone()?)), Some(Box::new(ours))),
            None => {
                let input = child.stdin.take().map(|pipe| Input::Pipe(File::from(std::os::fd::OwnedFd::from(pipe))));
                (input, child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>))
            }
        };
        let mut running = Self {
            child,
            mark,
            input,
            output: Capture::default(),
            errors: Capture::default(),
            readers: Vec::new(),
            ended: None,
            is_gone: false,
        };
        let (output, errors) = (running.output.clone(), running.errors.clone());
        let read_output = move || {
            if let Some(stdout) = stdout {
                output.read(stdout, listeners.output);
            }
        };
        running.readers.push(Builder::new().name("output".to_owned()).spawn(read_output)?);
        let read_errors = move || {
            if let Some(stderr) = stderr {
                errors.read(stderr, listeners.errors);
            }
        };
        running.readers.push(Builder::new().name("errors".to_owned()).spawn(read_errors)?);
        Ok(running)
    }

    /// Its process id, which is its session's.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processes of the program: itself, and what descends from it.
    #[must_use]
    pub fn members(&self) -> Vec<u32> {
        family::members(self.id(), &self.mark)
    }

    /// Its end and its processes, for another thread.
    ///
    /// # Errors
    /// If the system does not tell of them.
    pub fn watch(&self) -> io::Result<Watch> {
        Watch::new(self.id(), &self.mark)
    }

    /// What it wrote to standard output.
    #[must_use]
    pub fn output(&self) -> &Capture {
        &self.output
    }

    /// What it wrote to standard error.
    #[must_use]
    pub fn errors(&self) -> &Capture {
        &self.errors
    }

    /// Writes to its standard input; an end of line is the caller's to add.
    ///
    /// # Errors
    /// What the system says, for example that the program has closed it.
    pub fn type_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.input {
            Some(Input::Pipe(file) | Input::Terminal(file)) => file.write_all(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends its standard input: closes the pipe, or types Ctrl-D.
    ///
    /// # Errors
    /// What the system says.
    pub fn end_input(&mut self) -> io::Result<()> {
        match &mut self.input {
            // A terminal's reader is told; its writing end is needed as long as it may type again.
            Some(Input::Terminal(file)) => file.write_all(b"\x04"),
            Some(Input::Pipe(_)) | None => {
                self.input = None;
                Ok(())
            }
        }
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<Ended> {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.ended = Some(self.how(status));
        }
        self.ended.clone()
    }

    /// Waits until it ends, but at most this long; tells how it ended.
    pub fn wait(&mut self, wait_max: Duration) -> Option<Ended> {
        if let Some(ended) = self.ended() {
            return Some(ended);
        }
        self.wait_for_end(wait_max);
        self.ended()
    }

    /// Asks it to end, and does not wait until it does.
    pub fn ask_to_end(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends it and all that it started, politely first, and tells how it ended: by itself if it had already.
    pub fn end(&mut self) -> Ended {
        let ended = self.ended();
        if ended.is_none() {
            self.signal(Signal::SIGTERM);
            self.wait_for_end(STOP_WAIT_MAX);
        }
        self.kill();
        let ended = ended.unwrap_or(Ended::Stopped);
        self.ended = Some(ended.clone());
        ended
    }

    /// Waits until it ends, but at most this long. Where that can't be seen, the caller looks again soon.
    fn wait_for_end(&self, wait_max: Duration) {
        match self.watch() {
            Ok(watch) => drop(watch.wait(Some(wait_max))),
            Err(_) => std::thread::park_timeout(wait_max.min(LOOK_EVERY)),
        }
    }

    /// Kills it and all that it started, and waits until that is done.
    fn kill(&mut self) {
        if self.is_gone {
            return;
        }
        self.signal(Signal::SIGKILL);
        family::kill_all(self.id(), &self.mark);
        self.child.wait().ok();
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        self.is_gone = true;
    }

    /// Its group has its number until it is waited for, and longer while others are in it.
    fn signal(&self, signal: Signal) {
        if let (false, Ok(id)) = (self.is_gone, i32::try_from(self.id())) {
            killpg(Pid::from_raw(id), signal).ok();
        }
    }

    fn how(&self, status: ExitStatus) -> Ended {
        if let Some(signal) = status.signal() {
            return Ended::Signal(signal);
        }
        let code = status.code().unwrap_or_default();
        if code == EXIT_REFUSED {
            // The launcher says this and ends, so this wait is short.
            self.errors.wait_beyond(0, STOP_WAIT_MAX);
            let errors = self.errors.bytes();
            if let Some(cause) = String::from_utf8_lossy(&errors).strip_prefix(REFUSED) {
                return Ended::NotStarted(cause.trim_end().to_owned());
            }
        }
        Ended::Code(code)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
