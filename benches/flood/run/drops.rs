//! What the kernel dropped, and how long to wait for what it did not.

use std::fs;
use std::time::Duration;

/// After this long nothing more is expected if the kernel says that it dropped something.
pub(crate) const SILENCE: Duration = Duration::from_millis(250);
/// How often such a silence is waited for while nothing explains what is missing: a busy machine may hold a
/// contestant up for long.
pub(crate) const SILENCES: usize = 20;

/// How many datagrams the kernel dropped for want of room at the sockets bound to `ports`. A coalesced buffer counts
/// once.
pub(crate) fn drops(ports: &[u16]) -> u64 {
    let table = fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let row = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let port = u16::from_str_radix(columns.get(1)?.split_once(':')?.1, 16).ok()?;
        ports.contains(&port).then(|| columns.last()?.parse::<u64>().ok()).flatten()
    };
    table.lines().skip(1).filter_map(row).sum()
}
