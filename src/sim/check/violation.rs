//! What a servent must not do, and what an overlay must not do.

use crate::sim::ids::{ClientId, DatagramId, ServentId};
use crate::types::{Timestamp, Ttl};
use std::fmt;

/// A promise that was broken, by the servent or the overlay that broke it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// It answered a query that it had seen before (P-14).
    AnsweredAgain,
    /// It forwarded a query that it had seen before (P-14).
    ForwardedAgain,
    /// It took a query for new that it had seen, within the expiry and the capacity (P-20). Nothing was sent for it.
    Forgot,
    /// It did not take a query for new that it had not seen, or whose sighting had expired (P-14, P-20).
    Swallowed,
    /// It held the key of a new query and did not answer (P-11, P-14).
    NotAnswered,
    /// It answered for a key that it does not hold, or something else than its value, or somebody else than the
    /// client (P-14), or more than once.
    WrongAnswer,
    /// It did not forward a new query to this neighbour (P-11, P-14).
    NotForwarded(ServentId),
    /// It sent a QUERY to one who is no neighbour, or twice to the same (P-11, P-14).
    ForwardedAstray,
    /// It sent a QUERY back over the link that it came by (P-14).
    SentBack,
    /// It sent a QUERY with this time-to-live where another one was due (P-11, P-14, P-17).
    WrongTtl {
        /// What it wrote.
        found: Ttl,
        /// What was due; `None` if nothing was to be sent.
        due: Option<Ttl>,
    },
    /// It changed a byte of a QUERY beside the time-to-live (P-15), or what it took from a CLIREQ (P-3, P-11).
    ChangedBytes,
    /// A QUERY travelled over more links than three (P-11).
    TravelledTooFar {
        /// How many.
        hops: u8,
    },
    /// It sent something because of a RESPONSE, a malformed datagram or a time-to-live of 0 (P-5, P-6, P-17).
    Reacted,
    /// It made a QUERY that somebody made before: the others will take it for a duplicate (P-13).
    RepeatedQuery,
    /// It keeps more sightings than its capacity (P-20).
    TooManySightings {
        /// How many.
        sightings: usize,
    },
    /// One query made more messages than the neighbours of the servents that it reached.
    TooManyMessages {
        /// QUERYs sent.
        messages: u64,
        /// The sum over the servents that saw it of their neighbours.
        bound: u64,
    },
    /// Datagrams were still under way long after the last thing that anybody asked.
    NotSilent {
        /// When the last one arrived.
        last: Timestamp,
        /// By when all had to be quiet.
        due: Timestamp,
    },
    /// Somebody answered who does not hold the key, or lies farther than three hops from the servent that was asked.
    AnsweredFromBeyond {
        /// Who.
        servent: ServentId,
    },
    /// With equal delays and no faults, somebody within three hops held the key and did not answer.
    AnswerMissing {
        /// Who.
        servent: ServentId,
    },
    /// A client was shown the same answer twice (P-43).
    ShownTwice {
        /// Whose.
        servent: ServentId,
    },
}

/// A [`Violation`] with where and when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What.
    pub violation: Violation,
    /// When; the end of the run for what only the end shows.
    pub at: Timestamp,
    /// By whom or to whom, where it was one.
    pub place: Place,
}

/// Where a violation was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At a servent, because of this datagram.
    Servent(ServentId, DatagramId),
    /// With a client.
    Client(ClientId),
    /// In the overlay as a whole.
    Overlay,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:.9} s, ", self.at.since(Timestamp::ZERO).as_secs_f64())?;
        match self.place {
            Place::Servent(servent, datagram) => write!(f, "{servent} because of {datagram}: ")?,
            Place::Client(client) => write!(f, "{client}: ")?,
            Place::Overlay => write!(f, "the overlay: ")?,
        }
        write!(f, "{:?}", self.violation)
    }
}

impl std::error::Error for Found {}
