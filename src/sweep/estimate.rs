//! From sums to values with 95 % intervals.
//!
//! The questions of a point are independent draws, of entries and of luck, in one overlay: an interval says how far the
//! value may be from what ever more questions there would give. Another seed draws another overlay.
//!
//! | value | formula |
//! |---|---|
//! | mean of y | ȳ ± t s/√n, s² = Σ(y-ȳ)²/(n-1), t of Student with n-1 degrees of freedom |
//! | share r = Σy/Σx | r ± t s/(x̄√n), s² = Σ(y-rx)²/(n-1): the ratio estimator, linearized; cut at 0 and 1 |
//! | proportion k/n | Wilson's score interval |

use super::totals::Sums;

/// A value, and between what it lies at 95 %. One question has no interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// From and to.
    pub interval: Option<(f64, f64)>,
}

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_985;

impl Estimate {
    /// The mean of y. `None` of no question.
    pub(super) fn mean(sums: &Sums) -> Option<Self> {
        let count = sums.count as f64;
        let value = (sums.count > 0).then(|| sums.y as f64 / count)?;
        // Exact, so that equal numbers have no spread.
        let squares = u128::from(sums.count) * sums.yy - sums.y * sums.y;
        let half = half_width(sums.count, squares as f64 / count, 1.0);
        Some(Self { value, interval: half.map(|half| (value - half, value + half)) })
    }

    /// The sum of y as a share of the sum of x. `None` where that is 0.
    pub(super) fn share(sums: &Sums) -> Option<Self> {
        let (x, y) = (sums.x as f64, sums.y as f64);
        let value = (sums.x > 0).then(|| y / x)?;
        let squares = sums.yy as f64 - 2.0 * value * sums.xy as f64 + value * value * sums.xx as f64;
        let half = half_width(sums.count, squares.max(0.0), x / sums.count as f64);
        Some(Self { value, interval: half.map(|half| ((value - half).max(0.0), (value + half).min(1.0))) })
    }

    /// So many of so many.
    pub(super) fn proportion(some: u64, count: u64) -> Option<Self> {
        let n = count as f64;
        let value = (count > 0).then(|| some as f64 / n)?;
        let middle = value + Z * Z / (2.0 * n);
        let half = Z * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt();
        let all = 1.0 + Z * Z / n;
        // Of none the interval begins at 0, and of all it ends at 1, but for rounding.
        let low = if some == 0 { 0.0 } else { (middle - half) / all };
        let high = if some == count { 1.0 } else { (middle + half) / all };
        Some(Self { value, interval: Some((low, high)) })
    }

    /// The same in another unit.
    pub(super) fn times(self, factor: f64) -> Self {
        let interval = self.interval.map(|(low, high)| (low * factor, high * factor));
        Self { value: self.value * factor, interval }
    }

    /// Half the width of the interval.
    #[must_use]
    pub fn half(&self) -> Option<f64> {
        self.interval.map(|(low, high)| (high - low) / 2.0)
    }
}

/// How far to either side, from a sum of squared deviations and the unit in which the value is.
fn half_width(count: u64, squares: f64, unit: f64) -> Option<f64> {
    let freedom = count.checked_sub(1).filter(|&freedom| freedom > 0)? as f64;
    Some(student(freedom) * (squares / freedom).sqrt() / (unit * (count as f64).sqrt()))
}

/// The 97.5 % quantile of Student's distribution.
fn student(freedom: f64) -> f64 {
    /// Of 1 to 9 degrees of freedom, below which the expansion is off by more than 0.2 %.
    const FEW: [f64; 9] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];
    if let Some(&few) = FEW.get(freedom as usize - 1) {
        return few;
    }
    // Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5).
    let (z3, z5) = (Z.powi(3), Z.powi(5));
    Z + (z3 + Z) / (4.0 * freedom) + (5.0 * z5 + 16.0 * z3 + 3.0 * Z) / (96.0 * freedom * freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(pairs: &[(u64, u64)]) -> Sums {
        let mut sums = Sums::default();
        for &(x, y) in pairs {
            let (wide_x, wide_y) = (u128::from(x), u128::from(y));
            sums.count += 1;
            sums.x += wide_x;
            sums.y += wide_y;
            sums.xx += wide_x * wide_x;
            sums.xy += wide_x * wide_y;
            sums.yy += wide_y * wide_y;
        }
        sums
    }

    fn assert_near(estimate: Option<Estimate>, value: f64, low: f64, high: f64) {
        let estimate = estimate.unwrap();
        let (found_low, found_high) = estimate.interval.unwrap();
        for (found, expected) in [(estimate.value, value), (found_low, low), (found_high, high)] {
            assert!((found - expected).abs() < 1e-3, "{estimate:?}, expected {value} [{low} {high}]");
        }
    }

    /// Worked out by hand.
    #[test]
    fn intervals_are_those_of_their_formulas() {
        // s² = 2.5 and t(4) = 2.776: 3 ± 2.776 √0.5.
        assert_near(Estimate::mean(&sums(&[(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)])), 3.0, 1.037, 4.963);
        // r = 0.6, deviations 0.4 -0.2 -0.2, s² = 0.12, x̄ = 5/3, t(2) = 4.303: ± 4.303 √0.12 / (5/3 √3), cut.
        assert_near(Estimate::share(&sums(&[(1, 1), (2, 1), (2, 1)])), 0.6, 0.083_6, 1.0);
        // Wilson of 2 in 10.
        assert_near(Estimate::proportion(2, 10), 0.2, 0.0567, 0.5098);
        assert_near(Estimate::proportion(0, 100), 0.0, 0.0, 0.0370);
        assert_near(Estimate::proportion(100, 100), 1.0, 0.9630, 1.0);
    }

    #[test]
    fn what_never_varies_has_no_width_and_what_was_asked_once_no_interval() {
        let same = sums(&[(53, 53); 1000]);
        assert_eq!(Estimate::mean(&same).unwrap().interval, Some((53.0, 53.0)));
        assert_eq!(Estimate::share(&same).unwrap().interval, Some((1.0, 1.0)));
        assert_eq!(Estimate::mean(&sums(&[(1, 7)])), Some(Estimate { value: 7.0, interval: None }));
        assert_eq!(Estimate::mean(&Sums::default()), None);
        assert_eq!(Estimate::share(&sums(&[(0, 0)])), None);
        assert_eq!(Estimate::proportion(0, 0), None);
    }

    /// Published quantiles.
    #[test]
    fn student_is_wider_the_fewer_there_are() {
        for (freedom, quantile) in
            [(1.0, 12.706), (9.0, 2.262), (10.0, 2.228), (30.0, 2.042), (100.0, 1.984), (1e6, 1.96)]
        {
            assert!((student(freedom) - quantile).abs() < 0.004, "{freedom}: {}", student(freedom));
        }
    }
}
