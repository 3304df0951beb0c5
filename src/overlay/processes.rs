//! Servents as processes: started together, watched, and stopped together.
//!
//! None outlives its parent: the parent stops them when it ends, and should it be killed, the kernel kills those that
//! asked for it ([`die_with_parent`](crate::launching::die_with_parent)).

use super::process::{Process, Told};
use super::{Member, OverlayError, StartReport};
use crate::launching::allow_files;
use crate::serving::ServingError;
use crossbeam_channel::{Receiver, Sender, after, select, unbounded};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long the servents may take to stop before they are killed.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// The program that is a servent.
///
/// It gets `args` and then a servent's command line. It writes a
/// [`StartReport`] once it serves or knows that it can't, and ends on SIGTERM. To end with
/// its parent even if that is killed, it calls [`die_with_parent`](crate::launching::die_with_parent) first.
///
/// It starts other programs as well, those of lines that name one: it has the launcher mode
/// ([`LAUNCH_MODE`](crate::launching::LAUNCH_MODE)).
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
    /// Takes each line of standard error, with its end, and of standard output where that is of another program. It must not wait: a servent whose lines nobody takes waits in the
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

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").field("processes", &self.processes).finish_non_exhaustive()
    }
}

impl Overlay {
    /// Starts `program` for each of `members` and waits until each serves, or a signal comes from `signal_rx`. What they
    /// write to standard error is passed on, escaped (P-44), each line with the servent's port in front.
    ///
    /// Call it from the main thread: a servent dies with the *thread* that started it
    /// ([`die_with_parent`](crate::launching::die_with_parent)).
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
        // Standard input, output and error of each, with room for what a start takes in between and for all else. If it may
        // have fewer, one of them says so.
        allow_files(members.len() as u64 * 3 + 256);
        for index in 0..members.len() {
            let process = overlay.launch(index).map_err(|error| overlay.refusal(index, error))?;
            overlay.processes.push(process);
        }
        for _ in members {
            select! {
                recv(overlay.ready_rx) -> ready => match ready {
                    Ok((_, Some(StartReport::Serves))) => {}
                    Ok((index, Some(StartReport::NotStarted { cause, is_port_in_use }))) => {
                        let name = overlay.processes[index].name().to_owned();
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
        self.processes[index].obituary()
    }

    /// Receives how the start of each servent went that was started again.
    #[must_use]
    pub fn ready(&self) -> Receiver<Ready> {
        self.ready_rx.clone()
    }

    /// Asks the servent at `index` to stop; [`Overlay::ended`] tells when it has. If it has already, nothing happens.
    pub fn stop(&mut self, index: usize) {
        self.processes[index].stop();
    }

    /// Has a servent that takes orders told these, without waiting for it. While it takes none, stopped perhaps, later ones
    /// replace those that wait: they are to say all that counts. One that has ended is not told.
    pub fn order(&mut self, index: usize, orders: &str) {
        self.processes[index].order(orders);
    }

    /// Starts the servent at `index` again, which has ended; [`Overlay::ready`] tells how that went. Call it from the
    /// thread that started the overlay.
    ///
    /// # Errors
    /// What the system says when it has no process or thread to give.
    pub fn start_again(&mut self, index: usize) -> io::Result<()> {
        self.processes[index].wait();
        self.processes[index] = self.launch(index)?;
        Ok(())
    }

    /// Starts one servent.
    fn launch(&self, index: usize) -> io::Result<Process> {
        let member = &self.members[index];
        let told = Told {
            index,
            port: member.address.port(),
            passed_on: self.passed_on.clone(),
            stopping: Arc::clone(&self.stopping),
            ready_tx: self.ready_tx.clone(),
            ended_tx: self.ended_tx.clone(),
        };
        Process::start(&self.program, member, told)
    }

    /// Why one was not started, in an overlay that does not run yet.
    fn refusal(&self, index: usize, error: io::Error) -> OverlayError {
        if error.kind() != io::ErrorKind::AddrInUse {
            return OverlayError::System(error);
        }
        let Member { address, line, .. } = &self.members[index];
        OverlayError::NotStarted {
            name: format!("servent {address} (line {line})"),
            cause: ServingError::port_in_use(*address).to_string(),
            is_port_in_use: true,
        }
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.processes.iter_mut().for_each(Process::ask_to_stop);
        // Each that ends says so once; one that does not in time, stopped perhaps, is killed.
        let patience = after(STOP_WAIT_MAX);
        // By name: one that ended before it was looked at has said so as well.
        let mut running: Vec<bool> = self.processes.iter().map(Process::is_watched).collect();
        while running.contains(&true) {
            select! {
                recv(self.ended_rx) -> index => running[index.expect("the overlay holds a sender as well")] = false,
                recv(patience) -> _ => break,
            }
        }
        let late = self.processes.iter_mut().zip(running).filter(|(_, is_running)| *is_running);
        late.for_each(|(process, _)| process.kill());
        self.processes.iter_mut().for_each(Process::wait);
    }
}
