//! A QUERY passed on.

use super::scene::{KEY, MISS, NO_ANSWER, NUMBER, Scene, VALUE, carries, response, scene};
use crate::conformance::bytes::{Kind, query};
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
    Probe::new(Chapter::Forward, id, clause, Level::Assignment, promise, run)
}

const fn decision(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Forward, id, clause, Level::Decision, promise, run)
}

pub(super) static PROBES: [Probe; 12] = [
    probe(
        "forward-others",
        "P-14",
        ["a new QUERY goes to each other neighbour, once", "uma QUERY nova vai a cada outro vizinho, uma vez"],
        to_others,
    )
    .rests_on(&["query-type"])
    .quotes(sentences::FORWARDS),
    probe("forward-ttl", "P-14", ["its time-to-live is one lower", "seu TTL é um a menos"], ttl)
        .rests_on(&["forward-others"])
        .quotes(sentences::FORWARDS),
    probe(
        "forward-unchanged",
        "P-15",
        ["all other bytes are as they came", "todos os outros bytes ficam como vieram"],
        unchanged,
    )
    .rests_on(&["forward-others"])
    .quotes(sentences::CHANGES_TTL_ONLY),
    probe(
        "forward-not-back",
        "P-14",
        ["it does not go back to where it came from", "não volta para quem a enviou"],
        not_back,
    )
    .rests_on(&["forward-others"])
    .quotes(sentences::FORWARDS),
    probe(
        "forward-hit",
        "P-14",
        ["it goes on also if its key is held here", "segue adiante também quando a chave está aqui"],
        on_hit,
    )
    .rests_on(&["forward-others"])
    .quotes(sentences::FORWARDS),
    probe(
        "forward-port",
        "P-21",
        ["it leaves from the port that the servent listens on", "sai do porto em que o servent escuta"],
        from_port,
    )
    .rests_on(&["forward-others"])
    .quotes(sentences::FORWARDS),
    probe("forward-ttl-two", "P-14", ["time-to-live 2 goes on with 1", "TTL 2 segue com 1"], ttl_two)
        .rests_on(&["forward-ttl"])
        .quotes(sentences::FORWARDS),
    probe("forward-ttl-one", "P-14", ["time-to-live 1 goes no further", "TTL 1 não segue adiante"], ttl_one)
        .rests_on(&["forward-ttl"])
        .quotes(sentences::FORWARDS),
    probe(
        "forward-ttl-one-answered",
        "P-14",
        ["time-to-live 1 is looked up and answered", "TTL 1 é procurada e respondida"],
        ttl_one_answered,
    )
    .rests_on(&["lookup-answered"])
    .quotes(sentences::LOOKS_UP),
    decision("forward-ttl-zero", "P-17", ["time-to-live 0 goes no further", "TTL 0 não segue adiante"], ttl_zero)
        .rests_on(&["forward-ttl-one"]),
    decision(
        "forward-ttl-highest",
        "P-17",
        ["time-to-live 65535 goes on lowered", "TTL 65535 segue diminuído"],
        ttl_highest,
    )
    .rests_on(&["forward-ttl"])
    .quotes(sentences::FORWARDS),
    decision(
        "forward-stranger",
        "P-22",
        ["a stranger's QUERY goes to all neighbours", "a QUERY de um estranho vai a todos os vizinhos"],
        from_stranger,
    )
    .rests_on(&["forward-others"])
    .quotes(sentences::FORWARDS),
];

const NOT_FORWARDED: Words = Words::new(
    "the other neighbour got no QUERY with this key, though the servent works",
    "o outro vizinho não recebeu nenhuma QUERY com esta chave, embora o servent esteja funcionando",
);

/// The first neighbour asks for a key.
fn asked<const N: usize>(rig: &mut Rig<'_>, ttl: u16, key: &[u8]) -> Result<Scene<N>, Stop> {
    let scene: Scene<N> = scene(rig)?;
    scene.query(rig, scene.neighbours[0], ttl, NUMBER, key)?;
    Ok(scene)
}

/// The first of two neighbours asks for a key, and the other one gets that.
fn forwarded(rig: &mut Rig<'_>, ttl: u16, key: &[u8]) -> Result<(Scene<2>, Datagram), Stop> {
    let scene: Scene<2> = asked(rig, ttl, key)?;
    let found = rig.await_at(scene.neighbours[1], carries(key))?;
    let found = rig.came(found, passed_on(rig, &scene, ttl - 1, key), NOT_FORWARDED)?;
    Ok((scene, found))
}

/// The QUERY as it is to go on.
fn passed_on<const N: usize>(rig: &Rig<'_>, scene: &Scene<N>, ttl: u16, key: &[u8]) -> Shown {
    let field = rig.world().framing.field(key);
    Shown::Datagram {
        kind: Kind::Query,
        bytes: query(ttl, rig.address(scene.client), NUMBER, &field),
        way: Words::new("servent to another neighbour", "servent para outro vizinho"),
    }
}

fn to_others(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<3> = asked(rig, 3, MISS)?;
    let expected = passed_on(rig, &scene, 2, MISS);
    for &neighbour in &scene.neighbours[1..] {
        let found = rig.await_at(neighbour, carries(MISS))?;
        rig.came(found, expected.clone(), NOT_FORWARDED)?;
    }
    rig.settle()?;
    for (index, &neighbour) in scene.neighbours.iter().enumerate().skip(1) {
        let queries = rig.matching(neighbour, carries(MISS));
        let (number, count) = (index + 1, queries.len());
        let explanation = Words::made(
            format!("neighbour {number} got {count} QUERYs for one that came"),
            format!("o vizinho {number} recebeu {count} QUERYs de uma só que chegou"),
        );
        rig.as_many(Kind::Query, &queries, 1, expected.clone(), explanation)?;
    }
    Ok(())
}

fn ttl(rig: &mut Rig<'_>) -> Outcome {
    goes_on_with(rig, 3, 2)
}

fn ttl_two(rig: &mut Rig<'_>) -> Outcome {
    goes_on_with(rig, 2, 1)
}

fn goes_on_with(rig: &mut Rig<'_>, ttl: u16, due: u16) -> Outcome {
    let (_, found) = forwarded(rig, ttl, MISS)?;
    let explanation = Words::made(
        format!("a QUERY that came with time-to-live {ttl} goes on with {due}, in network order"),
        format!("uma QUERY que chegou com TTL {ttl} segue com {due}, em ordem de rede"),
    );
    let expected = with_ttl(&found.bytes, due);
    rig.same_bytes(Kind::Query, &expected, &found, explanation)
}

/// A QUERY with another time-to-live.
fn with_ttl(bytes: &[u8], ttl: u16) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes.resize(bytes.len().max(4), 0);
    bytes[2..4].copy_from_slice(&ttl.to_be_bytes());
    bytes
}

/// A key that a program might be tempted to tidy up.
const UNTIDY: &[u8] = b"Chave Alheia ";

/// A client that is nobody's neighbour's address; the key is not held, so it is not answered.
const FAR_CLIENT: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(127, 1, 2, 3), 0x9c41);

fn unchanged(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let [from, other] = scene.neighbours;
    let field = rig.world().framing.field(UNTIDY);
    rig.send(from, scene.to, &query(3, FAR_CLIENT, NUMBER, &field))?;
    // Whatever comes there is the QUERY, changed or not.
    let found = rig.await_event(&mut |rig| rig.received(other).into_iter().next())?;
    let mut expected = query(2, FAR_CLIENT, NUMBER, &field);
    let way = Words::new("servent to another neighbour", "servent para outro vizinho");
    let shown = Shown::Datagram { kind: Kind::Query, bytes: expected.clone(), way };
    let found = rig.came(found, shown, NOT_FORWARDED)?;
    // The time-to-live is another probe's.
    if let Some(ttl) = found.bytes.get(2..4) {
        expected[2..4].copy_from_slice(ttl);
    }
    let explanation = Words::new(
        "a servent that passes a QUERY on changes its time-to-live and nothing else",
        "um servent que repassa uma QUERY muda o TTL e mais nada",
    );
    rig.same_bytes(Kind::Query, &expected, &found, explanation)
}

fn not_back(rig: &mut Rig<'_>) -> Outcome {
    let (scene, _) = forwarded(rig, 3, MISS)?;
    rig.settle()?;
    let came = rig.matching(scene.neighbours[0], carries(MISS));
    let explanation = Words::new(
        "the QUERY went back to the neighbour that it came from",
        "a QUERY voltou para o vizinho de onde veio",
    );
    rig.nothing_came(Kind::Query, &came, explanation)
}

fn on_hit(rig: &mut Rig<'_>) -> Outcome {
    forwarded(rig, 3, KEY).map(drop)
}

fn from_port(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = forwarded(rig, 3, MISS)?;
    scene.left_from_its_port(rig, &found)
}

fn ttl_one(rig: &mut Rig<'_>) -> Outcome {
    goes_no_further(
        rig,
        1,
        Words::new(
            "1 less 1 is 0, which is not greater than zero: the QUERY ends here",
            "1 menos 1 é 0, que não é maior que zero: a QUERY termina aqui",
        ),
    )
}

fn ttl_zero(rig: &mut Rig<'_>) -> Outcome {
    goes_no_further(
        rig,
        0,
        Words::new(
            "a time-to-live of 0 is never sent by a servent that is right; ours drops such a QUERY",
            "um servent correto nunca envia TTL 0; o nosso descarta essa QUERY",
        ),
    )
}

fn goes_no_further(rig: &mut Rig<'_>, ttl: u16, explanation: Words) -> Outcome {
    let scene: Scene<2> = asked(rig, ttl, MISS)?;
    rig.settle()?;
    let came = rig.matching(scene.neighbours[1], carries(MISS));
    rig.nothing_came(Kind::Query, &came, explanation)
}

fn ttl_one_answered(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = asked(rig, 1, KEY)?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    rig.came(found, response(rig, KEY, VALUE), NO_ANSWER).map(drop)
}

fn ttl_highest(rig: &mut Rig<'_>) -> Outcome {
    let (_, found) = forwarded(rig, u16::MAX, MISS)?;
    let ttl = found.bytes.get(2..4).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
    // Lowered by one, or to the reach that the protocol promises.
    if ttl.is_some_and(|ttl| ttl == u16::MAX - 1 || (1..3).contains(&ttl)) {
        return Ok(());
    }
    let explanation = Words::new(
        "65535 goes on as 65534, or as 2 at most, which keeps the reach that the protocol promises",
        "65535 segue como 65534, ou no máximo 2, o que preserva o alcance que o protocolo promete",
    );
    let expected = with_ttl(&found.bytes, u16::MAX - 1);
    rig.same_bytes(Kind::Query, &expected, &found, explanation)
}

fn from_stranger(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    let stranger = rig.peer(Words::new("stranger", "estranho"))?;
    scene.query(rig, stranger, 3, NUMBER, MISS)?;
    let expected = passed_on(rig, &scene, 2, MISS);
    for neighbour in scene.neighbours {
        let found = rig.await_at(neighbour, carries(MISS))?;
        rig.came(found, expected.clone(), NOT_FORWARDED)?;
    }
    Ok(())
}
