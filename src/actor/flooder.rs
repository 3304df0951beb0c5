//! The flooder: suppresses duplicates and forwards what is new.

use super::channels::{InboxHandle, LookupJob, OutboxHandle};
use super::clock::Clock;
use super::tracer::Tap;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{ClireqFlooded, Flooder, QueryVerdict, Verdict};
use crate::stats::{Counters, DropCause, Tally};
use crate::trace::{Events, Notes};
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, Sender};

/// Whoever judges batches: a [`Flooder`], or in a test one that breaks a promise, so that a trace must show it.
pub trait Judge {
    /// As [`Flooder::on_batch`].
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        judged: impl FnMut(usize, Verdict, &Outbox),
    );
}

impl Judge for Flooder {
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        self.on_batch(now, inbox, outbox, judged);
    }
}

/// Judges every CLIREQ and QUERY of each batch; passes first sightings on to the lookup actor and QUERYs on to the
/// sender, and tells `tap`, if there is one, and at debug the log what it did. Ends when `inbox_rx` is closed and drained,
/// or nobody takes its results.
pub fn run(
    mut flooder: impl Judge,
    inbox_rx: &Receiver<InboxHandle>,
    lookup_tx: &Sender<LookupJob>,
    outbox_tx: &Sender<OutboxHandle>,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
) {
    let mut outboxes = Pool::<Outbox>::default();
    let mut sightings = Pool::<Vec<usize>>::default();
    let mut told_of_loopback = false;
    for inbox in inbox_rx {
        let (now, is_logged) = (clock.now(), log::log_enabled!(log::Level::Debug));
        let (wanted, (outbox, notes)) = sightings.fill(|wanted| {
            wanted.clear();
            outboxes.fill(|outbox| {
                outbox.clear();
                let counters = tally.count();
                // Two loops: the one that notes nothing does not ask at each message whether it should.
                if tap.is_none() && !is_logged {
                    judge(&mut flooder, now, &inbox, outbox, wanted, counters, |_, _, _| {});
                    return None;
                }
                let mut notes = Notes::of(inbox.len());
                let note = |index, verdict, outbox: &Outbox| notes.add(clock.now(), index, verdict, outbox);
                judge(&mut flooder, now, &inbox, outbox, wanted, counters, note);
                Some(notes)
            })
        });
        if let Some(notes) = notes {
            let work = notes.done(&inbox, &outbox);
            if is_logged {
                work.speak(|line| log::debug!("{line}"));
            }
            if let Some(tap) = tap {
                tap.offer(Events::Judged(work));
            }
        }
        if !told_of_loopback && tally.count().loopback_client > 0 {
            told_of_loopback = true;
            log::warn!(
                "a client on loopback asked, and neighbours on other hosts cannot answer it there: \
                 let it contact this servent by its network address"
            );
        }
        tally.publish();
        // The lookup actor first: while it works, the sender can already flood.
        if !wanted.is_empty() && lookup_tx.send(LookupJob::Keys { inbox, wanted }).is_err() {
            break;
        }
        if !outbox.is_empty() && outbox_tx.send(outbox).is_err() {
            break;
        }
    }
}

fn judge(
    flooder: &mut impl Judge,
    now: Timestamp,
    inbox: &Inbox,
    outbox: &mut Outbox,
    wanted: &mut Vec<usize>,
    counters: &mut Counters,
    mut note: impl FnMut(usize, Verdict, &Outbox),
) {
    flooder.judge(now, inbox, outbox, |index, verdict, outbox| {
        note(index, verdict, outbox);
        count(index, verdict, wanted, counters);
    });
}

fn count(index: usize, verdict: Verdict, wanted: &mut Vec<usize>, counters: &mut Counters) {
    if let Some(cause) = DropCause::of_flood(verdict) {
        counters.count_drop(cause);
    }
    match verdict {
        Verdict::Clireq(ClireqFlooded { seq: _, evicted, loopback_client }) => {
            counters.seen_evicted += u64::from(evicted);
            counters.loopback_client += u64::from(loopback_client);
        }
        Verdict::Query(QueryVerdict::StrangerRefused | QueryVerdict::TtlZero) => {}
        Verdict::Query(QueryVerdict::Duplicate { higher_ttl }) => {
            counters.duplicate += 1;
            counters.duplicate_higher_ttl += u64::from(higher_ttl);
        }
        Verdict::Query(QueryVerdict::FirstSighting { forwarded, ttl_expired, ttl_clamped, evicted }) => {
            wanted.push(index);
            counters.first_sighting += 1;
            counters.ttl_clamped += u64::from(ttl_clamped);
            counters.ttl_expired += u64::from(ttl_expired);
            counters.forwarded += u64::from(forwarded > 0);
            counters.seen_evicted += u64::from(evicted);
        }
    }
}
