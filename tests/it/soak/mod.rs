//! Soak and abuse: a small overlay under everything that strangers can send, for as long as one likes; and what a
//! stranger gets out of a servent that he wants to aim at somebody.
//!
//! These tests are ignored unless they are asked for: they take both their time and all of the machine. `tests/soak`
//! runs them and shows their figures. They make networks of their own, so nothing leaves the machine. They want the
//! machine to themselves: if others take most of it, a question may take longer than a client waits.
//!
//! [`SECONDS`] says how long the load of the main one lasts; the others take a fraction of it. `SOAK_TROUBLE` names what
//! goes wrong beside the load of the main one, if anything: `stalled-stderr`, `file-size-limit` or `fifo-reload`.
//!
//! They need the network implementation that counts what the kernel sheds, that is, not `portable-net`.

mod abuse;
mod asker;
mod checks;
mod conservation;
mod figures;
mod mix;
mod overlay;
mod reflection;
mod trouble;
mod victim;

use std::time::{Duration, Instant};

/// The environment variable with the seconds that the load lasts.
const SECONDS: &str = "SOAK_SECONDS";

/// How long the load lasts; 60 s unless [`SECONDS`] says otherwise.
fn length() -> Duration {
    let seconds = std::env::var(SECONDS).map_or(60, |text| text.parse().expect("SOAK_SECONDS: a whole number"));
    assert!(seconds >= 10, "{SECONDS}: at least 10, or there is no time to warm up");
    Duration::from_secs(seconds)
}

/// How long a whole test may take: its load, and time to begin and to end.
fn wait_max() -> Duration {
    length() * 2 + Duration::from_secs(120)
}

/// Lets time pass, where the pace is what is wanted and nothing is waited for.
fn pause(length: Duration) {
    let end = Instant::now() + length;
    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

/// The networks that the forged clients live in: some where everything is lost, and one for each way in which a send
/// can fail.
const NETWORKS: [&str; 13] = [
    "link set lo up",
    "link add out type veth peer name beyond",
    "address add 10.9.0.1/24 dev out",
    "link set out arp off up",
    "link set beyond up",
    "route add 203.0.113.0/24 dev out",
    "route add 198.18.0.0/16 dev out",
    "link add far type veth peer name farther",
    "address add 10.8.0.1/24 dev far",
    "link set far up",
    "link set farther up",
    "route add unreachable 192.0.2.0/24",
    "route add prohibit 198.51.100.0/24",
];
