//! Many datagrams a system call: recvmmsg(2) and sendmmsg(2), with UDP_SEGMENT and UDP_GRO where the kernel has them.

use super::{DatagramSink, DatagramSource, Offload, Received, SendFailure, Sent};
use crate::batch::{GroupLimits, Groups, Outbox, segments};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, getsockopt, recvmmsg, sendmmsg,
    setsockopt, sockopt,
};
use nix::sys::stat::fstat;
use std::array;
use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;

/// A slot holds the largest payload (P-7), and the largest that the kernel coalesces. The odd lines on top keep the
/// slots' first bytes from sharing a cache set.
const SLOT_LEN: usize = (64 << 10) + 33 * 64;

/// Buffers that a receive call takes. With receive offload each may hold 128 datagrams.
const BUFFERS_MAX: usize = 64;

/// Messages that a send call takes.
const MESSAGES_MAX: usize = 64;

/// Receives several buffers a call; each is a datagram, or with receive offload several.
#[derive(Debug)]
pub struct BatchReceiver {
    socket: UdpSocket,
    /// One slot a buffer. The kernel writes only what comes, so memory is touched only as far as datagrams are long.
    slots: Vec<u8>,
    /// The kernel's count of dropped buffers, which wraps, as far as it was said.
    shed_total: u32,
    /// Something came since the kernel was last asked for that count.
    is_shed_stale: bool,
}

impl BatchReceiver {
    /// The receiver, and whether it uses receive offload.
    pub(super) fn new(socket: UdpSocket, offload: Offload) -> io::Result<(Self, bool)> {
        setsockopt(&socket, sockopt::RxqOvfl, &1)?;
        let gro = offload == Offload::WhereAvailable && setsockopt(&socket, sockopt::UdpGroSegment, &true).is_ok();
        let slots = vec![0; BUFFERS_MAX * SLOT_LEN];
        Ok((Self { socket, slots, shed_total: 0, is_shed_stale: false }, gro))
    }

    /// Takes the kernel's count; returns what it grew by.
    fn shed_until(&mut self, total: u32) -> u64 {
        let shed = total.wrapping_sub(self.shed_total);
        self.shed_total = total;
        u64::from(shed)
    }
}

impl DatagramSource for BatchReceiver {
    fn receive(&mut self, mut deliver: impl FnMut(SocketAddrV4, &[u8])) -> io::Result<Received> {
        // Made anew each time: recvmmsg leaves the lengths that it used in the headers, so a second call with the same
        // ones would have no room for control messages.
        let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BUFFERS_MAX, Some(cmsg_space!(u32, i32)));
        let mut slots = self.slots.chunks_exact_mut(SLOT_LEN);
        let mut vectors: [_; BUFFERS_MAX] = array::from_fn(|_| [IoSliceMut::new(slots.next().unwrap_or_default())]);
        let vectors = vectors.iter_mut();
        let messages = match recvmmsg(self.socket.as_raw_fd(), &mut headers, vectors, MsgFlags::MSG_WAITFORONE, None) {
            Ok(messages) => messages,
            // While nothing comes, nothing tells of what was shed last.
            Err(Errno::EAGAIN) => return Ok(Received { shed: self.shed(), unreadable: 0 }),
            Err(Errno::EINTR) => return Ok(Received::default()),
            Err(errno) => return Err(errno.into()),
        };
        let (mut shed_total, mut unreadable) = (self.shed_total, 0);
        for message in messages {
            let (Some(source), Ok(controls)) = (message.address, message.cmsgs()) else {
                unreadable += 1;
                continue;
            };
            let buffer = message.iovs().next().unwrap_or_default();
            let mut segment_len = buffer.len();
            for control in controls {
                match control {
                    ControlMessageOwned::RxqOvfl(total) => shed_total = total,
                    ControlMessageOwned::UdpGroSegments(len) => {
                        segment_len = usize::try_from(len).unwrap_or(segment_len);
                    }
                    _ => {}
                }
            }
            segments(buffer, segment_len).for_each(|datagram| deliver(source.into(), datagram));
        }
        self.is_shed_stale = true;
        Ok(Received { shed: self.shed_until(shed_total), unreadable })
    }

    /// Datagrams tell what was shed before them (`SO_RXQ_OVFL`), never after them; the socket's line in /proc/net/udp
    /// tells that too.
    fn shed(&mut self) -> u64 {
        if !std::mem::take(&mut self.is_shed_stale) {
            return 0;
        }
        dropped(&self.socket).map_or(0, |total| self.shed_until(total))
    }
}

/// The last column of `socket`'s line in /proc/net/udp; the tenth is its inode.
fn dropped(socket: &UdpSocket) -> Option<u32> {
    let inode = fstat(socket).ok()?.st_ino.to_string();
    let table = fs::read_to_string("/proc/net/udp").ok()?;
    let line = table.lines().find(|line| line.split_whitespace().nth(9) == Some(&inode))?;
    line.split_whitespace().last()?.parse().ok()
}

/// Sends several messages a call; each is a datagram, or with segmentation offload a group of them.
#[derive(Debug)]
pub struct BatchSender {
    socket: UdpSocket,
    limits: GroupLimits,
    groups: Groups,
    /// The last outbox found the send buffer full.
    is_full: bool,
}

/// The sending of one outbox.
#[derive(Debug)]
struct Round {
    sent: Sent,
    /// Whether it waits for room in the send buffer, or does not any more.
    flags: MsgFlags,
    was_full: bool,
}

/// One entry of a sendmmsg call.
#[derive(Clone, Copy)]
struct Message<'a> {
    to: SocketAddrV4,
    pieces: &'a [IoSlice<'a>],
    segment_len: u16,
    segments: usize,
}

impl BatchSender {
    /// The sender, and whether it uses segmentation offload.
    pub(super) fn new(socket: UdpSocket, offload: Offload) -> (Self, bool) {
        let gso = offload == Offload::WhereAvailable && getsockopt(&socket, sockopt::UdpGsoSegment).is_ok();
        let limits = if gso { GroupLimits::OFFLOAD } else { GroupLimits::ALONE };
        (Self { socket, limits, groups: Groups::default(), is_full: false }, gso)
    }

    /// Sends `messages` in order. A group that is refused, for whatever reason, is sent again datagram by datagram:
    /// what is wrong with one of them, or with the way to it, is then told of that one, and the others leave.
    fn send_messages(
        &self,
        messages: &[Message<'_>],
        round: &mut Round,
        failed: &mut impl FnMut(SocketAddrV4, SendFailure),
    ) {
        let mut next = 0;
        while next < messages.len() {
            let run = run(&messages[next..]);
            match self.send_run(run, round.flags) {
                // It stops early at one that fails, and the next call begins with that one.
                Ok(count) => {
                    round.sent.datagrams += run[..count].iter().map(|message| message.segments).sum::<usize>();
                    next += count;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if !round.flags.contains(MsgFlags::MSG_DONTWAIT) => {
                    // It waited for as long as it may.
                    (round.flags, round.was_full) = (MsgFlags::MSG_DONTWAIT, true);
                }
                Err(errno) if run[0].segments > 1 => {
                    let left_before = round.sent.datagrams;
                    let cut: Vec<_> = run[0].cut().collect();
                    let alone: Vec<_> = cut.iter().map(|(to, piece)| Message::alone(*to, piece)).collect();
                    self.send_messages(&alone, round, failed);
                    // If they can leave alone, it was the group that could not.
                    let could_not_segment = matches!(errno, Errno::EIO | Errno::EINVAL | Errno::ENOPROTOOPT);
                    round.sent.offload_lost |= could_not_segment && round.sent.datagrams > left_before;
                    next += 1;
                }
                Err(errno) => {
                    round.was_full |= errno == Errno::EAGAIN;
                    failed(run[0].to, SendFailure::from_errno(errno));
                    next += 1;
                }
            }
        }
    }

    /// One sendmmsg call; how many of `run` left.
    fn send_run(&self, run: &[Message<'_>], flags: MsgFlags) -> nix::Result<usize> {
        let vectors = run.iter().map(|message| &message.pieces);
        let addresses: [Option<SockaddrIn>; MESSAGES_MAX] =
            array::from_fn(|index| run.get(index).map(|message| SockaddrIn::from(message.to)));
        let addresses = &addresses[..run.len()];
        let fd = self.socket.as_raw_fd();
        if run[0].segments > 1 {
            let mut headers = MultiHeaders::preallocate(run.len(), Some(cmsg_space!(u16)));
            let cut = [ControlMessage::UdpGsoSegments(&run[0].segment_len)];
            sendmmsg(fd, &mut headers, vectors, addresses, cut, flags).map(Iterator::count)
        } else {
            let mut headers = MultiHeaders::preallocate(run.len(), None);
            sendmmsg(fd, &mut headers, vectors, addresses, [], flags).map(Iterator::count)
        }
    }
}

impl DatagramSink for BatchSender {
    fn send(&mut self, outbox: &Outbox, mut failed: impl FnMut(SocketAddrV4, SendFailure)) -> Sent {
        let flags = if self.is_full { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        let mut round = Round { sent: Sent::default(), flags, was_full: false };
        self.groups.plan(outbox, self.limits);
        let groups = self.groups.as_slice();
        let pieces: Vec<_> = groups
            .iter()
            .flat_map(|group| self.groups.pieces(group))
            .map(|range| IoSlice::new(&outbox.bytes()[range]))
            .collect();
        let mut rest = pieces.as_slice();
        let messages: Vec<_> = groups
            .iter()
            .map(|group| {
                let (own, others) = rest.split_at(self.groups.pieces(group).count());
                rest = others;
                // A group's datagrams are shorter than 64 KiB, and of one alone the length is not used.
                let segment_len = u16::try_from(group.segment_len).unwrap_or(u16::MAX);
                Message { to: group.to, pieces: own, segment_len, segments: group.segments }
            })
            .collect();
        self.send_messages(&messages, &mut round, &mut failed);
        self.is_full = round.was_full;
        if round.sent.offload_lost {
            self.limits = GroupLimits::ALONE;
        }
        round.sent
    }
}

impl<'a> Message<'a> {
    /// A datagram on its own.
    fn alone(to: SocketAddrV4, piece: &'a [IoSlice<'a>; 1]) -> Self {
        Self { to, pieces: piece, segment_len: 0, segments: 1 }
    }

    /// The datagrams of a group, each to be sent on its own.
    fn cut(self) -> impl Iterator<Item = (SocketAddrV4, [IoSlice<'a>; 1])> {
        let len = usize::from(self.segment_len);
        self.pieces.iter().flat_map(move |piece| segments(piece, len)).map(move |cut| (self.to, [IoSlice::new(cut)]))
    }
}

/// The first messages that can leave in one call: at most [`MESSAGES_MAX`], all alone or all cut at the same length,
/// since a call has one set of control messages for all.
fn run<'a, 'm>(messages: &'m [Message<'a>]) -> &'m [Message<'a>] {
    let kind = |message: &Message<'_>| if message.segments > 1 { Some(message.segment_len) } else { None };
    let first = messages.first().and_then(kind);
    let count = messages.iter().take(MESSAGES_MAX).take_while(|message| kind(message) == first).count();
    &messages[..count]
}

#[cfg(test)]
mod tests {
    use super::super::Socket;
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_group_that_is_refused_costs_no_datagram_and_offload_only_if_it_is_to_blame() {
        let bind = || Socket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (here, there) = (bind(), bind());
        let to = there.local_addr();
        let (_, mut sender, offload) = here.split(Offload::WhereAvailable).unwrap();
        let (mut receiver, _, _) = there.split(Offload::Off).unwrap();
        if !offload.gso {
            return;
        }
        // More segments than any kernel takes at once: it refuses the group as it would on a device that does not
        // segment.
        sender.limits = GroupLimits { segments_max: 1_000, ..GroupLimits::OFFLOAD };
        // Nobody can be sent to at port 0, in groups or alone: that is not the group's fault.
        let nowhere = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        let mut outbox = Outbox::default();
        let datagram = outbox.write(|bytes| bytes.push(7));
        (0..3).for_each(|_| outbox.send(&datagram, nowhere));
        let mut failures = Vec::new();
        let sent = sender.send(&outbox, |to, failure| failures.push((to, failure)));
        assert_eq!((sent, failures), (Sent::default(), vec![(nowhere, SendFailure::Other); 3]));

        for offload_lost in [true, false] {
            let mut outbox = Outbox::default();
            let lengths = [1_473, 65_508].into_iter().chain(std::iter::repeat_n(1, 200)).chain([30]);
            for len in lengths.clone() {
                let datagram = outbox.write(|bytes| bytes.resize(bytes.len() + len, 7));
                outbox.send(&datagram, to);
            }
            let mut failures = Vec::new();
            let sent = sender.send(&outbox, |to, failure| failures.push((to, failure)));
            assert_eq!(sent, Sent { datagrams: 202, offload_lost });
            assert_eq!(failures, [(to, SendFailure::TooLong)]);
            let mut received = Vec::new();
            while received.len() < 202 {
                receiver.receive(|_, datagram| received.push(datagram.len())).unwrap();
            }
            assert_eq!(received, lengths.filter(|&len| len != 65_508).collect::<Vec<_>>());
        }
    }
}
