//! The lookup actor: owns the dictionary and answers clients.

use super::channels::{LookupJob, OutboxHandle};
use super::clock::{Clock, Pace};
use super::tracer::Tap;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{Lookup, LookupVerdict};
use crate::stats::{Counters, DropCause, Tally};
use crate::trace::{Events, Notes};
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, Sender};

/// Looks up what each job names and passes the RESPONSEs on to the sender, and tells `tap`, if there is
/// one, what it did. The first RESPONSE in a minute that the limiter withholds is logged (P-24). Ends when `lookup_rx` is closed and drained, or the sender is gone.
pub fn run(
    mut lookup: Lookup,
    lookup_rx: &Receiver<LookupJob>,
    outbox_tx: &Sender<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
) {
    let mut outboxes = Pool::<Outbox>::default();
    let mut withheld_pace = Pace::WITHHELD;
    for job in lookup_rx {
        let (inbox, wanted) = match job {
            LookupJob::Keys { inbox, wanted } => (inbox, wanted),
            LookupJob::Replace(store) => {
                drop(lookup.replace_store(*store));
                continue;
            }
        };
        let now = clock.now();
        let mut left = wanted.as_slice();
        while !left.is_empty() {
            let (outbox, (rest, notes)) = outboxes.fill(|outbox| {
                outbox.clear();
                let counters = tally.count();
                let withheld = &mut withheld_pace;
                // Two loops: the one that notes nothing does not ask at each key whether it should.
                let Some(tap) = tap else {
                    return (look_up(&mut lookup, now, &inbox, left, outbox, (counters, withheld), |_, _, _| {}), None);
                };
                let mut notes = Notes::of(left.len());
                let note = |index, verdict, outbox: &Outbox| notes.add(clock.now(), index, verdict, outbox);
                let rest = look_up(&mut lookup, now, &inbox, left, outbox, (counters, withheld), note);
                (rest, Some((tap, notes)))
            });
            left = rest;
            if let Some((tap, notes)) = notes {
                tap.offer(Events::LookedUp(notes.done(&inbox, &outbox)));
            }
            tally.publish();
            if !outbox.is_empty() && outbox_tx.send(outbox).is_err() {
                return;
            }
        }
    }
}

/// Looks up what is `wanted` until `outbox` is full, and counts it. Returns what is left.
fn look_up<'a>(
    lookup: &mut Lookup,
    now: Timestamp,
    inbox: &Inbox,
    wanted: &'a [usize],
    outbox: &mut Outbox,
    (counters, withheld_pace): (&mut Counters, &mut Pace),
    mut note: impl FnMut(usize, LookupVerdict, &Outbox),
) -> &'a [usize] {
    lookup.on_batch(now, inbox, wanted, outbox, |index, verdict, outbox| {
        note(index, verdict, outbox);
        count(verdict, counters);
        if verdict == LookupVerdict::ResponseLimited && withheld_pace.is_due(now) {
            log_withheld(inbox, index);
        }
    })
}

/// Says whose answer was withheld.
#[cold]
fn log_withheld(inbox: &Inbox, index: usize) {
    let client = inbox.get(index).and_then(|(source, message)| message.header.client(source));
    let network = client.map_or_else(String::new, |client| {
        let [a, b, c, _] = client.ip().octets();
        format!(" to {client}: {a}.{b}.{c}.0/24 had its share of this second")
    });
    log::warn!("withheld a RESPONSE{network} (--response-limit; response_limited counts them)");
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
