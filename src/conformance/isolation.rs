//! A network of its own for a thread: loopback, an address beside it, and nobody else.
//!
//! Sockets that the thread makes and programs that it starts live there too. It takes root, or the capability to
//! administer the system.

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, sendto, socket,
};
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;

/// An address of every such network that is not loopback's, as a host in a laboratory has one.
pub const LAN_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 20, 30, 40);

/// Loopback is the first interface of every network.
const LOOPBACK: u32 = 1;

// Of <linux/netlink.h>, <linux/rtnetlink.h> and <linux/if.h>.
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const NLM_F_REQUEST_ACK: u16 = 1 | 4;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const IFF_UP: u32 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_OIF: u16 = 4;
const AF_INET: u8 = 2;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;

/// Puts the calling thread into a network of its own, with loopback up, [`LAN_ADDRESS`], and a way to everywhere that ends
/// on loopback: programs that look for their own address find one.
///
/// # Errors
/// If the system does not allow it.
pub fn enter_own_network() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    let up = [&[0, 0, 0, 0][..], &LOOPBACK.to_ne_bytes(), &IFF_UP.to_ne_bytes(), &IFF_UP.to_ne_bytes()].concat();
    ask(RTM_NEWLINK, 0, &up)?;
    let mut address = [&[AF_INET, 24, 0, 0][..], &LOOPBACK.to_ne_bytes()].concat();
    attribute(&mut address, IFA_LOCAL, &LAN_ADDRESS.octets());
    ask(RTM_NEWADDR, NLM_F_CREATE, &address)?;
    let mut route =
        [&[AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST][..], &0_u32.to_ne_bytes()]
            .concat();
    attribute(&mut route, RTA_OIF, &LOOPBACK.to_ne_bytes());
    ask(RTM_NEWROUTE, NLM_F_CREATE, &route)
}

/// Appends a netlink attribute; values here are of four bytes, so no padding is needed.
fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8; 4]) {
    message.extend_from_slice(&8_u16.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(value);
}

/// Has the kernel change the calling thread's network.
fn ask(kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
    let len = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
    let header = [
        &len.to_ne_bytes()[..],
        &kind.to_ne_bytes(),
        &(NLM_F_REQUEST_ACK | flags).to_ne_bytes(),
        &1_u32.to_ne_bytes(),
        &0_u32.to_ne_bytes(),
    ];
    let message = [&header.concat(), body].concat();
    sendto(socket.as_raw_fd(), &message, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
    let mut answer = [0; 4096];
    let len = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    let answer = &answer[..len];
    let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok()).map(u16::from_ne_bytes);
    let error = answer.get(16..20).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, error) {
        (Some(NLMSG_ERROR), Some(0)) => Ok(()),
        (Some(NLMSG_ERROR), Some(error)) => Err(io::Error::from_raw_os_error(-error)),
        _ => Err(io::Error::other("the kernel's answer is not understood")),
    }
}
