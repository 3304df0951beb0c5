//! The signals that a program listens to, as messages; and those that it does not hear.

use crate::actor::crew::Crew;
use crossbeam_channel::Sender;
use signal_hook::consts::SIGXFSZ;
use signal_hook::iterator::{Handle, Signals};
use std::fs;
use std::io;
use std::sync::Arc;

/// Passes each of `signals` and `always` on to `events_tx`, translated, from a thread of its own, until the returned
/// guard is dropped.
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
    translate: impl Fn(i32) -> E + Send + 'static,
) -> io::Result<SignalGuard> {
    let ignored = ignored();
    let heard = signals.iter().filter(|&&signal| !is_in(ignored, signal)).chain(always);
    let mut signals = Signals::new(heard)?;
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
    use signal_hook::consts::{SIGHUP, SIGINT, SIGPIPE, SIGTERM};

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
