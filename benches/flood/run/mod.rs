//! The bench, from arguments to exit code.
//!
//! | file | holds |
//! |---|---|
//! | `args` | the command line |
//! | `scenarios` | what is measured against what, and the bars |
//! | `contest` | interleaved rounds of a scenario's contestants, and the checks of their counts |
//! | `cluster` | a contestant's processes and neighbours |
//! | `process` | a process: its start, its usage, its end |
//! | `load` | the library's generator, with answers that are checked, in closed loops |
//! | `noise` | datagrams that nobody answers among them |
//! | `paced` | one request a millisecond, and none at all |
//! | `pin` | the generator on one core |
//! | `workload` | requests and the answers that they must get |
//! | `sinks` | neighbours that only count |
//! | `drops` | what the kernel dropped |
//! | `baselines` | what this executable is when it is started as a baseline |
//! | `report` | tables, CSV, bars |

mod args;
mod baselines;
mod cluster;
mod contest;
mod drops;
mod load;
mod noise;
mod paced;
mod pin;
mod process;
mod report;
mod scenarios;
mod sinks;
mod workload;

use args::Args;
use report::Report;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

/// A failure is told to the user and ends the bench.
type Fallible<T> = Result<T, String>;

pub(crate) fn main() -> ExitCode {
    let words: Vec<_> = env::args().skip(1).collect();
    let outcome = match words.split_first() {
        Some((first, role)) if first == baselines::ROLE => baselines::serve(role),
        _ => Args::parse(words).and_then(|args| bench(&args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("flood: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn bench(args: &Args) -> Fallible<()> {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = Folder::new(tmp.join(format!("flood-{}", std::process::id())))?;
    let mut report = Report::new(args);
    for scenario in scenarios::all().iter().filter(|scenario| args.wants(scenario.id)) {
        let results =
            contest::run(scenario, args, &folder.0).map_err(|failure| format!("{}: {failure}", scenario.id))?;
        report.add(scenario, &results);
    }
    report.finish(&tmp.with_file_name("bench-results"))
}

/// A folder that is removed when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(path: PathBuf) -> Fallible<Self> {
        fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
