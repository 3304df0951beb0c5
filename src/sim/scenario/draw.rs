//! How a scenario is drawn from its seed.

use super::{CALM_LINKS, Scenario, Trouble};
use crate::protocol::{AskedKey, Patience, SeenConfig};
use crate::sim::graph::Graph;
use crate::sim::ids::{ClientId, ServentId};
use crate::sim::links::{Latency, LinkModel};
use crate::sim::setup::{FirstSeq, Pair, Setup};
use crate::sim::simulation::Action;
use crate::types::{SeqNo, Timestamp, Ttl};
use crate::wire::{QueryHeader, encode_query};
use fastrand::Rng;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

const SERVENTS_MAX: usize = 40;

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (shape, graph) = draw_graph(&mut rng);
        let trouble = match rng.u32(..100) {
            ..30 => Trouble::None,
            30..45 => Trouble::Jitter,
            _ => Trouble::All,
        };
        let is_mutual = !shape.ends_with("one-sided");
        let keys: Vec<Vec<u8>> = (0..rng.u32(1..=5)).map(|number| format!("key-{number}").into_bytes()).collect();
        let setup = Arc::new(Setup {
            pairs: draw_pairs(&graph, &keys, &mut rng),
            seen: SeenConfig {
                expiry: Duration::from_secs(choose(&[60, 60, 10, 1], &mut rng)),
                capacity: choose(&[256, 256, 64, 7, 1], &mut rng),
            },
            first_seq: FirstSeq::Random,
            neighbours_only: is_mutual && rng.u32(..10) == 0,
            patience: Patience::default(),
            graph,
        });
        let mut scenario = Self {
            seed,
            shape,
            trouble,
            links: draw_links(trouble, &mut rng),
            clients: 0,
            asks: Vec::new(),
            injections: Vec::new(),
            actions: Vec::new(),
            setup,
        };
        scenario.draw_asks(&keys, &mut rng);
        scenario.draw_injections(&keys, &mut rng);
        if trouble == Trouble::All {
            scenario.draw_actions(&mut rng);
        }
        scenario.end_troubles();
        scenario
    }

    fn add_client(&mut self) -> ClientId {
        self.clients += 1;
        ClientId(self.clients - 1)
    }

    fn draw_servent(&self, rng: &mut Rng) -> ServentId {
        ServentId(rng.u32(..self.setup.graph.len() as u32))
    }

    /// A few clients that ask in the first minute, and a probe for each key at the end.
    fn draw_asks(&mut self, keys: &[Vec<u8>], rng: &mut Rng) {
        let mut asks = Vec::new();
        for _ in 0..rng.u32(1..=4) {
            let client = self.add_client();
            for _ in 0..rng.u32(1..=5) {
                asks.push((draw_time(60, rng), client, self.draw_servent(rng), choose_ref(keys, rng)));
            }
        }
        for key in keys {
            let at = Timestamp::from_start(Self::PROBES_FROM);
            asks.push((at, self.add_client(), self.draw_servent(rng), key.clone()));
        }
        let checked = |key: Vec<u8>| AskedKey::new(&key).expect("a key that is drawn is a short word");
        self.asks = asks.into_iter().map(|(at, client, entry, key)| (at, client, entry, checked(key))).collect();
    }

    /// QUERYs of strangers, some of them again and again, in every dialect and with every time-to-live; and what is
    /// no QUERY at all.
    fn draw_injections(&mut self, keys: &[Vec<u8>], rng: &mut Rng) {
        for _ in 0..rng.u32(..8) {
            let stranger = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, rng.u8(1..5)), 7000);
            let client = choose(&[stranger, SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 9), ServentId(0).address()], rng);
            let header = QueryHeader {
                ttl: Ttl(choose(&[0, 1, 2, 3, 3, 3, 4, 65_535], rng)),
                client,
                // Few numbers, so that different queries of one number meet.
                seq: SeqNo(rng.u32(..3)),
            };
            let mut field = choose_ref(keys, rng);
            field.extend_from_slice(choose(&[&b""[..], b"", b"\0", b"\0\0\0\0", b"\0junk"], rng));
            let mut query = Vec::new();
            encode_query(&mut query, header, &field);
            for _ in 0..rng.u32(1..=4) {
                // A stranger may send from a neighbour's address as well.
                let from = choose(&[stranger, self.draw_servent(rng).address()], rng);
                let to = self.draw_servent(rng).address();
                self.injections.push((draw_time(100, rng), from, to, query.clone()));
            }
        }
        for _ in 0..rng.u32(..4) {
            let nonsense: [&[u8]; 7] = [
                b"",
                b"\0",
                b"\0\x02\0\x03",
                b"\0\x03key-0\tvalue",
                b"\0\x09key-0",
                b"\0\x01\0key-0",
                b"\0\x01key-0\0x",
            ];
            let from = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 9), 7000);
            let to = self.draw_servent(rng).address();
            self.injections.push((draw_time(100, rng), from, to, choose(&nonsense, rng).to_vec()));
        }
    }

    /// Crashes, most of them with a restart, and perhaps a partition; all over by [`Scenario::CALM_FROM`].
    fn draw_actions(&mut self, rng: &mut Rng) {
        for _ in 0..rng.u32(..4) {
            let servent = self.draw_servent(rng);
            self.actions.push((draw_time(60, rng), Action::Crash(servent)));
            self.actions.push((draw_time(100, rng), Action::Restart(servent)));
        }
        if rng.bool() {
            let far: Vec<_> = self.setup.graph.servents().filter(|_| rng.bool()).collect();
            self.actions.push((draw_time(60, rng), Action::Part(far)));
            self.actions.push((draw_time(100, rng), Action::Heal));
        }
        if rng.bool() {
            for _ in 0..rng.u32(1..4) {
                self.actions.push((draw_time(100, rng), Action::Move(self.draw_servent(rng))));
            }
            // Whoever has moved is followed before the probes.
            let until = Timestamp::from_start(Self::CALM_FROM + Duration::from_secs(60));
            self.actions.push((draw_time(60, rng), Action::FollowNames(until)));
        }
    }

    fn end_troubles(&mut self) {
        let calm = Timestamp::from_start(Self::CALM_FROM);
        let all = self.setup.graph.servents().map(Action::Restart);
        let rest = [Action::Heal, Action::SetLinks(CALM_LINKS)];
        self.actions.extend(all.chain(rest).map(|action| (calm, action)));
    }
}

fn draw_links(trouble: Trouble, rng: &mut Rng) -> LinkModel {
    let ms = Duration::from_millis(rng.u64(1..=200));
    let perfect = LinkModel::perfect(ms);
    if trouble == Trouble::None {
        return perfect;
    }
    let latency = choose(
        &[Latency::Constant(ms), Latency::Uniform(ms / 10, ms * 2), Latency::Exponential { min: ms / 10, mean: ms }],
        rng,
    );
    if trouble == Trouble::Jitter {
        return LinkModel { latency, ..perfect };
    }
    let mut chance = |most: f64| if rng.bool() { rng.f64() * most } else { 0.0 };
    LinkModel {
        latency,
        loss: chance(0.4),
        duplication: chance(0.4),
        reordering: chance(0.4),
        corruption: chance(0.1),
        held_back_max: Duration::from_secs(choose(&[1, 5, 90], rng)),
    }
}

/// Every shape of these sizes exists and keeps to the limit of neighbours.
fn draw_graph(rng: &mut Rng) -> (String, Graph) {
    let servents = rng.usize(2..=SERVENTS_MAX);
    let few = rng.usize(2..=11);
    let (shape, graph) = match rng.u32(..8) {
        0 => (format!("line of {servents}"), Graph::line(servents)),
        1 => (format!("ring of {servents}"), Graph::ring(servents)),
        2 => (format!("star of {few}"), Graph::star(few)),
        3 => {
            let children = rng.usize(1..=4);
            (format!("tree of {servents}, {children} children each"), Graph::tree(servents, children))
        }
        4 => {
            let (width, height) = (rng.usize(1..=6), rng.usize(1..=5));
            (format!("grid of {width} by {height}"), Graph::grid(width, height))
        }
        5 => (format!("clique of {few}"), Graph::clique(few)),
        6 => {
            let (servents, degree) = (2 * rng.usize(3..=SERVENTS_MAX / 2), rng.usize(2..=5));
            (
                format!("random regular graph of {servents}, {degree} links each"),
                Graph::random_regular(servents, degree, rng),
            )
        }
        _ => (format!("scale-free graph of {servents}"), Graph::scale_free(servents, 2, rng)),
    };
    let graph = graph.expect("a shape that exists");
    if rng.u32(..10) > 0 {
        return (shape, graph);
    }
    let keep_some = |servent| graph.neighbours(servent).iter().copied().filter(|_| rng.u32(..5) > 0).collect();
    let some = graph.servents().map(keep_some).collect();
    (format!("{shape}, one-sided"), Graph::from_neighbours(some).expect("fewer neighbours than before"))
}

fn draw_pairs(graph: &Graph, keys: &[Vec<u8>], rng: &mut Rng) -> Vec<Vec<Pair>> {
    let of_ten = choose(&[1, 5, 10], rng);
    let mut held_by = |servent: ServentId| {
        let held = keys.iter().filter(|_| rng.u32(..10) < of_ten);
        held.map(|key| Pair { key: key.clone(), value: format!("of {servent}").into_bytes() }).collect()
    };
    graph.servents().map(&mut held_by).collect()
}

/// Some time in the first `seconds`.
fn draw_time(seconds: u64, rng: &mut Rng) -> Timestamp {
    Timestamp::from_nanos(rng.u64(..seconds * 1_000_000_000))
}

/// One of `all`, which is not empty.
fn choose<T: Copy>(all: &[T], rng: &mut Rng) -> T {
    all[rng.usize(..all.len())]
}

fn choose_ref(keys: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    keys[rng.usize(..keys.len())].clone()
}
