//! A whole check.

use super::framing::Framing;
use super::isolation::enter_own_network;
use super::probe::{Edition, Failure, Probe, Stop, Target};
use super::rig::World;
use super::verdict::ProbeResult;
use super::words::Words;
use super::{client, schedule, servent};
use crate::launching::exists;
use std::io;
use std::path::Path;
use std::thread;

/// What is to be checked.
#[derive(Debug)]
pub struct Check {
    /// What all probes have in common. Framing and isolation are found out.
    pub world: World,
    /// The ids of the only probes that are wanted; all if there is none. Those that they rest on are run as well.
    pub only: Vec<String>,
    /// The ids of probes that are left out.
    pub skip: Vec<String>,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// How the program writes text; `None` if it answers nothing, whatever the framing.
    pub framing: Option<Framing>,
    /// Whether each probe had a network of its own.
    pub is_isolated: bool,
    /// In the order of the table, without those that are only rested on.
    pub results: Vec<ProbeResult>,
}

/// Why nothing could be judged.
#[derive(Debug)]
pub enum CheckError {
    /// There is no such program.
    NoCommand(String),
    /// No probe is as asked for.
    NothingChosen,
    /// There is no probe of this id.
    NoProbe(String),
    /// The program does not start, or never listens.
    NotReady(Box<Failure>),
    /// The check was ended before anything was known.
    Interrupted,
    /// This machine does not allow it.
    System(io::Error),
}

/// A check that is over, or could not begin.
pub type Finished = Result<Checked, CheckError>;

/// All probes for a program by an edition, in the order in which they are told.
#[must_use]
pub fn table(target: Target, edition: Edition) -> Vec<&'static Probe> {
    let all: Vec<&'static Probe> = match target {
        Target::Servent => servent::PROBES.iter().copied().flatten().collect(),
        Target::Client => client::PROBES.iter().copied().flatten().collect(),
    };
    all.into_iter().filter(|probe| probe.edition.is_none_or(|only| only == edition)).collect()
}

impl Check {
    /// The probes that are asked for.
    ///
    /// # Errors
    /// [`CheckError::NoProbe`], [`CheckError::NothingChosen`].
    pub fn chosen(&self) -> Result<Vec<&'static Probe>, CheckError> {
        let table = table(self.world.target, self.world.edition);
        let both = [Edition::Of2016, Edition::Of2017].map(|edition| self::table(self.world.target, edition));
        let is_known = |id: &String| both.iter().flatten().any(|probe| probe.id == id);
        if let Some(unknown) = self.only.iter().chain(&self.skip).find(|id| !is_known(id)) {
            return Err(CheckError::NoProbe(unknown.clone()));
        }
        let is_chosen = |probe: &&'static Probe| {
            let is_named = |ids: &[String]| ids.iter().any(|id| id == probe.id);
            (self.only.is_empty() || is_named(&self.only)) && !is_named(&self.skip)
        };
        let chosen: Vec<_> = table.into_iter().filter(is_chosen).collect();
        if chosen.is_empty() { Err(CheckError::NothingChosen) } else { Ok(chosen) }
    }

    /// Runs it, in so many threads. `found` is called with the framing first, then `told` with each result as it comes.
    ///
    /// # Errors
    /// [`CheckError`].
    pub fn run(
        mut self,
        workers: Option<usize>,
        found: &dyn Fn(Option<Framing>, bool),
        told: &(dyn Fn(&ProbeResult) + Sync),
    ) -> Finished {
        let chosen = self.chosen()?;
        let program = self.world.command.program();
        if !exists(Path::new(program)) {
            return Err(CheckError::NoCommand(program.to_string_lossy().into_owned()));
        }
        self.world.is_isolated = schedule::aside(false, enter_own_network).map_err(CheckError::System)?.is_ok();
        let framing = self.framing()?;
        self.world.framing = framing.unwrap_or_default();
        found(framing, self.world.is_isolated);
        let needed = self.with_foundations(&chosen);
        let is_chosen = |probe: &Probe| chosen.iter().any(|one| one.id == probe.id);
        let told = |result: &ProbeResult| {
            if is_chosen(result.probe) {
                told(result);
            }
        };
        let workers = workers.unwrap_or_else(|| usual_workers(&self.world));
        let results = schedule::run(&self.world, &needed, workers, &told).map_err(CheckError::System)?;
        let results = results.into_iter().filter(|result| is_chosen(result.probe)).collect();
        Ok(Checked { framing, is_isolated: self.world.is_isolated, results })
    }

    /// These probes and all that they rest on, in the order of the table, without what is to be skipped.
    fn with_foundations(&self, chosen: &[&'static Probe]) -> Vec<&'static Probe> {
        let mut needed: Vec<_> = chosen.iter().map(|probe| probe.id).collect();
        let table: Vec<_> = table(self.world.target, self.world.edition)
            .into_iter()
            .filter(|probe| !self.skip.iter().any(|id| id == probe.id))
            .collect();
        let mut next = 0;
        while let Some(&id) = needed.get(next) {
            let probe = table.iter().find(|probe| probe.id == id);
            for foundation in probe.map(|probe| probe.rests_on).unwrap_or_default() {
                if !needed.contains(foundation) {
                    needed.push(foundation);
                }
            }
            next += 1;
        }
        table.into_iter().filter(|probe| needed.contains(&probe.id)).collect()
    }

    /// Finds out how the program writes text.
    fn framing(&self) -> Result<Option<Framing>, CheckError> {
        let look = || match self.world.target {
            Target::Servent => servent::framing(&self.world),
            Target::Client => client::framing(&self.world),
        };
        match schedule::aside(self.world.is_isolated, look).map_err(CheckError::System)? {
            Ok(framing) => Ok(framing),
            Err(Stop::Fails(failure)) => Err(CheckError::NotReady(failure)),
            Err(Stop::NotTried(_)) if self.world.stop.load(std::sync::atomic::Ordering::Relaxed) => {
                Err(CheckError::Interrupted)
            }
            Err(Stop::NotTried(cause)) => Err(CheckError::System(io::Error::other(cause.en))),
        }
    }
}

/// How many probes run at a time. Those of clients wait most of the time.
fn usual_workers(world: &World) -> usize {
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    match world.target {
        Target::Servent => (2 * cores).clamp(4, 16),
        // One that can't be asked is judged by its probes.
        Target::Client if !world.is_isolated && client::has_fixed_port(world).unwrap_or(false) => 1,
        Target::Client => 64,
    }
}

impl CheckError {
    /// What it is, as a sentence.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::NoCommand(program) => {
                Words::made(format!("there is no program '{program}'"), format!("não há nenhum programa '{program}'"))
            }
            Self::NothingChosen => Words::new("no probe is left to be run", "não sobrou nenhuma teste para executar"),
            Self::NoProbe(id) => {
                Words::made(format!("there is no probe '{id}'"), format!("não há nenhum teste '{id}'"))
            }
            Self::NotReady(_) => {
                Words::new("the program does not start as it should", "o programa não inicia como deveria")
            }
            Self::Interrupted => Words::new("interrupted", "interrompido"),
            Self::System(error) => Words::made(
                format!("this machine does not allow it: {error}"),
                format!("esta máquina não permite: {error}"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_id_is_one_probes_and_what_probes_rest_on_ends() {
        for target in [Target::Servent, Target::Client] {
            for edition in [Edition::Of2016, Edition::Of2017] {
                let table = table(target, edition);
                let ids: BTreeSet<_> = table.iter().map(|probe| probe.id).collect();
                assert_eq!(ids.len(), table.len());
                let mut known: BTreeSet<&str> = BTreeSet::new();
                let mut left = table;
                while !left.is_empty() {
                    let before = left.len();
                    left.retain(|probe| {
                        let is_open = probe.rests_on.iter().any(|id| !known.contains(id));
                        if !is_open {
                            known.insert(probe.id);
                        }
                        is_open
                    });
                    let ids: Vec<_> = left.iter().map(|probe| (probe.id, probe.rests_on)).collect();
                    assert!(left.len() < before, "these rest on each other, or on what is not there: {ids:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_assignment_decides_is_quoted() {
        let probes = [Target::Servent, Target::Client].map(|target| table(target, Edition::Of2016)).concat();
        for probe in probes {
            assert!(probe.level != super::super::Level::Assignment || probe.sentence.is_some(), "{}", probe.id);
        }
    }
}
