//! One datagram at one servent: what was due, against what it sent.

use super::{Checker, Place, Violation};
use crate::batch::Outbox;
use crate::protocol::QueryVerdict;
use crate::sim::ids::{DatagramId, ServentId};
use crate::sim::machines::Outcome;
use crate::types::{SeqNo, Timestamp, Ttl};
use crate::wire::{Header, Message, QUERY_HEADER_LEN, QueryHeader, Text, decode, encode_query, encode_response};
use std::net::SocketAddrV4;

/// A datagram that reached a servent, and what came of it.
pub(super) struct Delivery<'a> {
    pub(super) datagram: DatagramId,
    pub(super) from: SocketAddrV4,
    pub(super) servent: ServentId,
    pub(super) bytes: &'a [u8],
    pub(super) outcome: Outcome,
    pub(super) sends: &'a Outbox,
}

/// What a servent must send.
struct Due {
    /// The QUERY for each neighbour but `except`, to the byte; `None` if nothing is to be forwarded.
    query: Option<Vec<u8>>,
    except: Option<SocketAddrV4>,
    /// The RESPONSE and its destination.
    answer: Option<(Vec<u8>, SocketAddrV4)>,
    /// Why nothing else is due.
    else_nothing: Because,
}

/// Why a servent has nothing to send, or nothing more.
#[derive(Clone, Copy)]
enum Because {
    /// Nothing is ever sent because of such a datagram (P-5, P-6, P-17, P-22).
    Ignored,
    /// It has seen the query before (P-14).
    Seen,
    /// The time-to-live ends here (P-14).
    Expired,
    /// All that is due is due once, to the neighbours and to the client (P-11, P-14).
    Done,
}

impl Because {
    /// What it is to send a QUERY with this time-to-live all the same.
    fn forwarded(self, found: Ttl) -> Violation {
        match self {
            Self::Ignored => Violation::Reacted,
            Self::Seen => Violation::ForwardedAgain,
            Self::Expired => Violation::WrongTtl { found, due: None },
            Self::Done => Violation::ForwardedAstray,
        }
    }

    /// What it is to send a RESPONSE all the same.
    fn answered(self) -> Violation {
        match self {
            Self::Ignored => Violation::Reacted,
            Self::Seen => Violation::AnsweredAgain,
            Self::Expired | Self::Done => Violation::WrongAnswer,
        }
    }
}

impl Checker {
    pub(super) fn on_delivered(&mut self, now: Timestamp, step: &Delivery<'_>) {
        let due = match decode(step.bytes) {
            Ok(Message { header: Header::Clireq, text }) => self.due_of_clireq(now, step, text),
            Ok(Message { header: Header::Query(header), text }) => self.due_of_query(now, step, header, text),
            Ok(Message { header: Header::Response, .. }) | Err(_) => Due::nothing(Because::Ignored),
        };
        self.compare(now, step, &due);
    }

    /// A CLIREQ is answered and becomes a QUERY for all neighbours (P-11), whose number only its maker knows.
    fn due_of_clireq(&mut self, now: Timestamp, step: &Delivery<'_>, text: Text<'_>) -> Due {
        let answer = self.answer(step.servent, step.from, text);
        let Some(seq) = step.sends.iter().find_map(|(bytes, _)| query_header(bytes)).map(|header| header.seq) else {
            // Where nobody is to be told, no QUERY is made.
            let due = Due { answer, ..Due::nothing(Because::Done) };
            let has_neighbours = !self.setup.graph.neighbours(step.servent).is_empty();
            return Due { query: has_neighbours.then(Vec::new), ..due };
        };
        let header = QueryHeader { ttl: Ttl::INITIAL, client: step.from, seq };
        let query = self.query_number(step.from, seq, text);
        self.queries.tally(query).origins += 1;
        if self.queries.tally(query).origins > 1 {
            self.note_here(now, step, Violation::RepeatedQuery);
        }
        self.see(now, step.servent, query);
        let mut bytes = Vec::new();
        encode_query(&mut bytes, header, text.field_to_forward());
        Due { query: Some(bytes), answer, ..Due::nothing(Because::Done) }
    }

    /// A QUERY is looked up and forwarded if it is new (P-14).
    fn due_of_query(&mut self, now: Timestamp, step: &Delivery<'_>, header: QueryHeader, text: Text<'_>) -> Due {
        let QueryHeader { ttl, client, seq } = header;
        let is_neighbour = |address| self.known(step.servent).any(|known| known == address);
        if ttl == Ttl(0) || (self.setup.neighbours_only && !is_neighbour(step.from)) {
            return Due::nothing(Because::Ignored);
        }
        let query = self.query_number(client, seq, text);
        let is_taken_for_new = matches!(step.outcome, Outcome::Query(QueryVerdict::FirstSighting { .. }, _));
        if !self.see(now, step.servent, query) {
            if step.sends.is_empty() && is_taken_for_new {
                self.note_here(now, step, Violation::Forgot);
            }
            return Due::nothing(Because::Seen);
        }
        if !is_taken_for_new {
            self.note_here(now, step, Violation::Swallowed);
        }
        let onward = ttl.min(Ttl::INITIAL).decremented();
        let mut due = Due { answer: self.answer(step.servent, client, text), ..Due::nothing(Because::Expired) };
        if let Some(ttl) = onward {
            // Not what came in but what the origin wrote, over whichever links that was.
            let lineage = self.lineages.of(step.datagram);
            let written = self.lineages.origin(lineage).expect("a QUERY descends from one that somebody wrote");
            let mut bytes = Vec::new();
            encode_query(&mut bytes, QueryHeader { ttl, ..header }, &[]);
            bytes[4..].copy_from_slice(&written[4..QUERY_HEADER_LEN]);
            bytes.extend_from_slice(&written[QUERY_HEADER_LEN..]);
            due = Due { query: Some(bytes), except: Some(step.from), else_nothing: Because::Done, ..due };
        }
        due
    }

    /// Notes a sighting; whether it is one.
    fn see(&mut self, now: Timestamp, servent: ServentId, query: u32) -> bool {
        let is_new = self.sightings[servent.index()].is_new(now, query, self.setup.seen);
        if is_new {
            self.queries.tally(query).bound += self.setup.graph.neighbours(servent).len() as u64;
        }
        is_new
    }

    /// The number of the query with these fields (P-2, P-14).
    fn query_number(&mut self, client: SocketAddrV4, seq: SeqNo, text: Text<'_>) -> u32 {
        let mut identity = std::mem::take(&mut self.identity);
        identity.clear();
        encode_query(&mut identity, QueryHeader { ttl: Ttl(0), client, seq }, text.before_nul());
        let number = self.queries.number(&identity);
        self.identity = identity;
        number
    }

    /// The RESPONSE that `servent` owes `client`, if any (P-3, P-14, P-23).
    fn answer(&self, servent: ServentId, client: SocketAddrV4, text: Text<'_>) -> Option<(Vec<u8>, SocketAddrV4)> {
        let value = self.setup.value(servent, text.before_nul())?;
        if !(1..224).contains(&client.ip().octets()[0]) || client.port() == 0 {
            return None;
        }
        let mut response = Vec::new();
        encode_response(&mut response, text.before_nul(), value);
        if text.is_nul_terminated() {
            response.push(0);
        }
        Some((response, client))
    }

    fn compare(&mut self, now: Timestamp, step: &Delivery<'_>, due: &Due) {
        let mut told = Vec::new();
        let mut has_answered = false;
        for (bytes, to) in step.sends.iter() {
            let broken = match decode(bytes) {
                Ok(Message { header: Header::Query(header), text }) => {
                    let query = self.query_number(header.client, header.seq, text);
                    self.queries.tally(query).messages += 1;
                    let is_repeated = told.contains(&to);
                    told.push(to);
                    self.judge_query(step, due, header, bytes, to, is_repeated)
                }
                Ok(Message { header: Header::Response, .. }) => {
                    let is_repeated = std::mem::replace(&mut has_answered, true);
                    match &due.answer {
                        None => Some(due.else_nothing.answered()),
                        Some((answer, client)) => (is_repeated || (answer.as_slice(), *client) != (bytes, to))
                            .then_some(Violation::WrongAnswer),
                    }
                }
                Ok(Message { header: Header::Clireq, .. }) | Err(_) => Some(Violation::Reacted),
            };
            if let Some(violation) = broken {
                self.note_here(now, step, violation);
            }
        }
        if due.answer.is_some() && !has_answered {
            self.note_here(now, step, Violation::NotAnswered);
        }
        if due.query.is_some() {
            let is_left_out = |address: &SocketAddrV4| Some(*address) != due.except && !told.contains(address);
            let place = self.known(step.servent).position(|address| is_left_out(&address));
            if let Some(place) = place {
                let neighbour = self.setup.graph.neighbours(step.servent)[place];
                self.note_here(now, step, Violation::NotForwarded(neighbour));
            }
        }
    }

    /// What is wrong with a QUERY that a servent sent to `to`.
    fn judge_query(
        &self,
        step: &Delivery<'_>,
        due: &Due,
        header: QueryHeader,
        bytes: &[u8],
        to: SocketAddrV4,
        is_repeated: bool,
    ) -> Option<Violation> {
        let Some(query) = &due.query else { return Some(due.else_nothing.forwarded(header.ttl)) };
        if Some(to) == due.except {
            return Some(Violation::SentBack);
        }
        if is_repeated || !self.known(step.servent).any(|known| known == to) {
            return Some(Violation::ForwardedAstray);
        }
        let ttl_due = query_header(query).expect("what is due for neighbours is a QUERY").ttl;
        if header.ttl != ttl_due {
            return Some(Violation::WrongTtl { found: header.ttl, due: Some(ttl_due) });
        }
        (bytes != query).then_some(Violation::ChangedBytes)
    }

    fn note_here(&mut self, now: Timestamp, step: &Delivery<'_>, violation: Violation) {
        self.note(now, Place::Servent(step.servent, step.datagram), violation);
    }
}

impl Due {
    fn nothing(because: Because) -> Self {
        Self { query: None, except: None, answer: None, else_nothing: because }
    }
}

/// The header of a QUERY; `None` for anything else.
fn query_header(bytes: &[u8]) -> Option<QueryHeader> {
    match decode(bytes).ok()?.header {
        Header::Query(header) => Some(header),
        Header::Clireq | Header::Response => None,
    }
}
