//! A mixed overlay: our servents, which are real processes, and doubles of other programs.

use super::dialect::{Dialect, Port};
use super::double::{Bound, Double, Record};
use crate::support::wire::{query, response, show};
use crate::support::{CLIENT, Counters, Finished, Peer, Program, Servent, TempDir};
use nix::sys::signal::Signal;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use std::thread::scope;

/// The key that all of them hold.
pub(crate) const KEY: &[u8] = b"http";

/// The key of [`Overlay::settle`], held by ours.
const SENTINEL: &[u8] = b"sentinel";

/// Counters of what a servent drops or bends, or could not do: zero unless a test says otherwise.
const ANOMALIES: [&str; 21] = [
    "malformed_too_short",
    "malformed_unknown_type",
    "malformed_short_query",
    "malformed_empty_key",
    "malformed_no_tab",
    "unexpected_response",
    "stranger_refused",
    "ttl_zero",
    "ttl_clamped",
    "duplicate",
    "duplicate_higher_ttl",
    "unanswerable_client",
    "response_limited",
    "loopback_client",
    "send_failed_unreachable",
    "send_failed_no_buffers",
    "send_failed_refused",
    "send_failed_too_long",
    "send_failed_forbidden",
    "send_failed_other",
    "receive_shed",
];

/// Who a servent of the overlay is.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Ours,
    Other(&'static Dialect),
}

enum Node {
    Ours(Servent),
    Other(Double),
}

/// A datagram at a client, and which servent's port it came from, if any.
pub(crate) type Answer = (Option<usize>, Vec<u8>);

/// Servents that hold `http`, each with a value of its own. They are called by their places, counted from 0.
pub(crate) struct Overlay {
    nodes: Vec<Node>,
    control: Peer,
    settled: Cell<u32>,
    _dir: TempDir,
}

/// What came of an overlay.
pub(crate) struct Ends {
    pub(crate) ours: BTreeMap<usize, Counters>,
    pub(crate) others: BTreeMap<usize, Record>,
    pub(crate) addrs: Vec<SocketAddrV4>,
}

/// Each knows the one before it and the one behind it.
pub(crate) fn chain(len: usize) -> Vec<(usize, usize)> {
    (1..len).flat_map(|node| [(node - 1, node), (node, node - 1)]).collect()
}

/// The same, and the last knows the first.
pub(crate) fn ring(len: usize) -> Vec<(usize, usize)> {
    [chain(len), vec![(len - 1, 0), (0, len - 1)]].concat()
}

/// Servent 0 knows all others, and each of them knows it.
pub(crate) fn star(len: usize) -> Vec<(usize, usize)> {
    (1..len).flat_map(|node| [(0, node), (node, 0)]).collect()
}

pub(crate) fn value_of(node: usize) -> Vec<u8> {
    format!("value of {node}").into_bytes()
}

impl Overlay {
    /// Of these servents, where the first of each pair knows the second. Ours can't be told of each other: their
    /// ports are not known before they run.
    pub(crate) fn new(kinds: &[Kind], knows: &[(usize, usize)]) -> Self {
        let (dir, control) = (TempDir::new(), Peer::new());
        // The doubles' sockets first, then ours, which are told of them, and then the doubles can be told of ours.
        let bound: Vec<_> = kinds.iter().map(|kind| matches!(kind, Kind::Other(_)).then(Bound::new)).collect();
        let known_by = |node: usize| knows.iter().filter(move |edge| edge.0 == node).map(|edge| edge.1);
        let start = |node: usize| {
            let pairs = [KEY, b"\t", &value_of(node), b"\n", SENTINEL, b"\tend\n"].concat();
            let file = dir.write(&format!("pairs{node}.txt"), &pairs);
            let known = known_by(node).map(|other| bound[other].as_ref().expect("a double").addr().to_string());
            Servent::start(&file, &known.collect::<Vec<_>>())
        };
        let ours: Vec<_> = (0..kinds.len()).map(|node| bound[node].is_none().then(|| start(node))).collect();
        let places = ours.iter().zip(&bound);
        let addrs = places
            .filter_map(|(servent, bound)| servent.as_ref().map(Servent::addr).or(bound.as_ref().map(Bound::addr)));
        let addrs: Vec<_> = addrs.collect();
        let mut nodes = Vec::new();
        for (node, (servent, bound)) in ours.into_iter().zip(bound).enumerate() {
            nodes.extend(servent.map(Node::Ours));
            if let (Kind::Other(dialect), Some(bound)) = (kinds[node], bound) {
                let neighbours = known_by(node).map(|other| addrs[other]).collect();
                let pairs = vec![(KEY.to_vec(), value_of(node))];
                nodes.push(Node::Other(bound.serve(dialect, pairs, neighbours, control.addr())));
            }
        }
        Self { nodes, control, settled: Cell::new(0), _dir: dir }
    }

    pub(crate) fn addr(&self, node: usize) -> SocketAddrV4 {
        match &self.nodes[node] {
            Node::Ours(servent) => servent.addr(),
            Node::Other(double) => double.addr(),
        }
    }

    fn node_at(&self, addr: SocketAddrV4) -> Option<usize> {
        (0..self.nodes.len()).find(|node| self.addr(*node) == addr)
    }

    /// A client of this dialect asks servent `entry`: exactly these answer, each once, and each of ours as it was
    /// asked (P-3). That is this dialect, so it must end text as the doubles round ours do.
    pub(crate) fn expect_answers(&self, entry: usize, asking: &Dialect, who: &[usize]) {
        let client = Peer::new();
        client.send(self.addr(entry), &asking.clireq(KEY));
        let nul = asking.ends_with_nul(KEY);
        self.expect_at(&client, who.iter().flat_map(|node| self.answer_of(*node, nul)).collect());
    }

    /// What `node` sends to a client. Ours ends it with a NUL if the key field that it got held one.
    pub(crate) fn answer_of(&self, node: usize, nul: bool) -> Vec<Answer> {
        match &self.nodes[node] {
            Node::Ours(_) => {
                let mut answer = response(KEY, &value_of(node));
                answer.extend(nul.then_some(0));
                vec![(Some(node), answer)]
            }
            Node::Other(Double { dialect, .. }) => {
                let source = (dialect.port == Port::Own).then_some(node);
                let response = dialect.response(KEY, &value_of(node));
                let all = dialect.strays.iter().map(|stray| stray.to_vec()).chain([response]);
                all.map(|datagram| (source, datagram)).collect()
            }
        }
    }

    /// `client` gets these datagrams, in whatever order, and nothing else.
    pub(crate) fn expect_at(&self, client: &Peer, mut expected: Vec<Answer>) {
        let received = expected.iter().map(|_| client.recv());
        let mut found: Vec<_> = received.map(|(datagram, from)| (self.node_at(from), datagram)).collect();
        expected.sort();
        found.sort();
        let readable =
            |answers: &[Answer]| -> Vec<_> { answers.iter().map(|(node, bytes)| (*node, show(bytes))).collect() };
        assert!(found == expected, "found {:#?}, expected {:#?}", readable(&found), readable(&expected));
        self.settle();
        client.expect_nothing_left();
    }

    /// Our client begins to ask servent `entry`.
    pub(crate) fn ask_with_ours(&self, entry: usize) -> Program {
        let key = String::from_utf8(KEY.to_vec()).unwrap();
        // One try: a retransmission would be one more query, and its duplicates would be counted.
        Program::start(CLIENT, [&self.addr(entry).to_string(), &key, "--timeout", "1", "--tries", "1"])
    }

    /// It showed the values of exactly these, each once, and ended well.
    pub(crate) fn expect_shown(&self, program: Program, who: &[usize]) {
        let Finished { code, stdout, stderr, .. } = program.finish();
        let source = |node: usize| match &self.nodes[node] {
            Node::Other(double) if double.dialect.port == Port::Fresh => None,
            _ => Some(node),
        };
        let mut expected: Vec<_> = who.iter().map(|node| (source(*node), value_of(*node))).collect();
        let mut found: Vec<_> = stdout.split_inclusive(|byte| *byte == b'\n').map(|line| self.shown(line)).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{stderr}");
        let remark = match who.len() {
            0 => "no answer\n".to_owned(),
            1 => "no more answers (1 answer)\n".to_owned(),
            count => format!("no more answers ({count} answers)\n"),
        };
        assert!(stderr.contains(&remark) && !stderr.contains("panicked"), "{stderr}");
        assert_eq!(code, Some(i32::from(who.is_empty())), "{stderr}");
    }

    /// Source and value of a line of output.
    fn shown(&self, line: &[u8]) -> Answer {
        let mut fields = line.strip_suffix(b"\n").unwrap().splitn(3, |byte| *byte == b'\t');
        assert_eq!(fields.next(), Some(KEY));
        let addr = String::from_utf8(fields.next().unwrap().to_vec()).unwrap();
        (self.node_at(addr.parse().unwrap()), fields.next().unwrap().to_vec())
    }

    /// Waits until all that was sent is dealt with, in the whole overlay.
    ///
    /// In each round every servent answers the test. What it had received before, it has passed on by the round
    /// after that at the latest: our flooder may hand its QUERYs on after the lookup actor's answer to the same
    /// batch, never after its answer to the next. And no query passes through more servents than there are.
    pub(crate) fn settle(&self) {
        for _ in 0..2 * (self.nodes.len() + 1) {
            let round = self.settled.replace(self.settled.get() + 1);
            let sentinel = query(1, self.control.addr(), round, SENTINEL);
            (0..self.nodes.len()).for_each(|node| self.control.send(self.addr(node), &sentinel));
            self.nodes.iter().for_each(|_| drop(self.control.recv()));
        }
    }

    /// Ends all of it, cleanly. The sentinels are taken off the counters, and all that the doubles got from ours are
    /// QUERYs that may be sent (P-6, P-14).
    pub(crate) fn stop(self) -> Ends {
        self.settle();
        let settled = u64::from(self.settled.get());
        let addrs = (0..self.nodes.len()).map(|node| self.addr(node)).collect();
        let mut ends = Ends { ours: BTreeMap::new(), others: BTreeMap::new(), addrs };
        // At once: each may take a tenth of a second to notice.
        scope(|scope| {
            let mut stopping = Vec::new();
            for (node, servent) in self.nodes.into_iter().enumerate() {
                match servent {
                    Node::Ours(servent) => stopping.push((node, scope.spawn(|| servent.stop_by(Signal::SIGTERM)))),
                    Node::Other(double) => drop(ends.others.insert(node, double.stop())),
                }
            }
            for (node, servent) in stopping {
                let (finished, mut counters) = servent.join().unwrap();
                assert!(!finished.stderr.contains("panicked"), "servent {node}: {}", finished.stderr);
                for name in ["received", "query", "first_sighting", "ttl_expired", "lookup", "answered", "sent"] {
                    counters.take_off(name, settled);
                }
                ends.ours.insert(node, counters);
            }
        });
        ends.check_what_ours_sent();
        ends
    }
}

impl Ends {
    /// Each of ours counted exactly these of what it dropped or bent.
    pub(crate) fn expect_anomalies(&self, expected: &[(usize, &str, u64)]) {
        for (node, counters) in &self.ours {
            for name in ANOMALIES {
                let row = expected.iter().find(|row| (row.0, row.1) == (*node, name));
                assert_eq!(counters.get(name), row.map_or(0, |row| row.2), "{name} of servent {node}");
            }
        }
        assert!(expected.iter().all(|row| self.ours.contains_key(&row.0) && ANOMALIES.contains(&row.1)));
    }

    /// What `to` received from `from`.
    pub(crate) fn received(&self, to: usize, from: usize) -> Vec<&[u8]> {
        let all = self.others[&to].received.iter().filter(|(source, _)| *source == self.addrs[from]);
        all.map(|(_, datagram)| &datagram[..]).collect()
    }

    /// What `from` sent to `to`.
    pub(crate) fn sent(&self, from: usize, to: usize) -> Vec<&[u8]> {
        let all = self.others[&from].sent.iter().filter(|(target, _)| *target == self.addrs[to]);
        all.map(|(_, datagram)| &datagram[..]).collect()
    }

    fn check_what_ours_sent(&self) {
        for to in self.others.keys() {
            for from in self.ours.keys() {
                for datagram in self.received(*to, *from) {
                    let legal = datagram.len() > 14 && matches!(datagram, [0, 2, 0, 1..=3, ..]);
                    assert!(legal, "from {from} to {to}: {}", show(datagram));
                }
            }
        }
    }
}
