//! The flood: a CLIREQ becomes a QUERY, a QUERY seen for the first time goes on to the neighbours.

use super::READ_AHEAD;
use super::seen::{Fingerprint, SeenConfig, SeenTable, Sighting};
use crate::batch::{Inbox, Outbox};
use crate::types::{Neighbours, QueryId, SeqNo, Timestamp, Ttl};
use crate::wire::{Header, Message, QueryHeader, Text, encode_query};
use std::net::SocketAddrV4;

/// What a [`Flooder`] starts with.
#[derive(Clone, Debug)]
pub struct FloodConfig {
    /// Whom to forward to.
    pub neighbours: Neighbours,
    /// The number of the first CLIREQ: random in production (P-13).
    pub first_seq: SeqNo,
    /// Refuse QUERYs from others than the neighbours (P-22).
    pub neighbours_only: bool,
    /// Bounds of duplicate suppression.
    pub seen: SeenConfig,
    /// Keys the fingerprints of duplicate suppression; see [`SeenTable::new`].
    pub secret: [u64; 2],
}

/// Decides what is flooded.
#[derive(Debug)]
pub struct Flooder {
    neighbours: Neighbours,
    beyond_loopback: bool,
    neighbours_only: bool,
    next_seq: SeqNo,
    /// What its QUERYs start with, and the most that it takes others to have.
    ttl: Ttl,
    seen: SeenTable,
}

/// What became of a CLIREQ or QUERY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Of a CLIREQ.
    Clireq(ClireqFlooded),
    /// Of a QUERY.
    Query(QueryVerdict),
}

/// What became of a CLIREQ. Its key is to be looked up in any case (P-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClireqFlooded {
    /// The number of its QUERY; `None` without neighbours, when there is none.
    pub seq: Option<SeqNo>,
    /// A sighting had to make room for this one (P-20).
    pub evicted: bool,
    /// The client is on loopback and some neighbour is not, so that one can't answer it (P-26).
    pub loopback_client: bool,
}

/// What became of a QUERY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryVerdict {
    /// It came from no neighbour, and only theirs are served (P-22).
    StrangerRefused,
    /// It came with a time-to-live of 0, which is never sent (P-17).
    TtlZero,
    /// It was seen before (P-14).
    Duplicate {
        /// With more time-to-live left than the copy that came first (P-19).
        higher_ttl: bool,
    },
    /// It is new: its key is to be looked up.
    FirstSighting {
        /// Neighbours that it is sent on to.
        forwarded: usize,
        /// Its time-to-live ran out here (P-14).
        ttl_expired: bool,
        /// Its time-to-live was above 3 and taken as 3 (P-17).
        ttl_clamped: bool,
        /// A sighting had to make room for this one (P-20).
        evicted: bool,
    },
}

impl Flooder {
    /// A flooder that has seen nothing yet.
    #[must_use]
    pub fn new(config: FloodConfig) -> Self {
        Self {
            beyond_loopback: beyond_loopback(&config.neighbours),
            neighbours: config.neighbours,
            neighbours_only: config.neighbours_only,
            next_seq: config.first_seq,
            ttl: Ttl::INITIAL,
            seen: SeenTable::new(config.seen, config.secret),
        }
    }

    /// Knows these neighbours from now on (P-27). What it has seen stays seen.
    pub fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.beyond_loopback = beyond_loopback(&neighbours);
        self.neighbours = neighbours;
    }

    /// The same with another time-to-live than the protocol's (P-11, P-17), at most [`SeenTable::TTL_MAX`]: for simulations
    /// of what would be. No servent has one.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn with_ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl.min(SeenTable::TTL_MAX);
        self
    }

    /// Judges every CLIREQ and QUERY of a batch in order, and tells `judged` the index and the verdict of each, and how
    /// the outbox is with what was queued for it. How messages are shared out over batches changes nothing but speed:
    /// memory is read ahead for many at once.
    ///
    /// - A CLIREQ becomes a QUERY (P-11 to P-13) for every neighbour. The QUERY is marked as seen first, so that a copy
    ///   that comes back round a loop is a duplicate (P-16). Without neighbours there is no QUERY, and nothing is marked.
    /// - A QUERY that is new and has time-to-live left goes on to every neighbour but its source, with nothing changed
    ///   but the time-to-live (P-14, P-15).
    /// - Nothing follows from a RESPONSE (P-6).
    pub fn on_batch(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        mut judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        let mut messages = inbox.iter().enumerate();
        while messages.len() > 0 {
            match messages.len() {
                1 => self.on_messages::<1>(now, &mut messages, outbox, &mut judged),
                _ => self.on_messages::<READ_AHEAD>(now, &mut messages, outbox, &mut judged),
            }
        }
    }

    /// Takes up to `AHEAD` messages of a batch, whose memory is read ahead together. For one there is nothing to be
    /// ahead of.
    fn on_messages<'a, const AHEAD: usize>(
        &mut self,
        now: Timestamp,
        messages: &mut (impl ExactSizeIterator<Item = (usize, (SocketAddrV4, Message<'a>))> + Clone),
        outbox: &mut Outbox,
        judged: &mut impl FnMut(usize, Verdict, &Outbox),
    ) {
        let mut fingerprints = [Fingerprint::default(); AHEAD];
        let fingerprints = &mut fingerprints[..messages.len().min(AHEAD)];
        let mut clireqs = 0;
        for (fingerprint, (_, (source, message))) in fingerprints.iter_mut().zip(messages.clone()) {
            *fingerprint = match message.header {
                Header::Clireq => {
                    let seq = SeqNo(self.next_seq.0.wrapping_add(clireqs));
                    clireqs += 1;
                    self.seen.fingerprint(&id(QueryHeader { ttl: self.ttl, client: source, seq }, message.text))
                }
                Header::Query(header) => self.seen.fingerprint(&id(header, message.text)),
                Header::Response => Fingerprint::default(),
            };
        }
        if AHEAD > 1 {
            self.seen.read_ahead(fingerprints);
        }
        for (&fingerprint, (index, (source, message))) in fingerprints.iter().zip(messages) {
            let verdict = match message.header {
                Header::Clireq => Verdict::Clireq(self.flood_clireq(now, source, message.text, fingerprint, outbox)),
                Header::Query(header) => {
                    Verdict::Query(self.flood_query(now, source, header, message.text, fingerprint, outbox))
                }
                Header::Response => continue,
            };
            judged(index, verdict, outbox);
        }
    }

    /// How many sightings duplicate suppression keeps, expired ones that nothing has overwritten yet included. Never
    /// above the configured capacity.
    #[must_use]
    pub fn sightings(&self) -> usize {
        self.seen.len()
    }

    fn flood_clireq(
        &mut self,
        now: Timestamp,
        client: SocketAddrV4,
        key: Text<'_>,
        fingerprint: Fingerprint,
        outbox: &mut Outbox,
    ) -> ClireqFlooded {
        let header = QueryHeader { ttl: self.ttl, client, seq: self.next_seq };
        self.next_seq = self.next_seq.next();
        if self.neighbours.as_slice().is_empty() {
            return ClireqFlooded { seq: None, evicted: false, loopback_client: false };
        }
        let sighting = self.seen.observe(now, fingerprint, header.ttl);
        self.send(None, header, key.field_to_forward(), outbox);
        ClireqFlooded {
            seq: Some(header.seq),
            evicted: sighting == Sighting::First { evicted: true },
            loopback_client: self.beyond_loopback && client.ip().is_loopback(),
        }
    }

    fn flood_query(
        &mut self,
        now: Timestamp,
        source: SocketAddrV4,
        header: QueryHeader,
        key: Text<'_>,
        fingerprint: Fingerprint,
        outbox: &mut Outbox,
    ) -> QueryVerdict {
        if self.neighbours_only && !self.neighbours.contains(source) {
            return QueryVerdict::StrangerRefused;
        }
        if header.ttl == Ttl(0) {
            return QueryVerdict::TtlZero;
        }
        let ttl = header.ttl.min(self.ttl);
        match self.seen.observe(now, fingerprint, ttl) {
            Sighting::Again { higher_ttl } => QueryVerdict::Duplicate { higher_ttl },
            Sighting::First { evicted } => {
                let onward = ttl.decremented();
                let forwarded =
                    onward.map_or(0, |ttl| self.send(Some(source), QueryHeader { ttl, ..header }, key.field(), outbox));
                QueryVerdict::FirstSighting {
                    forwarded,
                    ttl_expired: onward.is_none(),
                    ttl_clamped: ttl != header.ttl,
                    evicted,
                }
            }
        }
    }

    /// Queues a QUERY, written once, for every neighbour but the one it came from; returns how many those are.
    fn send(&self, from: Option<SocketAddrV4>, header: QueryHeader, field: &[u8], outbox: &mut Outbox) -> usize {
        let mut targets =
            self.neighbours.as_slice().iter().copied().filter(|&neighbour| Some(neighbour) != from).peekable();
        if targets.peek().is_none() {
            return 0;
        }
        let query = outbox.write(|bytes| encode_query(bytes, header, field));
        targets.map(|neighbour| outbox.send(&query, neighbour)).count()
    }
}

/// Whether some neighbour is on another host, for all that is known.
fn beyond_loopback(neighbours: &Neighbours) -> bool {
    neighbours.as_slice().iter().any(|neighbour| !neighbour.ip().is_loopback())
}

fn id(header: QueryHeader, key: Text<'_>) -> QueryId<'_> {
    QueryId { client: header.client, seq: header.seq, key: key.before_nul() }
}

#[cfg(test)]
mod tests;
