//! A QUERY's answer.

use super::scene::{
    KEY, MISS, NO_ANSWER, NUMBER, Scene, VALUE, carries, response, same_end, same_text, same_type, scene,
};
use crate::conformance::bytes::Kind;
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{Datagram, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

const fn probe(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Lookup, id, clause, Level::Assignment, promise, run)
}

pub(super) static PROBES: [Probe; 8] = [
    probe(
        "lookup-answered",
        "P-14",
        [
            "a QUERY for a key that it holds is answered to the client",
            "responde ao cliente a uma QUERY de chave que tem",
        ],
        answered,
    )
    .rests_on(&["query-type"])
    .quotes(sentences::RESPONSE_DIRECTLY),
    probe(
        "lookup-other-address",
        "P-14",
        ["the answer goes to the address that the QUERY names", "a resposta vai ao endereço que a QUERY traz"],
        other_address,
    )
    .rests_on(&["lookup-answered"])
    .quotes(sentences::RESPONSE_DIRECTLY),
    probe(
        "lookup-not-relayed",
        "P-14",
        ["no answer goes to the neighbour", "nenhuma resposta vai para o vizinho"],
        not_relayed,
    )
    .rests_on(&["lookup-answered"])
    .quotes(sentences::RESPONSE_DIRECTLY),
    probe(
        "lookup-response",
        "P-14",
        ["the answer is a RESPONSE as for a CLIREQ", "a resposta é uma RESPONSE como a de uma CLIREQ"],
        is_response,
    )
    .rests_on(&["lookup-answered", "response-type", "response-text", "response-end"])
    .quotes(sentences::RESPONSE),
    probe(
        "lookup-port",
        "P-21",
        ["the answer leaves from the port that it listens on", "a resposta sai do porto em que ele escuta"],
        from_port,
    )
    .rests_on(&["lookup-answered", "response-port"])
    .quotes(sentences::SHOWS),
    probe("lookup-once", "P-14", ["one QUERY brings one answer", "uma QUERY traz uma única resposta"], once)
        .rests_on(&["lookup-answered"])
        .quotes(sentences::LOOKS_UP),
    probe(
        "lookup-miss-silent",
        "P-14",
        ["a QUERY for a key that it does not hold is not answered", "não responde a uma QUERY de chave que não tem"],
        silent_on_miss,
    )
    .rests_on(&["lookup-answered", "response-miss-silent"])
    .quotes(sentences::LOOKS_UP),
    Probe::new(
        Chapter::Lookup,
        "lookup-stranger",
        "P-22",
        Level::Decision,
        ["a QUERY from an address that is no neighbour is answered", "responde a uma QUERY de quem não é vizinho"],
        stranger,
    )
    .rests_on(&["lookup-answered"])
    .quotes(sentences::LOOKS_UP),
];

/// A neighbour asks for a key on behalf of the client.
fn asked_by_neighbour(rig: &mut Rig<'_>, key: &[u8]) -> Result<Scene<1>, Stop> {
    let scene: Scene<1> = scene(rig)?;
    scene.query(rig, scene.neighbours[0], 3, NUMBER, key)?;
    Ok(scene)
}

/// A neighbour asks for [`KEY`] on behalf of the client, which gets the answer.
fn answer(rig: &mut Rig<'_>) -> Result<(Scene<1>, Datagram), Stop> {
    let scene = asked_by_neighbour(rig, KEY)?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    let found = rig.came(found, response(rig, KEY, VALUE), NO_ANSWER)?;
    Ok((scene, found))
}

fn answered(rig: &mut Rig<'_>) -> Outcome {
    let scene = asked_by_neighbour(rig, KEY)?;
    if rig.await_at(scene.client, carries(VALUE))?.is_some() {
        return Ok(());
    }
    let astray = rig.matching(scene.neighbours[0], carries(VALUE));
    let explanation = if astray.is_empty() {
        NO_ANSWER
    } else {
        Words::new(
            "the answer went to the neighbour that sent the QUERY; it goes to the client that the QUERY names",
            "a resposta foi para o vizinho que enviou a QUERY; ela vai para o cliente que a QUERY traz",
        )
    };
    Err(rig.failure(response(rig, KEY, VALUE), Shown::datagrams(Kind::Response, &astray), explanation))
}

fn other_address(rig: &mut Rig<'_>) -> Outcome {
    let mut scene: Scene<1> = scene(rig)?;
    let elsewhere = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, 3), 0);
    scene.client = rig.peer_at(Words::new("client at 127.0.0.3", "cliente em 127.0.0.3"), elsewhere)?;
    scene.query(rig, scene.neighbours[0], 3, NUMBER, KEY)?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    rig.came(found, response(rig, KEY, VALUE), NO_ANSWER).map(drop)
}

fn not_relayed(rig: &mut Rig<'_>) -> Outcome {
    let (scene, _) = answer(rig)?;
    rig.settle()?;
    let came = rig.matching(scene.neighbours[0], carries(VALUE));
    let explanation = Words::new(
        "the neighbour that sent the QUERY got an answer as well",
        "o vizinho que enviou a QUERY também recebeu uma resposta",
    );
    rig.nothing_came(Kind::Response, &came, explanation)
}

fn is_response(rig: &mut Rig<'_>) -> Outcome {
    let (_, found) = answer(rig)?;
    same_type(rig, &found)?;
    same_text(rig, &found, KEY, VALUE)?;
    same_end(rig, &found, VALUE)
}

fn from_port(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = answer(rig)?;
    scene.left_from_its_port(rig, &found)
}

fn once(rig: &mut Rig<'_>) -> Outcome {
    let (scene, _) = answer(rig)?;
    rig.settle()?;
    let answers = rig.matching(scene.client, carries(VALUE));
    let explanation = Words::made(
        format!("one QUERY brought {} answers", answers.len()),
        format!("uma QUERY trouxe {} respostas", answers.len()),
    );
    rig.as_many(Kind::Response, &answers, 1, response(rig, KEY, VALUE), explanation)
}

fn silent_on_miss(rig: &mut Rig<'_>) -> Outcome {
    let scene = asked_by_neighbour(rig, MISS)?;
    rig.settle()?;
    let came = rig.received(scene.client);
    let explanation = Words::new(
        "a servent that does not hold the key sends the client nothing",
        "um servent que não tem a chave não envia nada ao cliente",
    );
    rig.nothing_came(Kind::Response, &came, explanation)
}

fn stranger(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    let stranger = rig.peer(Words::new("stranger", "estranho"))?;
    scene.query(rig, stranger, 3, NUMBER, KEY)?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    rig.came(found, response(rig, KEY, VALUE), NO_ANSWER).map(drop)
}
