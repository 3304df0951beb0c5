//! Floods of a simulation: its events as a servent's record would tell them.

use super::model::PeerId;
use super::records::{
    ClockId, Event as Told, Judgement, Looked, NO_VALUE, QuestionId, Records, RunId, What, field_hash,
};
use crate::batch::Outbox;
use crate::protocol::{LookupVerdict, QueryVerdict};
use crate::sim::{Addresses, ClientId, Event, Observer, Outcome, ServentId, Setup};
use crate::stats::DropCause;
use crate::types::Timestamp;
use crate::wire::{Header, Message, decode};
use std::net::SocketAddrV4;
use std::sync::Arc;

/// Watches a simulation and keeps records of it.
#[derive(Debug)]
pub struct Watch {
    setup: Arc<Setup>,
    addresses: Addresses,
    records: Records,
    clock: ClockId,
    /// Of the servents, unless they are down.
    runs: Vec<Option<RunId>>,
    clients: Vec<RunId>,
    last: i64,
}

/// A datagram that reached a servent.
struct Delivery<'a> {
    at: i64,
    run: RunId,
    from: PeerId,
    message: Message<'a>,
    len: u32,
}

impl Watch {
    /// Before anything happens in an overlay of this setup.
    #[must_use]
    pub fn new(setup: &Arc<Setup>) -> Self {
        let mut records = Records::new();
        let clock = records.clock(None);
        let (setup, addresses) = (Arc::clone(setup), Addresses::default());
        let mut watch = Self { setup, addresses, records, clock, runs: Vec::new(), clients: Vec::new(), last: 0 };
        for servent in watch.setup.clone().graph.servents() {
            let run = watch.start(servent, 0);
            watch.runs.push(Some(run));
        }
        let setup = Arc::clone(&watch.setup);
        watch.records.hold(move |address, key| match crate::sim::Party::from(address) {
            crate::sim::Party::Servent(servent) => Some(setup.value(servent, key).is_some()),
            _ => None,
        });
        watch
    }

    /// What was recorded.
    #[must_use]
    pub fn into_records(mut self) -> Records {
        let running: Vec<_> = self.runs.iter().flatten().copied().collect();
        running.into_iter().for_each(|run| self.end(run, self.last));
        self.records
    }

    fn start(&mut self, servent: ServentId, at: i64) -> RunId {
        let address = self.addresses.of(servent);
        let peer = self.records.peer(address);
        let run = self.records.run(peer, self.clock, at);
        let neighbours = self.setup.graph.neighbours(servent).iter().map(|&neighbour| self.addresses.of(neighbour));
        let neighbours: Vec<_> = neighbours.collect();
        self.records.neighbours(address, neighbours.iter().copied());
        self.records.change(run, at, neighbours);
        self.records.runs[run.0 as usize].is_opened = true;
        run
    }

    fn end(&mut self, run: RunId, at: i64) {
        let run = &mut self.records.runs[run.0 as usize];
        run.to = run.to.max(at);
        (run.is_closed, run.is_whole) = (true, true);
    }

    fn client(&mut self, client: ClientId) -> RunId {
        while self.clients.len() <= client.index() {
            let address = ClientId(self.clients.len() as u32).address();
            let peer = self.records.peer(address);
            let run = self.records.run(peer, self.clock, 0);
            self.records.runs[run.0 as usize].is_captured = true;
            self.clients.push(run);
        }
        self.clients[client.index()]
    }

    fn delivered(&mut self, delivery: &Delivery<'_>, outcome: Outcome, sends: &Outbox) {
        let text = delivery.message.text;
        let key = self.records.key(text.before_nul());
        match delivery.message.header {
            Header::Clireq => {
                let question = self.records.question(delivery.from, key, None);
                self.tell(delivery, question, What::Asked, 0);
                self.sends(delivery, sends, None);
                if let Outcome::Clireq(_, lookup) = outcome {
                    self.looked_up(delivery, question, 0, lookup, sends);
                }
            }
            Header::Query(header) => {
                let client = self.records.peer(header.client);
                let question = self.records.question(client, key, Some(header.seq.0));
                self.tell(delivery, question, What::Received, header.ttl.0);
                let Outcome::Query(verdict, lookup) = outcome else { return };
                self.tell(delivery, question, What::Judged(judgement(verdict, sends)), header.ttl.0);
                self.sends(delivery, sends, Some(delivery.from));
                if let Some(lookup) = lookup {
                    self.looked_up(delivery, question, header.ttl.0, lookup, sends);
                }
            }
            Header::Response => {}
        }
    }

    fn tell(&mut self, delivery: &Delivery<'_>, question: QuestionId, what: What, ttl: u16) {
        let &Delivery { at, run, from, message, len } = delivery;
        let field = field_hash(message.text.field());
        self.records.push(Told { ttl, field, len, ..Told::new(at, run, question, from, what) });
    }

    /// The QUERYs that left, by their bytes.
    fn sends(&mut self, delivery: &Delivery<'_>, sends: &Outbox, cause: Option<PeerId>) {
        for (bytes, to) in sends.iter() {
            let Ok(Message { header: Header::Query(header), text }) = decode(bytes) else { continue };
            let (client, to) = (self.records.peer(header.client), self.records.peer(to));
            let key = self.records.key(text.before_nul());
            let question = self.records.question(client, key, Some(header.seq.0));
            let what = if cause.is_some() { What::Sent } else { What::Flooded };
            let field = field_hash(text.field());
            let len = bytes.len() as u32;
            let event = Told::new(delivery.at, delivery.run, question, to, what);
            self.records.push(Told { ttl: header.ttl.0, field, len, ..event.because_of(cause) });
        }
    }

    fn looked_up(
        &mut self,
        delivery: &Delivery<'_>,
        question: QuestionId,
        ttl: u16,
        lookup: LookupVerdict,
        sends: &Outbox,
    ) {
        let value = sends.iter().find_map(|(bytes, _)| match decode(bytes) {
            Ok(Message { header: Header::Response, text }) => text.key_and_value().map(|(_, value)| value),
            _ => None,
        });
        let len = value.map_or(NO_VALUE, |value| self.records.value(value));
        let looked = match DropCause::of_lookup(lookup) {
            Some(cause) => Looked::Withheld(cause),
            None if lookup == LookupVerdict::NotFound => Looked::NotFound,
            None => Looked::Answered,
        };
        let event = Told::new(delivery.at, delivery.run, question, delivery.from, What::LookedUp(looked));
        self.records.push(Told { ttl, len, ..event });
    }

    fn heard(&mut self, at: i64, from: SocketAddrV4, to: ClientId, bytes: &[u8]) {
        let Ok(Message { header: Header::Response, text }) = decode(bytes) else { return };
        let Some((key, value)) = text.key_and_value() else { return };
        let run = self.client(to);
        let client = self.records.peer(to.address());
        let key = self.records.key(key);
        let question = self.records.question(client, key, None);
        let from = self.records.peer(from);
        let len = self.records.value(value);
        self.records.push(Told { len, ..Told::new(at, run, question, from, What::Heard) });
    }
}

/// What a record says of a verdict: that it was passed on only if it was.
fn judgement(verdict: QueryVerdict, sends: &Outbox) -> Judgement {
    let is_query = |bytes| matches!(decode(bytes), Ok(Message { header: Header::Query(_), .. }));
    match verdict {
        QueryVerdict::FirstSighting { .. } if sends.iter().any(|(bytes, _)| is_query(bytes)) => Judgement::Forwarded,
        QueryVerdict::FirstSighting { ttl_expired: true, .. } => Judgement::TtlEnded,
        QueryVerdict::FirstSighting { .. } => Judgement::NoOtherNeighbour,
        QueryVerdict::Duplicate { higher_ttl } => Judgement::Duplicate { higher_ttl },
        QueryVerdict::TtlZero => Judgement::Refused(DropCause::TtlZero),
        QueryVerdict::StrangerRefused => Judgement::Refused(DropCause::StrangerRefused),
    }
}

impl Observer for Watch {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        let at = i64::try_from(at.as_nanos()).unwrap_or(i64::MAX);
        self.last = at;
        match *event {
            Event::Delivered { from, to, bytes, outcome, sends, .. } => {
                if let (Ok(message), Some(run)) = (decode(bytes), self.runs[to.index()]) {
                    let from = self.records.peer(from);
                    let delivery = Delivery { at, run, from, message, len: bytes.len() as u32 };
                    self.delivered(&delivery, outcome, sends);
                }
            }
            Event::Heard { from, to, bytes, .. } => self.heard(at, from, to, bytes),
            Event::Crashed(servent) => {
                if let Some(run) = self.runs[servent.index()].take() {
                    self.end(run, at);
                }
            }
            Event::Restarted(servent) => {
                let run = self.start(servent, at);
                self.runs[servent.index()] = Some(run);
            }
            Event::Moved { servent, address } => self.addresses.set(servent, address),
            Event::LookedUp { servent, neighbours } => {
                if let Some(run) = self.runs[servent.index()] {
                    self.records.change(run, at, neighbours.as_slice().to_vec());
                }
            }
            _ => {}
        }
    }
}
