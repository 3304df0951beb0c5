//! Programs under test with sockets around them.
//!
//! | file | does |
//! |---|---|
//! | `sockets` | sockets that play clients, neighbours and servents; what they receive |
//! | `setup` | says which servent is to be started |
//! | `programs` | starts programs, waits until they listen, looks how they ended |
//! | `awaiting` | waits for datagrams, and ends silence by control questions |
//! | `control` | the questions that do so |
//! | `failing` | makes failures of what was sent and found |

mod awaiting;
mod control;
mod failing;
mod programs;
mod setup;
mod sockets;

pub use awaiting::ANSWER_WAIT_MAX;
pub use programs::ProgramId;
pub use setup::Setup;
pub use sockets::{Datagram, PeerId};

use super::conversation::{Conversation, What};
use super::framing::Framing;
use super::probe::{Edition, Shown, Stop, Target};
use super::words::Words;
use crate::actor::clock::{Clock, SystemClock};
use crate::launching::Template;
use programs::Program;
use sockets::Peer;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// What all probes of a check have in common.
#[derive(Clone, Debug)]
pub struct World {
    /// The executable of this package that has the launcher mode.
    pub launcher: PathBuf,
    /// Our servent: its executable, and what stands before its command line.
    pub ours: Vec<OsString>,
    /// The program under test.
    pub command: Template,
    /// Which program it is.
    pub target: Target,
    /// By which edition it is judged.
    pub edition: Edition,
    /// How it writes text.
    pub framing: Framing,
    /// Whether every probe has a network of its own.
    pub is_isolated: bool,
    /// Set when the check is to end.
    pub stop: Arc<AtomicBool>,
}

/// What a probe works with: programs that nobody used before, and sockets around them.
#[derive(Debug)]
pub struct Rig<'w> {
    world: &'w World,
    clock: SystemClock,
    /// The time of day when the clock was at 0, in nanoseconds since 1970.
    wall_nanos: u64,
    conversation: Conversation,
    peers: Vec<Peer>,
    programs: Vec<Program>,
    /// What was sent to programs, control questions aside.
    sent: Vec<Shown>,
    /// Where key-value files are.
    folder: TempDir,
}

impl<'w> Rig<'w> {
    /// A rig without programs and sockets.
    ///
    /// # Errors
    /// What the system says if it gives no folder for files, or no time.
    pub fn new(world: &'w World) -> Result<Self, Stop> {
        let clock = SystemClock::start();
        Ok(Self {
            world,
            clock,
            wall_nanos: clock.anchor()?.wall_nanos,
            conversation: Conversation::default(),
            peers: Vec::new(),
            programs: Vec::new(),
            sent: Vec::new(),
            folder: tempfile::Builder::new().prefix("tp3-check-").tempdir()?,
        })
    }

    /// What all probes of the check have in common.
    #[must_use]
    pub fn world(&self) -> &'w World {
        self.world
    }

    /// Since the probe began.
    #[must_use]
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.clock.now().as_nanos())
    }

    /// Notes that something happened.
    pub fn note(&mut self, event: Words) {
        self.conversation.note(self.now(), What::Event(event));
    }

    /// Ends all programs, and tells all that was seen.
    #[must_use]
    pub fn finish(mut self) -> Conversation {
        for program in &mut self.programs {
            program.running.end();
        }
        let now = self.now();
        for program in &self.programs {
            let (output, errors) = (program.running.output().bytes(), program.running.errors().bytes());
            if !output.is_empty() || !errors.is_empty() {
                self.conversation.note(now, What::Wrote { program: program.name.clone(), output, errors });
            }
        }
        self.conversation
    }

    /// # Errors
    /// [`Stop::NotTried`] if the check is to end.
    fn go_on(&self) -> Result<(), Stop> {
        if self.world.stop.load(Ordering::Relaxed) {
            return Err(Stop::NotTried(Words::new("the check was interrupted", "a verificação foi interrompida")));
        }
        Ok(())
    }
}
