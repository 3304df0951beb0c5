//! Somebody who asked for nothing, in a network of his own at the other end of a wire.

use crate::support::kernel::{interface_count, shed};
use crate::support::namespace::ip;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use nix::unistd::gettid;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

pub(super) const VICTIM: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(203, 0, 113, 7), 5353);

/// Receives at [`VICTIM`] until it is told to stop.
pub(super) struct Victim {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Reached>,
}

/// What reached the victim.
pub(super) struct Reached {
    /// When the kernel got each datagram that was read.
    pub(super) times: Vec<Duration>,
    /// Datagrams that came in all, those included that found no room.
    pub(super) datagrams: u64,
    /// Bytes that the wire carried, with the headers of Ethernet, IP and UDP.
    pub(super) wire_bytes: u64,
}

impl Victim {
    /// Makes the wire and puts the victim at its other end.
    pub(super) fn start() -> Self {
        ip("link add wire type veth peer name victim").unwrap();
        ip("address add 203.0.113.1/24 dev wire").unwrap();
        let (id_tx, id) = channel();
        let (moved_tx, moved) = channel();
        let (ready_tx, ready) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let live = move || {
            // The thread alone, and what it starts.
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            id_tx.send(gettid()).unwrap();
            moved.recv().unwrap();
            for command in ["link set lo up", "address add 203.0.113.7/24 dev victim", "link set victim up"] {
                ip(command).unwrap();
            }
            let socket = UdpSocket::bind(VICTIM).unwrap();
            setsockopt(&socket, sockopt::RcvBuf, &(4 << 20)).unwrap();
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
            socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            ready_tx.send(()).unwrap();
            let mut times = Vec::new();
            // What is there when it is told to stop, it still receives.
            loop {
                let is_stopped = stopped.load(Ordering::Relaxed);
                match receive(&socket) {
                    Some(time) => times.push(time),
                    None if is_stopped => break,
                    None => {}
                }
            }
            let datagrams = times.len() as u64 + shed(VICTIM.port());
            Reached { times, datagrams, wire_bytes: interface_count("victim", 0) }
        };
        let thread = Builder::new().name("victim".into()).spawn(live).unwrap();
        ip(&format!("link set victim netns {}", id.recv().unwrap())).unwrap();
        moved_tx.send(()).unwrap();
        ready.recv().unwrap();
        ip("link set wire up").unwrap();
        Self { stop, thread }
    }

    pub(super) fn stop(self) -> Reached {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// When the kernel got the next datagram, if one comes in time.
fn receive(socket: &UdpSocket) -> Option<Duration> {
    let (mut buffer, mut controls) = ([0; 1 << 16], cmsg_space!(TimeSpec));
    let mut pieces = [IoSliceMut::new(&mut buffer)];
    let fd = socket.as_raw_fd();
    let message = match recvmsg::<SockaddrIn>(fd, &mut pieces, Some(&mut controls), MsgFlags::empty()) {
        Ok(message) => message,
        Err(Errno::EAGAIN | Errno::EINTR) => return None,
        Err(errno) => panic!("{VICTIM}: {errno}"),
    };
    let time = message.cmsgs().unwrap().find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(time) => Some(time.into()),
        _ => None,
    });
    Some(time.expect("the kernel was asked for the time"))
}
