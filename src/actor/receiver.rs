//! The receiver: datagrams to decoded batches, until it is told to stop.

use super::channels::{InboxHandle, LookupJob};
use super::clock::{Clock, Pace};
use super::tracer::Tap;
use crate::batch::{Inbox, Pool};
use crate::net::{DatagramSource, Received, is_transient};
use crate::stats::{Counters, Tally};
use crate::trace::{Events, Malformed};
use crate::types::Neighbours;
use crate::wire::{DecodeError, Header};
use crossbeam_channel::{SendError, Sender};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells a receiver to stop. It looks after each receive call, and at the latest after
/// [`RECEIVE_WAIT_MAX`](crate::net::RECEIVE_WAIT_MAX). Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the stop was asked for.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where a receiver's batches go.
pub trait Route {
    /// Passes `inbox`, which is not empty, on.
    ///
    /// # Errors
    /// Whoever should take it is gone: the receiver ends.
    fn pass(&mut self, inbox: InboxHandle, counters: &mut Counters) -> Result<(), Gone>;

    /// Learns of a malformed datagram, which goes nowhere.
    fn malformed(&mut self, _from: SocketAddrV4, _len: usize, _error: DecodeError) {}

    /// Learns that a receive call is over and what it brought was passed on.
    fn settle(&mut self) {}
}

/// The other end of a channel is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl<T> From<SendError<T>> for Gone {
    fn from(_: SendError<T>) -> Self {
        Self
    }
}

/// The servent's routes: what is flooded or judged to the flooder, and the CLIREQs, in parallel, to the lookup actor
/// (P-11).
///
/// A CLIREQ is flooded where there are neighbours. Without any, no QUERY of it exists that could come back (P-16),
/// and the flooder is left asleep: waking it would cost more than the answer.
#[derive(Debug)]
pub struct ServentRoute {
    floods_clireqs: bool,
    inbox_tx: Sender<InboxHandle>,
    lookup_tx: Sender<LookupJob>,
    wanted: Pool<Vec<usize>>,
    tap: Option<Tap>,
    malformed: Vec<Malformed>,
}

impl ServentRoute {
    /// Routes to these channels, for a servent that knows `neighbours`.
    #[must_use]
    pub fn new(neighbours: &Neighbours, inbox_tx: Sender<InboxHandle>, lookup_tx: Sender<LookupJob>) -> Self {
        let floods_clireqs = !neighbours.as_slice().is_empty();
        Self { floods_clireqs, inbox_tx, lookup_tx, wanted: Pool::default(), tap: None, malformed: Vec::new() }
    }

    /// The same, with what comes in noted for the tracer.
    #[must_use]
    pub fn traced(self, tap: Option<Tap>) -> Self {
        Self { tap, ..self }
    }
}

impl Route for ServentRoute {
    fn pass(&mut self, inbox: InboxHandle, counters: &mut Counters) -> Result<(), Gone> {
        let (wanted, queries) = self.wanted.fill(|wanted| {
            wanted.clear();
            let mut queries = 0;
            for (index, (_, message)) in inbox.iter().enumerate() {
                match message.header {
                    Header::Clireq => wanted.push(index),
                    Header::Query(_) => queries += 1,
                    Header::Response => counters.unexpected_response += 1,
                }
            }
            queries
        });
        let clireqs = wanted.len();
        counters.clireq += clireqs as u64;
        counters.query += queries;
        // First, so that the lines of what the others do come behind.
        if let Some(tap) = &self.tap {
            tap.offer_now(Events::Received(Arc::clone(&inbox)));
        }
        if clireqs > 0 {
            self.lookup_tx.send(LookupJob::Keys { inbox: Arc::clone(&inbox), wanted })?;
        }
        if queries > 0 || (clireqs > 0 && self.floods_clireqs) {
            self.inbox_tx.send(inbox)?;
        }
        Ok(())
    }

    fn malformed(&mut self, from: SocketAddrV4, len: usize, error: DecodeError) {
        if self.tap.is_some() {
            self.malformed.push(Malformed { from, len, error });
        }
    }

    fn settle(&mut self) {
        if let Some(tap) = &self.tap {
            tap.offer_now(Events::Malformed(std::mem::take(&mut self.malformed)));
        }
    }
}

/// A client's route: everything to the conversation.
impl Route for Sender<InboxHandle> {
    fn pass(&mut self, inbox: InboxHandle, _: &mut Counters) -> Result<(), Gone> {
        Ok(self.send(inbox)?)
    }
}

/// Receives, decodes and routes until `stop` is set, the route is gone, or there is no socket any more.
///
/// Malformed datagrams are counted by cause, logged at debug, and otherwise ignored (P-5).
pub fn run(mut source: impl DatagramSource, stop: &StopFlag, route: impl Route, clock: &impl Clock, mut tally: Tally) {
    let mut intake = Intake::new(route);
    let (mut shed_pace, mut failure_pace) = (Pace::FAILURES, Pace::FAILURES);
    while !stop.is_set() && !intake.gone {
        let received = source.receive(|from, datagram| intake.take(from, datagram, tally.count()));
        intake.pass(tally.count());
        intake.route.settle();
        let shed = match received {
            Ok(Received { shed, unreadable }) => {
                tally.count().receive_failed += unreadable;
                shed
            }
            Err(error) => {
                tally.count().receive_failed += 1;
                if !is_transient(&error) {
                    log::error!("the socket cannot be received from any more: {error}");
                    break;
                }
                if failure_pace.is_due(clock.now()) {
                    log::warn!("receiving failed: {error}");
                }
                0
            }
        };
        tally.count().receive_shed += shed;
        if shed > 0 && shed_pace.is_due(clock.now()) {
            log::warn!("overloaded: the kernel shed {shed} buffers for want of space (receive_shed counts them)");
        }
        tally.publish();
    }
    tally.count().receive_shed += source.shed();
    tally.publish();
}

/// Collects datagrams into batches and passes them on.
struct Intake<R> {
    route: R,
    inboxes: Pool<Inbox>,
    filling: Arc<Inbox>,
    gone: bool,
}

impl<R: Route> Intake<R> {
    fn new(route: R) -> Self {
        Self { route, inboxes: Pool::default(), filling: Arc::default(), gone: false }
    }

    /// Decodes one datagram; passes the batch on when it is full.
    fn take(&mut self, from: SocketAddrV4, datagram: &[u8], counters: &mut Counters) {
        counters.received += 1;
        let inbox = Arc::get_mut(&mut self.filling).expect("a batch is shared only once it is passed on");
        if let Err(error) = inbox.push(from, datagram) {
            counters.malformed(error);
            self.route.malformed(from, datagram.len(), error);
            log::debug!("malformed datagram of {} bytes from {from}: {error}", datagram.len());
        }
        if inbox.is_full() {
            self.pass(counters);
        }
    }

    /// Passes the batch on, if anything is in it, and starts another one.
    fn pass(&mut self, counters: &mut Counters) {
        if self.filling.is_empty() {
            return;
        }
        let mut next = self.inboxes.vacant();
        Arc::get_mut(&mut next).expect("nobody else holds a vacant buffer").clear();
        let full = std::mem::replace(&mut self.filling, next);
        self.inboxes.keep(&full);
        self.gone |= self.route.pass(full, counters).is_err();
    }
}
