//! One question: a client asks a random servent for the key, in an overlay where nothing else happens.

use super::plan::{Draw, KEY, Plan, Point, rng};
use super::totals::Seen;
use crate::protocol::{AskedKey, QueryVerdict};
use crate::sim::{Event, Observer, Outcome, RunEnd, ServentId, Setup, Simulation, Traces};
use crate::types::{Timestamp, Ttl};
use std::sync::Arc;

/// QUERYs as they are counted where they leave and arrive.
#[derive(Clone, Copy, Debug, Default)]
struct Counting {
    sent: u64,
    duplicates: u64,
    higher_ttl: u64,
}

/// A question that was asked.
struct Asked<O> {
    reached: usize,
    answers: usize,
    /// Microseconds from the question to its last answer, if there was one.
    last_answer: Option<u64>,
    observer: O,
}

/// Asks question `number` of a plan at a point, and counts.
pub(super) fn seen(setup: &Arc<Setup>, point: &Point, seed: u64, number: u32) -> Seen {
    let (entry, asked) = ask(setup, point, seed, number, |setup| Watching { setup, counted: Counting::default() });
    let in_reach = setup.graph.within(point.ttl.into(), entry);
    let holders = in_reach.iter().filter(|&&servent| !setup.pairs(servent).is_empty()).count();
    let Counting { sent, duplicates, higher_ttl } = asked.observer.counted;
    Seen {
        in_reach: in_reach.len() as u64,
        holders: holders as u64,
        reached: asked.reached as u64,
        answers: asked.answers as u64,
        messages: sent,
        duplicates,
        higher_ttl,
        last_answer: asked.last_answer,
    }
}

/// Traces of question `number` of a plan at a point, all servents' one after the other, as `serventTP3 --trace` would
/// have written them from `wall_nanos` on: nanoseconds since the Unix epoch.
#[must_use]
pub fn trace(plan: &Plan, point: &Point, number: u32, wall_nanos: u64) -> Vec<u8> {
    let mut setup = Setup::new(plan.graph.clone());
    point.prepare(&mut setup, &plan.holding_order());
    let (_, asked) = ask(&Arc::new(setup), point, plan.seed, number, |setup| Traces::new(&setup, wall_nanos));
    asked.observer.into_texts().concat()
}

/// Draws the entry, and lets happen what will. What is drawn afterwards is the links' luck.
fn ask<O: Observer>(
    setup: &Arc<Setup>,
    point: &Point,
    seed: u64,
    number: u32,
    observer: impl FnOnce(Arc<Setup>) -> O,
) -> (ServentId, Asked<O>) {
    let mut rng = rng(seed, Draw::Question(number));
    let entry = ServentId(rng.u32(..setup.graph.len() as u32));
    let observer = observer(Arc::clone(setup));
    let mut simulation = Simulation::asleep(Arc::clone(setup), point.links(), rng.u64(..), Ttl(point.ttl), observer);
    let client = simulation.add_client();
    simulation.ask(Timestamp::ZERO, client, entry, AskedKey::new(KEY).expect("the key can be asked for"));
    let ended = simulation.run(u64::MAX);
    debug_assert_eq!(ended, RunEnd::Silent, "nothing cuts it short");
    let reached = simulation.reached();
    let (asks, observer) = simulation.into_parts();
    let answers = &asks[0].answers;
    let started = asks[0].started.unwrap_or_default();
    let last_answer = answers.last().map(|last| last.at.since(started).as_micros() as u64);
    (entry, Asked { reached, answers: answers.len(), last_answer, observer })
}

/// Counts QUERYs.
struct Watching {
    setup: Arc<Setup>,
    counted: Counting,
}

impl Observer for Watching {
    fn observe(&mut self, _: Timestamp, event: &Event<'_>) {
        let &Event::Delivered { to, outcome, .. } = event else { return };
        match outcome {
            Outcome::Clireq(flooded, _) if flooded.seq.is_some() => {
                self.counted.sent += self.setup.graph.neighbours(to).len() as u64;
            }
            Outcome::Query(QueryVerdict::FirstSighting { forwarded, .. }, _) => self.counted.sent += forwarded as u64,
            Outcome::Query(QueryVerdict::Duplicate { higher_ttl }, _) => {
                self.counted.duplicates += 1;
                self.counted.higher_ttl += u64::from(higher_ttl);
            }
            _ => {}
        }
    }
}
