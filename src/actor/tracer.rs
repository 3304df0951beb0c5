//! The tracer: what the other actors noted, to a file, as fast as that takes it and never slower for them.
//!
//! ```text
//! receiver ─┐
//! flooder  ─┤ notes of a batch      ┌────────┐
//! lookup   ─┼──────────────────────▶│ tracer │─▶ FILE
//! sender   ─┘ or, full, a count     └────────┘
//! ```
//!
//! An actor hands over its notes of a whole batch without waiting ([`Tap::offer`]); where the channel is full they are
//! counted instead. So a slow disk costs the trace lines and the servent nothing.

use super::clock::Clock;
use crate::trace::{Events, Scribe};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Notes that may wait for the tracer, each of a batch. With it waits what came in and what was queued for it, each at
/// most about a mebibyte, and usually some kilobytes.
pub const NOTES_WAITING_MAX: usize = 128;

/// Bytes of lines that are written together where more are waiting.
const WRITE_LEN: usize = 64 << 10;

/// What is known of lines that are not in the file. Clones share the numbers.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Arc<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    pending: AtomicU64,
    dropped: AtomicU64,
}

impl Ledger {
    /// Events that will never be in the file.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Events that were handed over and are not in the file yet.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.0.pending.load(Ordering::Relaxed)
    }

    fn written(&self, events: u64) {
        self.0.pending.fetch_sub(events, Ordering::Relaxed);
    }

    fn lost(&self, events: u64) {
        self.0.dropped.fetch_add(events, Ordering::Relaxed);
        self.0.pending.fetch_sub(events, Ordering::Relaxed);
    }
}

/// Where an actor hands over its notes.
#[derive(Clone, Debug)]
pub struct Tap {
    event_tx: Sender<Events>,
    ledger: Ledger,
}

impl Tap {
    /// Hands over what an actor did. Never waits: what finds no room is counted.
    pub fn offer(&self, events: Events) {
        let count = events.count() as u64;
        if count == 0 {
            return;
        }
        // First, or the tracer could subtract what was not added yet.
        self.ledger.0.pending.fetch_add(count, Ordering::Relaxed);
        if self.event_tx.try_send(events).is_err() {
            self.ledger.lost(count);
        }
    }
}

/// A tap, to be cloned for each actor, the tracer's end, and what is counted between them.
#[must_use]
pub fn tap() -> (Tap, Receiver<Events>, Ledger) {
    let (event_tx, event_rx) = bounded(NOTES_WAITING_MAX);
    let ledger = Ledger::default();
    (Tap { event_tx, ledger: ledger.clone() }, event_rx, ledger)
}

/// Writes `first_line`, then a line for each event until every tap is dropped and nothing waits any more; then how many
/// are missing.
///
/// What it has is in the file whenever nothing waits, so the file can be followed. If writing fails, that is logged
/// once, the trace ends there, and what follows is counted.
pub fn run(
    mut file: impl Write,
    first_line: &[u8],
    scribe: &Scribe,
    event_rx: &Receiver<Events>,
    ledger: &Ledger,
    clock: &impl Clock,
) {
    let (mut text, mut untold) = (Vec::new(), 0);
    let mut outcome = file.write_all(first_line);
    complain(&outcome);
    for events in event_rx {
        untold += events.count() as u64;
        if outcome.is_ok() {
            scribe.events(&mut text, &events);
        }
        // Before the write, which may take long: the batches go back to their pools.
        drop(events);
        if text.len() >= WRITE_LEN || event_rx.is_empty() {
            if outcome.is_ok() {
                outcome = file.write_all(&text);
                if event_rx.is_empty() {
                    outcome = outcome.and_then(|()| file.flush());
                }
                complain(&outcome);
            }
            if outcome.is_ok() {
                ledger.written(untold);
            } else {
                ledger.lost(untold);
            }
            (text, untold) = (recycled(text), 0);
        }
    }
    if outcome.is_ok() {
        scribe.end(&mut text, clock.now(), ledger.dropped());
        outcome = file.write_all(&text).and_then(|()| file.flush());
        complain(&outcome);
    }
}

fn complain(outcome: &io::Result<()>) {
    if let Err(error) = outcome {
        log::warn!("the trace ends here, it can't be written: {error} (trace_dropped counts what is missing)");
    }
}

/// The same memory, emptied; not what a batch of the largest keys needed.
fn recycled(mut text: Vec<u8>) -> Vec<u8> {
    text.clear();
    text.shrink_to(2 * WRITE_LEN);
    text
}
