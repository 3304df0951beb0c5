//! The receiver: datagrams to decoded batches, until it is told to stop.

use super::channels::{FloodJob, InboxHandle, LookupJob, News};
use super::clock::{Clock, Pace};
use super::hand_over::{Gone, RoleHandle, Turn, Waiting};
use super::stop::StopFlag;
use super::tracer::Tap;
use crate::batch::{Inbox, Pool};
use crate::net::{DatagramSource, Received, SendFailure, is_transient};
use crate::protocol::EXCERPT_LEN_MAX;
use crate::stats::{DropCause, Tally};
use crate::trace::{Events, Malformed};
use crate::types::Timestamp;
use crate::wire::{DecodeError, Header};
use crossbeam_channel::Sender;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;

/// The longest pause after receiving failed again and again, so that a fault that stays does not keep a processor busy.
const REST_MAX: Duration = Duration::from_secs(1);

/// Where a receiver's batches go.
pub trait Route {
    /// Passes `inbox`, which is not empty, on. `waiting` says whether more may wait in the source. What it counts, and what
    /// was counted before, it publishes first: who sees an answer sees the request counted.
    ///
    /// # Errors
    /// Whoever should take it is gone: the receiver ends.
    fn pass(&mut self, inbox: InboxHandle, waiting: Waiting, tally: &mut Tally) -> Result<(), Gone>;

    /// Tells of a malformed datagram, which is counted and logged already. Nobody has to care (P-5).
    ///
    /// # Errors
    /// As [`Route::pass`].
    fn malformed(&mut self, _from: SocketAddrV4, _datagram: &[u8], _error: DecodeError) -> Result<(), Gone> {
        Ok(())
    }

    /// Tells that what was sent to `to` could not be delivered, where the source hears of that.
    ///
    /// # Errors
    /// As [`Route::pass`].
    fn undelivered(&mut self, _to: SocketAddrV4, _failure: SendFailure) -> Result<(), Gone> {
        Ok(())
    }
}

/// The servent's routes: what is flooded or judged to the flooder, and the CLIREQs, in parallel, to the lookup actor
/// (P-11).
///
/// A CLIREQ is flooded where there are neighbours, or may be some. Without any, no QUERY of it exists that could come back (P-16),
/// and the flooder is left asleep: waking it would cost more than the answer.
#[derive(Debug)]
pub struct ServentRoute {
    floods_clireqs: bool,
    flooder: RoleHandle<FloodJob>,
    lookup: RoleHandle<LookupJob>,
    wanted: Pool<Vec<usize>>,
}

impl ServentRoute {
    /// Routes to these roles. CLIREQs go to the flooder as well if the servent knows a neighbour or may come to know one.
    #[must_use]
    pub fn new(floods_clireqs: bool, flooder: RoleHandle<FloodJob>, lookup: RoleHandle<LookupJob>) -> Self {
        Self { floods_clireqs, flooder, lookup, wanted: Pool::default() }
    }
}

impl Route for ServentRoute {
    fn pass(&mut self, inbox: InboxHandle, waiting: Waiting, tally: &mut Tally) -> Result<(), Gone> {
        let counters = tally.count();
        let (wanted, queries) = self.wanted.fill(|wanted| {
            wanted.clear();
            let mut queries = 0;
            for (index, (_, message)) in inbox.iter().enumerate() {
                match message.header {
                    Header::Clireq => wanted.push(index),
                    Header::Query(_) => queries += 1,
                    Header::Response => counters.count_drop(DropCause::UnexpectedResponse),
                }
            }
            queries
        });
        let clireqs = wanted.len();
        counters.clireq += clireqs as u64;
        counters.query += queries;
        tally.publish();
        let turn = Turn::own(waiting);
        // The look-up first, which may be done at once: a flooder that is woken first runs into it at the sender.
        if clireqs > 0 {
            self.lookup.hand(LookupJob::Keys { inbox: Arc::clone(&inbox), wanted }, turn)?;
        }
        if queries > 0 || (clireqs > 0 && self.floods_clireqs) {
            self.flooder.hand(FloodJob::Messages(inbox), turn)?;
        }
        Ok(())
    }
}

/// A client's route: everything to whoever asks. What is malformed too, one by one: the receiver waits meanwhile, and
/// the kernel sheds what strangers send beyond it.
impl Route for Sender<News> {
    fn pass(&mut self, inbox: InboxHandle, _: Waiting, tally: &mut Tally) -> Result<(), Gone> {
        tally.publish();
        Ok(self.send(News::Messages(inbox))?)
    }

    fn malformed(&mut self, from: SocketAddrV4, datagram: &[u8], error: DecodeError) -> Result<(), Gone> {
        let excerpt = datagram[..datagram.len().min(EXCERPT_LEN_MAX)].to_vec();
        Ok(self.send(News::Malformed { from, error, excerpt })?)
    }

    fn undelivered(&mut self, to: SocketAddrV4, failure: SendFailure) -> Result<(), Gone> {
        Ok(self.send(News::Undelivered { to, failure })?)
    }
}

/// Receives, decodes and routes until `stop` is set, the route is gone, or there is no socket any more; tells `tap`, if
/// there is one, what came in.
///
/// Malformed datagrams are counted by cause, logged at debug, and otherwise ignored (P-5).
pub fn run(
    mut source: impl DatagramSource,
    stop: &StopFlag,
    route: impl Route,
    clock: &impl Clock,
    mut tally: Tally,
    tap: Option<&Tap>,
) {
    let mut intake = Intake::new(route, tap);
    let (mut shed_pace, mut failure_pace) = (Pace::FAILURES, Pace::FAILURES);
    let mut rest = Duration::ZERO;
    while !stop.is_set() && !intake.gone {
        // Two loops: the one that notes nothing does not ask at each datagram whether it should.
        let received = match tap {
            None => source.receive(|from, at, datagram| intake.take(from, at, datagram, &mut tally, |_, _| {})),
            Some(_) => source.receive(|from, at, datagram| {
                let note = |arrivals: &mut Arrivals, taken| arrivals.add(clock.now(), from, datagram.len(), taken);
                intake.take(from, at, datagram, &mut tally, note);
            }),
        };
        let waiting =
            if received.as_ref().is_ok_and(|received| received.is_full) { Waiting::More } else { Waiting::Nothing };
        intake.pass(waiting, &mut tally);
        let shed = match received {
            Ok(Received { shed, unreadable, batching_lost, undelivered, is_full: _ }) => {
                if let Some((to, failure)) = undelivered {
                    intake.gone |= intake.route.undelivered(to, failure).is_err();
                }
                // A woken call may bring something that is no datagram.
                if !stop.is_set() {
                    tally.count().receive_failed += unreadable;
                }
                if batching_lost {
                    log::warn!("the system gives one datagram a call (recvmmsg refused): it will be slower");
                }
                rest = Duration::ZERO;
                shed
            }
            Err(_) if stop.is_set() => 0,
            Err(error) => {
                tally.count().receive_failed += 1;
                if !is_transient(&error) {
                    log::error!("the socket cannot be received from any more: {error}");
                    break;
                }
                if failure_pace.is_due(clock.now()) {
                    log::warn!("receiving failed: {error} (it is tried again)");
                }
                // At once after the first, since it may be news of something past; then ever later.
                stop.rest(rest);
                rest = (2 * rest).clamp(Duration::from_millis(1), REST_MAX);
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
struct Intake<'a, R> {
    route: R,
    inboxes: Pool<Inbox>,
    filling: Arc<Inbox>,
    gone: bool,
    tap: Option<&'a Tap>,
    arrivals: Arrivals,
}

/// What a tap is to be told of the batch that is being filled.
#[derive(Debug, Default)]
struct Arrivals {
    times: Vec<Timestamp>,
    malformed: Vec<Malformed>,
}

impl Arrivals {
    fn add(&mut self, at: Timestamp, from: SocketAddrV4, len: usize, taken: Result<Header, DecodeError>) {
        match taken {
            Ok(_) => self.times.push(at),
            Err(error) => self.malformed.push(Malformed { at, from, len, error }),
        }
    }
}

impl<'a, R: Route> Intake<'a, R> {
    fn new(route: R, tap: Option<&'a Tap>) -> Self {
        let (inboxes, filling, arrivals) = (Pool::default(), Arc::default(), Arrivals::default());
        Self { route, inboxes, filling, gone: false, tap, arrivals }
    }

    /// Decodes one datagram, lets `note` note what came of it, and passes the batch on when it is full.
    fn take(
        &mut self,
        from: SocketAddrV4,
        asked_at: Ipv4Addr,
        datagram: &[u8],
        tally: &mut Tally,
        note: impl FnOnce(&mut Arrivals, Result<Header, DecodeError>),
    ) {
        tally.count().received += 1;
        let inbox = Arc::get_mut(&mut self.filling).expect("a batch is shared only once it is passed on");
        let taken = inbox.push_at(from, asked_at, datagram);
        note(&mut self.arrivals, taken);
        if let Err(error) = taken {
            tally.count().count_drop(error.into());
            log::debug!("malformed datagram of {} bytes from {from}: {error}", datagram.len());
            self.gone |= self.route.malformed(from, datagram, error).is_err();
        }
        if inbox.is_full() {
            self.pass(Waiting::More, tally);
        }
    }

    /// Passes the batch on, if anything is in it, and starts another one. The tap is told first, so that the lines of
    /// what others do with it come behind.
    fn pass(&mut self, waiting: Waiting, tally: &mut Tally) {
        let Arrivals { times, malformed } = std::mem::take(&mut self.arrivals);
        if let Some(tap) = self.tap {
            tap.offer(Events::Malformed(malformed));
        }
        if self.filling.is_empty() {
            return;
        }
        let mut next = self.inboxes.vacant();
        Arc::get_mut(&mut next).expect("nobody else holds a vacant buffer").clear();
        let full = std::mem::replace(&mut self.filling, next);
        self.inboxes.keep(&full);
        if let Some(tap) = self.tap {
            tap.offer(Events::Received(Arc::clone(&full), times));
        }
        self.gone |= self.route.pass(full, waiting, tally).is_err();
    }
}
