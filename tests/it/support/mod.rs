//! What the tests stand on, from the bottom up.
//!
//! `wire` builds and reads messages, `files` makes key-value files, `ports` hands out ports, `peer` is a raw socket, `pipe` a named pipe,
//! `program` a child process, `terminal` one in a terminal; `processes` looks at those of the system, `kernel` at its
//! counts, `stall` is a pipe that nobody reads, `namespace` runs a test in a network of its own, `flood` one under load; `counters` reads the table a
//! servent prints, `servent` runs one, and `rig` puts raw sockets all round it. `schema` holds
//! JSON against its schema.

pub(crate) mod counters;
pub(crate) mod files;
pub(crate) mod flood;
#[cfg(target_os = "linux")]
pub(crate) mod kernel;
pub(crate) mod namespace;
pub(crate) mod peer;
pub(crate) mod pipe;
pub(crate) mod ports;
pub(crate) mod processes;
pub(crate) mod program;
pub(crate) mod rig;
pub(crate) mod schema;
pub(crate) mod servent;
#[cfg(target_os = "linux")]
pub(crate) mod stall;
pub(crate) mod terminal;
pub(crate) mod wire;

pub(crate) use counters::Counters;
pub(crate) use files::TempDir;
pub(crate) use peer::Peer;
pub(crate) use program::{Finished, Program};
pub(crate) use rig::Rig;
pub(crate) use servent::Servent;
pub(crate) use terminal::Terminal;

use std::time::{Duration, Instant};

/// How long any wait may last. Far above what a loaded machine needs: it is met only when a test fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// The servent's binary.
pub(crate) const SERVENT: &str = env!("CARGO_BIN_EXE_serventTP3");
/// The client's binary.
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_clientTP3");
/// The binary of the toolbox.
pub(crate) const TP3: &str = env!("CARGO_BIN_EXE_tp3");

/// What a test says that can't be run here.
const SKIPPED: &str = "skipped: ";

/// Says that a test can't be run here, and why; it is for the test to return. With `CI_STRICT=1` in the environment,
/// as on a machine that should have everything, it fails instead.
pub(crate) fn skip(reason: &str) {
    let is_strict = std::env::var_os("CI_STRICT").is_some_and(|value| value == "1");
    assert!(!is_strict, "CI_STRICT=1 allows no skipped test: {reason}");
    eprintln!("{SKIPPED}{reason}");
}

/// Waits until `condition` holds, for what gives no event: processes that are not our children. Fails at the
/// deadline.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
