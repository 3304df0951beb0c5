//! The simulator: how large and how fast it is, and what it says of reach.
//!
//! ```text
//! cargo bench --bench sim              both
//! cargo bench --bench sim -- scale     100,000 servents in one thread: deliveries a second, memory
//! cargo bench --bench sim -- reach     who is reached, against loss and against jitter
//! ```
//!
//! Inputs come from fixed seeds. `scale` checks the answers of its first round against a breadth-first search; `reach`
//! draws nothing but from its seeds, so its tables are the same on every machine.
//!
//! Results go to `bench-results/sim.csv` in the target folder.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that can't go on ends, and says where"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its results")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

mod reach;
mod scale;

use std::fs;
use std::path::Path;

/// A line of the results: what was measured, at which setting, and what came out.
struct Row {
    table: &'static str,
    setting: String,
    name: &'static str,
    value: f64,
}

fn main() {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let mut rows = Vec::new();
    if wants("scale") {
        rows.extend(scale::measure());
    }
    if wants("reach") {
        rows.extend(reach::measure());
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-results");
    let file = folder.join("sim.csv");
    let mut csv = "table,setting,name,value\n".to_owned();
    for Row { table, setting, name, value } in &rows {
        csv += &format!("{table},{setting},{name},{value:.4}\n");
    }
    fs::create_dir_all(folder).and_then(|()| fs::write(&file, csv)).expect("a place for the results");
    println!("\nwritten: {}", file.display());
}
