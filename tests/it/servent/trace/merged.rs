//! Traces of several servents make the tree of a query.

use super::{Event, merge, read, read_growing};
use crate::overlay::topology::Topology;
use crate::support::wire::clireq;
use crate::support::{Peer, Program, TP3, until};
use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

/// An overlay whose servents are all traced, and the traces.
struct Traced {
    topology: Topology,
    program: Program,
    files: Vec<PathBuf>,
}

impl Traced {
    /// Every line of the overlay's file gets its option; the path is relative to it.
    fn start(topology: Topology) -> Self {
        let text = fs::read_to_string(topology.file()).unwrap();
        let (mut lines, mut files) = (String::new(), Vec::new());
        for line in text.lines() {
            lines += line;
            if line.starts_with(|first: char| first.is_ascii_digit()) {
                let name = format!("{}.jsonl", files.len());
                lines += &format!(" --trace {name}");
                files.push(topology.dir().path().join(name));
            }
            lines += "\n";
        }
        fs::write(topology.file(), lines).unwrap();
        let mut program = Program::start_with_stdin(TP3, ["overlay", topology.file().to_str().unwrap()]);
        program.stderr.expect("asking servent");
        Self { topology, program, files }
    }

    /// Asks the servent on the first line; the answers are not waited for.
    fn ask(&self, client: &Peer, key: &[u8]) {
        client.send(SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.topology.port(0)), &clireq(key));
    }

    /// Waits until every QUERY that left has come in, and what came in was dealt with; then ends the overlay.
    fn merge(mut self) -> (Topology, Vec<Event>) {
        until("rest in the overlay", || {
            let events: Vec<_> = self.files.iter().flat_map(|file| read_growing(file)).collect();
            is_at_rest(&events)
        });
        self.program.close_stdin();
        let finished = self.program.finish();
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        for file in &self.files {
            assert_eq!(read(file).1, 0, "events are missing in {}", file.display());
        }
        let events = merge(&self.files);
        assert!(is_at_rest(&events));
        (self.topology, events)
    }
}

fn count(events: &[Event], name: &str, kind: &str) -> usize {
    events.iter().filter(|event| event.is(name, kind)).count()
}

fn is_at_rest(events: &[Event]) -> bool {
    let sent: usize = events.iter().filter(|event| event.name() == "forwarded").map(|event| event.to().len()).sum();
    let received = count(events, "received", "query");
    let new = count(events, "forwarded", "query") + count(events, "not_forwarded", "query");
    let asked = count(events, "received", "clireq");
    let looked_up = ["answered", "not_found"].map(|name| ["clireq", "query"].map(|kind| count(events, name, kind)));
    asked > 0
        && count(events, "forwarded", "clireq") == asked
        && sent == received
        && received == new + count(events, "duplicate", "query")
        && looked_up.iter().flatten().sum::<usize>() == asked + new
}

/// Checks that each QUERY that came in is one that its sender had sent before, once, with that time-to-live, along a
/// link of the overlay, and that nobody treated a query as new twice.
fn expect_descent(topology: &Topology, events: &[Event]) {
    let mut seen = BTreeSet::new();
    for (place, event) in events.iter().enumerate() {
        if event.is("received", "query") {
            let (node, parent) = (event.text("node"), event.text("from"));
            let sent = |earlier: &&Event| {
                earlier.name() == "forwarded"
                    && earlier.text("node") == parent
                    && earlier.to().contains(&node)
                    && earlier.query() == event.query()
            };
            // Merged by time, so its cause lies before it.
            let causes: Vec<_> = events[..place].iter().filter(sent).collect();
            assert_eq!(causes.len(), 1, "{event:?}");
            assert_eq!(causes[0].number("ttl_sent"), event.number("ttl"), "{event:?}");
            assert!(topology.neighbours(port_of(parent)).contains(&port_of(node)), "{event:?}");
        }
        if ["forwarded", "not_forwarded"].contains(&event.name()) {
            assert!(seen.insert((event.text("node"), event.query())), "new twice: {event:?}");
        }
    }
}

fn port_of(address: &str) -> u16 {
    address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap()
}

#[test]
fn p11_p14_p18_the_traces_of_a_chain_of_five_merge_into_its_tree() {
    let overlay = Traced::start(Topology::chain(5));
    let client = Peer::new();
    overlay.ask(&client, b"key");
    let answering: BTreeSet<u16> = (0..4).map(|_| client.recv().1.port()).collect();
    let (topology, events) = overlay.merge();
    let ports: Vec<u16> = (0..5).map(|index| topology.port(index)).collect();
    assert_eq!(answering, ports[..4].iter().copied().collect());
    expect_descent(&topology, &events);

    let client = client.addr().to_string();
    let of = |index: usize, name: &str| -> Vec<&Event> {
        let at = format!("127.0.0.1:{}", ports[index]);
        events.iter().filter(|event| event.text("node") == at && event.name() == name).collect()
    };
    for index in 0..4 {
        let received = of(index, "received");
        assert_eq!(received.len(), 1, "servent {index}");
        let from = index.checked_sub(1).map_or(client.clone(), |parent| format!("127.0.0.1:{}", ports[parent]));
        assert_eq!((received[0].text("from"), received[0].text("client")), (from.as_str(), client.as_str()));
        // The client asks without a time-to-live; from then on 3, 2, 1.
        assert_eq!(received[0].0["ttl"].as_u64(), [None, Some(3), Some(2), Some(1)][index]);
        let answered = of(index, "answered");
        assert_eq!(answered.len(), 1, "servent {index}");
        assert_eq!(answered[0].to(), [client.as_str()]);
        let forwarded = of(index, "forwarded");
        if index < 3 {
            assert_eq!(forwarded.len(), 1, "servent {index}");
            assert_eq!(forwarded[0].to(), [format!("127.0.0.1:{}", ports[index + 1])]);
            assert_eq!((forwarded[0].number("count"), forwarded[0].number("ttl_sent")), (1, 3 - index as u64));
        } else {
            assert!(forwarded.is_empty());
            assert_eq!(of(index, "not_forwarded")[0].text("why"), "ttl_expired");
        }
    }
    // The fifth never hears of it.
    let names: Vec<_> = events.iter().filter(|event| event.text("node").ends_with(&ports[4].to_string())).collect();
    assert_eq!(names.iter().map(|event| event.name()).collect::<Vec<_>>(), ["start", "end"]);
    // Nothing else happened: start and end of five, 4 received, 3 forwarded, 1 not, 4 answered.
    assert_eq!(events.len(), 10 + 12);
}

#[test]
fn p14_p16_in_a_ring_the_duplicates_show() {
    let overlay = Traced::start(Topology::from_data("ring"));
    let client = Peer::new();
    overlay.ask(&client, b"http");
    let (topology, events) = overlay.merge();
    expect_descent(&topology, &events);
    let duplicates = count(&events, "duplicate", "query");
    let received = count(&events, "received", "query");
    let new = count(&events, "forwarded", "query") + count(&events, "not_forwarded", "query");
    // Two copies run round it in opposite directions and meet at the sixth, which is new to it once.
    assert_eq!((received, new, duplicates), (6, 5, 1), "{events:?}");
}
