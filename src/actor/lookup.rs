//! The lookup actor: owns the dictionary and answers clients.

use super::channels::{InboxHandle, LookupJob, OutboxHandle};
use super::clock::{Clock, Pace};
use super::hand_over::{Gone, Role, RoleHandle, Turn, Waiting};
use super::tracer::Tap;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{self, LookupVerdict};
use crate::stats::{Counters, DropCause, Tally};
use crate::trace::{Events, Notes};
use crate::types::Timestamp;
use std::sync::Arc;

/// Looks up what each job names and hands the RESPONSEs on to the sender, and tells the tap, if there is one, and at
/// debug the log what it did. The first RESPONSE in a minute that the limiter withholds is logged (P-24).
#[derive(Debug)]
pub struct Lookup<C> {
    machine: protocol::Lookup,
    sender: RoleHandle<OutboxHandle>,
    clock: C,
    tally: Tally,
    tap: Option<Tap>,
    outboxes: Pool<Outbox>,
    withheld_pace: Pace,
    unfinished: Option<Unfinished>,
}

/// Indices of requests in an inbox.
type Wanted = Arc<Vec<usize>>;

/// A job of which an outbox found no room in the sender's queue.
#[derive(Debug)]
struct Unfinished {
    outbox: OutboxHandle,
    inbox: InboxHandle,
    wanted: Wanted,
    /// How many are looked up.
    done: usize,
}

impl<C: Clock> Lookup<C> {
    /// What `machine` answers goes to `sender`.
    pub fn new(
        machine: protocol::Lookup,
        sender: RoleHandle<OutboxHandle>,
        clock: C,
        tally: Tally,
        tap: Option<Tap>,
    ) -> Self {
        let (outboxes, withheld_pace) = (Pool::default(), Pace::WITHHELD);
        Self { machine, sender, clock, tally, tap, outboxes, withheld_pace, unfinished: None }
    }

    /// Looks up what is wanted from `done` on.
    fn look_up(&mut self, inbox: InboxHandle, wanted: Wanted, mut done: usize, turn: Turn) -> Result<(), Gone> {
        while done < wanted.len() {
            let (outbox, looked_up) = self.fill_outbox(&inbox, &wanted[done..]);
            done += looked_up;
            let waiting = if done < wanted.len() { Waiting::More } else { turn.waiting };
            if !outbox.is_empty()
                && let Some(outbox) = self.sender.hand(outbox, Turn { waiting, ..turn })?
            {
                self.unfinished = Some(Unfinished { outbox, inbox, wanted, done });
                return Ok(());
            }
        }
        Ok(())
    }

    /// Fills an outbox with the answers to the first of what is wanted, and says how many those are.
    fn fill_outbox(&mut self, inbox: &InboxHandle, wanted: &[usize]) -> (OutboxHandle, usize) {
        let Self { machine, clock, tally, tap, outboxes, withheld_pace, .. } = self;
        let (now, is_logged) = (clock.now(), log::log_enabled!(log::Level::Debug));
        let (outbox, (rest, notes)) = outboxes.fill(|outbox| {
            outbox.clear();
            let counted = (tally.count(), withheld_pace);
            // Two loops: the one that notes nothing does not ask at each key whether it should.
            if tap.is_none() && !is_logged {
                return (look_up(machine, now, inbox, wanted, outbox, counted, |_, _, _| {}), None);
            }
            let mut notes = Notes::of(wanted.len(), outbox);
            let note = |index, verdict, outbox: &Outbox| notes.add(clock.now(), index, verdict, outbox);
            let rest = look_up(machine, now, inbox, wanted, outbox, counted, note);
            (rest, Some(notes))
        });
        if let Some(notes) = notes {
            let work = notes.done(inbox, &outbox);
            if is_logged {
                work.speak(|line| log::debug!("{line}"));
            }
            if let Some(tap) = tap {
                tap.offer(Events::LookedUp(work));
            }
        }
        tally.publish();
        (outbox, wanted.len() - rest.len())
    }
}

impl<C: Clock + Send> Role<LookupJob> for Lookup<C> {
    fn take(&mut self, job: LookupJob, turn: Turn) -> Result<(), Gone> {
        match job {
            LookupJob::Keys { inbox, wanted } => self.look_up(inbox, wanted, 0, turn)?,
            LookupJob::Replace(store) => drop(self.machine.replace_store(*store)),
        }
        Ok(())
    }

    fn is_unfinished(&self) -> bool {
        self.unfinished.is_some()
    }

    fn finish(&mut self) -> Result<(), Gone> {
        let Some(Unfinished { outbox, inbox, wanted, done }) = self.unfinished.take() else { return Ok(()) };
        // More of the same, or what is queued, may come behind it.
        let turn = Turn::own(Waiting::More);
        self.sender.hand(outbox, turn)?;
        self.look_up(inbox, wanted, done, turn)
    }
}

/// Looks up what is `wanted` until `outbox` is full, and counts it. Returns what is left.
fn look_up<'a>(
    machine: &mut protocol::Lookup,
    now: Timestamp,
    inbox: &Inbox,
    wanted: &'a [usize],
    outbox: &mut Outbox,
    (counters, withheld_pace): (&mut Counters, &mut Pace),
    mut note: impl FnMut(usize, LookupVerdict, &Outbox),
) -> &'a [usize] {
    machine.on_batch(now, inbox, wanted, outbox, |index, verdict, outbox| {
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
