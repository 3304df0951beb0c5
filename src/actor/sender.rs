//! The sender: batches to the cloned socket, failures to the counters.

use super::channels::OutboxHandle;
use super::clock::{Clock, Pace};
use super::tracer::Tap;
use crate::net::{DatagramSink, SendFailure};
use crate::stats::Tally;
use crate::trace::{Events, Unsent};
use crossbeam_channel::Receiver;
use std::collections::HashMap;

/// Sends each batch, and tells `tap`, if there is one, what could not leave. Ends when `outbox_rx` is closed and
/// drained, so whatever was queued at a stop still leaves.
///
/// A datagram that can't leave is counted by kind and logged, at most once per 30 s and kind (P-25).
pub fn run(
    mut sink: impl DatagramSink,
    outbox_rx: &Receiver<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
) {
    let mut unsent = Vec::new();
    let mut paces: HashMap<SendFailure, Pace> = HashMap::new();
    let mut stray_pace = Pace::FAILURES;
    for outbox in outbox_rx {
        let counters = tally.count();
        let sent = sink.send(&outbox, |to, failure| {
            counters.count_drop(failure.into());
            if tap.is_some() {
                unsent.push(Unsent { at: clock.now(), to, failure });
            }
            if paces.entry(failure).or_insert(Pace::FAILURES).is_due(clock.now()) {
                log::warn!("could not send to {to}: {failure}");
            }
        });
        if let Some(tap) = tap {
            tap.offer(Events::Unsent(std::mem::take(&mut unsent)));
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
        tally.count().sent += sent.datagrams as u64;
        tally.publish();
    }
}
