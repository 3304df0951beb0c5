//! Datagrams that were captured more than once: at several interfaces of a machine, or on several machines.
//!
//! Machines' clocks may be wrong. Those within two seconds of each other are taken as they are. A capture that is further
//! off has datagrams in common with those before it, all of them by about the same time: its times are shifted by that.

use super::datagrams::Datagram;
use crate::wire::{Header, decode};

/// How far apart two sightings of one datagram may be, in nanoseconds: also where machines' clocks differ.
const REPEATED_MAX: i64 = 2_000_000_000;

/// How many datagrams have to be off alike before a clock is said to be.
const ALIKE_MIN: usize = 2;

/// The datagrams of all files so far, by their marks and then their times.
#[derive(Debug, Default)]
pub(super) struct Sightings(Vec<(u64, i64)>);

/// What was found of the datagrams of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) repeated: u64,
    /// By how much its clock is ahead of those before, in nanoseconds.
    pub(super) ahead: i64,
}

impl Sightings {
    /// Leaves of the datagrams of one file those that were not captured before.
    pub(super) fn settle(&mut self, its: &mut Vec<Datagram>) -> Settled {
        let count = its.len();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_unstable_by_key(|&index| (its[index as usize].mark, its[index as usize].at, index));
        let mut is_repeated = vec![false; count];
        for pair in order.windows(2) {
            let [before, this] = [pair[0], pair[1]].map(|index| &its[index as usize]);
            let is_alike = this.mark == before.mark && this.at - before.at <= REPEATED_MAX;
            is_repeated[pair[1] as usize] = is_alike && (this.is_numbered || this.place != before.place);
        }
        order.retain(|&index| !is_repeated[index as usize]);
        let ahead = self.ahead(its, &order);
        its.iter_mut().for_each(|datagram| datagram.at -= ahead);
        let mut new = Vec::new();
        for group in by_mark(&order, its) {
            let mut earlier = self.of(its[group[0] as usize].mark).iter().map(|&(_, at)| at).peekable();
            for &index in group {
                let Datagram { at, mark, .. } = its[index as usize];
                while earlier.next_if(|&there| there < at - REPEATED_MAX).is_some() {}
                // Each counts for one.
                match earlier.next_if(|&there| there <= at + REPEATED_MAX) {
                    Some(_) => is_repeated[index as usize] = true,
                    None => new.push((mark, at)),
                }
            }
        }
        self.0.append(&mut new);
        self.0.sort_unstable();
        let mut repeated = is_repeated.iter();
        its.retain(|_| repeated.next() == Some(&false));
        Settled { repeated: (count - its.len()) as u64, ahead }
    }

    /// Those of a mark.
    fn of(&self, mark: u64) -> &[(u64, i64)] {
        let begin = self.0.partition_point(|&(other, _)| other < mark);
        let len = self.0[begin..].partition_point(|&(other, _)| other == mark);
        &self.0[begin..begin + len]
    }

    /// By how much these datagrams' clock is ahead, if it is too far off.
    fn ahead(&self, its: &[Datagram], order: &[u32]) -> i64 {
        // Only those of which there is one here and one there tell which was which.
        let mut off: Vec<i64> = Vec::new();
        for group in by_mark(order, its) {
            let [index] = group else { continue };
            let datagram = &its[*index as usize];
            if let [(_, at)] = self.of(datagram.mark)
                && is_only_one(datagram)
            {
                off.push(datagram.at - at);
            }
        }
        off.sort_unstable();
        let Some(&median) = off.get(off.len() / 2) else { return 0 };
        let alike = off.iter().filter(|&&off| (off - median).abs() <= REPEATED_MAX).count();
        let is_off = median.abs() > REPEATED_MAX && alike >= ALIKE_MIN && 2 * alike > off.len();
        if is_off { median } else { 0 }
    }
}

/// Those of one mark together, of datagrams that stand in that order.
fn by_mark<'a>(order: &'a [u32], its: &'a [Datagram]) -> impl Iterator<Item = &'a [u32]> {
    order.chunk_by(|&one, &next| its[one as usize].mark == its[next as usize].mark)
}

/// Whether nobody sends another one like it: a client may ask again in the same bytes.
fn is_only_one(datagram: &Datagram) -> bool {
    datagram.is_numbered || decode(&datagram.payload).is_ok_and(|message| matches!(message.header, Header::Query(_)))
}
