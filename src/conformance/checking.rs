//! A whole check.

use super::bytes::{Kind, contains, find, message};
use super::framing::{Framing, PADDED_TO};
use super::isolation::enter_own_network;
use super::probe::{Edition, Failure, Probe, Stop, Target};
use super::rig::{ANSWER_WAIT_MAX, Datagram, PeerId, ProgramId, Rig, Setup, World};
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
        let workers = workers.unwrap_or_else(|| usual_workers(self.world.target));
        let results = schedule::run(&self.world, &needed, workers, &told).map_err(CheckError::System)?;
        let results = results.into_iter().filter(|result| is_chosen(result.probe)).collect();
        Ok(Checked { framing, is_isolated: self.world.is_isolated, results })
    }

    /// These probes and all that they rest on, in the order of the table, without what is to be skipped.
    fn with_foundations(&self, chosen: &[&'static Probe]) -> Vec<&'static Probe> {
        let table = table(self.world.target, self.world.edition);
        let mut is_needed: Vec<_> = table.iter().map(|probe| chosen.iter().any(|one| one.id == probe.id)).collect();
        // Foundations stand before what rests on them.
        for index in (0..table.len()).rev() {
            if is_needed[index] {
                for id in table[index].rests_on {
                    if let Some(place) =
                        table.iter().position(|probe| probe.id == *id && !self.skip.contains(&(*id).to_owned()))
                    {
                        is_needed[place] = true;
                    }
                }
            }
        }
        table.into_iter().zip(is_needed).filter_map(|(probe, is_needed)| is_needed.then_some(probe)).collect()
    }

    /// Finds out how the program writes text.
    fn framing(&self) -> Result<Option<Framing>, CheckError> {
        let look = || match self.world.target {
            Target::Servent => servent_framing(&self.world),
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
fn usual_workers(target: Target) -> usize {
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    match target {
        Target::Servent => (2 * cores).clamp(4, 16),
        Target::Client => 64,
    }
}

/// Pairs for questions in each framing.
const FRAMING_FILE: &str = "puro\tvalor-puro\nzero\tvalor-zero\n";

/// Finds out how a servent writes text: a raw key that is answered tells by the NULs of the answer, and of the QUERY.
///
/// # Errors
/// That it does not start.
fn servent_framing(world: &World) -> Result<Option<Framing>, Stop> {
    let mut rig = Rig::new(world)?;
    let client = rig.client()?;
    let [neighbour] = rig.neighbours()?;
    let setup = Setup::new(FRAMING_FILE).bare().neighbours([rig.address(neighbour)]);
    let servent = rig.start(&setup)?;
    // From here on a program that ends is no more than one that does not understand.
    let found = ask_both(&mut rig, client, neighbour, servent);
    if let Ok(Some(framing)) = found {
        return Ok(Some(framing));
    }
    for framings in [vec![Framing::Nul], PADDED_TO.map(Framing::Padded).to_vec()] {
        if let Ok(Some(framing)) = ask_each(world, &framings) {
            return Ok(Some(framing));
        }
    }
    Ok(None)
}

/// Asks one key raw and then another one with a NUL.
fn ask_both(rig: &mut Rig<'_>, client: PeerId, neighbour: PeerId, servent: ProgramId) -> Result<Option<Framing>, Stop> {
    let to = rig.reach(servent);
    let is_raw = |datagram: &Datagram| contains(&datagram.bytes, b"valor-puro");
    let is_nul = |datagram: &Datagram| contains(&datagram.bytes, b"valor-zero");
    rig.send(client, to, &message(Kind::Clireq, b"puro"))?;
    rig.send(client, to, &message(Kind::Clireq, b"zero\0"))?;
    if rig.await_within(client, |datagram| is_raw(datagram) || is_nul(datagram), ANSWER_WAIT_MAX)?.is_none() {
        return Ok(None);
    }
    // The other answer may be on its way still: what was asked once more is answered behind it.
    for round in 2..4 {
        rig.send(client, to, &message(Kind::Clireq, b"puro"))?;
        rig.send(client, to, &message(Kind::Clireq, b"zero\0"))?;
        let mut look = |rig: &Rig<'_>| {
            let counts = [rig.matching(client, is_raw).len(), rig.matching(client, is_nul).len()];
            counts.into_iter().any(|count| count >= round).then_some(())
        };
        rig.await_that(&mut look, ANSWER_WAIT_MAX)?;
    }
    let (raw, nul) = (rig.matching(client, is_raw), rig.matching(client, is_nul));
    if !nul.is_empty() && (raw.is_empty() || world_wants_nul(rig)) {
        return Ok(Some(Framing::Nul));
    }
    let rest = |datagram: &Datagram, text: &[u8]| {
        let end = find(&datagram.bytes, text).map_or(datagram.bytes.len(), |at| at + text.len());
        Framing::of_rest(text.len(), &datagram.bytes[end..])
    };
    let of_answer = raw.first().map(|datagram| rest(datagram, b"valor-puro")).unwrap_or_default();
    let queries = rig.matching(neighbour, |datagram| contains(&datagram.bytes, b"puro"));
    Ok(Some(match (of_answer, queries.first().map(|datagram| rest(datagram, b"puro"))) {
        // A key's field has a length of its own.
        (Framing::Padded(_), Some(of_query @ Framing::Padded(_))) => of_query,
        (of_answer, _) => of_answer,
    }))
}

fn world_wants_nul(rig: &Rig<'_>) -> bool {
    rig.world().edition == Edition::Of2017
}

/// Asks a key in each of these framings, and tells the first that is answered.
fn ask_each(world: &World, framings: &[Framing]) -> Result<Option<Framing>, Stop> {
    let mut rig = Rig::new(world)?;
    let client = rig.client()?;
    let [neighbour] = rig.neighbours()?;
    let key = |index: usize| format!("quadro-{index}-");
    let value = |index: usize| format!("valor-{index}-");
    let pairs: String = (0..framings.len()).map(|index| format!("{}\t{}\n", key(index), value(index))).collect();
    let servent = rig.start(&Setup::new(pairs).bare().neighbours([rig.address(neighbour)]))?;
    let to = rig.reach(servent);
    for (index, framing) in framings.iter().enumerate() {
        rig.send(client, to, &message(Kind::Clireq, &framing.field(key(index).as_bytes())))?;
    }
    let mut look = |rig: &Rig<'_>| {
        (0..framings.len()).find(|&index| {
            let value = value(index);
            !rig.matching(client, |datagram| contains(&datagram.bytes, value.as_bytes())).is_empty()
        })
    };
    Ok(rig.await_that(&mut look, ANSWER_WAIT_MAX)?.map(|index| framings[index]))
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
