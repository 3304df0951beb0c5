//! A whole servent, its threads and channels included, on a network of channels; with work handed over in both ways.

use crate::support::{DEADLINE, HAND_OVERS, at, clireq, next, query, response, store};
use crossbeam_channel::{Receiver, Sender, unbounded};
use servent::batch::Outbox;
use servent::net::memory::{MemorySink, MemorySource, Parcel};
use servent::net::{DatagramSink, SendFailure, Sent, WhenFull};
use servent::{Clock, Endpoint, HandOver, SeenConfig, SeqNo, Servent, SystemClock, Timestamp};
use std::thread;

fn start(sink: impl DatagramSink + Send + 'static, hand_over: HandOver) -> (Servent, Sender<Parcel>) {
    let (parcel_tx, parcel_rx) = unbounded();
    let endpoint = Endpoint { local: at(6001), source: MemorySource::new(parcel_rx), sink };
    let builder = Servent::builder(store())
        .neighbours([at(1), at(2)])
        .hand_over(hand_over)
        .first_seq(SeqNo(7))
        .seen(SeenConfig { capacity: 1 << 16, ..SeenConfig::default() });
    (builder.start_on(endpoint, SystemClock::start()).unwrap(), parcel_tx)
}

fn start_in_memory(hand_over: HandOver) -> (Servent, Sender<Parcel>, Receiver<Parcel>) {
    let (sent_tx, sent_rx) = unbounded();
    let (servent, parcel_tx) = start(MemorySink(sent_tx), hand_over);
    (servent, parcel_tx, sent_rx)
}

/// P-11, P-14: a CLIREQ is answered and flooded, in parallel; a QUERY is answered and forwarded to all but its
/// source.
#[test]
fn p11_p14_requests_are_answered_and_flooded() {
    HAND_OVERS.into_iter().for_each(answer_and_flood);
}

fn answer_and_flood(hand_over: HandOver) {
    let (servent, parcel_tx, sent_rx) = start_in_memory(hand_over);
    parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
    let mut sent: Vec<_> = (0..3).map(|_| next(&sent_rx)).collect();
    sent.sort();
    let expected = [
        (at(1), query(3, 5000, 7, b"http")),
        (at(2), query(3, 5000, 7, b"http")),
        (at(5000), response(b"http", b"80/tcp")),
    ];
    assert_eq!(sent, expected);

    parcel_tx.send((at(2), query(2, 5001, 9, b"ssh"))).unwrap();
    let mut sent: Vec<_> = (0..2).map(|_| next(&sent_rx)).collect();
    sent.sort();
    assert_eq!(sent, [(at(1), query(1, 5001, 9, b"ssh")), (at(5001), response(b"ssh", b"22/tcp"))]);
    let (counters, outcome) = servent.stop();
    assert_eq!((counters.sent, outcome), (5, Ok(())));
    assert!(sent_rx.is_empty());
}

/// A stop while datagrams pour in: every request that was received has its answer sent before the last actor ends.
#[test]
fn a_stop_under_load_loses_nothing_that_was_received() {
    HAND_OVERS.into_iter().for_each(stop_under_load);
}

fn stop_under_load(hand_over: HandOver) {
    let (servent, parcel_tx, sent_rx) = start_in_memory(hand_over);
    let flood = thread::Builder::new()
        .spawn(move || {
            // Ends when the servent has dropped its end.
            while parcel_tx.send((at(5000), clireq(b"http"))).is_ok() {}
        })
        .unwrap();
    for _ in 0..1_000 {
        next(&sent_rx);
    }
    let (counters, outcome) = servent.stop();
    flood.join().unwrap();
    assert_eq!(outcome, Ok(()));
    assert_eq!(counters.received, counters.clireq);
    assert_eq!(counters.clireq, counters.answered);
    assert_eq!(counters.sent, counters.answered + 2 * counters.clireq);
    assert_eq!(counters.sent as usize, 1_000 + sent_rx.len());
}

/// A sink without room: who may not wait is sent back, and who may waits.
struct FullSink {
    inner: MemorySink,
    room_rx: Receiver<()>,
    waits_tx: Sender<()>,
}

impl DatagramSink for FullSink {
    fn send(&mut self, outbox: &Outbox, when_full: WhenFull, failed: impl FnMut(usize, SendFailure)) -> Sent {
        if when_full == WhenFull::Return {
            return Sent { is_unfinished: true, ..Sent::default() };
        }
        // Nobody listens for the later ones.
        self.waits_tx.send(()).ok();
        // There is room once the test has dropped its end.
        self.room_rx.recv().ok();
        self.inner.send(outbox, when_full, failed)
    }
}

/// A send that waits for room does so in the sender's thread: the receiver hears what comes meanwhile.
#[test]
fn a_send_that_waits_for_room_does_not_deafen_the_receiver() {
    for hand_over in HAND_OVERS {
        let (room_tx, room_rx) = unbounded();
        let (waits_tx, waits_rx) = unbounded();
        let (sent_tx, sent_rx) = unbounded();
        let (servent, parcel_tx) = start(FullSink { inner: MemorySink(sent_tx), room_rx, waits_tx }, hand_over);
        parcel_tx.send((at(5000), clireq(b"ssh"))).unwrap();
        next(&waits_rx);
        // The flooder and the lookup actor may have to wait for room in the sender's queue, and nobody else.
        for taken in 1..=3 {
            parcel_tx.send((at(5000), clireq(b"ssh"))).unwrap();
            parcel_tx.send((at(5000), b"?".to_vec())).unwrap();
            let begun = SystemClock::start();
            while servent.counters().malformed_too_short < taken {
                assert!(
                    begun.now().since(Timestamp::ZERO) < DEADLINE,
                    "{hand_over:?}: the receiver is deaf after {taken}"
                );
                thread::yield_now();
            }
        }
        assert!(sent_rx.is_empty());
        drop(room_tx);
        let (counters, outcome) = servent.stop();
        assert_eq!((counters.answered, counters.sent, outcome), (4, 12, Ok(())));
        assert_eq!(sent_rx.iter().count(), 12);
    }
}

struct PanickingSink;

impl DatagramSink for PanickingSink {
    fn send(&mut self, _: &Outbox, _: WhenFull, _: impl FnMut(usize, SendFailure)) -> Sent {
        panic!("no more postage")
    }
}

#[test]
fn a_panic_in_one_actor_ends_the_others_and_is_told_with_its_name() {
    for hand_over in HAND_OVERS {
        let (servent, parcel_tx) = start(PanickingSink, hand_over);
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        next(&servent.ended());
        let panicked = servent.stop().1.unwrap_err();
        assert_eq!(panicked.to_string(), "the actor 'sender' panicked: no more postage (this is a bug)");
    }
}

/// A servent that is dropped stops, and its threads have ended: its network is not held any more.
#[test]
fn a_servent_that_is_dropped_stops_and_joins_its_threads() {
    for hand_over in HAND_OVERS {
        let (servent, parcel_tx, sent_rx) = start_in_memory(hand_over);
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        next(&sent_rx);
        drop(servent);
        assert!(parcel_tx.send((at(5000), clireq(b"http"))).is_err(), "nobody receives any more");
        assert_eq!(sent_rx.iter().count(), 2, "what was received was answered and flooded, and nobody sends any more");
    }
}

#[cfg(feature = "cli")]
mod program {
    //! The same as a process: this test's executable runs itself with [`CHILD`] set.

    use super::{PanickingSink, start};
    use crate::support::{at, clireq};
    use crossbeam_channel::bounded;
    use servent::HandOver;
    use servent::cli::servent::report;
    use servent::console::standard_error;
    use servent::serving::{Events, Reloads, ServentEvent, Serving};
    use std::process::Command;

    const CHILD: &str = "SERVENT_TEST_PANICKING_CHILD";

    /// Lets the sender panic on the first datagram, and nobody say stop.
    fn exit_code_of_a_panic() -> u8 {
        let (servent, parcel_tx) = start(PanickingSink, HandOver::Idle);
        parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        let (_events_tx, events_rx) = bounded::<ServentEvent>(0);
        let serving = Serving { servent, reloads: Reloads::new("pairs.txt".into(), 1), stats_every: None };
        let (_, outcome) = serving.run(&Events::new(events_rx), |_| {});
        report(outcome.map_err(|failure| failure.to_string()))
    }

    #[test]
    fn a_panic_in_one_actor_ends_the_process_non_zero_with_the_actors_name() {
        if std::env::var_os(CHILD).is_some() {
            let code = exit_code_of_a_panic();
            standard_error::flush();
            std::process::exit(code.into());
        }
        let name = "servent_in_memory::program::a_panic_in_one_actor_ends_the_process_non_zero_with_the_actors_name";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&child.stderr);
        assert_eq!(child.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("serventTP3: the actor 'sender' panicked: no more postage"), "{stderr}");
    }
}
