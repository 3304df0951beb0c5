//! The clients' sockets: a client has one of its own, from which it asks, and at which it is answered.
//!
//! None is connected: answers come from whoever holds the key.

use super::dialogue::Dialogue;
use super::measurement::Question;
use super::sockets::{self, CallFailed, Slots, Watch, bind, enable_gro, send_equal};
use nix::errno::Errno;
use nix::sys::socket::MsgFlags;
use std::collections::VecDeque;
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// The longest payload of a datagram, and a byte.
const BUFFER_LEN: usize = 65_536;

/// Datagrams that are taken from one socket before others have their turn.
const TURN: usize = 64;

/// How datagrams leave and come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// One a system call, as from clients apart; of any length.
    Single,
    /// Many a call, for questions of equal length and answers below 16 KiB.
    Batched {
        /// In trains that the kernel cuts and puts together (UDP_SEGMENT, UDP_GRO), as from a busy neighbour.
        offload: bool,
    },
}

/// All clients of a load.
pub struct Links {
    servent: SocketAddrV4,
    ip: Ipv4Addr,
    traffic: Traffic,
    sockets: Vec<UdpSocket>,
    watch: Watch,
    ready: VecDeque<u32>,
    buffer: Vec<u8>,
    slots: Option<Slots>,
    /// Questions that one client asks now.
    client: u32,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Questions that could not be sent, and the last cause.
#[derive(Debug, Default)]
pub struct Unsent {
    /// How many.
    pub questions: u64,
    /// Why.
    pub cause: Option<CallFailed>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { servent, traffic, sockets, .. } = self;
        let mut fields = f.debug_struct("Links");
        fields
            .field("servent", servent)
            .field("traffic", traffic)
            .field("sockets", &sockets.len())
            .finish_non_exhaustive()
    }
}

impl Links {
    /// `clients` sockets on free ports of `ip`, to ask `servent`.
    ///
    /// # Errors
    /// What the system says, usually that there are too many open files.
    pub fn new(servent: SocketAddrV4, ip: Ipv4Addr, clients: u32, traffic: Traffic) -> Result<Self, CallFailed> {
        let (buffer_len, slots) = match traffic {
            Traffic::Single => (BUFFER_LEN, None),
            Traffic::Batched { .. } => (0, Some(Slots::new())),
        };
        let mut links = Self {
            servent,
            ip,
            traffic,
            sockets: Vec::new(),
            watch: Watch::new()?,
            ready: VecDeque::new(),
            buffer: vec![0; buffer_len],
            slots,
            client: 0,
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        (0..clients).try_for_each(|_| links.add())?;
        Ok(links)
    }

    /// One client more.
    ///
    /// # Errors
    /// As [`Links::new`].
    pub fn add(&mut self) -> Result<(), CallFailed> {
        let socket = bind(self.ip, 0)?;
        socket.set_nonblocking(true).map_err(CallFailed::of("O_NONBLOCK"))?;
        if self.traffic == (Traffic::Batched { offload: true }) {
            enable_gro(&socket)?;
        }
        self.watch.add(&socket, self.sockets.len())?;
        self.sockets.push(socket);
        Ok(())
    }

    /// The address of a client; of one on all addresses its port alone means something.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn local_addr(&self, client: u32) -> Result<SocketAddrV4, CallFailed> {
        sockets::local_addr(&self.sockets[client as usize])
    }

    /// Whether many datagrams come in one call.
    #[must_use]
    pub fn is_batched(&self) -> bool {
        self.slots.is_some()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Asks. It may wait for [`Links::flush`], or for a question of another client.
    pub fn ask(&mut self, question: Question, dialogue: &mut impl Dialogue, unsent: &mut Unsent) {
        if question.client != self.client || self.traffic == Traffic::Single {
            self.flush(unsent);
            self.client = question.client;
        }
        dialogue.write(question.key, &mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Sends what waits.
    pub fn flush(&mut self, unsent: &mut Unsent) {
        let Some(&first) = self.ends.first() else { return };
        let socket = &self.sockets[self.client as usize];
        let sent = match self.traffic {
            Traffic::Single => send_one(socket, &self.bytes, self.servent),
            Traffic::Batched { offload } => send_equal(socket, &self.bytes, first, self.servent, offload),
        };
        if let Err(failed) = sent {
            unsent.questions += self.ends.len() as u64;
            unsent.cause = Some(failed);
        }
        self.bytes.clear();
        self.ends.clear();
    }

    /// Sends datagrams of `len` bytes each that are no questions, from a client.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// If there are not so many clients.
    pub fn send(&self, client: u32, bytes: &[u8], len: usize) -> Result<(), CallFailed> {
        let offload = self.traffic == (Traffic::Batched { offload: true });
        send_equal(&self.sockets[client as usize], bytes, len, self.servent, offload)
    }

    /// Waits for datagrams, at most for `patience`; [`Links::next_ready`] says whom they came to.
    ///
    /// # Errors
    /// What the system says.
    pub fn wait(&mut self, patience: Duration) -> Result<(), CallFailed> {
        self.ready.extend(self.watch.ready(patience)?.map(|client| client as u32));
        Ok(())
    }

    /// A client that something came to.
    pub fn next_ready(&mut self) -> Option<u32> {
        self.ready.pop_front()
    }

    /// Whether there is another one.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Hands what came to a client to `deliver`: the source of each datagram, and its bytes. Returns how many there were.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// If there are not so many clients.
    pub fn receive(&mut self, client: u32, mut deliver: impl FnMut(SocketAddrV4, &[u8])) -> Result<usize, CallFailed> {
        let socket = &self.sockets[client as usize];
        match &mut self.slots {
            Some(slots) => slots.receive(socket, MsgFlags::MSG_DONTWAIT, |from, bytes| deliver(from.into(), bytes)),
            None => receive_singly(socket, &mut self.buffer, deliver),
        }
    }
}

fn send_one(socket: &UdpSocket, bytes: &[u8], to: SocketAddrV4) -> Result<(), CallFailed> {
    loop {
        match socket.send_to(bytes, to) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            sent => return sent.map(|_| ()).map_err(CallFailed::of("sendto")),
        }
    }
}

/// Takes what is there. An error that tells of an earlier send is none.
fn receive_singly(
    socket: &UdpSocket,
    buffer: &mut [u8],
    mut deliver: impl FnMut(SocketAddrV4, &[u8]),
) -> Result<usize, CallFailed> {
    for received in 0..TURN {
        match socket.recv_from(buffer) {
            Ok((len, SocketAddr::V4(from))) => deliver(from, &buffer[..len]),
            Ok((_, SocketAddr::V6(_))) => return Err(CallFailed::of("recvfrom")(Errno::EAFNOSUPPORT)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(received),
            Err(error) if crate::net::is_transient(&error) => {}
            Err(error) => return Err(CallFailed::of("recvfrom")(error)),
        }
    }
    Ok(TURN)
}
