//! What was counted, and latencies.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Decimal digits of a latency that are kept: it is told to a thousandth.
const DIGITS: u8 = 3;

/// The longest latency that is told apart from longer ones: a year, which is the longest time-out.
const LATENCY_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// What became of questions and answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Questions asked.
    pub asked: u64,
    /// Of these, those that somebody answered in time.
    pub answered: u64,
    /// Of these, those that nobody answered in time.
    pub lost: u64,
    /// Of these, those that were under way when the load was interrupted. The four make an identity:
    /// `asked = answered + lost + unfinished`, once all is over.
    pub unfinished: u64,
    /// Answers that counted: the first of each servent to each question.
    pub answers: u64,
    /// Answers that came after their question had timed out.
    pub late: u64,
    /// Answers of a servent that had answered the question before.
    pub duplicates: u64,
    /// RESPONSEs for keys that were not asked for.
    pub unknown: u64,
    /// Datagrams that are no RESPONSE, or a malformed one.
    pub malformed: u64,
    /// Of `asked`, questions that the system would not send. They are lost as well.
    pub unsent: u64,
    /// Of `asked`, questions for a key that was under way at the same client: their answers are told apart by order.
    pub shared: u64,
}

/// Latencies, in nanoseconds.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(DIGITS).expect("so many digits are allowed"))
    }
}

impl Latencies {
    /// Counts one.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.min(LATENCY_MAX).as_nanos()).expect("a year has fewer");
        self.0.record(nanos).expect("it grows as it must");
    }

    /// Counts those of `others` as well.
    pub fn add(&mut self, others: &Self) {
        self.0.add(&others.0).expect("it grows as it must");
    }

    /// All of them.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }
}

/// The latencies of a while.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    /// From a question to its first answer.
    pub first: Latencies,
    /// From a question to the answer of each servent, by its number.
    pub by_servent: Vec<Latencies>,
}

impl Interval {
    /// Counts those of another while as well.
    pub fn add(&mut self, other: &Self) {
        self.first.add(&other.first);
        for (servent, latencies) in other.by_servent.iter().enumerate() {
            self.of(servent).add(latencies);
        }
    }

    /// All answers of all servents.
    #[must_use]
    pub fn all(&self) -> Latencies {
        let mut all = Latencies::default();
        self.by_servent.iter().for_each(|latencies| all.add(latencies));
        all
    }

    fn of(&mut self, servent: usize) -> &mut Latencies {
        if self.by_servent.len() <= servent {
            self.by_servent.resize_with(servent + 1, Latencies::default);
        }
        &mut self.by_servent[servent]
    }
}

/// What a measurement has counted so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What became of questions and answers.
    pub counts: Counts,
    /// Since it was taken last.
    pub interval: Interval,
    /// The furthest that a question left behind its time.
    pub lag_max: Duration,
}

impl Tally {
    /// Counts an answer that `servent` gave after so long.
    pub fn answer(&mut self, servent: u32, latency: Duration, is_first: bool) {
        self.interval.of(servent as usize).record(latency);
        self.counts.answers += 1;
        if is_first {
            self.interval.first.record(latency);
            self.counts.answered += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_make_up_the_whole() {
        let (mut tally, mut whole) = (Tally::default(), Interval::default());
        let mut lens = Vec::new();
        for (servent, latency) in [(0, Duration::from_micros(30)), (3, Duration::from_secs(3_600))] {
            tally.answer(servent, latency, servent == 0);
            let interval = std::mem::take(&mut tally.interval);
            lens.push([interval.first.histogram().len(), interval.all().histogram().len()]);
            whole.add(&interval);
        }
        assert_eq!(lens, [[1, 1], [0, 1]]);
        let by_servent: Vec<_> = whole.by_servent.iter().map(|latencies| latencies.histogram().len()).collect();
        assert_eq!((whole.first.histogram().len(), by_servent), (1, vec![1, 0, 0, 1]));
        // To three digits.
        let max = whole.all().histogram().max();
        assert!((3_600_000_000_000..3_604_000_000_000).contains(&max), "{max}");
        let Counts { answers, answered, .. } = tally.counts;
        assert_eq!((answers, answered), (2, 1), "only a first answer answers a question");
    }
}
