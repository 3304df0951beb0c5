//! Servents whose QUERYs go further than three hops: only a simulation has them.

use servent::Timestamp;
use servent::Ttl;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, ResponseLimiter, Store};
use servent::sim::{Behaviour, Machines, Outcome};
use servent::wire::{Header, QueryHeader, decode, encode_query};

/// Hops that reach everybody in an overlay of ten thousand.
const FAR: Ttl = Ttl(12);

/// The real machines, which see no time-to-live but 3 and send what it truly is.
pub(crate) struct FarReaching(Machines);

impl Behaviour for FarReaching {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        Self(Machines::start(flood, store, limiter))
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        let (source, message) = inbox.get(0).unwrap();
        let mut meant = Outbox::default();
        let Header::Query(header) = message.header else {
            let outcome = self.0.on_message(now, inbox, &mut meant);
            super::changed(outbox, &meant, FAR);
            return outcome;
        };
        let shown = if header.ttl.0 > 1 { Ttl::INITIAL } else { header.ttl };
        let (mut lively, mut bytes) = (Inbox::default(), Vec::new());
        encode_query(&mut bytes, QueryHeader { ttl: shown, ..header }, message.text.field());
        lively.push(source, &bytes).unwrap();
        let outcome = self.0.on_message(now, &lively, &mut meant);
        super::changed(outbox, &meant, Ttl(header.ttl.0.saturating_sub(1)));
        outcome
    }

    fn sightings(&self) -> usize {
        self.0.sightings()
    }
}

/// A QUERY with another time-to-live; anything else as it is.
pub(crate) fn with_ttl(mut bytes: Vec<u8>, ttl: Ttl) -> Vec<u8> {
    if matches!(decode(&bytes).unwrap().header, Header::Query(_)) {
        bytes[2..4].copy_from_slice(&ttl.0.to_be_bytes());
    }
    bytes
}
