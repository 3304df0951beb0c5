//! Small overlays in which one clause shows, and what the seeds are good for.

use servent::Store;
use servent::cli::overlay_file;
use servent::overlay::{OverlayFile, ServentLine};
use servent::protocol::{AskedKey, QueryVerdict};
use servent::sim::check::{Checker, Violation};
use servent::sim::{
    Action, AnswerShown, Ask, Cause, ClientId, DatagramId, Event, Fate, FirstSeq, Graph, LinkModel, Machines, Observer,
    Outcome, Pair, RunEnd, Scenario, ServentId, Setup, Simulation,
};
use servent::{SeqNo, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const LINKS: LinkModel = LinkModel::perfect(Duration::from_millis(10));
const KEY: &[u8] = b"http";

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs(seconds))
}

fn key() -> AskedKey {
    AskedKey::new(KEY).unwrap()
}

fn held_by_all(graph: Graph) -> Setup {
    Setup::new(graph).held_by_all(KEY)
}

fn start<O: Observer>(setup: Setup, observer: O) -> Simulation<Machines, O> {
    Simulation::new(Arc::new(setup), LINKS, 7, observer)
}

/// The servents that answered, by their values.
fn answered(ask: &Ask) -> BTreeSet<u32> {
    let number = |answer: &AnswerShown| str::from_utf8(&answer.value).unwrap().parse().unwrap();
    ask.answers.iter().map(number).collect()
}

#[test]
fn p18_in_a_chain_of_five_the_first_four_answer() {
    let mut simulation = start(held_by_all(Graph::line(5).unwrap()), ());
    let client = simulation.add_client();
    simulation.ask(at(1), client, ServentId(0), key());
    // CLIREQ and RESPONSE of the first, three QUERYs, three RESPONSEs.
    assert_eq!((simulation.run(7), simulation.deliveries()), (RunEnd::CutShort, 7));
    assert_eq!((simulation.run(8), simulation.deliveries()), (RunEnd::Silent, 8));
    assert_eq!(answered(&simulation.asks()[0]), BTreeSet::from([0, 1, 2, 3]));
    assert_eq!(simulation.asks()[0].finished, Some(at(5) + 5 * Duration::from_millis(10)));
}

/// Who neighbours whom in an overlay file: the servents by their lines, in order.
fn graph(file: &OverlayFile) -> Graph {
    let neighbours = |line: &ServentLine| {
        let places = line.command().neighbours.iter().map(|neighbour| file.place_of(neighbour).unwrap());
        places.map(|place| ServentId(place as u32)).collect()
    };
    Graph::from_neighbours(file.lines().iter().map(neighbours).collect()).unwrap()
}

#[test]
fn p18_in_every_overlay_file_exactly_the_holders_within_three_hops_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/overlays");
    for (name, count) in
        [("pair", 2), ("chain", 4), ("ring", 5), ("star", 6), ("clique", 4), ("grid", 6), ("random", 16)]
    {
        let file = overlay_file::load(&folder.join(name).with_extension("txt"), &[]).unwrap();
        let value = |(number, file): (usize, PathBuf)| {
            Store::read(&file)
                .unwrap()
                .store
                .response(KEY)
                .map(|_| Pair { key: KEY.to_vec(), value: number.to_string().into() })
        };
        let pairs = file.kv_files().enumerate().map(value).map(|pair| pair.into_iter().collect()).collect();
        let setup = Setup { pairs, ..Setup::new(graph(&file)) };
        let expected = setup.holders_in_reach(ServentId(0), KEY).iter().map(|servent| servent.0).collect();
        let mut simulation = start(setup, ());
        let client = simulation.add_client();
        simulation.ask(at(1), client, ServentId(0), key());
        assert_eq!(simulation.run(10_000), RunEnd::Silent);
        let answered = answered(&simulation.asks()[0]);
        assert_eq!(answered, expected, "{name}");
        assert_eq!(answered.len(), count, "{name}");
    }
}

/// Asks the first of a chain of three, restarts it, and asks again from the same client.
fn answers_after_a_restart(first_seq: FirstSeq) -> BTreeSet<u32> {
    let mut simulation = start(Setup { first_seq, ..held_by_all(Graph::line(3).unwrap()) }, ());
    let client = simulation.add_client();
    simulation.ask(at(1), client, ServentId(0), key());
    simulation.tell(at(10), Action::Crash(ServentId(0)));
    simulation.tell(at(11), Action::Restart(ServentId(0)));
    simulation.ask(at(12), client, ServentId(0), key());
    assert_eq!(simulation.run(100), RunEnd::Silent);
    assert_eq!(answered(&simulation.asks()[0]), BTreeSet::from([0, 1, 2]));
    answered(&simulation.asks()[1])
}

#[test]
fn p13_after_a_restart_queries_are_not_swallowed_and_from_0_they_would_be() {
    assert_eq!(answers_after_a_restart(FirstSeq::Random), BTreeSet::from([0, 1, 2]));
    assert_eq!(answers_after_a_restart(FirstSeq::Fixed(SeqNo(0))), BTreeSet::from([0]));
}

#[test]
fn p27_a_servent_that_comes_back_elsewhere_is_followed_at_the_next_look_up() {
    for (follows, later) in [(true, [0, 1, 2].into()), (false, BTreeSet::from([0]))] {
        // Whoever refuses strangers must know the new address as well.
        let setup = Setup { neighbours_only: true, ..held_by_all(Graph::line(3).unwrap()) };
        let checker = Checker::new(Arc::new(setup.clone()), LINKS.delay_max());
        let mut simulation = start(setup, checker);
        let clients = [(); 3].map(|()| simulation.add_client());
        if follows {
            simulation.tell(at(0), Action::FollowNames(at(100)));
        }
        simulation.ask(at(1), clients[0], ServentId(0), key());
        simulation.tell(at(10), Action::Move(ServentId(1)));
        // The first one sends to where nobody is any more.
        simulation.ask(at(11), clients[1], ServentId(0), key());
        simulation.ask(at(31), clients[2], ServentId(0), key());
        let end = simulation.run(1_000);
        assert_eq!(end, RunEnd::Silent);
        let now = simulation.now();
        let (asks, mut checker) = simulation.into_parts();
        assert_eq!(asks.iter().map(answered).collect::<Vec<_>>(), [[0, 1, 2].into(), [0].into(), later]);
        checker.finish(now, end, &asks, |_| false);
        assert_eq!(checker.found(), []);
    }
}

/// Counts QUERYs that came too late with more time-to-live left.
#[derive(Default)]
struct HigherTtl(u32);

impl Observer for HigherTtl {
    fn observe(&mut self, _: Timestamp, event: &Event<'_>) {
        let late = Outcome::Query(QueryVerdict::Duplicate { higher_ttl: true }, None);
        self.0 += u32::from(matches!(event, Event::Delivered { outcome, .. } if *outcome == late));
    }
}

#[test]
fn p19_a_longer_path_that_is_faster_costs_reach() {
    // 0 - 1 - 2 - 3 - 4 with a short cut from 0 to 2 that is slow: over it, 4 is three hops away; but 2 has seen the
    // QUERY by then, with a time-to-live that ends at 3.
    let lists = [vec![1, 2], vec![0, 2], vec![1, 0, 3], vec![2, 4], vec![3]];
    let graph = lists.map(|list| list.into_iter().map(ServentId).collect());
    let setup = held_by_all(Graph::from_neighbours(graph.to_vec()).unwrap());
    for (short_cut, expected, late) in [(10, vec![0, 1, 2, 3, 4], 0), (100, vec![0, 1, 2, 3], 1)] {
        let mut simulation = start(setup.clone(), HigherTtl::default());
        let slow = LinkModel::perfect(Duration::from_millis(short_cut));
        let [first, third] = [0, 2].map(|number| ServentId(number).address());
        simulation.tell(at(0), Action::SetLink(first, third, slow));
        let client = simulation.add_client();
        simulation.ask(at(1), client, ServentId(0), key());
        assert_eq!(simulation.run(100), RunEnd::Silent);
        assert_eq!(answered(&simulation.asks()[0]), expected.into_iter().collect());
        assert_eq!(simulation.observer().0, late);
    }
}

#[test]
fn p40_a_partition_costs_what_lies_behind_it_and_heals_without_a_trace() {
    let mut simulation = start(held_by_all(Graph::line(4).unwrap()), ());
    let client = simulation.add_client();
    simulation.tell(at(1), Action::Part(vec![ServentId(2), ServentId(3)]));
    simulation.ask(at(2), client, ServentId(0), key());
    // On the far side: silence, one retransmission, and the end after 8 s.
    simulation.ask(at(10), client, ServentId(3), key());
    simulation.tell(at(30), Action::Heal);
    simulation.ask(at(31), client, ServentId(0), key());
    assert_eq!(simulation.run(100), RunEnd::Silent);
    let asks = simulation.asks();
    assert_eq!(answered(&asks[0]), BTreeSet::from([0, 1]));
    assert_eq!((asks[1].transmissions, asks[1].answers.len(), asks[1].finished), (2, 0, Some(at(18))));
    assert_eq!(answered(&asks[2]), BTreeSet::from([0, 1, 2, 3]));
}

#[test]
fn p43_an_answer_that_is_shown_twice_is_noticed() {
    let setup = Arc::new(held_by_all(Graph::line(1).unwrap()));
    let mut checker = Checker::new(setup, Duration::ZERO);
    let (datagram, from) = (DatagramId(0), ServentId(0).address());
    let answer = AnswerShown { from, value: b"0".to_vec(), datagram, at: at(1) };
    let sent = Event::Sent {
        datagram,
        cause: Cause::Stranger,
        from,
        to: ClientId(0).address(),
        bytes: b"\0\x03http\t0",
        fate: Fate::Arrives { at: at(1), corrupted: false, copy: false },
    };
    checker.observe(at(1), &sent);
    let ask = |answers| Ask {
        client: ClientId(0),
        entry: ServentId(0),
        key: key(),
        started: Some(at(0)),
        transmissions: 1,
        answers,
        finished: Some(at(5)),
    };
    checker.finish(at(5), RunEnd::Silent, &[ask(vec![answer.clone()])], |_| true);
    assert_eq!(checker.found(), []);
    checker.finish(at(5), RunEnd::Silent, &[ask(vec![answer.clone(), answer])], |_| true);
    assert_eq!(checker.found()[0].violation, Violation::ShownTwice { servent: ServentId(0) });
}

#[test]
fn a_seed_repeats_to_the_byte_and_another_seed_is_another_story() {
    let story = |seed| Scenario::from_seed(seed).story::<Machines>();
    for seed in 0..50 {
        assert_eq!(story(seed), story(seed));
        assert_ne!(story(seed), story(seed + 1));
    }
}

/// How often each thing happened that a promise is about.
#[derive(Default)]
struct Corners(BTreeMap<&'static str, u64>);

impl Observer for Corners {
    fn observe(&mut self, _: Timestamp, event: &Event<'_>) {
        let mut count = |name, times: bool| *self.0.entry(name).or_default() += u64::from(times);
        match event {
            Event::Sent { fate, cause, .. } => {
                count("lost", *fate == Fate::Lost);
                count("parted", *fate == Fate::Parted);
                count("corrupted", matches!(fate, Fate::Arrives { corrupted: true, .. }));
                count("copied", matches!(fate, Fate::Arrives { copy: true, .. }));
                count("from strangers", *cause == Cause::Stranger);
            }
            Event::Delivered { outcome: Outcome::Query(verdict, _), .. } => match verdict {
                QueryVerdict::StrangerRefused => count("strangers refused", true),
                QueryVerdict::TtlZero => count("time-to-live zero", true),
                QueryVerdict::Duplicate { higher_ttl } => {
                    count("duplicates", true);
                    count("duplicates with a higher time-to-live", *higher_ttl);
                }
                QueryVerdict::FirstSighting { ttl_expired, ttl_clamped, evicted, .. } => {
                    count("first sightings", true);
                    count("time-to-live expired", *ttl_expired);
                    count("time-to-live clamped", *ttl_clamped);
                    count("evictions", *evicted);
                }
            },
            Event::Delivered { outcome: Outcome::Malformed(_), .. } => count("malformed", true),
            Event::Delivered { outcome: Outcome::Response, .. } => count("RESPONSEs to servents", true),
            Event::Missed { .. } => count("missed", true),
            Event::Retransmits { .. } => count("retransmissions", true),
            Event::Crashed(_) => count("crashes", true),
            Event::Restarted(_) => count("restarts", true),
            Event::Moved { .. } => count("moves", true),
            Event::LookedUp { .. } => count("look-ups", true),
            Event::Healed => count("healed", true),
            Event::Finished { answers, .. } => {
                count("answered", *answers > 0);
                count("asked in vain", *answers == 0);
            }
            _ => {}
        }
    }
}

/// A promise about what never happens would be kept by doing nothing.
#[test]
fn the_seeds_come_round_every_corner() {
    let mut corners = Corners::default();
    for seed in 0..300 {
        let scenario = Scenario::from_seed(seed);
        let (simulation, end) = scenario.run::<Machines, _>(corners);
        assert_eq!(end, RunEnd::Silent);
        corners = simulation.into_parts().1;
    }
    let rare: Vec<_> = corners.0.iter().filter(|(_, times)| **times < 20).collect();
    assert!(rare.is_empty() && corners.0.len() == 24, "{:#?}", corners.0);
}
