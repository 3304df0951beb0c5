//! A store beside a map, and look-ups in batches of any cut beside look-ups one by one.

use crate::support::{at, check};
use proptest::prelude::*;
use servent::Timestamp;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{Lookup, LookupVerdict, ResponseLimiter, StoreBuilder};
use servent::wire::{encode_clireq, encode_response};
use std::collections::HashMap;

/// Short keys of few letters, so that many come again, and values on both sides of where a length takes more bytes.
fn pairs() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let key = prop::collection::vec(b'a'..=b'd', 1..5);
    let value_len = prop_oneof![4 => 0_usize..40, 2 => 240_usize..260, 1 => 0_usize..20_000];
    let value = (1_u8.., value_len).prop_map(|(byte, len)| vec![byte; len]);
    prop::collection::vec((key, value), 0..80)
}

/// What is asked for: also with a tab, behind which a value might begin.
fn asked() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = prop_oneof![12 => b'a'..=b'd', 1 => Just(b'\t'), 1 => Just(0)];
    prop::collection::vec(prop::collection::vec(byte, 1..5), 0..120)
}

#[test]
fn p31_a_store_agrees_with_a_map_read_ahead_or_not() {
    check(file!(), 300, &(pairs(), asked(), any::<[u64; 2]>()), |(pairs, asked, secret)| {
        let (mut builder, mut map) = (StoreBuilder::new(0, secret), HashMap::new());
        for (key, value) in &pairs {
            builder.insert(key, value).unwrap();
            map.insert(key, value);
        }
        let store = builder.build().unwrap();
        prop_assert_eq!((store.len(), store.is_empty()), (map.len(), map.is_empty()));
        let asked: Vec<_> = asked.iter().chain(pairs.iter().map(|(key, _)| key)).collect();
        let hashes: Vec<_> = asked.iter().map(|key| store.hash(key)).collect();
        store.read_ahead(&hashes);
        for (key, &hash) in asked.iter().zip(&hashes) {
            let expected = map.get(key).map(|value| {
                let mut response = Vec::new();
                encode_response(&mut response, key, value);
                response
            });
            prop_assert_eq!(store.response(key), expected.as_deref(), "{}", key.escape_ascii());
            prop_assert_eq!(store.find(hash, key), expected.as_deref(), "{}", key.escape_ascii());
        }
        Ok(())
    });
}

#[test]
fn a_batch_is_answered_as_its_requests_one_by_one() {
    check(file!(), 300, &(pairs(), asked(), any::<[u64; 2]>()), |(pairs, asked, secret)| {
        let lookup = || {
            let mut builder = StoreBuilder::new(0, secret);
            pairs.iter().for_each(|(key, value)| builder.insert(key, value).unwrap());
            Lookup::new(builder.build().unwrap(), ResponseLimiter::new(0))
        };
        let mut inbox = Inbox::default();
        for key in asked.iter().chain(pairs.iter().map(|(key, _)| key)) {
            let mut clireq = Vec::new();
            encode_clireq(&mut clireq, key);
            // A key that begins with a NUL is none.
            inbox.push(at(5000), &clireq).ok();
        }
        let wanted: Vec<_> = (0..inbox.len()).collect();
        let answers = |cuts: &mut dyn Iterator<Item = &[usize]>| {
            let (mut lookup, mut verdicts, mut sent) = (lookup(), Vec::<(usize, LookupVerdict)>::new(), Vec::new());
            for mut wanted in cuts {
                // A full outbox leaves some for the next one.
                while !wanted.is_empty() {
                    let mut outbox = Outbox::default();
                    let judged = |index, verdict, _: &Outbox| verdicts.push((index, verdict));
                    wanted = lookup.on_batch(Timestamp::ZERO, &inbox, wanted, &mut outbox, judged);
                    sent.extend(outbox.iter().map(|(bytes, to)| (bytes.to_vec(), to)));
                }
            }
            (verdicts, sent)
        };
        prop_assert_eq!(answers(&mut [&wanted[..]].into_iter()), answers(&mut wanted.chunks(1)));
        Ok(())
    });
}
