//! What must not end a client: datagrams of strangers, while it waits for an answer.

use super::{ClientRig, KEY, VALUE};
use crate::conformance::bytes::{Kind, message, query};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe};
use crate::conformance::rig::Rig;
use crate::conformance::words::Words;
use std::net::{Ipv4Addr, SocketAddrV4};

const fn probe(
    id: &'static str,
    clause: &'static str,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Hostile, id, clause, Level::Robustness, promise, run).rests_on(&["show-value"])
}

pub(super) static PROBES: [Probe; 9] = [
    probe("hostile-empty", "P-5", ["survives an empty datagram", "sobrevive a um datagrama vazio"], |rig| {
        survives(rig, |_| vec![vec![]])
    }),
    probe(
        "hostile-one-byte",
        "P-5",
        ["survives a datagram of one byte", "sobrevive a um datagrama de um byte"],
        |rig| survives(rig, |_| vec![vec![0], vec![3]]),
    ),
    probe("hostile-no-tab", "P-5", ["survives a RESPONSE without a tab", "sobrevive a uma RESPONSE sem tab"], |rig| {
        survives(rig, |client| vec![message(Kind::Response, client.key_as_written())])
    }),
    probe(
        "hostile-type-only",
        "P-5",
        ["survives a RESPONSE without text", "sobrevive a uma RESPONSE sem texto"],
        |rig| survives(rig, |_| vec![message(Kind::Response, b"")]),
    )
    .rests_on(&["show-value", "hostile-no-tab"]),
    probe(
        "hostile-other-type",
        "P-42",
        ["survives messages of other types", "sobrevive a mensagens de outros tipos"],
        |rig| survives(rig, other_types),
    ),
    probe(
        "hostile-other-key",
        "P-42",
        ["survives an answer for another key", "sobrevive a uma resposta de outra chave"],
        |rig| {
            survives(rig, |_| {
                vec![message(Kind::Response, b"Outra-Chave\toutro-valor"), message(Kind::Response, b"\t")]
            })
        },
    ),
    probe(
        "hostile-latin1",
        "P-44",
        ["survives a value that is not UTF-8", "sobrevive a um valor que não é UTF-8"],
        |rig| survives(rig, |client| vec![message(Kind::Response, &client.answer_text(b"informa\xe7\xe3o"))]),
    )
    .rests_on(&["show-several"]),
    probe("hostile-binary", "P-5", ["survives random bytes", "sobrevive a bytes aleatórios"], |rig| {
        survives(rig, |_| binary())
    })
    .rests_on(&["show-value", "hostile-no-tab", "hostile-other-type"]),
    probe("hostile-long", "P-7", ["survives a very long datagram", "sobrevive a um datagrama muito longo"], |rig| {
        survives(rig, |client| vec![message(Kind::Response, &client.answer_text(&[b'x'; 60_000]))])
    })
    .rests_on(&["show-several"]),
];

/// Sends these while the client waits, and then a true answer, which is to be shown.
fn survives(rig: &mut Rig<'_>, hostile: impl Fn(&ClientRig<'_, '_>) -> Vec<Vec<u8>>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    for bytes in hostile(&client) {
        client.send(client.servent, &bytes)?;
    }
    client.answer(client.servent, VALUE)?;
    let explanation = Words::new(
        "after what strangers may send, a true answer is not shown any more",
        "depois do que estranhos podem enviar, uma resposta verdadeira não é mais exibida",
    );
    client.shows(VALUE, explanation)
}

/// A question, a question on its way, and types that do not exist.
fn other_types(client: &ClientRig<'_, '_>) -> Vec<Vec<u8>> {
    let typed = |number| of_type(client, number, b"falso");
    let somebody = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9);
    let on_its_way = query(3, somebody, 1, client.key_as_written());
    vec![message(Kind::Clireq, client.key_as_written()), on_its_way, typed(0), typed(4), typed(768), typed(u16::MAX)]
}

/// What would be an answer, if its type were not another one.
pub(super) fn of_type(client: &ClientRig<'_, '_>, number: u16, value: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &client.answer_text(value)].concat()
}

/// Bytes that are no text, as an answer and as anything. None of them can end or change what a terminal shows.
fn binary() -> Vec<Vec<u8>> {
    // Of a generator that is known to all (Numerical Recipes'), so that each run sends the same.
    let numbers =
        std::iter::successors(Some(1_u32), |last| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)));
    let bytes: Vec<u8> = numbers.map(|number| number.to_be_bytes()[0] | 0x80).skip(1).take(300).collect();
    vec![message(Kind::Response, &bytes[..200]), bytes, vec![0; 40], vec![0xff; 2000]]
}
