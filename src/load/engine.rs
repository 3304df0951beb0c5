//! The loop of one thread around the machine and its sockets.
//!
//! A question that is due in a moment is waited for without sleep: a thread that sleeps wakes up some 50 µs late, which
//! would be a part of every latency.

use super::dialogue::Dialogue;
use super::links::{Links, Unsent};
use super::measurement::{Measurement, Next};
use super::sockets::CallFailed;
use crate::actor::clock::Clock;
use crate::types::Timestamp;
use std::time::Duration;

/// Before a question is due, this long without sleep.
const AWAKE: Duration = Duration::from_micros(100);

/// Questions that are asked before answers have their turn: of many that are overdue, answers must not wait for all.
const TURN: usize = 256;

/// Whoever looks on while a load is under way.
pub trait Observer {
    /// Called at this time at the latest, and again and again before it. Returns when to be called next.
    fn look(&mut self, load: &mut Measurement, now: Timestamp) -> Timestamp;
}

/// Nobody.
impl Observer for () {
    fn look(&mut self, _: &mut Measurement, now: Timestamp) -> Timestamp {
        now + Duration::from_secs(3_600)
    }
}

/// Runs a load until it is over, or whoever looks on has stopped it. Returns what could not be sent.
///
/// # Errors
/// A system call that failed and would fail again.
pub fn run(
    load: &mut Measurement,
    links: &mut Links,
    dialogue: &mut impl Dialogue,
    clock: &impl Clock,
    observer: &mut impl Observer,
) -> Result<Unsent, CallFailed> {
    let mut unsent = Unsent::default();
    let mut look_at = Timestamp::ZERO;
    loop {
        let now = clock.now();
        if now >= look_at {
            look_at = observer.look(load, now);
        }
        let Some(wake_up) = ask(load, links, dialogue, clock, &mut unsent) else { return Ok(unsent) };
        let until = wake_up.map_or(look_at, |wake_up| wake_up.min(look_at));
        links.wait(until.since(clock.now()).saturating_sub(AWAKE))?;
        while let Some(client) = links.next_ready() {
            hear(load, links, dialogue, clock, client)?;
            // Who was answered asks at once, and what is due meanwhile does not wait for all answers.
            if links.has_ready() && ask(load, links, dialogue, clock, &mut unsent).is_none() {
                return Ok(unsent);
            }
        }
    }
}

/// Asks whatever is to be asked now. Returns when to look again; `None` if all is over.
fn ask(
    load: &mut Measurement,
    links: &mut Links,
    dialogue: &mut impl Dialogue,
    clock: &impl Clock,
    unsent: &mut Unsent,
) -> Option<Option<Timestamp>> {
    let now = clock.now();
    let unsent_before = unsent.questions;
    let mut asked = 0;
    let wake_up = loop {
        match load.next(now) {
            Next::Ask(question) => links.ask(question, dialogue, unsent),
            // Without room for another one, those that there are share.
            Next::AddClient => load.add_client(links.add().is_ok()),
            Next::Wait(until) => break Some(until),
            Next::Over => break None,
        }
        asked += 1;
        if asked == TURN {
            break Some(Some(now));
        }
    };
    links.flush(unsent);
    load.unsent(unsent.questions - unsent_before);
    wake_up
}

/// Takes in what came to a client. Returns how many datagrams there were.
///
/// # Errors
/// As [`run`].
pub fn hear(
    load: &mut Measurement,
    links: &mut Links,
    dialogue: &mut impl Dialogue,
    clock: &impl Clock,
    client: u32,
) -> Result<usize, CallFailed> {
    // What came in one call came together.
    let (mut of_all, is_batched) = (None, links.is_batched());
    links.receive(client, |from, datagram| {
        let now = if is_batched { *of_all.get_or_insert_with(|| clock.now()) } else { clock.now() };
        match dialogue.read(from, datagram) {
            Ok(key) => load.hear(now, client, key, from),
            Err(strange) => load.hear_strange(strange),
        }
    })
}
