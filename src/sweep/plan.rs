//! What is swept, and the points of it.

use crate::protocol::SeenConfig;
use crate::sim::{Graph, Latency, LinkModel, Pair, Setup};
use fastrand::Rng;
use std::fmt;
use std::time::Duration;

/// The most that a link loses, in percent.
pub const LOSS_PERCENT_MAX: f64 = 100.0;

/// The largest time-to-live that can be tried: what duplicate suppression has room for.
pub const TTL_MAX: u16 = 15;

/// The key that all ask for.
pub(super) const KEY: &[u8] = b"http";

/// The share of datagrams that a link loses, in percent; those of the client are on links as well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss(pub f64);

/// How long a datagram is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// So long, give or take so much, all equally likely.
    Uniform(Duration, Duration),
    /// This on the average, usually less and sometimes much more; cut at ten times as much.
    Exponential(Duration),
}

/// How many servents hold the key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holders {
    /// All.
    All,
    /// So many.
    Count(usize),
    /// Of all this many in a hundred, and at least one.
    Percent(f64),
}

/// The values that are swept, each at least one. Every combination is a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// What links lose.
    pub loss: Vec<Loss>,
    /// How long they take.
    pub delay: Vec<Delay>,
    /// Who holds the key.
    pub holders: Vec<Holders>,
    /// What a question starts with, from 1 to [`TTL_MAX`]; servents know nothing but 3.
    pub ttl: Vec<u16>,
    /// How often a client asks before it gives up (P-40).
    pub tries: Vec<u32>,
}

/// One combination.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// What links lose.
    pub loss: Loss,
    /// How long they take.
    pub delay: Delay,
    /// How many hold the key.
    pub holders: usize,
    /// What a question starts with.
    pub ttl: u16,
    /// How often a client asks.
    pub tries: u32,
}

/// What is to be found out.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What the graph is called.
    pub name: String,
    /// Who neighbours whom. At least one servent.
    pub graph: Graph,
    /// What is swept.
    pub axes: Axes,
    /// Questions at each point.
    pub questions: u32,
    /// What all that is drawn is drawn from.
    pub seed: u64,
}

/// What is drawn from a seed beside each question's luck.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draw {
    Graph,
    Holders,
    Question(u32),
}

/// The random numbers for something that is drawn. Splitmix64 keeps seeds that are alike apart.
pub(super) fn rng(seed: u64, draw: Draw) -> Rng {
    let stream = match draw {
        Draw::Graph => 0,
        Draw::Holders => 1,
        Draw::Question(number) => 2 + u64::from(number),
    };
    let mix = |value: u64| {
        let value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    };
    Rng::with_seed(mix(mix(seed).wrapping_add(stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
}

impl Axes {
    /// How many combinations there are.
    #[must_use]
    pub fn points(&self) -> usize {
        let Self { loss, delay, holders, ttl, tries } = self;
        let lens = [loss.len(), delay.len(), holders.len(), ttl.len(), tries.len()];
        lens.into_iter().fold(1, usize::saturating_mul)
    }
}

impl Plan {
    /// The random numbers that a graph of this seed is drawn from.
    #[must_use]
    pub fn graph_rng(seed: u64) -> Rng {
        rng(seed, Draw::Graph)
    }

    /// The points, the axes in their order, the last one fastest.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let Axes { loss, delay, holders, ttl, tries } = &self.axes;
        let mut points = Vec::new();
        for &loss in loss {
            for &delay in delay {
                for &holders in holders {
                    let holders = holders.count(self.graph.len());
                    for &ttl in ttl {
                        points.extend(tries.iter().map(|&tries| Point { loss, delay, holders, ttl, tries }));
                    }
                }
            }
        }
        points
    }

    /// All servents, in the order in which they come to hold the key: more holders are the same ones, and others.
    pub(super) fn holding_order(&self) -> Vec<u32> {
        let mut order: Vec<_> = self.graph.servents().map(|servent| servent.0).collect();
        rng(self.seed, Draw::Holders).shuffle(&mut order);
        order
    }
}

impl Holders {
    /// How many that are of so many servents.
    #[must_use]
    pub fn count(self, servents: usize) -> usize {
        match self {
            Self::All => servents,
            Self::Count(count) => count.min(servents),
            Self::Percent(percent) => ((servents as f64 * percent / 100.0).round() as usize).clamp(1, servents),
        }
    }
}

impl Point {
    pub(super) fn links(&self) -> LinkModel {
        let latency = match self.delay {
            Delay::Uniform(mean, jitter) if jitter.is_zero() => Latency::Constant(mean),
            Delay::Uniform(mean, jitter) => Latency::Uniform(mean.saturating_sub(jitter), mean + jitter),
            Delay::Exponential(mean) => Latency::Exponential { min: Duration::ZERO, mean },
        };
        LinkModel { latency, loss: self.loss.0 / 100.0, ..LinkModel::perfect(Duration::ZERO) }
    }

    /// Makes an overlay what it is at this point, `order` being that in which servents come to hold the key.
    pub(super) fn prepare(&self, setup: &mut Setup, order: &[u32]) {
        setup.pairs = vec![Vec::new(); setup.graph.len()];
        for &holder in &order[..self.holders.min(order.len())] {
            setup.pairs[holder as usize] = vec![Pair { key: KEY.to_vec(), value: holder.to_string().into_bytes() }];
        }
        setup.patience.tries = self.tries;
        // A simulation has one question, and a QUERY for each time that it is asked.
        setup.seen = SeenConfig { capacity: self.tries, ..SeenConfig::default() };
    }
}

/// As it is typed.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As it is typed.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        match self {
            Self::Uniform(mean, jitter) if jitter.is_zero() => write!(f, "{}ms", millis(*mean)),
            Self::Uniform(mean, jitter) => write!(f, "{}ms±{}ms", millis(*mean), millis(*jitter)),
            Self::Exponential(mean) => write!(f, "exp:{}ms", millis(*mean)),
        }
    }
}
