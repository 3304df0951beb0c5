//! Events to lines.

use super::{Dropped, Events, Malformed, Note, Unsent, Work};
use crate::json::JsonLine;
use crate::protocol::{LookupVerdict, QueryVerdict, Verdict};
use crate::stats::DropCause;
use crate::types::{Neighbours, Timestamp};
use crate::wire::{Header, Message, decode};
use std::net::SocketAddrV4;

/// The version of the lines, in the first one. It changes when a field goes or means something else.
const VERSION: u64 = 1;

/// Why a new QUERY left for nobody: its time-to-live ran out here.
pub(crate) const TTL_EXPIRED: &str = "ttl_expired";

/// Why a new QUERY left for nobody: it came from the only neighbour, or there is none.
pub(super) const NO_OTHER_NEIGHBOUR: &str = "no_other_neighbour";

/// Writes the trace of one servent.
#[derive(Clone, Debug)]
pub struct Scribe {
    node: SocketAddrV4,
    /// What [`Timestamp::ZERO`] is on the line that `t` counts on.
    origin_nanos: u64,
}

/// One event that a line is about: when it was, and the message.
#[derive(Clone, Copy)]
pub(super) struct Occasion<'a> {
    pub(super) at: Timestamp,
    pub(super) source: SocketAddrV4,
    pub(super) message: Message<'a>,
}

impl Scribe {
    /// For the servent at `node`, whose time line begins `origin_nanos` after that of `t`.
    #[must_use]
    pub fn new(node: SocketAddrV4, origin_nanos: u64) -> Self {
        Self { node, origin_nanos }
    }

    /// The first line. `wall_nanos` is the time of day at [`Timestamp::ZERO`], since the Unix epoch.
    pub fn start(&self, out: &mut Vec<u8>, wall_nanos: u64, neighbours: &Neighbours) {
        let line = self.begin(out, Timestamp::ZERO, "start").number("wall_ns", wall_nanos).number("version", VERSION);
        line.addresses("neighbours", neighbours.as_slice().iter().copied()).end();
    }

    /// The last line: how many lines of events are missing.
    pub fn end(&self, out: &mut Vec<u8>, at: Timestamp, dropped: u64) {
        self.begin(out, at, "end").number("dropped", dropped).end();
    }

    /// The lines of a batch.
    pub fn events(&self, out: &mut Vec<u8>, events: &Events) {
        match events {
            Events::Received(inbox, times) => {
                for ((source, message), &at) in inbox.iter().zip(times) {
                    self.received(out, Occasion { at, source, message });
                }
            }
            Events::Malformed(malformed) => {
                for &Malformed { at, from, len, error } in malformed {
                    self.dropped(out, at, error.into()).address("from", from).number("len", len as u64).end();
                }
            }
            Events::Neighbours(at, neighbours) => {
                let line = self.begin(out, *at, "neighbours");
                line.addresses("neighbours", neighbours.as_slice().iter().copied()).end();
            }
            Events::Judged(work) => work.each(|occasion, note| self.judged(out, occasion, work, note)),
            Events::LookedUp(work) => work.each(|occasion, note| self.looked_up(out, occasion, work, note)),
            Events::Unsent(unsent) => self.unsent(out, unsent),
        }
    }

    fn received(&self, out: &mut Vec<u8>, occasion: Occasion<'_>) {
        let line = match occasion.message.header {
            Header::Response => self.dropped(out, occasion.at, DropCause::UnexpectedResponse),
            Header::Clireq | Header::Query(_) => self.begin(out, occasion.at, "received"),
        };
        about(line, occasion).end();
    }

    /// A line for what was forwarded, and for what else the verdict says. One in all, where the flooder keeps the rules;
    /// of one that forwarded what it called a duplicate there are both.
    fn judged(&self, out: &mut Vec<u8>, occasion: Occasion<'_>, work: &Work<Verdict>, note: &Note<Verdict>) {
        for (datagram, to) in work.outbox.sends(note.sent.clone()) {
            self.forwarded(out, occasion, datagram, to);
        }
        if let Some(cause) = DropCause::of_flood(note.verdict) {
            about(self.dropped(out, occasion.at, cause), occasion).end();
        }
        match note.verdict {
            Verdict::Query(QueryVerdict::Duplicate { higher_ttl }) => {
                about(self.begin(out, occasion.at, "duplicate"), occasion).flag("higher_ttl", higher_ttl).end();
            }
            Verdict::Query(QueryVerdict::FirstSighting { ttl_expired, .. }) if note.sent.is_empty() => {
                let why = if ttl_expired { TTL_EXPIRED } else { NO_OTHER_NEIGHBOUR };
                about(self.begin(out, occasion.at, "not_forwarded").fixed("why", why), occasion).end();
            }
            Verdict::Query(_) | Verdict::Clireq(_) => {}
        }
    }

    /// What left, and for whom, by the bytes that were queued.
    fn forwarded(
        &self,
        out: &mut Vec<u8>,
        occasion: Occasion<'_>,
        datagram: &[u8],
        to: impl Iterator<Item = SocketAddrV4> + Clone,
    ) {
        let mut line = about(self.begin(out, occasion.at, "forwarded"), occasion);
        if let Ok(Message { header: Header::Query(sent), .. }) = decode(datagram) {
            if occasion.message.header == Header::Clireq {
                line = line.number("seq", sent.seq.0.into());
            }
            line = line.number("ttl_sent", sent.ttl.0.into());
        }
        line.number("count", to.clone().count() as u64).addresses("to", to).end();
    }

    /// As [`Scribe::judged`], for RESPONSEs.
    fn looked_up(
        &self,
        out: &mut Vec<u8>,
        occasion: Occasion<'_>,
        work: &Work<LookupVerdict>,
        note: &Note<LookupVerdict>,
    ) {
        for (_, to) in work.outbox.sends(note.sent.clone()) {
            about(self.begin(out, occasion.at, "answered"), occasion).addresses("to", to).end();
        }
        if let Some(cause) = DropCause::of_lookup(note.verdict) {
            about(self.dropped(out, occasion.at, cause), occasion).end();
        }
        if note.verdict == LookupVerdict::NotFound {
            about(self.begin(out, occasion.at, "not_found"), occasion).end();
        }
    }

    /// What did not leave, by the bytes that were queued.
    fn unsent(&self, out: &mut Vec<u8>, Unsent { outbox, drops }: &Unsent) {
        for &Dropped { at, index, cause } in drops {
            for (datagram, to) in outbox.sends(index..index + 1) {
                let line = self.dropped(out, at, cause).addresses("to", to);
                match decode(datagram) {
                    Ok(message) => queued(line, message).end(),
                    Err(_) => line.end(),
                }
            }
        }
    }

    fn dropped<'a>(&self, out: &'a mut Vec<u8>, at: Timestamp, cause: DropCause) -> JsonLine<'a> {
        self.begin(out, at, "dropped").fixed("why", cause.name())
    }

    fn begin<'a>(&self, out: &'a mut Vec<u8>, at: Timestamp, event: &str) -> JsonLine<'a> {
        let line = JsonLine::begin(out).number("t", self.origin_nanos.saturating_add(at.as_nanos()));
        line.address("node", self.node).fixed("event", event)
    }
}

impl<V> Work<V> {
    /// Tells of each note with the message that it is about.
    pub(super) fn each(&self, mut tell: impl FnMut(Occasion<'_>, &Note<V>)) {
        for note in &self.notes {
            let (source, message) = self.inbox.get(note.index).expect("what is noted lies in the batch");
            tell(Occasion { at: note.at, source, message }, note);
        }
    }
}

/// The fields of a message that was to leave.
fn queued<'a>(line: JsonLine<'a>, message: Message<'a>) -> JsonLine<'a> {
    let line = match message.header {
        Header::Clireq => line.fixed("type", "clireq"),
        Header::Query(header) => {
            let line = line.fixed("type", "query").address("client", header.client);
            line.number("ttl_sent", header.ttl.0.into()).number("seq", header.seq.0.into())
        }
        Header::Response => line.fixed("type", "response"),
    };
    line.bytes("key", key(message))
}

/// The key that a message is about.
fn key(message: Message<'_>) -> &[u8] {
    match message.header {
        Header::Clireq | Header::Query(_) => message.text.before_nul(),
        Header::Response => message.text.key_and_value().map_or(&[][..], |(key, _)| key),
    }
}

/// The fields of the message that the line is about.
fn about<'a>(line: JsonLine<'a>, Occasion { source, message, .. }: Occasion<'a>) -> JsonLine<'a> {
    let line = match message.header {
        Header::Clireq => line.fixed("type", "clireq").address("from", source).address("client", source),
        Header::Query(header) => {
            let line = line.fixed("type", "query").address("from", source).address("client", header.client);
            line.number("ttl", header.ttl.0.into()).number("seq", header.seq.0.into())
        }
        Header::Response => line.fixed("type", "response").address("from", source),
    };
    line.bytes("key", key(message))
}
