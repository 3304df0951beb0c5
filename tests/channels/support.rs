//! Messages, batches and a clock that moves when it is told to.

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use log::{Level, LevelFilter, Log, Metadata, Record};
use parking_lot::Mutex;
use servent::actor::channels::{InboxHandle, OutboxHandle};
use servent::actor::clock::Clock;
use servent::actor::hand_over::{self, Role, Turn, Waiting};
use servent::batch::Inbox;
use servent::protocol::{Store, StoreBuilder};
use servent::{HandOver, Timestamp};
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long a test waits for something that must come.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) fn at(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// The next message, or a failed test.
#[track_caller]
pub(crate) fn next<T>(channel: &Receiver<T>) -> T {
    channel.recv_timeout(DEADLINE).expect("a message before the deadline")
}

pub(crate) fn clireq(key: &[u8]) -> Vec<u8> {
    [b"\0\x01", key].concat()
}

pub(crate) fn query(ttl: u16, client: u16, seq: u32, key: &[u8]) -> Vec<u8> {
    [b"\0\x02", &ttl.to_be_bytes()[..], &[127, 0, 0, 1], &client.to_be_bytes(), &seq.to_be_bytes(), key].concat()
}

pub(crate) fn response(key: &[u8], value: &[u8]) -> Vec<u8> {
    [b"\0\x03", key, b"\t", value].concat()
}

pub(crate) fn inbox(datagrams: &[(SocketAddrV4, Vec<u8>)]) -> InboxHandle {
    let mut inbox = Inbox::default();
    for (source, datagram) in datagrams {
        inbox.push(*source, datagram).unwrap();
    }
    Arc::new(inbox)
}

pub(crate) fn contents(outbox: &OutboxHandle) -> Vec<(SocketAddrV4, Vec<u8>)> {
    outbox.iter().map(|(bytes, to)| (to, bytes.to_vec())).collect()
}

/// Lets `role` do these works: each at once as it is brought, or all of them queued for its thread.
pub(crate) fn employ<W: 'static>(
    role: impl Role<W> + 'static,
    hand_over: HandOver,
    works: impl IntoIterator<Item = W>,
) {
    let (handle, worker) = hand_over::role("the role under test", role, hand_over, unbounded());
    works.into_iter().for_each(|work| drop(handle.hand(work, Turn::own(Waiting::Nothing)).unwrap()));
    drop(handle);
    worker.run();
}

/// Both ways to hand work over.
pub(crate) const HAND_OVERS: [HandOver; 2] = [HandOver::Idle, HandOver::Queue];

/// The way to hand work over that is tested where a test has one: `TEST_HAND_OVER=queue cargo test --test channels`.
pub(crate) fn hand_over() -> HandOver {
    match std::env::var("TEST_HAND_OVER").as_deref() {
        Ok("queue") => HandOver::Queue,
        _ => HandOver::Idle,
    }
}

/// A store that holds `http`, with this value, and `ssh`.
pub(crate) fn store_with(http: &[u8]) -> Store {
    let mut builder = StoreBuilder::new(0, [1, 2]);
    builder.insert(b"http", http).unwrap();
    builder.insert(b"ssh", b"22/tcp").unwrap();
    builder.build().unwrap()
}

/// The same with `80/tcp`.
pub(crate) fn store() -> Store {
    store_with(b"80/tcp")
}

/// A clock that stands still until it is set, and then rings every alarm that is due.
#[derive(Clone, Debug)]
pub(crate) struct ManualClock {
    state: Arc<Mutex<(Timestamp, Vec<Alarm>)>>,
    deadline_tx: Sender<Timestamp>,
}

/// A deadline that somebody waits for, and what wakes him.
type Alarm = (Timestamp, Sender<Instant>);

impl ManualClock {
    /// The clock, at zero, and the deadlines of the alarms that are set on it.
    pub(crate) fn new() -> (Self, Receiver<Timestamp>) {
        let (deadline_tx, deadline_rx) = unbounded();
        (Self { state: Arc::default(), deadline_tx }, deadline_rx)
    }

    pub(crate) fn set(&self, now: Timestamp) {
        let mut state = self.state.lock();
        state.0 = now;
        let due = state.1.extract_if(.., |(deadline, _)| *deadline <= now);
        due.for_each(|(_, alarm_tx)| ring(&alarm_tx));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state.lock().0
    }

    fn alarm(&self, deadline: Timestamp) -> Receiver<Instant> {
        let (alarm_tx, alarm_rx) = bounded(1);
        let mut state = self.state.lock();
        if deadline <= state.0 {
            ring(&alarm_tx);
        } else {
            state.1.push((deadline, alarm_tx));
        }
        // A test that looks at no alarm has dropped the other end.
        self.deadline_tx.send(deadline).ok();
        alarm_rx
    }
}

/// A clock that shows a later time whenever it is looked at.
#[derive(Debug, Default)]
pub(crate) struct TickingClock(AtomicU64);

impl Clock for TickingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn alarm(&self, _: Timestamp) -> Receiver<Instant> {
        panic!("no actor of a servent waits for a time")
    }
}

#[allow(clippy::disallowed_methods, reason = "an alarm's message is some instant, which nobody reads")]
fn ring(alarm_tx: &Sender<Instant>) {
    // An alarm that was set anew has nobody behind it.
    alarm_tx.send(Instant::now()).ok();
}

/// Counters that are 0 but for these: `counters!(received: 9, clireq: 2)`.
macro_rules! counters {
    ($($name:ident $(: $count:expr)?),+) => {{
        let mut counters = servent::Counters::default();
        $(counters.$name = counters!(@count $name $(, $count)?);)+
        counters
    }};
    (@count $name:ident) => { $name };
    (@count $name:ident, $count:expr) => { $count };
}

pub(crate) use counters;

thread_local! {
    static LOGGED: RefCell<Vec<(Level, String)>> = const { RefCell::new(Vec::new()) };
}

/// Keeps what a thread logs for itself.
struct LogOfThisThread;

impl Log for LogOfThisThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LOGGED.with_borrow_mut(|logged| logged.push((record.level(), record.args().to_string())));
    }

    fn flush(&self) {}
}

/// What this thread logs at warn while it does `body`.
pub(crate) fn warnings_of(body: impl FnOnce()) -> Vec<String> {
    static LOG: LogOfThisThread = LogOfThisThread;
    // Every test that looks at the log sets the same one.
    log::set_logger(&LOG).ok();
    log::set_max_level(LevelFilter::Warn);
    LOGGED.take();
    body();
    LOGGED.take().into_iter().filter(|(level, _)| *level == Level::Warn).map(|(_, line)| line).collect()
}
