//! Named threads that are joined, and whose panics are not lost.

use crossbeam_channel::{Receiver, Sender, unbounded};
use std::any::Any;
use std::fmt;
use std::io;
use std::thread::{Builder, JoinHandle};

/// The threads of a program, in the order in which they are to be joined.
#[derive(Debug)]
pub struct Crew {
    members: Vec<(&'static str, JoinHandle<()>)>,
    ended_tx: Sender<&'static str>,
    ended_rx: Receiver<&'static str>,
}

/// An actor that panicked: a bug of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorPanicked {
    /// The actor's name.
    pub actor: &'static str,
    /// What the panic said.
    pub message: String,
}

impl fmt::Display for ActorPanicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the actor '{}' panicked: {} (this is a bug)", self.actor, self.message)
    }
}

impl std::error::Error for ActorPanicked {}

impl Default for Crew {
    fn default() -> Self {
        let (ended_tx, ended_rx) = unbounded();
        Self { members: Vec::new(), ended_tx, ended_rx }
    }
}

impl Crew {
    /// Starts an actor. Call it in flow order: [`Crew::join`] joins in the order of the calls.
    ///
    /// # Errors
    /// What the system says when it has no thread to give.
    pub fn spawn(&mut self, actor: &'static str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let farewell = Farewell { actor, ended_tx: self.ended_tx.clone() };
        let handle = Builder::new().name(actor.to_owned()).spawn(move || {
            let _farewell = farewell;
            body();
        })?;
        self.members.push((actor, handle));
        Ok(())
    }

    /// Receives the name of each actor as it ends, whether it returned or panicked.
    #[must_use]
    pub fn ended(&self) -> Receiver<&'static str> {
        self.ended_rx.clone()
    }

    /// Waits for every actor to end.
    ///
    /// # Errors
    /// [`ActorPanicked`] for the first, in flow order, that did.
    pub fn join(self) -> Result<(), ActorPanicked> {
        let mut outcome = Ok(());
        for (actor, handle) in self.members {
            if let Err(payload) = handle.join()
                && outcome.is_ok()
            {
                outcome = Err(ActorPanicked { actor, message: message(payload.as_ref()) });
            }
        }
        outcome
    }
}

/// Says goodbye when it is dropped, also while a panic unwinds.
struct Farewell {
    actor: &'static str,
    ended_tx: Sender<&'static str>,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        // Nobody may be listening any more.
        self.ended_tx.send(self.actor).ok();
    }
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::bounded;

    #[test]
    fn a_panic_is_reported_with_the_actors_name_and_the_others_are_joined() {
        let mut crew = Crew::default();
        let (work_tx, work_rx) = bounded::<u8>(1);
        let (done_tx, done_rx) = bounded(1);
        crew.spawn("first", move || {
            work_rx.recv().ok();
            done_tx.send(()).unwrap();
        })
        .unwrap();
        crew.spawn("second", || panic!("out of {}", "luck")).unwrap();
        assert_eq!(crew.ended().recv(), Ok("second"));
        drop(work_tx);
        let outcome = crew.join();
        assert_eq!(outcome, Err(ActorPanicked { actor: "second", message: "out of luck".to_owned() }));
        assert_eq!(done_rx.recv(), Ok(()));
    }
}
