//! Many datagrams a system call: recvmmsg(2) and sendmmsg(2), with UDP_SEGMENT and UDP_GRO where the kernel has them.
//!
//! Every call and socket option that another one can stand in for is optional *at run time*: sandboxes and old kernels
//! refuse some of them. What is refused is done without from then on, and said once.
//!
//! | file | holds |
//! |---|---|
//! | `receive` | buffers to datagrams |
//! | `send` | outboxes to messages |
//! | `narrow` | hosts whose way does not take groups |
//! | `undelivered` | what the network says of datagrams that left |
//! | `shed` | what the kernel dropped: when to ask, and how |

mod narrow;
mod receive;
mod send;
mod shed;
mod undelivered;

pub use receive::BatchReceiver;
pub use send::BatchSender;
pub(super) use undelivered::hear_of_undelivered;

use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use std::net::UdpSocket;

/// Has each datagram tell at which of this host's addresses it came in.
pub(super) fn learn_asked(socket: &UdpSocket) -> nix::Result<()> {
    setsockopt(socket, sockopt::Ipv4PacketInfo, &true)
}

/// Whether a system call was refused as such: by a kernel that does not have it, or by a sandbox.
fn is_refused(errno: Errno) -> bool {
    matches!(errno, Errno::ENOSYS | Errno::EPERM | Errno::EACCES | Errno::EOPNOTSUPP)
}
