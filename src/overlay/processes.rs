//! Servents as processes: started together, watched, and stopped together.
//!
//! None outlives its parent: the parent stops them when it ends, and should it be killed, the kernel kills those that
//! asked for it ([`die_with_parent`]).

use super::{Member, StartReport};
use crate::text::escape;
use crossbeam_channel::{Receiver, Sender, after, select, unbounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long the servents may take to stop before they are killed.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// How many of a servent's last lines are kept, in case it dies.
const LAST_WORDS_MAX: usize = 10;

/// The program that is a servent.
///
/// It gets `args` and then a servent's command line. It writes a
/// [`StartReport`] once it serves or knows that it can't, and ends on SIGTERM. To end with
/// its parent even if that is killed, it calls [`die_with_parent`] first.
#[derive(Clone, Debug)]
pub struct ServentProgram {
    /// The executable.
    pub executable: PathBuf,
    /// What stands before the servent's command line.
    pub args: Vec<OsString>,
}

/// What becomes of what servents write to standard error.
#[derive(Clone, Copy, Debug)]
pub struct PassedOn {
    /// Takes each line, with its end. It must not wait: a servent whose lines nobody takes waits in the end as well.
    pub to: fn(&[u8]),
    /// Whether it takes also what they write while they stop.
    pub last_words_too: bool,
}

/// Running servents. Dropping it stops them all.
#[derive(Debug)]
pub struct Overlay {
    processes: Vec<Process>,
    stopping: Arc<AtomicBool>,
    ended_tx: Sender<usize>,
    ended_rx: Receiver<usize>,
}

#[derive(Debug)]
struct Process {
    name: String,
    child: Child,
    /// Reads standard error to its end and returns the last lines.
    listener: Option<JoinHandle<VecDeque<String>>>,
}

/// Why an overlay did not start, or did not last.
#[derive(Debug)]
pub enum OverlayError {
    /// A process or thread can't be started.
    System(io::Error),
    /// A signal came before all of it had started.
    Interrupted(i32),
    /// A servent can't serve, and says why. Others may not either: they are not asked.
    NotStarted {
        /// Its port and line.
        name: String,
        /// The cause.
        cause: String,
        /// It is that another program holds its port.
        is_port_in_use: bool,
    },
    /// A servent died: its name, how it ended, and its last words.
    Died {
        /// Its port and line.
        name: String,
        /// How it ended.
        status: String,
        /// The last lines it wrote.
        last_words: Vec<String>,
    },
}

impl fmt::Display for OverlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot start a servent: {error}"),
            Self::Interrupted(signal) => write!(f, "ended by signal {signal} while the servents started"),
            Self::NotStarted { name, cause, .. } => write!(f, "{name} can't start: {cause}"),
            Self::Died { name, status, last_words } => {
                write!(f, "{name} died ({status})")?;
                if last_words.is_empty() {
                    return write!(f, " without a word");
                }
                write!(f, "; its last words:")?;
                last_words.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl std::error::Error for OverlayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            Self::Interrupted(_) | Self::NotStarted { .. } | Self::Died { .. } => None,
        }
    }
}

impl Overlay {
    /// Starts `program` for each of `members` and waits until each serves, or a signal comes from `signal_rx`. What they
    /// write to standard error is passed on, escaped (P-44), each line with the servent's port in front.
    ///
    /// Call it from the main thread: a servent dies with the *thread* that started it ([`die_with_parent`]).
    ///
    /// # Errors
    /// [`OverlayError`]; the servents that had started are stopped.
    pub fn start(
        program: &ServentProgram,
        members: &[Member],
        passed_on: PassedOn,
        signal_rx: &Receiver<i32>,
    ) -> Result<Self, OverlayError> {
        let (ended_tx, ended_rx) = unbounded();
        let (ready_tx, ready_rx) = unbounded();
        let mut overlay = Self { processes: Vec::new(), stopping: Arc::default(), ended_tx, ended_rx };
        for member in members {
            overlay.spawn(program, member, passed_on, ready_tx.clone()).map_err(OverlayError::System)?;
        }
        for _ in members {
            select! {
                recv(ready_rx) -> ready => match ready {
                    Ok((_, Some(StartReport::Serves))) => {}
                    Ok((index, Some(StartReport::NotStarted { cause, is_port_in_use }))) => {
                        let name = overlay.processes[index].name.clone();
                        return Err(OverlayError::NotStarted { name, cause, is_port_in_use });
                    }
                    Ok((index, None)) => return Err(overlay.obituary(index)),
                    Err(_) => break,
                },
                recv(signal_rx) -> signal => return Err(OverlayError::Interrupted(signal.unwrap_or_default())),
            }
        }
        Ok(overlay)
    }

    /// Receives the index of each servent that ends.
    #[must_use]
    pub fn ended(&self) -> Receiver<usize> {
        self.ended_rx.clone()
    }

    /// Names the servent at `index`, which has ended, and its last words.
    pub fn obituary(&mut self, index: usize) -> OverlayError {
        let process = &mut self.processes[index];
        let status = process.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let words = process.listener.take().and_then(|listener| listener.join().ok()).unwrap_or_default();
        OverlayError::Died { name: process.name.clone(), status, last_words: words.into() }
    }

    /// Starts one servent. `ready_tx` gets its index and its report; none if it ended without.
    fn spawn(
        &mut self,
        program: &ServentProgram,
        member: &Member,
        passed_on: PassedOn,
        ready_tx: Sender<(usize, Option<StartReport>)>,
    ) -> io::Result<()> {
        let mut child = Command::new(&program.executable)
            .args(&program.args)
            .args(&member.words)
            .current_dir(&member.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is for the client; the servents get a group of their own.
            .process_group(0)
            .spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let index = self.processes.len();
        let name = format!("servent {} (line {})", member.address, member.line);
        self.processes.push(Process { name: name.clone(), child, listener: None });

        Builder::new().name(format!("start of {name}")).spawn(move || {
            // A servent that dies closes its end, so this ends either way; a read that fails is no report.
            ready_tx.send((index, stdout.and_then(StartReport::read))).ok();
        })?;
        let (port, stopping, ended_tx) = (member.address.port(), Arc::clone(&self.stopping), self.ended_tx.clone());
        let listener = Builder::new().name(name).spawn(move || {
            let mut last_words = VecDeque::new();
            let lines = stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')).map_while(Result::ok);
            for line in lines.map(|line| escape(&line)) {
                if passed_on.last_words_too || !stopping.load(Ordering::Relaxed) {
                    (passed_on.to)(format!("[{port}] {line}\n").as_bytes());
                }
                if last_words.len() == LAST_WORDS_MAX {
                    last_words.pop_front();
                }
                last_words.push_back(line);
            }
            ended_tx.send(index).ok();
            last_words
        })?;
        self.processes[index].listener = Some(listener);
        Ok(())
    }

    /// Sends `signal` to every servent that has not been waited for; its process id is its own until then.
    fn signal(&mut self, signal: Signal) {
        for process in &mut self.processes {
            if let (Ok(None), Ok(pid)) = (process.child.try_wait(), i32::try_from(process.child.id())) {
                // It may end at this very moment.
                kill(Pid::from_raw(pid), signal).ok();
            }
        }
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.signal(Signal::SIGTERM);
        // Each that ends says so once; one that does not in time, stopped perhaps, is killed.
        let patience = after(STOP_WAIT_MAX);
        let is_running = |process: &Process| process.listener.as_ref().is_some_and(|listener| !listener.is_finished());
        // By name: one that ended before it was looked at has said so as well.
        let mut running: Vec<bool> = self.processes.iter().map(is_running).collect();
        while running.contains(&true) {
            select! {
                recv(self.ended_rx) -> index => running[index.expect("the overlay holds a sender as well")] = false,
                recv(patience) -> _ => break,
            }
        }
        if running.contains(&true) || self.processes.iter().any(|process| process.listener.is_none()) {
            self.signal(Signal::SIGKILL);
        }
        for process in &mut self.processes {
            process.child.wait().ok();
            if let Some(listener) = process.listener.take() {
                listener.join().ok();
            }
        }
    }
}

/// Makes this process, a servent of an overlay, die when the thread that started it does. Where the system has no
/// parent-death signal, it does nothing.
///
/// # Errors
/// If the parent is gone already, or the system refuses.
pub fn die_with_parent(parent: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if std::os::unix::process::parent_id() == parent {
        Ok(())
    } else {
        Err(io::Error::other("the program that started this servent is gone"))
    }
}
