//! Each actor of the servent on its own.

use crate::support::{
    HAND_OVERS, ManualClock, at, clireq, contents, counters, employ, inbox, next, query, response, store, store_with,
    warnings_of,
};
use crossbeam_channel::{Sender, unbounded};
use servent::actor::channels::{FloodJob, InboxHandle, LookupJob, News, OutboxHandle};
use servent::actor::hand_over::{self, Gone, Role, Turn, Waiting};
use servent::actor::receiver::{Route, ServentRoute};
use servent::actor::stop::StopFlag;
use servent::actor::{flooder, lookup, receiver, sender, tracer};
use servent::batch::Outbox;
use servent::net::memory::{MemorySink, MemorySource};
use servent::protocol::{FloodConfig, Flooder, Lookup, ResponseLimiter, SeenConfig};
use servent::stats::Stats;
use servent::{HandOver, Neighbours, SeqNo, Timestamp};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

fn keys(job: LookupJob) -> Vec<usize> {
    match job {
        LookupJob::Keys { wanted, .. } => wanted.to_vec(),
        LookupJob::Replace(_) => panic!("nobody replaced the store"),
    }
}

fn messages(job: FloodJob) -> InboxHandle {
    match job {
        FloodJob::Messages(inbox) => inbox,
        FloodJob::Neighbours(_) => panic!("nobody replaced the neighbours"),
    }
}

fn messages_of(datagrams: &[(SocketAddrV4, Vec<u8>)]) -> FloodJob {
    FloodJob::Messages(inbox(datagrams))
}

/// P-5, P-6, P-11: what is well-formed goes to the flooder, CLIREQs to the lookup actor as well, the rest is counted
/// by cause.
#[test]
fn p5_p11_the_receiver_decodes_routes_and_counts() {
    let (parcel_tx, parcel_rx) = unbounded();
    for datagram in [
        clireq(b"http"),
        query(3, 5000, 1, b"http"),
        response(b"http", b"80"),
        clireq(b"ssh"),
        clireq(b""),
        b"\0".to_vec(),
        b"\0\x04".to_vec(),
        b"\0\x02\0".to_vec(),
        b"\0\x03http".to_vec(),
    ] {
        parcel_tx.send((at(9), datagram)).unwrap();
    }
    drop(parcel_tx);
    let (inbox_tx, inbox_rx) = unbounded();
    let (lookup_tx, lookup_rx) = unbounded();
    let mut stats = Stats::default();
    let (clock, _) = ManualClock::new();
    let route = ServentRoute::new(true, inbox_tx.into(), lookup_tx.into());
    let source = MemorySource::new(parcel_rx);
    let stop = StopFlag::new(&source).unwrap();
    receiver::run(source, &stop, route, &clock, stats.tally(), None);

    let batch = messages(next(&inbox_rx));
    assert_eq!(batch.len(), 4, "the three requests and the RESPONSE");
    assert_eq!(keys(next(&lookup_rx)), [0, 3], "the CLIREQs");
    assert!(inbox_rx.recv().is_err() && lookup_rx.recv().is_err(), "the receiver has closed its channels");
    let expected = counters!(
        received: 9,
        malformed_too_short: 1,
        malformed_unknown_type: 1,
        malformed_short_query: 1,
        malformed_empty_key: 1,
        malformed_no_tab: 1,
        unexpected_response: 1,
        clireq: 2,
        query: 1,
        receive_failed: 1
    );
    assert_eq!(stats.snapshot(), expected);
}

/// P-16: without neighbours no QUERY leaves, so the flooder is not woken for CLIREQs; for QUERYs it is.
#[test]
fn p16_without_neighbours_clireqs_are_only_looked_up() {
    let (inbox_tx, inbox_rx) = unbounded();
    let (lookup_tx, lookup_rx) = unbounded();
    let mut route = ServentRoute::new(false, inbox_tx.into(), lookup_tx.into());
    let mut stats = Stats::default();
    let mut tally = stats.tally();
    route.pass(inbox(&[(at(9), clireq(b"http"))]), Waiting::Nothing, &mut tally).unwrap();
    assert_eq!(keys(next(&lookup_rx)), [0]);
    assert!(inbox_rx.is_empty());
    let batch = inbox(&[(at(9), clireq(b"http")), (at(9), query(3, 5000, 1, b"http"))]);
    route.pass(batch, Waiting::Nothing, &mut tally).unwrap();
    assert_eq!(messages(next(&inbox_rx)).len(), 2);
    assert_eq!(stats.snapshot(), counters!(clireq: 2, query: 1));
}

#[test]
fn a_receiver_that_is_told_to_stop_ends_without_a_datagram() {
    let (_parcel_tx, parcel_rx) = unbounded();
    let (news_tx, news_rx) = unbounded::<News>();
    let source = MemorySource::new(parcel_rx);
    let stop = StopFlag::new(&source).unwrap();
    let (flag, tally) = (stop.clone(), Stats::default().tally());
    let actor = thread::Builder::new()
        .spawn(move || receiver::run(source, &flag, news_tx, &ManualClock::new().0, tally, None))
        .unwrap();
    stop.set();
    assert!(news_rx.recv().is_err());
    actor.join().unwrap();
}

/// P-14, P-16: of a batch, the first sightings are looked up and forwarded, the rest is counted.
#[test]
fn p14_the_flooder_passes_on_first_sightings_once() {
    HAND_OVERS.into_iter().for_each(flood_two_batches);
}

fn flood_two_batches(hand_over: HandOver) {
    let (lookup_tx, lookup_rx) = unbounded();
    let (outbox_tx, outbox_rx) = unbounded();
    let mut stats = Stats::default();
    let flood = Flooder::new(FloodConfig {
        neighbours: Neighbours::new([at(1), at(2)]).unwrap(),
        first_seq: SeqNo(7),
        neighbours_only: false,
        seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
        secret: [1, 2],
    });
    let first = inbox(&[
        (at(5000), clireq(b"http")),
        (at(1), query(3, 5001, 9, b"ssh\0")),
        (at(2), query(2, 5001, 9, b"ssh\0")),
        (at(2), query(2, 5000, 7, b"http")),
        (at(1), query(0, 5001, 8, b"ssh")),
        (at(1), response(b"http", b"80")),
    ]);
    let second = inbox(&[(at(2), query(1, 5002, 9, b"ssh")), (at(1), query(3, 5002, 9, b"ssh"))]);
    let ways = (lookup_tx.into(), outbox_tx.into());
    let role = flooder::Flooder::new(flood, ways, ManualClock::new().0, stats.tally(), None);
    employ(role, hand_over, [first, second].map(FloodJob::Messages));

    assert_eq!(keys(next(&lookup_rx)), [1]);
    assert_eq!(keys(next(&lookup_rx)), [0]);
    assert!(lookup_rx.recv().is_err());
    let expected = [
        (at(1), query(3, 5000, 7, b"http")),
        (at(2), query(3, 5000, 7, b"http")),
        (at(2), query(2, 5001, 9, b"ssh\0")),
    ];
    assert_eq!(contents(&next(&outbox_rx)), expected);
    assert!(outbox_rx.recv().is_err(), "the second batch had nothing to forward");
    let expected =
        counters!(ttl_zero: 1, duplicate: 3, duplicate_higher_ttl: 1, first_sighting: 2, ttl_expired: 1, forwarded: 1);
    assert_eq!(stats.snapshot(), expected);
}

/// What waits together leaves together, in order; what comes alone, or is traced, leaves alone.
#[test]
fn the_flooder_makes_one_outbox_of_batches_that_wait_together() {
    for (hand_over, is_traced, outboxes) in
        [(HandOver::Queue, false, 1), (HandOver::Idle, false, 3), (HandOver::Queue, true, 3)]
    {
        let (lookup_tx, _lookup_rx) = unbounded();
        let (outbox_tx, outbox_rx) = unbounded();
        let (tap, _event_rx, _) = tracer::tap();
        let flood = Flooder::new(FloodConfig {
            neighbours: Neighbours::new([at(1)]).unwrap(),
            first_seq: SeqNo(7),
            neighbours_only: false,
            seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
            secret: [1, 2],
        });
        let ways = (lookup_tx.into(), outbox_tx.into());
        let tally = Stats::default().tally();
        let role = flooder::Flooder::new(flood, ways, ManualClock::new().0, tally, is_traced.then_some(tap));
        employ(role, hand_over, [b"a", b"b", b"c"].map(|key| messages_of(&[(at(5000), clireq(key))])));
        let sent: Vec<_> = outbox_rx.iter().map(|outbox| contents(&outbox)).collect();
        assert_eq!(sent.len(), outboxes, "{hand_over:?}, traced: {is_traced}");
        let all = [(7, b"a"), (8, b"b"), (9, b"c")].map(|(seq, key)| (at(1), query(3, 5000, seq, key)));
        assert_eq!(sent.concat(), all);
    }
}

/// Says how it was brought work.
struct Witness(Sender<Turn>);

impl Role<OutboxHandle> for Witness {
    fn take(&mut self, _: OutboxHandle, turn: Turn) -> Result<(), Gone> {
        Ok(self.0.send(turn)?)
    }
}

/// What a batch can hold no more of is left to the sender's thread, though nothing else waits.
#[test]
fn the_flooder_sends_what_little_it_has_itself_and_queues_a_full_outbox() {
    for (clireqs, is_queued) in [(51, false), (52, true)] {
        let (turn_tx, turn_rx) = unbounded();
        let (sender, worker) = hand_over::role("sender", Witness(turn_tx), HandOver::Idle, unbounded());
        let flood = Flooder::new(FloodConfig {
            neighbours: Neighbours::new((1..=10).map(at)).unwrap(),
            first_seq: SeqNo(7),
            neighbours_only: false,
            seen: SeenConfig { capacity: 64, ..SeenConfig::default() },
            secret: [1, 2],
        });
        let ways = (unbounded().0.into(), sender);
        let role = flooder::Flooder::new(flood, ways, ManualClock::new().0, Stats::default().tally(), None);
        employ(role, HandOver::Queue, [messages_of(&vec![(at(5000), clireq(b"http")); clireqs])]);
        worker.run();
        let turns: Vec<_> = turn_rx.iter().map(|turn| turn.may_wait).collect();
        assert_eq!(turns, [is_queued], "{clireqs} questions to ten neighbours");
    }
}

/// P-3, P-14, P-23, P-35: clients are answered directly, in their dialect, and from the new store once it is there.
#[test]
fn p14_p35_the_lookup_actor_answers_from_the_store_of_the_moment() {
    HAND_OVERS.into_iter().for_each(look_up_in_two_stores);
}

fn look_up_in_two_stores(hand_over: HandOver) {
    let (outbox_tx, outbox_rx) = unbounded();
    let mut stats = Stats::default();
    let batch = inbox(&[
        (at(5000), clireq(b"http\0")),
        (at(5000), clireq(b"absent")),
        (at(1), query(1, 5001, 9, b"ssh")),
        (at(1), query(1, 0, 9, b"ssh")),
        (at(5000), clireq(b"http")),
    ]);
    let job = |wanted: &[usize]| LookupJob::Keys { inbox: Arc::clone(&batch), wanted: Arc::new(wanted.to_vec()) };
    let replacement = store_with(b"8080/tcp");
    let answers = Lookup::new(store(), ResponseLimiter::new(200));
    let role = lookup::Lookup::new(answers, outbox_tx.into(), ManualClock::new().0, stats.tally(), None);
    employ(role, hand_over, [job(&[0, 1, 2, 3]), LookupJob::Replace(Box::new(replacement)), job(&[4])]);

    let expected = [(at(5000), b"\0\x03http\t80/tcp\0".to_vec()), (at(5001), response(b"ssh", b"22/tcp"))];
    assert_eq!(contents(&next(&outbox_rx)), expected);
    assert_eq!(contents(&next(&outbox_rx)), [(at(5000), response(b"http", b"8080/tcp"))]);
    let expected = counters!(lookup: 5, answered: 3, not_found: 1, unanswerable_client: 1);
    assert_eq!(stats.snapshot(), expected);
}

/// P-24: 400 of 600 answers were withheld without a word.
#[test]
fn p24_the_first_response_withheld_in_a_minute_is_said() {
    let (outbox_tx, outbox_rx) = unbounded();
    let (clock, mut stats) = (ManualClock::new().0, Stats::default());
    let to = SocketAddrV4::new([203, 0, 113, 7].into(), 5000);
    let batch = inbox(&vec![(to, clireq(b"http")); 3]);
    let answers = Lookup::new(store(), ResponseLimiter::new(1));
    let role = lookup::Lookup::new(answers, outbox_tx.into(), clock.clone(), stats.tally(), None);
    // Each is done before the next is made.
    let jobs = [0, 59, 60, 61].into_iter().map(|seconds| {
        clock.set(Timestamp::from_start(Duration::from_secs(seconds)));
        LookupJob::Keys { inbox: Arc::clone(&batch), wanted: Arc::new(vec![0, 1, 2]) }
    });
    let said = warnings_of(|| employ(role, HandOver::Idle, jobs));
    let line = "withheld a RESPONSE to 203.0.113.7:5000: 203.0.113.0/24 had its share of this second \
                (--response-limit; response_limited counts them)";
    assert_eq!(said, [line, line], "at 0 s and at 60 s");
    assert_eq!(outbox_rx.len(), 3, "answered at 0 s, 59 s and 61 s");
}

/// P-25: failures are counted and end nothing; what was queued when the channel closed still leaves.
#[test]
fn p25_the_sender_drains_its_queue_and_counts_failures() {
    let cases = [(true, 3, 0), (false, 0, 3)].map(|case| HAND_OVERS.map(|hand_over| (hand_over, case)));
    for (hand_over, (listening, sent, unreachable)) in cases.into_iter().flatten() {
        let outboxes = [1, 2, 3].map(|port| {
            let mut outbox = Outbox::default();
            let datagram = outbox.write(|bytes| bytes.push(b'x'));
            outbox.send(&datagram, at(port));
            Arc::new(outbox)
        });
        let (parcel_tx, parcel_rx) = unbounded();
        let network = listening.then_some(parcel_rx);
        let mut stats = Stats::default();
        let role = sender::Sender::new(MemorySink(parcel_tx), ManualClock::new().0, stats.tally(), None);
        employ(role, hand_over, outboxes);
        assert_eq!(stats.snapshot(), counters!(sent, send_failed_unreachable: unreachable));
        assert_eq!(network.map(|parcels| parcels.len()), listening.then_some(3));
    }
}
