//! The thread that asks, and what it reports while it does.
//!
//! It asks and hears, and hands on what it counted. Whoever adds it up, shows it or writes it is another thread, so that no
//! question waits for that.

use super::dialogue::Clireqs;
use super::engine::{self, Observer};
use super::in_flight::Ended;
use super::keys::Picker;
use super::links::{Links, Unsent};
use super::measurement::Measurement;
use super::plan::Plan;
use super::sockets::CallFailed;
use super::tally::{Counts, Interval};
use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::Crew;
use crate::types::Timestamp;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often it looks whether it is to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// What was counted since the report before, and in all.
#[derive(Clone, Debug)]
pub struct Report {
    /// Since the load began.
    pub since_start: Duration,
    /// From its beginning to the last question or answer that counted.
    pub elapsed: Duration,
    /// In all.
    pub counts: Counts,
    /// In all.
    pub lag_max: Duration,
    /// Clients that ask.
    pub clients: u32,
    /// Since the report before.
    pub interval: Interval,
    /// Servents that answered for the first time since then, in the order of their numbers.
    pub newcomers: Vec<SocketAddrV4>,
    /// Questions that are over since then, if the plan says so, and when each was to leave.
    pub ended: Vec<(Duration, Ended)>,
}

/// A load that is to be run.
#[derive(Debug)]
pub struct Job {
    /// What it is to be.
    pub plan: Plan,
    /// Its clients.
    pub links: Links,
    /// What they say.
    pub dialogue: Clireqs,
    /// Which keys they ask for.
    pub picker: Picker,
    /// How often it reports.
    pub report_every: Duration,
}

/// Starts the thread. It reports until the load is over or `stop` is set, and then says how that went.
///
/// # Errors
/// What the system says when it has no thread to give.
#[allow(clippy::type_complexity, reason = "two channels")]
pub fn start(
    crew: &mut Crew,
    job: Job,
    clock: SystemClock,
    stop: Arc<AtomicBool>,
) -> io::Result<(Receiver<Report>, Receiver<Result<Unsent, CallFailed>>)> {
    let (reports_tx, reports_rx) = unbounded();
    let (ended_tx, ended_rx) = unbounded();
    crew.spawn("generator", move || {
        let Job { plan, mut links, mut dialogue, picker, report_every } = job;
        let mut load = Measurement::new(plan, dialogue.keys().len(), picker, clock.now());
        let due = load.start() + report_every;
        let mut reporter = Reporter { reports_tx, stop, report_every, due, known: 0 };
        let ended = engine::run(&mut load, &mut links, &mut dialogue, &clock, &mut reporter);
        reporter.report(&mut load, clock.now());
        // Whoever started it may be gone.
        ended_tx.send(ended).ok();
    })?;
    Ok((reports_rx, ended_rx))
}

struct Reporter {
    reports_tx: Sender<Report>,
    stop: Arc<AtomicBool>,
    report_every: Duration,
    due: Timestamp,
    known: u32,
}

impl Reporter {
    fn report(&mut self, load: &mut Measurement, now: Timestamp) {
        let newcomers: Vec<_> = (self.known..).map_while(|number| load.roster().address(number)).collect();
        self.known += newcomers.len() as u32;
        let start = load.start();
        let report = Report {
            since_start: now.since(start),
            elapsed: load.elapsed(),
            counts: load.tally().counts,
            lag_max: load.tally().lag_max,
            clients: load.clients(),
            interval: load.take_interval(),
            newcomers,
            ended: load.take_ended().into_iter().map(|ended| (ended.intended.since(start), ended)).collect(),
        };
        self.reports_tx.send(report).ok();
    }
}

impl Observer for Reporter {
    fn look(&mut self, load: &mut Measurement, now: Timestamp) -> Timestamp {
        if self.stop.load(Ordering::Relaxed) {
            load.stop();
        }
        if now >= self.due {
            self.report(load, now);
            self.due = now + self.report_every;
        }
        self.due.min(now + GLANCE)
    }
}
