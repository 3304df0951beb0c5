//! What in a flood breaks a clause.

use super::model::{Moment, PeerId};

/// Something that a servent did in a flood and must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub breach: Breach,
    /// Who did it.
    pub servent: PeerId,
    /// When.
    pub at: Moment,
    /// The datagram that shows it, as far as it is known: the fields that a trace tells, or all bytes from a capture.
    pub bytes: Option<Box<[u8]>>,
}

/// How a clause was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breach {
    /// A QUERY went back to the one that it came from.
    SentBack {
        /// Whom to.
        to: PeerId,
    },
    /// A QUERY left with another time-to-live than one less than it came with, or an origin's with another than 3.
    WrongTtl {
        /// What it left with.
        found: u16,
        /// What was due; 0 if it had to end here.
        due: u16,
    },
    /// A QUERY left with other bytes behind its header than it came with.
    ChangedBytes,
    /// A QUERY was sent on that had been sent on before.
    ForwardedAgain {
        /// Whom to.
        to: PeerId,
    },
    /// A query was answered that had been answered before.
    AnsweredAgain,
    /// A RESPONSE came from a port where nobody got the question.
    AnsweredFromElsewhere {
        /// The port that the servent listens on, if only one of its host can have answered.
        expected: Option<u16>,
    },
    /// A QUERY was sent on by a servent three hops from the entry.
    BeyondThreeHops {
        /// Links that it would then have travelled.
        hops: u8,
    },
}

impl Breach {
    /// The clause, as in ARCHITECTURE.md.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::SentBack { .. } | Self::WrongTtl { .. } | Self::ForwardedAgain { .. } | Self::AnsweredAgain => "P-14",
            Self::ChangedBytes => "P-15",
            Self::AnsweredFromElsewhere { .. } => "P-21",
            Self::BeyondThreeHops { .. } => "P-11",
        }
    }

    /// A name for programs, fields left out: `sent_back`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SentBack { .. } => "sent_back",
            Self::WrongTtl { .. } => "wrong_ttl",
            Self::ChangedBytes => "changed_bytes",
            Self::ForwardedAgain { .. } => "forwarded_again",
            Self::AnsweredAgain => "answered_again",
            Self::AnsweredFromElsewhere { .. } => "answered_from_elsewhere",
            Self::BeyondThreeHops { .. } => "beyond_three_hops",
        }
    }
}
