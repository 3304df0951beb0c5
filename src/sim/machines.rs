//! One servent: the real machines, joined as the actors join them, without the actors.

use crate::batch::{Inbox, Outbox};
use crate::protocol::{
    ClireqFlooded, FloodConfig, Flooder, Lookup, LookupVerdict, QueryVerdict, ResponseLimiter, Store, Verdict,
};
#[cfg(feature = "cli")]
use crate::types::Ttl;
use crate::types::{Neighbours, Timestamp};
use crate::wire::DecodeError;

/// How a servent behaves: the machines as they are, [`Machines`], or a mutation of them that a checker must catch.
pub trait Behaviour {
    /// A servent that has seen nothing yet.
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self;

    /// Takes the one message in `inbox`; what it sends because of it goes to `outbox`, which is empty.
    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome;

    /// Its neighbours are these from now on (P-27).
    fn replace_neighbours(&mut self, neighbours: Neighbours);

    /// How many sightings it keeps.
    fn sightings(&self) -> usize;
}

/// The machines of one servent.
#[derive(Debug)]
pub struct Machines {
    /// Duplicate suppression and forwarding.
    pub flooder: Flooder,
    /// The store, the limiter and the answers.
    pub lookup: Lookup,
}

/// What became of a datagram at a servent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was malformed, and ignored (P-5).
    Malformed(DecodeError),
    /// It was a RESPONSE, which a servent ignores (P-6).
    Response,
    /// A CLIREQ: flooded and looked up (P-11).
    Clireq(ClireqFlooded, LookupVerdict),
    /// A QUERY (P-14); looked up if it was seen for the first time.
    Query(QueryVerdict, Option<LookupVerdict>),
}

impl Behaviour for Machines {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        Self { flooder: Flooder::new(flood), lookup: Lookup::new(store, limiter) }
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        debug_assert_eq!(inbox.len(), 1, "a delivery is one datagram");
        let mut judged = None;
        self.flooder.on_batch(now, inbox, outbox, |_, verdict, _| judged = Some(verdict));
        match judged {
            None => Outcome::Response,
            Some(Verdict::Clireq(flooded)) => Outcome::Clireq(flooded, self.look_up(now, inbox, outbox)),
            Some(Verdict::Query(verdict)) => {
                let is_new = matches!(verdict, QueryVerdict::FirstSighting { .. });
                Outcome::Query(verdict, is_new.then(|| self.look_up(now, inbox, outbox)))
            }
        }
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.flooder.replace_neighbours(neighbours);
    }

    fn sightings(&self) -> usize {
        self.flooder.sightings()
    }
}

impl Machines {
    /// The same, but for a time-to-live that no servent uses ([`Flooder::with_ttl`]).
    #[cfg(feature = "cli")]
    pub(super) fn with_ttl(flood: FloodConfig, store: Store, limiter: ResponseLimiter, ttl: Ttl) -> Self {
        Self { flooder: Flooder::new(flood).with_ttl(ttl), lookup: Lookup::new(store, limiter) }
    }

    fn look_up(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> LookupVerdict {
        let mut found = None;
        self.lookup.on_batch(now, inbox, &[0], outbox, |_, verdict, _| found = Some(verdict));
        found.expect("one QUERY does not fill an outbox")
    }
}
