//! Who is reached, against loss and against jitter (P-19, P-40).
//!
//! Reach is the share of the servents within three hops that hold the key, all of them here, whose answer the client
//! saw. Each table asks at many servents of one random graph, under one link model a line.

use super::Row;
use fastrand::Rng;
use servent::Timestamp;
use servent::protocol::{AskedKey, Patience, QueryVerdict};
use servent::sim::{
    Event, Graph, Latency, LinkModel, Machines, Observer, Outcome, RunEnd, ServentId, Setup, Simulation,
};
use std::sync::Arc;
use std::time::Duration;

const SERVENTS: u32 = 1_000;
const QUESTIONS: u32 = 1_000;
const KEY: &[u8] = b"http";
const MEAN: Duration = Duration::from_millis(50);

pub(super) fn measure() -> Vec<Row> {
    let mut rows = loss();
    rows.extend(jitter());
    rows
}

/// Counts the copies that came too late with more time-to-live left (P-19).
#[derive(Default)]
struct HigherTtl(u64);

impl Observer for HigherTtl {
    fn observe(&mut self, _: Timestamp, event: &Event<'_>) {
        let late = Outcome::Query(QueryVerdict::Duplicate { higher_ttl: true }, None);
        self.0 += u64::from(matches!(event, Event::Delivered { outcome, .. } if *outcome == late));
    }
}

struct Reach {
    /// Of all that could have answered, those whose answer was seen.
    share: f64,
    /// The share of questions that somebody answered.
    answered: f64,
    /// Copies a question that came too late with more time-to-live left than the first.
    higher_ttl_a_question: f64,
}

/// Asks at random servents, one question after the other.
fn ask(graph: &Graph, links: LinkModel, tries: u32) -> Reach {
    let patience = Patience { tries, ..Patience::default() };
    let setup = Arc::new(Setup { patience, ..Setup::new(graph.clone()).held_by_all(KEY) });
    let mut simulation = Simulation::<Machines, _>::new(Arc::clone(&setup), links, 7, HigherTtl::default());
    let mut rng = Rng::with_seed(7);
    for number in 0..QUESTIONS {
        let client = simulation.add_client();
        let at = Timestamp::from_start(Duration::from_secs(u64::from(number)));
        simulation.ask(at, client, ServentId(rng.u32(..SERVENTS)), AskedKey::new(KEY).expect("a key"));
    }
    assert_eq!(simulation.run(u64::MAX), RunEnd::Silent);
    let (asks, HigherTtl(higher_ttl)) = simulation.into_parts();
    let could: usize = asks.iter().map(|ask| setup.holders_in_reach(ask.entry, KEY).len()).sum();
    let did: usize = asks.iter().map(|ask| ask.answers.len()).sum();
    let answered = asks.iter().filter(|ask| !ask.answers.is_empty()).count();
    let questions = f64::from(QUESTIONS);
    Reach {
        share: did as f64 / could as f64,
        answered: answered as f64 / questions,
        higher_ttl_a_question: higher_ttl as f64 / questions,
    }
}

fn graphs() -> [(&'static str, Graph); 3] {
    let rng = &mut Rng::with_seed(1);
    [
        ("4 neighbours each", Graph::random_regular(SERVENTS as usize, 4, rng).expect("there is one")),
        ("8 neighbours each", Graph::random_regular(SERVENTS as usize, 8, rng).expect("there is one")),
        ("scale-free", Graph::scale_free(SERVENTS as usize, 3, rng).expect("there is one")),
    ]
}

/// Loss of each datagram, with one try and with P-40's two.
fn loss() -> Vec<Row> {
    let mut rows = Vec::new();
    println!("\nreach against loss (equal delays): share of the servents within 3 hops that the client hears from");
    println!("  {:18} {:>6} {:>10} {:>10} {:>16}", "graph", "loss", "one try", "two tries", "asked in vain");
    for (name, graph) in graphs() {
        for percent in [0, 1, 2, 5, 10, 20, 30, 40, 50] {
            let links = LinkModel { loss: f64::from(percent) / 100.0, ..LinkModel::perfect(MEAN) };
            let (one, two) = (ask(&graph, links, 1), ask(&graph, links, 2));
            let in_vain = 1.0 - two.answered;
            println!("  {name:18} {percent:>4} % {:>10.3} {:>10.3} {in_vain:>16.3}", one.share, two.share);
            let setting = format!("{name}; loss {percent} %");
            rows.push(Row { table: "loss", setting: setting.clone(), name: "reach_one_try", value: one.share });
            rows.push(Row { table: "loss", setting: setting.clone(), name: "reach_two_tries", value: two.share });
            rows.push(Row { table: "loss", setting, name: "asked_in_vain", value: in_vain });
        }
    }
    rows
}

/// Delays that differ by so much on either side of their mean, and delays that are exponential.
fn jitter() -> Vec<Row> {
    let mut rows = Vec::new();
    println!("\nreach against jitter (no loss): delays of {} ms, more or less", MEAN.as_millis());
    println!("  {:18} {:>12} {:>8} {:>26}", "graph", "jitter", "reach", "higher-TTL copies a question");
    for (name, graph) in graphs() {
        let uniform = [0, 10, 25, 50, 75, 100].map(|percent| {
            let spread = MEAN * percent / 100;
            (format!("{percent} %"), Latency::Uniform(MEAN - spread, MEAN + spread))
        });
        let exponential = ("exponential".to_owned(), Latency::Exponential { min: Duration::ZERO, mean: MEAN });
        for (setting, latency) in uniform.into_iter().chain([exponential]) {
            let found = ask(&graph, LinkModel { latency, ..LinkModel::perfect(MEAN) }, 2);
            println!("  {name:18} {setting:>12} {:>8.3} {:>26.2}", found.share, found.higher_ttl_a_question);
            let setting = format!("{name}; jitter {setting}");
            rows.push(Row { table: "jitter", setting: setting.clone(), name: "reach", value: found.share });
            rows.push(Row { table: "jitter", setting, name: "higher_ttl", value: found.higher_ttl_a_question });
        }
    }
    rows
}
