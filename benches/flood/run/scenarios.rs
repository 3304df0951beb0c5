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
    pub(crate) label: &'static str,
    pub(crate) program: Program,
    pub(crate) load: Load,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    Servent,
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
    /// One client, 1024 CLIREQs in flight, as many datagrams as of noise.
    BusyClient,
    /// The same with QUERYs, each a new one.
    BusyQueries,
    /// 64 clients, one CLIREQ in flight each.
    ManyClients,
    /// One client, 256 QUERYs in flight, as if some servent had made them.
    Queries,
    Noise(NoiseKind),
    /// One client, one CLIREQ a millisecond.
    Paced,
}

/// What the ratio of the system to one baseline must reach.
pub(crate) struct Bar {
    pub(crate) against: &'static str,
    pub(crate) metric: Metric,
    pub(crate) is_least: bool,
    pub(crate) ratio: f64,
}

impl Program {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Servent => "servent",
            Self::ServentPlain => "servent --no-offload",
            Self::Echo => "echo",
            Self::Simple => "simple",
            Self::SimpleSendmmsg => "simple+sendmmsg",
            Self::Python => "python",
            Self::Memcached => "memcached -t 1",
        }
    }
}

fn at_least(ratio: f64, metric: Metric, against: &'static str) -> Bar {
    Bar { against, metric, is_least: true, ratio }
}

fn at_most(ratio: f64, metric: Metric, against: &'static str) -> Bar {
    Bar { against, metric, is_least: false, ratio }
}

fn entries(load: Load, programs: &[Program]) -> Vec<Entry> {
    programs.iter().map(|&program| Entry { label: program.name(), program, load }).collect()
}

const RATES: &[Metric] = &[Metric::Throughput, Metric::Cpu, Metric::Loss, Metric::Switches];
const RATE_RATIOS: &[Metric] = &[Metric::Throughput, Metric::Cpu];
const TIMES: &[Metric] = &[Metric::P50, Metric::P99, Metric::Cpu, Metric::Loss, Metric::Switches];
const TIME_RATIOS: &[Metric] = &[Metric::P50, Metric::P99];

/// Every scenario, in the order they run.
pub(crate) fn all() -> Vec<Scenario> {
    use Metric::{Cpu, P50, Throughput};
    use Program::{Echo, Memcached, Python, Servent, ServentPlain, Simple, SimpleSendmmsg};
    let scenario = |id, title, topology, entries, bars| Scenario {
        id,
        title,
        topology,
        values: Values::Equal,
        entries,
        metrics: RATES,
        ratios: RATE_RATIOS,
        bars,
    };
    let (plain, gro) = (Topology::Neighbours(SinkKind::Plain), Topology::Neighbours(SinkKind::Gro));
    let flooding = || entries(Load::OneClient, &[Servent, Simple, SimpleSendmmsg, ServentPlain]);
    let relaying = || entries(Load::Queries, &[Servent, SimpleSendmmsg]);
    let against_sendmmsg = |ratio| vec![at_least(ratio, Throughput, SimpleSendmmsg.name())];
    vec![
        scenario(
            "clireq-1x256",
            "CLIREQ hit, no neighbours, one client with 256 in flight",
            Topology::Alone,
            entries(Load::OneClient, &[Servent, Echo, Simple, SimpleSendmmsg, Python, Memcached, ServentPlain]),
            vec![
                at_least(1.0, Throughput, Echo.name()),
                at_most(1.3, Cpu, Echo.name()),
                at_least(1.8, Throughput, Memcached.name()),
                at_least(1.8, Throughput, Python.name()),
            ],
        ),
        scenario(
            "clireq-plain",
            "CLIREQ hit, no neighbours, one client with 256 in flight that sends and receives without offload",
            Topology::Alone,
            entries(Load::PlainClient, &[Servent, Echo, SimpleSendmmsg, Memcached, ServentPlain]),
            vec![at_least(1.0, Throughput, Echo.name()), at_most(1.3, Cpu, Echo.name())],
        ),
        scenario(
            "clireq-64x1",
            "CLIREQ hit, no neighbours, 64 clients with one in flight each",
            Topology::Alone,
            entries(Load::ManyClients, &[Servent, Echo, Simple, SimpleSendmmsg, Memcached, ServentPlain]),
            vec![at_least(0.65, Throughput, Echo.name()), at_most(1.7, Cpu, Echo.name())],
        ),
        Scenario {
            values: Values::Mixed,
            ..scenario(
                "clireq-mixed",
                "CLIREQ hit, no neighbours, one client with 256 in flight, values of 20 to 70 bytes",
                Topology::Alone,
                entries(Load::OneClient, &[Servent, Echo, SimpleSendmmsg, ServentPlain]),
                vec![],
            )
        },
        scenario(
            "neighbours-plain",
            "CLIREQ hit, 10 neighbours that receive plainly, one client with 256 in flight",
            plain,
            flooding(),
            against_sendmmsg(3.5),
        ),
        scenario(
            "neighbours-gro",
            "CLIREQ hit, 10 neighbours that receive with UDP_GRO, one client with 256 in flight",
            gro,
            flooding(),
            against_sendmmsg(8.0),
        ),
        scenario(
            "relay-plain",
            "QUERY relayed to 10 neighbours that receive plainly, and answered, 256 in flight",
            plain,
            relaying(),
            against_sendmmsg(3.5),
        ),
        scenario(
            "relay-gro",
            "QUERY relayed to 10 neighbours that receive with UDP_GRO, and answered, 256 in flight",
            gro,
            relaying(),
            vec![],
        ),
        scenario(
            "line",
            "a line of three servents, the keys at the far end, one client with 256 in flight",
            Topology::Line,
            entries(Load::OneClient, &[Servent, ServentPlain, SimpleSendmmsg]),
            vec![at_least(3.0, Throughput, ServentPlain.name())],
        ),
        noise("duplicates", "duplicate QUERYs, beside the same servent answering new ones", NoiseKind::Duplicates),
        noise("malformed", "malformed datagrams, beside the same servent answering CLIREQs", NoiseKind::Malformed),
        Scenario {
            metrics: TIMES,
            ratios: TIME_RATIOS,
            ..scenario(
                "latency",
                "CLIREQ hit, no neighbours, one in flight, one a millisecond",
                Topology::Alone,
                entries(Load::Paced, &[Servent, Echo, Simple, Python, Memcached]),
                vec![at_most(3.5, P50, Echo.name())],
            )
        },
    ]
}

fn noise(id: &'static str, title: &'static str, kind: NoiseKind) -> Scenario {
    let noise = Load::Noise(kind);
    let answers = match kind {
        NoiseKind::Duplicates => Load::BusyQueries,
        NoiseKind::Malformed => Load::BusyClient,
    };
    Scenario {
        id,
        title,
        topology: Topology::Alone,
        values: Values::Equal,
        entries: vec![
            Entry { label: "servent", program: Program::Servent, load: noise },
            Entry { label: "servent answering", program: Program::Servent, load: answers },
            Entry { label: "simple+sendmmsg", program: Program::SimpleSendmmsg, load: noise },
        ],
        metrics: RATES,
        ratios: RATE_RATIOS,
        bars: vec![at_least(2.0, Metric::Throughput, "servent answering")],
    }
}
