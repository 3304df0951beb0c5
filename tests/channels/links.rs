//! Links to neighbours that lose and hold back QUERYs, by a clock that is set by hand.

use crate::support::{HAND_OVERS, ManualClock, at, clireq, contents, next, query, response, store};
use crossbeam_channel::{Receiver, Sender, never, unbounded};
use parking_lot::Mutex;
use serde_json::{Value, json};
use servent::actor::channels::OutboxHandle;
use servent::actor::clock::Clock;
use servent::actor::crew::Crew;
use servent::actor::links;
use servent::batch::Outbox;
use servent::net::memory::{MemorySink, MemorySource, Parcel};
use servent::protocol::Links;
use servent::stats::Stats;
use servent::{Endpoint, HandOver, LinkConfig, SeqNo, Servent, Timestamp};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn after(time: Duration) -> Timestamp {
    Timestamp::ZERO + time
}

fn outbox(ports: &[u16]) -> OutboxHandle {
    let mut outbox = Outbox::default();
    let datagram = outbox.write(|bytes| bytes.extend_from_slice(&query(3, 5000, 7, b"http")));
    ports.iter().for_each(|&port| outbox.send(&datagram, at(port)));
    Arc::new(outbox)
}

/// The actor with links like these, until its channel is closed; where to send to, and what comes out.
fn start_actor(
    config: LinkConfig,
    clock: impl Clock + Send + 'static,
) -> (Crew, Stats, Sender<OutboxHandle>, Receiver<OutboxHandle>) {
    let (mut crew, mut stats) = (Crew::default(), Stats::default());
    let (outbox_tx, outbox_rx) = unbounded();
    let (sender_tx, sender_rx) = unbounded();
    let tally = stats.tally();
    let run = move || links::run(Links::new(config, 7), &outbox_rx, never(), &sender_tx.into(), &clock, tally, None);
    crew.spawn("links", run).unwrap();
    (crew, stats, outbox_tx, sender_rx)
}

#[test]
fn a_query_is_handed_on_when_it_is_due() {
    let (clock, deadline_rx) = ManualClock::new();
    let config = LinkConfig { delay: 50 * MS, ..LinkConfig::default() };
    let (crew, stats, outbox_tx, sender_rx) = start_actor(config, clock.clone());
    outbox_tx.send(outbox(&[1, 2])).unwrap();
    assert_eq!(next(&deadline_rx), after(50 * MS));
    clock.set(after(20 * MS));
    outbox_tx.send(outbox(&[2])).unwrap();
    assert_eq!(next(&deadline_rx), after(50 * MS), "it still waits for the first");
    assert!(sender_rx.is_empty());

    let datagram = query(3, 5000, 7, b"http");
    clock.set(after(50 * MS));
    assert_eq!(contents(&next(&sender_rx)), [(at(1), datagram.clone()), (at(2), datagram.clone())]);
    assert_eq!(next(&deadline_rx), after(70 * MS));
    clock.set(after(70 * MS));
    assert_eq!(contents(&next(&sender_rx)), [(at(2), datagram)]);
    drop(outbox_tx);
    crew.join().unwrap();
    assert!(sender_rx.recv().is_err(), "it ends with the flooder");
    assert_eq!(stats.snapshot().link_lost, 0);
}

#[test]
fn what_is_under_way_at_the_end_is_counted_and_does_not_leave() {
    let (clock, deadline_rx) = ManualClock::new();
    let config = LinkConfig { delay: 50 * MS, ..LinkConfig::default() };
    let (crew, stats, outbox_tx, sender_rx) = start_actor(config, clock.clone());
    outbox_tx.send(outbox(&[1, 2])).unwrap();
    next(&deadline_rx);
    clock.set(after(20 * MS));
    outbox_tx.send(outbox(&[3])).unwrap();
    next(&deadline_rx);
    clock.set(after(50 * MS));
    drop(outbox_tx);
    crew.join().unwrap();
    assert_eq!(next(&sender_rx).len(), 2, "these were due");
    assert!(sender_rx.recv().is_err());
    assert_eq!((stats.snapshot().link_lost, stats.snapshot().link_cut), (0, 1));
}

#[test]
fn what_is_lost_is_counted_and_the_rest_goes_on() {
    let (clock, _deadline_rx) = ManualClock::new();
    let config = LinkConfig { loss: 0.5, ..LinkConfig::default() };
    let (crew, stats, outbox_tx, sender_rx) = start_actor(config, clock);
    (0..500).for_each(|_| outbox_tx.send(outbox(&[1, 2])).unwrap());
    drop(outbox_tx);
    crew.join().unwrap();
    let sent: usize = sender_rx.iter().map(|outbox| outbox.len()).sum();
    assert_eq!(stats.snapshot().link_lost + sent as u64, 1_000);
    assert!((400..600).contains(&sent), "{sent}");
}

/// A whole servent with neighbours at 1 and 2, in memory.
fn start_servent(
    config: LinkConfig,
    hand_over: HandOver,
    trace: Trace,
) -> (Servent, ManualClock, Receiver<Timestamp>, Sender<Parcel>, Receiver<Parcel>) {
    let (clock, deadline_rx) = ManualClock::new();
    let (parcel_tx, parcel_rx) = unbounded();
    let (sent_tx, sent_rx) = unbounded();
    let endpoint = Endpoint { local: at(6001), source: MemorySource::new(parcel_rx), sink: MemorySink(sent_tx) };
    let builder =
        Servent::builder(store()).neighbours([at(1), at(2)]).hand_over(hand_over).first_seq(SeqNo(7)).links(config);
    let servent = builder.trace(trace).start_on(endpoint, clock.clone()).unwrap();
    (servent, clock, deadline_rx, parcel_tx, sent_rx)
}

#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<u8>>>);

impl Trace {
    /// The lines that tell that something was dropped.
    fn dropped(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["event"] == "dropped").collect()
    }
}

impl Write for Trace {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_servent_answers_at_once_and_floods_when_it_is_due() {
    for hand_over in HAND_OVERS {
        let config = LinkConfig { delay: 50 * MS, ..LinkConfig::default() };
        let (servent, clock, deadline_rx, parcel_tx, sent_rx) = start_servent(config, hand_over, Trace::default());
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        assert_eq!(next(&sent_rx), (at(5000), response(b"http", b"80/tcp")));
        parcel_tx.send((at(1), query(2, 5001, 9, b"ssh"))).unwrap();
        assert_eq!(next(&sent_rx), (at(5001), response(b"ssh", b"22/tcp")));
        assert_eq!(next(&deadline_rx), after(50 * MS));
        assert_eq!(next(&deadline_rx), after(50 * MS));
        assert!(sent_rx.is_empty());
        clock.set(after(50 * MS));
        let mut sent: Vec<_> = (0..3).map(|_| next(&sent_rx)).collect();
        sent.sort();
        let flooded = |port| (at(port), query(3, 5000, 7, b"http"));
        assert_eq!(sent, [flooded(1), (at(2), query(1, 5001, 9, b"ssh")), flooded(2)]);
        let (counters, outcome) = servent.stop();
        assert_eq!((counters.sent, counters.link_lost, outcome), (5, 0, Ok(())));
    }
}

#[test]
fn where_all_is_lost_it_is_counted_and_traced_and_only_the_entry_answers() {
    for hand_over in HAND_OVERS {
        let trace = Trace::default();
        let config = LinkConfig { loss: 1.0, ..LinkConfig::default() };
        let (servent, _clock, _deadline_rx, parcel_tx, sent_rx) = start_servent(config, hand_over, trace.clone());
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        assert_eq!(next(&sent_rx), (at(5000), response(b"http", b"80/tcp")));
        let (counters, outcome) = servent.stop();
        assert_eq!((counters.sent, counters.link_lost, counters.trace_dropped, outcome), (1, 2, 0, Ok(())));
        assert!(sent_rx.is_empty());
        assert_eq!(trace.dropped(), dropped_on_links("link_lost"));
    }
}

/// What a delay holds back is dropped by the stop: it does not arrive early. Each datagram that was to leave is under one
/// of `sent`, `link_lost` and `link_cut`.
#[test]
fn what_is_still_under_way_when_a_servent_stops_is_counted_and_traced() {
    for hand_over in HAND_OVERS {
        let trace = Trace::default();
        let config = LinkConfig { delay: Duration::from_secs(3_600), ..LinkConfig::default() };
        let (servent, _clock, deadline_rx, parcel_tx, sent_rx) = start_servent(config, hand_over, trace.clone());
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        assert_eq!(next(&sent_rx), (at(5000), response(b"http", b"80/tcp")));
        next(&deadline_rx);
        let (counters, outcome) = servent.stop();
        assert_eq!((counters.sent, counters.link_lost, counters.link_cut, outcome), (1, 0, 2, Ok(())));
        assert!(sent_rx.is_empty());
        assert_eq!(trace.dropped(), dropped_on_links("link_cut"));
    }
}

/// Lines about the QUERY for `http`, one for each neighbour.
fn dropped_on_links(why: &str) -> [Value; 2] {
    [1, 2].map(|port| {
        json!({
            "t": 0, "node": at(6001), "event": "dropped", "why": why, "to": [at(port)], "type": "query",
            "client": at(5000), "ttl_sent": 3, "seq": 7, "key": "http",
        })
    })
}
