//! The simulator: how large and how fast it is, 100,000 servents in one thread. What it says of reach is for
//! `tp3 simulate` to tell.
//!
//! Inputs come from fixed seeds. The answers of the first round are checked against a breadth-first search. The bar is
//! held against CPU time, since it is about one core; what else runs on the machine shows on the clock.
//!
//! Results go to `bench-results/sim-scale.csv` in the target folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench that can't go on ends, and says where")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints its results")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

mod scale;

use std::fs;
use std::path::Path;
use std::process::Command;

/// A line of the results: what was measured, at which setting, and what came out.
struct Row {
    table: &'static str,
    setting: String,
    name: &'static str,
    value: f64,
}

/// Tells glibc's allocator to ask for huge pages. Servents lie all over memory, and with small pages a quarter of the
/// time goes into finding out where. Elsewhere it means nothing.
const HUGE_PAGES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");

fn main() {
    if std::env::var_os(HUGE_PAGES.0).is_none() {
        // It is read when a process starts, so this one starts again.
        let program = std::env::current_exe().expect("this executable has a path");
        let again = Command::new(program).args(std::env::args_os().skip(1)).env(HUGE_PAGES.0, HUGE_PAGES.1).status();
        assert!(again.expect("it starts").success(), "the bench failed");
        return;
    }
    write_csv("sim-scale.csv", &scale::measure());
}

fn write_csv(name: &str, rows: &[Row]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench-results");
    let file = folder.join(name);
    let mut csv = "table,setting,name,value\n".to_owned();
    for Row { table, setting, name, value } in rows {
        csv += &format!("{table},{setting},{name},{value:.4}\n");
    }
    fs::create_dir_all(folder).and_then(|()| fs::write(&file, csv)).expect("a place for the results");
    println!("\nwritten: {}", file.display());
}
