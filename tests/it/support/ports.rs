//! Ports for the programs that must be told one.

use super::program::MAKING;
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU16, Ordering};

/// The ports handed out lie below those that the common systems give to sockets bound to port 0 (from 32768 on): once
/// one was found free, no other test's socket can take it before the program does.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// A UDP port that nobody has bound and that no other test of this process was given.
pub(crate) fn free() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two runs of the tests at the same time start at different places.
    let start = (std::process::id().wrapping_mul(7919) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (start + step) % COUNT;
        if is_free(port) {
            return port;
        }
    }
    panic!("no free UDP port from {FIRST} on");
}

/// Whether `port` can be bound on all interfaces.
pub(crate) fn is_free(port: u16) -> bool {
    // A child would hold it for as long as it has not become its program.
    let _nothing_is_made = MAKING.write().unwrap_or_else(PoisonError::into_inner);
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}
