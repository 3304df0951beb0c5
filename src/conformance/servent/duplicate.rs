//! What was seen before, and what was not.

use super::scene::{KEY, MISS, NO_ANSWER, NUMBER, Scene, VALUE, carries, response, scene, with_file};
use crate::conformance::bytes::Kind;
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown};
use crate::conformance::rig::{PeerId, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

const fn probe(id: &'static str, promise: [&'static str; 2], run: fn(&mut Rig<'_>) -> Outcome) -> Probe {
    Probe::new(Chapter::Duplicate, id, "P-14", Level::Assignment, promise, run).quotes(sentences::SEEN_BEFORE)
}

/// What those that are new rest on: they are looked up, and forwarded though they are held.
const OF_NEW: &[&str] = &["lookup-answered", "forward-hit"];

pub(super) static PROBES: [Probe; 9] = [
    probe(
        "duplicate-answered-once",
        ["the same QUERY again is not answered again", "a mesma QUERY de novo não é respondida de novo"],
        answered_once,
    )
    .rests_on(&["lookup-once"]),
    probe(
        "duplicate-forwarded-once",
        ["the same QUERY again is not forwarded again", "a mesma QUERY de novo não é repassada de novo"],
        forwarded_once,
    )
    .rests_on(&["forward-others"]),
    probe(
        "duplicate-other-neighbour",
        ["nor is it if another neighbour sends it", "nem quando outro vizinho a envia"],
        other_neighbour,
    )
    .rests_on(&["duplicate-answered-once", "duplicate-forwarded-once", "forward-hit"]),
    probe("duplicate-other-ttl", ["nor is it if its time-to-live is another", "nem quando seu TTL é outro"], other_ttl)
        .rests_on(&["duplicate-answered-once", "duplicate-forwarded-once", "forward-hit"]),
    Probe::new(
        Chapter::Duplicate,
        "duplicate-own",
        "P-16",
        Level::Decision,
        ["its own QUERY that comes back is a duplicate", "sua própria QUERY, se volta, é duplicata"],
        own,
    )
    .rests_on(&["query-on-hit", "query-each-neighbour-once", "duplicate-other-neighbour", "duplicate-other-ttl"])
    .quotes(sentences::SEEN_BEFORE),
    probe("new-sequence", ["another number makes a new QUERY", "outro número faz uma nova QUERY"], new_sequence)
        .rests_on(OF_NEW),
    probe("new-port", ["another client port makes a new QUERY", "outro porto de cliente faz uma nova QUERY"], new_port)
        .rests_on(OF_NEW),
    probe(
        "new-address",
        ["another client address makes a new QUERY", "outro endereço de cliente faz uma nova QUERY"],
        new_address,
    )
    .rests_on(&["lookup-other-address", "forward-hit"]),
    probe("new-key", ["another key makes a new QUERY", "outra chave faz uma nova QUERY"], new_key).rests_on(OF_NEW),
];

/// Fails unless the client was answered at most once, and this neighbour got the QUERY once, when all is quiet.
fn once_only<const N: usize>(rig: &mut Rig<'_>, scene: &Scene<N>, key: &[u8], at: PeerId) -> Outcome {
    rig.settle()?;
    let answers = rig.matching(scene.client, carries(VALUE));
    let explanation = Words::new(
        "the client was answered again: a servent keeps which QUERYs it has seen, by client address, client port, number and key",
        "o cliente recebeu outra resposta: um servent guarda quais QUERYs já viu, por endereço e porto do cliente, número e chave",
    );
    if answers.len() > 1 {
        rig.as_many(Kind::Response, &answers, 1, response(rig, KEY, VALUE), explanation)?;
    }
    let copies = rig.matching(at, carries(key));
    let explanation = Words::new(
        "the QUERY was forwarded again: a servent keeps which it has seen, by client address, client port, number and key",
        "a QUERY foi repassada de novo: um servent guarda quais já viu, por endereço e porto do cliente, número e chave",
    );
    rig.as_many(Kind::Query, &copies, 1, Shown::words("one QUERY", "uma única QUERY"), explanation)
}

fn answered_once(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    for _ in 0..2 {
        scene.query(rig, scene.neighbours[0], 3, NUMBER, KEY)?;
    }
    let found = rig.await_at(scene.client, carries(VALUE))?;
    rig.came(found, response(rig, KEY, VALUE), NO_ANSWER)?;
    rig.settle()?;
    let answers = rig.matching(scene.client, carries(VALUE));
    let explanation = Words::made(
        format!("the same QUERY, sent twice, brought {} answers", answers.len()),
        format!("a mesma QUERY, enviada duas vezes, trouxe {} respostas", answers.len()),
    );
    rig.as_many(Kind::Response, &answers, 1, response(rig, KEY, VALUE), explanation)
}

fn forwarded_once(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    for _ in 0..2 {
        scene.query(rig, scene.neighbours[0], 3, NUMBER, MISS)?;
    }
    rig.await_at(scene.neighbours[1], carries(MISS))?;
    once_only(rig, &scene, MISS, scene.neighbours[1])
}

fn other_neighbour(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<3> = scene(rig)?;
    let [first, second, third] = scene.neighbours;
    scene.query(rig, first, 3, NUMBER, KEY)?;
    rig.await_at(third, carries(KEY))?;
    scene.query(rig, second, 3, NUMBER, KEY)?;
    once_only(rig, &scene, KEY, third)
}

fn other_ttl(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let [first, second] = scene.neighbours;
    scene.query(rig, first, 2, NUMBER, KEY)?;
    rig.await_at(second, carries(KEY))?;
    scene.query(rig, first, 3, NUMBER, KEY)?;
    once_only(rig, &scene, KEY, second)
}

fn own(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let [first, second] = scene.neighbours;
    scene.ask_for(rig, KEY, VALUE)?;
    let expected = Shown::words("its QUERY", "sua QUERY");
    let explanation = Words::new("the neighbour got no QUERY", "o vizinho não recebeu nenhuma QUERY");
    let made = rig.await_at(first, carries(KEY))?;
    let mut made = rig.came(made, expected, explanation)?.bytes;
    rig.await_at(second, carries(KEY))?;
    // As it comes back from a neighbour that does not leave out whom it has it from.
    if let Some(ttl) = made.get_mut(2..4) {
        ttl.copy_from_slice(&2_u16.to_be_bytes());
    }
    rig.send(first, scene.to, &made)?;
    once_only(rig, &scene, KEY, second)
}

/// Fails unless two QUERYs that differ were both answered and both forwarded.
fn both_new<const N: usize>(rig: &mut Rig<'_>, scene: &Scene<N>, clients: [PeerId; 2], values: [&[u8]; 2]) -> Outcome {
    let wanted = [(clients[0], values[0]), (clients[1], values[1])];
    let due = if wanted[0] == wanted[1] { 2 } else { 1 };
    let last = scene.neighbours[N - 1];
    let mut look = |rig: &Rig<'_>| {
        let is_answered = |&(client, value): &(PeerId, &[u8])| rig.matching(client, carries(value)).len() >= due;
        (wanted.iter().all(is_answered) && rig.matching(last, carries(COMMON)).len() >= 2).then_some(())
    };
    if rig.await_event(&mut look)?.is_some() {
        return Ok(());
    }
    let explanation = Words::new(
        "the second QUERY was taken for the first one, from which it differs",
        "a segunda QUERY foi tomada pela primeira, da qual difere",
    );
    let mut found = rig.matching(last, carries(COMMON));
    found.truncate(SHOWN_MAX);
    Err(rig.failure(
        Shown::words(
            "each of the two is answered to its client, and forwarded to the other neighbour",
            "cada uma das duas é respondida a seu cliente, e repassada ao outro vizinho",
        ),
        Shown::datagrams(Kind::Query, &found),
        explanation,
    ))
}

/// Of many datagrams so many are shown.
const SHOWN_MAX: usize = 4;

/// What all keys of these probes have in common.
const COMMON: &[u8] = b"chave-";

fn new_sequence(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    for number in [NUMBER, NUMBER + 1] {
        scene.query(rig, scene.neighbours[0], 3, number, KEY)?;
    }
    both_new(rig, &scene, [scene.client; 2], [VALUE; 2])
}

fn new_port(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let other = rig.peer(Words::new("other client", "outro cliente"))?;
    for client in [scene.client, other] {
        scene.query_for(rig, scene.neighbours[0], client, 3, NUMBER, KEY)?;
    }
    both_new(rig, &scene, [scene.client, other], [VALUE; 2])
}

fn new_address(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let same_port = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 3), rig.address(scene.client).port());
    let other = rig.peer_at(Words::new("client at 127.0.0.3", "cliente em 127.0.0.3"), same_port)?;
    for client in [scene.client, other] {
        scene.query_for(rig, scene.neighbours[0], client, 3, NUMBER, KEY)?;
    }
    both_new(rig, &scene, [scene.client, other], [VALUE; 2])
}

/// Another key that the servent holds, and its value.
const OTHER: [&[u8]; 2] = [b"chave-segunda", b"segundo-valor"];

fn new_key(rig: &mut Rig<'_>) -> Outcome {
    let file = [KEY, b"\t", VALUE, b"\n", OTHER[0], b"\t", OTHER[1], b"\n"].concat();
    let scene: Scene<2> = with_file(rig, &file)?;
    for key in [KEY, OTHER[0]] {
        scene.query(rig, scene.neighbours[0], 3, NUMBER, key)?;
    }
    both_new(rig, &scene, [scene.client; 2], [VALUE, OTHER[1]])
}
