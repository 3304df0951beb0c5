//! Which probe runs when, and where.
//!
//! Workers take the first probe of the table that nobody took yet and whose foundations are known. Each worker has a network
//! of its own, if the system allows it. The results come back in the order of the table.

use super::conversation::Conversation;
use super::isolation::enter_own_network;
use super::probe::{Probe, Stop};
use super::rig::{Rig, World};
use super::verdict::{ProbeResult, Verdict};
use super::words::Words;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::thread::{self, Builder};

/// Runs `probes` in `workers` threads, and calls `told` with each result as it comes, from any of them.
///
/// # Errors
/// What the system says if it gives no thread.
pub fn run(
    world: &World,
    probes: &[&'static Probe],
    workers: usize,
    told: &(dyn Fn(&ProbeResult) + Sync),
) -> io::Result<Vec<ProbeResult>> {
    let board = Board {
        probes,
        state: Mutex::new(State { places: probes.iter().map(|_| Place::Waiting).collect() }),
        changed: Condvar::new(),
    };
    thread::scope(|scope| {
        let workers = workers.clamp(1, probes.len().max(1));
        for number in 1..=workers {
            let work = || work(world, &board, told);
            Builder::new().name(format!("probes {number}")).spawn_scoped(scope, work)?;
        }
        Ok::<_, io::Error>(())
    })?;
    let places = board.state.into_inner().places;
    let result = |(place, &probe): (Place, &&'static Probe)| match place {
        Place::Done(result) => *result,
        Place::Waiting | Place::Taken => not_tried(probe, Words::new("it was not run", "não foi executado")),
    };
    Ok(places.into_iter().zip(probes).map(result).collect())
}

/// Runs `body` in a thread in a network of its own, if `is_isolated`.
///
/// # Errors
/// If the system does not allow it.
pub fn aside<T: Send>(is_isolated: bool, body: impl FnOnce() -> T + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let run = move || {
            if is_isolated {
                enter_own_network()?;
            }
            Ok(body())
        };
        let handle = Builder::new().name("probes".to_owned()).spawn_scoped(scope, run)?;
        handle.join().unwrap_or_else(|_| Err(io::Error::other("a thread ended by itself (this is a bug)")))
    })
}

struct Board<'a> {
    probes: &'a [&'static Probe],
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// In the order of the probes.
    places: Vec<Place>,
}

enum Place {
    Waiting,
    Taken,
    Done(Box<ProbeResult>),
}

/// What there is to do about a probe.
enum Task {
    Run(usize),
    Block(usize, &'static str),
}

fn work(world: &World, board: &Board<'_>, told: &(dyn Fn(&ProbeResult) + Sync)) {
    let network = if world.is_isolated { enter_own_network() } else { Ok(()) };
    while let Some(task) = board.next() {
        let (index, result) = match task {
            Task::Block(index, by) => (index, blocked(board.probes[index], by)),
            Task::Run(index) => match &network {
                Ok(()) => (index, try_probe(world, board.probes[index])),
                Err(error) => {
                    let Stop::NotTried(cause) = Stop::from(io::Error::from(error.kind())) else { continue };
                    (index, not_tried(board.probes[index], cause))
                }
            },
        };
        told(&result);
        board.state.lock().places[index] = Place::Done(Box::new(result));
        board.changed.notify_all();
    }
}

/// Runs a probe.
fn try_probe(world: &World, probe: &'static Probe) -> ProbeResult {
    let mut rig = match Rig::new(world) {
        Ok(rig) => rig,
        Err(stop) => return ProbeResult { probe, verdict: verdict(Err(stop)), conversation: Conversation::default() },
    };
    let outcome = (probe.run)(&mut rig);
    ProbeResult { probe, verdict: verdict(outcome), conversation: rig.finish() }
}

fn verdict(outcome: Result<(), Stop>) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Pass,
        Err(Stop::Fails(failure)) => Verdict::Fail(failure),
        Err(Stop::NotTried(cause)) => Verdict::NotTried(cause),
    }
}

fn blocked(probe: &'static Probe, by: &'static str) -> ProbeResult {
    ProbeResult { probe, verdict: Verdict::Blocked(by), conversation: Conversation::default() }
}

fn not_tried(probe: &'static Probe, cause: Words) -> ProbeResult {
    ProbeResult { probe, verdict: Verdict::NotTried(cause), conversation: Conversation::default() }
}

impl Board<'_> {
    /// The next thing to do, once there is one. `None` if nothing is left to take.
    fn next(&self) -> Option<Task> {
        let mut state = self.state.lock();
        loop {
            let waiting = |state: &State, index: usize| matches!(state.places[index], Place::Waiting);
            let open: Vec<_> = (0..self.probes.len()).filter(|&index| waiting(&state, index)).collect();
            if open.is_empty() {
                return None;
            }
            if let Some(task) = open.into_iter().find_map(|index| self.task(&state, index)) {
                let (Task::Run(index) | Task::Block(index, _)) = task;
                state.places[index] = Place::Taken;
                return Some(task);
            }
            self.changed.wait(&mut state);
        }
    }

    /// What there is to do about a probe. `None` as long as one that it rests on is not known. One that does not run at all
    /// is not asked for.
    fn task(&self, state: &State, index: usize) -> Option<Task> {
        for &id in self.probes[index].rests_on {
            let Some(foundation) = self.probes.iter().position(|probe| probe.id == id) else { continue };
            match &state.places[foundation] {
                Place::Done(result) if result.verdict == Verdict::Pass => {}
                Place::Done(_) => return Some(Task::Block(index, id)),
                Place::Waiting | Place::Taken => return None,
            }
        }
        Some(Task::Run(index))
    }
}
