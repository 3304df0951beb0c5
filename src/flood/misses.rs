//! Who was not reached and why, and what the overlay predicts.

use super::model::{Copy, Fate, Flood, Model, Onward, Peer, PeerId, Prediction, Run};
use super::why::{Miss, Why};
use std::collections::{HashMap, HashSet, VecDeque};

/// Links that a QUERY travels at most (P-11).
const HOPS_MAX: u32 = 3;

/// The way to each servent from an entry.
struct Ways {
    /// In the order of breadth-first search: links, and those before it on shortest ways.
    found: Vec<(PeerId, u32)>,
    before: HashMap<PeerId, (u32, Vec<PeerId>)>,
}

impl Model {
    /// The neighbours of a servent: those that are known or, of one whose record or file is not there, those that it was
    /// seen to send to.
    fn neighbours<'a>(&'a self, flood: &'a Flood, servent: PeerId) -> Vec<PeerId> {
        if let Some(known) = self.peer(servent).neighbours_at(flood.first) {
            return known.to_vec();
        }
        let mut seen: Vec<_> = flood.copies.iter().filter(|copy| copy.from == servent).map(|copy| copy.to).collect();
        seen.sort_unstable();
        seen.dedup();
        seen
    }

    fn ways(&self, flood: &Flood, entry: PeerId) -> Ways {
        let mut ways = Ways { found: vec![(entry, 0)], before: HashMap::from([(entry, (0, Vec::new()))]) };
        let mut open = VecDeque::from([(entry, 0)]);
        while let Some((servent, distance)) = open.pop_front() {
            for neighbour in self.neighbours(flood, servent) {
                let (far, before) = ways.before.entry(neighbour).or_insert_with(|| {
                    open.push_back((neighbour, distance + 1));
                    ways.found.push((neighbour, distance + 1));
                    (distance + 1, Vec::new())
                });
                if *far == distance + 1 {
                    before.push(servent);
                }
            }
        }
        ways
    }

    /// Every servent that a flood did not reach and why, in the order of their distance from its entry, then of their
    /// addresses.
    #[must_use]
    pub fn misses(&self, flood: &Flood) -> Vec<Miss> {
        let reached: HashSet<_> = flood.visits.iter().map(|visit| visit.servent).collect();
        let ways = flood.entry.map(|entry| self.ways(flood, entry));
        let mut order: Vec<(PeerId, Option<u32>)> = Vec::new();
        if let Some(ways) = &ways {
            order.extend(ways.found.iter().map(|&(servent, distance)| (servent, Some(distance))));
        }
        let is_found = |servent: PeerId| ways.as_ref().is_some_and(|ways| ways.before.contains_key(&servent));
        let all = (0..self.peers.len() as u32).map(PeerId);
        order.extend(all.filter(|&peer| self.peer(peer).is_servent && !is_found(peer)).map(|peer| (peer, None)));
        let mut whys: HashMap<PeerId, Why> = HashMap::new();
        let mut misses = Vec::new();
        for (servent, distance) in order {
            if reached.contains(&servent) {
                continue;
            }
            let why = self.why(flood, servent, distance, ways.as_ref(), &whys);
            whys.insert(servent, why);
            let holds = self.holdings.hold(self.peer(servent).address, &flood.key);
            let is_certain = !matches!(why, Why::NotRecorded { .. } | Why::Unknown) || self.is_whole(flood, servent);
            misses.push(Miss { servent, distance, holds, why, is_certain });
        }
        misses.sort_by_key(|miss| (miss.distance.unwrap_or(u32::MAX), self.peer(miss.servent).address));
        misses
    }

    /// Whether a servent's own record is whole over a flood, so that it would tell of a copy that came in.
    fn is_whole(&self, flood: &Flood, servent: PeerId) -> bool {
        let covers = |run: &Run| run.is_whole && run.from <= flood.first && flood.last <= run.to;
        self.peer(servent).runs.iter().any(covers)
    }

    fn why(
        &self,
        flood: &Flood,
        servent: PeerId,
        distance: Option<u32>,
        ways: Option<&Ways>,
        whys: &HashMap<PeerId, Why>,
    ) -> Why {
        let is_whole = self.is_whole(flood, servent);
        let sent = flood.copies.iter().filter(|copy| copy.to == servent);
        if let Some(why) = sent.map(why_of_copy).min_by_key(|why| rank(*why, is_whole)) {
            return why;
        }
        let Some((distance, ways)) = distance.zip(ways) else {
            // Without the neighbours of all there may be a way that nobody told of.
            let is_known = |peer: &Peer| peer.neighbours_at(flood.first).is_some();
            let are_all_known = self.peers.iter().filter(|peer| peer.is_servent).all(is_known);
            return if are_all_known && ways.is_some() { Why::NoPath } else { Why::Unknown };
        };
        let before = &ways.before[&servent].1;
        let visit = |servent: PeerId| flood.visits.iter().find(|visit| visit.servent == servent);
        if distance > HOPS_MAX {
            let is_reached = |near| visit(near).is_some();
            return nearest(ways, servent, is_reached)
                .map_or(Why::Unknown, |nearest| Why::OutOfReach { nearest, is_reached: is_reached(nearest) });
        }
        let reached = || before.iter().filter_map(|&before| visit(before));
        if !is_whole && reached().any(|visit| visit.onward == Onward::Unknown) {
            return Why::Unknown;
        }
        if let Some(ended) = reached().find(|visit| visit.onward == Onward::TtlEnded) {
            return Why::TtlEnded { at: ended.servent };
        }
        if let Some(by) = reached().find(|visit| matches!(visit.onward, Onward::Sent(_) | Onward::NoOtherNeighbour)) {
            return Why::LeftOut { by: by.servent };
        }
        if reached().next().is_some() {
            return Why::Unknown;
        }
        // Nobody before it was reached either: for the same reason.
        before
            .iter()
            .filter_map(|before| whys.get(before))
            .copied()
            .min_by_key(|why| rank(*why, is_whole))
            .unwrap_or(Why::Unknown)
    }

    /// What the overlay predicts for a flood; `None` if its entry is not known, or the neighbours of somebody that can
    /// pass it on.
    #[must_use]
    pub fn prediction(&self, flood: &Flood) -> Option<Prediction> {
        let entry = flood.entry?;
        let ways = self.ways(flood, entry);
        let (mut servents, mut messages) = (0, 0);
        for &(servent, distance) in ways.found.iter().filter(|&&(_, distance)| distance <= HOPS_MAX) {
            servents += 1;
            if distance < HOPS_MAX {
                let neighbours = self.peer(servent).neighbours_at(flood.first)?;
                // It goes to all but the one that it came from.
                let came_from = ways.before[&servent].1.first();
                let back = came_from.is_some_and(|from| neighbours.contains(from));
                messages += neighbours.len() as u32 - u32::from(back);
            }
        }
        let known = self.peers.iter().filter_map(|peer| peer.neighbours_at(flood.first));
        let degree = known.map(<[PeerId]>::len).max()? as u32;
        let less = u64::from(degree.saturating_sub(1));
        let bound = 1 + u64::from(degree) * (1 + less + less * less);
        Some(Prediction { servents, messages, bound: u32::try_from(bound).unwrap_or(u32::MAX), degree })
    }
}

/// Why a copy brought nothing.
fn why_of_copy(copy: &Copy) -> Why {
    let &Copy { from, to, .. } = copy;
    match copy.fate {
        Fate::Lost => Why::Lost { from, to },
        Fate::Down => Why::Down { servent: to },
        Fate::Refused(cause) => Why::Refused { from, to, cause },
        Fate::Unknown | Fate::First | Fate::Duplicate | Fate::DuplicateHigherTtl => Why::NotRecorded { servent: to },
    }
}

/// What says most comes first: of several ways the one that came closest. But what became of one that nobody recorded may
/// be that it arrived, unless the servent's own record is whole and tells of none.
fn rank(why: Why, is_whole: bool) -> u8 {
    match why {
        Why::NotRecorded { .. } | Why::Unknown if !is_whole => 0,
        Why::Lost { .. } => 1,
        Why::Down { .. } => 2,
        Why::Refused { .. } => 3,
        Why::TtlEnded { .. } => 4,
        Why::LeftOut { .. } => 5,
        Why::OutOfReach { .. } => 6,
        Why::NoPath => 7,
        Why::NotRecorded { .. } => 8,
        Why::Unknown => 9,
    }
}

/// The last servent that a QUERY can reach on a shortest way to `servent`, one that was reached if there is one.
fn nearest(ways: &Ways, servent: PeerId, is_reached: impl Fn(PeerId) -> bool) -> Option<PeerId> {
    let mut level = vec![servent];
    loop {
        let (distance, _) = ways.before[level.first()?];
        if distance <= HOPS_MAX {
            level.sort_unstable();
            return level.iter().copied().find(|&near| is_reached(near)).or(level.first().copied());
        }
        let before: HashSet<PeerId> = level.iter().flat_map(|servent| ways.before[servent].1.iter().copied()).collect();
        level = before.into_iter().collect();
        level.sort_unstable();
    }
}
