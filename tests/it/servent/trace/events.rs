//! Each event of one servent, and that they add up to its counters.

use super::{Event, read, read_growing};
use crate::support::wire::{clireq, query, response};
use crate::support::{Peer, Rig, TempDir, until};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A rig whose servent is traced, and the trace's file.
fn traced(neighbours: usize, options: &[&str]) -> (Rig, PathBuf, TempDir) {
    let dir = TempDir::new();
    let file = dir.path().join("trace.jsonl");
    let options = [&["--trace", file.to_str().unwrap()], options].concat();
    (Rig::new(neighbours, &options), file, dir)
}

/// The events without what differs from run to run.
fn essence(events: &[Event]) -> Vec<Value> {
    let strip = |Event(value): &Event| {
        let mut value = value.clone();
        let fields = value.as_object_mut().unwrap();
        for name in ["t", "node"] {
            fields.remove(name);
        }
        value
    };
    events.iter().map(strip).collect()
}

#[test]
fn p5_p6_p11_p14_p17_p23_every_datagram_is_told_with_what_became_of_it() {
    let (rig, file, _dir) = traced(2, &["--first-seq", "7"]);
    let me = rig.client.addr().to_string();
    let [first, second] = [0, 1].map(|index| rig.neighbours[index].addr().to_string());
    let nobody = "0.0.0.0:5".parse().unwrap();
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    let fresh = |ttl, seq| query(ttl, rig.client.addr(), seq, b"smtp");
    let from_client = [query(1, nobody, 3, b"http"), fresh(9, 4), fresh(0, 5), response(b"k", b"v"), b"\0".to_vec()];
    rig.neighbours[0].send(rig.addr(), &fresh(3, 1));
    rig.expect_answer(b"smtp", b"25/tcp");
    rig.neighbours[1].send(rig.addr(), &fresh(2, 1));
    from_client.iter().for_each(|datagram| rig.send(datagram));
    rig.expect_answer(b"smtp", b"25/tcp");
    rig.servent.stop();

    let (events, missing) = read(&file);
    assert_eq!(missing, 0);
    let mut found = essence(&events);
    let asked = |more: Value| merged(&json!({"type": "query", "client": me, "key": "smtp"}), more);
    let once = |seq: u32, from: &str, ttl: u16, more: Value| {
        asked(merged(&json!({"seq": seq, "from": from, "ttl": ttl}), more))
    };
    let clireq = |more: Value| merged(&json!({"type": "clireq", "from": me, "client": me, "key": "http"}), more);
    let unheard = |more: Value| {
        let about = json!({"type": "query", "from": me, "client": "0.0.0.0:5", "ttl": 1, "seq": 3, "key": "http"});
        merged(&about, more)
    };
    let mut expected = [
        clireq(json!({"event": "received"})),
        clireq(json!({"event": "forwarded", "seq": 7, "ttl_sent": 3, "count": 2, "to": [first, second]})),
        clireq(json!({"event": "answered", "to": [me]})),
        once(1, &first, 3, json!({"event": "received"})),
        once(1, &first, 3, json!({"event": "forwarded", "ttl_sent": 2, "count": 1, "to": [second]})),
        once(1, &first, 3, json!({"event": "answered", "to": [me]})),
        once(1, &second, 2, json!({"event": "received"})),
        once(1, &second, 2, json!({"event": "duplicate", "higher_ttl": false})),
        unheard(json!({"event": "received"})),
        unheard(json!({"event": "not_forwarded", "why": "ttl_expired"})),
        unheard(json!({"event": "dropped", "why": "unanswerable_client"})),
        once(4, &me, 9, json!({"event": "received"})),
        once(4, &me, 9, json!({"event": "forwarded", "ttl_sent": 2, "count": 2, "to": [first, second]})),
        once(4, &me, 9, json!({"event": "answered", "to": [me]})),
        once(5, &me, 0, json!({"event": "received"})),
        once(5, &me, 0, json!({"event": "dropped", "why": "ttl_zero"})),
        json!({"event": "dropped", "why": "unexpected_response", "type": "response", "from": me, "key": "k"}),
        json!({"event": "dropped", "why": "malformed_too_short", "from": me, "len": 1}),
    ];
    // What different actors write may lie in any order; what each writes is about one datagram after the other.
    found.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(found, expected);
}

fn merged(object: &Value, more: Value) -> Value {
    let mut all = object.clone();
    let Value::Object(more) = more else { panic!("no object: {more}") };
    all.as_object_mut().unwrap().extend(more);
    all
}

#[test]
fn p22_p27_strangers_and_dead_ends_have_their_causes() {
    let (rig, file, _dir) = traced(1, &["--neighbours-only"]);
    let stranger = Peer::new();
    stranger.send(rig.addr(), &query(3, rig.client.addr(), 1, b"absent"));
    rig.neighbours[0].send(rig.addr(), &query(3, rig.client.addr(), 2, b"absent"));
    rig.stop();
    let (events, _) = read(&file);
    let told = |name: &str, why: &str, key: &str| {
        let told = |event: &&Event| event.name() == name && event.0["why"] == why && event.0["key"] == key;
        events.iter().filter(told).count()
    };
    assert_eq!(told("dropped", "stranger_refused", "absent"), 1, "{events:?}");
    assert_eq!(told("not_forwarded", "no_other_neighbour", "absent"), 1, "{events:?}");
    assert_eq!(events.iter().filter(|event| event.name() == "not_found").count(), 1, "{events:?}");
}

#[test]
fn p4_any_key_comes_through() {
    let (rig, file, _dir) = traced(0, &[]);
    let long = vec![b'k'; 60_000];
    let rows: [(&[u8], &str, String); 6] = [
        (b"tab\tand \"quotes\" \\", "key", "tab\tand \"quotes\" \\".to_owned()),
        (b"\x1b[2J\x7f", "key", "\u{1b}[2J\u{7f}".to_owned()),
        ("\u{202e}caf\u{e9} \u{1f600}".as_bytes(), "key", "\u{202e}caf\u{e9} \u{1f600}".to_owned()),
        (b"na\xefve", "key_base64", "bmHvdmU=".to_owned()),
        (b"ends\0garbage \xff", "key", "ends".to_owned()),
        (&long, "key", "k".repeat(60_000)),
    ];
    rows.iter().for_each(|(key, ..)| rig.send(&clireq(key)));
    rig.stop();
    let (events, _) = read(&file);
    let received: Vec<_> = events.iter().filter(|event| event.is("received", "clireq")).collect();
    assert_eq!(received.len(), rows.len());
    for ((_, field, shown), event) in rows.iter().zip(received) {
        assert_eq!(event.text(field), shown);
    }
}

#[test]
fn the_first_line_says_what_its_times_mean_and_the_file_can_be_followed() {
    let before = nanos(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap().into());
    let (rig, file, _dir) = traced(1, &["--bind", "127.0.0.1"]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    // Without a stop and without more events.
    until("the three lines of a CLIREQ", || read_growing(&file).len() == 4);
    let events = read_growing(&file);
    let after = nanos(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap().into());
    let wall = nanos(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    assert_eq!((events[0].name(), events[0].text("node")), ("start", rig.addr().to_string().as_str()));
    assert_eq!(events[0].0["neighbours"], json!([rig.neighbours[0].addr().to_string()]));
    assert!(events.iter().all(|event| (before..=after).contains(&event.number("t"))), "{before} {after} {events:?}");
    // The wall clock may have been set meanwhile, but hardly by an hour.
    assert!(wall.abs_diff(events[0].number("wall_ns")) < nanos(Duration::from_secs(3600)));
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap()
}

/// Nothing of an earlier trace is left, however long it was.
#[test]
fn a_trace_begins_its_file_anew() {
    let dir = TempDir::new();
    let file = dir.write("trace.jsonl", &b"old\n".repeat(10_000));
    let rig = Rig::new(0, &["--trace", file.to_str().unwrap()]);
    rig.stop();
    let (events, missing) = read(&file);
    assert_eq!((events.len(), missing), (3, 0), "the sentinel's: received, not_forwarded, answered: {events:?}");
}

/// On the way to the lines that there must be for what was counted, less those that are counted as missing.
pub(super) fn expect_complete(file: &Path, counters: &crate::support::Counters, floods_clireqs: bool) -> usize {
    let (events, missing) = read(file);
    assert_eq!(missing, counters.get("trace_dropped"));
    let clireqs = if floods_clireqs { counters.get("clireq") } else { 0 };
    let due = counters.get("received")
        + clireqs
        + counters.get("query")
        + counters.get("lookup")
        + counters.sum_of_all("send_failed_");
    assert_eq!(events.len() as u64 + missing, due, "{counters:?}");
    events.len()
}
