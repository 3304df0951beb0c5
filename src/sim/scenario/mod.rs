//! A whole overlay with its troubles, drawn from one number.

mod draw;

use super::check::{Checker, Found};
use super::event::{Observer, Story};
use super::ids::{ClientId, ServentId};
use super::links::LinkModel;
use super::machines::Behaviour;
use super::setup::Setup;
use super::simulation::{Action, RunEnd, Simulation};
use crate::protocol::AskedKey;
use crate::types::Timestamp;
use std::fmt;
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

/// How bad it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Equal delays and no faults: exactly the holders within three hops must answer.
    None,
    /// Delays differ, so that a longer path may be faster than a shorter one (P-19).
    Jitter,
    /// Loss, duplication, reordering, corruption, crashes, restarts and a partition as well.
    All,
}

/// An overlay, and everything that will happen to it from outside. The same seed makes the same scenario, and the same
/// run to the byte.
///
/// Troubles end at [`Scenario::CALM_FROM`]; the questions from [`Scenario::PROBES_FROM`] on must be answered as if
/// there had never been any.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// What the graph is like, in words.
    pub shape: String,
    /// The overlay.
    pub setup: Arc<Setup>,
    /// How bad it gets.
    pub trouble: Trouble,
    /// What the links are like until [`Scenario::CALM_FROM`].
    pub links: LinkModel,
    /// Clients that ask.
    pub clients: u32,
    /// When each asks whom for what.
    pub asks: Vec<(Timestamp, ClientId, ServentId, AskedKey)>,
    /// What strangers send: when, from where, where to, what.
    pub injections: Vec<(Timestamp, SocketAddrV4, SocketAddrV4, Vec<u8>)>,
    /// Crashes, restarts, partitions.
    pub actions: Vec<(Timestamp, Action)>,
}

/// Deliveries that no scenario comes near: one that does will never fall silent.
const DELIVERIES_MAX: u64 = 2_000_000;

impl Scenario {
    /// When the troubles end, all servents run again, and the links become perfect.
    pub const CALM_FROM: Duration = Duration::from_secs(120);

    /// When the first question is asked that must be answered by all who can: long after what was under way at
    /// [`Scenario::CALM_FROM`] has arrived, or was given up.
    pub const PROBES_FROM: Duration = Duration::from_secs(1_000);

    /// Lets it happen to servents of behaviour `B`; the simulation at its end, and whether it fell silent.
    pub fn run<B: Behaviour, O: Observer>(&self, observer: O) -> (Simulation<B, O>, RunEnd) {
        let mut simulation = Simulation::new(Arc::clone(&self.setup), self.links, self.seed, observer);
        (0..self.clients).for_each(|_| {
            simulation.add_client();
        });
        for (at, client, entry, key) in &self.asks {
            simulation.ask(*at, *client, *entry, key.clone());
        }
        for (at, from, to, bytes) in &self.injections {
            simulation.inject(*at, *from, *to, bytes);
        }
        for (at, action) in &self.actions {
            simulation.tell(*at, action.clone());
        }
        let end = simulation.run(DELIVERIES_MAX);
        (simulation, end)
    }

    /// Runs it and returns the first violation of each kind.
    #[must_use]
    pub fn check<B: Behaviour>(&self) -> Vec<Found> {
        let delay_max = self.links.delay_max().max(CALM_LINKS.delay_max());
        let checker = Checker::new(Arc::clone(&self.setup), delay_max);
        let (simulation, end) = self.run::<B, _>(checker);
        let now = simulation.now();
        let (asks, mut checker) = simulation.into_parts();
        checker.finish(now, end, &asks, |ask| self.must_be_whole(ask.started));
        checker.found().to_vec()
    }

    /// Runs it again and tells everything that happens.
    #[must_use]
    pub fn story<B: Behaviour>(&self) -> Story {
        self.run::<B, _>(Story::default()).0.into_parts().1
    }

    /// Whether a question that was first asked at `started` is answered by everybody who can.
    fn must_be_whole(&self, started: Option<Timestamp>) -> bool {
        let is_probe = started.is_some_and(|at| at >= Timestamp::from_start(Self::PROBES_FROM));
        self.trouble == Trouble::None || is_probe
    }
}

/// The links once the troubles are over.
const CALM_LINKS: LinkModel = LinkModel::perfect(Duration::from_millis(10));

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}: {}, trouble: {:?}", self.seed, self.shape, self.trouble)?;
        writeln!(f, "links: {:?}", self.links)?;
        writeln!(f, "seen-tables: {:?}, neighbours only: {}", self.setup.seen, self.setup.neighbours_only)?;
        for servent in self.setup.graph.servents() {
            let known = self.setup.graph.neighbours(servent).iter().map(|neighbour| neighbour.0.to_string());
            let held = self.setup.pairs(servent).iter().map(|pair| pair.key.escape_ascii().to_string());
            let (known, held): (Vec<_>, Vec<_>) = (known.collect(), held.collect());
            writeln!(f, "{servent} knows {} and holds {}", known.join(" "), held.join(" "))?;
        }
        Ok(())
    }
}
