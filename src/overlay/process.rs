//! A servent that runs, whoever wrote it.

mod foreign;
mod own;

use super::{Member, OverlayError, PassedOn, Ready, ServentProgram, Start};
use crate::text::escape;
use crossbeam_channel::Sender;
use foreign::Foreign;
use own::Own;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A servent that runs, and the threads that hear what it writes.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    servent: Servent,
}

#[derive(Debug)]
enum Servent {
    Own(Own),
    Foreign(Foreign),
}

/// Who is told what of a servent.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) index: usize,
    pub(super) port: u16,
    pub(super) passed_on: PassedOn,
    /// They are all being stopped.
    pub(super) stopping: Arc<AtomicBool>,
    /// Gets how its start went, once.
    pub(super) ready_tx: Sender<Ready>,
    /// Gets its place when it has ended, once.
    pub(super) ended_tx: Sender<usize>,
}

impl Told {
    /// Passes on a line that it wrote, made safe to show.
    fn pass_on(&self, line: &str) {
        if self.passed_on.last_words_too || !self.stopping.load(Ordering::Relaxed) {
            (self.passed_on.to)(format!("[{}] {line}\n", self.port).as_bytes());
        }
    }

    /// The same with a line as it was written.
    fn pass_on_raw(&self, line: &[u8]) {
        self.pass_on(&escape(line));
    }
}

impl Process {
    /// Starts one. It dies with the calling thread, at the latest.
    ///
    /// # Errors
    /// What the system says when it has no process or thread to give; [`io::ErrorKind::AddrInUse`] if its port is known
    /// to be another program's. Nothing is left of it then.
    pub(super) fn start(program: &ServentProgram, member: &Member, told: Told) -> io::Result<Self> {
        let name = format!("servent {} (line {})", member.address, member.line);
        let servent = match &member.start {
            Start::Own(words) => Servent::Own(Own::start(program, words, &member.folder, &name, told)?),
            Start::Foreign(command) => Servent::Foreign(Foreign::start(program, command, member, &name, told)?),
        };
        Ok(Self { name, servent })
    }

    /// Its address and line.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Says how it ended, and its last words. It has ended.
    pub(super) fn obituary(&mut self) -> OverlayError {
        let name = self.name.clone();
        match &mut self.servent {
            Servent::Own(own) => own.obituary(name),
            Servent::Foreign(foreign) => foreign.obituary(name),
        }
    }

    /// Gives it orders for its links, if it is one that takes some.
    pub(super) fn order(&self, orders: &str) {
        match &self.servent {
            Servent::Own(own) => own.order(orders),
            Servent::Foreign(_) => {}
        }
    }

    /// Asks it to stop.
    pub(super) fn ask_to_stop(&mut self) {
        match &mut self.servent {
            Servent::Own(own) => own.ask_to_stop(),
            Servent::Foreign(foreign) => foreign.ask_to_stop(),
        }
    }

    /// Stops it: one that may not obey is not only asked.
    pub(super) fn stop(&mut self) {
        match &mut self.servent {
            Servent::Own(own) => own.ask_to_stop(),
            Servent::Foreign(foreign) => foreign.end(),
        }
    }

    /// Whether its end was not told yet.
    pub(super) fn is_watched(&self) -> bool {
        match &self.servent {
            Servent::Own(own) => own.is_watched(),
            Servent::Foreign(foreign) => foreign.is_watched(),
        }
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        match &mut self.servent {
            Servent::Own(own) => own.kill(),
            Servent::Foreign(foreign) => foreign.end(),
        }
    }

    /// Waits for its end, and for the threads that hear it.
    pub(super) fn wait(&mut self) {
        match &mut self.servent {
            Servent::Own(own) => own.wait(),
            Servent::Foreign(foreign) => foreign.wait(),
        }
    }
}
