//! A whole servent, its threads and channels included, on a network of channels.

use crate::support::{DEADLINE, at, clireq, next, query, response, store};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use servent::batch::Outbox;
use servent::net::memory::{MemorySink, MemorySource, Parcel};
use servent::net::{DatagramSink, Offload, SendFailure, Sent};
use servent::protocol::SeenConfig;
use servent::servent::{Servent, ServentConfig, ServentEvent, ServentFailure};
use servent::stats::Counters;
use servent::types::{Neighbours, SeqNo};
use std::net::SocketAddrV4;
use std::process::Command;
use std::thread;

fn config() -> ServentConfig {
    ServentConfig {
        bind: at(6001),
        file: "unused".into(),
        neighbours: Vec::new(),
        first_seq: Some(SeqNo(7)),
        neighbours_only: false,
        seen: SeenConfig { capacity: 1 << 16, ..SeenConfig::default() },
        response_limit: 200,
        offload: Offload::Off,
        trace: None,
        stats_every: None,
    }
}

fn start(sink: impl DatagramSink + Send + 'static) -> (Servent, Sender<Parcel>) {
    let (parcel_tx, parcel_rx) = unbounded();
    let neighbours = Neighbours::new([at(1), at(2)]).unwrap();
    let servent = Servent::start_with(config(), neighbours, store(), MemorySource(parcel_rx), sink).unwrap();
    (servent, parcel_tx)
}

fn start_in_memory() -> (Servent, Sender<Parcel>, Receiver<Parcel>) {
    let (sent_tx, sent_rx) = unbounded();
    let (servent, parcel_tx) = start(MemorySink(sent_tx));
    (servent, parcel_tx, sent_rx)
}

/// P-11, P-14: a CLIREQ is answered and flooded, in parallel; a QUERY is answered and forwarded to all but its
/// source.
#[test]
fn p11_p14_requests_are_answered_and_flooded() {
    let (servent, parcel_tx, sent_rx) = start_in_memory();
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
    let (servent, parcel_tx, sent_rx) = start_in_memory();
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

struct PanickingSink;

impl DatagramSink for PanickingSink {
    fn send(&mut self, _: &Outbox, _: impl FnMut(SocketAddrV4, SendFailure)) -> Sent {
        panic!("no more postage")
    }
}

/// A servent whose sender panics on the first datagram.
fn run_until_the_sender_panics() -> Result<(), ServentFailure> {
    let (servent, parcel_tx) = start(PanickingSink);
    parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
    // Never sends: it is the panic that ends the servent.
    let (_events_tx, events_rx) = bounded::<ServentEvent>(0);
    servent.run(&events_rx, |_: &Counters| {}).1
}

#[test]
fn a_panic_in_one_actor_ends_the_servent_with_its_name() {
    let (outcome_tx, outcome_rx) = bounded(1);
    thread::Builder::new().spawn(move || outcome_tx.send(run_until_the_sender_panics())).unwrap();
    let failure = outcome_rx.recv_timeout(DEADLINE).unwrap().unwrap_err();
    assert_eq!(failure.to_string(), "the actor 'sender' panicked: no more postage (this is a bug)");
}

const CHILD: &str = "SERVENT_TEST_PANICKING_CHILD";

/// The same as a process: this test's executable runs itself with [`CHILD`] set.
#[test]
fn a_panic_in_one_actor_ends_the_process_non_zero_with_the_actors_name() {
    if std::env::var_os(CHILD).is_some() {
        std::process::exit(
            servent::cli::servent::report(run_until_the_sender_panics().map_err(|f| f.to_string())).into(),
        );
    }
    let name = "servent_in_memory::a_panic_in_one_actor_ends_the_process_non_zero_with_the_actors_name";
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&child.stderr);
    assert_eq!(child.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("serventTP3: the actor 'sender' panicked: no more postage"), "{stderr}");
}
