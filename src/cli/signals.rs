//! The signals that a program listens to, as messages; and those that it does not hear.

use crate::actor::crew::Crew;
use crate::console::client_ui::Interrupt;
use crate::console::{modes, standard_error};
use crossbeam_channel::Sender;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH, SIGXFSZ};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;
use std::fs;
use std::io;
use std::sync::Arc;

/// What a client listens to: orders to stop, and what concerns its terminal ([`attend_terminal`]).
pub(super) const OF_A_CLIENT: [i32; 7] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];

/// Does what a signal asks that concerns the terminal: its modes are put back before SIGQUIT (Ctrl-\) ends the program
/// or SIGTSTP (Ctrl-Z) stops it, and set again when it goes on; a window that has another size now is told to the
/// conversation. Returns whether `signal` is one of these.
pub(super) fn attend_terminal(signal: i32, interrupt_tx: &Sender<Interrupt>) -> bool {
    let interrupt = match signal {
        SIGQUIT => {
            modes::restore();
            standard_error::flush();
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

/// Passes each of `signals` and `always` on to `events_tx`, translated, from a thread of its own, until the returned
/// guard is dropped. Those that are translated to nothing are dealt with already.
///
/// Those of `signals` that were ignored when the program started stay ignored: whoever started it wanted so, `nohup` or a
/// shell that runs it in the background. Those of `always` are listened to all the same.
///
/// # Errors
/// What the system says when a handler can't be installed or a thread started.
pub(super) fn forward<E: Send + 'static>(
    crew: &mut Crew,
    signals: &[i32],
    always: &[i32],
    events_tx: Sender<E>,
    translate: impl Fn(i32) -> Option<E> + Send + 'static,
) -> io::Result<SignalGuard> {
    let ignored = ignored();
    let heard = signals.iter().filter(|&&signal| !is_in(ignored, signal)).chain(always);
    let mut signals = Signals::new(heard)?;
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

/// Makes a file that may not grow any more (`ulimit -f`) a failed write, as a full disk is, and not the end of the
/// program.
pub(super) fn outlive_file_size_limit() {
    // What the handler does is nothing to anybody; that there is one keeps the signal from ending the program. Where
    // none can be installed, it ends it.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).ok();
}

/// The signals that are ignored, a bit each. A system that does not tell ignores none.
fn ignored() -> u64 {
    fs::read_to_string("/proc/self/status").ok().and_then(|status| ignored_by(&status)).unwrap_or(0)
}

fn ignored_by(status: &str) -> Option<u64> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

fn is_in(mask: u64, signal: i32) -> bool {
    // The first signal is number 1.
    u32::try_from(signal - 1).is_ok_and(|bit| mask.unbounded_shr(bit) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::consts::SIGPIPE;

    #[test]
    fn what_is_ignored_is_read_from_the_status_of_the_process() {
        let mask =
            ignored_by("Name:\tnohup\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t2\n").unwrap();
        assert_eq!(
            [SIGHUP, SIGINT, SIGPIPE, SIGTERM, 0, 65].map(|signal| is_in(mask, signal)),
            [true, false, true, false, false, false]
        );
        assert_eq!(ignored_by("Name:\tstrange\n"), None);
    }
}
