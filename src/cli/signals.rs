//! The signals that a program listens to, as messages.

use crate::actor::crew::Crew;
use crate::console::client_ui::Interrupt;
use crate::console::modes;
use crossbeam_channel::Sender;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::io;

/// What a client listens to: orders to stop, and what concerns its terminal ([`attend_terminal`]).
pub(super) const OF_A_CLIENT: [i32; 7] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];

/// Does what a signal asks that concerns the terminal: its modes are put back before SIGQUIT (Ctrl-\) ends the program
/// or SIGTSTP (Ctrl-Z) stops it, and set again when it goes on; a window that has another size now is told to the
/// conversation. Returns whether `signal` is one of these.
pub(super) fn attend_terminal(signal: i32, interrupt_tx: &Sender<Interrupt>) -> bool {
    let interrupt = match signal {
        SIGQUIT => {
            modes::restore();
            // It is in the table of signals, so this ends the program.
            emulate_default_handler(signal).ok();
            return true;
        }
        SIGTSTP => {
            modes::suspend();
            Interrupt::GoneOn
        }
        SIGCONT => {
            modes::resume();
            Interrupt::GoneOn
        }
        SIGWINCH => Interrupt::Resized,
        _ => return false,
    };
    // The conversation may be over.
    interrupt_tx.send(interrupt).ok();
    true
}

/// Passes each of `signals` on to `events_tx`, translated, from a thread of its own, until the returned guard is
/// dropped. Those that are translated to nothing are dealt with already.
///
/// # Errors
/// What the system says when a handler can't be installed or a thread started.
pub(super) fn forward<E: Send + 'static>(
    crew: &mut Crew,
    signals: &[i32],
    events_tx: Sender<E>,
    translate: impl Fn(i32) -> Option<E> + Send + 'static,
) -> io::Result<SignalGuard> {
    let mut signals = Signals::new(signals)?;
    let guard = SignalGuard(signals.handle());
    crew.spawn("signals", move || {
        for signal in signals.forever() {
            if let Some(event) = translate(signal)
                && events_tx.send(event).is_err()
            {
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
