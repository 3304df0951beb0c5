//! Servents whose QUERYs go further than three hops: only a simulation has them.

use crate::queries::{changed, inbox_with, query, with_ttl};
use servent::Ttl;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, ResponseLimiter, Store};
use servent::sim::{Behaviour, Machines, Outcome};
use servent::wire::QueryHeader;
use servent::{Neighbours, Timestamp};

/// Hops that reach everybody in an overlay of ten thousand.
const FAR: Ttl = Ttl(12);

/// The real machines, which see no time-to-live but 3 and send what it truly is.
pub(crate) struct FarReaching(Machines);

impl Behaviour for FarReaching {
    fn start(flood: FloodConfig, store: Store, limiter: ResponseLimiter) -> Self {
        Self(Machines::start(flood, store, limiter))
    }

    fn on_message(&mut self, now: Timestamp, inbox: &Inbox, outbox: &mut Outbox) -> Outcome {
        let Some((source, header, text)) = query(inbox) else {
            return sent_with(FAR, outbox, |outbox| self.0.on_message(now, inbox, outbox));
        };
        let shown = if header.ttl.0 > 1 { Ttl::INITIAL } else { header.ttl };
        let lively = inbox_with(source, QueryHeader { ttl: shown, ..header }, text);
        let onward = Ttl(header.ttl.0.saturating_sub(1));
        sent_with(onward, outbox, |outbox| self.0.on_message(now, &lively, outbox))
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.0.replace_neighbours(neighbours);
    }

    fn sightings(&self) -> usize {
        self.0.sightings()
    }
}

/// Lets `act` send QUERYs with this time-to-live.
fn sent_with(ttl: Ttl, outbox: &mut Outbox, act: impl FnOnce(&mut Outbox) -> Outcome) -> Outcome {
    changed(outbox, act, |bytes, to| vec![(with_ttl(bytes, ttl), to)])
}
