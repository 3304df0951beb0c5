//! Interleaved rounds of a scenario's contestants, and the checks of their counts.

use super::Fallible;
use super::args::Args;
use super::cluster::Cluster;
use super::drops::{SILENCE, drops};
use super::load::{Clients, Generator, Loop, Outcome};
use super::noise::{Noise, NoiseKind};
use super::paced::{Nobody, Paced};
use super::pin::Pinned;
use super::process::Usage;
use super::report::Sample;
use super::scenarios::{Entry, Load, Program, Scenario};
use super::sinks::SINKS;
use super::workload::{Dialect, Values, Workload};
use servent::load::Traffic;
use std::collections::BTreeMap;
use std::mem;
use std::net::SocketAddrV4;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// One client's CLIREQs or QUERYs under way.
const IN_FLIGHT: u32 = 256;
const CLIENTS: u32 = 64;
/// The longest that a contestant is measured before the next one is: a machine that is shared with others is fast and
/// slow for some tenths of a second in turn.
const SLICE_MAX: Duration = Duration::from_millis(200);
/// Idleness is one round, as long as those of a load together, so that what a servent does once in a while counts as
/// well; and not longer than this.
const IDLE_MAX: Duration = Duration::from_secs(5);

/// A contestant's samples, one a round; none if it can't be measured here, for this reason.
pub(crate) struct Contestant {
    pub(crate) program: Program,
    pub(crate) samples: Vec<Sample>,
    pub(crate) skipped: Option<&'static str>,
}

/// Measures all contestants of a scenario in turn.
///
/// # Errors
/// One could not be started, gave a wrong answer, or lost something without a trace.
pub(crate) fn run(scenario: &Scenario, args: &Args, folder: &Path) -> Fallible<Vec<Contestant>> {
    let mut results = Vec::new();
    let mut running = Vec::new();
    for (index, &entry) in scenario.entries.iter().enumerate() {
        let (program, skipped) = (entry.program, entry.program.unavailable());
        results.push(Contestant { program, samples: Vec::new(), skipped });
        if skipped.is_none() {
            let started = Running::start(scenario, entry, args, folder);
            running.push((index, started.map_err(|failure| of(program, &failure))?));
        }
    }
    // What the first requests, some of them repeated, made is under way for a moment.
    thread::sleep(SILENCE);
    for (_, contestant) in &mut running {
        contestant.counters = contestant.read_counters()?;
    }
    let is_idle = scenario.entries.iter().all(|entry| entry.load == Load::Idle);
    let total = args.round * args.rounds as u32;
    let (rounds, slices, slice) = match args.round.as_nanos().div_ceil(SLICE_MAX.as_nanos()) as u32 {
        _ if is_idle => (1, 1, IDLE_MAX.min(total)),
        slices => (args.rounds, slices, args.round / slices),
    };
    let pinned = Pinned::to(args.generator_core)?;
    let mut turns_taken = 0;
    // The first round is no part of the results.
    for round in 0..=rounds {
        for _ in 0..if round == 0 { 1 } else { slices } {
            for turn in 0..running.len() {
                args.check_interrupted()?;
                // Odd ones in the opposite direction, so that whoever comes before another one does not always.
                let turn = if turns_taken % 2 == 0 { turn } else { running.len() - 1 - turn };
                let place = (turn + round) % running.len();
                let contestant = &mut running[place].1;
                let length = if round == 0 { SLICE_MAX.min(slice) } else { slice };
                contestant.slice(length).map_err(|failure| of(contestant.entry.program, &failure))?;
            }
            turns_taken += 1;
        }
        for (index, contestant) in &mut running {
            let measured = mem::take(&mut contestant.measured);
            contestant.sent += measured.outcome.sent;
            contestant.noise += measured.outcome.noise;
            if round > 0 {
                results[*index].samples.push(measured.sample());
            }
        }
    }
    drop(pinned);
    // The last batch may still be on its way through the actors.
    thread::sleep(Duration::from_millis(150));
    for (_, contestant) in &running {
        contestant.check_counters().map_err(|failure| of(contestant.entry.program, &failure))?;
    }
    Ok(results)
}

fn of(program: Program, failure: &str) -> String {
    format!("{}: {failure}", program.name())
}

type Counters = BTreeMap<String, u64>;

/// A contestant under load.
struct Running {
    entry: Entry,
    cluster: Cluster,
    generator: Box<dyn Generator>,
    /// Of the first and the last servent, before the first round.
    counters: Option<[Counters; 2]>,
    /// Of this round.
    measured: Measured,
    /// Of the rounds before.
    sent: u64,
    noise: u64,
}

/// What was counted in the slices of a round.
#[derive(Default)]
struct Measured {
    outcome: Outcome,
    copies: u64,
    copies_lost: u64,
    dropped: u64,
    usage: Usage,
}

impl Running {
    fn start(scenario: &Scenario, entry: Entry, args: &Args, folder: &Path) -> Fallible<Self> {
        let cluster = Cluster::start(entry, scenario, args.generator_core, folder)?;
        let generator = generator(entry, &cluster, scenario.values, args.generator_offload)?;
        Ok(Self { entry, cluster, generator, counters: None, measured: Measured::default(), sent: 0, noise: 0 })
    }

    fn read_counters(&self) -> Fallible<Option<[Counters; 2]>> {
        let processes = &self.cluster.processes;
        match (&processes[..], self.entry.program.is_servent()) {
            ([first, .., last], true) => Ok(Some([first.counters()?, last.counters()?])),
            ([only], true) => only.counters().map(|counters| Some([counters.clone(), counters])),
            _ => Ok(None),
        }
    }

    /// Measures it for `length`.
    fn slice(&mut self, length: Duration) -> Fallible<()> {
        let sinks = self.cluster.sinks.as_ref();
        let mut ports = [&self.cluster.ports[..], &self.generator.ports()].concat();
        ports.extend(sinks.iter().flat_map(|sinks| &sinks.addresses).map(|address| address.port()));
        let copies_before = sinks.map_or(0, |sinks| sinks.copies());
        let (usage_before, drops_before) = (self.cluster.usage(), drops(&ports));
        let dropping = || drops(&ports) > drops_before;
        let outcome = self.generator.load(length, &dropping)?;
        let copies_expected = sinks.map_or(0, |_| outcome.sent * SINKS as u64);
        let copies =
            sinks.map_or(Ok(0), |sinks| sinks.settle(copies_before + copies_expected, &dropping))? - copies_before;
        let usage = self.cluster.usage();
        let dropped = drops(&ports) - drops_before;
        if copies > copies_expected {
            return Err(format!("{copies} QUERYs reached the neighbours instead of {copies_expected}"));
        }
        let copies_lost = copies_expected - copies;
        if dropped == 0 && outcome.lost + copies_lost > 0 {
            return Err(format!("{} answers and {copies_lost} QUERYs were lost without a trace", outcome.lost));
        }
        self.measured.outcome.add(outcome);
        self.measured.copies += copies_expected;
        self.measured.copies_lost += copies_lost;
        self.measured.dropped += dropped;
        self.measured.usage.cpu_nanos += usage.cpu_nanos - usage_before.cpu_nanos;
        self.measured.usage.switches += usage.switches - usage_before.switches;
        Ok(())
    }

    /// The servent's own counters against what the generator sent.
    fn check_counters(&self) -> Fallible<()> {
        let (Some([first, last]), Some([first_now, last_now])) = (&self.counters, self.read_counters()?) else {
            return Ok(());
        };
        let grown = |now: &Counters, before: &Counters, name: &str| {
            let named = |counters: &Counters| -> u64 {
                counters.iter().filter(|(counter, _)| counter.starts_with(name)).map(|(_, value)| value).sum()
            };
            named(now) - named(before)
        };
        let shed = grown(&first_now, first, "receive_shed") + grown(&last_now, last, "receive_shed");
        let check = |counted: u64, sent: u64, name: &str| match counted == sent || (shed > 0 && counted < sent) {
            true => Ok(()),
            false => Err(format!("the servent counted {counted} of {name}, and there were {sent}")),
        };
        let request = if self.entry.load == Load::Queries { "first_sighting" } else { "clireq" };
        check(grown(&first_now, first, request), self.sent, request)?;
        check(grown(&last_now, last, "answered"), self.sent, "answered")?;
        match self.entry.load {
            Load::Noise(NoiseKind::Duplicates) => {
                let higher = grown(&first_now, first, "duplicate_higher_ttl");
                check(grown(&first_now, first, "duplicate") - higher, self.noise, "duplicate")
            }
            Load::Noise(NoiseKind::Malformed) => check(grown(&first_now, first, "malformed_"), self.noise, "malformed"),
            _ => Ok(()),
        }
    }
}

fn generator(entry: Entry, cluster: &Cluster, values: Values, offload: bool) -> Fallible<Box<dyn Generator>> {
    let dialect = match entry.program {
        Program::Echo => Dialect::Echo,
        Program::Memcached => Dialect::Memcached,
        _ => Dialect::Clireq,
    };
    let batched = Traffic::Batched { offload: offload && entry.load != Load::PlainClient };
    let clients = |dialect: &dyn Fn(SocketAddrV4) -> Dialect, clients, traffic| {
        Clients::new(cluster.target, |own| Workload::new(dialect(own), values), clients, traffic)
    };
    let one = |dialect: &dyn Fn(SocketAddrV4) -> Dialect| clients(dialect, 1, batched);
    Ok(match entry.load {
        Load::OneClient | Load::PlainClient => Box::new(Loop { clients: one(&|_| dialect)?, in_flight: IN_FLIGHT }),
        Load::Queries => Box::new(Loop { clients: one(&Dialect::Query)?, in_flight: IN_FLIGHT }),
        Load::ManyClients => Box::new(Loop { clients: clients(&|_| dialect, CLIENTS, Traffic::Single)?, in_flight: 1 }),
        Load::Noise(kind) => Box::new(Noise::new(one(&|_| dialect)?, kind)),
        Load::Paced => Box::new(Paced(clients(&|_| dialect, 1, Traffic::Single)?)),
        Load::Idle => Box::new(Nobody),
    })
}

impl Measured {
    fn sample(self) -> Sample {
        let Self { mut outcome, copies, copies_lost, dropped, usage } = self;
        let is_noise = outcome.noise > 0;
        // A request counts as far as its copies reached the neighbours.
        let handled =
            if is_noise { outcome.noise as f64 } else { outcome.answered as f64 - copies_lost as f64 / SINKS as f64 };
        let lost = if is_noise { dropped } else { outcome.lost + copies_lost };
        outcome.latencies.sort_unstable();
        let latency = |per_mille: usize| {
            let rank = outcome.latencies.len().saturating_sub(1) * per_mille / 1000;
            outcome.latencies.get(rank).map_or(f64::NAN, |&nanos| nanos as f64 / 1000.0)
        };
        let seconds = outcome.elapsed.as_secs_f64();
        Sample {
            throughput: handled / seconds,
            cpu_micros: usage.cpu_nanos as f64 / 1000.0 / handled,
            loss_percent: 100.0 * lost as f64 / (outcome.sent + outcome.noise + copies) as f64,
            switches: usage.switches as f64 / handled,
            p50_micros: latency(500),
            p99_micros: latency(990),
            p999_micros: latency(999),
            cpu_rate: usage.cpu_nanos as f64 / 1e6 / seconds,
        }
    }
}
