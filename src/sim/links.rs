//! What links do to datagrams.

use super::ids::{Party, ServentId};
use fastrand::Rng;
use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::time::Duration;

/// How long a datagram is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latency {
    /// Always so long.
    Constant(Duration),
    /// Anything between the two, equally likely.
    Uniform(Duration, Duration),
    /// At least `min`, and on top of it a time that is usually short and sometimes long; cut at ten times its mean.
    Exponential {
        /// The shortest.
        min: Duration,
        /// The mean of what comes on top.
        mean: Duration,
    },
}

impl Latency {
    fn sample(self, rng: &mut Rng) -> u64 {
        match self {
            Self::Constant(latency) => nanos(latency),
            Self::Uniform(min, max) => rng.u64(nanos(min)..=nanos(max).max(nanos(min))),
            Self::Exponential { min, mean } => {
                // 1 - f64() lies above 0, so the logarithm is finite.
                let factor = (-(1.0 - rng.f64()).ln()).min(Self::FACTOR_MAX);
                nanos(min) + (nanos(mean) as f64 * factor) as u64
            }
        }
    }

    const FACTOR_MAX: f64 = 10.0;

    fn max(self) -> u64 {
        match self {
            Self::Constant(latency) => nanos(latency),
            Self::Uniform(min, max) => nanos(max).max(nanos(min)),
            Self::Exponential { min, mean } => nanos(min) + (nanos(mean) as f64 * Self::FACTOR_MAX) as u64,
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What one direction of a link does. Chances are from 0 (never) to 1 (always).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkModel {
    /// How long a datagram is under way.
    pub latency: Latency,
    /// The chance that it is lost.
    pub loss: f64,
    /// The chance that it arrives twice.
    pub duplication: f64,
    /// The chance that it is held back, so that later ones overtake it.
    pub reordering: f64,
    /// How long it is held back at most.
    pub held_back_max: Duration,
    /// The chance that one byte of it arrives changed.
    pub corruption: f64,
}

impl LinkModel {
    /// Every datagram arrives once, as it was sent, after `latency`.
    #[must_use]
    pub const fn perfect(latency: Duration) -> Self {
        Self {
            latency: Latency::Constant(latency),
            loss: 0.0,
            duplication: 0.0,
            reordering: 0.0,
            held_back_max: Duration::ZERO,
            corruption: 0.0,
        }
    }

    /// The longest that a datagram is under way.
    #[must_use]
    pub fn delay_max(&self) -> Duration {
        Duration::from_nanos(self.latency.max().saturating_add(nanos(self.held_back_max)))
    }

    /// Nanoseconds that one datagram is under way.
    pub(super) fn delay(&self, rng: &mut Rng) -> u64 {
        let held_back = if happens(self.reordering, rng) { rng.u64(0..=nanos(self.held_back_max)) } else { 0 };
        self.latency.sample(rng).saturating_add(held_back)
    }
}

/// Draws whether something of this chance happens; draws nothing where it never does.
pub(super) fn happens(chance: f64, rng: &mut Rng) -> bool {
    chance > 0.0 && rng.f64() < chance
}

/// All links, and who is cut off from whom.
#[derive(Clone, Debug)]
pub(super) struct Links {
    pub(super) usual: LinkModel,
    /// The directions that are not usual.
    pub(super) special: HashMap<(SocketAddrV4, SocketAddrV4), LinkModel>,
    /// The servents on the far side of a partition, if there is one.
    far_side: Option<Vec<bool>>,
}

impl Links {
    pub(super) fn new(usual: LinkModel) -> Self {
        Self { usual, special: HashMap::new(), far_side: None }
    }

    pub(super) fn model(&self, from: SocketAddrV4, to: SocketAddrV4) -> &LinkModel {
        if self.special.is_empty() { &self.usual } else { self.special.get(&(from, to)).unwrap_or(&self.usual) }
    }

    /// Cuts `far` off from all other servents. Clients and strangers are on the near side.
    pub(super) fn part(&mut self, far: &[ServentId], servents: usize) {
        let mut sides = vec![false; servents];
        for servent in far {
            sides[servent.index()] = true;
        }
        self.far_side = Some(sides);
    }

    pub(super) fn heal(&mut self) {
        self.far_side = None;
    }

    pub(super) fn are_parted(&self, from: SocketAddrV4, to: SocketAddrV4) -> bool {
        let Some(sides) = &self.far_side else { return false };
        let is_far = |address: SocketAddrV4| match Party::from(address) {
            Party::Servent(servent) => sides.get(servent.index()).copied().unwrap_or(false),
            Party::Client(_) | Party::Stranger(_) => false,
        };
        is_far(from) != is_far(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn latencies_stay_within_their_bounds_and_have_their_mean() {
        let mut rng = Rng::with_seed(7);
        for (latency, mean) in [
            (Latency::Constant(3 * MS), 3.0),
            (Latency::Uniform(2 * MS, 6 * MS), 4.0),
            (Latency::Exponential { min: MS, mean: 2 * MS }, 3.0),
        ] {
            let samples: Vec<_> = (0..20_000).map(|_| latency.sample(&mut rng)).collect();
            assert!(samples.iter().all(|&sample| sample <= latency.max()), "{latency:?}");
            let found = samples.iter().sum::<u64>() as f64 / samples.len() as f64 / 1e6;
            assert!((found - mean).abs() < 0.1, "{latency:?}: {found} ms");
        }
    }

    #[test]
    fn a_partition_cuts_both_directions_until_it_heals() {
        let mut links = Links::new(LinkModel::perfect(MS));
        let [near, far, other] = [0, 1, 2].map(|number| ServentId(number).address());
        links.part(&[ServentId(1)], 3);
        assert!(links.are_parted(near, far) && links.are_parted(far, near));
        assert!(!links.are_parted(near, other));
        links.heal();
        assert!(!links.are_parted(near, far));
    }
}
