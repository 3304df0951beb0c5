//! Somebody else's program as a servent: it reports nothing, so it is watched.

use super::Told;
use crate::actor::clock::{Clock, SystemClock};
use crate::launching::{Ended, Launch, Limits, Lines, Listener, Listeners, Running, Streams, Watch, listens_at};
use crate::overlay::{Member, OverlayError, ServentProgram, StartReport};
use crate::types::Timestamp;
use std::ffi::OsString;
use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How long a program may take until it listens. Some are compiled first, and the machine may be busy.
const READY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How often is looked whether it does.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// How many of a program's last lines are told, in case it dies.
const LAST_WORDS_MAX: usize = 10;

#[derive(Debug)]
pub(super) struct Foreign {
    running: Running,
    watcher: Option<JoinHandle<()>>,
}

impl Foreign {
    pub(super) fn start(
        program: &ServentProgram,
        command: &[OsString],
        member: &Member,
        name: &str,
        told: Told,
    ) -> io::Result<Self> {
        // What it says of a port that is in use is its own affair, and that of one that listens there beside another too.
        drop(UdpSocket::bind(member.address)?);
        let launch = Launch {
            launcher: program.executable.clone(),
            command: command.to_vec(),
            folder: Some(member.folder.clone()),
            // What it writes to a pipe many a program keeps to itself until it ends.
            streams: Streams::Terminal,
            limits: Limits::default(),
        };
        let listener = || -> Listener {
            let told = told.clone();
            let mut lines = Lines::new(move |line: &[u8]| told.pass_on_raw(line));
            Box::new(move |bytes| lines.push(bytes))
        };
        let running = Running::start_heard(&launch, Listeners { output: listener(), errors: listener() })?;
        let (watch, address) = (running.watch()?, member.address);
        let watcher = Builder::new().name(name.to_owned()).spawn(move || {
            let report = await_ready(&watch, address);
            told.ready_tx.send((told.index, report)).ok();
            // Without a limit it comes back at the end alone.
            while !watch.wait(None) {}
            told.ended_tx.send(told.index).ok();
        })?;
        Ok(Self { running, watcher: Some(watcher) })
    }

    pub(super) fn obituary(&mut self, name: String) -> OverlayError {
        let ended = self.running.end();
        let errors = self.running.errors().last_lines(LAST_WORDS_MAX);
        match ended {
            Ended::NotStarted(cause) => OverlayError::NotStarted { name, cause, is_port_in_use: false },
            // What goes wrong is said on standard error, and nowhere else by most.
            ended if errors.is_empty() => {
                let last_words = self.running.output().last_lines(LAST_WORDS_MAX);
                OverlayError::Died { name, status: ended.to_string(), last_words }
            }
            ended => OverlayError::Died { name, status: ended.to_string(), last_words: errors },
        }
    }

    pub(super) fn ask_to_stop(&self) {
        self.running.ask_to_end();
    }

    /// Ends it and all that it started; it is killed if need be.
    pub(super) fn end(&mut self) {
        self.running.end();
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| !watcher.is_finished())
    }

    /// Waits for its end and the thread that watches it; what it started ends with it.
    pub(super) fn wait(&mut self) {
        self.running.end();
        if let Some(watcher) = self.watcher.take() {
            watcher.join().ok();
        }
    }
}

/// Waits until a program listens at its address. `None`: it has ended.
fn await_ready(watch: &Watch, address: SocketAddrV4) -> Option<StartReport> {
    let port = address.port();
    let refuse = |cause: String| Some(StartReport::NotStarted { cause, is_port_in_use: false });
    let clock = SystemClock::start();
    while clock.now().since(Timestamp::ZERO) < READY_WAIT_MAX {
        match listens_at(port, || watch.members()) {
            Some(bound) if bound.is_unspecified() || bound == *address.ip() => return Some(StartReport::Serves),
            Some(bound) => return refuse(format!("it listens on {bound}:{port}, where its neighbours do not send")),
            None => {}
        }
        if watch.wait(Some(LOOK_EVERY)) {
            return None;
        }
    }
    refuse(format!("it has not opened the UDP port {port} after {} s", READY_WAIT_MAX.as_secs()))
}
