//! Datagrams received together: decoded once, copied once.

use super::{BATCH_LEN_MAX, DATAGRAMS_MAX, KEPT_LEN_MAX};
use crate::wire::{DecodeError, Header, Message, Text, decode};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ops::Range;

/// Well-formed datagrams in the order they came, each with its source.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    /// The text fields, one behind the other.
    fields: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    source: SocketAddrV4,
    asked_at: Ipv4Addr,
    header: Header,
    field: Range<usize>,
}

impl Inbox {
    /// Empties it and keeps its memory, up to what a batch of ordinary datagrams needs.
    pub fn clear(&mut self) {
        self.fields.clear();
        self.fields.shrink_to(KEPT_LEN_MAX);
        self.entries.clear();
    }

    /// Decodes `datagram`, which came from `source`, and keeps it, unless it is malformed.
    ///
    /// # Errors
    /// What [`decode`] says. The batch is then as it was.
    pub fn push(&mut self, source: SocketAddrV4, datagram: &[u8]) -> Result<Header, DecodeError> {
        self.push_at(source, Ipv4Addr::UNSPECIFIED, datagram)
    }

    /// The same for one of which is known that it came in at the address `asked_at` of this host; unspecified: nobody
    /// knows.
    ///
    /// # Errors
    /// As [`Inbox::push`].
    pub fn push_at(
        &mut self,
        source: SocketAddrV4,
        asked_at: Ipv4Addr,
        datagram: &[u8],
    ) -> Result<Header, DecodeError> {
        let Message { header, text } = decode(datagram)?;
        let start = self.fields.len();
        self.fields.extend_from_slice(text.field());
        self.entries.push(Entry { source, asked_at, header, field: start..self.fields.len() });
        Ok(header)
    }

    /// The messages and where each came from, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SocketAddrV4, Message<'_>)> + Clone {
        self.entries.iter().map(|entry| self.message(entry))
    }

    /// The message at `index`, counted from 0 in the order of [`Inbox::iter`]; `None` past the end.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<(SocketAddrV4, Message<'_>)> {
        self.entries.get(index).map(|entry| self.message(entry))
    }

    /// At which of this host's addresses the message at `index` came in, as [`Inbox::push_at`] was told; unspecified
    /// past the end.
    #[must_use]
    pub fn asked_at(&self, index: usize) -> Ipv4Addr {
        self.entries.get(index).map_or(Ipv4Addr::UNSPECIFIED, |entry| entry.asked_at)
    }

    /// Whether it holds as much as a batch may: [`DATAGRAMS_MAX`] messages, or [`BATCH_LEN_MAX`] bytes of text.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= DATAGRAMS_MAX || self.fields.len() >= BATCH_LEN_MAX
    }

    /// How many messages it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn message(&self, entry: &Entry) -> (SocketAddrV4, Message<'_>) {
        let text = Text::new(&self.fields[entry.field.clone()]);
        (entry.source, Message { header: entry.header, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::CLIREQ_KEY_LEN_MAX;
    use std::net::Ipv4Addr;

    #[test]
    fn what_comes_out_is_what_decode_says_and_malformed_ones_leave_no_trace() {
        let source = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
        let mut inbox = Inbox::default();
        for datagram in [&b"\0\x01http\0"[..], b"\0\x09", b"\0\x03key\tvalue", b"\0\x02"] {
            assert_eq!(inbox.push(source, datagram).is_ok(), decode(datagram).is_ok());
        }
        let texts: Vec<_> = inbox.iter().map(|(_, message)| message.text.field()).collect();
        assert_eq!(texts, [&b"http\0"[..], b"key\tvalue"]);
        assert_eq!(inbox.get(1), Some((source, decode(b"\0\x03key\tvalue").unwrap())));
        assert!(inbox.get(2).is_none());
        inbox.clear();
        assert!(inbox.is_empty());
    }

    #[test]
    fn p9_it_knows_at_which_address_each_was_asked_if_anybody_does() {
        let source = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
        let asked = Ipv4Addr::new(127, 0, 0, 2);
        let mut inbox = Inbox::default();
        inbox.push(source, b"\0\x01http").unwrap();
        inbox.push_at(source, asked, b"\0\x01http").unwrap();
        assert_eq!([0, 1, 2].map(|index| inbox.asked_at(index)), [Ipv4Addr::UNSPECIFIED, asked, Ipv4Addr::UNSPECIFIED]);
    }

    fn fill(inbox: &mut Inbox, datagrams: usize, text_len: usize) {
        let datagram = [b"\0\x01", vec![b'k'; text_len].as_slice()].concat();
        for _ in 0..datagrams {
            inbox.push(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9), &datagram).unwrap();
        }
    }

    #[test]
    fn a_batch_is_full_at_so_many_datagrams_or_so_many_bytes_of_text() {
        for (name, datagrams, text_len) in [("datagrams", DATAGRAMS_MAX, 1), ("bytes", 32, BATCH_LEN_MAX / 32)] {
            let mut inbox = Inbox::default();
            for len in 0..datagrams {
                assert_eq!((inbox.len(), inbox.is_empty(), inbox.is_full()), (len, len == 0, false), "{name}");
                fill(&mut inbox, 1, text_len);
            }
            assert!(inbox.is_full(), "{name}");
        }
    }

    #[test]
    fn room_for_a_batch_of_ordinary_datagrams_is_kept_and_room_for_the_largest_is_given_back() {
        for (name, text_len, kept) in [("ordinary", 1_470, true), ("largest", CLIREQ_KEY_LEN_MAX, false)] {
            let mut inbox = Inbox::default();
            fill(&mut inbox, 64, text_len);
            let filled = inbox.fields.len();
            inbox.clear();
            assert_eq!(inbox.fields.capacity() >= filled, kept, "{name}");
        }
    }
}
