//! What must hold of a servent that ran for long.

use crate::support::processes::{memory_kib, open_files, processor_time_of_others, threads};
use crate::support::{Counters, Servent};
use std::time::{Duration, Instant};

/// What a servent holds of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holdings {
    open_files: usize,
    threads: usize,
}

impl Holdings {
    pub(super) fn of(servent: &Servent) -> Self {
        Self { open_files: open_files(servent.pid()), threads: threads(servent.pid()) }
    }
}

/// A servent's resident memory over time.
#[derive(Default)]
pub(super) struct Memory {
    /// Since the begin of the load, and KiB.
    samples: Vec<(Duration, u64)>,
}

/// Memory is flat if after warm-up it never exceeds the most of the warm-up by this.
const GROWTH_KIB_MAX: u64 = 5 << 10;

impl Memory {
    pub(super) fn sample(&mut self, at: Duration, servent: &Servent) {
        self.samples.push((at, memory_kib(servent.pid(), "VmRSS")));
    }

    /// The most until `end`, and the most after it.
    pub(super) fn most(&self, end: Duration) -> (u64, u64) {
        let most = |warm: bool| {
            let samples = self.samples.iter().filter(|(at, _)| (*at <= end) == warm);
            samples.map(|(_, kib)| *kib).max().unwrap_or_else(|| panic!("no sample before or after {end:?}"))
        };
        (most(true), most(false))
    }

    pub(super) fn check_flat(&self, name: &str, warm_up: Duration) {
        let (warm, later) = self.most(warm_up);
        assert!(
            later < warm + GROWTH_KIB_MAX,
            "servent {name}: {warm} KiB at the most until {warm_up:?}, {later} KiB later: {:?}",
            self.samples
        );
    }

    /// About ten of the samples, in MiB.
    pub(super) fn course(&self) -> String {
        let step = self.samples.len().div_ceil(10).max(1);
        let mib = |(at, kib): &(Duration, u64)| format!("{:.1} ({} s)", *kib as f64 / 1_024.0, at.as_secs());
        let last = self.samples.last().into_iter();
        self.samples.iter().step_by(step).chain(last).map(mib).collect::<Vec<_>>().join(" ")
    }
}

/// A time without what other programs took of the processors: that is not the servents' to answer for. A servent that
/// sleeps, or waits for another, takes its time.
pub(super) struct Stopwatch {
    start: Instant,
    /// The servents and this process.
    own: Vec<i32>,
    others: Duration,
}

impl Stopwatch {
    pub(super) fn start(servents: &[Servent]) -> Self {
        let own: Vec<_> = servents.iter().map(Servent::pid).chain([std::process::id() as i32]).collect();
        let others = processor_time_of_others(&own);
        Self { start: Instant::now(), own, others }
    }

    /// The time since the start.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The same less the time that others had all processors.
    pub(super) fn elapsed_without_others(&self) -> Duration {
        let processors = std::thread::available_parallelism().map_or(1, usize::from) as u32;
        let others = processor_time_of_others(&self.own).saturating_sub(self.others);
        self.elapsed().saturating_sub(others / processors)
    }
}

/// What a servent may warn of while it is abused.
const EXPECTED_WARNINGS: [&str; 7] = [
    "overloaded: the kernel shed",
    "could not send to",
    "a client on loopback asked",
    "pair makes a RESPONSE of",
    "asked for a receive buffer",
    "withheld a RESPONSE",
    // Under SOAK_REFUSED.
    "one datagram a call",
];

/// No panic, no error, and no warning but those.
pub(super) fn check_log(name: &str, stderr: &str) {
    let bad = |line: &&str| {
        let is_unexpected = line.contains("WARN") && !EXPECTED_WARNINGS.iter().any(|known| line.contains(known));
        is_unexpected || line.contains("ERROR") || line.contains("panicked")
    };
    let bad: Vec<_> = stderr.lines().filter(bad).collect();
    assert!(bad.is_empty(), "servent {name} said: {bad:#?}");
}

/// Every datagram to be sent was sent or failed: an answer each, and of a CLIREQ one for each of the `neighbours`, of
/// a QUERY sent on the same or one fewer, since it may have come from one of them.
pub(super) fn check_sends(name: &str, counters: &Counters, neighbours: u64) {
    let flooded = counters.get("sent") + counters.sum_of_all("send_failed_") + counters.sum_of_all("link_")
        - counters.get("answered");
    let (clireqs, forwarded) = (counters.get("clireq") * neighbours, counters.get("forwarded"));
    let possible = clireqs + forwarded * (neighbours - 1)..=clireqs + forwarded * neighbours;
    assert!(possible.contains(&flooded), "servent {name} flooded {flooded}, not in {possible:?}: {counters:?}");
}

/// Each of these happened.
pub(super) fn check_happened(name: &str, counters: &Counters, names: &[&str]) {
    for counter in names {
        assert!(counters.get(counter) > 0, "servent {name}: nothing was counted under {counter}: {counters:#?}");
    }
}

/// What a load of everything must have been counted under.
pub(super) const EVERY_CAUSE: [&str; 16] = [
    "malformed_too_short",
    "malformed_unknown_type",
    "malformed_short_query",
    "malformed_empty_key",
    "malformed_no_tab",
    "unexpected_response",
    "clireq",
    "ttl_zero",
    "duplicate",
    "duplicate_higher_ttl",
    "ttl_clamped",
    "ttl_expired",
    "answered",
    "not_found",
    "unanswerable_client",
    "response_limited",
];
