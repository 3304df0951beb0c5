//! Look-ups among a million pairs, one by one and in batches that are read ahead: both in turn, round by round.

use super::estimates::Row;
use super::inputs::{client, shuffled_keys, store};
use super::million::verdict;
use servent::Timestamp;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{Lookup, ResponseLimiter, Store};
use servent::wire::encode_clireq;
use std::hint::black_box;
use std::time::Instant;

const MILLION: u32 = 1_000_000;
const BATCH: usize = 64;
const ROUNDS: usize = 15;
/// Look-ups that are timed together. Each time the next keys of all are taken, which no cache holds.
const TIMED: usize = 1 << 15;
/// Of the time that a servent takes to answer requests one by one, the most that it may take in batches.
const RATIO_MAX: f64 = 0.5;

/// The times of both, and their ratio: for the store, and for what a servent does with it.
pub(crate) fn measure() -> Vec<Row> {
    let keys = shuffled_keys(MILLION);
    let mut turns = keys.chunks_exact(TIMED).cycle();
    let mut next = || turns.next().expect("they come again");
    let store = store(MILLION);
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| [nanos(|| find_alone(&store, next())), nanos(|| find_in_batches(&store, next()))])
        .collect();
    let mut rows = rows("store", &rounds, None);

    let mut lookup = Lookup::new(store, ResponseLimiter::new(200));
    let [alone, together]: [Vec<_>; 2] = [(0..BATCH).map(|index| vec![index]).collect(), vec![(0..BATCH).collect()]];
    let mut answer = |wanted: &[Vec<usize>]| {
        let inboxes: Vec<_> = next().chunks_exact(BATCH).map(inbox).collect();
        let mut outbox = Outbox::default();
        nanos(|| inboxes.iter().for_each(|inbox| answer(&mut lookup, inbox, wanted, &mut outbox)))
    };
    let rounds: Vec<_> = (0..ROUNDS).map(|_| [answer(&alone), answer(&together)]).collect();
    rows.extend(self::rows("lookup", &rounds, Some(RATIO_MAX)));
    rows
}

fn find_alone(store: &Store, keys: &[[u8; 12]]) {
    keys.iter().for_each(|key| look_at(store.response(key)));
}

fn find_in_batches(store: &Store, keys: &[[u8; 12]]) {
    let mut hashes = Vec::with_capacity(BATCH);
    for keys in keys.chunks_exact(BATCH) {
        hashes.clear();
        hashes.extend(keys.iter().map(|key| store.hash(key)));
        store.read_ahead(&hashes);
        keys.iter().zip(&hashes).for_each(|(key, &hash)| look_at(store.find(hash, key)));
    }
}

/// As sending it would.
fn look_at(response: Option<&[u8]>) {
    black_box(response.expect("held").iter().fold(0, |sum, byte| sum ^ byte));
}

fn inbox(keys: &[[u8; 12]]) -> Inbox {
    let mut inbox = Inbox::default();
    for key in keys {
        let mut clireq = Vec::new();
        encode_clireq(&mut clireq, key);
        inbox.push(client(), &clireq).expect("well-formed");
    }
    inbox
}

fn answer(lookup: &mut Lookup, inbox: &Inbox, wanted: &[Vec<usize>], outbox: &mut Outbox) {
    outbox.clear();
    for wanted in wanted {
        lookup.on_batch(Timestamp::ZERO, inbox, wanted, outbox, |_, _, _| {});
    }
    assert_eq!(outbox.len(), BATCH, "all are held");
}

/// Nanoseconds of each of so many look-ups.
fn nanos(look_up: impl FnOnce()) -> f64 {
    let start = Instant::now();
    look_up();
    start.elapsed().as_secs_f64() * 1e9 / TIMED as f64
}

fn rows(name: &str, rounds: &[[f64; 2]], most: Option<f64>) -> Vec<Row> {
    let [[_, alone, _], [_, together, _]] = [0, 1].map(|way| spread(rounds.iter().map(|round| round[way])));
    let [min, ratio, max] = spread(rounds.iter().map(|[alone, together]| together / alone));
    let row = |name: String, value, unit: &str, bar| Row { name, value, unit: unit.into(), bar };
    let bar = format!("{} [{min:.2} {max:.2}]", verdict(ratio, most, None));
    vec![
        row(format!("{name}: a look-up among 1e6 alone"), alone, "ns", String::new()),
        row(format!("{name}: a look-up among 1e6 in a batch of {BATCH}"), together, "ns", String::new()),
        row(format!("{name}: batch to alone"), ratio, "ratio", bar),
    ]
}

/// Least, median and greatest.
fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}
