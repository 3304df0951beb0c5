//! The signals that a program listens to, as messages.

use crate::actor::crew::Crew;
use crossbeam_channel::Sender;
use signal_hook::iterator::{Handle, Signals};
use std::io;

/// Passes each of `signals` on to `events_tx`, translated, from a thread of its own, until the returned guard is
/// dropped.
///
/// # Errors
/// What the system says when a handler can't be installed or a thread started.
pub(super) fn forward<E: Send + 'static>(
    crew: &mut Crew,
    signals: &[i32],
    events_tx: Sender<E>,
    translate: impl Fn(i32) -> E + Send + 'static,
) -> io::Result<SignalGuard> {
    let mut signals = Signals::new(signals)?;
    let guard = SignalGuard(signals.handle());
    crew.spawn("signals", move || {
        for signal in signals.forever() {
            if events_tx.send(translate(signal)).is_err() {
                break;
            }
        }
    })?;
    Ok(guard)
}

/// Ends the thread that [`forward`] started.
#[derive(Debug)]
pub(super) struct SignalGuard(Handle);

impl Drop for SignalGuard {
    fn drop(&mut self) {
        self.0.close();
    }
}
