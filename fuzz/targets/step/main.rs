//! Any sequence of datagrams at one servent: what it sends for each is exactly what the clauses say, as [`model`]
//! reads them: nothing for a malformed datagram, a RESPONSE or a duplicate; nothing back to where a QUERY came from;
//! every byte but the time-to-live as it came; at most one answer; and no more sightings than the table may keep.
//!
//! ```text
//! setup (1 byte) | source (1) | time (1) | length (1) | datagram (length) | source (1) ...
//!
//! setup   0..=10 neighbours; +16: only they are served; +32, +64, +96: the seen-table holds 1, 3, 5 instead of 64
//! source  1..=10 a neighbour's port, if there are so many; see `source`
//! time    that has passed: its square in milliseconds, so 245 is just more than the expiry; 255: an hour
//! ```
#![no_main]

mod model;

use libfuzzer_sys::fuzz_target;
use model::Model;
use servent::batch::{Inbox, Outbox};
use servent::protocol::{FloodConfig, ResponseLimiter, SeenConfig, parse_kv_file};
use servent::sim::{Behaviour, Machines};
use servent::{Neighbours, SeqNo, Timestamp};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

const SECRET: [u64; 2] = [1, 2];
/// RESPONSEs a second to one network.
const LIMIT: u32 = 4;
const FIRST_SEQ: u32 = u32::MAX - 1;
const KV_FILE: &str = "http\t80/tcp\t# WorldWideWeb HTTP\na\t1\nk#\té\n";
const PAIRS: [(&str, &str); 3] = [("http", "80/tcp\t# WorldWideWeb HTTP"), ("a", "1"), ("k#", "é")];

fuzz_target!(|input: &[u8]| {
    let Some((&setup, mut events)) = input.split_first() else {
        return;
    };
    let neighbours: Vec<_> = (1..=(setup & 15).min(10)).map(source).collect();
    let neighbours_only = setup & 16 != 0;
    let seen = SeenConfig { capacity: [64, 1, 3, 5][usize::from(setup >> 5 & 3)], ..SeenConfig::default() };
    let flood = FloodConfig {
        neighbours: Neighbours::new(neighbours.iter().copied()).expect("at most ten"),
        first_seq: SeqNo(FIRST_SEQ),
        neighbours_only,
        seen,
        secret: SECRET,
    };
    let store = parse_kv_file(KV_FILE.as_bytes(), SECRET).expect("three pairs").store;
    let mut servent = Machines::start(flood, store, ResponseLimiter::new(LIMIT));
    let mut model = Model::new(neighbours, neighbours_only, seen, FIRST_SEQ, LIMIT, &PAIRS);
    let mut now = Timestamp::ZERO;
    let (mut inbox, mut outbox) = (Inbox::default(), Outbox::default());
    while let [from, passed, len, rest @ ..] = events {
        let (datagram, behind) = rest.split_at(rest.len().min(usize::from(*len)));
        events = behind;
        let passed = u64::from(*passed);
        now = now + if passed == 255 { Duration::from_secs(3600) } else { Duration::from_millis(passed * passed) };
        inbox.clear();
        outbox.clear();
        // What is malformed goes nowhere (P-5).
        if inbox.push(source(*from), datagram).is_ok() {
            servent.on_message(now, &inbox, &mut outbox);
        }
        let mut sent: Vec<_> = outbox.iter().map(|(bytes, to)| (to, bytes.to_vec())).collect();
        let mut expected = model.on_datagram(now, source(*from), datagram);
        // Between a forwarded QUERY and the answer there is no order to keep.
        sent.sort();
        expected.sort();
        assert!(servent.sightings() <= seen.capacity as usize);
        assert_eq!(sent, expected, "for {datagram:?} from {} at {now:?}", source(*from));
    }
});

/// Neighbours and clients on loopback; above 200 clients in two networks that share a limit each.
fn source(byte: u8) -> SocketAddrV4 {
    match byte {
        201.. => SocketAddrV4::new(Ipv4Addr::new(203, 0, 113 + (byte & 1), byte), 5000),
        _ => SocketAddrV4::new(Ipv4Addr::LOCALHOST, u16::from(byte)),
    }
}
