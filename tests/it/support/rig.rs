//! A servent with raw sockets all round it.

use super::wire::{query, response, show};
use super::{Counters, Peer, Servent, TempDir};
use std::cell::Cell;
use std::net::SocketAddrV4;

/// What the servent of a [`Rig`] holds, beside the sentinel.
const PAIRS: &[u8] = b"# for the tests\nhttp\t80/tcp\nsmtp\t25/tcp\na\t1\nb\t2\nc\t3\ncaf\xe9\t\xe7\xe3o\n";

/// The key that [`Rig::settle`] asks for, and its line in the file.
const SENTINEL: &[u8] = b"sentinel";
const SENTINEL_PAIR: &[u8] = b"sentinel\tend\n";

/// One servent, a client, and neighbours that only the test moves.
pub(crate) struct Rig {
    pub(crate) servent: Servent,
    pub(crate) client: Peer,
    pub(crate) neighbours: Vec<Peer>,
    pub(crate) dir: TempDir,
    /// With `--neighbours-only` the client's sentinel would be refused: the first neighbour sends it.
    neighbours_only: bool,
    settled: Cell<u32>,
}

impl Rig {
    /// With so many neighbours and these options; the servent holds a few pairs.
    pub(crate) fn new(neighbours: usize, options: &[&str]) -> Self {
        Self::with_pairs(PAIRS, neighbours, options)
    }

    /// The same with other pairs.
    pub(crate) fn with_pairs(pairs: &[u8], neighbours: usize, options: &[&str]) -> Self {
        let dir = TempDir::new();
        let file = dir.write("pairs.txt", &[pairs, SENTINEL_PAIR].concat());
        let neighbours: Vec<_> = (0..neighbours).map(|_| Peer::new()).collect();
        let known = neighbours.iter().map(|peer| peer.addr().to_string());
        let args: Vec<_> = known.chain(options.iter().map(|option| (*option).to_owned())).collect();
        let servent = Servent::start(&file, &args);
        let neighbours_only = options.contains(&"--neighbours-only");
        Self { servent, client: Peer::new(), neighbours, dir, neighbours_only, settled: Cell::new(0) }
    }

    /// Other pairs for the next SIGHUP.
    pub(crate) fn write_pairs(&self, pairs: &[u8]) {
        self.dir.write("pairs.txt", &[pairs, SENTINEL_PAIR].concat());
    }

    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.servent.addr()
    }

    /// The client sends a datagram.
    pub(crate) fn send(&self, datagram: &[u8]) {
        self.client.send(self.addr(), datagram);
    }

    /// The client's next datagram is this answer.
    pub(crate) fn expect_answer(&self, key: &[u8], value: &[u8]) {
        self.client.expect(self.addr(), &response(key, value));
    }

    /// The next datagram of neighbour `index`.
    pub(crate) fn recv_at(&self, index: usize) -> Vec<u8> {
        self.neighbours[index].recv_from(self.addr())
    }

    /// The next datagram of neighbour `index` is this.
    pub(crate) fn expect_at(&self, index: usize, datagram: &[u8]) {
        self.neighbours[index].expect(self.addr(), datagram);
    }

    /// Everything sent before is dealt with, and nobody got anything more: the client's and each neighbour's next
    /// datagram is the outcome of one more QUERY. A QUERY goes the whole way through the servent, so no answer
    /// and no other QUERY of an earlier datagram can be behind it.
    pub(crate) fn settle(&self) {
        let seq = self.settled.replace(self.settled.get() + 1);
        let sender = if self.neighbours_only { &self.neighbours[0] } else { &self.client };
        sender.send(self.addr(), &query(2, self.client.addr(), seq, SENTINEL));
        self.expect_answer(SENTINEL, b"end");
        let forwarded = query(1, self.client.addr(), seq, SENTINEL);
        for (index, neighbour) in self.neighbours.iter().enumerate().skip(usize::from(self.neighbours_only)) {
            let found = neighbour.recv_from(self.addr());
            assert!(found == forwarded, "neighbour {index} got more: {}", show(&found));
        }
    }

    /// Nobody got anything more; then ends the servent. The sentinels are taken off its counters.
    pub(crate) fn stop(self) -> Counters {
        self.settle();
        self.stop_unsettled()
    }

    /// Ends the servent, after which nobody has anything left to read. The sentinels are taken off its counters.
    pub(crate) fn stop_unsettled(self) -> Counters {
        let mut counters = self.servent.stop();
        self.client.expect_nothing_left();
        self.neighbours.iter().for_each(Peer::expect_nothing_left);
        let settled = u64::from(self.settled.get());
        let reached = self.neighbours.len() as u64 - u64::from(self.neighbours_only);
        for name in ["received", "query", "first_sighting", "lookup", "answered"] {
            counters.take_off(name, settled);
        }
        counters.take_off("forwarded", settled * reached.min(1));
        counters.take_off("sent", settled * (1 + reached));
        counters
    }
}
