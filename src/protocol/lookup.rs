//! Who is answered what: the store, the limiter, and the dialect of the answer.

use super::READ_AHEAD;
use super::limit::ResponseLimiter;
use super::store::{KeyHash, Store};
use crate::batch::{Inbox, Outbox};
use crate::types::Timestamp;
use crate::wire::{Header, Message, Text};
use std::net::{Ipv4Addr, SocketAddrV4};

/// Looks keys up and answers clients.
#[derive(Debug)]
pub struct Lookup {
    store: Store,
    limiter: ResponseLimiter,
}

/// What became of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupVerdict {
    /// A RESPONSE is in the outbox.
    Answered,
    /// This servent does not hold the key.
    NotFound,
    /// It does, but nobody can be answered at the client's address (P-23).
    UnanswerableClient,
    /// It does, but the client's network had its share for now (P-24).
    ResponseLimited,
}

impl Lookup {
    /// Answers from `store`, within `limiter`.
    #[must_use]
    pub fn new(store: Store, limiter: ResponseLimiter) -> Self {
        Self { store, limiter }
    }

    /// Answers from `store` from now on (P-35); returns the one before it.
    pub fn replace_store(&mut self, store: Store) -> Store {
        std::mem::replace(&mut self.store, store)
    }

    /// Looks up the keys of those requests of a batch whose indices are `wanted`, in that order, and tells `judged` the
    /// index and the verdict of each, and how the outbox is with what was queued for it. A RESPONSE goes to the request's
    /// client ([`Header::client`]), and to a CLIREQ's from the address that was asked, if it is known (P-9).
    ///
    /// A small request can have a large answer, so `outbox` may be full before all is looked up: returns the indices
    /// that are left, for another outbox. With one that was not full at the start it gets on by at least one.
    ///
    /// # Panics
    /// If an index is not that of a request in `inbox`.
    pub fn on_batch<'a>(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        mut wanted: &'a [usize],
        outbox: &mut Outbox,
        mut judged: impl FnMut(usize, LookupVerdict, &Outbox),
    ) -> &'a [usize] {
        while !wanted.is_empty() && !outbox.is_full() {
            wanted = match wanted.len() {
                1 => self.on_requests::<1>(now, inbox, wanted, outbox, &mut judged),
                _ => self.on_requests::<READ_AHEAD>(now, inbox, wanted, outbox, &mut judged),
            };
        }
        wanted
    }

    /// Looks up to `AHEAD` of the keys up, whose memory is read ahead together. For one there is nothing to be ahead of.
    fn on_requests<'a, const AHEAD: usize>(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        mut wanted: &'a [usize],
        outbox: &mut Outbox,
        judged: &mut impl FnMut(usize, LookupVerdict, &Outbox),
    ) -> &'a [usize] {
        let mut hashes = [KeyHash::default(); AHEAD];
        let hashes = &mut hashes[..wanted.len().min(AHEAD)];
        for (hash, &index) in hashes.iter_mut().zip(wanted) {
            *hash = self.store.hash(wanted_message(inbox, index).1.text.before_nul());
        }
        if AHEAD > 1 {
            self.store.read_ahead(hashes);
        }
        for &hash in &*hashes {
            let [index, rest @ ..] = wanted else { break };
            if outbox.is_full() {
                break;
            }
            let (source, message) = wanted_message(inbox, *index);
            let client = message.header.client(source).expect("what is wanted is a request");
            // A QUERY may have come by another way than its client can be answered.
            let from = match message.header {
                Header::Clireq => inbox.asked_at(*index),
                _ => Ipv4Addr::UNSPECIFIED,
            };
            let verdict = self.answer(now, from, client, hash, message.text, outbox);
            judged(*index, verdict, outbox);
            wanted = rest;
        }
        wanted
    }

    /// Looks `key` up and, if it is held, queues the RESPONSE from `from` to `client`: with one NUL at its end exactly if the
    /// request's key field held one (P-3). One that fills a datagram to the last byte has
    /// no room for it, and fails to be sent.
    fn answer(
        &mut self,
        now: Timestamp,
        from: Ipv4Addr,
        client: SocketAddrV4,
        hash: KeyHash,
        key: Text<'_>,
        outbox: &mut Outbox,
    ) -> LookupVerdict {
        let Some(response) = self.store.find(hash, key.before_nul()) else {
            return LookupVerdict::NotFound;
        };
        if !is_answerable(client) {
            return LookupVerdict::UnanswerableClient;
        }
        if !self.limiter.allow(now, *client.ip()) {
            return LookupVerdict::ResponseLimited;
        }
        let datagram = outbox.write(|bytes| {
            bytes.extend_from_slice(response);
            if key.is_nul_terminated() {
                bytes.push(0);
            }
        });
        outbox.send_from(&datagram, from, client);
        LookupVerdict::Answered
    }
}

/// The message of a batch at an index that is wanted.
fn wanted_message(inbox: &Inbox, index: usize) -> (SocketAddrV4, Message<'_>) {
    inbox.get(index).expect("what is wanted lies in the batch")
}

/// Whether a single host can be meant by `client` (P-23): not 0.0.0.0/8, multicast, 240.0.0.0/4 (which ends in
/// broadcast) or port 0.
fn is_answerable(client: SocketAddrV4) -> bool {
    let first = client.ip().octets()[0];
    first != 0 && first < 224 && client.port() != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StoreBuilder;
    use crate::types::{SeqNo, Ttl};
    use crate::wire::{QueryHeader, encode_clireq, encode_query};

    fn lookup(limit: u32) -> Lookup {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        builder.insert(b"http", b"80/tcp").unwrap();
        Lookup::new(builder.build().unwrap(), ResponseLimiter::new(limit))
    }

    fn client(ip: [u8; 4], port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::from(ip), port)
    }

    fn inbox(client: SocketAddrV4, fields: &[&[u8]]) -> Inbox {
        let mut inbox = Inbox::default();
        for field in fields {
            let mut clireq = Vec::new();
            encode_clireq(&mut clireq, field);
            inbox.push(client, &clireq).unwrap();
        }
        inbox
    }

    /// Looks the key of one CLIREQ up.
    fn ask(lookup: &mut Lookup, client: SocketAddrV4, field: &[u8], outbox: &mut Outbox) -> LookupVerdict {
        let mut found = None;
        let inbox = inbox(client, &[field]);
        let left = lookup.on_batch(Timestamp::ZERO, &inbox, &[0], outbox, |_, verdict, _| found = Some(verdict));
        assert!(left.is_empty());
        found.unwrap()
    }

    #[test]
    fn p3_the_answer_ends_with_one_nul_exactly_if_the_key_field_held_one() {
        for (field, response) in [
            (&b"http"[..], &b"\0\x03http\t80/tcp"[..]),
            (b"http\0", b"\0\x03http\t80/tcp\0"),
            (b"http\0\0\0\0", b"\0\x03http\t80/tcp\0"),
            (b"http\0garbage", b"\0\x03http\t80/tcp\0"),
        ] {
            let mut outbox = Outbox::default();
            let to = client([127, 0, 0, 1], 5000);
            let verdict = ask(&mut lookup(200), to, field, &mut outbox);
            assert_eq!(verdict, LookupVerdict::Answered);
            assert_eq!(outbox.iter().collect::<Vec<_>>(), [(response, to)], "{field:?}");
        }
    }

    #[test]
    fn p23_clients_that_nobody_can_answer_get_nothing() {
        for (to, answerable) in [
            (client([0, 0, 0, 0], 5000), false),
            (client([0, 255, 0, 1], 5000), false),
            (client([224, 0, 0, 1], 5000), false),
            (client([239, 255, 255, 255], 5000), false),
            (client([240, 0, 0, 1], 5000), false),
            (client([255, 255, 255, 255], 5000), false),
            (client([127, 0, 0, 1], 0), false),
            (client([223, 255, 255, 255], 1), true),
            (client([1, 0, 0, 1], 65_535), true),
        ] {
            let mut outbox = Outbox::default();
            let verdict = ask(&mut lookup(200), to, b"http", &mut outbox);
            assert_eq!(verdict == LookupVerdict::Answered, answerable, "{to}");
            assert_eq!(outbox.len(), usize::from(answerable), "{to}");
        }
    }

    #[test]
    fn p24_a_network_over_its_limit_gets_nothing_and_an_absent_key_costs_no_share() {
        let mut lookup = lookup(1);
        let mut outbox = Outbox::default();
        let to = client([203, 0, 113, 7], 5000);
        let mut ask = |key| ask(&mut lookup, to, key, &mut outbox);
        assert_eq!(ask(b"absent"), LookupVerdict::NotFound);
        assert_eq!(ask(b"http"), LookupVerdict::Answered);
        assert_eq!(ask(b"http"), LookupVerdict::ResponseLimited);
    }

    #[test]
    fn p11_p14_the_sender_of_a_clireq_is_answered_and_the_client_that_a_query_names() {
        let (source, named) = (client([127, 0, 0, 1], 1), client([127, 0, 0, 1], 5000));
        let mut inbox = inbox(source, &[b"http"]);
        let mut query = Vec::new();
        encode_query(&mut query, QueryHeader { ttl: Ttl(3), client: named, seq: SeqNo(7) }, b"http");
        inbox.push(source, &query).unwrap();
        let mut outbox = Outbox::default();
        lookup(200).on_batch(Timestamp::ZERO, &inbox, &[1, 0], &mut outbox, |_, _, _| {});
        assert_eq!(outbox.iter().map(|(_, to)| to).collect::<Vec<_>>(), [named, source]);
    }

    #[test]
    fn p9_a_clireq_is_answered_from_the_address_that_was_asked_and_a_query_as_routing_chooses() {
        let (source, asked) = (client([127, 0, 0, 1], 5000), Ipv4Addr::new(127, 0, 0, 2));
        let mut inbox = inbox(source, &[b"http"]);
        inbox.push_at(source, asked, b"\0\x01http").unwrap();
        let mut query = Vec::new();
        encode_query(&mut query, QueryHeader { ttl: Ttl(3), client: source, seq: SeqNo(7) }, b"http");
        inbox.push_at(source, asked, &query).unwrap();
        let mut outbox = Outbox::default();
        lookup(200).on_batch(Timestamp::ZERO, &inbox, &[0, 1, 2], &mut outbox, |_, _, _| {});
        let froms: Vec<_> = outbox.transmits().iter().map(|transmit| transmit.from).collect();
        assert_eq!(froms, [Ipv4Addr::UNSPECIFIED, asked, Ipv4Addr::UNSPECIFIED]);
    }

    #[test]
    fn what_a_full_outbox_has_no_room_for_is_left_for_the_next_one() {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        builder.insert(b"large", &[b'v'; 60_000]).unwrap();
        let mut lookup = Lookup::new(builder.build().unwrap(), ResponseLimiter::new(200));
        let inbox = inbox(client([127, 0, 0, 1], 5000), &[&b"large"[..]; 40]);
        // Of 40, those with an even index.
        let wanted: Vec<_> = (0..40).step_by(2).collect();
        let (mut left, mut looked_up) = (&wanted[..], Vec::new());
        // 18 of them pass a mebibyte.
        for sent in [18, 2] {
            let mut outbox = Outbox::default();
            left = lookup.on_batch(Timestamp::ZERO, &inbox, left, &mut outbox, |index, _, _| looked_up.push(index));
            assert_eq!(outbox.len(), sent);
        }
        assert!(left.is_empty());
        assert_eq!(looked_up, wanted);
    }
}
