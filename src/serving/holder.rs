//! Which program holds a port, as far as /proc tells.

use crate::actor::clock::{Clock, SystemClock};
use crate::text::escape;
use crate::types::Timestamp;
use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

/// How long to look for it: a host may have many sockets and processes.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// A program that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name, as the system has it.
    pub name: String,
    /// Its process.
    pub pid: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", escape(self.name.as_bytes()), self.pid)
    }
}

/// Who holds a UDP socket that keeps others from `address`. `None` if it belongs to another user, if there is no /proc,
/// or if it is not found in time.
pub(super) fn holder_of(address: SocketAddrV4) -> Option<Holder> {
    let sockets: HashSet<_> = [("udp", true), ("udp6", false)]
        .into_iter()
        .filter_map(|(table, is_v4)| Some((fs::read_to_string(format!("/proc/net/{table}")).ok()?, is_v4)))
        .flat_map(|(table, is_v4)| {
            inodes(&table, is_v4, address).map(|inode| format!("socket:[{inode}]")).collect::<Vec<_>>()
        })
        .collect();
    if sockets.is_empty() {
        return None;
    }
    let clock = SystemClock::start();
    let in_time = |_: &fs::DirEntry| clock.now().since(Timestamp::ZERO) < LOOK_MAX;
    fs::read_dir("/proc").ok()?.flatten().take_while(in_time).find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let holds = |file: &fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|target| target.to_str().is_some_and(|to| sockets.contains(to)))
        };
        fs::read_dir(process.path().join("fd")).ok()?.flatten().take_while(in_time).find(holds)?;
        Some(Holder { name: name(&process.path()), pid })
    })
}

fn name(process: &Path) -> String {
    let name = fs::read(process.join("comm")).unwrap_or_default();
    String::from_utf8_lossy(name.trim_ascii_end()).into_owned()
}

/// The inodes of the sockets of a table of /proc/net that keep others from `address`. One that takes datagrams of both
/// families is in the other table, by an address of its own.
fn inodes(table: &str, is_v4: bool, address: SocketAddrV4) -> impl Iterator<Item = &str> {
    table.lines().skip(1).filter_map(move |line| {
        let mut columns = line.split_whitespace();
        let (ip, port) = columns.nth(1)?.split_once(':')?;
        let inode = columns.nth(7)?;
        let is_same_port = u16::from_str_radix(port, 16) == Ok(address.port());
        let collides = || {
            // In the byte order of this machine.
            let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
            Some(ip == *address.ip() || ip.is_unspecified() || address.ip().is_unspecified())
        };
        (is_same_port && (!is_v4 || collides()?)).then_some(inode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{SocketAddr, UdpSocket};

    #[test]
    fn a_socket_keeps_others_from_its_port_at_its_address_or_at_all() {
        // As on a machine whose byte order is this one's.
        let hex = |ip: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(ip));
        let line = |ip, port: u16, inode| {
            format!(
                "  1: {}:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000 0 {inode} 2 0 0",
                hex(ip)
            )
        };
        let table = [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
                .to_owned(),
            line([127, 0, 0, 1], 6001, 11),
            line([10, 0, 0, 1], 6001, 12),
            line([0, 0, 0, 0], 6002, 13),
            line([127, 0, 0, 1], 6003, 14),
        ]
        .join("\n");
        for (ip, port, expected) in [
            ([127, 0, 0, 1], 6001, &["11"][..]),
            ([0, 0, 0, 0], 6001, &["11", "12"]),
            ([10, 0, 0, 2], 6001, &[]),
            ([10, 0, 0, 2], 6002, &["13"]),
            ([0, 0, 0, 0], 6004, &[]),
        ] {
            let address = SocketAddrV4::new(ip.into(), port);
            assert_eq!(inodes(&table, true, address).collect::<Vec<_>>(), expected, "{address}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_holds_a_port_is_found_and_where_nobody_does_nobody_is() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let SocketAddr::V4(address) = socket.local_addr().unwrap() else { panic!("bound to IPv4") };
        assert_eq!(holder_of(address).map(|holder| holder.pid), Some(std::process::id()));
        drop(socket);
        assert_eq!(holder_of(address), None);
    }
}
