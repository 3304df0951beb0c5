//! Who was not reached, or may not have been, and why, as data.

use super::model::PeerId;
use crate::stats::DropCause;

/// A servent that a flood did not reach, as far as the records tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miss {
    /// Who.
    pub servent: PeerId,
    /// Links between the entry and it, over the shortest way that the overlay has.
    pub distance: Option<u32>,
    /// Whether it holds the key, if an overlay file tells.
    pub holds: Option<bool>,
    /// Why.
    pub why: Why,
    /// Whether it is certain that it was not reached: the reason tells, or its own record, which is whole over the flood.
    pub is_certain: bool,
}

/// Why a servent was not reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The time-to-live ended at this servent, which would have been the next to send it on. Where the overlay has a way
    /// of three links, a longer one was faster (P-19).
    TtlEnded {
        /// Where.
        at: PeerId,
    },
    /// Every copy for it, or for the last servent before it that should have sent one, was lost on the way.
    Lost {
        /// Who sent the copy.
        from: PeerId,
        /// Who should have got it: the servent itself, or one on the way to it.
        to: PeerId,
    },
    /// A copy was refused: by its receiver, or by the sender's system, which may be a link that ended with its sender.
    Refused {
        /// Who sent the copy.
        from: PeerId,
        /// Who should have taken it: the servent itself, or one on the way to it.
        to: PeerId,
        /// Why.
        cause: DropCause,
    },
    /// This one was not running: the servent itself, or one on the only ways to it.
    Down {
        /// Who.
        servent: PeerId,
    },
    /// A servent that it neighbours forwarded the QUERY, and not to it.
    LeftOut {
        /// Who did.
        by: PeerId,
    },
    /// More than three links lie between: breadth-first search does not reach it (P-18).
    OutOfReach {
        /// The last on a shortest way that a QUERY can reach.
        nearest: PeerId,
        /// Whether it did.
        is_reached: bool,
    },
    /// The overlay has no way to it.
    NoPath,
    /// A copy was sent to it, or to one on the way to it, and no record tells what became of that.
    NotRecorded {
        /// Who has no record.
        servent: PeerId,
    },
    /// The records do not tell.
    Unknown,
}
