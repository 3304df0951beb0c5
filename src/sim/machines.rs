//! One servent: the real machines, joined as the actors join them, without the actors.

use crate::batch::Outbox;
use crate::protocol::{
    ClireqFlooded, FloodConfig, Flooder, Lookup, LookupVerdict, QueryVerdict, ResponseLimiter, Store,
};
use crate::types::Timestamp;
use crate::wire::{DecodeError, Header, decode};
use std::net::SocketAddrV4;

/// How a servent behaves: the machines as they are, [`Machines`], or a mutation of them that a checker must catch.
pub trait Behaviour {
    /// A servent that has seen nothing yet.
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self;

    /// Takes one datagram that came from `from`; what it sends because of it goes to `outbox`.
    fn on_datagram(&mut self, now: Timestamp, from: SocketAddrV4, datagram: &[u8], outbox: &mut Outbox) -> Outcome;

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

    fn on_datagram(&mut self, now: Timestamp, from: SocketAddrV4, datagram: &[u8], outbox: &mut Outbox) -> Outcome {
        let message = match decode(datagram) {
            Ok(message) => message,
            Err(error) => return Outcome::Malformed(error),
        };
        match message.header {
            Header::Clireq => {
                let flooded = self.flooder.on_clireq(now, from, message.text, outbox);
                Outcome::Clireq(flooded, self.lookup.answer(now, from, message.text, outbox))
            }
            Header::Query(header) => {
                let verdict = self.flooder.on_query(now, from, header, message.text, outbox);
                let is_new = matches!(verdict, QueryVerdict::FirstSighting { .. });
                Outcome::Query(verdict, is_new.then(|| self.lookup.answer(now, header.client, message.text, outbox)))
            }
            Header::Response => Outcome::Response,
        }
    }

    fn sightings(&self) -> usize {
        self.flooder.sightings()
    }
}
