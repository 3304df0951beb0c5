//! Hosts whose way does not take groups: where a group was refused and its datagrams left alone.
//!
//! A narrow tunnel refuses what the rest of the network takes, so a refusal counts for the host that it was for, and
//! for a while. Only where no group ever left and several hosts refused them is there no segmentation at all.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// For how many outboxes a host gets its datagrams alone: then groups are tried again, since ways change.
const OUTBOXES: u64 = 4_096;

/// Hosts that are remembered. Beyond it the one that refused first goes.
const HOSTS_MAX: usize = 1_024;

/// Refusals, with no group that ever left, from which on there is no segmentation.
const REFUSALS_MAX: u32 = 8;

/// What is known of the ways.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    /// Until which outbox each gets its datagrams alone.
    until: BTreeMap<Ipv4Addr, u64>,
    /// The number of the outbox at hand.
    outbox: u64,
    refusals: u32,
    has_segmented: bool,
}

impl Narrow {
    /// Counts one more outbox, and lets those go whose time is over.
    pub(super) fn next_outbox(&mut self) {
        self.outbox += 1;
        if !self.until.is_empty() && self.outbox.is_multiple_of(OUTBOXES / 4) {
            let now = self.outbox;
            self.until.retain(|_, until| *until > now);
        }
    }

    /// Whether `to` is to get its datagrams alone, at whatever port.
    pub(super) fn has(&self, to: Ipv4Addr) -> bool {
        // Nearly always there is none.
        !self.until.is_empty() && self.until.get(&to).is_some_and(|until| *until > self.outbox)
    }

    /// Notes that something left, in groups or not.
    pub(super) fn segmented(&mut self, in_groups: bool) {
        self.has_segmented |= in_groups;
    }

    /// Notes that a group to `to` was refused, and its datagrams left alone; whether there is no segmentation at all.
    pub(super) fn refused(&mut self, to: Ipv4Addr) -> bool {
        if self.until.len() >= HOSTS_MAX
            && let Some(oldest) = self.until.iter().min_by_key(|(_, until)| **until).map(|(to, _)| *to)
        {
            self.until.remove(&oldest);
        }
        if self.until.insert(to, self.outbox + OUTBOXES).is_none() {
            self.refusals += 1;
        }
        !self.has_segmented && self.refusals == REFUSALS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: u32) -> Ipv4Addr {
        Ipv4Addr::from(host)
    }

    #[test]
    fn a_refusal_counts_for_its_host_and_for_a_while() {
        let mut narrow = Narrow::default();
        assert!(!narrow.refused(at(1)));
        assert!(narrow.has(at(1)) && !narrow.has(at(2)));
        for _ in 0..OUTBOXES {
            assert!(narrow.has(at(1)));
            narrow.next_outbox();
        }
        assert!(!narrow.has(at(1)), "ways change");
    }

    #[test]
    fn only_where_no_group_ever_left_is_there_no_segmentation() {
        let mut narrow = Narrow::default();
        let lost: Vec<_> = (1..=9).map(|host| narrow.refused(at(host))).collect();
        assert_eq!(lost.iter().position(|&lost| lost), Some(7), "the eighth host, and said once");
        assert_eq!(lost.iter().filter(|&&lost| lost).count(), 1);
        let mut narrow = Narrow::default();
        narrow.segmented(true);
        assert!((1..=100).all(|host| !narrow.refused(at(host))));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut narrow = Narrow::default();
        narrow.segmented(true);
        for host in 1..=2_000 {
            narrow.refused(at(host));
            narrow.next_outbox();
        }
        assert_eq!(narrow.until.len(), HOSTS_MAX);
        assert!(narrow.has(at(2_000)) && !narrow.has(at(1)));
    }
}
