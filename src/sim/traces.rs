//! Traces of a simulation, as the servents would have written them.

use super::event::{Event, Observer};
use super::ids::{Addresses, ServentId};
use super::machines::Outcome;
use super::setup::Setup;
use crate::batch::{Datagram, Inbox, Outbox};
use crate::protocol::{LookupVerdict, Verdict};
use crate::trace::{Events, Malformed, Note, Scribe, Work};
use crate::types::{Neighbours, Timestamp};
use crate::wire::{Header, Message, decode};
use std::net::SocketAddrV4;
use std::ops::Range;
use std::sync::Arc;

/// Writes the trace of every servent, in the format of `serventTP3 --trace`.
#[derive(Debug)]
pub struct Traces {
    setup: Arc<Setup>,
    wall_nanos: u64,
    last: Timestamp,
    /// Of each servent, and whether it is running.
    texts: Vec<(Vec<u8>, bool)>,
    addresses: Addresses,
    /// Whom each knows.
    known: Vec<Neighbours>,
}

impl Traces {
    /// Before anything happens in an overlay of this setup; `wall_nanos` is the time of day then.
    #[must_use]
    pub fn new(setup: &Arc<Setup>, wall_nanos: u64) -> Self {
        let setup = Arc::clone(setup);
        let texts = setup.graph.servents().map(|_| (Vec::new(), false)).collect();
        let known = setup.graph.servents().map(|_| Neighbours::default()).collect();
        let addresses = Addresses::default();
        let mut traces = Self { setup, wall_nanos, last: Timestamp::ZERO, texts, addresses, known };
        let all: Vec<_> = traces.setup.graph.servents().collect();
        all.into_iter().for_each(|servent| traces.start(servent, Timestamp::ZERO));
        traces
    }

    /// The traces, in the order of the servents, each closed in order.
    #[must_use]
    pub fn into_texts(mut self) -> Vec<Vec<u8>> {
        let all: Vec<_> = self.setup.graph.servents().collect();
        all.into_iter().for_each(|servent| self.end(servent, self.last));
        self.texts.into_iter().map(|(text, _)| text).collect()
    }

    fn start(&mut self, servent: ServentId, at: Timestamp) {
        let listed = self.setup.graph.neighbours(servent).iter().map(|&neighbour| self.addresses.of(neighbour));
        let neighbours = Neighbours::new(listed).expect("a graph keeps to the limit");
        let (text, is_running) = &mut self.texts[servent.index()];
        *is_running = true;
        // Its first line is at the zero of the scribe that writes it.
        let scribe = Scribe::new(self.addresses.of(servent), at.as_nanos());
        scribe.start(text, self.wall_nanos.saturating_add(at.as_nanos()), &neighbours);
        self.known[servent.index()] = neighbours;
    }

    fn know(&mut self, servent: ServentId, at: Timestamp, neighbours: &Neighbours) {
        if self.known[servent.index()] != *neighbours {
            self.known[servent.index()].clone_from(neighbours);
            let events = Events::Neighbours(at, neighbours.clone());
            Scribe::new(self.addresses.of(servent), 0).events(&mut self.texts[servent.index()].0, &events);
        }
    }

    fn end(&mut self, servent: ServentId, at: Timestamp) {
        let (text, is_running) = &mut self.texts[servent.index()];
        if std::mem::take(is_running) {
            Scribe::new(self.addresses.of(servent), 0).end(text, at, 0);
        }
    }

    fn delivered(&mut self, at: Timestamp, from: SocketAddrV4, to: ServentId, bytes: &[u8], made: (Outcome, &Outbox)) {
        let scribe = Scribe::new(self.addresses.of(to), 0);
        let text = &mut self.texts[to.index()].0;
        let mut inbox = Inbox::default();
        if let Err(error) = inbox.push(from, bytes) {
            return scribe.events(text, &Events::Malformed(vec![Malformed { at, from, len: bytes.len(), error }]));
        }
        let inbox = Arc::new(inbox);
        scribe.events(text, &Events::Received(Arc::clone(&inbox), vec![at]));
        let (outcome, sends) = made;
        let (verdict, lookup) = match outcome {
            Outcome::Malformed(_) | Outcome::Response => return,
            Outcome::Clireq(flooded, lookup) => (Verdict::Clireq(flooded), Some(lookup)),
            Outcome::Query(verdict, lookup) => (Verdict::Query(verdict), lookup),
        };
        let queries = only(sends, |header| matches!(header, Header::Query(_)));
        scribe.events(text, &Events::Judged(work(at, &inbox, queries, verdict)));
        if let Some(lookup) = lookup {
            let responses = only(sends, |header| header == Header::Response);
            scribe.events(text, &Events::LookedUp(work::<LookupVerdict>(at, &inbox, responses, lookup)));
        }
    }
}

/// The one request of the inbox, with what was sent for it.
fn work<V>(at: Timestamp, inbox: &Arc<Inbox>, outbox: Outbox, verdict: V) -> Work<V> {
    let notes = vec![Note { at, index: 0, verdict, sent: 0..outbox.len() }];
    Work { inbox: Arc::clone(inbox), outbox: Arc::new(outbox), notes }
}

/// What is sent, less what is not meant.
fn only(sends: &Outbox, is_meant: impl Fn(Header) -> bool) -> Outbox {
    let mut outbox = Outbox::default();
    let mut written: Option<(Range<usize>, Datagram)> = None;
    for transmit in sends.transmits() {
        let bytes = &sends.bytes()[transmit.bytes.clone()];
        let Ok(Message { header, .. }) = decode(bytes) else { continue };
        if !is_meant(header) {
            continue;
        }
        // One datagram for several neighbours stays one.
        let is_same = written.as_ref().is_some_and(|(range, _)| *range == transmit.bytes);
        if !is_same {
            written = Some((transmit.bytes.clone(), outbox.write(|out| out.extend_from_slice(bytes))));
        }
        if let Some((_, datagram)) = &written {
            outbox.send(datagram, transmit.to);
        }
    }
    outbox
}

impl Observer for Traces {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        self.last = at;
        match *event {
            Event::Delivered { from, to, bytes, outcome, sends, .. } => {
                self.delivered(at, from, to, bytes, (outcome, sends));
            }
            Event::Crashed(servent) => self.end(servent, at),
            Event::Restarted(servent) => self.start(servent, at),
            Event::Moved { servent, address } => self.addresses.set(servent, address),
            Event::LookedUp { servent, neighbours } => self.know(servent, at, neighbours),
            _ => {}
        }
    }
}
