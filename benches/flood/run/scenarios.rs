//! What is measured against what, and the bars.

use super::noise::NoiseKind;
use super::report::Metric;
use super::sinks::SinkKind;
use super::workload::Values;

/// A comparison: the first entry is the system, the others are what it is compared with.
pub(crate) struct Scenario {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) topology: Topology,
    pub(crate) values: Values,
    pub(crate) entries: Vec<Entry>,
    pub(crate) metrics: &'static [Metric],
    /// Metrics whose ratio to each baseline is shown.
    pub(crate) ratios: &'static [Metric],
    pub(crate) bars: Vec<Bar>,
}

/// A contestant.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) program: Program,
    pub(crate) load: Load,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Servent,
    /// With `--hand-over queue`: every hand-over between its roles wakes a thread.
    ServentQueue,
    /// With `--no-offload`.
    ServentPlain,
    Echo,
    Simple,
    SimpleSendmmsg,
    Python,
    Memcached,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    Alone,
    /// Ten neighbours.
    Neighbours(SinkKind),
    /// Three servents; the first is asked, the last has the keys.
    Line,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// One client, 256 CLIREQs in flight.
    OneClient,
    /// The same client without UDP_SEGMENT and UDP_GRO.
    PlainClient,
    /// 64 clients, one CLIREQ in flight each.
    ManyClients,
    /// One client, 256 QUERYs in flight, as if some servent had made them.
    Queries,
    Noise(NoiseKind),
    /// One client, one CLIREQ a millisecond.
    Paced,
    /// None at all.
    Idle,
}

/// What the median of the system's numbers must reach, or of their ratios to a baseline's.
pub(crate) struct Bar {
    /// The baseline; `None` if the number itself is judged.
    pub(crate) against: Option<Program>,
    pub(crate) metric: Metric,
    pub(crate) is_least: bool,
    pub(crate) limit: f64,
}

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Servent => "servent",
            Self::ServentQueue => "servent --hand-over queue",
            Self::ServentPlain => "servent --no-offload",
            Self::Echo => "echo",
            Self::Simple => "simple",
            Self::SimpleSendmmsg => "simple+sendmmsg",
            Self::Python => "python",
            Self::Memcached => "memcached -t 1",
        }
    }
}

fn at_least(limit: f64, metric: Metric, against: Program) -> Bar {
    Bar { against: Some(against), metric, is_least: true, limit }
}

fn at_most(limit: f64, metric: Metric, against: Program) -> Bar {
    Bar { against: Some(against), metric, is_least: false, limit }
}

/// What handing work over without a thread's help must not cost where the roles are busy.
fn as_fast_as_queued() -> Bar {
    at_least(0.97, Metric::Throughput, Program::ServentQueue)
}

fn entries(load: Load, programs: &[Program]) -> Vec<Entry> {
    programs.iter().map(|&program| Entry { program, load }).collect()
}

const RATES: &[Metric] = &[Metric::Throughput, Metric::Cpu, Metric::Switches, Metric::Loss];
const RATE_RATIOS: &[Metric] = &[Metric::Throughput, Metric::Cpu, Metric::Switches];
const TIMES: &[Metric] = &[Metric::P50, Metric::P99, Metric::P999, Metric::Cpu, Metric::Switches, Metric::Loss];
const TIME_RATIOS: &[Metric] = &[Metric::P50, Metric::P99, Metric::P999, Metric::Cpu, Metric::Switches];

/// Every scenario, in the order they run.
pub(crate) fn all() -> Vec<Scenario> {
    let mut scenarios = paced();
    scenarios.extend(asking());
    scenarios.extend(flooding());
    scenarios
}

fn scenario(
    id: &'static str,
    title: &'static str,
    topology: Topology,
    entries: Vec<Entry>,
    bars: Vec<Bar>,
) -> Scenario {
    Scenario { id, title, topology, values: Values::Equal, entries, metrics: RATES, ratios: RATE_RATIOS, bars }
}

const PLAIN: Topology = Topology::Neighbours(SinkKind::Plain);
const GRO: Topology = Topology::Neighbours(SinkKind::Gro);

/// Little or nothing to do.
fn paced() -> Vec<Scenario> {
    use Metric::{Cpu, CpuRate, P50};
    use Program::{Echo, Memcached, Python, Servent, ServentQueue, Simple, SimpleSendmmsg};
    let latency = |scenario| Scenario { metrics: TIMES, ratios: TIME_RATIOS, ..scenario };
    vec![
        Scenario {
            metrics: &[CpuRate],
            ratios: &[],
            ..scenario(
                "idle",
                "a servent that nobody asks",
                Topology::Alone,
                entries(Load::Idle, &[Servent, ServentQueue]),
                vec![Bar { against: None, metric: CpuRate, is_least: false, limit: 0.1 }],
            )
        },
        latency(scenario(
            "latency",
            "CLIREQ hit, no neighbours, one in flight, one a millisecond",
            Topology::Alone,
            entries(Load::Paced, &[Servent, ServentQueue, Echo, Simple, Python, Memcached]),
            vec![at_most(1.5, P50, Echo), at_most(1.7, Cpu, Echo)],
        )),
        latency(scenario(
            "latency-neighbours",
            "CLIREQ hit, 10 neighbours that receive plainly, one in flight, one a millisecond",
            PLAIN,
            entries(Load::Paced, &[Servent, ServentQueue, SimpleSendmmsg]),
            vec![at_most(1.5, P50, SimpleSendmmsg), at_most(1.7, Cpu, SimpleSendmmsg)],
        )),
    ]
}

/// As many answers as there can be.
fn asking() -> Vec<Scenario> {
    use Metric::{Cpu, Throughput};
    use Program::{Echo, Memcached, Python, Servent, ServentPlain, ServentQueue, Simple, SimpleSendmmsg};
    let alone = |id, title, load, programs: &[Program], bars| {
        scenario(id, title, Topology::Alone, entries(load, &[&[Servent, ServentQueue], programs].concat()), bars)
    };
    vec![
        alone(
            "clireq-1x256",
            "CLIREQ hit, no neighbours, one client with 256 in flight",
            Load::OneClient,
            &[Echo, Simple, SimpleSendmmsg, Python, Memcached, ServentPlain],
            vec![at_least(6.0, Throughput, Echo)],
        ),
        alone(
            "clireq-plain",
            "CLIREQ hit, no neighbours, one client with 256 in flight that sends and receives without offload",
            Load::PlainClient,
            &[Echo, SimpleSendmmsg, Memcached, ServentPlain],
            vec![at_least(0.95, Throughput, Echo), at_most(0.9, Cpu, Echo)],
        ),
        alone(
            "clireq-64x1",
            "CLIREQ hit, no neighbours, 64 clients with one in flight each",
            Load::ManyClients,
            &[Echo, Simple, SimpleSendmmsg, Memcached, ServentPlain],
            vec![at_least(0.85, Throughput, Echo), at_most(1.25, Cpu, Echo)],
        ),
        Scenario {
            values: Values::Mixed,
            ..alone(
                "clireq-mixed",
                "CLIREQ hit, no neighbours, one client with 256 in flight, values of 20 to 70 bytes",
                Load::OneClient,
                &[Echo, SimpleSendmmsg, ServentPlain],
                vec![],
            )
        },
    ]
}

/// As many QUERYs as there can be, and what is dropped of them.
fn flooding() -> Vec<Scenario> {
    use Load::{ManyClients, Noise, OneClient, Queries};
    use Metric::Throughput;
    use Program::{Servent, ServentPlain, ServentQueue, Simple, SimpleSendmmsg};
    let beside_queued = |id, title, topology, load, programs: &[Program], least_of_simple: Option<f64>| {
        let entries = entries(load, &[&[Servent, ServentQueue], programs].concat());
        let of_simple = least_of_simple.map(|limit| at_least(limit, Throughput, SimpleSendmmsg));
        scenario(id, title, topology, entries, [as_fast_as_queued()].into_iter().chain(of_simple).collect())
    };
    vec![
        beside_queued(
            "neighbours-plain",
            "CLIREQ hit, 10 neighbours that receive plainly, one client with 256 in flight",
            PLAIN,
            OneClient,
            &[Simple, SimpleSendmmsg, ServentPlain],
            None,
        ),
        beside_queued(
            "neighbours-gro",
            "CLIREQ hit, 10 neighbours that receive with UDP_GRO, one client with 256 in flight",
            GRO,
            OneClient,
            &[Simple, SimpleSendmmsg, ServentPlain],
            None,
        ),
        beside_queued(
            "flood-64x1",
            "CLIREQ hit, 10 neighbours that receive plainly, 64 clients with one in flight each",
            PLAIN,
            ManyClients,
            &[SimpleSendmmsg],
            Some(3.2),
        ),
        beside_queued(
            "flood-64x1-gro",
            "CLIREQ hit, 10 neighbours that receive with UDP_GRO, 64 clients with one in flight each",
            GRO,
            ManyClients,
            &[SimpleSendmmsg],
            Some(3.2),
        ),
        beside_queued(
            "relay-plain",
            "QUERY relayed to 10 neighbours that receive plainly, and answered, 256 in flight",
            PLAIN,
            Queries,
            &[SimpleSendmmsg],
            None,
        ),
        beside_queued(
            "relay-gro",
            "QUERY relayed to 10 neighbours that receive with UDP_GRO, and answered, 256 in flight",
            GRO,
            Queries,
            &[SimpleSendmmsg],
            None,
        ),
        beside_queued(
            "line",
            "a line of three servents, the keys at the far end, one client with 256 in flight",
            Topology::Line,
            OneClient,
            &[ServentPlain, SimpleSendmmsg],
            None,
        ),
        beside_queued(
            "duplicates",
            "duplicate QUERYs, 1024 datagrams in flight",
            Topology::Alone,
            Noise(NoiseKind::Duplicates),
            &[SimpleSendmmsg],
            Some(3.0),
        ),
        beside_queued(
            "malformed",
            "malformed datagrams, 1024 datagrams in flight",
            Topology::Alone,
            Noise(NoiseKind::Malformed),
            &[SimpleSendmmsg],
            Some(4.0),
        ),
    ]
}
