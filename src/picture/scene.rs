//! What a picture of a flood shows: who takes part, in which state, where in the tree.

use crate::flood::{Fate, Flood, LookedUp, Miss, Model, Moment, Onward, PeerId, Visit, Why};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// A servent, by place in [`Scene::cast`].
pub(super) type Role = u32;

/// A flood as it is drawn: servents with places in a tree, and the time that it took.
pub(super) struct Scene<'a> {
    pub(super) model: &'a Model,
    pub(super) flood: &'a Flood,
    /// Those that were reached, in that order, then those that were only heard of, then those that were not reached.
    pub(super) cast: Vec<Actor>,
    roles: HashMap<PeerId, Role>,
    /// When the question was asked, as far as anybody knows: time zero of the picture.
    pub(super) begin: Moment,
    /// When the last thing happened.
    pub(super) end: Moment,
}

/// A servent in a picture.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) peer: PeerId,
    pub(super) state: State,
    /// Below whom it is drawn: a servent of an inner ring. Whom it got the QUERY from, if it was reached.
    pub(super) parent: Option<Role>,
    /// The ring: hops from the entry, or one more than the last if it was not reached.
    pub(super) ring: u32,
    pub(super) visit: Option<Visit>,
    pub(super) miss: Option<Miss>,
}

/// How a servent is drawn once it was reached, or was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It holds the key and answered.
    Answered,
    /// It does not hold the key.
    NotHeld,
    /// It holds the key, and no answer left.
    Withheld,
    /// Nobody knows what its look-up gave.
    Unknown,
    /// The flood did not reach it.
    Missed,
    /// It was not running.
    Down,
}

impl State {
    pub(super) const ALL: [Self; 6] =
        [Self::Answered, Self::NotHeld, Self::Withheld, Self::Unknown, Self::Missed, Self::Down];

    /// The class in style sheets, and the name of its symbol.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NotHeld => "notheld",
            Self::Withheld => "withheld",
            Self::Unknown => "unknown",
            Self::Missed => "missed",
            Self::Down => "down",
        }
    }

    fn of_lookup(lookup: LookedUp) -> Self {
        match lookup {
            LookedUp::Answered => Self::Answered,
            LookedUp::NotHeld => Self::NotHeld,
            LookedUp::Withheld(_) => Self::Withheld,
            LookedUp::Silent | LookedUp::Unknown => Self::Unknown,
        }
    }

    fn of_miss(miss: &Miss) -> Self {
        match miss.why {
            Why::Down { servent } if servent == miss.servent => Self::Down,
            // It may have been reached.
            _ if !miss.is_certain => Self::Unknown,
            _ => Self::Missed,
        }
    }
}

/// Every class of copies; a picture's data names them by place.
pub(super) const FATES: [&str; 7] = ["first", "duplicate", "higher", "lost", "nobody", "refused", "untold"];

pub(super) fn fate_number(fate: Fate) -> usize {
    match fate {
        Fate::First => 0,
        Fate::Duplicate => 1,
        Fate::DuplicateHigherTtl => 2,
        Fate::Lost => 3,
        Fate::Down => 4,
        Fate::Refused(_) => 5,
        Fate::Unknown => 6,
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(model: &'a Model, flood: &'a Flood) -> Self {
        let begin = flood.asked.unwrap_or(flood.first).min(flood.first);
        let copies = flood.copies.iter().filter_map(|copy| copy.received.max(copy.sent));
        let answers = flood.answers.iter().filter_map(|answer| answer.received.max(answer.sent));
        let end = copies.chain(answers).chain([flood.last, begin]).max().unwrap_or(begin);
        let mut scene = Self { model, flood, cast: Vec::new(), roles: HashMap::new(), begin, end };
        for visit in &flood.visits {
            scene.reached(*visit);
        }
        // Senders and receivers that no record tells more of.
        let misses = model.misses(flood);
        let missed: HashSet<_> = misses.iter().map(|miss| miss.servent).collect();
        for copy in &flood.copies {
            for (peer, from) in [(copy.from, None), (copy.to, Some(copy.from))] {
                if !missed.contains(&peer) {
                    scene.heard_of(peer, from);
                }
            }
        }
        for answer in &flood.answers {
            scene.heard_of(answer.from, None);
        }
        scene.missed(&misses);
        scene
    }

    /// The place of somebody, if the picture has it.
    pub(super) fn role(&self, peer: PeerId) -> Option<Role> {
        self.roles.get(&peer).copied()
    }

    /// The rings that servents are on: none but the middle is 1.
    pub(super) fn rings(&self) -> u32 {
        self.cast.iter().map(|actor| actor.ring + 1).max().unwrap_or(1)
    }

    /// The ring of those that were not reached, if there are any.
    pub(super) fn outer(&self) -> Option<u32> {
        self.cast.iter().find(|actor| actor.miss.is_some()).map(|actor| actor.ring)
    }

    /// The servent in the middle: the entry, if it is known to have been reached.
    pub(super) fn middle(&self) -> Option<Role> {
        self.cast.first().filter(|actor| actor.ring == 0).map(|_| 0)
    }

    /// Nanoseconds from the beginning of the picture.
    pub(super) fn since(&self, moment: Moment) -> i64 {
        moment.since(self.begin).max(0)
    }

    /// How long it took; never zero.
    pub(super) fn span(&self) -> i64 {
        self.end.since(self.begin).max(1)
    }

    /// Whether the time-to-live ended at a servent.
    pub(super) fn is_end(&self, role: Role) -> bool {
        self.cast[role as usize].visit.is_some_and(|visit| visit.onward == Onward::TtlEnded)
    }

    fn reached(&mut self, visit: Visit) {
        let is_entry = self.cast.is_empty() && visit.parent.is_none() && self.flood.entry == Some(visit.servent);
        // Only one that stands already: so there is no circle.
        let parent = visit.parent.and_then(|parent| self.role(parent)).or_else(|| self.middle());
        let inner = parent.map_or(u32::from(!is_entry), |parent| self.cast[parent as usize].ring + 1);
        let ring = visit.hop.map_or(inner, |hop| inner.max(u32::from(hop)));
        let state = State::of_lookup(visit.lookup);
        self.add(Actor { peer: visit.servent, state, parent, ring, visit: Some(visit), miss: None });
    }

    fn heard_of(&mut self, peer: PeerId, from: Option<PeerId>) {
        let parent = from.and_then(|from| self.role(from)).or_else(|| self.middle());
        let ring = parent.map_or(1, |parent| self.cast[parent as usize].ring + 1);
        self.add(Actor { peer, state: State::Unknown, parent, ring, visit: None, miss: None });
    }

    fn missed(&mut self, misses: &[Miss]) {
        let ring = self.rings().max(1);
        let mut senders = HashMap::new();
        for copy in &self.flood.copies {
            senders.entry(copy.to).or_insert(copy.from);
        }
        for miss in misses {
            let near = senders.get(&miss.servent).copied().or_else(|| near(miss.why, &senders));
            let parent = near
                .and_then(|near| self.role(near))
                .filter(|&near| self.cast[near as usize].ring < ring)
                .or_else(|| self.middle());
            let state = State::of_miss(miss);
            self.add(Actor { peer: miss.servent, state, parent, ring, visit: None, miss: Some(*miss) });
        }
    }

    fn add(&mut self, actor: Actor) {
        let next = self.cast.len() as Role;
        if let Entry::Vacant(vacant) = self.roles.entry(actor.peer) {
            vacant.insert(next);
            self.cast.push(actor);
        }
    }
}

/// Where a servent that was not reached belongs: with the one that the flood ended at.
fn near(why: Why, senders: &HashMap<PeerId, PeerId>) -> Option<PeerId> {
    match why {
        Why::TtlEnded { at } => Some(at),
        Why::Lost { from, .. } | Why::Refused { from, .. } => Some(from),
        Why::Down { servent } | Why::NotRecorded { servent } => senders.get(&servent).copied(),
        Why::LeftOut { by } => Some(by),
        Why::OutOfReach { nearest, .. } => Some(nearest),
        Why::NoPath | Why::Unknown => None,
    }
}
