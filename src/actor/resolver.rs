//! The resolver: looks neighbours' names up, before a servent serves and while it does, and tells the flooder of changes
//! (P-27).
//!
//! ```text
//! name servers ◀── a thread for each look-up ──found──▶ resolver ──neighbours──▶ flooder
//! ```
//!
//! A look-up can't be interrupted and may take as long as name servers please, so each has a thread of its own that nobody
//! waits for ([`aside`](super::aside)): it holds up neither the other names nor the stop.

use super::channels::FloodJob;
use super::clock::Clock;
use super::hand_over::{Gone, RoleHandle, Turn, Waiting};
use crate::protocol::{AddressBook, NameNews, Peer, ResolveError, Wanted};
use crate::stats::Tally;
use crate::types::{Neighbours, Timestamp};
use crossbeam_channel::{Receiver, Sender, never, select, unbounded};
use log::Level;
use parking_lot::Mutex;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

/// The longest that a servent which waits for names puts its start off for the first look-ups. It then serves with the
/// neighbours that it found.
pub const FIRST_WAIT_MAX: Duration = Duration::from_secs(1);

/// Looks up a host's name: every address that it has, each with this port.
pub type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Whether an address is the servent's own.
pub type IsOwn = dyn Fn(SocketAddrV4) -> bool + Send;

/// An address book, and who looks up what is due in it.
pub struct Resolver {
    book: AddressBook,
    look_up: Arc<LookUp>,
    found_tx: Sender<Found>,
    found_rx: Receiver<Found>,
    looked_up: u64,
    failed: u64,
    changed: u64,
}

/// What was found for the name at a place of the book.
type Found = (usize, Result<Vec<SocketAddr>, String>);

/// Where a resolver's results go.
#[derive(Debug)]
pub struct Outlets {
    /// Who forwards to the neighbours.
    pub flooder: RoleHandle<FloodJob>,
    /// What others are shown of them.
    pub shown: Arc<Mutex<Neighbours>>,
    /// Where look-ups are counted.
    pub tally: Tally,
}

impl Resolver {
    /// Of this book, whose names are looked up by `look_up`.
    #[must_use]
    pub fn new(book: AddressBook, look_up: Arc<LookUp>) -> Self {
        let (found_tx, found_rx) = unbounded();
        Self { book, look_up, found_tx, found_rx, looked_up: 0, failed: 0, changed: 0 }
    }

    /// Looks every name up once, and waits until all are found; where names are waited for, [`FIRST_WAIT_MAX`] at the
    /// longest. Says of those that are not found why, at warn.
    ///
    /// # Errors
    /// [`ResolveError`] of the first neighbour that is to be waited for no longer.
    pub fn settle(&mut self, clock: &impl Clock) -> Result<(), ResolveError> {
        let now = clock.now();
        self.ask(now);
        let over = self.book.next_due().map(|over| over.min(now + FIRST_WAIT_MAX));
        let over = over.map_or_else(never, |over| clock.alarm(over));
        while self.book.is_under_way() && self.book.missing(clock.now()).is_none() {
            select! {
                recv(self.found_rx) -> found => if let Ok(found) = found
                    && let Some(news) = self.note(clock.now(), found)
                    && self.book.missing(clock.now()).is_none()
                    && news.is_warning()
                {
                    say(&news);
                },
                recv(over) -> _ => break,
            }
        }
        self.book.missing(clock.now()).map_or(Ok(()), Err)
    }

    /// Whether it has anything to do while a servent serves.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.book.may_change()
    }

    /// Whom to forward to now. Says who is left out, at warn.
    pub fn neighbours(&mut self, is_own: &IsOwn) -> Neighbours {
        let (neighbours, left_out) = self.book.neighbours(is_own);
        left_out.iter().for_each(say);
        neighbours
    }

    /// Every neighbour as given with its address, if it has one, less those that are left out.
    #[must_use]
    pub fn listed(&self) -> Vec<(Peer, Option<SocketAddrV4>)> {
        self.book.listed().map(|(peer, address)| (peer.clone(), address)).collect()
    }

    /// The same for a servent that serves, with where results go; `None` if nothing can change any more. What was looked up
    /// so far is counted.
    #[must_use]
    pub fn serving(self, mut outlets: Outlets) -> Option<ServingResolver> {
        self.publish(&mut outlets.tally);
        self.may_change().then_some(ServingResolver { resolver: self, outlets })
    }

    /// Shows what was counted so far.
    fn publish(&self, tally: &mut Tally) {
        let counters = tally.count();
        (counters.names_looked_up, counters.names_failed, counters.names_changed) =
            (self.looked_up, self.failed, self.changed);
        tally.publish();
    }

    /// Starts to look up what is due.
    fn ask(&mut self, now: Timestamp) {
        for Wanted { place, host, port } in self.book.due(now) {
            let (look_up, found_tx) = (Arc::clone(&self.look_up), self.found_tx.clone());
            let work = move || {
                // What others wrote may panic.
                let found = catch_unwind(AssertUnwindSafe(|| look_up(&host, port)));
                let found = found.unwrap_or_else(|_| Err(io::Error::other("looking it up panicked")));
                // Nobody may want it any more.
                found_tx.send((place, found.map_err(|error| error.to_string()))).ok();
            };
            if let Err(error) = Builder::new().name("name-look-up".to_owned()).spawn(work) {
                self.found_tx.send((place, Err(format!("no thread to look it up: {error}")))).ok();
            }
        }
    }

    fn note(&mut self, now: Timestamp, (place, found): Found) -> Option<NameNews> {
        self.looked_up += 1;
        let news = self.book.found(now, place, found);
        self.failed += u64::from(self.book.has_failed(place));
        self.changed += u64::from(matches!(news, Some(NameNews::Moved(..))));
        news
    }
}

/// A resolver of a servent that serves.
#[derive(Debug)]
pub struct ServingResolver {
    resolver: Resolver,
    outlets: Outlets,
}

impl ServingResolver {
    /// Looks names up when they are due, until nobody can send to `stop_rx` any more, a neighbour is to be waited for no
    /// longer, which is logged, or there is no flooder any more.
    pub fn run(mut self, is_own: &IsOwn, clock: &impl Clock, stop_rx: &Receiver<Infallible>) {
        loop {
            let now = clock.now();
            if let Some(error) = self.resolver.book.missing(now) {
                log::error!("{error}; no longer waiting for it (--resolve-wait)");
                return;
            }
            self.resolver.ask(now);
            let due = self.resolver.book.next_due().map_or_else(never, |due| clock.alarm(due));
            select! {
                recv(self.resolver.found_rx) -> found => if let Ok(found) = found
                    && self.take(clock.now(), found, is_own).is_err()
                {
                    return;
                },
                recv(due) -> _ => {}
                recv(stop_rx) -> _ => return,
            }
        }
    }

    /// Notes what was found, and hands the new neighbours on if that makes any.
    fn take(&mut self, now: Timestamp, found: Found, is_own: &IsOwn) -> Result<(), Gone> {
        let Self { resolver, outlets } = self;
        let news = resolver.note(now, found);
        resolver.publish(&mut outlets.tally);
        let Some(news) = news else { return Ok(()) };
        say(&news);
        if !matches!(news, NameNews::Found(..) | NameNews::Moved(..)) {
            return Ok(());
        }
        let neighbours = resolver.neighbours(is_own);
        if *outlets.shown.lock() == neighbours {
            return Ok(());
        }
        // Shown afterwards: who sees them there finds them at work.
        let job = FloodJob::Neighbours(Box::new(neighbours.clone()));
        outlets.flooder.hand(job, Turn::own(Waiting::Nothing))?;
        *outlets.shown.lock() = neighbours;
        Ok(())
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("book", &self.book).finish_non_exhaustive()
    }
}

fn say(news: &NameNews) {
    log::log!(if news.is_warning() { Level::Warn } else { Level::Info }, "{news}");
}
