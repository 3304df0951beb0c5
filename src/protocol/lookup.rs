//! Who is answered what: the store, the limiter, and the dialect of the answer.

use super::limit::ResponseLimiter;
use super::store::Store;
use crate::batch::Outbox;
use crate::types::Timestamp;
use crate::wire::Text;
use std::net::SocketAddrV4;

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

    /// Looks `key` up and, if it is held, queues the RESPONSE to `client`: with one NUL at its end exactly if the
    /// request's key field held one (P-3). One that fills a datagram to the last byte has
    /// no room for it, and fails to be sent.
    pub fn answer(
        &mut self,
        now: Timestamp,
        client: SocketAddrV4,
        key: Text<'_>,
        outbox: &mut Outbox,
    ) -> LookupVerdict {
        let Some(response) = self.store.response(key.before_nul()) else {
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
        outbox.send(&datagram, client);
        LookupVerdict::Answered
    }
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
    use std::net::Ipv4Addr;

    fn lookup(limit: u32) -> Lookup {
        let mut builder = StoreBuilder::new(0, [1, 2]);
        builder.insert(b"http", b"80/tcp").unwrap();
        Lookup::new(builder.build(), ResponseLimiter::new(limit))
    }

    fn client(ip: [u8; 4], port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::from(ip), port)
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
            let verdict = lookup(200).answer(Timestamp::ZERO, to, Text::new(field), &mut outbox);
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
            let verdict = lookup(200).answer(Timestamp::ZERO, to, Text::new(b"http"), &mut outbox);
            assert_eq!(verdict == LookupVerdict::Answered, answerable, "{to}");
            assert_eq!(outbox.len(), usize::from(answerable), "{to}");
        }
    }

    #[test]
    fn p24_a_network_over_its_limit_gets_nothing_and_an_absent_key_costs_no_share() {
        let mut lookup = lookup(1);
        let mut outbox = Outbox::default();
        let to = client([203, 0, 113, 7], 5000);
        let mut ask = |key: &'static [u8]| lookup.answer(Timestamp::ZERO, to, Text::new(key), &mut outbox);
        assert_eq!(ask(b"absent"), LookupVerdict::NotFound);
        assert_eq!(ask(b"http"), LookupVerdict::Answered);
        assert_eq!(ask(b"http"), LookupVerdict::ResponseLimited);
    }
}
