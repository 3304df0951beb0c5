//! The lookup actor: owns the dictionary and answers clients.

use super::channels::{LookupJob, OutboxHandle};
use super::clock::Clock;
use super::tracer::Tap;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{Lookup, LookupVerdict};
use crate::stats::{Counters, Tally};
use crate::trace::Events;
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, SendError, Sender};
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
        let Self { lookup, now, inbox, wanted: mut left } = self;
        while !left.is_empty() {
            let (outbox, rest) = outboxes.fill(|outbox| {
                outbox.clear();
                lookup.on_batch(now, inbox, left, outbox, |index, verdict| {
                    note(index, verdict);
                    count(verdict, tally.count());
                })
            });
            left = rest;
            tally.publish();
            if !outbox.is_empty() {
                outbox_tx.send(outbox)?;
            }
        }
        Ok(())
    }
}

fn count(verdict: LookupVerdict, counters: &mut Counters) {
    counters.lookup += 1;
    *match verdict {
        LookupVerdict::Answered => &mut counters.answered,
        LookupVerdict::NotFound => &mut counters.not_found,
        LookupVerdict::UnanswerableClient => &mut counters.unanswerable_client,
        LookupVerdict::ResponseLimited => &mut counters.response_limited,
    } += 1;
}
