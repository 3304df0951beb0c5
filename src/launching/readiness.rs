//! Whether a program listens: by its own bound UDP socket, not by the time that has passed.

use std::fs;
use std::net::Ipv4Addr;

/// The address at which a UDP socket of one of the `processes` is bound to `port`, in the calling thread's network.
/// 0.0.0.0 stands for all addresses, of a socket of IPv6 as well. The processes are asked for only if anybody's socket is.
pub fn listens_at(port: u16, processes: impl FnOnce() -> Vec<u32>) -> Option<Ipv4Addr> {
    let bound = ["udp", "udp6"].iter().flat_map(|table| {
        let table = fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap_or_default();
        bound_to(&table, port)
    });
    let mut bound: Vec<_> = bound.collect();
    if bound.is_empty() {
        return None;
    }
    let inodes: Vec<_> = processes().into_iter().flat_map(sockets).collect();
    bound.retain(|(_, inode)| inodes.contains(inode));
    bound.first().map(|&(address, _)| address)
}

/// The sockets of a table of the kernel's that are bound to `port`: address and inode.
fn bound_to(table: &str, port: u16) -> Vec<(Ipv4Addr, u64)> {
    let row = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (address, bound) = fields.get(1)?.split_once(':')?;
        (u16::from_str_radix(bound, 16).ok()? == port).then_some(())?;
        // Of a socket of IPv6 the last 4 bytes: those of an IPv4 address, or zeros.
        let last = address.get(address.len().checked_sub(8)?..)?;
        let address = Ipv4Addr::from(u32::from_str_radix(last, 16).ok()?.to_ne_bytes());
        Some((address, fields.get(9)?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(row).collect()
}

/// The inodes of the sockets that a process has open.
fn sockets(process: u32) -> Vec<u64> {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return Vec::new() };
    let inode = |target: std::path::PathBuf| -> Option<u64> {
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    };
    files.flatten().filter_map(|file| inode(fs::read_link(file.path()).ok()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn a_bound_socket_of_this_process_is_found_and_nobody_elses() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        assert_eq!(listens_at(port, || vec![std::process::id()]), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(listens_at(port, Vec::new), None);
        drop(socket);
        assert_eq!(listens_at(port, || vec![std::process::id()]), None);
    }

    #[test]
    fn a_socket_of_ipv6_listens_on_all_addresses() {
        let table = "  sl  local_address remote_address st tx rx tr tm retrnsmt uid timeout inode\n \
            1: 00000000000000000000000000000000:1771 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 77 2\n";
        assert_eq!(bound_to(table, 6001), [(Ipv4Addr::UNSPECIFIED, 77)]);
        assert_eq!(bound_to(table, 6002), []);
    }
}
