//! The RESPONSE limiter: a servent must not be a good reflector (P-24).
//!
//! A QUERY names whom to answer, so a stranger can aim RESPONSEs at a victim. For each /24 of globally routable
//! addresses the limiter counts RESPONSEs in slots of a tenth of a second; one more is allowed while the current slot
//! and the ten before it hold fewer than the limit. Any second lies within eleven such slots, so no second ever sees
//! more than the limit, whatever the bursts; under steady pressure a limit of 200 lets 200 through every 1.1 seconds.
//!
//! A /24 is forgotten once nobody asked about it for two periods of eleven slots. At most [`NETWORKS_MAX`] are known
//! per period; beyond that new ones are refused, since forgetting an old one early would free it of its limit.

use crate::types::Timestamp;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::Ipv4Addr;

const SLOT_NANOS: u64 = 100_000_000;
const SLOTS: usize = 11;
const NETWORKS_MAX: usize = 1 << 18;

/// Counts RESPONSEs per destination network and says when it is enough.
#[derive(Debug)]
pub struct ResponseLimiter {
    limit: u32,
    period: u64,
    current: HashMap<Network, Window>,
    previous: HashMap<Network, Window>,
}

type Network = [u8; 3];

#[derive(Clone, Copy, Debug, Default)]
struct Window {
    counts: [u32; SLOTS],
    /// The slot that was counted in last, numbered from the start of time.
    slot: u64,
}

impl ResponseLimiter {
    /// At most `limit` RESPONSEs in any second to each /24; 0 = no limit.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit, period: 0, current: HashMap::new(), previous: HashMap::new() }
    }

    /// Whether one more RESPONSE may go to `destination`; if so it is counted.
    ///
    /// Destinations that are not routed globally always may: labs, classes and benchmarks run free.
    pub fn allow(&mut self, now: Timestamp, destination: Ipv4Addr) -> bool {
        if self.limit == 0 || is_exempt(destination) {
            return true;
        }
        let slot = now.as_nanos() / SLOT_NANOS;
        self.forget(slot / SLOTS as u64);
        let [a, b, c, _] = destination.octets();
        let network = [a, b, c];
        let known = self.current.len();
        let window = match self.current.entry(network) {
            Entry::Occupied(window) => window.into_mut(),
            Entry::Vacant(_) if known >= NETWORKS_MAX => return false,
            Entry::Vacant(place) => place.insert(self.previous.remove(&network).unwrap_or_default()),
        };
        window.count(slot, self.limit)
    }

    /// Moves on to `period`; what was not asked about since the period before the last one is forgotten.
    fn forget(&mut self, period: u64) {
        if period == self.period {
            return;
        }
        std::mem::swap(&mut self.current, &mut self.previous);
        self.current.clear();
        if period > self.period + 1 {
            self.previous.clear();
        }
        self.period = period;
    }
}

/// Loopback, private (RFC 1918) and link-local addresses, those shared behind a provider's translation (100.64.0.0/10,
/// RFC 6598) and those for benchmarks (198.18.0.0/15, RFC 2544): none is routed globally.
fn is_exempt(destination: Ipv4Addr) -> bool {
    let [first, second, ..] = destination.octets();
    let is_shared = first == 100 && second & 0xc0 == 64;
    let is_for_benchmarks = first == 198 && second & 0xfe == 18;
    let is_local = destination.is_loopback() || destination.is_private() || destination.is_link_local();
    is_local || is_shared || is_for_benchmarks
}

impl Window {
    fn count(&mut self, slot: u64, limit: u32) -> bool {
        let stale = slot.saturating_sub(self.slot).min(SLOTS as u64);
        for age in 0..stale {
            self.counts[((slot - age) % SLOTS as u64) as usize] = 0;
        }
        self.slot = slot;
        let allowed = self.counts.iter().map(|&count| u64::from(count)).sum::<u64>() < u64::from(limit);
        if allowed {
            self.counts[(slot % SLOTS as u64) as usize] += 1;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const VICTIM: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 7);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_start(Duration::from_millis(millis))
    }

    fn allowed(limiter: &mut ResponseLimiter, now: Timestamp, asked: u32, to: Ipv4Addr) -> u32 {
        (0..asked).map(|_| u32::from(limiter.allow(now, to))).sum()
    }

    #[test]
    fn p24_a_network_of_256_addresses_shares_a_limit_and_others_do_not() {
        let mut limiter = ResponseLimiter::new(200);
        assert_eq!(allowed(&mut limiter, at(0), 150, VICTIM), 150);
        assert_eq!(allowed(&mut limiter, at(0), 150, Ipv4Addr::new(203, 0, 113, 8)), 50);
        assert_eq!(allowed(&mut limiter, at(0), 300, Ipv4Addr::new(203, 0, 114, 7)), 200);
    }

    #[test]
    fn p24_what_is_not_routed_globally_is_exempt_and_zero_is_off() {
        let mut limiter = ResponseLimiter::new(1);
        for exempt in [
            [127, 0, 0, 1],
            [10, 1, 2, 3],
            [172, 16, 0, 1],
            [192, 168, 1, 1],
            [169, 254, 1, 1],
            [100, 64, 5, 1],
            [100, 127, 255, 255],
            [198, 18, 0, 1],
            [198, 19, 255, 255],
        ] {
            assert_eq!(allowed(&mut limiter, at(0), 1_000, Ipv4Addr::from(exempt)), 1_000, "{exempt:?}");
        }
        for limited in [[100, 63, 255, 255], [100, 128, 0, 0], [198, 17, 255, 255], [198, 20, 0, 0], [101, 64, 0, 1]] {
            assert_eq!(allowed(&mut limiter, at(0), 1_000, Ipv4Addr::from(limited)), 1, "{limited:?}");
        }
        assert_eq!(allowed(&mut ResponseLimiter::new(0), at(0), 1_000, VICTIM), 1_000);
    }

    #[test]
    fn p24_the_limit_holds_across_the_periods_of_forgetting_and_idle_networks_are_forgotten() {
        let mut limiter = ResponseLimiter::new(10);
        assert_eq!(allowed(&mut limiter, at(1_090), 100, VICTIM), 10);
        assert_eq!(allowed(&mut limiter, at(1_110), 100, VICTIM), 0, "a new period");
        assert_eq!(allowed(&mut limiter, at(2_290), 100, VICTIM), 10);
        for network in 0..=255 {
            limiter.allow(at(5_000), Ipv4Addr::new(203, 0, network, 1));
        }
        assert_eq!(limiter.current.len(), 256);
        limiter.allow(at(9_000), VICTIM);
        assert_eq!(limiter.current.len() + limiter.previous.len(), 1);
    }

    #[test]
    fn p24_a_response_counts_in_its_slot_of_100_ms_and_the_ten_behind_it() {
        let mut limiter = ResponseLimiter::new(2);
        for (millis, expected) in [
            (0, true),
            (599, true),
            (700, false),
            (1_099, false),
            (1_100, true),
            (1_100, false),
            (1_599, false),
            (1_600, true),
            (2_199, false),
            (9_000, true),
        ] {
            assert_eq!(limiter.allow(at(millis), VICTIM), expected, "after {millis} ms");
        }
    }

    #[test]
    fn p24_beyond_so_many_networks_new_ones_are_refused_and_known_ones_are_not() {
        let mut limiter = ResponseLimiter::new(2);
        let network = |number: usize| Ipv4Addr::from(0x1000_0000 + (number << 8) as u32);
        for number in 0..NETWORKS_MAX {
            assert!(limiter.allow(at(0), network(number)), "{number}");
        }
        assert!(!limiter.allow(at(0), VICTIM));
        assert!(limiter.allow(at(0), network(0)));
        assert!(limiter.allow(at(1_100), VICTIM), "a new period");
    }
}
