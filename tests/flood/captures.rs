//! Captures, written here packet by packet from what a simulation sends: they make the floods that the simulation makes.

use crate::traces::{self, all_told};
use servent::Timestamp;
use servent::flood::{Answer, Breach, CaptureUse, Captures, Flood, LookedUp, Memory, Model, Onward, Records, Watch};
use servent::protocol::AskedKey;
use servent::sim::{Event, Fate, Graph, LinkModel, Machines, Observer, ServentId, Setup, Simulation, Traces};
use servent::wire::{Header, decode};
use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

const ETHERNET: u16 = 1;
const NULL: u16 = 0;
const RAW: u16 = 101;
const SLL: u16 = 113;
const SLL2: u16 = 276;

/// A datagram on the wire.
#[derive(Clone)]
struct Sent {
    at: u64,
    from: SocketAddrV4,
    to: SocketAddrV4,
    payload: Vec<u8>,
}

#[derive(Default)]
struct Wire(Vec<Sent>);

impl Observer for Wire {
    fn observe(&mut self, at: Timestamp, event: &Event<'_>) {
        if let Event::Sent { from, to, bytes, fate: Fate::Arrives { .. }, .. } = *event {
            self.0.push(Sent { at: at.as_nanos(), from, to, payload: bytes.to_vec() });
        }
    }
}

fn ip(number: u16, offset: usize, more: bool, sent: &Sent, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend_from_slice(&((20 + body.len()) as u16).to_be_bytes());
    packet.extend_from_slice(&number.to_be_bytes());
    let flags = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
    packet.extend_from_slice(&flags.to_be_bytes());
    packet.extend_from_slice(&[64, 17, 0, 0]);
    packet.extend_from_slice(&sent.from.ip().octets());
    packet.extend_from_slice(&sent.to.ip().octets());
    packet.extend_from_slice(body);
    packet
}

/// The packets of a datagram, cut at so many bytes.
fn packets(number: u16, sent: &Sent, mtu: usize) -> Vec<Vec<u8>> {
    let mut udp = Vec::new();
    udp.extend_from_slice(&sent.from.port().to_be_bytes());
    udp.extend_from_slice(&sent.to.port().to_be_bytes());
    udp.extend_from_slice(&((8 + sent.payload.len()) as u16).to_be_bytes());
    udp.extend_from_slice(&[0, 0]);
    udp.extend_from_slice(&sent.payload);
    let piece = mtu / 8 * 8;
    let count = udp.len().div_ceil(piece);
    let cut = |(index, body): (usize, &[u8])| ip(number, index * piece, index + 1 < count, sent, body);
    udp.chunks(piece).enumerate().map(cut).collect()
}

fn frame(link: u16, place: u8, packet: &[u8]) -> Vec<u8> {
    let mut frame = match link {
        ETHERNET => [&[2; 12][..], &[0x81, 0, 0, 7, 8, 0]].concat(),
        NULL => vec![2, 0, 0, 0],
        SLL => [&[0, place, 3, 4, 0, 0], &[0; 8][..], &[8, 0]].concat(),
        SLL2 => [&[8, 0, 0, 0, 0, 0, 0, place, 3, 4, 0, 0][..], &[0; 8]].concat(),
        _ => Vec::new(),
    };
    frame.extend_from_slice(packet);
    frame
}

fn pcap(link: u16, frames: &[(u64, u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend_from_slice(&u32::from(link).to_le_bytes());
    for (at, _, frame) in frames {
        let (seconds, nanos) = (at / 1_000_000_000, at % 1_000_000_000);
        for field in [seconds, nanos, frame.len() as u64, frame.len() as u64] {
            file.extend_from_slice(&(field as u32).to_le_bytes());
        }
        file.extend_from_slice(frame);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padding = vec![0; body.len().next_multiple_of(4) - body.len()];
    let len = ((12 + body.len() + padding.len()) as u32).to_le_bytes();
    [&kind.to_le_bytes(), &len, body, &padding, &len].concat()
}

fn pcapng(link: u16, frames: &[(u64, u8, Vec<u8>)]) -> Vec<u8> {
    let mut file = block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    for _ in 0..2 {
        // Nanoseconds, by the option if_tsresol.
        let option = [9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
        file.extend(block(1, &[&link.to_le_bytes()[..], &[0, 0, 0, 0, 4, 0], &option].concat()));
    }
    for (at, place, frame) in frames {
        let len = (frame.len() as u32).to_le_bytes();
        let (high, low) = ((at >> 32) as u32, *at as u32);
        let fields = [&u32::from(*place).to_le_bytes()[..], &high.to_le_bytes(), &low.to_le_bytes(), &len, &len];
        file.extend(block(6, &[&fields.concat()[..], frame].concat()));
    }
    file
}

fn frames(link: u16, mtu: usize, wire: &[Sent]) -> Vec<(u64, u8, Vec<u8>)> {
    let all = wire.iter().enumerate().flat_map(|(number, sent)| {
        packets(number as u16 + 1, sent, mtu).into_iter().map(|packet| (sent.at, 0, frame(link, 0, &packet)))
    });
    all.collect()
}

fn read(files: &[Vec<u8>]) -> Model {
    let (mut captures, mut records) = (Captures::new(), Records::new());
    for file in files {
        assert!(Captures::is_capture(file));
        let summary = captures.read(&file[..]).unwrap();
        assert!(!summary.is_cut && summary.unreadable == 0, "{summary:?}");
    }
    captures.tell(&mut records);
    records.model(Memory::default())
}

/// The time of day at which the traces of a run begin.
const WALL: u64 = 1_800_000_000_000_000_000;

/// Several clients ask at once, at servents of a grid, for a key of `len` bytes.
fn run(len: usize, graph: Graph) -> (Vec<Sent>, Model) {
    let (wire, model, _) = run_with_traces(len, graph);
    (wire, model)
}

fn run_with_traces(len: usize, graph: Graph) -> (Vec<Sent>, Model, Vec<Vec<u8>>) {
    let key = vec![b'k'; len];
    let setup = Arc::new(Setup::new(graph).held_by_all(&key));
    let observers = (Watch::new(&setup), (Wire::default(), Traces::new(&setup, WALL)));
    let links = LinkModel::perfect(Duration::from_millis(5));
    let mut simulation: Simulation<Machines, _> = Simulation::new(Arc::clone(&setup), links, 7, observers);
    for number in 0..12_u32 {
        let client = simulation.add_client();
        let at = Timestamp::from_start(Duration::from_secs(u64::from(1 + number / 4)));
        let entry = ServentId(number / 4 * 3 % setup.graph.len() as u32);
        simulation.ask(at, client, entry, AskedKey::new(&key).unwrap());
    }
    simulation.run(u64::MAX);
    let (_, (watch, (wire, traces))) = simulation.into_parts();
    (wire.0, watch.into_records().model(Memory::default()), traces.into_texts())
}

/// What a capture can tell of a flood as well as a simulation.
fn told(model: &Model) -> Vec<String> {
    let name = |peer| model.peer(peer).address;
    let tell = |flood: &Flood| {
        let copies = flood
            .copies
            .iter()
            .map(|copy| format!("{} {} {} {:?}", name(copy.from), name(copy.to), copy.ttl, copy.fate));
        let visits = flood.visits.iter().map(|visit| {
            // That somebody has no other neighbour is not seen from outside.
            let onward = if visit.onward == Onward::NoOtherNeighbour { Onward::Unknown } else { visit.onward };
            format!("{} {:?} {:?} {onward:?}", name(visit.servent), visit.hop, visit.parent.map(name))
        });
        let answers = flood.answers.iter().map(|Answer { from, value, .. }| format!("{} {value:?}", name(*from)));
        let [mut copies, mut visits, mut answers] = [copies.collect::<Vec<_>>(), visits.collect(), answers.collect()];
        [&mut copies, &mut visits, &mut answers].into_iter().for_each(|all| all.sort());
        format!(
            "{} {:?} {:?} {copies:#?} {visits:#?} {answers:#?} {}",
            flood.client,
            flood.seq,
            flood.entry.map(name),
            flood.cost.bytes
        )
    };
    let mut all: Vec<_> = model.floods.iter().map(tell).collect();
    all.sort();
    all
}

fn assert_same(model: &Model, expected: &Model, what: &str) {
    for (found, expected) in told(model).iter().zip(told(expected)) {
        assert_eq!(*found, expected, "{what}");
    }
    assert_eq!(model.floods.len(), expected.floods.len(), "{what}");
    let findings: Vec<_> = model.floods.iter().flat_map(|flood| &flood.findings).collect();
    assert!(findings.is_empty(), "{what}: {findings:?}");
}

#[test]
fn a_capture_of_any_kind_of_network_makes_the_floods_of_the_simulation() {
    let (wire, expected) = run(4, Graph::grid(4, 3).unwrap());
    for link in [ETHERNET, NULL, RAW, SLL, SLL2] {
        let frames = frames(link, 1_480, &wire);
        assert_same(&read(&[pcap(link, &frames)]), &expected, &format!("pcap {link}"));
        assert_same(&read(&[pcapng(link, &frames)]), &expected, &format!("pcapng {link}"));
    }
}

#[test]
fn what_is_captured_twice_counts_once() {
    let (wire, expected) = run(4, Graph::grid(4, 3).unwrap());
    let once = frames(RAW, 1_480, &wire);
    let twice: Vec<_> =
        once.iter().flat_map(|(at, _, frame)| [(*at, 0, frame.clone()), (at + 30_000, 1, frame.clone())]).collect();
    assert_same(&read(&[pcapng(RAW, &twice)]), &expected, "two interfaces");
    assert_same(&read(&[pcap(RAW, &once), pcap(RAW, &once)]), &expected, "two files");
    let (wire, expected) = run(3_000, Graph::line(5).unwrap());
    let once = frames(RAW, 1_480, &wire);
    let twice: Vec<_> =
        once.iter().flat_map(|(at, _, frame)| [(*at, 0, frame.clone()), (at + 30_000, 1, frame.clone())]).collect();
    assert_same(&read(&[pcapng(RAW, &twice)]), &expected, "fragments at two interfaces");
    assert_same(&read(&[pcap(RAW, &once), pcap(RAW, &once)]), &expected, "fragments in two files");
}

#[test]
fn captures_of_machines_whose_clocks_are_far_apart_count_each_datagram_once() {
    let (wire, expected) = run(4, Graph::grid(4, 3).unwrap());
    let all = frames(RAW, 1_480, &wire);
    for seconds in [0, 1, 7, 3_600] {
        let later = |(at, place, frame): &(u64, u8, Vec<u8>)| (at + seconds * 1_000_000_000, *place, frame.clone());
        // Half of them are seen on both.
        let third = all.len() / 3;
        let here = all[..2 * third].to_vec();
        let there: Vec<_> = all[third..].iter().map(later).collect();
        let files = [pcap(RAW, &here), pcap(RAW, &there)];
        let mut captures = Captures::new();
        let summaries = files.each_ref().map(|file| captures.read(&file[..]).unwrap());
        let ahead = if seconds > 2 { seconds as i64 * 1_000_000_000 } else { 0 };
        assert_eq!((summaries[0].ahead, summaries[1].ahead), (0, ahead), "{seconds}");
        assert_eq!(summaries[1].repeated, (2 * third - third) as u64, "{seconds}");
        let mut records = Records::new();
        captures.tell(&mut records);
        if seconds != 1 {
            assert_same(&records.model(Memory::default()), &expected, &format!("{seconds} s apart"));
        }
    }
    // One that has nothing in common with the other, and one datagram alone that is off, tell of no clock.
    let mut captures = Captures::new();
    for (begin, end, shift) in [(0, 4, 0), (3, 9, 7_000_000_000), (9, 12, 7_000_000_000)] {
        let some = all[begin..end].iter().map(|(at, place, frame)| (at + shift, *place, frame.clone()));
        assert_eq!(captures.read(&pcap(RAW, &some.collect::<Vec<_>>())[..]).unwrap().ahead, 0);
    }
}

#[test]
fn captures_tell_of_servents_without_a_trace_and_of_no_others() {
    let (wire, _, texts) = run_with_traces(4, Graph::grid(4, 3).unwrap());
    let wire: Vec<_> = wire.iter().map(|sent| Sent { at: sent.at + WALL, ..sent.clone() }).collect();
    let capture = pcap(RAW, &frames(RAW, 1_480, &wire));
    let both = |texts: &[Vec<u8>]| {
        let (mut captures, mut records) = (Captures::new(), traces::read(texts));
        captures.read(&capture[..]).unwrap();
        let uses = captures.tell(&mut records);
        (records.model(Memory::default()), uses[0])
    };
    let traced = traces::read(&texts).model(Memory::default());
    let (model, CaptureUse { messages, traced: held }) = both(&texts);
    assert_eq!(all_told(&model), all_told(&traced));
    assert!(messages == held && messages as usize == wire.len(), "{messages} {held} {}", wire.len());
    // Of a servent without a trace all that is known is from the capture.
    let (some, CaptureUse { messages, traced: held }) = both(&texts[1..]);
    assert!(held < messages && held > 0);
    assert_eq!(some.floods.len(), traced.floods.len());
    for (flood, expected) in some.floods.iter().zip(&traced.floods) {
        assert_eq!(flood.findings, []);
        assert_eq!(flood.cost, expected.cost);
        let names = |model: &Model, flood: &Flood| {
            let visit = |visit: &servent::flood::Visit| {
                (model.peer(visit.servent).address, visit.parent.map(|parent| model.peer(parent).address), visit.hop)
            };
            let mut visits: Vec<_> = flood.visits.iter().map(visit).collect();
            visits.sort();
            visits
        };
        assert_eq!(names(&some, flood), names(&traced, expected));
        assert!(flood.visits.iter().all(|visit| visit.lookup == LookedUp::Answered));
    }
}

#[test]
fn packets_that_were_captured_in_part_are_counted() {
    let (wire, _) = run(40, Graph::line(4).unwrap());
    for kept in [10, 30, 60] {
        let mut file = vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
        file.extend_from_slice(&u32::from(ETHERNET).to_le_bytes());
        for (_, _, frame) in &frames(ETHERNET, 1_480, &wire) {
            for field in [1, 0, kept as u32, frame.len() as u32] {
                file.extend_from_slice(&field.to_le_bytes());
            }
            file.extend_from_slice(&frame[..kept]);
        }
        let mut captures = Captures::new();
        let summary = captures.read(&file[..]).unwrap();
        assert_eq!((summary.packets, summary.cut, summary.is_cut), (wire.len() as u64, wire.len() as u64, false));
        assert!(captures.read(&file[..file.len() - 5]).unwrap().is_cut);
        assert_eq!(captures.tell(&mut Records::new()), [CaptureUse::default(); 2]);
    }
}

#[test]
fn p8_fragments_are_brought_together() {
    let (wire, expected) = run(3_000, Graph::line(5).unwrap());
    assert_same(&read(&[pcap(ETHERNET, &frames(ETHERNET, 1_480, &wire))]), &expected, "fragments");
}

#[test]
fn datagrams_that_offload_joined_are_told_apart() {
    let (wire, expected) = run(4, Graph::grid(4, 3).unwrap());
    let mut joined: Vec<Sent> = Vec::new();
    for sent in wire {
        let is_query = |sent: &Sent| matches!(decode(&sent.payload).unwrap().header, Header::Query(_));
        let is_like = |last: &&mut Sent| {
            (last.at, last.from, last.to) == (sent.at, sent.from, sent.to) && is_query(last) && is_query(&sent)
        };
        match joined.iter_mut().rev().find(is_like) {
            Some(last) => last.payload.extend_from_slice(&sent.payload),
            None => joined.push(sent),
        }
    }
    assert!(joined.iter().any(|sent| sent.payload.len() > 4 * 14), "none was joined");
    assert_same(&read(&[pcap(NULL, &frames(NULL, 65_536, &joined))]), &expected, "joined");
}

#[test]
fn what_can_not_be_told_apart_is_no_finding() {
    let (mut wire, _) = run(4, Graph::grid(4, 3).unwrap());
    // Rubbish behind the NUL, another one each time.
    for (number, sent) in wire.iter_mut().enumerate() {
        if matches!(decode(&sent.payload).unwrap().header, Header::Query(_)) {
            sent.payload.extend_from_slice(&[0, 9, number as u8 | 4, 0, 2]);
        }
    }
    // Only a QUERY without it makes its ends servents.
    wire.insert(0, Sent { at: 0, ..wire[1].clone() });
    let model = read(&[pcap(RAW, &frames(RAW, 1_480, &wire))]);
    assert!(model.floods.iter().all(|flood| flood.findings.is_empty()));
}

#[test]
fn p21_an_answer_from_another_port_is_found_and_the_port_named() {
    let (mut wire, _) = run(4, Graph::line(4).unwrap());
    let odd = ServentId(2).address();
    for sent in &mut wire {
        if sent.from == odd && decode(&sent.payload).unwrap().header == Header::Response {
            sent.from.set_port(6_999);
        }
    }
    // The first question of each client; of several at once an answer may be anyone's.
    let model = read(&[pcap(RAW, &frames(RAW, 1_480, &wire))]);
    let breaches: Vec<_> =
        model.floods.iter().flat_map(|flood| &flood.findings).map(|finding| finding.breach).collect();
    assert!(!breaches.is_empty());
    let expected = Breach::AnsweredFromElsewhere { expected: Some(odd.port()) };
    assert!(breaches.iter().all(|breach| *breach == expected), "{breaches:?}");
}

#[test]
fn a_capture_that_is_cut_off_tells_what_is_there() {
    let (wire, expected) = run(4, Graph::line(5).unwrap());
    let whole = pcap(RAW, &frames(RAW, 1_480, &wire));
    for len in [24, whole.len() / 2 + 3, whole.len() - 1] {
        let mut captures = Captures::new();
        assert!(captures.read(&whole[..len]).is_ok(), "{len}");
        let mut records = Records::new();
        captures.tell(&mut records);
        let model = records.model(Memory::default());
        assert!(model.floods.len() <= expected.floods.len());
        assert!(model.floods.iter().all(|flood| flood.findings.is_empty()), "{len}");
    }
    assert!(Captures::new().read(&b"no capture at all, but words"[..]).is_err());
}
