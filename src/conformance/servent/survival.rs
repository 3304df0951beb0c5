//! What strangers and accidents bring.

use super::scene::{KEY, MISS, NUMBER, Scene, VALUE, scene};
use crate::conformance::bytes::{Kind, message, query};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe};
use crate::conformance::rig::{Rig, Setup};
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

const fn probe(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Survival, id, clause, Level::Robustness, promise, run).rests_on(&["clireq-answered"])
}

const fn decision(id: &'static str, promise: [&'static str; 2], run: fn(&mut Rig<'_>) -> Outcome) -> Probe {
    Probe::new(Chapter::Survival, id, "P-6", Level::Decision, promise, run)
}

pub(super) static PROBES: [Probe; 16] = [
    probe("survives-empty", "P-5", ["an empty datagram", "um datagrama vazio"], |rig| survives(rig, &[b""])),
    probe("survives-one-byte", "P-5", ["a datagram of one byte", "um datagrama de um byte"], |rig| {
        survives(rig, &[b"\0", b"\x01", b"A"])
    }),
    probe("survives-clireq-header", "P-5", ["a CLIREQ without a key", "uma CLIREQ sem chave"], |rig| {
        survives(rig, &[b"\0\x01"])
    }),
    probe("survives-query-header", "P-5", ["a QUERY without a key", "uma QUERY sem chave"], query_header),
    probe("survives-short-query", "P-5", ["a QUERY that is cut off", "uma QUERY cortada"], short_query),
    probe(
        "survives-unknown-type",
        "P-5",
        ["a message of an unknown type", "uma mensagem de tipo desconhecido"],
        |rig| survives(rig, UNKNOWN_TYPES),
    ),
    probe("survives-response", "P-6", ["a RESPONSE", "uma RESPONSE"], |rig| survives(rig, RESPONSES)),
    probe("survives-random", "P-5", ["datagrams of random bytes", "datagramas de bytes aleatórios"], random).rests_on(
        &[
            "survives-one-byte",
            "survives-clireq-header",
            "survives-query-header",
            "survives-short-query",
            "survives-unknown-type",
            "survives-response",
            "survives-binary-key",
        ],
    ),
    probe("survives-binary-key", "P-4", ["keys that are no text", "chaves que não são texto"], binary_key),
    probe("survives-port-zero", "P-23", ["a QUERY that names port 0", "uma QUERY com porto 0"], |rig| {
        names(rig, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))
    }),
    probe(
        "survives-broadcast-client",
        "P-23",
        ["a QUERY that names the broadcast address", "uma QUERY com o endereço de broadcast"],
        |rig| names(rig, SocketAddrV4::new(Ipv4Addr::BROADCAST, 9)),
    ),
    probe(
        "survives-dead-neighbour",
        "P-25",
        ["a neighbour that is not there", "um vizinho que não existe"],
        dead_neighbour,
    ),
    probe("survives-dead-client", "P-25", ["a client that is gone", "um cliente que já terminou"], dead_client),
    probe("survives-long-datagram", "P-7", ["the longest datagrams", "os datagramas mais longos"], long_datagram),
    decision(
        "ignores-unknown-type",
        ["nothing is sent because of an unknown type", "nada é enviado por causa de um tipo desconhecido"],
        |rig| ignores(rig, UNKNOWN_TYPES),
    )
    .rests_on(&["survives-unknown-type"]),
    decision(
        "ignores-response",
        ["nothing is sent because of a RESPONSE", "nada é enviado por causa de uma RESPONSE"],
        |rig| ignores(rig, RESPONSES),
    )
    .rests_on(&["survives-response"]),
];

const UNKNOWN_TYPES: &[&[u8]] =
    &[b"\0\0chave-guardada", b"\0\x04chave-guardada", b"\xff\xffchave-guardada", b"\x01\x02chave-guardada"];

const RESPONSES: &[&[u8]] = &[b"\0\x03chave-guardada\tintruso", b"\0\x03sem-tab", b"\0\x03"];

/// What is sent does not end the servent: it answers and goes on afterwards.
fn survives(rig: &mut Rig<'_>, datagrams: &[&[u8]]) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    for datagram in datagrams {
        // From a stranger and from a neighbour.
        for from in [scene.client, scene.neighbours[0]] {
            rig.send(from, scene.to, datagram)?;
        }
        rig.settle()?;
    }
    goes_on(rig, &scene)
}

/// A question like any other is answered afterwards as it was before.
fn goes_on<const N: usize>(rig: &mut Rig<'_>, scene: &Scene<N>) -> Outcome {
    scene.ask_for(rig, KEY, VALUE)?;
    rig.settle()
}

/// Nothing is sent to anybody because of these datagrams.
fn ignores(rig: &mut Rig<'_>, datagrams: &[&[u8]]) -> Outcome {
    let scene: Scene<2> = scene(rig)?;
    for datagram in datagrams {
        for from in [scene.client, scene.neighbours[0]] {
            rig.send(from, scene.to, datagram)?;
        }
    }
    rig.settle()?;
    let came: Vec<_> =
        [scene.client, scene.neighbours[0], scene.neighbours[1]].iter().flat_map(|&peer| rig.received(peer)).collect();
    let explanation = Words::new(
        "a servent sends something because of a CLIREQ or QUERY, and of nothing else",
        "um servent só envia algo por causa de uma CLIREQ ou QUERY, e de mais nada",
    );
    rig.nothing_came(Kind::Other, &came, explanation)
}

/// Where a client might be.
const SOMEWHERE: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);

fn query_header(rig: &mut Rig<'_>) -> Outcome {
    survives(rig, &[&query(3, SOMEWHERE, NUMBER, b"")])
}

fn short_query(rig: &mut Rig<'_>) -> Outcome {
    let whole = query(3, SOMEWHERE, NUMBER, b"");
    let cut: Vec<_> = [2, 4, 8, 10, 13].iter().map(|&len| &whole[..len]).collect();
    survives(rig, &cut)
}

fn random(rig: &mut Rig<'_>) -> Outcome {
    // The same ones every time.
    let mut random = fastrand::Rng::with_seed(3);
    let mut datagrams = Vec::new();
    for kind in [Kind::Other, Kind::Clireq, Kind::Query, Kind::Response] {
        for _ in 0..8 {
            let bytes: Vec<u8> = (0..random.usize(1..80)).map(|_| random.u8(..)).collect();
            datagrams.push(if kind == Kind::Other { bytes } else { message(kind, &bytes) });
        }
    }
    let datagrams: Vec<_> = datagrams.iter().map(Vec::as_slice).collect();
    survives(rig, &datagrams)
}

fn binary_key(rig: &mut Rig<'_>) -> Outcome {
    let key = b"\xff\xfe\x80\xc3(\x1b[2J\xf0\x9f";
    survives(rig, &[&message(Kind::Clireq, key), &query(3, SOMEWHERE, NUMBER, key)])
}

/// A QUERY for a key that is held names a client that nobody can be.
fn names(rig: &mut Rig<'_>, client: SocketAddrV4) -> Outcome {
    let field = rig.world().framing.field(KEY);
    survives(rig, &[&query(3, client, NUMBER, &field)])
}

fn dead_neighbour(rig: &mut Rig<'_>) -> Outcome {
    let client = rig.client()?;
    let dead = SocketAddrV4::new(Ipv4Addr::LOCALHOST, rig.free_port()?);
    let file = [KEY, b"\t", VALUE, b"\n"].concat();
    let servent = rig.start(&Setup::new(file).neighbours([dead]))?;
    let scene = Scene { client, neighbours: [], to: rig.reach(servent) };
    for _ in 0..3 {
        scene.ask(rig, MISS)?;
        rig.settle()?;
    }
    goes_on(rig, &scene)
}

fn dead_client(rig: &mut Rig<'_>) -> Outcome {
    let gone = SocketAddrV4::new(Ipv4Addr::LOCALHOST, rig.free_port()?);
    names(rig, gone)
}

fn long_datagram(rig: &mut Rig<'_>) -> Outcome {
    let key = vec![b'k'; LONGEST - 14];
    survives(rig, &[&message(Kind::Clireq, &key), &query(3, SOMEWHERE, NUMBER, &key)])
}

/// What a datagram carries at most.
const LONGEST: usize = crate::wire::PAYLOAD_LEN_MAX;
