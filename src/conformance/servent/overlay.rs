//! Several servents: of the program itself, and mixed with ours.

use super::scene::{KEY, carries};
use crate::conformance::bytes::{Kind, message};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown};
use crate::conformance::rig::{PeerId, Rig, Setup};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

/// How many servents an overlay has.
const SERVENTS: usize = 5;

/// What every overlay rests on.
const FOUNDATIONS: &[&str] = &[
    "query-on-hit",
    "query-each-neighbour-once",
    "query-ttl",
    "query-client-address",
    "query-client-port",
    "query-port",
    "response-once",
    "lookup-once",
    "lookup-port",
    "forward-unchanged",
    "forward-not-back",
    "forward-hit",
    "forward-port",
    "forward-ttl-two",
    "forward-ttl-one",
    "forward-ttl-one-answered",
    "duplicate-other-neighbour",
    "duplicate-other-ttl",
];

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Overlay, id, clause, level, promise, run).rests_on(FOUNDATIONS)
}

pub(super) static PROBES: [Probe; 5] = [
    probe(
        "overlay-chain",
        "P-18",
        Level::Assignment,
        ["in a chain of five, four answer", "em uma cadeia de cinco, quatro respondem"],
        |rig| all_answer(rig, &CHAIN, 4, |_| false),
    )
    .quotes(sentences::CHAIN_OF_FIVE),
    probe(
        "overlay-ring",
        "P-14",
        Level::Assignment,
        ["in a ring of five, each answers once", "em um anel de cinco, cada um responde uma vez"],
        |rig| all_answer(rig, &RING, 5, |_| false),
    )
    .quotes(sentences::SEEN_BEFORE),
    probe(
        "overlay-clique",
        "P-14",
        Level::Assignment,
        ["where each of five knows all, each answers once", "se cinco se conhecem todos, cada um responde uma vez"],
        |rig| all_answer(rig, &CLIQUE, 5, |_| false),
    )
    .quotes(sentences::SEEN_BEFORE),
    probe(
        "mixed-chain",
        "P-18",
        Level::Decision,
        ["in a chain with ours between, four answer", "em uma cadeia alternada com o nosso, quatro respondem"],
        |rig| all_answer(rig, &CHAIN, 4, is_odd),
    )
    .quotes(sentences::CHAIN_OF_FIVE),
    probe(
        "mixed-ring",
        "P-14",
        Level::Decision,
        [
            "in a ring with ours between, each answers once",
            "em um anel alternado com o nosso, cada um responde uma vez",
        ],
        |rig| all_answer(rig, &RING, 5, is_odd),
    )
    .quotes(sentences::SEEN_BEFORE),
];

/// Whom each servent knows.
type Links = [&'static [usize]; SERVENTS];

const CHAIN: Links = [&[1], &[0, 2], &[1, 3], &[2, 4], &[3]];
const RING: Links = [&[4, 1], &[0, 2], &[1, 3], &[2, 4], &[3, 0]];
const CLIQUE: Links = [&[1, 2, 3, 4], &[0, 2, 3, 4], &[0, 1, 3, 4], &[0, 1, 2, 4], &[0, 1, 2, 3]];

fn is_odd(index: usize) -> bool {
    index % 2 == 1
}

fn value(index: usize) -> Vec<u8> {
    format!("valor-do-{}o", index + 1).into_bytes()
}

/// The first servent is asked, and the first `due` of them answer, once each.
fn all_answer(rig: &mut Rig<'_>, links: &Links, due: usize, is_ours: fn(usize) -> bool) -> Outcome {
    let client = rig.client()?;
    let ports: [u16; SERVENTS] = rig.free_ports()?;
    let mut first = None;
    for (index, known) in links.iter().enumerate() {
        let neighbours = known.iter().map(|&other| SocketAddrV4::new(Ipv4Addr::LOCALHOST, ports[other]));
        let file = [KEY, b"\t", &value(index), b"\n"].concat();
        let setup = Setup::new(file).port(ports[index]).neighbours(neighbours);
        let servent = rig.start(&if is_ours(index) { setup.ours() } else { setup })?;
        first.get_or_insert(rig.reach(servent));
    }
    let to = first.unwrap_or(SocketAddrV4::new(Ipv4Addr::LOCALHOST, ports[0]));
    rig.send(client, to, &message(Kind::Clireq, &rig.world().framing.field(KEY)))?;
    let mut look = |rig: &Rig<'_>| (0..due).all(|index| answers(rig, client, index) > 0).then_some(());
    rig.await_event(&mut look)?;
    rig.settle()?;
    let counts: Vec<_> = (0..SERVENTS).map(|index| answers(rig, client, index)).collect();
    // Whether the first one knows its own QUERY again, which may come back to it in a clique, is another probe's.
    let is_right = |(index, &count): (usize, &usize)| match (index < due, index) {
        (true, 0) => count >= 1,
        (true, _) => count == 1,
        (false, _) => count == 0,
    };
    if counts.iter().enumerate().all(is_right) {
        return Ok(());
    }
    let expected: Vec<_> = (0..SERVENTS).map(|index| usize::from(index < due)).collect();
    Err(rig.failure(
        Shown::Words(told(&expected)),
        Shown::Words(told(&counts)),
        Words::new(
            "the first of five servents was asked; these are the answers that the client got from each",
            "o primeiro de cinco servents foi consultado; estas são as respostas que o cliente recebeu de cada um",
        ),
    ))
}

fn answers(rig: &Rig<'_>, client: PeerId, index: usize) -> usize {
    rig.matching(client, carries(&value(index))).len()
}

fn told(counts: &[usize]) -> Words {
    let list = |of: &str| {
        let told = counts.iter().enumerate().map(|(index, count)| format!("{of} {}: {count}", index + 1));
        told.collect::<Vec<_>>().join(", ")
    };
    Words::made(list("servent"), list("servent"))
}
