//! A trace shows what an actor did and when: flooders that break a rule, and the lines that must show it.

use crate::support::{HAND_OVERS, TickingClock, at, clireq, employ, inbox, query, response, store};
use crossbeam_channel::{Receiver, unbounded};
use serde_json::{Value, json};
use servent::actor::channels::FloodJob;
use servent::actor::flooder::Judge;
use servent::actor::receiver::ServentRoute;
use servent::actor::stop::StopFlag;
use servent::actor::{flooder, lookup, receiver, sender, tracer};
use servent::batch::{Inbox, Outbox};
use servent::net::memory::{MemorySink, MemorySource};
use servent::protocol::{
    FloodConfig, Flooder, Lookup, LookupVerdict, QueryVerdict, ResponseLimiter, SeenConfig, Verdict,
};
use servent::stats::Stats;
use servent::trace::{Events, Notes, Scribe};
use servent::wire::{Header, encode_query};
use servent::{HandOver, Neighbours, SeqNo, Timestamp, Ttl};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// A flooder of the servent whose neighbours are at 1, 2 and 3.
fn honest() -> Flooder {
    Flooder::new(FloodConfig {
        neighbours: Neighbours::new([at(1), at(2), at(3)]).unwrap(),
        first_seq: SeqNo(7),
        neighbours_only: false,
        seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
        secret: [1, 2],
    })
}

/// Sends a QUERY back to the neighbour that it came from as well (against P-14): it is not told who that was.
struct NoSplitHorizon(Flooder);

impl Judge for NoSplitHorizon {
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        let mut hidden = Inbox::default();
        for (_, message) in inbox.iter() {
            let Header::Query(header) = message.header else { panic!("only QUERYs are asked here") };
            let mut datagram = Vec::new();
            encode_query(&mut datagram, header, message.text.field());
            hidden.push(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0), &datagram).unwrap();
        }
        self.0.on_batch(now, &hidden, outbox, judged);
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.0.replace_neighbours(neighbours);
    }
}

/// Changes what it queues for a QUERY that came in with this time-to-live.
struct Changed(Flooder, fn(&mut Vec<u8>, Ttl));

impl Judge for Changed {
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        mut judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        let (mut meant, mut copied) = (Outbox::default(), 0);
        self.0.on_batch(now, inbox, &mut meant, |index, verdict, meant| {
            let ttl = match inbox.get(index).unwrap().1.header {
                Header::Query(header) => header.ttl,
                Header::Clireq | Header::Response => Ttl::INITIAL,
            };
            for (bytes, to) in meant.sends(copied..meant.len()) {
                let mut bytes = bytes.to_vec();
                self.1(&mut bytes, ttl);
                let datagram = outbox.write(|written| written.extend_from_slice(&bytes));
                to.for_each(|to| outbox.send(&datagram, to));
            }
            copied = meant.len();
            judged(index, verdict, outbox);
        });
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.0.replace_neighbours(neighbours);
    }
}

/// Sends what it calls a duplicate back where it came from.
struct ReturnsDuplicates(Flooder);

impl Judge for ReturnsDuplicates {
    fn judge(
        &mut self,
        now: Timestamp,
        inbox: &Inbox,
        outbox: &mut Outbox,
        mut judged: impl FnMut(usize, Verdict, &Outbox),
    ) {
        self.0.on_batch(now, inbox, &mut Outbox::default(), |index, verdict, _| {
            let (source, message) = inbox.get(index).unwrap();
            if let (Verdict::Query(QueryVerdict::Duplicate { .. }), Header::Query(header)) = (verdict, message.header) {
                let echo = outbox.write(|bytes| encode_query(bytes, header, message.text.field()));
                outbox.send(&echo, source);
            }
            judged(index, verdict, outbox);
        });
    }

    fn replace_neighbours(&mut self, neighbours: Neighbours) {
        self.0.replace_neighbours(neighbours);
    }
}

/// What the real actor tells of one batch that `judge` judges.
fn told_by(judge: impl Judge + Send + 'static, batch: &[(SocketAddrV4, Vec<u8>)]) -> Vec<Value> {
    let (lookup_tx, _lookup_rx) = unbounded();
    let (outbox_tx, _outbox_rx) = unbounded();
    let (tap, event_rx, _) = tracer::tap();
    let (ways, clock) = ((lookup_tx.into(), outbox_tx.into()), TickingClock::default());
    let role = flooder::Flooder::new(judge, ways, clock, Stats::default().tally(), Some(tap));
    employ(role, HandOver::Idle, [FloodJob::Messages(inbox(batch))]);
    lines(&event_rx)
}

fn lines(event_rx: &Receiver<Events>) -> Vec<Value> {
    let (scribe, mut text) = (Scribe::new(at(9), 0), Vec::new());
    event_rx.try_iter().for_each(|events| {
        let before = text.len();
        scribe.events(&mut text, &events);
        assert!(text[before..].iter().filter(|&&byte| byte == b'\n').count() >= events.count());
    });
    parsed(&text)
}

fn parsed(text: &[u8]) -> Vec<Value> {
    str::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// These fields of a line; those that it does not have are null.
fn fields<const N: usize>(line: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| line[name].clone())
}

const WHITHER: [&str; 4] = ["event", "ttl_sent", "count", "to"];

fn whither(lines: &[Value]) -> Vec<[Value; 4]> {
    lines.iter().map(|line| fields(line, WHITHER)).collect()
}

fn forwarded(ttl_sent: u16, to: &[u16]) -> [Value; 4] {
    let to: Vec<_> = to.iter().map(|&port| at(port)).collect();
    [json!("forwarded"), json!(ttl_sent), json!(to.len()), json!(to)]
}

#[test]
fn p14_a_trace_shows_a_query_that_is_sent_back_to_its_sender() {
    let batch = [(at(2), query(3, 5000, 1, b"http"))];
    assert_eq!(whither(&told_by(honest(), &batch)), [forwarded(2, &[1, 3])]);
    assert_eq!(whither(&told_by(NoSplitHorizon(honest()), &batch)), [forwarded(2, &[1, 2, 3])]);
}

#[test]
fn p14_a_trace_shows_a_time_to_live_that_is_not_decremented() {
    let keeps = |bytes: &mut Vec<u8>, ttl: Ttl| bytes[2..4].copy_from_slice(&ttl.0.to_be_bytes());
    let batch = [(at(2), query(3, 5000, 1, b"http")), (at(9), query(2, 5000, 2, b"ssh"))];
    assert_eq!(whither(&told_by(honest(), &batch)), [forwarded(2, &[1, 3]), forwarded(1, &[1, 2, 3])]);
    let told = told_by(Changed(honest(), keeps), &batch);
    assert_eq!(whither(&told), [forwarded(3, &[1, 3]), forwarded(2, &[1, 2, 3])]);
    assert_eq!(told.iter().map(|line| &line["ttl"]).collect::<Vec<_>>(), [3, 2], "as they came in");
}

#[test]
fn p14_a_trace_shows_a_duplicate_that_is_sent_on() {
    let batch = [(at(1), query(3, 5000, 1, b"http")), (at(2), query(2, 5000, 1, b"http"))];
    let null = Value::Null;
    let nobody = |event: &str| [json!(event), null.clone(), null.clone(), null.clone()];
    let told = whither(&told_by(honest(), &batch));
    assert_eq!(told, [forwarded(2, &[2, 3]), nobody("duplicate")]);
    // The first one it sends nowhere, and says that its time-to-live has not run out.
    let told = whither(&told_by(ReturnsDuplicates(honest()), &batch));
    assert_eq!(told, [nobody("not_forwarded"), forwarded(2, &[2]), nobody("duplicate")]);
}

#[test]
fn p11_p12_a_trace_shows_the_number_that_left_with_the_query_of_a_clireq() {
    let batch = [(at(5000), clireq(b"http")), (at(5000), clireq(b"ssh"))];
    let numbers = |told: &[Value]| told.iter().map(|line| line["seq"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(&told_by(honest(), &batch)), [7, 8]);
    let repeats = |bytes: &mut Vec<u8>, _| bytes[10..14].copy_from_slice(&[0; 4]);
    assert_eq!(numbers(&told_by(Changed(honest(), repeats), &batch)), [0, 0]);
}

#[test]
fn p14_a_trace_shows_to_whom_an_answer_is_sent() {
    let asked = inbox(&[(at(1), query(3, 5000, 1, b"http")), (at(1), query(3, 5001, 2, b"absent"))]);
    let mut outbox = Outbox::default();
    let mut notes = Notes::of(2, &Outbox::default());
    let answer = outbox.write(|bytes| bytes.extend_from_slice(&response(b"http", b"80/tcp")));
    // The neighbour that passed it on instead of the client; and one that says that it holds nothing, and answers.
    outbox.send(&answer, at(1));
    notes.add(Timestamp::from_nanos(1), 0, LookupVerdict::Answered, &outbox);
    outbox.send(&answer, at(5001));
    notes.add(Timestamp::from_nanos(2), 1, LookupVerdict::NotFound, &outbox);
    let mut text = Vec::new();
    Scribe::new(at(9), 0).events(&mut text, &Events::LookedUp(notes.done(&asked, &Arc::new(outbox))));
    let told: Vec<_> = parsed(&text).iter().map(|line| fields(line, ["t", "event", "to"])).collect();
    let expected = [
        [json!(1), json!("answered"), json!([at(1)])],
        [json!(2), json!("answered"), json!([at(5001)])],
        [json!(2), json!("not_found"), Value::Null],
    ];
    assert_eq!(told, expected);
}

/// Each event of an actor's trace is later than the one before, on a clock that never shows the same time twice.
#[track_caller]
fn expect_own_times(event_rx: &Receiver<Events>, events: &[&str]) -> Vec<Value> {
    let told = lines(event_rx);
    let names: Vec<_> = told.iter().map(|line| line["event"].as_str().unwrap()).collect();
    let mut times: Vec<_> = told.iter().map(|line| line["t"].as_u64().unwrap()).collect();
    assert_eq!(names, events);
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    told
}

#[test]
fn each_event_of_a_batch_has_its_own_time() {
    HAND_OVERS.into_iter().for_each(expect_own_times_of_all);
}

fn expect_own_times_of_all(hand_over: HandOver) {
    let requests =
        [(at(1), query(3, 5000, 1, b"http")), (at(2), query(1, 5000, 2, b"ssh")), (at(2), clireq(b"absent"))];
    let mut stats = Stats::default();
    let clock = Arc::new(TickingClock::default());
    let (tap, event_rx, ledger) = tracer::tap();

    let (parcel_tx, parcel_rx) = unbounded();
    let parcels = requests.iter().cloned().chain([(at(3), b"\0".to_vec()), (at(3), response(b"k", b"v"))]);
    parcels.for_each(|parcel| parcel_tx.send(parcel).unwrap());
    drop(parcel_tx);
    let (inbox_tx, inbox_rx) = unbounded();
    let (lookup_tx, lookup_rx) = unbounded();
    let route = ServentRoute::new(true, inbox_tx.into(), lookup_tx.clone().into());
    let source = MemorySource::new(parcel_rx);
    let stop = StopFlag::new(&source).unwrap();
    receiver::run(source, &stop, route, &clock, stats.tally(), Some(&tap));
    // The malformed one first, which the batch has no place for.
    expect_own_times(&event_rx, &["dropped", "received", "received", "received", "dropped"]);

    let (outbox_tx, outbox_rx) = unbounded();
    let ways = (lookup_tx.into(), outbox_tx.clone().into());
    let role = flooder::Flooder::new(honest(), ways, Arc::clone(&clock), stats.tally(), Some(tap.clone()));
    employ(role, hand_over, inbox_rx);
    expect_own_times(&event_rx, &["forwarded", "not_forwarded", "forwarded"]);

    // The CLIREQ, from the receiver, and the two QUERYs, from the flooder.
    let answers = Lookup::new(store(), ResponseLimiter::new(200));
    let sender = outbox_tx.into();
    let role = lookup::Lookup::new(answers, sender, Arc::clone(&clock), stats.tally(), Some(tap.clone()));
    employ(role, hand_over, lookup_rx);
    expect_own_times(&event_rx, &["not_found", "answered", "answered"]);

    // Nobody is there to take the five QUERYs and two answers.
    let (parcel_tx, _) = unbounded();
    let role = sender::Sender::new(MemorySink(parcel_tx), clock, stats.tally(), Some(tap));
    employ(role, hand_over, outbox_rx);
    let mut dropped = expect_own_times(&event_rx, &["dropped"; 7]);
    // Each line says which datagram it was (P-25).
    let mut expected: Vec<_> = [("http", 1), ("absent", 7)]
        .into_iter()
        .flat_map(|(key, seq)| [1, 2, 3].map(|port| (key, seq, port)))
        .filter(|&(key, _, port)| (key, port) != ("http", 1))
        .map(|(key, seq, port)| {
            let (ttl, client) = if key == "http" { (2, at(5000)) } else { (3, at(2)) };
            json!({"type": "query", "client": client, "ttl_sent": ttl, "seq": seq, "key": key, "to": [at(port)]})
        })
        .chain(["http", "ssh"].map(|key| json!({"type": "response", "key": key, "to": [at(5000)]})))
        .collect();
    for line in &mut dropped {
        let object = line.as_object_mut().unwrap();
        object.retain(|name, _| !["t", "node", "event", "why"].contains(&name.as_str()));
    }
    dropped.sort_by_key(Value::to_string);
    expected.sort_by_key(Value::to_string);
    assert_eq!(dropped, expected);
    assert_eq!(ledger.dropped(), 0);
}

/// What the wrappers of this file do is to break one rule, and no more.
#[test]
fn a_wrapper_that_changes_nothing_is_told_of_as_the_flooder_itself() {
    let batch = [(at(2), query(3, 5000, 1, b"http")), (at(5000), clireq(b"ssh"))];
    assert_eq!(whither(&told_by(Changed(honest(), |_, _| {}), &batch)), whither(&told_by(honest(), &batch)));
}
