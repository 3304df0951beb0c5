//! The sender: batches to the cloned socket, failures to the counters.

use super::channels::OutboxHandle;
use super::clock::{Clock, Pace};
use super::hand_over::{Gone, Role, Turn};
use super::tracer::Tap;
use crate::net::{DatagramSink, SendFailure, WhenFull};
use crate::stats::Tally;
use crate::trace::{Dropped, Events, Unsent};
use std::collections::HashMap;
use std::sync::Arc;

/// Sends each batch, and tells the tap, if there is one, what could not leave. What waits for room in the send buffer
/// waits in the sender's own thread.
///
/// A datagram that can't leave is counted by kind and logged, at most once per 30 s and kind (P-25).
#[derive(Debug)]
pub struct Sender<K, C> {
    sink: K,
    clock: C,
    tally: Tally,
    tap: Option<Tap>,
    /// Has left in part, and waits for room.
    unfinished: Option<OutboxHandle>,
    paces: HashMap<SendFailure, Pace>,
    stray_pace: Pace,
}

impl<K: DatagramSink, C: Clock> Sender<K, C> {
    /// Sends to `sink`.
    pub fn new(sink: K, clock: C, tally: Tally, tap: Option<Tap>) -> Self {
        let (paces, stray_pace) = (HashMap::new(), Pace::FAILURES);
        Self { sink, clock, tally, tap, unfinished: None, paces, stray_pace }
    }

    /// Sends `outbox`, or what is left of it.
    fn send(&mut self, outbox: OutboxHandle, when_full: WhenFull) {
        let Self { sink, clock, tally, tap, unfinished, paces, stray_pace } = self;
        let (counters, mut drops) = (tally.count(), Vec::new());
        let sent = sink.send(&outbox, when_full, |index, failure| {
            counters.count_drop(failure.into());
            if tap.is_some() {
                drops.push(Dropped { at: clock.now(), index, cause: failure.into() });
            }
            if paces.entry(failure).or_insert(Pace::FAILURES).is_due(clock.now()) {
                log::warn!("could not send to {}: {failure}", outbox.transmits()[index].to);
            }
        });
        if let Some(tap) = tap
            && !drops.is_empty()
        {
            tap.offer(Events::Unsent(Unsent { outbox: Arc::clone(&outbox), drops }));
        }
        if sent.offload_lost {
            log::warn!("the network does not segment datagrams (GSO): each is sent alone from now on");
        }
        if sent.strayed > 0 && stray_pace.is_due(clock.now()) {
            log::warn!("answers could not leave from the address that was asked, and left from another one");
        }
        if sent.batching_lost {
            log::warn!("the system takes one datagram a call (sendmmsg refused): it will be slower");
        }
        *unfinished = sent.is_unfinished.then_some(outbox);
        tally.count().sent += sent.datagrams as u64;
        tally.publish();
    }
}

impl<K: DatagramSink + Send, C: Clock + Send> Role<OutboxHandle> for Sender<K, C> {
    fn take(&mut self, outbox: OutboxHandle, turn: Turn) -> Result<(), Gone> {
        self.send(outbox, if turn.may_wait { WhenFull::Wait } else { WhenFull::Return });
        Ok(())
    }

    fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    fn finish(&mut self) -> Result<(), Gone> {
        if let Some(outbox) = self.unfinished.take() {
            self.send(outbox, WhenFull::Wait);
        }
        Ok(())
    }
}
