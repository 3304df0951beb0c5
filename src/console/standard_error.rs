//! What programs say on standard error, so that nobody who has something to say waits for whoever reads it.
//!
//! ```text
//! log ──────────┐ bytes, at most        ┌────────────────┐
//! remarks ──────┼──────────────────────▶│ standard error │─▶ terminal, pipe, file
//! counters, ... ┘ or, full, a count     └────────────────┘
//! ```
//!
//! What finds no room is left out and counted by lines; once there is room again the count stands in their place. At
//! its end a program waits for what is still to be said, but not for ever ([`flush`]).
//!
//! A process has one standard error, so this is one for the whole process.

use super::patient::Patient;
use parking_lot::{Condvar, Mutex};
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

/// Bytes that may wait for standard error. As many may be in the writing.
pub const WAITING_LEN_MAX: usize = 256 << 10;

/// How long a program waits at its end for what it has said.
pub const FLUSH_WAIT_MAX: Duration = Duration::from_millis(500);

static STANDARD_ERROR: Outlet = Outlet::new();

/// Says `text`, which may be several lines, or a part of one. Never waits: what finds no room is left out, and counted.
pub fn say(text: &[u8]) {
    if STANDARD_ERROR.say(text) {
        // Without a thread to be had, `flush` writes.
        let writer = thread::Builder::new().name("standard error".to_owned());
        let write = || STANDARD_ERROR.run(Patient(io::stderr()));
        STANDARD_ERROR.is_served(writer.spawn(write).is_ok());
    }
}

/// Waits until all is said, but at most [`FLUSH_WAIT_MAX`]. What is said meanwhile may still be missing.
pub fn flush() {
    STANDARD_ERROR.flush(FLUSH_WAIT_MAX, io::stderr());
}

/// Standard error as a writer that takes everything at once; see [`say`].
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardError;

impl Write for StandardError {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        say(text);
        Ok(text.len())
    }

    /// Done as soon as it can be, and nobody waits for it.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text on its way to an output that may be slow, or stuck.
struct Outlet {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: Vec<u8>,
    /// Lines that found no room since the text that waits came.
    left_out: usize,
    is_writing: bool,
    /// Whether a thread writes, or is about to.
    is_served: bool,
}

impl State {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.left_out == 0
    }
}

impl Outlet {
    const fn new() -> Self {
        let state = State { waiting: Vec::new(), left_out: 0, is_writing: false, is_served: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Takes `text`, if there is room and what came before found room. Says whether a writer is to be started.
    fn say(&self, text: &[u8]) -> bool {
        let mut state = self.state.lock();
        if state.left_out > 0 || state.waiting.len() + text.len() > WAITING_LEN_MAX {
            state.left_out += lines(text);
        } else {
            state.waiting.extend_from_slice(text);
        }
        self.changed.notify_all();
        !std::mem::replace(&mut state.is_served, true)
    }

    fn is_served(&self, is_served: bool) {
        self.state.lock().is_served = is_served;
    }

    /// Writes what is said, for ever.
    fn run(&self, mut output: impl Write) {
        let (mut text, mut lost) = (Vec::new(), 0);
        loop {
            let left_out = {
                let mut state = self.state.lock();
                state.is_writing = false;
                self.changed.notify_all();
                self.changed.wait_while(&mut state, |state| state.is_idle());
                state.is_writing = true;
                std::mem::swap(&mut text, &mut state.waiting);
                std::mem::take(&mut state.left_out)
            };
            lost = write_out(&mut output, lost, &text, left_out);
            text.clear();
        }
    }

    /// Waits until all is written, at most for `wait`; where no thread writes to it, writes it to `output` itself.
    fn flush(&self, wait: Duration, mut output: impl Write) {
        let mut state = self.state.lock();
        if state.is_served {
            self.changed.wait_while_for(&mut state, |state| state.is_writing || !state.is_idle(), wait);
        } else {
            write_out(&mut output, 0, &state.waiting, state.left_out);
            state.waiting.clear();
            state.left_out = 0;
        }
    }
}

/// Writes how many lines are missing, `text`, and how many are missing behind it. Returns how many lines are not told
/// of because they could not be written: they are the next ones to be missing.
fn write_out(output: &mut impl Write, lost: usize, text: &[u8], left_out: usize) -> usize {
    let before = notice(lost);
    let after = notice(left_out);
    if write_some(output, before.as_bytes()).is_err() {
        // Whatever took this much time is not over.
        return lost + lines(text) + left_out;
    }
    match write_some(output, text) {
        Err(written) => lines(&text[written..]) + left_out,
        Ok(()) if write_some(output, after.as_bytes()).is_err() => left_out,
        Ok(()) => 0,
    }
}

/// Writes all of `text`.
///
/// # Errors
/// How many bytes could be written.
fn write_some(output: &mut impl Write, text: &[u8]) -> Result<(), usize> {
    let mut written = 0;
    while written < text.len() {
        match output.write(&text[written..]) {
            Ok(0) => return Err(written),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Err(written),
        }
    }
    Ok(())
}

fn notice(missing: usize) -> String {
    match missing {
        0 => String::new(),
        1 => "[1 line not shown]\n".to_owned(),
        several => format!("[{several} lines not shown]\n"),
    }
}

fn lines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
    use std::sync::Arc;

    /// An output that takes nothing until it is told how many bytes.
    struct Stuck {
        allowed_rx: Receiver<io::Result<usize>>,
        written_tx: Sender<Vec<u8>>,
    }

    impl Write for Stuck {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            // That it sits in a write.
            self.written_tx.send(Vec::new()).ok();
            let len = self.allowed_rx.recv().unwrap_or(Ok(usize::MAX))?.min(text.len());
            self.written_tx.send(text[..len].to_vec()).ok();
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// An outlet to an output that is stuck, how to move it, and what it wrote.
    fn stuck() -> (Arc<Outlet>, Sender<io::Result<usize>>, Receiver<Vec<u8>>) {
        let ((allowed_tx, allowed_rx), (written_tx, written_rx)) = (bounded(0), unbounded());
        let outlet = Arc::new(Outlet::new());
        let its_outlet = Arc::clone(&outlet);
        let run = move || its_outlet.run(Stuck { allowed_rx, written_tx });
        // It never ends; it holds nothing but memory.
        thread::Builder::new().name("writer".to_owned()).spawn(run).unwrap();
        (outlet, allowed_tx, written_rx)
    }

    fn rest(written_rx: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(written_rx.try_iter().collect::<Vec<_>>().concat()).unwrap()
    }

    #[test]
    fn nobody_waits_for_an_output_that_is_stuck_and_what_is_left_out_is_counted_in_its_place() {
        let (outlet, allowed_tx, written_rx) = stuck();
        outlet.say(b"first\n");
        assert_eq!(written_rx.recv(), Ok(Vec::new()));
        let line = [&[b'x'; 1_023][..], b"\n"].concat();
        let room = WAITING_LEN_MAX / line.len();
        for _ in 0..room + 312 {
            outlet.say(&line);
        }
        // Shorter ones would find room, but not in their place.
        outlet.say(b"short\n");
        assert_eq!(outlet.state.lock().waiting.len(), WAITING_LEN_MAX);
        outlet.flush(Duration::from_millis(1), io::sink());
        drop(allowed_tx);
        outlet.flush(Duration::from_secs(20), io::sink());
        outlet.say(b"last\n");
        outlet.flush(Duration::from_secs(20), io::sink());
        let expected = format!("first\n{}[313 lines not shown]\nlast\n", String::from_utf8(line.repeat(room)).unwrap());
        assert!(rest(&written_rx) == expected);
    }

    #[test]
    fn what_can_t_be_written_is_counted_once_something_can() {
        let (outlet, allowed_tx, written_rx) = stuck();
        let full = || Err(io::Error::from(io::ErrorKind::StorageFull));
        outlet.say(b"one\ntwo\nthree\n");
        for allowed in [Ok(5), full()] {
            allowed_tx.send(allowed).unwrap();
        }
        outlet.say(b"four\n");
        allowed_tx.send(full()).unwrap();
        outlet.flush(Duration::from_secs(20), io::sink());
        outlet.say(b"five\n");
        drop(allowed_tx);
        outlet.flush(Duration::from_secs(20), io::sink());
        assert_eq!(rest(&written_rx), "one\nt[3 lines not shown]\nfive\n");
    }

    #[test]
    fn without_a_thread_it_is_said_at_the_end() {
        let outlet = Outlet::new();
        assert!(outlet.say(b"no thread\n"));
        outlet.is_served(false);
        let mut output = Vec::new();
        outlet.flush(Duration::ZERO, &mut output);
        assert_eq!(output, b"no thread\n");
    }
}
