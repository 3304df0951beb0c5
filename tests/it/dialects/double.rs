//! A servent of another program: a thread with a socket that obeys the protocol, but for its dialect.

use super::dialect::{Dialect, Message, Port, Whom};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

/// What a double holds.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// Datagrams, each with whom it came from or went to.
pub(crate) type Traffic = Vec<(SocketAddrV4, Vec<u8>)>;

/// A socket that listens already, so that others can be told its address.
pub(crate) struct Bound(UdpSocket, SocketAddrV4);

impl Bound {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let SocketAddr::V4(addr) = socket.local_addr().unwrap() else { panic!("bound to IPv4") };
        Self(socket, addr)
    }

    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.1
    }

    /// Begins to serve. What comes from `control`, the test's own address, is sent back as it is: all that came
    /// before is dealt with then.
    pub(crate) fn serve(
        self,
        dialect: &'static Dialect,
        pairs: Vec<Pair>,
        neighbours: Vec<SocketAddrV4>,
        control: SocketAddrV4,
    ) -> Double {
        let Self(socket, addr) = self;
        let record = Record::default();
        // Apart from the others' numbers: a second client may get the port that the first one had, and its question through
        // another double be the first one's (P-13).
        let next_seq = u32::from(addr.port()) << 16;
        let serving = Serving { socket, dialect, pairs, neighbours, next_seq, seen: BTreeSet::new(), record };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Builder::new().name(dialect.name.into()).spawn(move || serving.run(control, &stopped)).unwrap();
        Double { addr, dialect, stop, thread: Some(thread) }
    }
}

/// A double that serves, until it is stopped or dropped.
pub(crate) struct Double {
    addr: SocketAddrV4,
    pub(crate) dialect: &'static Dialect,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Record>>,
}

/// What came of a double's service.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) received: Traffic,
    pub(crate) sent: Traffic,
    pub(crate) duplicates: usize,
    pub(crate) not_understood: usize,
}

impl Double {
    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    /// Ends it; what came and was not read by then is lost.
    pub(crate) fn stop(mut self) -> Record {
        self.end().expect("once")
    }

    fn end(&mut self) -> Option<Record> {
        let thread = self.thread.take()?;
        self.stop.store(true, Ordering::Relaxed);
        // Any datagram wakes it.
        Bound::new().0.send_to(b"", self.addr).unwrap();
        Some(thread.join().unwrap())
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        self.end();
    }
}

struct Serving {
    socket: UdpSocket,
    dialect: &'static Dialect,
    pairs: Vec<Pair>,
    neighbours: Vec<SocketAddrV4>,
    next_seq: u32,
    seen: BTreeSet<(SocketAddrV4, u32, Vec<u8>)>,
    record: Record,
}

impl Serving {
    fn run(mut self, control: SocketAddrV4, stop: &AtomicBool) -> Record {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let (len, source) = self.socket.recv_from(&mut buffer).unwrap();
            if stop.load(Ordering::Relaxed) {
                return self.record;
            }
            let SocketAddr::V4(source) = source else { panic!("IPv6 source {source}") };
            let datagram = &buffer[..len];
            if source == control {
                self.socket.send_to(datagram, control).unwrap();
            } else {
                self.record.received.push((source, datagram.to_vec()));
                self.hear(source, datagram);
            }
        }
    }

    fn hear(&mut self, source: SocketAddrV4, datagram: &[u8]) {
        match self.dialect.read(datagram) {
            Some(Message::Clireq { key }) => {
                let seq = self.next_seq;
                self.next_seq += 1;
                self.seen.insert((source, seq, key.clone()));
                self.answer(source, &key);
                self.flood(None, &self.dialect.query(3, source, seq, &key));
            }
            Some(Message::Query { ttl, client, seq, key }) => {
                if !self.seen.insert((client, seq, key.clone())) {
                    self.record.duplicates += 1;
                    return;
                }
                self.answer(if matches!(self.dialect.answers, Whom::Client) { client } else { source }, &key);
                let ttl = ttl.saturating_sub(1);
                if ttl > 0 || self.dialect.sends_ttl_0 {
                    let from = (!self.dialect.forwards_back).then_some(source);
                    self.flood(from, &self.dialect.query(ttl, client, seq, &key));
                }
            }
            None => self.record.not_understood += 1,
        }
    }

    fn answer(&mut self, whom: SocketAddrV4, key: &[u8]) {
        if let Some((_, value)) = self.pairs.iter().find(|(held, _)| held == key) {
            let response = self.dialect.response(key, value);
            self.send(whom, &response);
        }
    }

    fn flood(&mut self, from: Option<SocketAddrV4>, query: &[u8]) {
        for neighbour in self.neighbours.clone() {
            if Some(neighbour) != from {
                self.send(neighbour, query);
            }
        }
    }

    fn send(&mut self, to: SocketAddrV4, datagram: &[u8]) {
        for datagram in self.dialect.strays.iter().copied().chain([datagram]) {
            match self.dialect.port {
                Port::Own => self.socket.send_to(datagram, to).unwrap(),
                Port::Fresh => Bound::new().0.send_to(datagram, to).unwrap(),
            };
            self.record.sent.push((to, datagram.to_vec()));
        }
    }
}
