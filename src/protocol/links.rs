//! Links to neighbours that are worse than the network: what they lose, and what is under way on them for how long.

use crate::batch::{DATAGRAMS_MAX, Outbox};
use crate::types::{Neighbours, Timestamp};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

/// What may be under way at a time, in bytes, 64 for each datagram included. What finds no room is lost, as on
/// any link whose queue is full.
pub const UNDER_WAY_LEN_MAX: usize = 64 << 20;

/// What a datagram under way takes beside its bytes, about.
const OVERHEAD: usize = 64;

/// Links that are remembered while nothing is under way on them: names may lead to ever new addresses.
const IDLE_MAX: usize = 2 * Neighbours::COUNT_MAX;

/// What each link does to what is sent over it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkConfig {
    /// The chance that a datagram is lost, from 0 (never) to 1 (always).
    pub loss: f64,
    /// How long one is under way in the mean.
    pub delay: Duration,
    /// How much more or less than that it may be; any time in between is equally likely.
    pub jitter: Duration,
}

impl LinkConfig {
    /// Whether they add nothing to the network.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        self.loss <= 0.0 && self.delay.is_zero() && self.jitter.is_zero()
    }

    /// How long a datagram is under way at most.
    #[must_use]
    pub fn delay_max(&self) -> Duration {
        self.delay.saturating_add(self.jitter)
    }
}

/// In words: what each link does.
impl fmt::Display for LinkConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { loss, delay, jitter } = self;
        match (*loss > 0.0, delay.is_zero()) {
            (false, true) => return write!(f, "nothing is lost or delayed"),
            (true, true) => return write!(f, "{} % lost", loss * 100.0),
            (true, false) => write!(f, "{} % lost, {delay:?}", loss * 100.0)?,
            (false, false) => write!(f, "{delay:?}")?,
        }
        if !jitter.is_zero() {
            write!(f, " ± {jitter:?}")?;
        }
        write!(f, " under way")
    }
}

/// The links to all neighbours, and what is under way on them.
///
/// Each link draws from numbers of its own, so what happens on one is the same whatever is sent over the others, and on
/// none does a datagram overtake another.
#[derive(Debug)]
pub struct Links {
    config: LinkConfig,
    seed: u64,
    links: Vec<Link>,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    under_way_len: usize,
    number: u64,
}

/// The link to one neighbour.
#[derive(Debug)]
struct Link {
    to: SocketAddrV4,
    draws: Draws,
    /// When what was sent over it last is due.
    last_due: Timestamp,
}

/// A datagram on a link; the earliest is the least, and of those of one time the one that was sent first.
#[derive(Debug)]
struct UnderWay {
    due: Timestamp,
    number: u64,
    to: SocketAddrV4,
    bytes: Arc<[u8]>,
}

impl Links {
    /// Links on which nothing is under way yet. What happens on them follows from `seed`.
    #[must_use]
    pub fn new(config: LinkConfig, seed: u64) -> Self {
        Self { config, seed, links: Vec::new(), under_way: BinaryHeap::new(), under_way_len: 0, number: 0 }
    }

    /// From now on the links are like this. What is under way on them stays so.
    pub fn change(&mut self, config: LinkConfig) {
        self.config = config;
    }

    /// Sends what is in `outbox` over its links. Tells `lost` the index in it of each datagram that is lost.
    pub fn send(&mut self, now: Timestamp, outbox: &Outbox, mut lost: impl FnMut(usize)) {
        let mut index = 0;
        for (bytes, targets) in outbox.sends(0..outbox.len()) {
            let mut shared: Option<Arc<[u8]>> = None;
            for to in targets {
                let due = self.due(now, to);
                let len = bytes.len() + OVERHEAD;
                if let Some(due) = due
                    && self.under_way_len + len <= UNDER_WAY_LEN_MAX
                {
                    let bytes = Arc::clone(shared.get_or_insert_with(|| bytes.into()));
                    self.under_way.push(Reverse(UnderWay { due, number: self.number, to, bytes }));
                    self.number += 1;
                    self.under_way_len += len;
                } else {
                    lost(index);
                }
                index += 1;
            }
        }
    }

    /// When something is next due to leave, if anything is under way.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.under_way.peek().map(|Reverse(next)| next.due)
    }

    /// Moves what is due by `now` to `outbox`, in the order in which it is, until that is as full as a batch may be.
    pub fn deliver(&mut self, now: Timestamp, outbox: &mut Outbox) {
        let mut written = None;
        while self.next_due().is_some_and(|due| due <= now) && outbox.len() < DATAGRAMS_MAX && !outbox.is_full() {
            let Some(Reverse(UnderWay { to, bytes, .. })) = self.under_way.pop() else { return };
            self.under_way_len -= bytes.len() + OVERHEAD;
            // One that goes to several neighbours is written once.
            let datagram = match written.take() {
                Some((before, datagram)) if Arc::ptr_eq(&before, &bytes) => datagram,
                _ => outbox.write(|out| out.extend_from_slice(&bytes)),
            };
            outbox.send(&datagram, to);
            written = Some((bytes, datagram));
        }
    }

    /// When what is sent to `to` now is due there; `None`: never.
    fn due(&mut self, now: Timestamp, to: SocketAddrV4) -> Option<Timestamp> {
        let LinkConfig { loss, delay, jitter } = self.config;
        let place = self.links.iter().position(|link| link.to == to).unwrap_or_else(|| {
            if self.links.len() >= IDLE_MAX {
                self.links.retain(|link| link.last_due > now);
            }
            let number = u64::from(u32::from(*to.ip())) << 16 | u64::from(to.port());
            self.links.push(Link { to, draws: Draws(self.seed ^ Draws(number).next()), last_due: now });
            self.links.len() - 1
        });
        let link = &mut self.links[place];
        // Both are drawn for each, so that a time does not depend on the loss.
        let (is_lost, lateness) = (link.draws.fraction() < loss, link.draws.fraction());
        if is_lost {
            return None;
        }
        let most = Duration::from_nanos((jitter.as_nanos() as f64 * 2.0 * lateness) as u64);
        let due = now + delay.saturating_add(most).saturating_sub(jitter);
        link.last_due = due.max(link.last_due);
        Some(link.last_due)
    }
}

impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for UnderWay {}

/// Numbers that look drawn and follow from the first one: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    fn fraction(&mut self) -> f64 {
        const BITS: u32 = f64::MANTISSA_DIGITS;
        (self.next() >> (u64::BITS - BITS)) as f64 / (1_u64 << BITS) as f64
    }
}

#[cfg(test)]
mod tests;
