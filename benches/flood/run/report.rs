//! Tables, CSV, bars.

use super::Fallible;
use super::args::Args;
use super::contest::Contestant;
use super::scenarios::{Bar, Scenario};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// What one round of one contestant yields.
pub(crate) struct Sample {
    pub(crate) throughput: f64,
    pub(crate) cpu_micros: f64,
    pub(crate) loss_percent: f64,
    pub(crate) switches: f64,
    pub(crate) p50_micros: f64,
    pub(crate) p99_micros: f64,
    pub(crate) p999_micros: f64,
    /// CPU milliseconds a second.
    pub(crate) cpu_rate: f64,
}

#[derive(Clone, Copy)]
pub(crate) enum Metric {
    Throughput,
    Cpu,
    Loss,
    Switches,
    P50,
    P99,
    P999,
    /// CPU time in a second, whatever was done in it.
    CpuRate,
}

impl Metric {
    fn of(self, sample: &Sample) -> f64 {
        match self {
            Self::Throughput => sample.throughput,
            Self::Cpu => sample.cpu_micros,
            Self::Loss => sample.loss_percent,
            Self::Switches => sample.switches,
            Self::P50 => sample.p50_micros,
            Self::P99 => sample.p99_micros,
            Self::P999 => sample.p999_micros,
            Self::CpuRate => sample.cpu_rate,
        }
    }

    /// Column heading, name in the CSV file, and decimals.
    fn names(self) -> (&'static str, &'static str, usize) {
        match self {
            Self::Throughput => ("handled/s", "throughput_per_s", 0),
            Self::Cpu => ("CPU us each", "cpu_us", 2),
            Self::Loss => ("loss %", "loss_percent", 2),
            Self::Switches => ("switches each", "context_switches", 3),
            Self::P50 => ("p50 us", "p50_us", 1),
            Self::P99 => ("p99 us", "p99_us", 1),
            Self::P999 => ("p99.9 us", "p999_us", 1),
            Self::CpuRate => ("CPU ms a second", "cpu_ms_per_s", 3),
        }
    }

    fn ratio_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Throughput => ("handled/s: servent / this", "throughput_ratio"),
            Self::Cpu => ("CPU: servent / this", "cpu_ratio"),
            Self::Loss => ("loss: servent / this", "loss_ratio"),
            Self::Switches => ("switches: servent / this", "context_switches_ratio"),
            Self::P50 => ("p50: servent / this", "p50_ratio"),
            Self::P99 => ("p99: servent / this", "p99_ratio"),
            Self::P999 => ("p99.9: servent / this", "p999_ratio"),
            Self::CpuRate => ("CPU a second: servent / this", "cpu_ms_per_s_ratio"),
        }
    }
}

/// Median, least and greatest of some rounds.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<_> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
        Self { median: f64::midpoint(low, high), min: values[0], max: values[values.len() - 1] }
    }

    fn show(self, decimals: usize) -> String {
        let Self { median, min, max } = self;
        format!("{median:.decimals$} [{min:.decimals$} {max:.decimals$}]")
    }
}

fn ratio(metric: Metric, system: &[Sample], baseline: &[Sample]) -> Spread {
    Spread::of(system.iter().zip(baseline).map(|(system, baseline)| metric.of(system) / metric.of(baseline)))
}

/// What was measured, as text.
pub(crate) struct Report {
    csv: String,
    bars: Vec<Vec<String>>,
    rounds: String,
    start: Instant,
}

impl Report {
    /// Names the machine first.
    pub(crate) fn new(args: &Args) -> Self {
        let rounds = format!("{},{}", args.rounds, args.round.as_secs_f64());
        println!("{}", machine());
        println!(
            "{} rounds of {:?}, contestants in turn; load generator {} UDP_SEGMENT and UDP_GRO, {}",
            args.rounds,
            args.round,
            if args.generator_offload { "with" } else { "without" },
            args.generator_core.map_or_else(|| "on any core".to_owned(), |core| format!("on core {core}"))
        );
        println!(
            "median [min max] of the rounds; a ratio is the servent's number divided by the baseline's of the same round"
        );
        let csv = "scenario,contestant,metric,median,min,max,rounds,seconds_per_round\n".to_owned();
        Self { csv, bars: Vec::new(), rounds, start: Instant::now() }
    }

    /// Prints a scenario's table.
    pub(crate) fn add(&mut self, scenario: &Scenario, contestants: &[Contestant]) {
        println!("\n{}: {}", scenario.id, scenario.title);
        let mut heading = vec![String::new()];
        heading.extend(scenario.metrics.iter().map(|metric| metric.names().0.to_owned()));
        heading.extend(scenario.ratios.iter().map(|metric| metric.ratio_names().0.to_owned()));
        let mut rows = vec![heading];
        let system = &contestants[0].samples;
        for (index, Contestant { program, samples, skipped }) in contestants.iter().enumerate() {
            if skipped.is_some() {
                continue;
            }
            let label = program.name();
            let mut row = vec![label.to_owned()];
            for &metric in scenario.metrics {
                let spread = Spread::of(samples.iter().map(|sample| metric.of(sample)));
                let (_, name, decimals) = metric.names();
                row.push(spread.show(decimals));
                self.csv_row(scenario.id, label, name, spread);
            }
            for &metric in scenario.ratios.iter().filter(|_| index > 0) {
                let spread = ratio(metric, system, samples);
                row.push(spread.show(2));
                self.csv_row(scenario.id, label, metric.ratio_names().1, spread);
            }
            rows.push(row);
        }
        print!("{}", table(&rows));
        for Contestant { program, skipped, .. } in contestants {
            if let Some(reason) = skipped {
                println!("  {}: skipped, {reason}", program.name());
            }
        }
        for bar in &scenario.bars {
            self.judge(scenario.id, bar, contestants);
        }
    }

    /// Prints the bars, and writes the CSV file into `folder`.
    pub(crate) fn finish(self, folder: &Path) -> Fallible<()> {
        if !self.bars.is_empty() {
            println!("\nbars");
            print!("{}", table(&self.bars));
        }
        let file = folder.join("flood.csv");
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, &self.csv))
            .and_then(|()| fs::write(folder.join("flood-machine.txt"), machine() + "\n"))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        println!("\nwritten after {:.0} s: {}", self.start.elapsed().as_secs_f64(), file.display());
        Ok(())
    }

    fn csv_row(&mut self, scenario: &str, contestant: &str, metric: &str, spread: Spread) {
        let Spread { median, min, max } = spread;
        writeln!(self.csv, "{scenario},{contestant},{metric},{median:.4},{min:.4},{max:.4},{}", self.rounds)
            .expect("a String takes everything");
    }

    fn judge(&mut self, scenario: &str, bar: &Bar, contestants: &[Contestant]) {
        let (sign, limit, system) = (if bar.is_least { ">=" } else { "<=" }, bar.limit, &contestants[0].samples);
        let samples_of = |program| {
            let found = contestants.iter().find(|contestant| contestant.program == program);
            found.filter(|contestant| contestant.skipped.is_none()).map(|contestant| &contestant.samples)
        };
        let (wanted, spread) = match bar.against {
            Some(program) => (
                format!("{} {sign} {limit} x {}", bar.metric.ratio_names().1, program.name()),
                samples_of(program).map(|samples| ratio(bar.metric, system, samples)),
            ),
            None => (
                format!("{} {sign} {limit}", bar.metric.names().1),
                Some(Spread::of(system.iter().map(|sample| bar.metric.of(sample)))),
            ),
        };
        let [measured, verdict] = match spread {
            Some(spread) => {
                let met = if bar.is_least { spread.median >= limit } else { spread.median <= limit };
                [spread.show(2), if met { "met" } else { "missed" }.to_owned()]
            }
            None => ["-".to_owned(), "skipped".to_owned()],
        };
        self.bars.push(vec![scenario.to_owned(), wanted, measured, verdict]);
    }
}

/// Columns as wide as their widest cell: the first flush left, the others flush right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let padded = if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") };
            line = line + "  " + &padded;
        }
        text = text + line.trim_end() + "\n";
    }
    text
}

/// What the numbers were measured on.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cpus = read("/proc/cpuinfo");
    let models: Vec<_> = cpus.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": ")).collect();
    format!(
        "{} x {}, Linux {}, net.core.rmem_max {}, load average {}",
        models.len(),
        models.first().map_or("unknown CPU", |(_, model)| model),
        read("/proc/sys/kernel/osrelease"),
        read("/proc/sys/net/core/rmem_max"),
        read("/proc/loadavg").split(' ').next().unwrap_or("unknown")
    )
}
