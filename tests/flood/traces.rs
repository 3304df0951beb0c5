//! Traces: they say what the simulation says, also with clocks that are off, and cut off anywhere.

use crate::lineage::memory;
use servent::Timestamp;
use servent::flood::{Copy, Fate, Flood, LookedUp, Model, Records, TraceReader, Watch, Why};
use servent::protocol::AskedKey;
use servent::sim::{Graph, Latency, LinkModel, Machines, Scenario, ServentId, Setup, Simulation, Traces};
use servent::stats::DropCause;
use servent::telling::{Language, Style, tell};
use std::sync::Arc;
use std::time::Duration;

const WALL: u64 = 1_800_000_000_000_000_000;
const SEEDS: u64 = 300;

pub(crate) fn read(texts: &[Vec<u8>]) -> Records {
    let mut records = Records::new();
    for text in texts {
        let mut reader = TraceReader::new();
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            reader.line(&mut records, line);
        }
    }
    records
}

/// Everything of a flood that traces tell, with names in place of numbers.
fn told(model: &Model, flood: &Flood) -> String {
    let name = |peer| model.peer(peer).address;
    let (mut copies, mut answers): (Vec<_>, Vec<_>) = (
        flood
            .copies
            .iter()
            .map(|copy| {
                let &Copy { from, to, ttl, sent, received, fate, .. } = copy;
                format!("{} {} {ttl} {sent:?} {received:?} {fate:?}", name(from), name(to))
            })
            .collect(),
        flood.answers.iter().map(|answer| format!("{} {:?}", name(answer.from), answer.sent)).collect(),
    );
    copies.sort();
    answers.sort();
    let visits = flood.visits.iter().map(|visit| {
        let parent = visit.parent.map(name);
        format!(
            "{} {:?} {parent:?} {:?} {:?} {:?}",
            name(visit.servent),
            visit.hop,
            visit.at,
            visit.lookup,
            visit.onward
        )
    });
    let mut visits: Vec<_> = visits.collect();
    visits.sort();
    format!("{} {:?} {:?}\n{copies:#?}\n{visits:#?}\n{answers:#?}", flood.client, flood.seq, flood.key)
}

pub(crate) fn all_told(model: &Model) -> Vec<String> {
    let mut all: Vec<_> = model.floods.iter().map(|flood| told(model, flood)).collect();
    all.sort();
    all
}

#[test]
fn traces_of_a_simulation_say_what_it_says_itself() {
    for seed in 0..SEEDS {
        let scenario = Scenario::from_seed(seed);
        let observers = (Watch::new(&scenario.setup), Traces::new(&scenario.setup, WALL));
        let (_, (watch, traces)) = scenario.run::<Machines, _>(observers).0.into_parts();
        let direct = watch.into_records().model(memory(&scenario));
        let read = read(&traces.into_texts()).model(memory(&scenario));
        assert_eq!(all_told(&direct), all_told(&read), "seed {seed}");
        assert!(read.floods.iter().all(|flood| flood.findings.is_empty()), "seed {seed}");
    }
}

/// A ring of six whose links take 1 to 3 ms, asked every half a second for two minutes at all its servents in turn.
pub(crate) fn texts() -> Vec<Vec<u8>> {
    let setup = Arc::new(Setup::new(Graph::ring(6).unwrap()).held_by_all(b"http"));
    let ms = Duration::from_millis(1);
    let links = LinkModel { latency: Latency::Uniform(ms, 3 * ms), ..LinkModel::perfect(ms) };
    let mut simulation: Simulation<Machines, _> =
        Simulation::new(Arc::clone(&setup), links, 7, Traces::new(&setup, WALL));
    for number in 0..240_u32 {
        let client = simulation.add_client();
        let at = Timestamp::from_start(Duration::from_millis(1_000 + 500 * u64::from(number)));
        simulation.ask(at, client, ServentId(number % 6), AskedKey::new(b"http").unwrap());
    }
    simulation.run(u64::MAX);
    simulation.into_parts().1.into_texts()
}

/// P-27: what is told of a flood goes by the neighbours of its time, and a servent that came back elsewhere is another one.
#[test]
fn who_was_to_be_reached_goes_by_the_addresses_of_the_time() {
    use servent::sim::Action;
    let at = |seconds| Timestamp::from_start(Duration::from_secs(seconds));
    let setup = Arc::new(Setup::new(Graph::line(3).unwrap()).held_by_all(b"http"));
    let links = LinkModel::perfect(Duration::from_millis(1));
    let observers = (Watch::new(&setup), Traces::new(&setup, WALL));
    let mut simulation: Simulation<Machines, _> = Simulation::new(Arc::clone(&setup), links, 7, observers);
    simulation.tell(at(0), Action::FollowNames(at(100)));
    simulation.tell(at(10), Action::Move(ServentId(1)));
    // Before the move, between it and the next look-up, and after that.
    for seconds in [1, 11, 31] {
        let client = simulation.add_client();
        simulation.ask(at(seconds), client, ServentId(0), AskedKey::new(b"http").unwrap());
    }
    simulation.run(u64::MAX);
    let (watch, traces) = simulation.into_parts().1;
    let memory = servent::flood::Memory::default();
    for model in [watch.into_records().model(memory), read(&traces.into_texts()).model(memory)] {
        let reached: Vec<_> = model.floods.iter().map(|flood| flood.visits.len()).collect();
        // Nobody answered the client but the entry, and it does not ask again (P-40).
        assert_eq!(reached, [3, 1, 3]);
        let old = ServentId(1).address();
        let whys = |place: usize| {
            let misses = model.misses(&model.floods[place]).into_iter();
            misses.map(|miss| (model.peer(miss.servent).address, miss.why)).collect::<Vec<_>>()
        };
        assert!(
            whys(1).iter().any(|(address, why)| *address == old && matches!(why, Why::Down { .. })),
            "{:?}",
            whys(1)
        );
        // To the new address the second flood had no way, and to the old one the third.
        assert_eq!(whys(2), [(old, Why::NoPath)]);
        assert!(model.floods.iter().all(|flood| flood.findings.is_empty()));
    }
}

/// The same by a machine that was started then, whose time of day is so far off and whose clock is so much too fast.
fn skewed(text: &[u8], started: i64, offset: i64, rate: f64) -> Vec<u8> {
    let text = str::from_utf8(text).unwrap();
    let mut out = String::new();
    for line in text.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        let at = line["t"].as_i64().unwrap();
        line["t"] = (at + (at as f64 * rate) as i64 + started).into();
        if let Some(wall) = line.get("wall_ns").and_then(serde_json::Value::as_i64) {
            line["wall_ns"] = (wall + offset).into();
        }
        out += &format!("{line}\n");
    }
    out.into_bytes()
}

fn skews() -> [(i64, f64); 6] {
    let second = 1_000_000_000;
    [(0, 0.0), (5 * second, 0.0), (-5 * second, 5e-5), (second / 3, -8e-5), (-second / 7, 1e-4), (4 * second, -1e-5)]
}

#[test]
fn clocks_that_are_5_s_off_and_drift_are_aligned_and_no_arrow_goes_back() {
    let texts = texts();
    let truth = read(&texts).model(Default::default());
    let skewed =
        texts.iter().zip(skews()).enumerate().map(|(number, (text, (offset, rate)))| {
            skewed(text, 1_000_000_000_000 * (1 + number as i64), offset, rate)
        });
    let skewed: Vec<_> = skewed.collect();
    let model = read(&skewed).model(Default::default());
    assert_eq!(model.clocks.len(), 6, "{:?}", model.clocks);
    assert_eq!(model.floods.len(), truth.floods.len());
    let mut worst = 0;
    for flood in &model.floods {
        let same = |other: &&Flood| (other.client, other.seq) == (flood.client, flood.seq);
        let expected = truth.floods.iter().find(same).unwrap();
        for copy in &flood.copies {
            assert!(copy.received.unwrap() >= copy.sent.unwrap(), "{copy:?}");
        }
        let visits = |model: &Model, flood: &Flood| {
            let mut visits: Vec<_> = flood
                .visits
                .iter()
                .map(|visit| {
                    let parent = visit.parent.map(|parent| model.peer(parent).address);
                    (model.peer(visit.servent).address, parent, visit.hop, visit.lookup)
                })
                .collect();
            visits.sort_by_key(|visit| visit.0);
            visits
        };
        assert_eq!(visits(&model, flood), visits(&truth, expected));
        // Against the entry's own time, by how much the others' are off.
        for visit in &flood.visits {
            let address = model.peer(visit.servent).address;
            let of = |visit: &&servent::flood::Visit| truth.peer(visit.servent).address == address;
            let right = expected.visits.iter().find(of).unwrap().at.since(expected.visits[0].at);
            worst = worst.max((visit.at.since(flood.visits[0].at) - right).abs());
        }
    }
    let claimed: Vec<_> = model.clocks.iter().map(|clock| clock.uncertainty.unwrap()).collect();
    let most = claimed.iter().max().unwrap();
    eprintln!("worst {worst} ns, claimed at most {most} ns, {:?}", model.clocks);
    // Half of what a round takes at least, over three links.
    assert!(*most < 3_500_000, "{claimed:?}");
    assert!(worst <= 2 * most + 100_000, "worst {worst} ns, claimed {most} ns");
}

#[test]
fn machines_whose_clocks_nearly_agree_are_told_apart_by_arrows_that_would_go_back() {
    let texts = texts();
    let skewed = texts.iter().enumerate().map(|(number, text)| {
        // 8 ms apart in what their time of day says, and 5 s in truth.
        skewed(text, 5_000_000_000 * (number as i64 % 2), (5_000_000_000 + 8_000_000) * (number as i64 % 2), 0.0)
    });
    let model = read(&skewed.collect::<Vec<_>>()).model(Default::default());
    assert!(model.clocks.len() > 1, "{:?}", model.clocks);
    let copies = model.floods.iter().flat_map(|flood| &flood.copies);
    assert!(copies.clone().all(|copy| copy.received.unwrap() >= copy.sent.unwrap()));
    // Links take 1 to 3 ms.
    let slowest = copies.map(|copy| copy.received.unwrap().since(copy.sent.unwrap())).max().unwrap();
    assert!(slowest < 7_000_000, "{slowest}");
}

#[test]
fn traces_that_are_cut_off_make_unknown_copies_and_none_that_is_lost() {
    let texts = texts();
    let whole = read(&texts).model(Default::default());
    for cut in [10, 50, 90] {
        let mut texts = texts.clone();
        for (number, text) in texts.iter_mut().enumerate() {
            let at = text.len() * cut / 100;
            // At the end, at the beginning, in the middle; in the middle of a line as well.
            match number % 3 {
                0 => text.truncate(at),
                1 => drop(text.drain(..at)),
                _ => drop(text.drain(at..at + text.len() / 20)),
            }
        }
        let model = read(&texts).model(Default::default());
        // A CLIREQ at a cut has lost what it became, or what it was made of, so there it may count twice.
        assert!(model.floods.len() <= whole.floods.len() + texts.len());
        let copies = || model.floods.iter().flat_map(|flood| &flood.copies);
        assert!(copies().all(|copy| copy.fate != Fate::Lost && copy.fate != Fate::Down), "{cut}");
        assert!(copies().any(|copy| copy.fate == Fate::Unknown), "{cut}");
        assert!(model.floods.iter().all(|flood| flood.findings.is_empty()), "{cut}");
    }
}

#[test]
fn a_copy_is_lost_where_its_receiver_ran_and_wrote_all_down() {
    let setup = Arc::new(Setup::new(Graph::line(4).unwrap()).held_by_all(b"http"));
    let ms = Duration::from_millis(1);
    let observer = Traces::new(&setup, WALL);
    let mut simulation: Simulation<Machines, _> =
        Simulation::new(Arc::clone(&setup), LinkModel::perfect(ms), 7, observer);
    let lossy = LinkModel { loss: 1.0, ..LinkModel::perfect(ms) };
    let [second, third] = [1, 2].map(|number| ServentId(number).address());
    simulation.tell(Timestamp::ZERO, servent::sim::Action::SetLink(second, third, lossy));
    let client = simulation.add_client();
    simulation.ask(
        Timestamp::from_start(Duration::from_secs(1)),
        client,
        ServentId(0),
        AskedKey::new(b"http").unwrap(),
    );
    simulation.run(u64::MAX);
    let model = read(&simulation.into_parts().1.into_texts()).model(Default::default());
    let [flood] = &model.floods[..] else { panic!("{:?}", model.floods) };
    let misses = model.misses(flood);
    let why = misses.iter().map(|miss| (model.peer(miss.servent).address, miss.distance, miss.why)).collect::<Vec<_>>();
    let peer = |number: u32| {
        let address = ServentId(number).address();
        let place = model.peers.iter().position(|peer| peer.address == address).unwrap();
        servent::flood::PeerId(place as u32)
    };
    let lost = Why::Lost { from: peer(1), to: peer(2) };
    assert_eq!(why, [(ServentId(2).address(), Some(2), lost), (ServentId(3).address(), Some(3), lost)]);
    let prediction = model.prediction(flood).unwrap();
    assert_eq!((prediction.servents, prediction.messages, prediction.degree, prediction.bound), (4, 3, 2, 7));
    assert_eq!((flood.cost.messages, flood.cost.duplicates, flood.cost.lost), (2, 0, 1));
}

/// The record of who should have got it is not there; the link's line tells all the same, and of the right question.
#[test]
fn a_copy_that_a_link_lost_is_lost_whoever_else_wrote_anything_down() {
    let from = r#""t":10,"node":"127.0.0.1:1","#;
    let forwarded = |key: &str, seq: u32| {
        format!(
            r#"{{{from}"event":"forwarded","type":"clireq","from":"127.0.0.1:9","client":"127.0.0.1:9","key":"{key}","seq":{seq},"ttl_sent":3,"count":2,"to":["127.0.0.1:2","127.0.0.1:3"]}}"#
        )
    };
    let lost = format!(
        r#"{{{from}"event":"dropped","why":"link_lost","to":["127.0.0.1:3"],"type":"query","client":"127.0.0.1:9","ttl_sent":3,"seq":7,"key":"http"}}"#
    );
    let start =
        format!(r#"{{{from}"event":"start","wall_ns":{WALL},"version":1,"neighbours":["127.0.0.1:2","127.0.0.1:3"]}}"#);
    let text = [start, forwarded("http", 7), forwarded("ssh", 8), lost.clone()].join("\n");
    let model = read(&[text.into_bytes()]).model(Default::default());
    let fates = |flood: &Flood| flood.copies.iter().map(|copy| copy.fate).collect::<Vec<_>>();
    assert_eq!(
        model.floods.iter().map(fates).collect::<Vec<_>>(),
        [vec![Fate::Unknown, Fate::Lost], vec![Fate::Unknown, Fate::Unknown]]
    );
    assert_eq!(model.floods[0].cost.lost, 1);
    // Of a trace that begins behind the sending there is no flood to tell of.
    assert!(read(&[lost.into_bytes()]).model(Default::default()).floods.is_empty());
}

/// A send fails when its link lets go of it: a younger question to the same servent is not taken for the one that failed.
/// An answer that could not leave is told from a QUERY to the same place, and from an answer for another key.
#[test]
fn a_send_that_failed_late_is_of_the_question_that_it_was_of() {
    let node = |t: u32, rest: &str| format!(r#"{{"t":{t},"node":"127.0.0.1:1",{rest}}}"#);
    let asked = |key: &str| format!(r#""type":"clireq","from":"127.0.0.1:9","client":"127.0.0.1:9","key":"{key}""#);
    let answered = |t: u32, key: &str| node(t, &format!(r#""event":"answered",{},"to":["127.0.0.1:9"]"#, asked(key)));
    let forwarded = |t: u32, key: &str, seq: u32| {
        let rest = format!(r#""seq":{seq},"ttl_sent":3,"count":2,"to":["127.0.0.1:2","127.0.0.1:9"]"#);
        node(t, &format!(r#""event":"forwarded",{},{rest}"#, asked(key)))
    };
    let failed = |t: u32, port: u16, what: &str| {
        node(t, &format!(r#""event":"dropped","why":"send_failed_refused","to":["127.0.0.1:{port}"],{what}"#))
    };
    let text = [
        node(1, &format!(r#""event":"start","wall_ns":{WALL},"version":1,"neighbours":["127.0.0.1:2","127.0.0.1:9"]"#)),
        forwarded(10, "http", 7),
        answered(11, "http"),
        forwarded(20, "ssh", 8),
        answered(21, "ssh"),
        failed(30, 2, r#""type":"query","client":"127.0.0.1:9","ttl_sent":3,"seq":7,"key":"http""#),
        failed(31, 9, r#""type":"response","key":"http""#),
        // What names no message is no line of a trace.
        failed(32, 9, r#""key":"ssh""#),
    ];
    let model = read(&[text.join("\n").into_bytes()]).model(Default::default());
    let refused = DropCause::SendFailedRefused;
    let told = |flood: &Flood| (flood.copies.iter().map(|copy| copy.fate).collect::<Vec<_>>(), flood.visits[0].lookup);
    assert_eq!(
        model.floods.iter().map(told).collect::<Vec<_>>(),
        [
            (vec![Fate::Refused(refused), Fate::Unknown], LookedUp::Withheld(refused)),
            (vec![Fate::Unknown, Fate::Unknown], LookedUp::Answered),
        ]
    );
}

/// What a link held when its sender stopped is no loss; and that it is known so late makes the flood no longer.
#[test]
fn a_copy_that_was_under_way_when_its_sender_stopped_is_told_so() {
    let node = |port: u16, rest: &str| format!(r#"{{"node":"127.0.0.1:{port}",{rest}}}"#);
    let start = |port, neighbour| {
        node(
            port,
            &format!(r#""t":1,"event":"start","wall_ns":{WALL},"version":1,"neighbours":["127.0.0.1:{neighbour}"]"#),
        )
    };
    let query = r#""type":"query","client":"127.0.0.1:9","ttl_sent":3,"seq":7,"key":"http""#;
    let asked = r#""type":"clireq","from":"127.0.0.1:9","client":"127.0.0.1:9","key":"http""#;
    let sender = [
        start(1, 2),
        node(1, &format!(r#""t":10,"event":"received",{asked}"#)),
        node(1, &format!(r#""t":11,"event":"forwarded",{asked},"seq":7,"ttl_sent":3,"count":1,"to":["127.0.0.1:2"]"#)),
        node(1, &format!(r#""t":900,"event":"dropped","why":"link_cut","to":["127.0.0.1:2"],{query}"#)),
        node(1, r#""t":901,"event":"end","dropped":0"#),
    ];
    let receiver = [start(2, 1), node(2, r#""t":800,"event":"end","dropped":0"#)];
    let texts = [sender.join("\n").into_bytes(), receiver.join("\n").into_bytes()];
    let model = read(&texts).model(Default::default());
    let [flood] = &model.floods[..] else { panic!("{:?}", model.floods) };
    assert_eq!(flood.copies[0].fate, Fate::Refused(DropCause::LinkCut));
    assert_eq!((flood.cost.lost, flood.last.since(flood.first)), (1, 1));
    for (language, copy, miss) in [
        (
            Language::English,
            "still under way when its sender stopped",
            "the QUERY was still under way from 127.0.0.1:1 to it when its sender stopped",
        ),
        (
            Language::Portuguese,
            "ainda a caminho quando o remetente parou",
            "a QUERY ainda estava a caminho de 127.0.0.1:1 para ele quando o remetente parou",
        ),
    ] {
        let told = tell(&model, flood, Style { language, width: 1_000, is_coloured: false });
        assert!(told.contains(&format!(": {copy}\n")) && told.contains(miss), "{told}");
    }
}

/// Of a ring of six the record of one is missing. What it sent on tells that it was reached; at three hops it sends nothing.
#[test]
fn a_servent_without_a_record_is_reached_if_it_sends_and_else_nobody_knows() {
    let mut texts = texts();
    let truth = read(&texts).model(Default::default());
    texts.remove(2);
    let model = read(&texts).model(Default::default());
    let (mut sending, mut silent) = (0, 0);
    for flood in &model.floods {
        let whole = truth.floods.iter().find(|other| (other.client, other.seq) == (flood.client, flood.seq)).unwrap();
        let visit_of = |model: &Model, flood: &Flood| {
            let mut visits = flood.visits.iter();
            let visit = *visits.find(|visit| model.peer(visit.servent).address == ServentId(2).address())?;
            Some((visit.hop, visit.parent.map(|parent| model.peer(parent).address)))
        };
        let right = visit_of(&truth, whole).unwrap();
        let misses = model.misses(flood);
        if right.0 == Some(3) {
            silent += 1;
            let [miss] = misses[..] else { panic!("{misses:?}") };
            assert_eq!(model.peer(miss.servent).address, ServentId(2).address());
            assert!(matches!(miss.why, Why::NotRecorded { .. }) && !miss.is_certain, "{miss:?}");
        } else {
            sending += 1;
            assert_eq!(visit_of(&model, flood), Some(right));
            assert_eq!(misses, []);
        }
    }
    assert!(sending > 100 && silent > 20, "{sending} {silent}");
}
