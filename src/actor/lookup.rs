//! The lookup actor: owns the dictionary and answers clients.

use super::channels::{LookupJob, OutboxHandle};
use super::clock::Clock;
use super::tracer::Tap;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{Lookup, LookupVerdict};
use crate::stats::{Counters, DropCause, Tally};
use crate::trace::Events;
use crate::types::Timestamp;
use crate::wire::{Header, Message};
use crossbeam_channel::{Receiver, SendError, Sender};
use std::net::SocketAddrV4;
use std::sync::Arc;

/// Looks up what each job names and passes the RESPONSEs on to the sender, and what it found to `tap`, if there is
/// one. Ends when `lookup_rx` is closed and drained, or the sender is gone.
pub fn run(
    mut lookup: Lookup,
    lookup_rx: &Receiver<LookupJob>,
    outbox_tx: &Sender<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
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
        let work = Work { lookup: &mut lookup, now, inbox: &inbox, wanted: &wanted };
        // Two loops: the one that notes nothing does not ask at each key whether it should.
        let taken = match tap {
            None => work.run(&mut outboxes, outbox_tx, &mut tally, |_, _| {}),
            Some(tap) => {
                let mut verdicts = Vec::with_capacity(wanted.len());
                let note = |index, verdict| verdicts.push((index, verdict));
                let taken = work.run(&mut outboxes, outbox_tx, &mut tally, note);
                tap.offer(now, Events::LookedUp(Arc::clone(&inbox), verdicts));
                taken
            }
        };
        if taken.is_err() {
            return;
        }
    }
}

/// One job.
struct Work<'a> {
    lookup: &'a mut Lookup,
    now: Timestamp,
    inbox: &'a Inbox,
    wanted: &'a [usize],
}

impl Work<'_> {
    fn run(
        self,
        outboxes: &mut Pool<Outbox>,
        outbox_tx: &Sender<OutboxHandle>,
        tally: &mut Tally,
        mut note: impl FnMut(usize, LookupVerdict),
    ) -> Result<(), SendError<OutboxHandle>> {
        let Self { lookup, now, inbox, wanted } = self;
        let request = |&index| inbox.get(index).map(|(source, message)| (index, source, message));
        let mut requests = wanted.iter().filter_map(request).peekable();
        // A small request can have a large answer, so a batch of them may fill several outboxes.
        while requests.peek().is_some() {
            let (outbox, ()) = outboxes.fill(|outbox| {
                outbox.clear();
                while !outbox.is_full()
                    && let Some((index, source, message)) = requests.next()
                {
                    if let Some(verdict) = answer(lookup, now, source, &message, outbox) {
                        note(index, verdict);
                        count(verdict, tally.count());
                    }
                }
            });
            tally.publish();
            if !outbox.is_empty() {
                outbox_tx.send(outbox)?;
            }
        }
        Ok(())
    }
}

/// What a request is answered; `None` for what is no request.
fn answer(
    lookup: &mut Lookup,
    now: Timestamp,
    source: SocketAddrV4,
    message: &Message<'_>,
    outbox: &mut Outbox,
) -> Option<LookupVerdict> {
    let client = match message.header {
        Header::Clireq => source,
        Header::Query(header) => header.client,
        Header::Response => return None,
    };
    Some(lookup.answer(now, client, message.text, outbox))
}

fn count(verdict: LookupVerdict, counters: &mut Counters) {
    counters.lookup += 1;
    match verdict {
        LookupVerdict::Answered => counters.answered += 1,
        LookupVerdict::NotFound => counters.not_found += 1,
        LookupVerdict::UnanswerableClient | LookupVerdict::ResponseLimited => {}
    }
    if let Some(cause) = DropCause::of_lookup(verdict) {
        counters.count_drop(cause);
    }
}
