//! What a load came to, as numbers.

use crate::load::plan::{Pace, Plan};
use crate::load::tally::{Counts, Interval, Latencies};
use std::net::SocketAddrV4;
use std::time::Duration;

/// What must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// The 99th percentile of the time to the first answer is at most this.
    pub p99_max: Option<Duration>,
    /// At most so many per cent of the questions are lost.
    pub loss_percent_max: Option<f64>,
}

/// What does not hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Breach {
    /// The 99th percentile; `None` if nothing was answered.
    P99 {
        /// What it is.
        found: Option<Duration>,
        /// The bound.
        max: Duration,
    },
    /// Of all questions that are over, per cent.
    Loss {
        /// What it is.
        found: f64,
        /// The bound.
        max: f64,
    },
}

/// Latencies in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantiles {
    /// How many there are.
    pub count: u64,
    /// The least.
    pub min: u64,
    /// Their mean.
    pub mean: f64,
    /// The values that 50, 90, 99, 99.9 and 99.99 per cent do not exceed.
    pub at: [u64; 5],
    /// The greatest.
    pub max: u64,
}

/// Which quantiles those of [`Quantiles::at`] are.
pub(super) const QUANTILES: [(f64, &str); 5] =
    [(0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99")];

impl Quantiles {
    /// Those of some latencies; `None` of none.
    #[must_use]
    pub fn of(latencies: &Latencies) -> Option<Self> {
        let histogram = latencies.histogram();
        (!histogram.is_empty()).then(|| Self {
            count: histogram.len(),
            min: histogram.min(),
            mean: histogram.mean(),
            at: QUANTILES.map(|(quantile, _)| histogram.value_at_quantile(quantile)),
            max: histogram.max(),
        })
    }
}

/// A servent, and its latencies. Those beyond the first 1024 have one row, without an address.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Who answered.
    pub servent: Option<SocketAddrV4>,
    /// After how long.
    pub latencies: Quantiles,
}

/// What a load came to.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Who was asked.
    pub servent: SocketAddrV4,
    /// How.
    pub pace: Pace,
    /// Keys that could be asked for.
    pub keys: usize,
    /// Clients that asked.
    pub clients: u32,
    /// From the beginning to the last question or answer that counted.
    pub elapsed: Duration,
    /// What was counted.
    pub counts: Counts,
    /// The furthest that a question left behind its time.
    pub lag_max: Duration,
    /// To the first answer; `None` if nothing was answered.
    pub first: Option<Quantiles>,
    /// To all answers together.
    pub all: Option<Quantiles>,
    /// Of each servent, in the order of their first answers.
    pub servents: Vec<Named>,
    /// Why questions could not be sent, if any could not.
    pub unsent_cause: Option<String>,
}

impl Summary {
    /// Of a load with this plan that asked `servent` and counted this.
    #[must_use]
    pub fn new(servent: SocketAddrV4, plan: &Plan, whole: &Interval, roster: &[SocketAddrV4]) -> Self {
        let named = whole.by_servent.iter().enumerate().filter_map(|(number, latencies)| {
            let latencies = Quantiles::of(latencies)?;
            Some(Named { servent: roster.get(number).copied(), latencies })
        });
        Self {
            servent,
            pace: plan.pace,
            keys: 0,
            clients: plan.clients,
            elapsed: Duration::ZERO,
            counts: Counts::default(),
            lag_max: Duration::ZERO,
            first: Quantiles::of(&whole.first),
            all: Quantiles::of(&whole.all()),
            servents: named.collect(),
            unsent_cause: None,
        }
    }

    /// So many a second. A question at a rate takes its share of a second, also the last one.
    #[must_use]
    pub fn rate(&self, count: u64) -> f64 {
        let planned = match self.pace {
            Pace::Rate(rate) => self.counts.asked as f64 / rate,
            Pace::InFlight(_) => 0.0,
        };
        let seconds = self.elapsed.as_secs_f64().max(planned);
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    /// Of the questions that are over, the per cent that nobody answered.
    #[must_use]
    pub fn loss_percent(&self) -> f64 {
        let Counts { answered, lost, .. } = self.counts;
        if lost == 0 { 0.0 } else { 100.0 * lost as f64 / (answered + lost) as f64 }
    }

    /// Which bounds do not hold.
    #[must_use]
    pub fn breaches(&self, bounds: &Bounds) -> Vec<Breach> {
        let p99 = self.first.map(|first| Duration::from_nanos(first.at[2]));
        let late = bounds.p99_max.filter(|&max| p99.is_none_or(|p99| p99 > max));
        let loss = self.loss_percent();
        let lossy = bounds.loss_percent_max.filter(|&max| loss > max);
        late.map(|max| Breach::P99 { found: p99, max })
            .into_iter()
            .chain(lossy.map(|max| Breach::Loss { found: loss, max }))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::load::in_flight::Ends;
    use crate::load::plan::Extent;
    use crate::load::tally::Tally;
    use std::net::Ipv4Addr;

    pub(in super::super) fn at(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }

    /// A hundred questions that took 1, 2, ... 90 ms, ten of them lost; a second servent answered three of them.
    pub(in super::super) fn summary() -> Summary {
        let mut tally = Tally::default();
        (1..=90).for_each(|millis| tally.answer(0, Duration::from_millis(millis), true));
        (1..=3).for_each(|millis| tally.answer(1, Duration::from_millis(100 * millis), false));
        let plan = Plan {
            pace: Pace::Rate(50.0),
            extent: Extent::default(),
            clients: 1,
            clients_max: 8,
            timeout: Duration::from_secs(1),
            ends: Ends::WithKnownServents,
            linger: Duration::ZERO,
            shares_keys: false,
            tells_ended: false,
        };
        Summary {
            keys: 7,
            clients: 3,
            elapsed: Duration::from_secs(2),
            counts: Counts { asked: 100, lost: 10, late: 1, duplicates: 2, ..tally.counts },
            lag_max: Duration::from_millis(12),
            ..Summary::new(at(6001), &plan, &tally.interval, &[at(6001), at(6002)])
        }
    }

    #[test]
    fn bounds_are_broken_beyond_them_and_not_at_them() {
        let summary = summary();
        assert!((summary.loss_percent() - 10.0).abs() < 1e-9);
        let p99 = Duration::from_nanos(summary.first.unwrap().at[2]);
        let bounds = |p99_max, loss_percent_max| Bounds { p99_max, loss_percent_max };
        for (bounds, broken) in [
            (bounds(None, None), 0),
            (bounds(Some(p99), Some(10.0)), 0),
            (bounds(Some(p99 - Duration::from_nanos(1)), None), 1),
            (bounds(None, Some(9.9)), 1),
            (bounds(Some(Duration::from_millis(1)), Some(0.0)), 2),
        ] {
            assert_eq!(summary.breaches(&bounds).len(), broken, "{bounds:?}");
        }
        let silent = Summary { first: None, ..summary };
        assert_eq!(silent.breaches(&bounds(Some(p99), None)), [Breach::P99 { found: None, max: p99 }]);
    }
}
