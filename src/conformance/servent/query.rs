//! The QUERY that is made of a CLIREQ.

use super::scene::{KEY, MISS, Scene, carries, scene};
use crate::conformance::bytes::{Kind, query};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{Datagram, PeerId, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;

pub(super) const fn probe(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Query, id, clause, Level::Assignment, promise, run)
}

pub(super) const fn decision(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Query, id, clause, Level::Decision, promise, run)
}

pub(super) static PROBES: [Probe; 5] = [
    probe(
        "query-on-miss",
        "P-11",
        ["asks its neighbour for a key that it does not hold", "consulta o vizinho sobre uma chave que não tem"],
        on_miss,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::TO_ALL_NEIGHBOURS),
    probe(
        "query-on-hit",
        "P-11",
        ["asks its neighbour also for a key that it holds", "consulta o vizinho também sobre uma chave que tem"],
        on_hit,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::ANSWERS_CLIENT),
    probe(
        "query-each-neighbour-once",
        "P-11",
        ["each of three neighbours gets one QUERY", "cada um de três vizinhos recebe uma QUERY"],
        each_neighbour_once,
    )
    .rests_on(&["query-on-miss"])
    .quotes(sentences::TO_ALL_NEIGHBOURS),
    probe(
        "query-ten-neighbours",
        "P-10",
        ["each of ten neighbours gets one QUERY", "cada um de dez vizinhos recebe uma QUERY"],
        ten_neighbours,
    )
    .rests_on(&["query-each-neighbour-once", "start-ten-neighbours"])
    .quotes(sentences::COMMAND_LINE),
    probe(
        "query-port",
        "P-21",
        ["the QUERY leaves from the port that it listens on", "a QUERY sai do porto em que ele escuta"],
        from_port,
    )
    .rests_on(&["query-on-miss"])
    .quotes(sentences::FORWARDS),
];

pub(super) const NO_QUERY: Words = Words::new(
    "the neighbour got no QUERY with this key, though the servent works",
    "o vizinho não recebeu nenhuma QUERY com esta chave, embora o servent esteja funcionando",
);

/// Awaits a QUERY that carries `key` at a neighbour.
pub(super) fn await_query<const N: usize>(
    rig: &mut Rig<'_>,
    scene: &Scene<N>,
    at: PeerId,
    key: &[u8],
) -> Result<Datagram, Stop> {
    let found = rig.await_at(at, carries(key))?;
    rig.came(found, expected_query(rig, scene, key), NO_QUERY)
}

/// The QUERY that a question of the scene's client becomes, as it is shown.
pub(super) fn expected_query<const N: usize>(rig: &Rig<'_>, scene: &Scene<N>, key: &[u8]) -> Shown {
    let field = rig.world().framing.field(key);
    Shown::Datagram {
        kind: Kind::Query,
        bytes: query(3, rig.address(scene.client), 0, &field),
        way: Words::new(
            "servent to neighbour, with any sequence number",
            "servent para vizinho, com qualquer número de sequência",
        ),
    }
}

/// The QUERY that a question for [`MISS`] becomes.
pub(super) fn query_of_miss(rig: &mut Rig<'_>) -> Result<(Scene<1>, Datagram), Stop> {
    let scene: Scene<1> = scene(rig)?;
    scene.ask(rig, MISS)?;
    let found = await_query(rig, &scene, scene.neighbours[0], MISS)?;
    Ok((scene, found))
}

fn on_miss(rig: &mut Rig<'_>) -> Outcome {
    query_of_miss(rig).map(drop)
}

fn on_hit(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    scene.ask(rig, KEY)?;
    await_query(rig, &scene, scene.neighbours[0], KEY).map(drop)
}

fn each_neighbour_once(rig: &mut Rig<'_>) -> Outcome {
    to_each_once::<3>(rig)
}

fn ten_neighbours(rig: &mut Rig<'_>) -> Outcome {
    to_each_once::<10>(rig)
}

fn to_each_once<const N: usize>(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<N> = scene(rig)?;
    scene.ask(rig, MISS)?;
    for neighbour in scene.neighbours {
        await_query(rig, &scene, neighbour, MISS)?;
    }
    rig.settle()?;
    for (index, &neighbour) in scene.neighbours.iter().enumerate() {
        let queries = rig.matching(neighbour, carries(MISS));
        let (number, count) = (index + 1, queries.len());
        let explanation = Words::made(
            format!("neighbour {number} got {count} QUERYs for one CLIREQ"),
            format!("o vizinho {number} recebeu {count} QUERYs de uma só CLIREQ"),
        );
        let expected = Shown::words("one QUERY to each neighbour", "uma QUERY para cada vizinho");
        rig.as_many(Kind::Query, &queries, 1, expected, explanation)?;
    }
    Ok(())
}

fn from_port(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = query_of_miss(rig)?;
    scene.left_from_its_port(rig, &found)
}
