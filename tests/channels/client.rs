//! The client that a program holds: the test is its network and its clock.

use crate::support::{DEADLINE, ManualClock, at, clireq, hand_over, next, response};
use crossbeam_channel::{Receiver, Sender, unbounded};
use servent::Timestamp;
use servent::net::memory::{MemorySink, MemorySource, Parcel};
use servent::{Client, Dialect, Endpoint, KeyError};
use std::thread;
use std::time::Duration;

const SERVENT: u16 = 6001;

struct Fixture {
    client: Client,
    parcel_tx: Sender<Parcel>,
    sent_rx: Receiver<Parcel>,
    clock: ManualClock,
    deadline_rx: Receiver<Timestamp>,
}

impl Fixture {
    fn start() -> Self {
        let (parcel_tx, parcel_rx) = unbounded();
        let (sent_tx, sent_rx) = unbounded();
        let endpoint = Endpoint { local: at(5000), source: MemorySource::new(parcel_rx), sink: MemorySink(sent_tx) };
        let (clock, deadline_rx) = ManualClock::new();
        let client = Client::builder(at(SERVENT)).hand_over(hand_over()).start_on(endpoint, clock.clone()).unwrap();
        Self { client, parcel_tx, sent_rx, clock, deadline_rx }
    }
}

/// Lets the time come that a question waits for, so often.
fn ring(clock: &ManualClock, deadline_rx: &Receiver<Timestamp>, seconds: u64) {
    let due = Timestamp::from_start(Duration::from_secs(seconds));
    while next(deadline_rx) != due {}
    clock.set(due);
}

#[test]
fn p40_answers_come_as_they_are_heard_and_the_question_ends_four_seconds_after_the_last() {
    let Fixture { mut client, parcel_tx, sent_rx, clock, deadline_rx } = Fixture::start();
    let mut answers = client.ask(" http\r\n").unwrap();
    assert_eq!(next(&sent_rx), (at(SERVENT), clireq(b"http")), "at once, and trimmed (P-45)");
    parcel_tx.send((at(6002), response(b"http", b"80/tcp"))).unwrap();
    let first = answers.next().unwrap();
    assert_eq!((first.servent, first.value.as_slice(), first.elapsed), (at(6002), &b"80/tcp"[..], Duration::ZERO));
    thread::scope(|scope| {
        scope.spawn(|| ring(&clock, &deadline_rx, 4));
        assert_eq!(answers.next(), None);
    });
    let summary = answers.finish().unwrap();
    assert_eq!((summary.answers, summary.servents, summary.elapsed), (1, 1, Duration::from_secs(4)));
    assert!(sent_rx.is_empty(), "after an answer nothing is sent again");
}

#[test]
fn p40_silence_is_asked_once_more_and_then_it_is_over() {
    let Fixture { mut client, sent_rx, clock, deadline_rx, parcel_tx: _parcel_tx } = Fixture::start();
    let answers = client.ask("nothing").unwrap();
    next(&sent_rx);
    let summary = thread::scope(|scope| {
        scope.spawn(|| {
            ring(&clock, &deadline_rx, 4);
            assert_eq!(next(&sent_rx), (at(SERVENT), clireq(b"nothing")));
            ring(&clock, &deadline_rx, 8);
        });
        answers.finish().unwrap()
    });
    assert_eq!((summary.answers, summary.elapsed), (0, Duration::from_secs(8)));
}

#[test]
fn a_question_that_is_dropped_is_given_up_and_leaves_nothing_to_the_next() {
    let Fixture { mut client, parcel_tx, sent_rx, .. } = Fixture::start();
    drop(client.ask("first").unwrap());
    let mut answers = client.ask("second").unwrap();
    assert_eq!([next(&sent_rx).1, next(&sent_rx).1], [clireq(b"first"), clireq(b"second")]);
    parcel_tx.send((at(6002), response(b"first", b"1"))).unwrap();
    parcel_tx.send((at(6002), response(b"second", b"2"))).unwrap();
    assert_eq!(answers.next().map(|answer| answer.value), Some(b"2".to_vec()));
}

/// What came to an earlier question for the same key and was not taken is no answer to this one, however much of it waits.
#[test]
fn an_answer_to_a_question_that_was_given_up_is_none_to_the_next_one_for_that_key() {
    let Fixture { mut client, parcel_tx, sent_rx, .. } = Fixture::start();
    for forgotten in [false, true] {
        let mut answers = client.ask("http").unwrap();
        next(&sent_rx);
        parcel_tx.send((at(6002), response(b"http", b"first"))).unwrap();
        assert_eq!(answers.next().map(|answer| answer.value), Some(b"first".to_vec()));
        if forgotten {
            std::mem::forget(answers);
        } else {
            drop(answers);
        }
        // More than the channels hold, each a batch of its own.
        for number in 0..20 {
            parcel_tx.send((at(6002), response(b"http", format!("late {number}").as_bytes()))).unwrap();
            thread::yield_now();
        }
        // It counts a batch once it has passed it on, or left it.
        while client.counters().received < 21 && !forgotten {
            thread::yield_now();
        }
    }
    let mut answers = client.ask("ftp").unwrap();
    next(&sent_rx);
    parcel_tx.send((at(6002), response(b"ftp", b"new"))).unwrap();
    assert_eq!(answers.next().map(|answer| answer.value), Some(b"new".to_vec()));
}

#[test]
fn a_program_can_wait_for_no_longer_than_it_likes() {
    let Fixture { mut client, sent_rx, clock, deadline_rx, parcel_tx: _parcel_tx } = Fixture::start();
    let mut answers = client.ask("nothing").unwrap();
    next(&sent_rx);
    thread::scope(|scope| {
        scope.spawn(|| ring(&clock, &deadline_rx, 1));
        assert!(answers.next_within(Duration::from_secs(1)).is_err());
    });
    assert!(sent_rx.is_empty(), "the question is still open, and its own wait not over");
}

#[test]
fn p5_what_no_key_can_be_is_refused_and_nothing_is_sent() {
    let Fixture { mut client, sent_rx, parcel_tx: _parcel_tx, .. } = Fixture::start();
    assert_eq!(client.ask(" ").unwrap_err(), KeyError::Empty);
    assert_eq!(client.ask("a\0b").unwrap_err(), KeyError::Nul);
    assert_eq!(client.ask("a\tb").unwrap_err(), KeyError::Tab);
    assert!(sent_rx.is_empty());
}

#[test]
fn a_network_that_goes_away_ends_the_question() {
    let Fixture { mut client, parcel_tx, .. } = Fixture::start();
    let answers = client.ask("http").unwrap();
    drop(parcel_tx);
    assert_eq!(answers.finish().unwrap_err().to_string(), "the client's network is gone");
}

/// A client that is dropped has ended its threads: its network is not held any more.
#[test]
fn a_client_that_is_dropped_stops_and_joins_its_threads() {
    let Fixture { mut client, parcel_tx, sent_rx, .. } = Fixture::start();
    drop(client.ask("http").unwrap());
    next(&sent_rx);
    drop(client);
    assert!(sent_rx.recv_timeout(DEADLINE).is_err_and(|error| error.is_disconnected()));
    assert!(parcel_tx.send((at(1), Vec::new())).is_err());
}

#[test]
fn p3_a_client_of_another_dialect_ends_its_keys_with_a_nul() {
    let (_parcel_tx, parcel_rx) = unbounded();
    let (sent_tx, sent_rx) = unbounded();
    let endpoint = Endpoint { local: at(5000), source: MemorySource::new(parcel_rx), sink: MemorySink(sent_tx) };
    let client = Client::builder(at(SERVENT)).hand_over(hand_over()).dialect(Dialect::NulTerminated);
    let mut client = client.start_on(endpoint, ManualClock::new().0).unwrap();
    drop(client.ask("http").unwrap());
    assert_eq!(next(&sent_rx).1, clireq(b"http\0"));
}

/// The library's client said nothing of it either.
#[test]
fn p46_what_is_no_answer_is_told_to_whoever_listens() {
    let (parcel_tx, parcel_rx) = unbounded();
    let (sent_tx, _sent_rx) = unbounded();
    let endpoint = Endpoint { local: at(5000), source: MemorySource::new(parcel_rx), sink: MemorySink(sent_tx) };
    let (notice_tx, notice_rx) = unbounded();
    let client = Client::builder(at(SERVENT))
        .hand_over(hand_over())
        .on_notice(move |notice| notice_tx.send(notice.to_string()).unwrap());
    let mut client = client.start_on(endpoint, ManualClock::new().0).unwrap();
    let mut answers = client.ask("http").unwrap();
    for datagram in [&b"\0\x03http 80/tcp"[..], b"\x03\0http\t80/tcp", b"\0\x03http 81/tcp", b"\0\x03http\t80/tcp"] {
        parcel_tx.send((at(6002), datagram.to_vec())).unwrap();
    }
    assert_eq!(answers.next().map(|answer| answer.value), Some(b"80/tcp".to_vec()));
    let said: Vec<_> = notice_rx.try_iter().collect();
    assert_eq!(
        said,
        [
            "127.0.0.1:6002 sent no answer but this: RESPONSE text: expected a tab behind the key, found a space: \
             'http 80/tcp'",
            "127.0.0.1:6002 sent no answer but this: type 768: 3 in little-endian order; use network order",
        ]
    );
}
