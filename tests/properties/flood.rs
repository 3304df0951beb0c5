//! A batch is judged as its messages one by one.

use crate::support::{Pace, at, check, one_of, pace};
use proptest::prelude::*;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, Flooder, SeenConfig, Verdict};
use servent::wire::{Header, QueryHeader, encode_clireq, encode_query, encode_response};
use servent::{Neighbours, SeqNo, Timestamp, Ttl};
use std::net::{Ipv4Addr, SocketAddrV4};

/// A message and the port it comes from: 1 to 4 may be neighbours.
type Received = (u16, Header, Vec<u8>);

/// Few clients, numbers and keys, so that most QUERYs come again; the numbers lie round the one that CLIREQs start
/// at, so that a servent's own QUERYs come back.
fn received(first_seq: u32) -> impl Strategy<Value = Received> {
    let query = (0_u16..=4, 4_u16..7, 0_u32..8).prop_map(move |(ttl, client, seq)| {
        Header::Query(QueryHeader { ttl: Ttl(ttl), client: at(client), seq: SeqNo(first_seq.wrapping_add(seq)) })
    });
    let header = prop_oneof![3 => Just(Header::Clireq), 8 => query, 1 => Just(Header::Response)];
    let key = one_of(&[&b"a"[..], b"b", b"a\0", b"a\0\0", b"a\0x"]);
    (1_u16..7, header, key.prop_map(<[u8]>::to_vec))
}

fn config() -> impl Strategy<Value = FloodConfig> {
    let port = prop_oneof![8 => (1_u16..=4).prop_map(at), 1 => Just(SocketAddrV4::new(Ipv4Addr::new(10, 0, 0, 1), 9))];
    let first_seq = prop_oneof![any::<u32>(), Just(u32::MAX)];
    (prop::collection::vec(port, 0..5), first_seq, any::<bool>(), 1_u32..12, any::<[u64; 2]>()).prop_map(
        |(neighbours, first_seq, neighbours_only, capacity, secret)| FloodConfig {
            neighbours: Neighbours::new(neighbours).unwrap(),
            first_seq: SeqNo(first_seq),
            neighbours_only,
            seen: SeenConfig { capacity, ..SeenConfig::default() },
            secret,
        },
    )
}

fn run() -> impl Strategy<Value = (FloodConfig, Vec<(Pace, Vec<Received>)>)> {
    config().prop_flat_map(|config| {
        // Some beyond what is read ahead together.
        let len = prop_oneof![6 => 0_usize..20, 1 => 30_usize..70];
        let first_seq = config.first_seq.0;
        let batch = len.prop_flat_map(move |len| prop::collection::vec(received(first_seq), len));
        (Just(config), prop::collection::vec((pace(), batch), 1..10))
    })
}

fn inbox(batch: &[Received]) -> Inbox {
    let mut inbox = Inbox::default();
    for (source, header, key) in batch {
        let mut datagram = Vec::new();
        match header {
            Header::Clireq => encode_clireq(&mut datagram, key),
            Header::Query(header) => encode_query(&mut datagram, *header, key),
            Header::Response => encode_response(&mut datagram, key, b"value"),
        }
        // A RESPONSE whose key holds a NUL is none, and leaves no trace.
        inbox.push(at(*source), &datagram).ok();
    }
    inbox
}

/// Judges each message as a batch of its own.
fn judge_one_by_one(flooder: &mut Flooder, now: Timestamp, batch: &[Received], outbox: &mut Outbox) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for message in batch {
        let inbox = inbox(std::slice::from_ref(message));
        flooder.on_batch(now, &inbox, outbox, |_, verdict, _| verdicts.push(verdict));
    }
    verdicts
}

#[test]
fn a_batch_is_judged_as_its_messages_one_by_one() {
    check(file!(), 5_000, &run(), |(config, batches)| {
        let expiry = config.seen.expiry;
        let (mut together, mut apart) = (Flooder::new(config.clone()), Flooder::new(config));
        let mut now = Timestamp::ZERO;
        for (pace, batch) in batches {
            now = pace.after(now, expiry);
            let inbox = inbox(&batch);
            let (mut outbox, mut expected_outbox) = (Outbox::default(), Outbox::default());
            let (mut indices, mut verdicts) = (Vec::new(), Vec::new());
            together.on_batch(now, &inbox, &mut outbox, |index, verdict, _| {
                indices.push(index);
                verdicts.push(verdict);
            });
            let is_judged =
                |index: &usize| inbox.get(*index).is_some_and(|(_, message)| message.header != Header::Response);
            prop_assert_eq!(indices, (0..inbox.len()).filter(is_judged).collect::<Vec<_>>());
            prop_assert_eq!(verdicts, judge_one_by_one(&mut apart, now, &batch, &mut expected_outbox));
            prop_assert_eq!(outbox.iter().collect::<Vec<_>>(), expected_outbox.iter().collect::<Vec<_>>());
        }
        Ok(())
    });
}
