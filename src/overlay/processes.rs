//! Servents as processes: started together, watched, and stopped together.
//!
//! None outlives its parent: the parent stops them when it ends, and should it be killed, the kernel kills those that
//! asked for it ([`die_with_parent`]).

use super::orders::Orders;
use super::{Member, OverlayError, StartReport, reading};
use crossbeam_channel::{Receiver, Sender, after, select, unbounded};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long the servents may take to stop before they are killed.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

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

/// What becomes of what servents write.
#[derive(Clone)]
pub struct PassedOn {
    /// Takes each line of standard error, with its end. It must not wait: a servent whose lines nobody takes waits in the
    /// end as well.
    pub to: fn(&[u8]),
    /// Whether it takes also what they write while they stop.
    pub last_words_too: bool,
    /// Takes each line of a trace to standard output, without its end, and the place of the servent whose it is. With it,
    /// every servent is told to write one and to take orders ([`TRACED`]).
    pub traces: Option<Traces>,
}

/// Takes lines of traces.
pub type Traces = Arc<dyn Fn(usize, &[u8]) + Send + Sync>;

/// The words that tell a servent to write its trace to standard output, and to take orders for its links from standard
/// input. The first line of the trace stands for the report that it serves, since nothing else may come between the lines.
pub const TRACED: [&str; 2] = ["--trace=-", "--link-orders"];

/// Running servents. Dropping it stops them all.
pub struct Overlay {
    program: ServentProgram,
    members: Vec<Member>,
    passed_on: PassedOn,
    /// In the order of the members.
    processes: Vec<Process>,
    stopping: Arc<AtomicBool>,
    ended_tx: Sender<usize>,
    ended_rx: Receiver<usize>,
    ready_tx: Sender<Ready>,
    ready_rx: Receiver<Ready>,
}

/// The place of a servent, and how its start went; nothing if it ended without telling.
pub type Ready = (usize, Option<StartReport>);

#[derive(Debug)]
struct Process {
    name: String,
    child: Child,
    /// Writes to standard input.
    orders: Option<Orders>,
    /// Reads standard output to its end.
    reader: Option<JoinHandle<()>>,
    /// Reads standard error to its end and returns the last lines.
    listener: Option<JoinHandle<VecDeque<String>>>,
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").field("processes", &self.processes).finish_non_exhaustive()
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
        let mut overlay = Self {
            program: program.clone(),
            members: members.to_vec(),
            passed_on,
            processes: Vec::new(),
            stopping: Arc::default(),
            ended_tx,
            ended_rx,
            ready_tx,
            ready_rx,
        };
        for index in 0..members.len() {
            // One that can't be listened to is stopped with the others.
            let process = overlay.launch(index).map_err(OverlayError::System)?;
            overlay.processes.push(process);
            overlay.listen(index).map_err(OverlayError::System)?;
        }
        for _ in members {
            select! {
                recv(overlay.ready_rx) -> ready => match ready {
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

    /// Receives how the start of each servent went that was started again.
    #[must_use]
    pub fn ready(&self) -> Receiver<Ready> {
        self.ready_rx.clone()
    }

    /// Asks the servent at `index` to stop; [`Overlay::ended`] tells when it has. If it has already, nothing happens.
    pub fn stop(&mut self, index: usize) {
        self.processes[index].signal(Signal::SIGTERM);
    }

    /// Has a servent that takes orders told these, without waiting for it. While it takes none, stopped perhaps, later ones
    /// replace those that wait: they are to say all that counts. One that has ended is not told.
    pub fn order(&mut self, index: usize, orders: &str) {
        if let Some(writer) = &self.processes[index].orders {
            writer.give(orders);
        }
    }

    /// Starts the servent at `index` again, which has ended; [`Overlay::ready`] tells how that went. Call it from the
    /// thread that started the overlay.
    ///
    /// # Errors
    /// What the system says when it has no process or thread to give.
    pub fn start_again(&mut self, index: usize) -> io::Result<()> {
        self.processes[index].wait();
        self.processes[index] = self.launch(index)?;
        self.listen(index)
    }

    /// Starts one servent.
    fn launch(&self, index: usize) -> io::Result<Process> {
        let member = &self.members[index];
        let is_traced = self.passed_on.traces.is_some();
        let child = Command::new(&self.program.executable)
            .args(&self.program.args)
            .args(is_traced.then_some(TRACED).into_iter().flatten())
            .args(&member.words)
            .current_dir(&member.folder)
            .stdin(if is_traced { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at the terminal is for the client; the servents get a group of their own.
            .process_group(0)
            .spawn()?;
        let name = format!("servent {} (line {})", member.address, member.line);
        Ok(Process { name, child, orders: None, reader: None, listener: None })
    }

    /// Starts the threads that read what the servent at `index` writes, and write to it.
    fn listen(&mut self, index: usize) -> io::Result<()> {
        let process = &mut self.processes[index];
        let (name, ready_tx, traces) = (process.name.clone(), self.ready_tx.clone(), self.passed_on.traces.clone());
        let (stdout, stderr) = (process.child.stdout.take(), process.child.stderr.take());
        process.orders = process.child.stdin.take().map(|stdin| Orders::to(stdin, &name)).transpose()?;
        let reader = Builder::new().name(format!("output of {name}")).spawn(move || {
            // A servent that dies closes its end, so this ends either way; a read that fails is no report.
            if let Some(stdout) = stdout {
                reading::output(stdout, index, traces.as_ref(), |report| drop(ready_tx.send((index, report))));
            }
        })?;
        process.reader = Some(reader);

        let PassedOn { to, last_words_too, .. } = self.passed_on;
        let port = self.members[index].address.port();
        let (stopping, ended_tx) = (Arc::clone(&self.stopping), self.ended_tx.clone());
        let listener = Builder::new().name(name).spawn(move || {
            let pass_on = |line: &str| {
                if last_words_too || !stopping.load(Ordering::Relaxed) {
                    to(format!("[{port}] {line}\n").as_bytes());
                }
            };
            let last_words = stderr.map(|stderr| reading::errors(stderr, pass_on)).unwrap_or_default();
            ended_tx.send(index).ok();
            last_words
        })?;
        process.listener = Some(listener);
        Ok(())
    }

    fn signal(&mut self, signal: Signal) {
        self.processes.iter_mut().for_each(|process| process.signal(signal));
    }
}

impl Process {
    /// Sends a signal, unless it has been waited for; its process id is its own until then.
    fn signal(&mut self, signal: Signal) {
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            // It may end at this very moment.
            kill(Pid::from_raw(pid), signal).ok();
        }
    }

    /// Waits for its end and for the threads that read what it wrote.
    fn wait(&mut self) {
        self.child.wait().ok();
        // Its pipe has no other end any more.
        self.orders = None;
        if let Some(listener) = self.listener.take() {
            listener.join().ok();
        }
        if let Some(reader) = self.reader.take() {
            reader.join().ok();
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
        self.processes.iter_mut().for_each(Process::wait);
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
