//! The keys of a load, and which one is asked for next.

use crate::protocol::AskedKey;
use fastrand::Rng;
use std::collections::HashMap;
use std::fmt;

/// The keys that are asked for, each once, known by its number.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    keys: Vec<AskedKey>,
    numbers: HashMap<AskedKey, u32>,
}

impl Keys {
    /// These keys, less the repetitions, in their order.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = AskedKey>) -> Self {
        let mut all = Self::default();
        for key in keys {
            let number = all.keys.len() as u32;
            all.numbers.entry(key.clone()).or_insert_with(|| {
                all.keys.push(key);
                number
            });
        }
        all
    }

    /// `count` keys that are made here, `key-00000000` and on.
    #[must_use]
    pub fn numbered(count: u32) -> Self {
        let key = |number: u32| AskedKey::new(format!("key-{number:08}").as_bytes());
        Self::new((0..count).filter_map(|number| key(number).ok()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The bytes of key `number`.
    ///
    /// # Panics
    /// If there are not so many.
    #[must_use]
    pub fn bytes(&self, number: u32) -> &[u8] {
        self.keys[number as usize].as_bytes()
    }

    /// The number of a key; `None` if it is not among them.
    #[must_use]
    pub fn number(&self, key: &[u8]) -> Option<u32> {
        self.numbers.get(key).copied()
    }
}

/// How the next key is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pattern {
    /// One after the other, and then again from the first.
    #[default]
    Turn,
    /// Each with the same chance.
    Uniform,
    /// The one of rank `r` with a chance that is proportional to `1 / r^s`, for this `s`: the first key is the most wanted.
    Zipf(f64),
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn => f.write_str("turn"),
            Self::Uniform => f.write_str("uniform"),
            Self::Zipf(exponent) => write!(f, "zipf:{exponent}"),
        }
    }
}

/// Chooses keys, the same ones for the same seed.
#[derive(Debug)]
pub struct Picker {
    keys: u32,
    next: u32,
    rng: Rng,
    choice: Choice,
}

#[derive(Debug)]
enum Choice {
    Turn,
    Uniform,
    /// The chance of each rank and those before it together; the last is 1.
    Ranks(Vec<f64>),
}

impl Picker {
    /// Chooses among `keys` of them, at least one.
    #[must_use]
    pub fn new(pattern: Pattern, keys: usize, seed: u64) -> Self {
        let choice = match pattern {
            Pattern::Turn => Choice::Turn,
            Pattern::Uniform => Choice::Uniform,
            Pattern::Zipf(exponent) => Choice::Ranks(cumulative(exponent, keys)),
        };
        Self { keys: u32::try_from(keys).unwrap_or(u32::MAX).max(1), next: 0, rng: Rng::with_seed(seed), choice }
    }

    /// The number of the next key.
    pub fn pick(&mut self) -> u32 {
        match &self.choice {
            Choice::Turn => {
                let next = self.next;
                self.next = (next + 1) % self.keys;
                next
            }
            Choice::Uniform => self.rng.u32(..self.keys),
            Choice::Ranks(cumulative) => {
                let drawn = self.rng.f64();
                (cumulative.partition_point(|&chance| chance <= drawn) as u32).min(self.keys - 1)
            }
        }
    }
}

fn cumulative(exponent: f64, keys: usize) -> Vec<f64> {
    let mut sum = 0.0;
    let mut chances: Vec<f64> = (1..=keys)
        .map(|rank| {
            sum += (rank as f64).powf(-exponent);
            sum
        })
        .collect();
    chances.iter_mut().for_each(|chance| *chance /= sum);
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: u32 = 200_000;

    fn shares(pattern: Pattern, keys: usize) -> Vec<f64> {
        let mut picker = Picker::new(pattern, keys, 7);
        let mut counts = vec![0_u32; keys];
        (0..DRAWN).for_each(|_| counts[picker.pick() as usize] += 1);
        counts.into_iter().map(|count| f64::from(count) / f64::from(DRAWN)).collect()
    }

    /// The distribution by its definition, against what a seed draws: half a per cent is five standard deviations of a
    /// share that is drawn so often.
    #[test]
    fn zipf_draws_each_rank_as_often_as_its_formula_says() {
        for exponent in [0.0, 0.8, 1.0, 1.5] {
            let weights: Vec<f64> = (1..=50).map(|rank| 1.0 / f64::from(rank).powf(exponent)).collect();
            let sum: f64 = weights.iter().sum();
            for (rank, (share, weight)) in shares(Pattern::Zipf(exponent), 50).iter().zip(&weights).enumerate() {
                assert!(
                    (share - weight / sum).abs() < 0.005,
                    "s = {exponent}, rank {rank}: {share} of {}",
                    weight / sum
                );
            }
        }
    }

    #[test]
    fn uniform_gives_each_key_its_share_and_turn_takes_them_in_turn() {
        assert!(shares(Pattern::Uniform, 50).iter().all(|share| (share - 0.02).abs() < 0.005));
        let mut picker = Picker::new(Pattern::Turn, 3, 7);
        assert_eq!([0; 7].map(|_| picker.pick()), [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn a_seed_draws_the_same_keys_again_and_another_one_others() {
        let drawn = |seed| {
            let mut picker = Picker::new(Pattern::Zipf(1.0), 1_000, seed);
            [0; 20].map(|_| picker.pick())
        };
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }

    #[test]
    fn keys_are_known_by_number_and_repetitions_count_once() {
        let keys = Keys::new([&b"http"[..], b"ssh", b"http"].map(|key| AskedKey::new(key).unwrap()));
        assert_eq!(
            (keys.len(), keys.number(b"ssh"), keys.number(b"smtp"), keys.bytes(1)),
            (2, Some(1), None, &b"ssh"[..])
        );
        let numbered = Keys::numbered(12);
        assert_eq!((numbered.len(), numbered.bytes(11)), (12, &b"key-00000011"[..]));
    }
}
