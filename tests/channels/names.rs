//! P-27: neighbours by name, with look-ups that the test answers and a clock that it sets.

use crate::support::{
    DEADLINE, HAND_OVERS, ManualClock, at, clireq, contents, employ, inbox, next, query, response, store, warnings_of,
};
use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;
use serde_json::Value;
use servent::actor::channels::FloodJob;
use servent::actor::{flooder, tracer};
use servent::batch::Outbox;
use servent::net::memory::{MemorySink, MemorySource, Parcel};
use servent::protocol::{FloodConfig, Flooder};
use servent::stats::Stats;
use servent::{
    Endpoint, HandOver, Neighbours, Peer, ResolveConfig, ResolveFailure, SeenConfig, SeqNo, Servent, StartError,
    Timestamp,
};
use std::io::{self, Write};
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

fn after(seconds: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs(seconds))
}

/// A machine with neighbours at 1 and 2 that serves nobody else.
fn machine() -> Flooder {
    Flooder::new(FloodConfig {
        neighbours: Neighbours::new([at(1), at(2)]).unwrap(),
        first_seq: SeqNo(7),
        neighbours_only: true,
        seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
        secret: [1, 2],
    })
}

fn messages(datagrams: &[(SocketAddrV4, Vec<u8>)]) -> FloodJob {
    FloodJob::Messages(inbox(datagrams))
}

fn neighbours(ports: &[u16]) -> FloodJob {
    FloodJob::Neighbours(Box::new(Neighbours::new(ports.iter().copied().map(at)).unwrap()))
}

/// Who is sent what, batch by batch in one, and what is counted and traced: neighbours change between two batches.
#[test]
fn p27_new_neighbours_count_from_the_next_message_on() {
    for (hand_over, is_traced) in HAND_OVERS.into_iter().flat_map(|how| [(how, false), (how, true)]) {
        let (lookup_tx, _lookup_rx) = unbounded();
        let (outbox_tx, outbox_rx) = unbounded();
        let (tap, event_rx, _) = tracer::tap();
        let mut stats = Stats::default();
        let ways = (lookup_tx.into(), outbox_tx.into());
        let (tally, tap) = (stats.tally(), is_traced.then_some(tap));
        let role = flooder::Flooder::new(machine(), ways, ManualClock::new().0, tally, tap);
        let jobs = [
            messages(&[(at(2), query(3, 5000, 1, b"http"))]),
            neighbours(&[1, 3]),
            // From the old address, from the new one, and from a client.
            messages(&[
                (at(2), query(3, 5000, 2, b"http")),
                (at(3), query(3, 5000, 3, b"http")),
                (at(3), query(3, 5000, 1, b"http")),
                (at(9), clireq(b"ssh")),
            ]),
        ];
        employ(role, hand_over, jobs);
        let sent: Vec<_> = outbox_rx.iter().flat_map(|outbox| contents(&outbox)).collect();
        let expected = [
            (at(1), query(2, 5000, 1, b"http")),
            (at(1), query(2, 5000, 3, b"http")),
            (at(1), query(3, 9, 7, b"ssh")),
            (at(3), query(3, 9, 7, b"ssh")),
        ];
        assert_eq!(sent, expected, "{hand_over:?}, traced: {is_traced}");
        let counted = stats.snapshot();
        assert_eq!((counted.stranger_refused, counted.first_sighting, counted.duplicate), (1, 2, 1), "{hand_over:?}");
        let told = event_rx.iter().filter(|events| matches!(events, servent::trace::Events::Neighbours(..)));
        assert_eq!(told.count(), usize::from(is_traced));
    }
}

/// What waited for more when the neighbours changed still leaves, for those of before.
#[test]
fn p27_what_was_queued_before_a_change_leaves_for_the_old_address() {
    let (lookup_tx, _lookup_rx) = unbounded();
    let (outbox_tx, outbox_rx) = unbounded();
    let ways = (lookup_tx.into(), outbox_tx.into());
    let role = flooder::Flooder::new(machine(), ways, ManualClock::new().0, Stats::default().tally(), None);
    employ(role, HandOver::Queue, [messages(&[(at(9), clireq(b"ssh"))]), neighbours(&[3])]);
    let sent: Vec<_> = outbox_rx.iter().map(|outbox: Arc<Outbox>| contents(&outbox)).collect();
    assert_eq!(sent, [[1, 2].map(|port| (at(port), query(3, 9, 7, b"ssh")))]);
}

/// A question of the resolver's, and where it is answered.
type Asked = (String, Sender<io::Result<Vec<SocketAddr>>>);

/// Names that nobody but the test knows.
fn names() -> (impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static, Receiver<Asked>) {
    let (asked_tx, asked_rx) = unbounded();
    let look_up = move |host: &str, _| {
        let (answer_tx, answer_rx) = unbounded();
        asked_tx.send((host.to_owned(), answer_tx)).unwrap();
        answer_rx.recv().unwrap_or_else(|_| Err(io::Error::other("nobody answers")))
    };
    (look_up, asked_rx)
}

#[track_caller]
fn answer(asked_rx: &Receiver<Asked>, host: &str, port: u16) {
    let (asked, answer_tx) = next(asked_rx);
    assert_eq!(asked, host);
    answer_tx.send(Ok(vec![SocketAddr::V4(at(port))])).unwrap();
}

#[track_caller]
fn fail(asked_rx: &Receiver<Asked>, host: &str) {
    let (asked, answer_tx) = next(asked_rx);
    assert_eq!(asked, host);
    answer_tx.send(Err(io::Error::other("no such host"))).unwrap();
}

#[derive(Clone, Default)]
struct Trace(Arc<Mutex<Vec<u8>>>);

impl Write for Trace {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A servent at 6001 in memory, and what to drive it by.
struct Rig {
    clock: ManualClock,
    deadline_rx: Receiver<Timestamp>,
    asked_rx: Receiver<Asked>,
    parcel_tx: Sender<Parcel>,
    sent_rx: Receiver<Parcel>,
    trace: Trace,
}

impl Rig {
    /// Starts a servent that knows these, in a thread of its own, and lets `meanwhile` answer what it asks first.
    fn start(peers: Vec<Peer>, wait: u64, meanwhile: impl FnOnce(&Self)) -> (Self, Result<Servent, StartError>) {
        let (clock, deadline_rx) = ManualClock::new();
        let (parcel_tx, parcel_rx) = unbounded();
        let (sent_tx, sent_rx) = unbounded();
        let (look_up, asked_rx) = names();
        let trace = Trace::default();
        let resolve = ResolveConfig { wait: Duration::from_secs(wait), ..ResolveConfig::default() };
        let builder = Servent::builder(store()).neighbours(peers).first_seq(SeqNo(7)).trace(trace.clone());
        let builder = builder.resolve(resolve).looked_up_by(look_up);
        let rig = Self { clock: clock.clone(), deadline_rx, asked_rx, parcel_tx, sent_rx, trace };
        let endpoint = Endpoint { local: at(6001), source: MemorySource::new(parcel_rx), sink: MemorySink(sent_tx) };
        let started = std::thread::scope(|scope| {
            let starting =
                std::thread::Builder::new().spawn_scoped(scope, || builder.start_on(endpoint, clock)).unwrap();
            meanwhile(&rig);
            starting.join().unwrap()
        });
        (rig, started)
    }

    /// Asks the servent, and returns to whom it sends a QUERY.
    #[track_caller]
    fn flooded(&self, neighbours: usize) -> Vec<u16> {
        self.parcel_tx.send((at(5000), clireq(b"http"))).unwrap();
        let mut ports: Vec<_> = (0..=neighbours).map(|_| next(&self.sent_rx)).collect();
        ports.retain(|(_, datagram)| *datagram != response(b"http", b"80/tcp"));
        assert_eq!(ports.len(), neighbours);
        let mut ports: Vec<_> = ports.iter().map(|(to, _)| to.port()).collect();
        ports.sort_unstable();
        ports
    }

    /// Waits until the servent knows these.
    #[track_caller]
    fn knows(servent: &Servent, ports: &[u16]) {
        let expected: Vec<_> = ports.iter().copied().map(at).collect();
        #[allow(clippy::disallowed_methods, reason = "a deadline, for the test alone")]
        let deadline = std::time::Instant::now() + DEADLINE;
        while servent.neighbours().as_slice() != expected {
            #[allow(clippy::disallowed_methods, reason = "a deadline, for the test alone")]
            let now = std::time::Instant::now();
            assert!(now < deadline, "{:?}", servent.neighbours());
            std::thread::yield_now();
        }
    }

    /// Waits until somebody waits for this time, and lets it be that time.
    #[track_caller]
    fn pass(&self, time: Timestamp) {
        while next(&self.deadline_rx) != time {}
        self.clock.set(time);
    }

    /// The neighbours of each line of the trace that tells some.
    fn traced(&self) -> Vec<Value> {
        let text = String::from_utf8(self.trace.0.lock().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["neighbours"].is_array()).map(|line| line["neighbours"].clone()).collect()
    }
}

#[test]
fn p27_a_servent_follows_a_name_to_another_address() {
    let peers = vec![at(1).into(), Peer::name("b", 6002)];
    let (rig, started) = Rig::start(peers, 0, |rig| answer(&rig.asked_rx, "b", 2));
    let servent = started.unwrap();
    assert_eq!(rig.flooded(2), [1, 2]);
    rig.pass(after(30));
    answer(&rig.asked_rx, "b", 3);
    Rig::knows(&servent, &[1, 3]);
    assert_eq!(rig.flooded(2), [1, 3]);

    // A look-up that fails keeps the address.
    rig.pass(after(60));
    fail(&rig.asked_rx, "b");
    // The next one is set once that is noted.
    rig.pass(after(90));
    assert_eq!(rig.flooded(2), [1, 3]);
    // It is another neighbour's by now: used once.
    answer(&rig.asked_rx, "b", 1);
    Rig::knows(&servent, &[1]);
    assert_eq!(rig.flooded(1), [1]);
    // Its own.
    rig.pass(after(120));
    answer(&rig.asked_rx, "b", 6001);
    rig.pass(after(150));
    assert_eq!(rig.flooded(1), [1]);
    let (counters, outcome) = servent.stop();
    assert_eq!(outcome, Ok(()));
    assert_eq!((counters.names_looked_up, counters.names_failed, counters.names_changed), (5, 1, 3));
    let told: Vec<_> = rig.traced().iter().map(Value::to_string).collect();
    let all = |ports: &[u16]| serde_json::json!(ports.iter().map(|&port| at(port)).collect::<Vec<_>>()).to_string();
    assert_eq!(told, [all(&[1, 2]), all(&[1, 3]), all(&[1])]);
}

/// A name server that does not answer holds up neither answers nor the stop.
#[test]
fn p27_a_slow_name_server_holds_up_nothing() {
    let peers = vec![Peer::name("b", 6002), Peer::name("c", 6003)];
    let (rig, started) = Rig::start(peers, 60, |rig| {
        let mut asked = [next(&rig.asked_rx), next(&rig.asked_rx)];
        asked.sort_by(|(one, _), (other, _)| one.cmp(other));
        asked[0].1.send(Ok(vec![SocketAddr::V4(at(2))])).unwrap();
        // The other one is never answered: it starts after a second.
        std::mem::forget(asked);
        rig.pass(after(1));
    });
    let servent = started.unwrap();
    Rig::knows(&servent, &[2]);
    assert_eq!(rig.flooded(1), [2]);
    // Whether it was found before that second was over or after it.
    while !(after(30)..=after(31)).contains(&next(&rig.deadline_rx)) {}
    rig.clock.set(after(31));
    // Only the one that was found is looked up again.
    answer(&rig.asked_rx, "b", 3);
    Rig::knows(&servent, &[3]);
    assert_eq!(rig.flooded(1), [3]);
    assert_eq!(servent.stop().1, Ok(()), "though a look-up is under way");
}

/// A servent without an address of any neighbour serves, and floods once it has one.
#[test]
fn p27_names_that_do_not_resolve_yet_are_waited_for_while_it_serves() {
    let (rig, started) = Rig::start(vec![Peer::name("b", 6002)], 60, |rig| fail(&rig.asked_rx, "b"));
    let servent = started.unwrap();
    assert!(rig.flooded(0).is_empty(), "it answers");
    rig.pass(after(1));
    fail(&rig.asked_rx, "b");
    // Every fifth of a second.
    rig.pass(Timestamp::from_start(Duration::from_millis(1_200)));
    answer(&rig.asked_rx, "b", 2);
    Rig::knows(&servent, &[2]);
    assert_eq!(rig.flooded(1), [2]);
    assert_eq!(servent.stop().1, Ok(()));
}

#[test]
fn p27_a_name_that_never_resolves_ends_it_once_the_wait_is_over() {
    let (rig, started) = Rig::start(vec![Peer::name("b", 6002)], 2, |rig| fail(&rig.asked_rx, "b"));
    let servent = started.unwrap();
    rig.pass(after(1));
    fail(&rig.asked_rx, "b");
    rig.pass(after(2));
    assert_eq!(servent.ended().recv_timeout(DEADLINE), Ok("resolver"));
    assert_eq!(servent.stop().1, Ok(()));
}

#[test]
fn p27_without_a_wait_a_name_that_does_not_resolve_is_an_error_before_it_serves() {
    let (_, started) = Rig::start(vec![at(1).into(), Peer::name("b", 6002)], 0, |rig| fail(&rig.asked_rx, "b"));
    let Err(StartError::Unresolved(error)) = started else { panic!("{started:?}") };
    assert_eq!(error.failure, ResolveFailure::Failed("no such host".to_owned()));
    assert_eq!(error.to_string(), "cannot resolve 'b:6002': no such host");
}

/// P-10, P-27: said once, at warn.
#[test]
fn p27_a_library_is_told_of_repetitions_by_the_log() {
    let (_parcel_tx, parcel_rx) = unbounded::<Parcel>();
    let endpoint = Endpoint { local: at(6001), source: MemorySource::new(parcel_rx), sink: MemorySink(unbounded().0) };
    let builder = Servent::builder(store()).neighbours([at(1), at(1), at(6001)]);
    let said = warnings_of(|| drop(builder.start_on(endpoint, ManualClock::new().0).unwrap()));
    let expected = [
        "neighbour 127.0.0.1:1 is given more than once, used once",
        "neighbour 127.0.0.1:6001 is this servent itself, dropped",
    ];
    assert_eq!(said, expected);
}
