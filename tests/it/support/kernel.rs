//! What the kernel counts, in the network of the calling thread.

use std::fs;

/// What waits in the receive buffer of the socket that is bound to `port`.
pub(crate) fn waiting_bytes(port: u16) -> u32 {
    let row = socket_row(port);
    let (_, waiting) = row[4].split_once(':').unwrap();
    u32::from_str_radix(waiting, 16).unwrap()
}

/// How many buffers the kernel dropped because the receive buffer of the socket that is bound to `port` was full.
pub(crate) fn shed(port: u16) -> u64 {
    socket_row(port).last().unwrap().parse().unwrap()
}

/// A network interface's count by its column in /proc/net/dev, from 0: bytes, packets, errors and drops received,
/// then four others, and from 8 on the same sent.
pub(crate) fn interface_count(name: &str, column: usize) -> u64 {
    let table = fs::read_to_string("/proc/thread-self/net/dev").unwrap();
    let rows = table.lines().filter_map(|line| line.split_once(':'));
    let (_, row) = rows.into_iter().find(|(found, _)| found.trim() == name).unwrap();
    row.split_whitespace().nth(column).unwrap().parse().unwrap()
}

/// Packets that loopback dropped on their way to a receive buffer, whomever they were for.
pub(crate) fn loopback_drops() -> u64 {
    interface_count("lo", 3)
}

fn socket_row(port: u16) -> Vec<String> {
    let table = fs::read_to_string("/proc/thread-self/net/udp").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    let suffix = format!(":{port:04X}");
    let row = rows.into_iter().find(|row| row[1].ends_with(&suffix));
    row.unwrap_or_else(|| panic!("nothing is bound to {port}: {table}"))
}
