//! The baselines that this executable is when it is started again: a server each, on a single thread, until it is
//! killed.

use super::Fallible;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg};
use servent::load::sockets::{BATCH, bind, send_batch};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{ErrorKind, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::ops::Range;
use std::os::fd::AsRawFd;

/// The first argument of an executable that is to be a baseline; its name, port, file and neighbours follow.
pub(crate) const ROLE: &str = "--role";
const DATAGRAM_LEN_MAX: usize = 2048;

/// Serves as the baseline that `words` name.
pub(crate) fn serve(words: &[String]) -> Fallible<()> {
    let (name, port) = (words.first().ok_or("no role")?, words.get(1).ok_or("no port")?);
    let socket = bind(Ipv4Addr::UNSPECIFIED, port.parse().map_err(|_| "not a port")?)?;
    // Whoever is not asked sleeps, so that another contestant has the machine to itself.
    socket.set_read_timeout(None).map_err(|error| format!("SO_RCVTIMEO: {error}"))?;
    match name.as_str() {
        "echo" => batched(&socket, |from, datagram, outbox| outbox.push(datagram, from)),
        "simple" => {
            let mut servent = SimpleServent::new(&words[2..])?;
            let mut datagram = [0; DATAGRAM_LEN_MAX];
            loop {
                let (len, from) = match socket.recv_from(&mut datagram) {
                    Ok((len, SocketAddr::V4(from))) => (len, from),
                    Err(error) if error.kind() != ErrorKind::Interrupted => return Err(format!("recv_from: {error}")),
                    _ => continue,
                };
                servent.handle(from, &datagram[..len], |bytes, to| {
                    socket.send_to(bytes, to).map_or_else(|error| eprintln!("send_to: {error}"), |_| ());
                });
            }
        }
        "simple+sendmmsg" => {
            let mut servent = SimpleServent::new(&words[2..])?;
            batched(&socket, |from, datagram, outbox| {
                servent.handle(from, datagram, |bytes, to| outbox.push(bytes, to));
            })
        }
        _ => Err(format!("no role '{name}'")),
    }
}

/// Datagrams that wait for the end of a batch.
#[derive(Default)]
struct Outbox {
    bytes: Vec<u8>,
    transmits: Vec<(Range<usize>, SocketAddrV4)>,
}

impl Outbox {
    fn push(&mut self, bytes: &[u8], to: SocketAddrV4) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.transmits.push((start..self.bytes.len(), to));
    }
}

/// Receives up to 64 datagrams, handles them, sends what they make.
fn batched(socket: &UdpSocket, mut handle: impl FnMut(SocketAddrV4, &[u8], &mut Outbox)) -> Fallible<()> {
    let mut slots = vec![0; BATCH * DATAGRAM_LEN_MAX];
    let mut outbox = Outbox::default();
    // Without control messages the headers can be used again.
    let mut headers = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    loop {
        let mut vectors: Vec<_> =
            slots.chunks_exact_mut(DATAGRAM_LEN_MAX).map(|slot| [IoSliceMut::new(slot)]).collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        match recvmmsg(socket.as_raw_fd(), &mut headers, vectors.iter_mut(), flags, None) {
            Ok(messages) => {
                for message in messages {
                    let datagram = message.iovs().next().unwrap_or_default();
                    handle(message.address.ok_or("a datagram from nowhere")?.into(), datagram, &mut outbox);
                }
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(errno) => return Err(format!("recvmmsg: {errno}")),
        }
        let batch: Vec<_> =
            outbox.transmits.iter().map(|(range, to)| (&outbox.bytes[range.clone()], (*to).into())).collect();
        send_batch(socket, &batch)?;
        outbox.bytes.clear();
        outbox.transmits.clear();
    }
}

/// The servent that one writes in an afternoon.
struct SimpleServent {
    pairs: HashMap<Vec<u8>, Vec<u8>>,
    neighbours: Vec<SocketAddrV4>,
    seen: HashSet<(SocketAddrV4, u32, Vec<u8>)>,
    seq: u32,
}

impl SimpleServent {
    /// `words` are the file and the neighbours.
    fn new(words: &[String]) -> Fallible<Self> {
        let (file, neighbours) = words.split_first().ok_or("no file")?;
        let text = fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        let pairs = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
        let neighbours = neighbours.iter().map(|word| word.parse().map_err(|_| format!("{word}: not an address")));
        Ok(Self {
            pairs: pairs.map(|(key, value)| (key.into(), value.into())).collect(),
            neighbours: neighbours.collect::<Fallible<_>>()?,
            seen: HashSet::new(),
            seq: 0,
        })
    }

    fn handle(&mut self, from: SocketAddrV4, datagram: &[u8], mut send: impl FnMut(&[u8], SocketAddrV4)) {
        match datagram {
            [0, 1, key @ ..] if !key.is_empty() && key[0] != 0 => {
                self.seq = self.seq.wrapping_add(1);
                self.remember((from, self.seq, key.to_vec()));
                self.answer(from, key, &mut send);
                self.forward(None, 3, from, self.seq, key, &mut send);
            }
            [0, 2, t0, t1, i0, i1, i2, i3, p0, p1, s0, s1, s2, s3, key @ ..] if !key.is_empty() => {
                let client = SocketAddrV4::new([*i0, *i1, *i2, *i3].into(), u16::from_be_bytes([*p0, *p1]));
                let seq = u32::from_be_bytes([*s0, *s1, *s2, *s3]);
                if self.remember((client, seq, key.to_vec())) {
                    self.answer(client, key, &mut send);
                    let ttl = u16::from_be_bytes([*t0, *t1]).saturating_sub(1);
                    if ttl > 0 {
                        self.forward(Some(from), ttl, client, seq, key, &mut send);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether it is new.
    fn remember(&mut self, id: (SocketAddrV4, u32, Vec<u8>)) -> bool {
        if self.seen.len() >= 1 << 20 {
            self.seen.clear();
        }
        self.seen.insert(id)
    }

    fn answer(&self, client: SocketAddrV4, key: &[u8], send: &mut impl FnMut(&[u8], SocketAddrV4)) {
        if let Some(value) = self.pairs.get(key) {
            send(&[b"\0\x03", key, b"\t", value].concat(), client);
        }
    }

    fn forward(
        &self,
        source: Option<SocketAddrV4>,
        ttl: u16,
        client: SocketAddrV4,
        seq: u32,
        key: &[u8],
        send: &mut impl FnMut(&[u8], SocketAddrV4),
    ) {
        if self.neighbours.is_empty() {
            return;
        }
        let (port, ip) = (client.port().to_be_bytes(), client.ip().octets());
        let query = [&[0, 2][..], &ttl.to_be_bytes(), &ip, &port, &seq.to_be_bytes(), key].concat();
        for &neighbour in self.neighbours.iter().filter(|&&neighbour| Some(neighbour) != source) {
            send(&query, neighbour);
        }
    }
}
