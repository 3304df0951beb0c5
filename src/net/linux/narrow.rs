//! Hosts whose way does not take groups: where a group was refused and its datagrams left alone.
//!
//! A narrow tunnel refuses what the rest of the network takes, so a refusal counts for the host that it was for, and
//! for a while. Only where no group ever left and several hosts refused them is there no segmentation for anybody, and
//! that as well for a while: they may all have been behind one tunnel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

/// For how many outboxes a host gets its datagrams alone: then groups are tried again, since ways change.
const OUTBOXES: u64 = 4_096;

/// Hosts that are remembered. Beyond it the one that refused first goes.
const HOSTS_MAX: usize = 1_024;

/// Hosts that refused, with no group that ever left, from which on there is no segmentation.
const REFUSERS_MAX: usize = 8;

/// For how many outboxes there is none then.
const OUTBOXES_WITHOUT: u64 = 64 * OUTBOXES;

/// What is known of the ways.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    /// Until which outbox each gets its datagrams alone.
    until: BTreeMap<Ipv4Addr, u64>,
    /// The number of the outbox at hand.
    outbox: u64,
    /// Hosts that refused, while no group ever left.
    refusers: BTreeSet<Ipv4Addr>,
    has_segmented: bool,
    /// Until which outbox nobody gets groups.
    without_until: u64,
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

    /// Whether nobody is to get groups.
    pub(super) fn is_without(&self) -> bool {
        self.outbox < self.without_until
    }

    /// Notes that a group to `to` was refused, and its datagrams left alone; whether that ends segmentation for everybody.
    pub(super) fn refused(&mut self, to: Ipv4Addr) -> bool {
        if self.until.len() >= HOSTS_MAX
            && let Some(oldest) = self.until.iter().min_by_key(|(_, until)| **until).map(|(to, _)| *to)
        {
            self.until.remove(&oldest);
        }
        self.until.insert(to, self.outbox + OUTBOXES);
        if self.has_segmented || self.is_without() {
            return false;
        }
        self.refusers.insert(to);
        let is_over = self.refusers.len() == REFUSERS_MAX;
        if is_over {
            self.refusers.clear();
            self.without_until = self.outbox + OUTBOXES_WITHOUT;
        }
        is_over
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
    fn one_host_that_refuses_again_and_again_is_one_host() {
        let mut narrow = Narrow::default();
        for _ in 0..3 * REFUSERS_MAX {
            assert!(!narrow.refused(at(1)) && !narrow.is_without());
            (0..=2 * OUTBOXES).for_each(|_| narrow.next_outbox());
        }
    }

    #[test]
    fn the_end_of_segmentation_is_for_a_while() {
        let mut narrow = Narrow::default();
        (1..=REFUSERS_MAX as u32).for_each(|host| assert_eq!(narrow.refused(at(host)), host == REFUSERS_MAX as u32));
        for _ in 0..OUTBOXES_WITHOUT {
            assert!(narrow.is_without());
            narrow.next_outbox();
        }
        assert!(!narrow.is_without());
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
