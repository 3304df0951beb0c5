//! The receiver: datagrams to decoded batches, until it is told to stop.

use super::channels::{InboxHandle, LookupJob};
use super::clock::{Clock, Pace};
use crate::batch::{Inbox, Pool};
use crate::net::{DatagramSource, Received, is_transient};
use crate::stats::{Counters, Tally};
use crate::wire::Header;
use crossbeam_channel::{SendError, Sender};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells a receiver to stop. It looks after each batch, and at the latest after
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
}

/// The other end of a channel is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl<T> From<SendError<T>> for Gone {
    fn from(_: SendError<T>) -> Self {
        Self
    }
}

/// The servent's routes: everything to the flooder, and the CLIREQs, in parallel, to the lookup actor (P-11).
#[derive(Debug)]
pub struct ServentRoute {
    inbox_tx: Sender<InboxHandle>,
    lookup_tx: Sender<LookupJob>,
    wanted: Pool<Vec<usize>>,
}

impl ServentRoute {
    /// Routes to these channels.
    #[must_use]
    pub fn new(inbox_tx: Sender<InboxHandle>, lookup_tx: Sender<LookupJob>) -> Self {
        Self { inbox_tx, lookup_tx, wanted: Pool::default() }
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
        if clireqs > 0 {
            self.lookup_tx.send(LookupJob::Keys { inbox: Arc::clone(&inbox), wanted })?;
        }
        if clireqs > 0 || queries > 0 {
            self.inbox_tx.send(inbox)?;
        }
        Ok(())
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
pub fn run(
    mut source: impl DatagramSource,
    stop: &StopFlag,
    mut route: impl Route,
    clock: &impl Clock,
    mut tally: Tally,
) {
    let mut inboxes = Pool::<Inbox>::default();
    let (mut shed_pace, mut failure_pace) = (Pace::FAILURES, Pace::FAILURES);
    while !stop.is_set() {
        let (inbox, received) = inboxes.fill(|inbox| receive(&mut source, inbox, tally.count()));
        match received {
            Ok(Received { shed, .. }) => {
                if shed > 0 && shed_pace.is_due(clock.now()) {
                    log::warn!(
                        "overloaded: the kernel shed {shed} datagrams since the last batch, for want of buffer space"
                    );
                }
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
            }
        }
        let passed = if inbox.is_empty() { Ok(()) } else { route.pass(inbox, tally.count()) };
        tally.publish();
        if passed == Err(Gone) {
            break;
        }
    }
    tally.publish();
}

fn receive(source: &mut impl DatagramSource, inbox: &mut Inbox, counters: &mut Counters) -> io::Result<Received> {
    inbox.clear();
    let received = source.receive(|from, datagram| {
        counters.received += 1;
        if let Err(error) = inbox.push(from, datagram) {
            counters.malformed(error);
            log::debug!("malformed datagram of {} bytes from {from}: {error}", datagram.len());
        }
    })?;
    counters.receive_shed += u64::from(received.shed);
    Ok(received)
}
