//! The sender: batches to the cloned socket, failures to the counters.

use super::channels::OutboxHandle;
use super::clock::{Clock, Pace};
use super::tracer::Tap;
use crate::net::{DatagramSink, SendFailure};
use crate::stats::Tally;
use crate::trace::Events;
use crossbeam_channel::Receiver;
use std::collections::HashMap;

/// Sends each batch. Ends when `outbox_rx` is closed and drained, so whatever was queued at a stop still leaves.
///
/// A datagram that can't leave is counted by kind and logged, at most once per 30 s and kind (P-25).
pub fn run(sink: impl DatagramSink, outbox_rx: &Receiver<OutboxHandle>, clock: &impl Clock, tally: Tally) {
    run_traced(sink, outbox_rx, clock, tally, None);
}

/// The same, with what can't leave noted for `tap`, if there is one.
pub fn run_traced(
    mut sink: impl DatagramSink,
    outbox_rx: &Receiver<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
) {
    let mut unsent = Vec::new();
    let mut paces: HashMap<SendFailure, Pace> = HashMap::new();
    for outbox in outbox_rx {
        let counters = tally.count();
        let sent = sink.send(&outbox, |to, failure| {
            counters.count_drop(failure.into());
            if tap.is_some() {
                unsent.push((to, failure));
            }
            if paces.entry(failure).or_insert(Pace::FAILURES).is_due(clock.now()) {
                log::warn!("could not send to {to}: {failure}");
            }
        });
        if let Some(tap) = tap {
            tap.offer_now(Events::Unsent(std::mem::take(&mut unsent)));
        }
        if sent.offload_lost {
            log::warn!("the network does not segment datagrams (GSO): each is sent alone from now on");
        }
        tally.count().sent += sent.datagrams as u64;
        tally.publish();
    }
}
