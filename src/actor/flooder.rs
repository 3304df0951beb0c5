//! The flooder: suppresses duplicates and forwards what is new.

use super::channels::{FloodJob, InboxHandle, LookupJob, OutboxHandle};
use super::clock::Clock;
use super::hand_over::{Gone, Role, RoleHandle, Turn, Waiting};
use super::tracer::Tap;
use crate::batch::{DATAGRAMS_MAX, Inbox, Outbox, Pool};
use crate::protocol::{self, ClireqFlooded, QueryVerdict, Verdict};
use crate::stats::{Counters, DropCause, Tally};
use crate::trace::{Events, Notes};
use crate::types::{Neighbours, Timestamp};
use std::sync::Arc;

/// Whoever judges batches: a [`protocol::Flooder`], or in a test one that breaks a promise, so that a trace must show it.
pub trait Judge {
    /// As [`protocol::Flooder::on_batch`].
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        judged: impl FnMut(usize, Verdict, &Outbox),
    );

    /// As [`protocol::Flooder::replace_neighbours`].
    fn replace_neighbours(&mut self, neighbours: Neighbours);
}

impl Judge for protocol::Flooder {
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        self.on_batch(now, inbox, outbox, judged);
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.replace_neighbours(neighbours);
    }
}

/// Judges every CLIREQ and QUERY of each batch; hands first sightings on to the lookup actor and QUERYs on to the
/// sender, and tells the tap, if there is one, and at debug the log what it did.
///
/// What small batches that wait together make goes on as one outbox: the more QUERYs to one neighbour are in it, the fewer
/// passes through the kernel they take.
#[derive(Debug)]
pub struct Flooder<J, C> {
    machine: J,
    lookup: RoleHandle<LookupJob>,
    sender: RoleHandle<OutboxHandle>,
    clock: C,
    tally: Tally,
    tap: Option<Tap>,
    outboxes: Pool<Outbox>,
    /// What was queued for batches before this one, and not handed on since more were waiting.
    open: Option<Arc<Outbox>>,
    sightings: Pool<Vec<usize>>,
    told_of_loopback: bool,
}

impl<J: Judge, C: Clock> Flooder<J, C> {
    /// What `machine` sees for the first time goes to `lookup`, what it queues to `sender`.
    pub fn new(
        machine: J,
        (lookup, sender): (RoleHandle<LookupJob>, RoleHandle<OutboxHandle>),
        clock: C,
        tally: Tally,
        tap: Option<Tap>,
    ) -> Self {
        let (outboxes, sightings) = (Pool::default(), Pool::default());
        Self { machine, lookup, sender, clock, tally, tap, outboxes, open: None, sightings, told_of_loopback: false }
    }
}

impl<J: Judge + Send, C: Clock + Send> Role<FloodJob> for Flooder<J, C> {
    fn take(&mut self, job: FloodJob, turn: Turn) -> Result<(), Gone> {
        match job {
            FloodJob::Messages(inbox) => self.flood(inbox, turn),
            FloodJob::Neighbours(neighbours) => self.know(*neighbours, turn),
        }
    }
}

impl<J: Judge, C: Clock> Flooder<J, C> {
    /// Knows these neighbours from now on, and traces that. What was queued for those before leaves for them, ahead of
    /// all that comes.
    fn know(&mut self, neighbours: Neighbours, turn: Turn) -> Result<(), Gone> {
        if let Some(tap) = &self.tap {
            tap.offer(Events::Neighbours(self.clock.now(), neighbours.clone()));
        }
        self.machine.replace_neighbours(neighbours);
        match self.open.take() {
            Some(outbox) => self.hand_on(outbox, true, turn),
            None => Ok(()),
        }
    }

    fn flood(&mut self, inbox: InboxHandle, turn: Turn) -> Result<(), Gone> {
        let Self { machine, lookup, clock, tally, tap, outboxes, open, sightings, told_of_loopback, .. } = self;
        let (now, is_logged) = (clock.now(), log::log_enabled!(log::Level::Debug));
        let mut outbox = open.take().unwrap_or_else(|| {
            let mut vacant = outboxes.vacant();
            Arc::get_mut(&mut vacant).expect("nobody else holds a vacant buffer").clear();
            vacant
        });
        let (wanted, notes) = sightings.fill(|wanted| {
            wanted.clear();
            let outbox = Arc::get_mut(&mut outbox).expect("an outbox is shared only once it is handed on");
            let counters = tally.count();
            // Two loops: the one that notes nothing does not ask at each message whether it should.
            if tap.is_none() && !is_logged {
                judge(machine, now, &inbox, outbox, wanted, counters, |_, _, _| {});
                return None;
            }
            let mut notes = Notes::of(inbox.len(), outbox);
            let note = |index, verdict, outbox: &Outbox| notes.add(clock.now(), index, verdict, outbox);
            judge(machine, now, &inbox, outbox, wanted, counters, note);
            Some(notes)
        });
        // Who notes shares it.
        let may_grow = notes.is_none();
        if let Some(notes) = notes {
            let work = notes.done(&inbox, &outbox);
            if is_logged {
                work.speak(|line| log::debug!("{line}"));
            }
            if let Some(tap) = tap {
                tap.offer(Events::Judged(work));
            }
        }
        if !*told_of_loopback && tally.count().loopback_client > 0 {
            *told_of_loopback = true;
            log::warn!(
                "a client on loopback asked, and neighbours on other hosts cannot answer it there: \
                 let it contact this servent by its network address"
            );
        }
        tally.publish();
        // The look-up first: where it is done at once, an answer is one datagram, and a QUERY may be ten.
        if !wanted.is_empty() {
            lookup.hand(LookupJob::Keys { inbox, wanted }, turn)?;
        }
        self.hand_on(outbox, may_grow, turn)
    }

    /// Hands what is queued on to the sender or, where more is waiting and it `may_grow`, keeps it open for that.
    fn hand_on(&mut self, outbox: OutboxHandle, may_grow: bool, turn: Turn) -> Result<(), Gone> {
        let is_full = outbox.len() >= DATAGRAMS_MAX || outbox.is_full();
        if turn.waiting == Waiting::More && may_grow && !is_full {
            self.open = Some(outbox);
            return Ok(());
        }
        self.outboxes.keep(&outbox);
        if !outbox.is_empty() {
            // Sending as much as a batch can hold takes so long that more will wait.
            let waiting = if is_full { Waiting::More } else { turn.waiting };
            self.sender.hand(outbox, Turn { waiting, ..turn })?;
        }
        Ok(())
    }
}

fn judge(
    machine: &mut impl Judge,
    now: Timestamp,
    inbox: &Inbox,
    outbox: &mut Outbox,
    wanted: &mut Vec<usize>,
    counters: &mut Counters,
    mut note: impl FnMut(usize, Verdict, &Outbox),
) {
    machine.judge(now, inbox, outbox, |index, verdict, outbox| {
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
