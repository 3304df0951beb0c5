//! `--loss` and `--delay`: what the links of a servent, or of all servents of an overlay, are like.

use super::values;
use crate::overlay::OverlayFile;
use crate::protocol::LinkConfig;
use crate::sweep;
use std::fmt;
use std::time::Duration;

/// The longest time that a QUERY is held back.
const DELAY_MAX: Duration = Duration::from_secs(3_600);

/// How much is lost, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Loss(f64);

/// How long a QUERY is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delay {
    mean: Duration,
    jitter: Duration,
}

impl Loss {
    /// From 0 to 100.
    pub(super) fn percent(self) -> f64 {
        self.0
    }
}

impl Delay {
    /// The mean, and how much more or less it may be.
    pub(super) fn parts(self) -> (Duration, Duration) {
        (self.mean, self.jitter)
    }
}

/// As it can be typed.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As it can be typed.
impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        sweep::Delay::Uniform(self.mean, self.jitter).fmt(f)
    }
}

/// What links are like.
pub(super) fn config(loss: Loss, delay: Delay) -> LinkConfig {
    LinkConfig { loss: loss.0 / 100.0, delay: delay.mean, jitter: delay.jitter }
}

/// How long links hold QUERYs back at most whose lines in an overlay file say so themselves.
pub(super) fn own_delays(file: &OverlayFile) -> impl Iterator<Item = Duration> {
    let options = file.lines().iter().flat_map(|line| line.command().options.windows(2));
    let delays = options.filter(|option| option[0] == "--delay").filter_map(|option| delay(&option[1]).ok());
    delays.map(|delay| config(Loss::default(), delay).delay_max())
}

/// The lines that tell a servent that takes orders for its links (`--link-orders`) to have such ones.
pub(super) fn orders(links: LinkConfig) -> String {
    let (loss, delay) = (Loss(links.loss * 100.0), Delay { mean: links.delay, jitter: links.jitter });
    format!("loss {loss}\ndelay {delay}\n")
}

/// Reads a percentage, with a `%` behind it or without.
///
/// # Errors
/// What was expected, with an example; so for all functions here.
pub(super) fn loss(typed: &str) -> Result<Loss, String> {
    let number: Option<f64> = typed.strip_suffix('%').unwrap_or(typed).trim_end().parse().ok();
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        // Without the sign of a zero.
        .map(|percent| Loss(percent.abs()))
        .ok_or_else(|| "expected a percentage from 0 to 100, for example 5 or 0.5".to_owned())
}

/// Reads a time, and behind `±` or `+-` how much more or less it may be.
///
/// # Errors
/// See [`loss`].
pub(super) fn delay(typed: &str) -> Result<Delay, String> {
    let (mean, jitter) = match typed.split_once('±').or_else(|| typed.split_once("+-")) {
        Some((mean, jitter)) => (time(mean), time(jitter)),
        None => (time(typed), Some(Duration::ZERO)),
    };
    let delay = mean.zip(jitter).map(|(mean, jitter)| Delay { mean, jitter });
    delay.filter(|delay| delay.jitter <= delay.mean && delay.mean <= DELAY_MAX).ok_or_else(|| {
        "expected a time from 0 to 1h in us, ms, s, min or h (s if there is none), and behind ± or +- no more than that, for \
        example 50ms or 50ms±10ms"
            .to_owned()
    })
}

/// A time as other options take it, or none at all.
fn time(typed: &str) -> Option<Duration> {
    let typed = typed.trim();
    let is_zero = typed.trim_end_matches(char::is_alphabetic).trim_end().parse() == Ok(0.0);
    // With the same units behind it.
    if is_zero && values::seconds(&typed.replacen('0', "1", 1)).is_ok() {
        return Some(Duration::ZERO);
    }
    values::seconds(typed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_a_percentage() {
        for (typed, percent) in [("0", 0.0), ("5", 5.0), ("0.5", 0.5), ("100", 100.0), ("12.5%", 12.5), ("5 %", 5.0)] {
            assert_eq!(loss(typed), Ok(Loss(percent)), "{typed}");
            assert_eq!(loss(&Loss(percent).to_string()), Ok(Loss(percent)), "{typed}");
        }
        for typed in ["", "-1", "100.1", "nan", "inf", "five", "%", "5%%"] {
            assert!(loss(typed).unwrap_err().contains("for example 5"), "{typed}");
        }
    }

    #[test]
    fn a_delay_is_a_time_with_a_jitter_or_without() {
        let ms = Duration::from_millis;
        for (typed, mean, jitter) in [
            ("0", 0, 0),
            ("0ms", 0, 0),
            ("0.0 s", 0, 0),
            ("50ms", 50, 0),
            ("0.05", 50, 0),
            ("50ms±10ms", 50, 10),
            ("50ms+-10ms", 50, 10),
            ("50ms ± 10ms", 50, 10),
            ("2s±0", 2_000, 0),
            ("1s±1", 1_000, 1_000),
            ("10000us", 10, 0),
            ("0µs", 0, 0),
            ("1h", 3_600_000, 0),
        ] {
            let expected = Ok(Delay { mean: ms(mean), jitter: ms(jitter) });
            assert_eq!(delay(typed), expected, "{typed}");
            assert_eq!(delay(&delay(typed).unwrap().to_string()), expected, "{typed}");
        }
        for typed in ["", "±", "50ms±", "±10ms", "50ms±60ms", "-1", "2h", "0x", "soon", "50ms±1ms±1ms", "50ms-10ms"]
        {
            assert!(delay(typed).unwrap_err().contains("for example 50ms"), "{typed}");
        }
    }
}
