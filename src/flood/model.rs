//! What a flood was, as data: types only. Whoever shows, judges or counts reads these and nothing else.

use super::finding::Finding;
use crate::stats::DropCause;
use crate::types::SeqNo;
use std::fmt;
use std::net::SocketAddrV4;
use std::sync::Arc;

/// A point on the model's time line, in nanoseconds. Zero is the first thing that was recorded; clocks of several
/// machines are aligned already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// Nanoseconds from `earlier` to this; negative if this is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Somebody with an address, by place in [`Model::peers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// A flood, by place in [`Model::floods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FloodId(pub u32);

/// Everything that was read, made sense of.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// Everybody whose address came up.
    pub peers: Vec<Peer>,
    /// The floods, by the time of their first event.
    pub floods: Vec<Flood>,
    /// What the clocks were found to be, one for each machine.
    pub clocks: Vec<Clock>,
    /// Who holds what, if an overlay file or a simulation tells.
    pub holdings: Holdings,
    /// How many events were told more than once, by files that have them in common, and count once.
    pub repeated: u64,
    /// The time of day at [`Moment`] zero, in nanoseconds since the Unix epoch, if anybody told it.
    pub wall_nanos: Option<i64>,
}

/// Says whether the servent at an address holds a key; `None` where that is not known.
pub type Holds = dyn Fn(SocketAddrV4, &[u8]) -> Option<bool> + Send + Sync;

/// Who holds what.
#[derive(Clone, Default)]
pub struct Holdings(pub Option<Arc<Holds>>);

impl Holdings {
    /// Whether the servent at `address` holds `key`, if that is known.
    #[must_use]
    pub fn hold(&self, address: SocketAddrV4, key: &[u8]) -> Option<bool> {
        self.0.as_ref()?(address, key)
    }
}

impl fmt::Debug for Holdings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Holdings(known)" } else { "Holdings(unknown)" })
    }
}

/// Somebody whose address came up.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address, which is what the protocol knows of anybody.
    pub address: SocketAddrV4,
    /// Whom it forwards to, if that is known: from its trace, from an overlay file, from the simulation.
    pub neighbours: Option<Vec<PeerId>>,
    /// Each time that its trace tells whom it forwards to from then on, in order (P-27). What an overlay file says counts
    /// where they never change.
    pub changes: Vec<(Moment, Vec<PeerId>)>,
    /// Whether it takes part as a servent: it was asked, got or sent a QUERY, or is somebody's neighbour.
    pub is_servent: bool,
    /// Each time that it ran, as far as records of it tell, in order; empty where there is no record.
    pub runs: Vec<Run>,
}

impl Peer {
    /// Whom it forwarded to at a moment, if that is known.
    #[must_use]
    pub fn neighbours_at(&self, moment: Moment) -> Option<&[PeerId]> {
        let until = self.changes.partition_point(|(from, _)| *from <= moment);
        let last = until.checked_sub(1).map(|place| &self.changes[place].1);
        last.or(self.neighbours.as_ref()).map(Vec::as_slice)
    }
}

/// One life of a servent, from its start to its end, as its own record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its first event.
    pub from: Moment,
    /// Its last event.
    pub to: Moment,
    /// It is told that it started then, and not only that more is not known.
    pub is_opened: bool,
    /// Nothing is missing in between: the record was closed in order and says so.
    pub is_whole: bool,
    /// Whether the record tells that it ended then, and not only that nothing more is known.
    pub is_closed: bool,
}

/// The clock of a machine, against that of the first one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// What is added to its times, at the time zero of the model, in nanoseconds.
    pub offset: i64,
    /// How much faster it runs than the first one, in parts of a thousand million.
    pub drift: i64,
    /// How far off the offset may be, either way. `None` if nothing came back from there, so that nothing bounds it.
    pub uncertainty: Option<i64>,
}

/// What became of one question: a QUERY of one client, sequence number and key, on all its ways (P-14).
///
/// A CLIREQ that made no QUERY, for its servent has no neighbours, is a flood of its own, without a number.
#[derive(Clone, Debug)]
pub struct Flood {
    /// Its place.
    pub id: FloodId,
    /// Who asked.
    pub client: SocketAddrV4,
    /// The number that the entry gave it.
    pub seq: Option<SeqNo>,
    /// What was asked for, before the first NUL (P-2).
    pub key: Box<[u8]>,
    /// The servent that was asked. Where no record tells, the one whose QUERY could only be its own; `None` if there is
    /// none such.
    pub entry: Option<PeerId>,
    /// When the CLIREQ reached the entry, if anybody saw it.
    pub asked: Option<Moment>,
    /// Its first event.
    pub first: Moment,
    /// Its last event.
    pub last: Moment,
    /// The flood of the same question before, which this one repeats because nobody answered (P-40).
    pub retransmission_of: Option<FloodId>,
    /// Every QUERY from one servent to another, in the order of sending.
    pub copies: Vec<Copy>,
    /// Every servent that it reached, in that order: the entry first. `parent` makes a tree of them.
    pub visits: Vec<Visit>,
    /// Every answer, in the order of sending.
    pub answers: Vec<Answer>,
    /// What it cost.
    pub cost: Cost,
    /// What breaks a clause.
    pub findings: Vec<Finding>,
}

/// One QUERY from one servent to one other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copy {
    /// Who sent it.
    pub from: PeerId,
    /// Whom to.
    pub to: PeerId,
    /// Its time-to-live on the way.
    pub ttl: u16,
    /// When it was sent; `None` if only its arrival was recorded.
    pub sent: Option<Moment>,
    /// When it arrived; `None` if it did not, or nobody knows.
    pub received: Option<Moment>,
    /// Bytes of the datagram; where only a trace tells of it, those of a QUERY without padding.
    pub len: u32,
    /// What became of it.
    pub fate: Fate,
}

impl Copy {
    /// When it was first heard of.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.sent.or(self.received).unwrap_or_default()
    }
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The first that its receiver saw: looked up, and forwarded if the time-to-live allows.
    First,
    /// Its receiver had seen the query before (P-14).
    Duplicate,
    /// Likewise, but this one had more time-to-live left than the first one (P-19).
    DuplicateHigherTtl,
    /// It never arrived, though its receiver ran, and its record is whole over that time.
    Lost,
    /// Nobody ran where it went.
    Down,
    /// It was refused on arrival, could not be sent, or was still on its link when its sender stopped.
    Refused(DropCause),
    /// The records do not tell.
    Unknown,
}

/// A servent that a flood reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Who.
    pub servent: PeerId,
    /// Links from the entry, which is 0. `None` where neither the way nor the time-to-live tells.
    pub hop: Option<u8>,
    /// From whom it came first; `None` for the entry.
    pub parent: Option<PeerId>,
    /// When.
    pub at: Moment,
    /// The time-to-live that it came with; 0 for the entry, which was asked by a CLIREQ.
    pub ttl: u16,
    /// What the look-up gave.
    pub lookup: LookedUp,
    /// What it did with the QUERY.
    pub onward: Onward,
}

/// What a look-up gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// The key is held, and the client was answered.
    Answered,
    /// The key is not held.
    NotHeld,
    /// The key is held, but no answer left (P-23, P-24).
    Withheld(DropCause),
    /// No answer was seen, which may mean that the key is not held: captures tell no more.
    Silent,
    /// The records do not tell.
    Unknown,
}

/// What a servent did with a QUERY that was new to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onward {
    /// It sent so many copies.
    Sent(u32),
    /// The time-to-live ended here (P-14).
    TtlEnded,
    /// There is no neighbour but the one that it came from.
    NoOtherNeighbour,
    /// The records do not tell.
    Unknown,
}

/// One RESPONSE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who answered.
    pub from: PeerId,
    /// When it left; `None` if only its arrival was recorded.
    pub sent: Option<Moment>,
    /// When the client got it, if anybody saw that.
    pub received: Option<Moment>,
    /// The value. Traces do not tell it.
    pub value: Option<Box<[u8]>>,
    /// It may belong to another flood of the same client and key: a RESPONSE carries no number, and only its time tells.
    pub is_uncertain: bool,
}

/// What a flood cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// QUERYs sent: those whose sending is recorded, and of senders that no whole record tells of those that came in.
    pub messages: u32,
    /// Those of them that came where the query was known.
    pub duplicates: u32,
    /// Those of them that were lost, refused, or sent where nobody ran.
    pub lost: u32,
    /// Bytes of all QUERYs, without the headers of IP and UDP.
    pub bytes: u64,
}

/// What an overlay predicts for a flood from its entry, if nothing is lost and every link takes the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Servents within three hops, the entry included: breadth-first search.
    pub servents: u32,
    /// QUERYs sent.
    pub messages: u32,
    /// The most servents that any overlay of this degree has within three hops: 1 + sum of d(d-1)^(i-1), where d is the
    /// largest number of neighbours.
    pub bound: u32,
    /// d.
    pub degree: u32,
}
