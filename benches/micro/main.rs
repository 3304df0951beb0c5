//! The machines of the library one operation at a time, and what a million pairs or sightings cost.
//!
//! ```text
//! cargo bench --bench micro                  everything
//! cargo bench --bench micro -- store         what has `store` in its name
//! ```
//!
//! First come criterion's tables: decode and encode of a datagram, an observation of the seen-table with a thousand
//! and a million sightings live, a lookup in stores of a thousand and a million pairs (12-byte keys in random order,
//! 45-byte values), parsing a file of a million such pairs, and the RESPONSE limiter. Inputs are the same in every
//! run, and each answer is checked once before it is timed.
//!
//! Then what criterion can't say, each measured in a process of its own, which `million` starts: the slowest single
//! observation, look-ups in batches against look-ups one by one (`ahead`), memory per sighting and per pair, the time to
//! load a file, and the time until the release servent answers. Against a bar where there is one.
//!
//! Results go to `bench-results/micro.csv` in the target folder: medians of criterion in nanoseconds, and the numbers
//! of `million`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't go on ends, and says where")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its results")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

mod ahead;
mod estimates;
mod inputs;
mod million;

use criterion::{BatchSize, Criterion, Throughput};
use inputs::{MISS, PAIR_BYTES, client, key, million_pairs, query_id, shuffled_keys, store};
use servent::batch::{Inbox, Outbox};
use servent::protocol::{
    FloodConfig, Flooder, Lookup, LookupVerdict, ResponseLimiter, SeenConfig, SeenTable, Sighting, parse_kv_file,
};
use servent::wire::{QueryHeader, decode, encode_query, encode_response};
use servent::{Neighbours, SeqNo, Timestamp, Ttl};
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, SystemTime};

fn main() {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if million::serve_as_child(&words) {
        return;
    }
    let start = SystemTime::now();
    let mut criterion = Criterion::default()
        .without_plots()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    wire(&mut criterion);
    seen(&mut criterion);
    lookups(&mut criterion);
    machines(&mut criterion);
    loading(&mut criterion);
    limiter(&mut criterion);
    criterion.final_summary();

    // Without the `--bench` of cargo bench, criterion runs everything once as a test and measures nothing.
    if words.iter().any(|word| word == "--bench") {
        let mut rows = estimates::medians_since(start);
        rows.extend(million::measure(&words));
        estimates::write_csv(&rows);
    }
}

fn wire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let header = QueryHeader { ttl: Ttl(3), client: client(), seq: SeqNo(7) };
    let (mut query, mut response) = (Vec::new(), Vec::new());
    encode_query(&mut query, header, &key(1));
    encode_response(&mut response, &key(1), &inputs::value(1));
    let clireq = [b"\0\x01", &key(1)[..]].concat();
    for (name, datagram) in [("clireq", &clireq), ("query", &query), ("response", &response)] {
        decode(datagram).expect("well-formed");
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(datagram)).is_ok()));
    }
    let malformed = [&[0][..], b"\0\x09key", b"\0\x02\0\x03\x7f\0\0\x01", b"\0\x01\0", b"\0\x03no tab"];
    assert!(malformed.iter().all(|datagram| decode(datagram).is_err()), "malformed");
    let mut turn = malformed.iter().cycle();
    group.bench_function("malformed", |bencher| bencher.iter(|| decode(black_box(turn.next().unwrap())).is_err()));
    group.finish();

    let mut buffer = Vec::with_capacity(64);
    criterion.bench_function("encode/query", |bencher| {
        bencher.iter(|| {
            buffer.clear();
            encode_query(&mut buffer, black_box(header), black_box(&query[14..]));
            buffer.len()
        });
    });
    assert_eq!(buffer.get(..).filter(|bytes| !bytes.is_empty()).unwrap_or(&query), query, "as encoded before");
}

/// A table that holds as many sightings as it may, numbered from 1, so that a new one takes the place of the oldest.
fn seen(criterion: &mut Criterion) {
    for (live, name) in [(1_000, "1e3"), (1_000_000, "1e6")] {
        let config = SeenConfig { expiry: Duration::from_secs(60), capacity: live };
        let mut table = SeenTable::new(config, [1, 2]);
        let mut last = 0;
        let mut observe_new = |table: &mut SeenTable| {
            last += 1;
            let fingerprint = table.fingerprint(&query_id(last));
            table.observe(Timestamp::ZERO, fingerprint, Ttl(3))
        };
        for _ in 0..live {
            assert_eq!(observe_new(&mut table), Sighting::First { evicted: false });
        }
        criterion
            .bench_function(format!("seen/new/{name}").as_str(), |bencher| bencher.iter(|| observe_new(&mut table)));
        assert_eq!(observe_new(&mut table), Sighting::First { evicted: true });
        // As the flooder does it: a batch is read ahead, then observed.
        let mut fingerprints = Vec::new();
        criterion.bench_function(format!("seen/batch of 64 new/{name}").as_str(), |bencher| {
            bencher.iter(|| {
                fingerprints.clear();
                fingerprints.extend((last + 1..=last + 64).map(|seq| table.fingerprint(&query_id(seq))));
                last += 64;
                table.read_ahead(&fingerprints);
                for &fingerprint in &fingerprints {
                    table.observe(Timestamp::ZERO, fingerprint, Ttl(3));
                }
            });
        });
        let mut random = 1_u32;
        let mut observe_again = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let fingerprint = table.fingerprint(&query_id(last - random % live));
            table.observe(Timestamp::ZERO, fingerprint, Ttl(3))
        };
        assert_eq!(observe_again(), Sighting::Again { higher_ttl: false });
        criterion.bench_function(format!("seen/duplicate/{name}").as_str(), |bencher| bencher.iter(&mut observe_again));
        assert_eq!(observe_again(), Sighting::Again { higher_ttl: false });
    }
}

fn lookups(criterion: &mut Criterion) {
    for (pairs, name) in [(1_000, "1e3"), (1_000_000, "1e6")] {
        let store = store(pairs);
        let keys = shuffled_keys(pairs);
        for (index, key) in keys.iter().enumerate().take(100) {
            assert!(store.response(key).expect("held").starts_with(&[b"\0\x03", &key[..], b"\t"].concat()), "{index}");
        }
        let mut turn = keys.iter().cycle();
        criterion.bench_function(format!("store/hit/{name}").as_str(), |bencher| {
            bencher.iter(|| store.response(turn.next().unwrap()).map(|response| response[2]));
        });
        let mut misses = keys.iter().cycle().map(|key| {
            let mut key = *key;
            key[0] = MISS;
            key
        });
        assert_eq!(store.response(&misses.next().unwrap()), None);
        criterion.bench_function(format!("store/miss/{name}").as_str(), |bencher| {
            bencher.iter(|| store.response(&misses.next().unwrap()).is_some());
        });
    }
}

/// The two machines of a servent, a batch of 64 QUERYs at a time. Pushing the batch is not counted.
fn machines(criterion: &mut Criterion) {
    let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    let keys = shuffled_keys(1_000_000);
    let mut seq = 0;
    let mut next_batch = || {
        let mut inbox = Inbox::default();
        for _ in 0..64 {
            seq += 1;
            let (header, mut query) = (QueryHeader { ttl: Ttl(3), client: client(), seq: SeqNo(seq) }, Vec::new());
            encode_query(&mut query, header, &keys[seq as usize % keys.len()]);
            inbox.push(at(1), &query).expect("well-formed");
        }
        inbox
    };
    let mut flooder = Flooder::new(FloodConfig {
        neighbours: Neighbours::new((1..=4).map(at)).expect("four"),
        first_seq: SeqNo(0),
        neighbours_only: false,
        seen: SeenConfig::default(),
        secret: [1, 2],
    });
    let mut outbox = Outbox::default();
    let mut flood = |inbox: &Inbox| {
        outbox.clear();
        flooder.on_batch(Timestamp::ZERO, inbox, &mut outbox, |_, _, _| {});
        outbox.len()
    };
    for _ in 0..1 << 14 {
        assert_eq!(flood(&next_batch()), 64 * 3, "each to all neighbours but its source");
    }
    criterion.bench_function("flood/batch of 64 new/1e6", |bencher| {
        bencher.iter_batched_ref(&mut next_batch, |inbox| flood(inbox), BatchSize::SmallInput);
    });
    let mut lookup = Lookup::new(store(1_000_000), ResponseLimiter::new(200));
    let mut outbox = Outbox::default();
    let wanted: Vec<_> = (0..64).collect();
    let mut look_up = |inbox: &Inbox| {
        outbox.clear();
        let mut answered = 0;
        let is_answered = |_, verdict, _: &Outbox| answered += u32::from(verdict == LookupVerdict::Answered);
        let left = lookup.on_batch(Timestamp::ZERO, inbox, &wanted, &mut outbox, is_answered);
        assert!(left.is_empty(), "an outbox has room for 64");
        answered
    };
    assert_eq!(look_up(&next_batch()), 64, "all held");
    criterion.bench_function("lookup/batch of 64 held/1e6", |bencher| {
        bencher.iter_batched_ref(&mut next_batch, |inbox| look_up(inbox), BatchSize::SmallInput);
    });
}

fn loading(criterion: &mut Criterion) {
    let file = million_pairs();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10).throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("1e6", |bencher| {
        bencher.iter_batched(
            || (),
            |()| parse_kv_file(black_box(&file), [1, 2]).expect("below 4 GiB"),
            BatchSize::PerIteration,
        );
    });
    group.finish();
    assert_eq!(file.len(), PAIR_BYTES * 1_000_000);
}

fn limiter(criterion: &mut Criterion) {
    let mut allow = |name: &str, limit: u32, destination: fn(u32) -> Ipv4Addr| {
        let mut limiter = ResponseLimiter::new(limit);
        let mut count = 0_u32;
        criterion.bench_function(format!("limiter/{name}").as_str(), |bencher| {
            bencher.iter(|| {
                count = count.wrapping_add(1);
                // A RESPONSE a microsecond.
                let now = Timestamp::from_start(Duration::from_micros(u64::from(count)));
                limiter.allow(now, destination(count))
            });
        });
    };
    allow("private", 200, |_| Ipv4Addr::LOCALHOST);
    allow("one network, allowed", u32::MAX, |_| Ipv4Addr::new(8, 8, 8, 8));
    allow("one network, refused", 200, |_| Ipv4Addr::new(8, 8, 8, 8));
    allow("65536 networks", 200, |count| {
        let [_, b, c, _] = count.wrapping_mul(0x9e37_79b9).to_be_bytes();
        Ipv4Addr::new(8, b, c, 1)
    });
}
