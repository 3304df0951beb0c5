//! Verdicts to lines.

use super::line::Line;
use super::{Events, Malformed, Traced};
use crate::net::SendFailure;
use crate::protocol::{ClireqFlooded, LookupVerdict, QueryVerdict, Verdict};
use crate::types::{Neighbours, Timestamp, Ttl};
use crate::wire::{DecodeError, Header, Message};
use std::net::SocketAddrV4;

/// The version of the lines, in the first one. It changes when a field goes or means something else.
const VERSION: u64 = 1;

/// Writes the trace of one servent.
#[derive(Clone, Debug)]
pub struct Scribe {
    node: SocketAddrV4,
    neighbours: Neighbours,
    /// What [`Timestamp::ZERO`] is on the line that `t` counts on.
    origin_nanos: u64,
}

impl Scribe {
    /// For the servent at `node`, whose time line begins `origin_nanos` after that of `t`.
    #[must_use]
    pub fn new(node: SocketAddrV4, neighbours: Neighbours, origin_nanos: u64) -> Self {
        Self { node, neighbours, origin_nanos }
    }

    /// The first line. `wall_nanos` is the time of day at [`Timestamp::ZERO`], since the Unix epoch.
    pub fn start(&self, out: &mut Vec<u8>, wall_nanos: u64) {
        let line = self.begin(out, Timestamp::ZERO, "start").number("wall_ns", wall_nanos).number("version", VERSION);
        line.addresses("neighbours", self.neighbours.as_slice().iter().copied()).end();
    }

    /// The last line: how many lines of events are missing.
    pub fn end(&self, out: &mut Vec<u8>, at: Timestamp, dropped: u64) {
        self.begin(out, at, "end").number("dropped", dropped).end();
    }

    /// The lines of a batch.
    pub fn events(&self, out: &mut Vec<u8>, Traced { at, events }: &Traced) {
        let at = *at;
        match events {
            Events::Received(inbox) => {
                for (source, message) in inbox.iter() {
                    match message.header {
                        Header::Response => {
                            let dropped = self.begin(out, at, "dropped").fixed("why", "unexpected_response");
                            about(dropped, source, &message).end();
                        }
                        Header::Clireq | Header::Query(_) => {
                            about(self.begin(out, at, "received"), source, &message).end();
                        }
                    }
                }
            }
            Events::Malformed(malformed) => {
                for &Malformed { from, len, error } in malformed {
                    let line = self.begin(out, at, "dropped").fixed("why", why_malformed(error));
                    line.address("from", from).number("len", len as u64).end();
                }
            }
            Events::Judged(inbox, verdicts) => {
                for &(index, verdict) in verdicts {
                    if let Some((source, message)) = inbox.get(index) {
                        self.judged(out, at, source, &message, verdict);
                    }
                }
            }
            Events::LookedUp(inbox, verdicts) => {
                for &(index, verdict) in verdicts {
                    if let Some((source, message)) = inbox.get(index) {
                        self.looked_up(out, at, source, &message, verdict);
                    }
                }
            }
            Events::Unsent(unsent) => {
                for &(to, failure) in unsent {
                    let line = self.begin(out, at, "dropped").fixed("why", why_unsent(failure));
                    line.addresses("to", [to].into_iter()).end();
                }
            }
        }
    }

    fn judged(&self, out: &mut Vec<u8>, at: Timestamp, source: SocketAddrV4, message: &Message<'_>, verdict: Verdict) {
        let (name, why) = match verdict {
            Verdict::Clireq(_) => ("forwarded", None),
            Verdict::Query(QueryVerdict::StrangerRefused) => ("dropped", Some("stranger_refused")),
            Verdict::Query(QueryVerdict::TtlZero) => ("dropped", Some("ttl_zero")),
            Verdict::Query(QueryVerdict::Duplicate { .. }) => ("duplicate", None),
            Verdict::Query(QueryVerdict::FirstSighting { ttl_expired: true, .. }) => {
                ("not_forwarded", Some("ttl_expired"))
            }
            Verdict::Query(QueryVerdict::FirstSighting { forwarded: 0, .. }) => {
                ("not_forwarded", Some("no_other_neighbour"))
            }
            Verdict::Query(QueryVerdict::FirstSighting { .. }) => ("forwarded", None),
        };
        let mut line = self.begin(out, at, name);
        if let Some(why) = why {
            line = line.fixed("why", why);
        }
        line = about(line, source, message);
        line = match (verdict, message.header) {
            (Verdict::Clireq(ClireqFlooded { seq: Some(seq), .. }), _) => {
                let line = line.number("seq", seq.0.into());
                self.forwarded(line, Ttl::INITIAL, None)
            }
            (Verdict::Query(QueryVerdict::FirstSighting { forwarded: 1.., .. }), Header::Query(header)) => {
                let onward = header.ttl.min(Ttl::INITIAL).decremented().unwrap_or(Ttl(0));
                self.forwarded(line, onward, Some(source))
            }
            (Verdict::Query(QueryVerdict::Duplicate { higher_ttl }), _) => line.flag("higher_ttl", higher_ttl),
            _ => line,
        };
        line.end();
    }

    /// Whom a QUERY went to: every neighbour but `source` (P-11, P-14).
    fn forwarded<'a>(&self, line: Line<'a>, ttl_sent: Ttl, source: Option<SocketAddrV4>) -> Line<'a> {
        let others = || self.neighbours.as_slice().iter().copied().filter(|&neighbour| Some(neighbour) != source);
        let line = line.number("ttl_sent", ttl_sent.0.into()).number("count", others().count() as u64);
        line.addresses("to", others())
    }

    fn looked_up(
        &self,
        out: &mut Vec<u8>,
        at: Timestamp,
        source: SocketAddrV4,
        message: &Message<'_>,
        verdict: LookupVerdict,
    ) {
        let line = match verdict {
            LookupVerdict::Answered => self.begin(out, at, "answered"),
            LookupVerdict::NotFound => self.begin(out, at, "not_found"),
            LookupVerdict::UnanswerableClient => self.begin(out, at, "dropped").fixed("why", "unanswerable_client"),
            LookupVerdict::ResponseLimited => self.begin(out, at, "dropped").fixed("why", "response_limited"),
        };
        let mut line = about(line, source, message);
        if verdict == LookupVerdict::Answered {
            line = line.addresses("to", message.header.client(source).into_iter());
        }
        line.end();
    }

    fn begin<'a>(&self, out: &'a mut Vec<u8>, at: Timestamp, event: &str) -> Line<'a> {
        Line::begin(out, self.origin_nanos.saturating_add(at.as_nanos()), self.node, event)
    }
}

/// The fields of the message that the line is about.
fn about<'a>(line: Line<'a>, source: SocketAddrV4, message: &Message<'_>) -> Line<'a> {
    let (line, key) = match message.header {
        Header::Clireq => {
            let line = line.fixed("type", "clireq").address("from", source).address("client", source);
            (line, message.text.before_nul())
        }
        Header::Query(header) => {
            let line = line.fixed("type", "query").address("from", source).address("client", header.client);
            let line = line.number("ttl", header.ttl.0.into()).number("seq", header.seq.0.into());
            (line, message.text.before_nul())
        }
        Header::Response => {
            let key = message.text.key_and_value().map_or(&[][..], |(key, _)| key);
            (line.fixed("type", "response").address("from", source), key)
        }
    };
    line.bytes("key", "key_base64", key)
}

/// The name of the counter; so in [`why_unsent`].
fn why_malformed(error: DecodeError) -> &'static str {
    match error {
        DecodeError::TooShort { .. } => "malformed_too_short",
        DecodeError::UnknownType { .. } => "malformed_unknown_type",
        DecodeError::ShortQuery { .. } => "malformed_short_query",
        DecodeError::EmptyKey { .. } => "malformed_empty_key",
        DecodeError::NoTab { .. } => "malformed_no_tab",
    }
}

fn why_unsent(failure: SendFailure) -> &'static str {
    match failure {
        SendFailure::Unreachable => "send_failed_unreachable",
        SendFailure::NoBuffers => "send_failed_no_buffers",
        SendFailure::Refused => "send_failed_refused",
        SendFailure::TooLong => "send_failed_too_long",
        SendFailure::Forbidden => "send_failed_forbidden",
        SendFailure::Other => "send_failed_other",
    }
}
