//! The links: hold and drop QUERYs on their way to neighbours, where a servent is asked to.
//!
//! ```text
//! flooder ──QUERYs──▶ links ──▶ sender ─▶ network
//! lookup ──RESPONSEs──────────────▲
//! ```
//!
//! A servent that is not asked to has none: its flooder hands on to the sender as ever.

use super::channels::OutboxHandle;
use super::clock::Clock;
use super::hand_over::{Gone, RoleHandle, Turn, Waiting};
use super::tracer::Tap;
use crate::batch::{Outbox, Pool};
use crate::protocol::{self, LinkConfig};
use crate::stats::{DropCause, Tally};
use crate::trace::{Dropped, Events, Unsent};
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, never, select};
use std::sync::Arc;
use std::time::Duration;

/// Lets what comes from `outbox_rx` pass over the links of `machine` to `sender`, until nobody sends anything more or
/// nobody takes it; the links become what comes from `config_rx`. What is not due by then does not leave any more: it
/// would come earlier than a link of that delay brings it. Tells the tap, if there is one, what was lost, and what was still
/// under way at the end.
///
/// No [role](super::hand_over::Role): whoever brought it work would have to come back when it is due.
pub fn run(
    machine: protocol::Links,
    outbox_rx: &Receiver<OutboxHandle>,
    mut config_rx: Receiver<LinkConfig>,
    sender: &RoleHandle<OutboxHandle>,
    clock: &impl Clock,
    tally: Tally,
    tap: Option<Tap>,
) {
    let mut links = Links { machine, sender, tally, tap, outboxes: Pool::default() };
    loop {
        let due = links.machine.next_due().map_or_else(never, |due| clock.alarm(due));
        select! {
            recv(outbox_rx) -> outbox => match outbox {
                Ok(outbox) => links.send(clock.now(), &outbox),
                Err(_) => break,
            },
            recv(config_rx) -> config => match config {
                Ok(config) => links.machine.change(config),
                // They stay as they are.
                Err(_) => config_rx = never(),
            },
            recv(due) -> _ => {}
        }
        if links.deliver(clock.now(), Waiting::of(outbox_rx)).is_err() {
            return;
        }
    }
    links.cut(clock.now());
}

struct Links<'a> {
    machine: protocol::Links,
    sender: &'a RoleHandle<OutboxHandle>,
    tally: Tally,
    tap: Option<Tap>,
    outboxes: Pool<Outbox>,
}

impl Links<'_> {
    fn send(&mut self, now: Timestamp, outbox: &OutboxHandle) {
        let mut lost = Vec::new();
        self.machine.send(now, outbox, |index| lost.push(index));
        self.drop_all(now, outbox, lost, DropCause::LinkLost);
    }

    /// Hands on what is due.
    fn deliver(&mut self, now: Timestamp, waiting: Waiting) -> Result<(), Gone> {
        while self.machine.next_due().is_some_and(|due| due <= now) {
            let (outbox, ()) = self.outboxes.fill(|outbox| {
                outbox.clear();
                self.machine.deliver(now, outbox);
            });
            self.sender.hand(outbox, Turn::own(waiting))?;
        }
        Ok(())
    }

    /// Drops what is under way.
    fn cut(&mut self, now: Timestamp) {
        while self.machine.next_due().is_some() {
            let (outbox, ()) = self.outboxes.fill(|outbox| {
                outbox.clear();
                self.machine.deliver(Timestamp::from_start(Duration::MAX), outbox);
            });
            self.drop_all(now, &outbox, (0..outbox.len()).collect(), DropCause::LinkCut);
        }
    }

    /// Counts and tells that the datagrams at `indices` of `outbox` came to nothing.
    fn drop_all(&mut self, at: Timestamp, outbox: &OutboxHandle, indices: Vec<usize>, cause: DropCause) {
        if indices.is_empty() {
            return;
        }
        indices.iter().for_each(|_| self.tally.count().count_drop(cause));
        self.tally.publish();
        if let Some(tap) = &self.tap {
            let drops = indices.into_iter().map(|index| Dropped { at, index, cause }).collect();
            tap.offer(Events::Unsent(Unsent { outbox: Arc::clone(outbox), drops }));
        }
    }
}
