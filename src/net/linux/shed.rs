//! What the kernel dropped because the receive buffer was full.
//!
//! Each datagram tells what was dropped *before* it (`SO_RXQ_OVFL`), and nothing tells what was dropped after the last
//! one but the socket's line in /proc/net/udp. Reading that costs as much as there are sockets on the host, so it is
//! read only where something can have been dropped: when what was taken out of the buffer in one go, without its being
//! empty in between, can have filled it.

use nix::sys::stat::fstat;
use std::fs;
use std::net::UdpSocket;

/// What a packet takes of the receive buffer at most, beside twice its bytes: the kernel counts its own overhead, and
/// network cards a page or so a packet.
const BUFFER_OVERHEAD_MAX: usize = 4_096 + 768;

/// Keeps the kernel's count.
#[derive(Debug)]
pub(super) struct Shed {
    /// The kernel's count of dropped buffers, which wraps, as far as it was said.
    total: u32,
    /// Bytes of the receive buffer, as the kernel counts.
    capacity: usize,
    /// Bytes, as the kernel counts at most, that were taken out since the buffer was last seen empty.
    taken: usize,
    /// Something can have been dropped since the kernel was last asked.
    is_stale: bool,
}

impl Shed {
    /// Nothing dropped yet, of a receive buffer of `capacity` bytes as the kernel counts.
    pub(super) fn new(capacity: usize) -> Self {
        Self { total: 0, capacity, taken: 0, is_stale: false }
    }

    /// Notes a buffer of `len` bytes that came in, coalesced of `packets`.
    pub(super) fn took(&mut self, len: usize, packets: usize) {
        self.taken = self.taken.saturating_add(2 * len + packets * BUFFER_OVERHEAD_MAX);
        self.is_stale |= self.taken >= self.capacity;
    }

    /// Notes that nothing waits any more.
    pub(super) fn emptied(&mut self) {
        self.taken = 0;
    }

    /// Whether the kernel should be asked once it is quiet.
    pub(super) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Takes the kernel's count; returns what it grew by. A datagram tells the count of when it was queued, which may be
    /// older than what the table told meanwhile: that is no growth.
    pub(super) fn until(&mut self, total: u32) -> u64 {
        match total.wrapping_sub(self.total).cast_signed() {
            grown @ 1.. => {
                self.total = total;
                u64::from(grown.cast_unsigned())
            }
            _ => 0,
        }
    }

    /// What was dropped and not said yet, if there can be something.
    pub(super) fn ask(&mut self, socket: &UdpSocket) -> u64 {
        // A stop may come before the buffer was seen empty.
        if !std::mem::take(&mut self.is_stale) && self.taken == 0 {
            return 0;
        }
        dropped(socket).map_or(0, |total| self.until(total))
    }
}

/// The last column of `socket`'s line in /proc/net/udp; the tenth is its inode.
fn dropped(socket: &UdpSocket) -> Option<u32> {
    let inode = fstat(socket).ok()?.st_ino.to_string();
    let table = fs::read_to_string("/proc/net/udp").ok()?;
    let line = table.lines().find(|line| line.split_whitespace().nth(9) == Some(&inode))?;
    line.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_asked_only_where_the_buffer_can_have_been_full() {
        let mut shed = Shed::new(100 * (BUFFER_OVERHEAD_MAX + 2 * 20));
        for _ in 0..99 {
            shed.took(20, 1);
        }
        assert!(!shed.is_stale(), "99 buffers can't fill room for 100");
        shed.emptied();
        for _ in 0..99 {
            shed.took(20, 1);
        }
        assert!(!shed.is_stale(), "it was empty in between");
        shed.took(20, 1);
        assert!(shed.is_stale());
        shed.emptied();
        assert!(shed.is_stale(), "until it is asked");
    }

    #[test]
    fn the_kernels_count_may_wrap() {
        let mut shed = Shed::new(1);
        assert_eq!([5, 5, 7].map(|total| shed.until(total)), [5, 0, 2]);
        shed.total = u32::MAX - 1;
        assert_eq!([u32::MAX, 2].map(|total| shed.until(total)), [1, 3]);
    }

    /// The table is asked, and then a datagram comes that was queued before.
    #[test]
    fn an_older_count_is_no_growth_and_is_not_counted_again() {
        let mut shed = Shed::new(1);
        assert_eq!([100, 90, 100, 101].map(|total| shed.until(total)), [100, 0, 0, 1]);
    }
}
