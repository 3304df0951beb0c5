//! A servent of this project, as a process.

use super::Told;
use crate::overlay::orders::Orders;
use crate::overlay::{OverlayError, ServentProgram, TRACED, reading};
use crate::serving::NOTIFY_SOCKET;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{Builder, JoinHandle};

#[derive(Debug)]
pub(super) struct Own {
    child: Child,
    /// Writes to standard input.
    orders: Option<Orders>,
    /// Reads standard output to its end.
    reader: Option<JoinHandle<()>>,
    /// Reads standard error to its end and returns the last lines.
    listener: Option<JoinHandle<VecDeque<String>>>,
}

impl Own {
    pub(super) fn start(
        program: &ServentProgram,
        words: &[String],
        folder: &Path,
        name: &str,
        told: Told,
    ) -> io::Result<Self> {
        let is_traced = told.passed_on.traces.is_some();
        let child = Command::new(&program.executable)
            .args(&program.args)
            .args(is_traced.then_some(TRACED).into_iter().flatten())
            .args(words)
            .current_dir(folder)
            .stdin(if is_traced { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What a service manager waits for is the overlay, not one of its servents.
            .env_remove(NOTIFY_SOCKET)
            // Ctrl-C at the terminal is for the client; the servents get a group of their own.
            .process_group(0)
            .spawn()?;
        let mut own = Self { child, orders: None, reader: None, listener: None };
        if let Err(error) = own.listen(name, told) {
            own.kill();
            own.wait();
            return Err(error);
        }
        Ok(own)
    }

    /// Starts the threads that read what it writes, and write to it.
    fn listen(&mut self, name: &str, told: Told) -> io::Result<()> {
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        self.orders = self.child.stdin.take().map(|stdin| Orders::to(stdin, name)).transpose()?;
        let (index, ready_tx, traces) = (told.index, told.ready_tx.clone(), told.passed_on.traces.clone());
        let reader = Builder::new().name(format!("output of {name}")).spawn(move || {
            // A servent that dies closes its end, so this ends either way; a read that fails is no report.
            if let Some(stdout) = stdout {
                reading::output(stdout, index, traces.as_ref(), |report| drop(ready_tx.send((index, report))));
            }
        })?;
        self.reader = Some(reader);
        let listener = Builder::new().name(name.to_owned()).spawn(move || {
            let last_words = stderr.map(|stderr| reading::errors(stderr, |line| told.pass_on(line)));
            told.ended_tx.send(index).ok();
            last_words.unwrap_or_default()
        })?;
        self.listener = Some(listener);
        Ok(())
    }

    pub(super) fn obituary(&mut self, name: String) -> OverlayError {
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let words = self.listener.take().and_then(|listener| listener.join().ok()).unwrap_or_default();
        OverlayError::Died { name, status, last_words: words.into() }
    }

    pub(super) fn order(&self, orders: &str) {
        if let Some(writer) = &self.orders {
            writer.give(orders);
        }
    }

    pub(super) fn ask_to_stop(&mut self) {
        self.signal(Signal::SIGTERM);
    }

    pub(super) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
    }

    /// Sends a signal, unless it has been waited for; its process id is its own until then.
    fn signal(&mut self, signal: Signal) {
        if let (Ok(None), Ok(pid)) = (self.child.try_wait(), i32::try_from(self.child.id())) {
            // It may end at this very moment.
            kill(Pid::from_raw(pid), signal).ok();
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.listener.as_ref().is_some_and(|listener| !listener.is_finished())
    }

    pub(super) fn wait(&mut self) {
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
