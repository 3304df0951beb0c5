//! A client's question.

use super::{ClientRig, KEY};
use crate::conformance::bytes::{Kind, find, message, without_nuls};
use crate::conformance::probe::{Chapter, Edition, Level, Outcome, Probe, Shown};
use crate::conformance::rig::Rig;
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::time::Duration;

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Asking, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 11] = [
    probe(
        "ask-key",
        "P-1",
        Level::Assignment,
        ["the key stands at byte 2, as it was typed", "a chave está no byte 2, como foi digitada"],
        key_place,
    )
    .quotes(sentences::CLIREQ),
    probe(
        "ask-type",
        "P-1",
        Level::Assignment,
        ["the question begins with type 1, 2 bytes", "a consulta começa com o tipo 1, em 2 bytes"],
        has_type,
    )
    .rests_on(&["ask-key"])
    .quotes(sentences::CLIREQ),
    probe(
        "ask-key-end",
        "P-1",
        Level::Assignment,
        ["nothing but NULs stands behind the key", "depois da chave só pode haver NULs"],
        key_end,
    )
    .rests_on(&["ask-key"])
    .quotes(sentences::CLIREQ),
    probe("ask-no-nul", "P-3", Level::Decision, ["no NUL is added to the key", "não acrescenta NUL à chave"], no_nul)
        .rests_on(&["ask-key-end"])
        .quotes(sentences::CLIREQ)
        .only_in(Edition::Of2016),
    probe("ask-nul", "P-2", Level::Decision, ["one NUL stands behind the key", "há um NUL depois da chave"], one_nul)
        .rests_on(&["ask-key-end"])
        .only_in(Edition::Of2017),
    probe(
        "ask-once",
        "P-40",
        Level::Assignment,
        ["a key that is typed is asked for once", "uma chave digitada é consultada uma vez"],
        once,
    )
    .quotes(sentences::CLIREQ),
    probe(
        "ask-contact",
        "P-40",
        Level::Assignment,
        ["the question goes to the address that it was given", "a consulta vai para o endereço que lhe foi dado"],
        contact,
    )
    .quotes(sentences::CLIENT_STARTED),
    probe(
        "ask-spaces",
        "P-45",
        Level::Decision,
        ["a key with spaces inside is asked for as typed", "uma chave com espaços é consultada como foi digitada"],
        |rig| as_typed(rig, b"duas palavras  e mais"),
    )
    .rests_on(&["ask-key"])
    .quotes(sentences::CLIREQ),
    probe(
        "ask-utf8",
        "P-4",
        Level::Decision,
        ["a key in UTF-8 is asked for as typed", "uma chave em UTF-8 é consultada como foi digitada"],
        |rig| as_typed(rig, "ação-à-maçã".as_bytes()),
    )
    .rests_on(&["ask-key"])
    .quotes(sentences::CLIREQ),
    probe(
        "ask-long-key",
        "P-7",
        Level::Decision,
        ["a long key is asked for whole", "uma chave longa é consultada inteira"],
        long_key,
    )
    .rests_on(&["ask-key"])
    .quotes(sentences::CLIREQ),
    probe(
        "ask-empty-line",
        "P-45",
        Level::Decision,
        ["an empty line asks for nothing", "uma linha vazia não consulta nada"],
        empty_line,
    )
    .rests_on(&["ask-key-end"])
    .quotes(sentences::USER_TYPES),
];

/// What is sent because of one line is there by then.
const AT_ONCE: Duration = Duration::from_millis(500);

fn key_place(rig: &mut Rig<'_>) -> Outcome {
    // The other probes' key has small letters alone.
    as_typed(rig, b"Chave-DIGITADA")
}

/// A key, and where it stands.
fn as_typed(rig: &mut Rig<'_>, key: &[u8]) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = client.ask(key)?;
    if question.bytes.get(2..).unwrap_or_default().starts_with(key) {
        return Ok(());
    }
    let explanation = match find(&question.bytes, key) {
        Some(at) => Words::made(
            format!("the key stands at byte {at}, and not behind a type of 2 bytes"),
            format!("a chave está no byte {at}, e não depois de um tipo de 2 bytes"),
        ),
        None => Words::new(
            "the question does not hold the key as it was typed, byte for byte",
            "a consulta não contém a chave como foi digitada, byte por byte",
        ),
    };
    Err(client.fails(client.clireq(key), Shown::datagram(Kind::Clireq, &question), explanation))
}

fn has_type(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = client.ask(KEY)?;
    if question.bytes.starts_with(&Kind::Clireq.type_field().to_be_bytes()) {
        return Ok(());
    }
    let expected = [&message(Kind::Clireq, b"")[..], &question.bytes[2.min(question.bytes.len())..]].concat();
    let explanation = Words::new(
        "a CLIREQ begins with type 1, in 2 bytes and network order",
        "uma CLIREQ começa com o tipo 1, em 2 bytes e na ordem da rede",
    );
    client.rig.same_bytes(Kind::Clireq, &expected, &question, explanation)
}

fn key_end(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = client.ask(KEY)?;
    let text = without_nuls(question.bytes.get(2..).unwrap_or_default());
    if text == KEY {
        return Ok(());
    }
    let expected = [question.bytes.get(..2).unwrap_or_default(), KEY].concat();
    let explanation = Words::new(
        "something stands behind the key: a servent would look for another key",
        "há algo depois da chave: um servent procuraria outra chave",
    );
    client.rig.same_bytes(Kind::Clireq, &expected, &question, explanation)
}

fn no_nul(rig: &mut Rig<'_>) -> Outcome {
    ends_with(
        rig,
        b"",
        Words::new(
            "NULs stand behind the key: the assignment has only the type and the key's text",
            "há NULs depois da chave: o enunciado prevê apenas o tipo e o texto da chave",
        ),
    )
}

fn one_nul(rig: &mut Rig<'_>) -> Outcome {
    ends_with(
        rig,
        b"\0",
        Words::new("the edition of 2017 ends the key with one NUL", "a edição de 2017 termina a chave com um NUL"),
    )
}

/// What stands behind the key.
fn ends_with(rig: &mut Rig<'_>, end: &[u8], explanation: Words) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = client.ask(KEY)?;
    let expected = [question.bytes.get(..2).unwrap_or_default(), KEY, end].concat();
    client.rig.same_bytes(Kind::Clireq, &expected, &question, explanation)
}

fn once(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let first = client.ask(KEY)?;
    client.wait_until(first.at + 2 * AT_ONCE)?;
    let at_once: Vec<_> = client.questions().into_iter().filter(|question| question.at < first.at + AT_ONCE).collect();
    if at_once.len() == 1 {
        return Ok(());
    }
    let explanation = Words::new(
        "one key was typed, and more than one datagram came at once",
        "uma chave foi digitada, e mais de um datagrama veio de imediato",
    );
    Err(client.fails(client.clireq(KEY), Shown::datagrams(Kind::Clireq, &at_once), explanation))
}

fn contact(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start_elsewhere(rig)?;
    client.ask(KEY).map(drop)
}

fn long_key(rig: &mut Rig<'_>) -> Outcome {
    let len = match rig.world().edition {
        Edition::Of2016 => 100,
        Edition::Of2017 => 40,
    };
    let key: Vec<u8> = b"chave-longa-".iter().copied().cycle().take(len).collect();
    as_typed(rig, &key)
}

fn empty_line(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.type_key(b"")?;
    let question = client.ask(KEY)?;
    if find(&question.bytes, KEY).is_some() {
        return Ok(());
    }
    let explanation = Words::new(
        "an empty line was asked for as if it were a key; no file can hold an empty key",
        "uma linha vazia foi consultada como se fosse uma chave; nenhum arquivo pode ter uma chave vazia",
    );
    Err(client.fails(client.clireq(KEY), Shown::datagram(Kind::Clireq, &question), explanation))
}
