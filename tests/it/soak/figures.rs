//! What was measured, as lines to read: on standard error, past the capture of the test harness.

use super::asker::{Answer, median, quantile};
use crate::support::Counters;
use std::time::Duration;

/// The counters of some servents side by side, as a table in Markdown, with what was received a second.
pub(super) fn print_counters(columns: &[(&str, &Counters)], length: Duration) {
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    eprintln!("| counter | {} |\n|---|{}", names.join(" | "), "---:|".repeat(names.len()));
    let Some((_, first)) = columns.first() else { return };
    for name in first.names() {
        let cells: Vec<_> = columns.iter().map(|(_, counters)| counters.get(name).to_string()).collect();
        eprintln!("| {name} | {} |", cells.join(" | "));
    }
    let rate = |counters: &Counters| format!("{:.0}", counters.get("received") as f64 / length.as_secs_f64());
    let rates: Vec<_> = columns.iter().map(|(_, counters)| rate(counters)).collect();
    eprintln!("| received a second | {} |\n", rates.join(" | "));
}

pub(super) fn print_latencies(when: &str, answers: &[Answer]) {
    let tries: u32 = answers.iter().map(|answer| answer.tries).sum();
    eprintln!(
        "{when}: {} questions, {tries} CLIREQs; median {:?}, 99 % {:?}, longest {:?}",
        answers.len(),
        median(answers),
        quantile(answers, 0.99),
        quantile(answers, 1.0)
    );
}
