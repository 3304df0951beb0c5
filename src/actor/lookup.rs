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
        Self { machine, sender, clock, tally, tap, outboxes: Pool::default(), withheld_pace: Pace::WITHHELD }
    }

    fn look_up(&mut self, inbox: &InboxHandle, wanted: &[usize], turn: Turn) -> Result<(), Gone> {
        let Self { machine, sender, clock, tally, tap, outboxes, withheld_pace } = self;
        let (now, is_logged) = (clock.now(), log::log_enabled!(log::Level::Debug));
        let mut left = wanted;
        while !left.is_empty() {
            let (outbox, (rest, notes)) = outboxes.fill(|outbox| {
                outbox.clear();
                let counted = (tally.count(), &mut *withheld_pace);
                // Two loops: the one that notes nothing does not ask at each key whether it should.
                if tap.is_none() && !is_logged {
                    return (look_up(machine, now, inbox, left, outbox, counted, |_, _, _| {}), None);
                }
                let mut notes = Notes::of(left.len());
                let note = |index, verdict, outbox: &Outbox| notes.add(clock.now(), index, verdict, outbox);
                let rest = look_up(machine, now, inbox, left, outbox, counted, note);
                (rest, Some(notes))
            });
            left = rest;
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
            if !outbox.is_empty() {
                sender.hand(outbox, if left.is_empty() { turn.waiting } else { Waiting::More })?;
            }
        }
        Ok(())
    }
}

impl<C: Clock + Send> Role<LookupJob> for Lookup<C> {
    fn take(&mut self, job: LookupJob, turn: Turn) -> Result<(), Gone> {
        match job {
            LookupJob::Keys { inbox, wanted } => self.look_up(&inbox, &wanted, turn)?,
            LookupJob::Replace(store) => drop(self.machine.replace_store(*store)),
        }
        Ok(())
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
