//! Notes as lines for people, for the log.

use super::scribe::Occasion;
use super::{Note, Work};
use crate::protocol::{LookupVerdict, QueryVerdict, Verdict};
use crate::stats::DropCause;
use crate::text::escape;
use crate::wire::Header;
use std::fmt::Write;

impl Work<Verdict> {
    /// Says what came in, a line each, and whom it was sent on to or why to nobody.
    pub fn speak(&self, mut say: impl FnMut(&str)) {
        self.each(|occasion, note| say(&format!("{}: {}", request(occasion), self.fate(note))));
    }

    fn fate(&self, note: &Note<Verdict>) -> String {
        let mut targets = String::new();
        for (_, to) in self.outbox.sends(note.sent.clone()) {
            to.for_each(|to| write!(targets, " {to}").expect("a string takes everything"));
        }
        match note.verdict {
            Verdict::Clireq(flooded) => flooded.seq.map_or("no neighbour to ask".to_owned(), |seq| {
                format!("neighbours asked, as number {}:{targets}", seq.0)
            }),
            Verdict::Query(QueryVerdict::FirstSighting { ttl_expired: true, .. }) => {
                "ended here, the time-to-live is used up".to_owned()
            }
            Verdict::Query(QueryVerdict::FirstSighting { .. }) if targets.is_empty() => {
                "ended here, there is no other neighbour".to_owned()
            }
            Verdict::Query(QueryVerdict::FirstSighting { .. }) => format!("forwarded to{targets}"),
            Verdict::Query(QueryVerdict::Duplicate { .. }) => "ended here, it was seen before".to_owned(),
            Verdict::Query(QueryVerdict::StrangerRefused | QueryVerdict::TtlZero) => {
                dropped(DropCause::of_flood(note.verdict))
            }
        }
    }
}

impl Work<LookupVerdict> {
    /// Says what was looked up, a line each, and who was answered or why nobody.
    pub fn speak(&self, mut say: impl FnMut(&str)) {
        self.each(|occasion, note| {
            let Occasion { source, message, .. } = occasion;
            let client = if let Header::Query(header) = message.header { header.client } else { source };
            let fate = match note.verdict {
                LookupVerdict::Answered => format!("answered to {client}"),
                LookupVerdict::NotFound => "not held here".to_owned(),
                LookupVerdict::UnanswerableClient | LookupVerdict::ResponseLimited => {
                    dropped(DropCause::of_lookup(note.verdict))
                }
            };
            say(&format!("'{}': {fate}", escape(message.text.before_nul())));
        });
    }
}

fn request(Occasion { source, message, .. }: Occasion<'_>) -> String {
    let key = escape(message.text.before_nul());
    match message.header {
        Header::Query(header) => {
            let (client, ttl, seq) = (header.client, header.ttl.0, header.seq.0);
            format!("QUERY for '{key}' from {source}, client {client}, number {seq}, time-to-live {ttl}")
        }
        Header::Clireq | Header::Response => format!("CLIREQ for '{key}' from {source}"),
    }
}

fn dropped(cause: Option<DropCause>) -> String {
    format!("dropped ({})", cause.map_or("for no reason", DropCause::name))
}
