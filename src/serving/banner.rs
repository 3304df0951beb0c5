//! What a servent says when it begins to serve.

use super::trace_target::TraceTarget;
use crate::net::{self, OffloadInUse, RECEIVE_BUFFER_LEN, SEND_BUFFER_LEN};
use crate::protocol::{LinkConfig, Peer};
use crate::text::{counted, escape_path};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

/// What a servent got of what it asked for.
pub(super) struct Banner<'a> {
    pub(super) local: SocketAddrV4,
    pub(super) pairs: usize,
    pub(super) file: &'a Path,
    /// As given, each with its address if it has one.
    pub(super) neighbours: &'a [(Peer, Option<SocketAddrV4>)],
    pub(super) receive_buffer_len: usize,
    pub(super) send_buffer_len: usize,
    pub(super) offload: OffloadInUse,
    pub(super) links: LinkConfig,
    pub(super) trace: Option<&'a TraceTarget>,
}

impl Banner<'_> {
    /// Logs it: where it listens and with what, how clients reach it, and what is less than it should be.
    pub(super) fn log(&self) {
        log::info!("{self}");
        log::info!("clients reach it at {}", reach(self.local, net::own_addresses()));
        if !self.links.is_perfect() {
            log::info!("of QUERYs to each neighbour: {}", self.links);
        }
        if let Some(trace) = self.trace {
            log::info!("tracing to {trace}");
        }
        if self.receive_buffer_len == 0 {
            log::warn!("the system does not say how large its receive buffer is");
        } else if self.receive_buffer_len < RECEIVE_BUFFER_LEN {
            log::warn!(
                "asked for a receive buffer of {} KiB and got {}: bursts may be shed (sysctl net.core.rmem_max={RECEIVE_BUFFER_LEN})",
                RECEIVE_BUFFER_LEN >> 10,
                self.receive_buffer_len >> 10
            );
        }
        if self.send_buffer_len == 0 {
            log::warn!("the system does not say how large its send buffer is");
        } else if self.send_buffer_len < SEND_BUFFER_LEN {
            log::warn!(
                "asked for a send buffer of {} KiB and got {}: a host that does not answer may fill it (sysctl net.core.wmem_max={SEND_BUFFER_LEN})",
                SEND_BUFFER_LEN >> 10,
                self.send_buffer_len >> 10
            );
        }
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "listening on {}, {} from {}, ", self.local, counted(self.pairs, "pair"), escape_path(self.file))?;
        match self.neighbours {
            [] => write!(f, "no neighbours")?,
            [one] => write!(f, "neighbour {}", At(one))?,
            several => {
                write!(f, "{} neighbours:", several.len())?;
                several.iter().try_for_each(|neighbour| write!(f, " {}", At(neighbour)))?;
            }
        }
        let (receive, send) = (self.receive_buffer_len >> 10, self.send_buffer_len >> 10);
        write!(f, ", receive buffer {receive} KiB, send buffer {send} KiB, {}", self.offload)
    }
}

/// A neighbour as given and, where that is a name, its address.
struct At<'a>(&'a (Peer, Option<SocketAddrV4>));

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            (Peer::Address(address), _) => address.fmt(f),
            (name, Some(address)) => write!(f, "{name} ({address})"),
            (name, None) => write!(f, "{name} (no address yet)"),
        }
    }
}

/// The addresses that a client can use for a servent bound to `local`; `own` are this host's, those on loopback last.
fn reach(local: SocketAddrV4, own: io::Result<Vec<Ipv4Addr>>) -> String {
    let ips = match (local.ip().is_unspecified(), own) {
        (false, _) => vec![*local.ip()],
        (true, Ok(own)) => own,
        (true, Err(error)) => {
            let port = local.port();
            return format!("port {port} of this host; which addresses this host has is not known here ({error})");
        }
    };
    let (here, elsewhere): (Vec<_>, Vec<_>) = ips.iter().partition(|ip| ip.is_loopback());
    let list = |ips: &[Ipv4Addr]| {
        let addresses: Vec<_> = ips.iter().map(|&ip| SocketAddrV4::new(ip, local.port()).to_string()).collect();
        addresses.join(", ")
    };
    match (elsewhere.is_empty(), here.is_empty()) {
        (true, true) => format!("{local}"),
        (true, false) => format!("{}, from this host alone", list(&here)),
        (false, true) => list(&elsewhere),
        (false, false) => format!("{}; from this host also at {}", list(&elsewhere), list(&here)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_addresses_that_they_can_use_loopback_last() {
        let at = |ip: [u8; 4]| SocketAddrV4::new(ip.into(), 6001);
        let (lan, wlan, loopback) = ([192, 168, 1, 5], [10, 0, 0, 9], [127, 0, 0, 1]);
        for (local, own, said) in [
            (
                at([0, 0, 0, 0]),
                &[lan, wlan, loopback][..],
                "192.168.1.5:6001, 10.0.0.9:6001; from this host also at 127.0.0.1:6001",
            ),
            (at([0, 0, 0, 0]), &[loopback], "127.0.0.1:6001, from this host alone"),
            (at([0, 0, 0, 0]), &[lan], "192.168.1.5:6001"),
            (at([0, 0, 0, 0]), &[], "0.0.0.0:6001"),
            (at(loopback), &[lan, loopback], "127.0.0.1:6001, from this host alone"),
            (at(lan), &[lan, wlan, loopback], "192.168.1.5:6001"),
        ] {
            let own: Vec<_> = own.iter().copied().map(Ipv4Addr::from).collect();
            assert_eq!(reach(local, Ok(own)), said);
        }
        let denied = || Err(io::Error::other("denied"));
        assert_eq!(
            reach(at([0, 0, 0, 0]), denied()),
            "port 6001 of this host; which addresses this host has is not known here (denied)"
        );
        assert_eq!(reach(at(lan), denied()), "192.168.1.5:6001");
    }
}
