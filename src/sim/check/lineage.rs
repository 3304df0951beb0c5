//! What each datagram on a link descends from.

use crate::sim::event::{Cause, Fate};
use crate::sim::ids::{DatagramId, Party, ServentId};
use crate::wire::{Header, Message};

/// The ancestry of one datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lineage {
    /// Links that a QUERY has travelled, this one included; 0 for what is no QUERY.
    pub(super) hops: u8,
    /// Which QUERY it is a copy of: the place of its bytes, as its origin wrote them, among [`Lineages::origins`].
    pub(super) origin: Option<u32>,
    /// The servent that a client asked and that all this comes of. `None` where a stranger or a corrupted byte had a
    /// part in it: then nothing is promised of who answers.
    pub(super) entry: Option<ServentId>,
}

/// The ancestry of all datagrams.
#[derive(Debug, Default)]
pub(super) struct Lineages {
    /// By number.
    known: Vec<Lineage>,
    origins: Vec<Box<[u8]>>,
}

impl Lineages {
    pub(super) fn of(&self, datagram: DatagramId) -> Lineage {
        *self.known.get(datagram.0 as usize).expect("what arrives was sent before")
    }

    /// The bytes of a QUERY as its origin wrote them.
    pub(super) fn origin(&self, lineage: Lineage) -> Option<&[u8]> {
        self.origins.get(lineage.origin? as usize).map(AsRef::as_ref)
    }

    /// Notes the next datagram. A corrupted one is a new QUERY, made on the link, as if a stranger had sent it.
    pub(super) fn note(
        &mut self,
        cause: Cause,
        to: Party,
        bytes: &[u8],
        message: Option<&Message<'_>>,
        fate: Fate,
    ) -> Lineage {
        let is_query = matches!(message, Some(Message { header: Header::Query(_), .. }));
        let is_corrupted = matches!(fate, Fate::Arrives { corrupted: true, .. });
        let parent = match cause {
            Cause::Datagram(parent) => self.of(parent),
            Cause::Client(_) => match to {
                Party::Servent(entry) => Lineage { entry: Some(entry), ..Lineage::default() },
                Party::Client(_) | Party::Stranger(_) => Lineage::default(),
            },
            Cause::Stranger => Lineage::default(),
        };
        let lineage = if is_corrupted {
            Lineage { hops: u8::from(is_query), origin: None, entry: None }
        } else {
            Lineage { hops: if is_query { parent.hops.saturating_add(1) } else { 0 }, ..parent }
        };
        let lineage = match lineage.origin {
            None if is_query => Lineage { origin: Some(self.keep(bytes)), ..lineage },
            origin => Lineage { origin: origin.filter(|_| is_query), ..lineage },
        };
        self.known.push(lineage);
        lineage
    }

    fn keep(&mut self, bytes: &[u8]) -> u32 {
        self.origins.push(bytes.into());
        (self.origins.len() - 1) as u32
    }
}
