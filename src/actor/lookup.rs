//! The lookup actor: owns the dictionary and answers clients.

use super::channels::{LookupJob, OutboxHandle};
use super::clock::Clock;
use crate::batch::{Outbox, Pool};
use crate::protocol::{Lookup, LookupVerdict};
use crate::stats::{Counters, Tally};
use crate::types::Timestamp;
use crate::wire::{Header, Message};
use crossbeam_channel::{Receiver, Sender};
use std::net::SocketAddrV4;

/// Looks up what each job names and passes the RESPONSEs on to the sender. Ends when `lookup_rx` is closed and
/// drained, or the sender is gone.
pub fn run(
    mut lookup: Lookup,
    lookup_rx: &Receiver<LookupJob>,
    outbox_tx: &Sender<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
) {
    let mut outboxes = Pool::<Outbox>::default();
    for job in lookup_rx {
        let (inbox, wanted) = match job {
            LookupJob::Keys { inbox, wanted } => (inbox, wanted),
            LookupJob::Replace(store) => {
                drop(lookup.replace_store(*store));
                continue;
            }
        };
        let now = clock.now();
        let mut requests = wanted.iter().filter_map(|&index| inbox.get(index)).peekable();
        // A small request can have a large answer, so a batch of them may fill several outboxes.
        while requests.peek().is_some() {
            let (outbox, ()) = outboxes.fill(|outbox| {
                outbox.clear();
                while !outbox.is_full()
                    && let Some((source, message)) = requests.next()
                {
                    answer(&mut lookup, now, source, &message, outbox, tally.count());
                }
            });
            tally.publish();
            if !outbox.is_empty() && outbox_tx.send(outbox).is_err() {
                return;
            }
        }
    }
}

fn answer(
    lookup: &mut Lookup,
    now: Timestamp,
    source: SocketAddrV4,
    message: &Message<'_>,
    outbox: &mut Outbox,
    counters: &mut Counters,
) {
    let client = match message.header {
        Header::Clireq => source,
        Header::Query(header) => header.client,
        Header::Response => return,
    };
    counters.lookup += 1;
    *match lookup.answer(now, client, message.text, outbox) {
        LookupVerdict::Answered => &mut counters.answered,
        LookupVerdict::NotFound => &mut counters.not_found,
        LookupVerdict::UnanswerableClient => &mut counters.unanswerable_client,
        LookupVerdict::ResponseLimited => &mut counters.response_limited,
    } += 1;
}
