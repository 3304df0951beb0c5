//! The fields of the QUERY that is made of a CLIREQ.

use super::query::{NO_QUERY, await_query, decision, expected_query, probe, query_of_miss};
use super::scene::{MISS, NUMBER, Scene, carries, numbered, scene};
use crate::conformance::bytes::{Kind, find, message, without_nuls};
use crate::conformance::probe::{Edition, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{ANSWER_WAIT_MAX, Datagram, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::ops::Range;

pub(super) static PROBES: [Probe; 11] = [
    probe(
        "query-key-place",
        "P-1",
        ["the key begins at byte 14 of the QUERY", "a chave começa no byte 14 da QUERY"],
        key_place,
    )
    .rests_on(&["query-on-miss"])
    .quotes(sentences::QUERY),
    probe("query-type", "P-1", ["the QUERY begins with type 2", "a QUERY começa com o tipo 2"], has_type)
        .rests_on(&["query-key-place"])
        .quotes(sentences::QUERY),
    probe("query-ttl", "P-11", ["its time-to-live is 3", "seu TTL é 3"], ttl)
        .rests_on(&["query-type"])
        .quotes(sentences::MAKES_QUERY),
    probe(
        "query-client-address",
        "P-11",
        ["it names the client's address", "traz o endereço do cliente"],
        client_address,
    )
    .rests_on(&["query-key-place"])
    .quotes(sentences::MAKES_QUERY),
    probe("query-client-port", "P-11", ["it names the client's port", "traz o porto do cliente"], client_port)
        .rests_on(&["query-type"])
        .quotes(sentences::MAKES_QUERY),
    probe(
        "query-key-end",
        "P-1",
        ["nothing but NULs stands behind the key", "depois da chave só pode haver NULs"],
        key_end,
    )
    .rests_on(&["query-key-place"])
    .quotes(sentences::QUERY),
    decision(
        "query-long-key",
        "P-7",
        ["a long key goes into the QUERY whole", "uma chave longa vai inteira na QUERY"],
        long_key,
    )
    .rests_on(&["query-key-place"])
    .quotes(sentences::QUERY),
    decision(
        "query-no-nul",
        "P-3",
        ["no NUL is added to a raw key", "não acrescenta NUL a uma chave sem NUL"],
        no_nul_added,
    )
    .rests_on(&["query-key-place"])
    .quotes(sentences::QUERY)
    .only_in(Edition::Of2016),
    probe(
        "query-sequence",
        "P-12",
        ["the next question's number is one higher", "o número da pergunta seguinte é um a mais"],
        sequence,
    )
    .rests_on(&["query-type"])
    .quotes(sentences::MAKES_QUERY),
    decision(
        "query-sequence-alone",
        "P-12",
        ["a QUERY in between raises no number", "uma QUERY no meio não aumenta o número"],
        sequence_alone,
    )
    .rests_on(&["query-sequence"])
    .quotes(sentences::MAKES_QUERY),
    probe(
        "query-retransmission",
        "P-12",
        ["the same question again gets a new number", "a mesma pergunta de novo recebe outro número"],
        retransmission,
    )
    .rests_on(&["query-each-neighbour-once", "query-sequence"])
    .quotes(sentences::NEW_NUMBER),
];

fn key_place(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = query_of_miss(rig)?;
    let at = find(&found.bytes, MISS).unwrap_or_default();
    if at == KEY_AT {
        return Ok(());
    }
    let expected = expected_query(rig, &scene, MISS);
    let explanation = Words::made(
        format!("the key begins at byte {at}: the fields before it take 14 bytes, 2 + 2 + 4 + 2 + 4"),
        format!("a chave começa no byte {at}: os campos antes dela ocupam 14 bytes, 2 + 2 + 4 + 2 + 4"),
    );
    Err(rig.failure(expected, Shown::datagram(Kind::Query, &found), explanation))
}

/// Where the key of a QUERY begins.
const KEY_AT: usize = crate::wire::QUERY_HEADER_LEN;

/// Fails unless the bytes of a field are as expected.
fn same_field(rig: &Rig<'_>, found: &Datagram, field: Range<usize>, value: &[u8], explanation: Words) -> Outcome {
    let mut expected = found.bytes.clone();
    expected.resize(expected.len().max(field.end), 0);
    expected[field].copy_from_slice(value);
    rig.same_bytes(Kind::Query, &expected, found, explanation)
}

fn has_type(rig: &mut Rig<'_>) -> Outcome {
    let (_, found) = query_of_miss(rig)?;
    let explanation = Words::new(
        "a QUERY begins with its type, 2, in 2 bytes and network order",
        "uma QUERY começa com seu tipo, 2, em 2 bytes e ordem de rede",
    );
    same_field(rig, &found, 0..2, &2_u16.to_be_bytes(), explanation)
}

fn ttl(rig: &mut Rig<'_>) -> Outcome {
    let (_, found) = query_of_miss(rig)?;
    let explanation = Words::new(
        "the QUERY that a servent makes has the time-to-live 3, in 2 bytes and network order",
        "a QUERY que um servent cria tem TTL 3, em 2 bytes e ordem de rede",
    );
    same_field(rig, &found, 2..4, &3_u16.to_be_bytes(), explanation)
}

fn client_address(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = query_of_miss(rig)?;
    let address = rig.address(scene.client).ip().octets();
    let explanation = Words::new(
        "bytes 4 to 7 are the address of the client that asked, in network order",
        "os bytes 4 a 7 são o endereço do cliente que perguntou, em ordem de rede",
    );
    same_field(rig, &found, 4..8, &address, explanation)
}

fn client_port(rig: &mut Rig<'_>) -> Outcome {
    let (scene, found) = query_of_miss(rig)?;
    let port = rig.address(scene.client).port().to_be_bytes();
    let explanation = Words::new(
        "bytes 8 and 9 are the port of the client that asked, in network order",
        "os bytes 8 e 9 são o porto do cliente que perguntou, em ordem de rede",
    );
    same_field(rig, &found, 8..10, &port, explanation)
}

fn key_end(rig: &mut Rig<'_>) -> Outcome {
    let (_, found) = query_of_miss(rig)?;
    let end = KEY_AT + MISS.len();
    // A program that pads may leave anything behind the first NUL; it is the raw text that nothing may stand behind.
    if found.bytes.get(end).is_none_or(|&byte| byte == 0) {
        return Ok(());
    }
    let explanation = Words::new(
        "the key is the rest of the QUERY, and something stands behind it",
        "a chave é o resto da QUERY, e há algo depois dela",
    );
    rig.same_bytes(Kind::Query, &found.bytes[..end], &found, explanation)
}

/// The field of a long key may end wherever the program's framing lets it.
fn long_key(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    let key = numbered(rig.world().edition.long_key_len());
    scene.ask(rig, &key)?;
    let found = await_query(rig, &scene, scene.neighbours[0], &key[..KEY_SHOWN])?;
    if carries(&key)(&found) {
        return Ok(());
    }
    let explanation = Words::made(
        format!("a key of {} bytes was cut on its way into the QUERY", key.len()),
        format!("uma chave de {} bytes foi cortada a caminho da QUERY", key.len()),
    );
    Err(rig.failure(expected_query(rig, &scene, &key), Shown::datagram(Kind::Query, &found), explanation))
}

/// So much of a long key tells it from others.
const KEY_SHOWN: usize = 10;

fn no_nul_added(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    rig.send(scene.client, scene.to, &message(Kind::Clireq, MISS))?;
    let found = await_query(rig, &scene, scene.neighbours[0], MISS)?;
    let explanation = Words::new(
        "the client's key had no NUL behind it, and the QUERY's has",
        "a chave do cliente não tinha NUL no fim, e a da QUERY tem",
    );
    rig.same_bytes(Kind::Query, without_nuls(&found.bytes), &found, explanation)
}

/// The sequence number of a QUERY whose key is in its place.
fn number(query: &Datagram) -> u32 {
    query.bytes.get(10..14).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// Two questions after each other.
const OTHER_MISS: &[u8] = b"ausente";

fn sequence(rig: &mut Rig<'_>) -> Outcome {
    counts(rig, false)
}

fn sequence_alone(rig: &mut Rig<'_>) -> Outcome {
    counts(rig, true)
}

/// The numbers of two questions follow each other, also if a neighbour's QUERY came between them.
fn counts(rig: &mut Rig<'_>, is_query_between: bool) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    let first = next_query(rig, &scene, MISS)?;
    if is_query_between {
        scene.query(rig, scene.neighbours[0], 1, NUMBER, b"alheia")?;
    }
    let second = next_query(rig, &scene, OTHER_MISS)?;
    let (before, due) = (number(&first), number(&first).wrapping_add(1));
    let explanation = Words::made(
        format!("bytes 10 to 13 count the CLIREQs: {before} at the first, so {due} at the next"),
        format!("os bytes 10 a 13 contam as CLIREQs: {before} na primeira, portanto {due} na seguinte"),
    );
    same_field(rig, &second, 10..14, &due.to_be_bytes(), explanation)
}

/// Asks, and awaits the QUERY without a control question, which would be a CLIREQ as well.
fn next_query(rig: &mut Rig<'_>, scene: &Scene<1>, key: &[u8]) -> Result<Datagram, Stop> {
    scene.ask(rig, key)?;
    let found = rig.await_within(scene.neighbours[0], carries(key), ANSWER_WAIT_MAX)?;
    rig.came(found, expected_query(rig, scene, key), NO_QUERY)
}

fn retransmission(rig: &mut Rig<'_>) -> Outcome {
    let (scene, first) = query_of_miss(rig)?;
    scene.ask(rig, MISS)?;
    let [neighbour] = scene.neighbours;
    let second = rig.await_at(neighbour, |datagram| carries(MISS)(datagram) && datagram.at > first.at)?;
    let expected = Shown::words("a second QUERY, with another number", "uma segunda QUERY, com outro número");
    let second = rig.came(second, expected.clone(), NO_QUERY)?;
    if number(&second) != number(&first) {
        return Ok(());
    }
    Err(rig.failure(
        expected,
        Shown::datagram(Kind::Query, &second),
        Words::new(
            "a CLIREQ that comes again is a new question, whose QUERY has a new number; this one has the old one",
            "uma CLIREQ que chega de novo é uma nova pergunta, cuja QUERY tem um novo número; esta repete o antigo",
        ),
    ))
}
