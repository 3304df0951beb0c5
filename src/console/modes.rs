//! The modes of the terminal, which belong to the whole process: put back on every way out.
//!
//! A client at a prompt changes them: while it waits nothing that is typed is echoed, and the line editor takes key by
//! key. A shell that comes after it, because it ended or because it was stopped (Ctrl-Z), must find them as they were;
//! dash, unlike bash, does not put them back itself. Whoever ends the process without unwinding calls [`restore`] first.

use super::standard_error;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use nix::unistd::{Pid, getpgrp, tcgetpgrp};
use parking_lot::{Condvar, Mutex};
use std::io;
use std::time::Duration;

/// What there is to put back.
struct Modes {
    /// As they were before this program changed them; `None` if it did not.
    before: Option<Termios>,
    /// As they were when it was stopped, to be set again when it goes on in the foreground.
    stopped: Option<Termios>,
    /// Remarks are on a terminal where a live line may stand.
    has_live_line: bool,
}

static MODES: Mutex<Modes> = Mutex::new(Modes { before: None, stopped: None, has_live_line: false });

/// [`suspend`] is over.
static GONE_ON: Condvar = Condvar::new();

/// How long a Ctrl-Z at the prompt waits for what it asked for, beside the time that the process is stopped.
const STOP_WAIT_MAX: Duration = Duration::from_millis(200);

/// Holds the terminal; puts its modes back when it is dropped.
pub(super) struct TerminalGuard(());

impl TerminalGuard {
    /// Only where the editor is `used` the modes change: a client in the background must leave the terminal alone.
    /// `has_live_line` says that a line may have to be taken away when the program is stopped.
    ///
    /// What is typed during a wait is not echoed, for it would mix with the answers: the next prompt shows it.
    pub(super) fn set_up(used: bool, has_live_line: bool) -> Self {
        let mut modes = MODES.lock();
        modes.has_live_line = has_live_line;
        modes.before = used.then(|| termios::tcgetattr(io::stdin()).ok()).flatten();
        if let Some(before) = &modes.before {
            let mut quiet = before.clone();
            quiet.local_flags.remove(LocalFlags::ECHO);
            // A terminal that can't do so echoes.
            set(&quiet);
        }
        Self(())
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        let mut modes = MODES.lock();
        // Stopped, and gone on in the background: the terminal is the shell's, and its modes are back already.
        if let Some(before) = modes.before.take().filter(|_| modes.stopped.is_none() && is_foreground()) {
            set(&before);
        }
        modes.has_live_line = false;
    }
}

/// Puts the modes back, for the process is about to end.
pub fn restore() {
    // In the background the terminal is the shell's, and setting its modes would stop this process.
    if let Some(before) = &MODES.lock().before
        && is_foreground()
    {
        set(before);
    }
}

/// Stops this process, as Ctrl-Z does, with the modes put back; returns once it goes on.
///
/// It is stopped by SIGTTIN, whose action is the kernel's: where no shell would let it go on, the kernel does not stop it
/// either.
pub fn suspend() {
    // Without the lock: where nobody reads standard error this takes a while, though not for ever.
    let has_live_line = MODES.lock().has_live_line;
    if has_live_line {
        // Whoever is there next begins on a line of its own.
        standard_error::say(b"\r\x1b[K");
        standard_error::flush();
    }
    {
        let mut modes = MODES.lock();
        if let Some(before) = &modes.before
            && is_foreground()
        {
            let now = termios::tcgetattr(io::stdin()).ok();
            set(before);
            modes.stopped = now;
        }
    }
    // A signal that is refused stops nothing.
    raise(Signal::SIGTTIN).ok();
    resume();
    GONE_ON.notify_all();
}

/// What the terminal does for a Ctrl-Z unless an editor has taken that over: stops all of this process group, a script
/// that started this program included. Returns once it goes on, or soon where SIGTSTP is ignored.
pub(super) fn suspend_group() {
    let mut modes = MODES.lock();
    if kill(Pid::from_raw(0), Signal::SIGTSTP).is_ok() {
        GONE_ON.wait_for(&mut modes, STOP_WAIT_MAX);
    }
}

/// Sets the modes again that [`suspend`] put back, once the process is in the foreground: also called when it goes on.
pub fn resume() {
    let mut modes = MODES.lock();
    // In the background the terminal is the shell's.
    if is_foreground()
        && let Some(stopped) = modes.stopped.take()
    {
        set(&stopped);
    }
}

/// Sets them again before the editor changes them, if that is still to be done: a program that went on in the background
/// is stopped by it until it is in the foreground.
pub(super) fn claim() {
    let stopped = MODES.lock().stopped.take();
    if let Some(stopped) = stopped {
        set(&stopped);
    }
}

/// A terminal that is gone has no modes.
fn set(modes: &Termios) {
    termios::tcsetattr(io::stdin(), SetArg::TCSANOW, modes).ok();
}

/// Whether this process may change the terminal's modes without being stopped for it.
fn is_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}
