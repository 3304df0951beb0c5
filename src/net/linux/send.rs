//! Several messages a call; each is a datagram, or with segmentation offload a group of them.

mod shipment;

use super::is_refused;
use super::narrow::Narrow;
use super::undelivered::{is_news, is_told};
use crate::batch::{GroupLimits, Groups, Outbox};
use crate::net::{DatagramSink, Offload, SendFailure, Sent, WhenFull};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::in_pktinfo;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, getsockopt, sendmmsg, sendmsg, sockopt};
use shipment::{Place, Shipment, run};
use std::io::IoSlice;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;

/// Messages that a send call takes.
const MESSAGES_MAX: usize = 64;

/// How often a send is repeated at most that told news of other datagrams instead: more of them may come meanwhile.
const REPEATS_MAX: u32 = 8;

/// Sends several messages a call; each is a datagram, or with segmentation offload a group of them.
#[derive(Debug)]
pub struct BatchSender {
    socket: UdpSocket,
    limits: GroupLimits,
    groups: Groups,
    narrow: Narrow,
    /// A send may wait for room in the send buffer.
    may_wait: bool,
    /// The last outbox found the send buffer full.
    is_full: bool,
    /// Where the outbox stopped that is planned in `groups`.
    stopped: Option<Stop>,
    /// sendmmsg is not to be had: a call takes one message. `None` while it neither worked nor was refused.
    is_one_a_call: Option<bool>,
    /// The socket is told of datagrams that could not be delivered, and tells it by the error of any call.
    is_told: bool,
}

/// The sending of one outbox.
#[derive(Debug)]
struct Round {
    sent: Sent,
    /// Whether it waits for room in the send buffer, or does not any more.
    flags: MsgFlags,
    /// It does neither, but stops.
    stops: bool,
    was_full: bool,
}

/// Where sending stopped for want of room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stop {
    /// Shipments that are dealt with.
    shipments: usize,
    /// Datagrams of the next one that are, each alone.
    datagrams: usize,
}

impl Round {
    /// Datagrams that left as they were to leave.
    fn left_as_asked(&self) -> usize {
        self.sent.datagrams - self.sent.strayed
    }
}

impl BatchSender {
    /// The sender, and whether it uses segmentation offload.
    pub(in crate::net) fn new(socket: UdpSocket, offload: Offload) -> (Self, bool) {
        let gso = offload == Offload::WhereAvailable && getsockopt(&socket, sockopt::UdpGsoSegment).is_ok();
        let limits = if gso { GroupLimits::OFFLOAD } else { GroupLimits::ALONE };
        // Without a time-out a send would wait for as long as the buffer is full.
        let may_wait = matches!(socket.write_timeout(), Ok(Some(_)));
        let (groups, narrow) = (Groups::default(), Narrow::default());
        let is_told = is_told(&socket);
        (
            Self {
                socket,
                limits,
                groups,
                narrow,
                may_wait,
                is_full: false,
                stopped: None,
                is_one_a_call: None,
                is_told,
            },
            gso,
        )
    }

    /// Sends `shipments` in order, without what is `done`. A group that is refused, for whatever reason, is sent again
    /// datagram by datagram: what is wrong with one of them, or with the way to it, is then told of that one, and the
    /// others leave.
    ///
    /// # Errors
    /// Where it stopped, if the round stops for want of room.
    fn ship(
        &mut self,
        shipments: &[Shipment<'_>],
        done: Stop,
        round: &mut Round,
        failed: &mut impl FnMut(Place, SendFailure),
    ) -> Result<(), Stop> {
        let (mut next, mut cut, mut repeats) = (done.shipments, done.datagrams, 0);
        while next < shipments.len() {
            let first = &shipments[next];
            if cut > 0 || first.is_group() && self.narrow.has(*first.to.ip()) {
                self.ship_cut(first, cut, round, failed).map_err(|datagrams| Stop { shipments: next, datagrams })?;
                (next, cut) = (next + 1, 0);
                continue;
            }
            let run = run(&shipments[next..], &self.narrow);
            let sent = self.send_run(run, round.flags);
            // News of an earlier datagram, which this call told instead of sending (P-46).
            let is_news = self.is_told && repeats < REPEATS_MAX && sent.is_err_and(is_news);
            match sent {
                // It stops early at one that fails, and the next call begins with that one.
                Ok(count) => {
                    round.sent.datagrams += run[..count].iter().map(|shipment| shipment.segments).sum::<usize>();
                    self.narrow.segmented(first.is_group());
                    next += count;
                    repeats = 0;
                }
                Err(Errno::EINTR) => {}
                Err(_) if is_news => repeats += 1,
                Err(Errno::EAGAIN) if round.stops => return Err(Stop { shipments: next, datagrams: 0 }),
                Err(Errno::EAGAIN) if !round.flags.contains(MsgFlags::MSG_DONTWAIT) => {
                    // It waited for as long as it may.
                    (round.flags, round.was_full) = (MsgFlags::MSG_DONTWAIT, true);
                }
                Err(errno) if first.is_group() => {
                    let left_before = round.left_as_asked();
                    let cut = self.ship_cut(first, 0, round, failed);
                    // If they can leave alone, it was the group that could not.
                    let could_not_segment =
                        matches!(errno, Errno::EIO | Errno::EINVAL | Errno::ENOPROTOOPT | Errno::EMSGSIZE);
                    if could_not_segment && round.left_as_asked() > left_before {
                        round.sent.offload_lost |= self.narrow.refused(*first.to.ip());
                    }
                    cut.map_err(|datagrams| Stop { shipments: next, datagrams })?;
                    next += 1;
                }
                // The address is not this host's any more, or no way leads from it.
                Err(Errno::EINVAL | Errno::EADDRNOTAVAIL | Errno::ENETUNREACH) if first.has_source() => {
                    let left_before = round.sent.datagrams;
                    let astray = [Shipment { from: Ipv4Addr::UNSPECIFIED, ..*first }];
                    let stopped = self.ship(&astray, Stop::default(), round, failed);
                    round.sent.strayed += round.sent.datagrams - left_before;
                    stopped.map_err(|_| Stop { shipments: next, datagrams: 0 })?;
                    next += 1;
                    repeats = 0;
                }
                Err(errno) => {
                    round.was_full |= errno == Errno::EAGAIN;
                    failed(first.place, SendFailure::from_errno(errno));
                    next += 1;
                    repeats = 0;
                }
            }
        }
        Ok(())
    }

    /// Sends the datagrams of a group, each alone, without those that are `done`.
    ///
    /// # Errors
    /// How many are done, if the round stops for want of room.
    fn ship_cut(
        &mut self,
        group: &Shipment<'_>,
        done: usize,
        round: &mut Round,
        failed: &mut impl FnMut(Place, SendFailure),
    ) -> Result<(), usize> {
        let cut: Vec<_> = group.cut().collect();
        let alone: Vec<_> = cut.iter().enumerate().map(|(number, piece)| group.alone(piece, number)).collect();
        let done = Stop { shipments: done, datagrams: 0 };
        self.ship(&alone, done, round, failed).map_err(|stopped| stopped.shipments)
    }

    /// One call; how many of `run` left.
    fn send_run(&mut self, run: &[Shipment<'_>], flags: MsgFlags) -> nix::Result<usize> {
        if self.is_one_a_call == Some(true) {
            return self.send_one(&run[0], flags);
        }
        match self.send_many(run, flags) {
            // A packet filter refuses a datagram by the same error: only one that leaves by the other call, before any
            // left by this one, shows that it is the call.
            Err(errno) if self.is_one_a_call.is_none() && is_refused(errno) => {
                let sent = self.send_one(&run[0], flags)?;
                self.is_one_a_call = Some(true);
                Ok(sent)
            }
            sent => {
                if sent.is_ok() {
                    self.is_one_a_call = Some(false);
                }
                sent
            }
        }
    }

    fn send_many(&self, run: &[Shipment<'_>], flags: MsgFlags) -> nix::Result<usize> {
        let vectors = run.iter().map(|shipment| &shipment.pieces);
        let addresses: Vec<_> = run.iter().map(|shipment| Some(SockaddrIn::from(shipment.to))).collect();
        // The kernel reads as much as there is room for, so there is room for what is written and no more.
        let room = match (run[0].has_source(), run[0].is_group()) {
            (false, false) => None,
            (true, false) => Some(cmsg_space!(in_pktinfo)),
            (false, true) => Some(cmsg_space!(u16)),
            (true, true) => Some(cmsg_space!(in_pktinfo, u16)),
        };
        let mut headers = MultiHeaders::preallocate(run.len(), room);
        let source = run[0].source();
        let controls = &run[0].controls(&source)[run[0].needed_controls()];
        sendmmsg(self.socket.as_raw_fd(), &mut headers, vectors, addresses, controls, flags).map(Iterator::count)
    }

    fn send_one(&self, shipment: &Shipment<'_>, flags: MsgFlags) -> nix::Result<usize> {
        let (fd, to) = (self.socket.as_raw_fd(), SockaddrIn::from(shipment.to));
        let source = shipment.source();
        let controls = &shipment.controls(&source)[shipment.needed_controls()];
        sendmsg(fd, shipment.pieces, controls, flags, Some(&to)).map(|_| 1)
    }
}

impl DatagramSink for BatchSender {
    fn send(&mut self, outbox: &Outbox, when_full: WhenFull, mut failed: impl FnMut(usize, SendFailure)) -> Sent {
        let may_wait = self.may_wait && !self.is_full;
        let stops = may_wait && when_full == WhenFull::Return;
        let flags = if may_wait && !stops { MsgFlags::empty() } else { MsgFlags::MSG_DONTWAIT };
        let mut round = Round { sent: Sent::default(), flags, stops, was_full: false };
        let mut plan = std::mem::take(&mut self.groups);
        let done = self.stopped.take().unwrap_or_else(|| {
            self.narrow.next_outbox();
            plan.plan(outbox, if self.narrow.is_without() { GroupLimits::ALONE } else { self.limits });
            Stop::default()
        });
        let groups = plan.as_slice();
        let pieces: Vec<_> = groups
            .iter()
            .flat_map(|group| plan.pieces(group))
            .map(|range| IoSlice::new(&outbox.bytes()[range]))
            .collect();
        let mut rest = pieces.as_slice();
        let shipments: Vec<_> = groups
            .iter()
            .enumerate()
            .map(|(number, group)| {
                let (own, others) = rest.split_at(plan.pieces(group).count());
                rest = others;
                // A group's datagrams are shorter than 64 KiB, and of one alone the length is not used.
                let segment_len = u16::try_from(group.segment_len).unwrap_or(u16::MAX);
                let place = Place { group: number, datagram: 0 };
                Shipment { place, from: group.from, to: group.to, pieces: own, segment_len, segments: group.segments }
            })
            .collect();
        let was_one_a_call = self.is_one_a_call == Some(true);
        let mut failed = |place: Place, failure| failed(groups[place.group].index_of(place.datagram, outbox), failure);
        self.stopped = self.ship(&shipments, done, &mut round, &mut failed).err();
        round.sent.is_unfinished = self.stopped.is_some();
        round.sent.batching_lost = !was_one_a_call && self.is_one_a_call == Some(true);
        self.groups = plan;
        self.is_full = round.was_full;
        round.sent
    }
}

#[cfg(test)]
mod tests;
