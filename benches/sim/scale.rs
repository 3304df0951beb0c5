//! 100,000 servents in one thread.

use super::Row;
use fastrand::Rng;
use nix::time::{ClockId, clock_gettime};
use servent::Timestamp;
use servent::protocol::{AskedKey, SeenConfig};
use servent::sim::{Graph, Latency, LinkModel, Machines, Pair, Party, RunEnd, ServentId, Setup, Simulation};
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SERVENTS: u32 = 100_000;
const DEGREE: usize = 4;
const QUESTIONS: u32 = 40_000;
/// Virtual time in which all is asked.
const ASKED_WITHIN: Duration = Duration::from_secs(40);
/// Questions whose answers are checked, in the first round.
const CHECKED: usize = 200;
const ROUNDS: usize = 5;
const KEY: &[u8] = b"http";

/// The bars.
const DELIVERIES_A_SECOND_MIN: f64 = 1e6;
const RESIDENT_MIB_MAX: f64 = 2048.0;

pub(super) fn measure() -> Vec<Row> {
    let mut rng = Rng::with_seed(1);
    let graph = Graph::random_regular(SERVENTS as usize, DEGREE, &mut rng).expect("there is one");
    let setup = Arc::new(Setup {
        pairs: (0..SERVENTS).map(|number| pairs(number, &mut rng)).collect(),
        seen: SeenConfig { capacity: 16, ..SeenConfig::default() },
        ..Setup::new(graph)
    });
    println!("\n{SERVENTS} servents with {DEGREE} neighbours each, {QUESTIONS} questions, one thread; about a minute");
    let rounds: Vec<_> = (0..ROUNDS).map(|round| run(&setup, round)).collect();
    let met = |met: bool| if met { "met" } else { "missed" };
    let mut rows = Vec::new();
    let mut row = |name, value| rows.push(Row { table: "scale", setting: SERVENTS.to_string(), name, value });
    let [min, median, max] = spread(rounds.iter().map(|round| round.a_cpu_second));
    println!(
        "  deliveries a second of CPU time: {median:.0} [{min:.0} {max:.0}], bar {DELIVERIES_A_SECOND_MIN:.0}: {}",
        met(median >= DELIVERIES_A_SECOND_MIN)
    );
    row("deliveries_a_cpu_second_median", median);
    row("deliveries_a_cpu_second_min", min);
    row("deliveries_a_cpu_second_max", max);
    let [min, median, max] = spread(rounds.iter().map(|round| round.a_second));
    println!("  deliveries a second on the clock: {median:.0} [{min:.0} {max:.0}]");
    row("deliveries_a_second_median", median);
    if let Some(mib) = peak_resident_mib() {
        println!(
            "  resident memory at its peak: {mib:.0} MiB, bar {RESIDENT_MIB_MAX:.0}: {}",
            met(mib <= RESIDENT_MIB_MAX)
        );
        row("resident_mib_peak", mib);
        // What else runs here does not change this one.
        assert!(mib <= RESIDENT_MIB_MAX, "{mib:.0} MiB resident");
    }
    rows
}

/// Every tenth servent holds the key; each holds one of its own.
fn pairs(number: u32, rng: &mut Rng) -> Vec<Pair> {
    let own = Pair { key: format!("key-{number}").into_bytes(), value: b"8080/tcp # a service of its own".to_vec() };
    let common = Pair { key: KEY.to_vec(), value: b"80/tcp # WorldWideWeb HTTP".to_vec() };
    if rng.u32(..10) == 0 { vec![own, common] } else { vec![own] }
}

/// Least, median and greatest.
fn spread(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}

/// Deliveries, from the first question to silence.
struct Rate {
    /// What else runs on the machine takes part in this.
    a_second: f64,
    /// Of this it takes only caches.
    a_cpu_second: f64,
}

fn run(setup: &Arc<Setup>, round: usize) -> Rate {
    let ms = Duration::from_millis(10);
    // The first round has equal delays, so that breadth-first search knows who must answer.
    let latency = if round == 0 { Latency::Constant(ms) } else { Latency::Uniform(ms, 5 * ms) };
    let links = LinkModel { latency, ..LinkModel::perfect(ms) };
    let mut simulation = Simulation::<Machines, _>::new(Arc::clone(setup), links, round as u64, ());
    let mut rng = Rng::with_seed(round as u64);
    for number in 0..QUESTIONS {
        let at = Timestamp::from_start(ASKED_WITHIN.mul_f64(f64::from(number) / f64::from(QUESTIONS)));
        let client = simulation.add_client();
        simulation.ask(at, client, ServentId(rng.u32(..SERVENTS)), AskedKey::new(KEY).expect("a key"));
    }
    let (start, cpu_start) = (Instant::now(), cpu_time());
    assert_eq!(simulation.run(u64::MAX), RunEnd::Silent);
    let (elapsed, cpu) = (start.elapsed(), cpu_time() - cpu_start);
    let deliveries = simulation.deliveries() as f64;
    if round == 0 {
        check(setup, &simulation);
    }
    Rate { a_second: deliveries / elapsed.as_secs_f64(), a_cpu_second: deliveries / cpu.as_secs_f64() }
}

/// Those within three hops that hold the key have answered, and nobody else.
fn check(setup: &Setup, simulation: &Simulation<Machines, ()>) {
    let mut answers = 0;
    for ask in simulation.asks().iter().take(CHECKED) {
        let mut answered: Vec<_> = ask.answers.iter().map(|answer| Party::from(answer.from)).collect();
        let expected = setup.holders_in_reach(ask.entry, KEY);
        assert_eq!(answered.len(), expected.len(), "{ask:?}");
        answered.retain(|&party| !expected.iter().any(|&holder| party == Party::Servent(holder)));
        assert!(answered.is_empty(), "{answered:?} answered {ask:?}");
        answers += expected.len();
    }
    println!("  checked: {answers} answers to {CHECKED} questions, as breadth-first search says");
}

/// The most memory that this process ever had resident. Linux only.
fn peak_resident_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}

/// CPU time of this process.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("every system has this clock").into()
}
