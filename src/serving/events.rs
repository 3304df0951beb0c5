//! What a servent is told, from its first moment on.

use super::ServingError;
use crate::actor::aside::aside;
use crate::servent::StartError;
use crossbeam_channel::{Receiver, select};

/// What a running servent is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServentEvent {
    /// Stop: SIGINT or SIGTERM. Heard at any moment.
    Stop,
    /// Read the key-value file again: SIGHUP (P-35). It serves on meanwhile, however long that takes. Told again
    /// meanwhile, it reads the file once more afterwards.
    Reload,
    /// Print the counters: SIGUSR1.
    PrintCounters,
}

/// The events of a servent. What comes before it serves is put off until it does, but for a stop.
#[derive(Debug)]
pub struct Events {
    pub(super) events_rx: Receiver<ServentEvent>,
    /// A reload was asked for before it served.
    pub(super) reload: bool,
    /// Its counters were asked for before it served.
    pub(super) print_counters: bool,
}

impl Events {
    /// The events that come from `events_rx`.
    #[must_use]
    pub fn new(events_rx: Receiver<ServentEvent>) -> Self {
        Self { events_rx, reload: false, print_counters: false }
    }

    /// Waits for `work`, which has a thread of its own, called `name`. After a stop the thread is left behind.
    ///
    /// # Errors
    /// [`ServingError::Stopped`] if a stop comes first; that there is no thread to be had, or that it panicked.
    pub fn wait_for<T: Send + 'static>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServingError> {
        let result_rx = aside(name, work).map_err(|error| ServingError::Start(StartError::System(error)))?;
        loop {
            select! {
                recv(result_rx) -> result => return result.map_err(|_| ServingError::Ended(name)),
                recv(self.events_rx) -> event => match event {
                    Ok(ServentEvent::Stop) | Err(_) => return Err(ServingError::Stopped),
                    Ok(ServentEvent::Reload) => self.reload = true,
                    Ok(ServentEvent::PrintCounters) => self.print_counters = true,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{bounded, unbounded};

    #[test]
    fn p35_a_stop_ends_a_wait_that_nothing_else_ends_and_the_rest_is_put_off() {
        let (events_tx, events_rx) = unbounded();
        let mut events = Events::new(events_rx);
        let (never_tx, never_rx) = bounded::<()>(0);
        for event in [ServentEvent::Reload, ServentEvent::PrintCounters, ServentEvent::Stop] {
            events_tx.send(event).unwrap();
        }
        let stopped = events.wait_for("stuck", move || never_rx.recv());
        assert!(matches!(stopped, Err(ServingError::Stopped)));
        assert!(events.reload && events.print_counters);
        drop(never_tx);
        assert_eq!(events.wait_for("quick", || 7).unwrap(), 7);
    }
}
