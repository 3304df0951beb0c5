//! A test in a network of its own: addresses, routes and packet sizes that loopback does not have.

use super::{DEADLINE, Program, SKIPPED, skip};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Set in the copy of this test program that runs inside.
const INSIDE: &str = "SERVENT_TEST_NAMESPACE";

/// What runs a command in a network of its own. Its processes are its own as well and end with the first of them, which
/// is killed if this one ends, which in turn is killed if the test ends that started it.
const APART: [&str; 9] =
    ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// A pair of interfaces; the first is 10.9.0.1/24 and the way to 203.0.113.0/24. Nobody is behind them: what is sent
/// there is gone.
pub(crate) const NETWORK: [&str; 6] = [
    "link set lo up",
    "link add out type veth peer name beyond",
    "address add 10.9.0.1/24 dev out",
    "link set out arp off up",
    "link set beyond up",
    "route add 203.0.113.0/24 dev out",
];

/// A network 10.8.0.0/24 whose hosts do not answer when they are looked for.
pub(crate) const DEAD_HOSTS: [&str; 5] = [
    "link set lo up",
    "link add far type veth peer name farther",
    "address add 10.8.0.1/24 dev far",
    "link set far up",
    "link set farther up",
];

/// Runs `body` in a new network namespace, after these commands of ip(8). That takes another process: this test
/// program again, for `test` alone, its name without the crate's. Where the system does not allow it (root does), the
/// test is skipped.
pub(crate) fn in_namespace(test: &str, commands: &[&str], body: impl FnOnce()) {
    let Some(program) = start_in_namespace(test, commands, body) else { return };
    // Each wait inside has its own deadline, and so has a chance to tell what failed.
    let finished = program.finish_within(3 * DEADLINE);
    let stdout = String::from_utf8_lossy(&finished.stdout);
    assert!(finished.code == Some(0) && stdout.contains("1 passed"), "inside: {stdout}\n{}", finished.stderr);
    finished.stderr.lines().filter(|line| line.contains(SKIPPED)).for_each(|line| eprintln!("{line}: {test}"));
}

/// The same, without a wait for its end: returns the program that runs `body`. There is none where the test is skipped,
/// and inside.
pub(crate) fn start_in_namespace(test: &str, commands: &[&str], body: impl FnOnce()) -> Option<Program> {
    if is_inside() {
        match commands.iter().try_for_each(|command| ip(command)) {
            Ok(()) => body(),
            Err(cause) => skip(&cause),
        }
        return None;
    }
    if !is_allowed() {
        skip(&format!("no network namespaces to be had: {test}"));
        return None;
    }
    Some(Program::spawn(&mut inside(test, &[])))
}

/// The same for a test that is ignored unless it is asked for: it may take as long as `wait`, what it says on standard
/// error is shown as it comes, and where it can't be run it fails.
pub(crate) fn measure_in_namespace(test: &str, commands: &[&str], wait: Duration, body: impl FnOnce()) {
    if is_inside() {
        commands.iter().try_for_each(|command| ip(command)).unwrap_or_else(|cause| panic!("{cause}"));
        body();
        return;
    }
    assert!(is_allowed(), "no network namespaces to be had");
    let finished = Program::spawn(inside(test, &["--ignored"]).stderr(Stdio::inherit())).finish_within(wait);
    let stdout = String::from_utf8_lossy(&finished.stdout);
    assert!(finished.code == Some(0) && stdout.contains("1 passed"), "inside: {stdout}");
}

fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

fn is_allowed() -> bool {
    let status = Command::new(APART[0]).args(&APART[1..]).arg("true").stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// This test program in a network of its own, for `test` alone.
fn inside(test: &str, options: &[&str]) -> Command {
    let myself = std::env::current_exe().unwrap();
    let args = [myself.to_str().unwrap(), "--exact", test, "--nocapture"];
    let mut command = Program::command(APART[0], APART[1..].iter().chain(&args).chain(options));
    command.env(INSIDE, "1");
    command
}

/// Runs a command of ip(8) in the network of the calling thread.
pub(crate) fn ip(command: &str) -> Result<(), String> {
    let output = Command::new("ip").args(command.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("ip {command}: {}", said.trim_end())) }
}
