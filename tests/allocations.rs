//! In steady state nothing is allocated for a datagram: what an actor allocates for a batch does not depend on how
//! many datagrams are in it, and the machines allocate nothing at all.
//!
//! A program of its own, because it counts every call of the allocator. Each figure is the difference between a long
//! run and a shorter one, so that what is allocated once at the start does not count.

#![allow(clippy::unwrap_used, reason = "the helpers outside the test functions are tests as well")]

use allocation_counter::measure;
use crossbeam_channel::bounded;
use servent::actor::channels::{FloodJob, LookupJob, batches};
use servent::actor::clock::SystemClock;
use servent::actor::hand_over::{Gone, Role, RoleHandle, Turn, Waiting, role};
use servent::actor::tracer::{self, Tap};
use servent::actor::{flooder, lookup};
use servent::batch::{Inbox, Outbox};
use servent::net::{BatchReceiver, BatchSender, DatagramSink, DatagramSource, Offload, Socket, WhenFull};
use servent::protocol::{FloodConfig, Flooder, Lookup, ResponseLimiter, SeenConfig, StoreBuilder};
use servent::stats::Stats;
use servent::{HandOver, Neighbours, SeqNo};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::thread::Builder;

/// Datagrams of a full batch without offload.
const FULL: usize = 64;
/// Batches of one datagram and full ones, handed over in both ways.
const CASES: [(usize, HandOver); 4] =
    [(1, HandOver::Idle), (FULL, HandOver::Idle), (1, HandOver::Queue), (FULL, HandOver::Queue)];
const SHORT: usize = 100;
const LONG: usize = 300;

/// What `run` allocates for each batch in steady state, when given a number of batches. Rounded: a buffer that grows a
/// little later in one run than in another is no cost of a batch, and saves none.
fn allocations_a_batch(mut run: impl FnMut(usize)) -> u64 {
    let mut count = |batches| measure(|| run(batches)).count_total;
    let short = count(SHORT);
    let batches = (LONG - SHORT) as u64;
    (count(LONG).saturating_sub(short) + batches / 2) / batches
}

fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// A batch of `datagrams` CLIREQs.
fn inbox(datagrams: usize) -> Arc<Inbox> {
    let mut inbox = Inbox::default();
    for _ in 0..datagrams {
        inbox.push(at(5000), b"\0\x01http").unwrap();
    }
    Arc::new(inbox)
}

/// Lets `role` do the same work so many times, at once or queued.
fn employ<W: Clone + 'static>(actor: impl Role<W> + 'static, hand_over: HandOver, work: &W, count: usize) {
    let (handle, worker) = match hand_over {
        HandOver::Idle => role("actor", actor, hand_over, batches()),
        HandOver::Queue => role("actor", actor, hand_over, bounded(count)),
    };
    (0..count).for_each(|_| drop(handle.hand(work.clone(), Turn::own(Waiting::Nothing)).unwrap()));
    drop(handle);
    worker.run();
}

fn outbox(datagrams: usize, to: SocketAddrV4) -> Outbox {
    let mut outbox = Outbox::default();
    for _ in 0..datagrams {
        let datagram = outbox.write(|bytes| bytes.extend_from_slice(b"\0\x01http"));
        outbox.send(&datagram, to);
    }
    outbox
}

/// Takes whatever comes and drops it, so that buffers come back.
struct Nobody;

impl<W> Role<W> for Nobody {
    fn take(&mut self, _: W, _: Turn) -> Result<(), Gone> {
        Ok(())
    }
}

/// The way to nobody.
fn nobody<W: Send + 'static>() -> RoleHandle<W> {
    let (handle, worker) = role("nobody", Nobody, HandOver::Idle, batches());
    Builder::new().spawn(|| worker.run()).unwrap();
    handle
}

/// What the flooder allocates for a batch of so many datagrams.
fn allocations_of_the_flooder(datagrams: usize, hand_over: HandOver, tap: Option<&Tap>) -> u64 {
    allocations_of_the_flooder_for(&inbox(datagrams), hand_over, tap)
}

fn allocations_of_the_flooder_for(batch: &Arc<Inbox>, hand_over: HandOver, tap: Option<&Tap>) -> u64 {
    allocations_a_batch(|batches| {
        let machine = Flooder::new(FloodConfig {
            neighbours: Neighbours::new([at(1), at(2)]).unwrap(),
            first_seq: SeqNo(0),
            neighbours_only: false,
            seen: SeenConfig { capacity: 1 << 10, ..SeenConfig::default() },
            secret: [1, 2],
        });
        let (clock, tally) = (SystemClock::start(), Stats::default().tally());
        let actor = flooder::Flooder::new(machine, (nobody(), nobody()), clock, tally, tap.cloned());
        employ(actor, hand_over, &FloodJob::Messages(Arc::clone(batch)), batches);
    })
}

#[test]
fn the_flooder_allocates_nothing_in_steady_state() {
    for (datagrams, hand_over) in CASES {
        let allocations = allocations_of_the_flooder(datagrams, hand_over, None);
        assert_eq!(allocations, 0, "{datagrams} datagrams a batch, {hand_over:?}");
    }
}

/// P-14: of duplicates nothing is sent, and the buffers are used again all the same.
#[test]
fn the_flooder_allocates_nothing_for_duplicates() {
    let query = [b"\0\x02\0\x03\x7f\0\0\x01\x13\x88\0\0\0\x07", &b"http"[..]].concat();
    let mut batch = Inbox::default();
    for _ in 0..FULL {
        batch.push(at(1), &query).unwrap();
    }
    let batch = Arc::new(batch);
    for hand_over in [HandOver::Idle, HandOver::Queue] {
        assert_eq!(allocations_of_the_flooder_for(&batch, hand_over, None), 0, "{hand_over:?}");
    }
}

/// The notes of a batch are one list. Nobody takes them here, so that what waits is no part of the figure.
#[test]
fn a_traced_flooder_allocates_once_a_batch_and_not_for_a_datagram() {
    let (tap, _, _) = tracer::tap();
    for (datagrams, hand_over) in CASES {
        let allocations = allocations_of_the_flooder(datagrams, hand_over, Some(&tap));
        assert_eq!(allocations, 1, "{datagrams} datagrams a batch, {hand_over:?}");
    }
}

#[test]
fn the_lookup_actor_allocates_nothing_in_steady_state() {
    for (datagrams, hand_over) in CASES {
        let job = LookupJob::Keys { inbox: inbox(datagrams), wanted: Arc::new((0..datagrams).collect()) };
        let allocations = allocations_a_batch(|batches| {
            let mut builder = StoreBuilder::new(0, [1, 2]);
            builder.insert(b"http", b"80/tcp").unwrap();
            let machine = Lookup::new(builder.build().unwrap(), ResponseLimiter::new(200));
            let (clock, tally) = (SystemClock::start(), Stats::default().tally());
            let actor = lookup::Lookup::new(machine, nobody(), clock, tally, None);
            employ(actor, hand_over, &job, batches);
        });
        assert_eq!(allocations, 0, "{datagrams} datagrams a batch, {hand_over:?}");
    }
}

/// A receiving and a sending half, and the address that the sender can send to.
fn sockets() -> (BatchReceiver, BatchSender, SocketAddrV4) {
    let [here, there] = [(); 2].map(|()| Socket::bind(at(0)).unwrap());
    let to = there.local_addr();
    let (receiver, _, _) = there.split(Offload::WhereAvailable).unwrap();
    let (_, sender, _) = here.split(Offload::WhereAvailable).unwrap();
    (receiver, sender, to)
}

/// The headers of a system call are made for each call; a datagram adds nothing to that.
#[test]
fn receiving_and_sending_allocate_for_a_call_and_not_for_a_datagram() {
    let costs = [1, FULL].map(|datagrams| {
        let (mut receiver, mut sender, to) = sockets();
        let outbox = outbox(datagrams, to);
        let mut inbox = Inbox::default();
        let mut batches_of = |batches| {
            for _ in 0..batches {
                sender.send(&outbox, WhenFull::Wait, |_, _| {});
                inbox.clear();
                while inbox.len() < datagrams {
                    let push = |source, at, datagram: &[u8]| assert!(inbox.push_at(source, at, datagram).is_ok());
                    receiver.receive(push).unwrap();
                }
            }
        };
        allocations_a_batch(&mut batches_of)
    });
    assert!(costs[1] <= costs[0] + 2, "{costs:?} allocations for batches of 1 and of {FULL}");
}
