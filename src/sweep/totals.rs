//! Sums over questions: whole numbers, so that it makes no difference in which order they are added up.

use super::estimate::Estimate;

/// What one question came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Servents that it would reach if nothing were lost and all links took the same time: breadth-first search.
    pub(super) in_reach: u64,
    /// Those of them that hold the key.
    pub(super) holders: u64,
    /// Servents that it reached.
    pub(super) reached: u64,
    /// Different answers that the client got.
    pub(super) answers: u64,
    /// QUERYs sent from servent to servent.
    pub(super) messages: u64,
    /// QUERYs that arrived where the query was known.
    pub(super) duplicates: u64,
    /// Of these, those with more time-to-live left than the first one (P-19).
    pub(super) higher_ttl: u64,
    /// Microseconds to the last answer, if there was one.
    pub(super) last_answer: Option<u64>,
}

/// Sums of two numbers of each question, and of their products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) count: u64,
    pub(super) x: u128,
    pub(super) y: u128,
    pub(super) xx: u128,
    pub(super) xy: u128,
    pub(super) yy: u128,
}

impl Sums {
    fn of(x: u64, y: u64) -> Self {
        let (x, y) = (u128::from(x), u128::from(y));
        Self { count: 1, x, y, xx: x * x, xy: x * y, yy: y * y }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            x: self.x + other.x,
            y: self.y + other.y,
            xx: self.xx + other.xx,
            xy: self.xy + other.xy,
            yy: self.yy + other.yy,
        }
    }
}

/// All questions of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Servents reached, of those in reach.
    reached: Sums,
    /// Answers, of the holders in reach.
    answers: Sums,
    /// Duplicates, of the QUERYs.
    duplicates: Sums,
    higher_ttl: Sums,
    /// Microseconds, of the questions that somebody answered.
    last_answer: Sums,
}

impl Totals {
    pub(super) fn of(seen: &Seen) -> Self {
        Self {
            reached: Sums::of(seen.in_reach, seen.reached),
            answers: Sums::of(seen.holders, seen.answers),
            duplicates: Sums::of(seen.messages, seen.duplicates),
            higher_ttl: Sums::of(1, seen.higher_ttl),
            last_answer: seen.last_answer.map_or_else(Sums::default, |micros| Sums::of(1, micros)),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            reached: self.reached.plus(other.reached),
            answers: self.answers.plus(other.answers),
            duplicates: self.duplicates.plus(other.duplicates),
            higher_ttl: self.higher_ttl.plus(other.higher_ttl),
            last_answer: self.last_answer.plus(other.last_answer),
        }
    }

    /// Questions.
    #[must_use]
    pub fn questions(&self) -> u64 {
        self.reached.count
    }

    /// Servents that a question reached.
    #[must_use]
    pub fn reached(&self) -> Option<Estimate> {
        Estimate::mean(&self.reached)
    }

    /// Of the servents that it would reach if nothing were lost and all links were alike, those that it reached: 0 to 1.
    #[must_use]
    pub fn reached_share(&self) -> Option<Estimate> {
        Estimate::share(&self.reached)
    }

    /// Different answers that a client got.
    #[must_use]
    pub fn answers(&self) -> Option<Estimate> {
        Estimate::mean(&self.answers)
    }

    /// Of the holders within the time-to-live, those that the client heard from: 0 to 1. `None` where there was none.
    #[must_use]
    pub fn answers_share(&self) -> Option<Estimate> {
        Estimate::share(&self.answers)
    }

    /// The share of questions that nobody answered.
    #[must_use]
    pub fn in_vain(&self) -> Option<Estimate> {
        Estimate::proportion(self.questions() - self.last_answer.count, self.questions())
    }

    /// QUERYs that a question cost.
    #[must_use]
    pub fn messages(&self) -> Option<Estimate> {
        // The sums with the two numbers changing places.
        let Sums { count, x, y, xx, xy, yy } = self.duplicates;
        Estimate::mean(&Sums { count, x: y, y: x, xx: yy, xy, yy: xx })
    }

    /// Those of them that arrived where the query was known.
    #[must_use]
    pub fn duplicates(&self) -> Option<Estimate> {
        Estimate::mean(&self.duplicates)
    }

    /// Those of these that had more time-to-live left than the first copy (P-19).
    #[must_use]
    pub fn higher_ttl(&self) -> Option<Estimate> {
        Estimate::mean(&self.higher_ttl)
    }

    /// Milliseconds from a question to its last answer, where there was one.
    #[must_use]
    pub fn last_answer_ms(&self) -> Option<Estimate> {
        Estimate::mean(&self.last_answer).map(|micros| micros.times(1e-3))
    }
}
