//! A CLIREQ's answer.

use super::scene::{KEY, MISS, NO_ANSWER, Scene, VALUE, carries, response, same_end, same_text, same_type, scene};
use crate::conformance::bytes::{Kind, contains, message};
use crate::conformance::probe::{Chapter, Edition, Level, Outcome, Probe, Shown};
use crate::conformance::rig::{ANSWER_WAIT_MAX, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Response, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 12] = [
    probe(
        "clireq-answered",
        "P-11",
        Level::Assignment,
        ["a CLIREQ for a key that it holds is answered", "responde a uma CLIREQ de uma chave que tem"],
        answered,
    )
    .rests_on(&["start-without-neighbours"])
    .quotes(sentences::ANSWERS_CLIENT),
    probe(
        "response-type",
        "P-1",
        Level::Assignment,
        ["the answer begins with type 3, 2 bytes", "a resposta começa com o tipo 3, em 2 bytes"],
        has_type,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::RESPONSE),
    probe(
        "response-text",
        "P-1",
        Level::Assignment,
        ["the answer holds key, one tab, value", "a resposta traz chave, um tab e valor"],
        has_text,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::RESPONSE),
    probe(
        "response-end",
        "P-1",
        Level::Assignment,
        ["nothing but NULs stands behind the value", "depois do valor só pode haver NULs"],
        has_end,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::RESPONSE),
    probe(
        "response-once",
        "P-11",
        Level::Assignment,
        ["one CLIREQ brings one answer", "uma CLIREQ traz uma única resposta"],
        once,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::ANSWERS_CLIENT),
    probe(
        "response-repeated",
        "P-12",
        Level::Assignment,
        ["the same CLIREQ again is answered again", "a mesma CLIREQ de novo é respondida de novo"],
        repeated,
    )
    .rests_on(&["response-once"])
    .quotes(sentences::NEW_NUMBER),
    probe(
        "response-port",
        "P-21",
        Level::Assignment,
        ["the answer leaves from the port that it listens on", "a resposta sai do porto em que ele escuta"],
        from_port,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::SHOWS),
    probe(
        "response-miss-silent",
        "P-11",
        Level::Assignment,
        ["a key that it does not hold is not answered", "não responde a uma chave que não tem"],
        silent_on_miss,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::ANSWERS_CLIENT),
    probe(
        "response-exact-key",
        "P-11",
        Level::Assignment,
        ["a part or an extension of a key is another key", "parte ou extensão de uma chave é outra chave"],
        exact_key,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::ANSWERS_CLIENT),
    probe(
        "response-no-nul",
        "P-3",
        Level::Decision,
        ["a raw question is answered without a NUL", "uma pergunta sem NUL recebe resposta sem NUL"],
        no_nul_added,
    )
    .rests_on(&["clireq-answered"])
    .quotes(sentences::RESPONSE)
    .only_in(Edition::Of2016),
    probe(
        "response-nul",
        "P-3",
        Level::Assignment,
        ["the answer ends with a NUL", "a resposta termina com um NUL"],
        ends_with_nul,
    )
    .rests_on(&["response-text", "response-end"])
    .quotes(sentences::NUL_OF_2017)
    .only_in(Edition::Of2017),
    probe(
        "clireq-nul-understood",
        "P-2",
        Level::Decision,
        ["a key with one NUL behind it is understood", "entende uma chave com um NUL no fim"],
        nul_understood,
    )
    .rests_on(&["clireq-answered"]),
];

/// The one question that no control question helps with: it is of the same kind.
fn answered(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    scene.ask(rig, KEY)?;
    let found = rig.await_within(scene.client, carries(VALUE), ANSWER_WAIT_MAX)?;
    let explanation = Words::new(
        "the client got no answer with the value of the key",
        "o cliente não recebeu nenhuma resposta com o valor da chave",
    );
    let Some(_) = found else {
        let received = rig.received(scene.client);
        let found = Shown::datagrams(Kind::Response, &received);
        return Err(rig.failure(response(rig, KEY, VALUE), found, explanation));
    };
    Ok(())
}

fn has_type(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let found = scene.ask_for(rig, KEY, VALUE)?;
    same_type(rig, &found)
}

fn has_text(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let found = scene.ask_for(rig, KEY, VALUE)?;
    same_text(rig, &found, KEY, VALUE)
}

fn has_end(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let found = scene.ask_for(rig, KEY, VALUE)?;
    same_end(rig, &found, VALUE)
}

fn once(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<1> = scene(rig)?;
    scene.ask_for(rig, KEY, VALUE)?;
    rig.settle()?;
    let answers = rig.matching(scene.client, carries(VALUE));
    let explanation = Words::made(
        format!("one CLIREQ brought {} answers", answers.len()),
        format!("uma CLIREQ trouxe {} respostas", answers.len()),
    );
    rig.as_many(Kind::Response, &answers, 1, response(rig, KEY, VALUE), explanation)
}

fn repeated(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    scene.ask_for(rig, KEY, VALUE)?;
    scene.ask(rig, KEY)?;
    let client = scene.client;
    let again = rig.await_event(&mut |rig| rig.matching(client, carries(VALUE)).into_iter().nth(1))?;
    let explanation = Words::new(
        "a CLIREQ that comes again is a new question, and this one was not answered again",
        "uma CLIREQ que chega de novo é uma nova pergunta, e esta não foi respondida de novo",
    );
    rig.came(again, response(rig, KEY, VALUE), explanation).map(drop)
}

fn from_port(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let found = scene.ask_for(rig, KEY, VALUE)?;
    scene.left_from_its_port(rig, &found)
}

fn silent_on_miss(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    scene.ask(rig, MISS)?;
    rig.settle()?;
    let came = rig.received(scene.client);
    let explanation = Words::new(
        "a servent that does not hold the key sends the client nothing",
        "um servent que não tem a chave não envia nada ao cliente",
    );
    rig.nothing_came(Kind::Response, &came, explanation)
}

fn exact_key(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let others = [&KEY[..KEY.len() - 1], &[KEY, b"s"].concat()];
    for other in others {
        scene.ask(rig, other)?;
    }
    rig.settle()?;
    let came = rig.matching(scene.client, |datagram| contains(&datagram.bytes, VALUE));
    let explanation = Words::new(
        "a key was answered that is only a part of one that is held, or longer than it",
        "respondeu a uma chave que é só parte de uma que ele tem, ou mais longa que ela",
    );
    rig.nothing_came(Kind::Response, &came, explanation)
}

fn no_nul_added(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    rig.send(scene.client, scene.to, &message(Kind::Clireq, KEY))?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    let expected = Shown::Datagram {
        kind: Kind::Response,
        bytes: message(Kind::Response, &[KEY, b"\t", VALUE].concat()),
        way: Words::new("servent to client", "servent para cliente"),
    };
    let found = rig.came(found, expected.clone(), NO_ANSWER)?;
    if !found.bytes.contains(&0) || !found.bytes[2.min(found.bytes.len())..].contains(&0) {
        return Ok(());
    }
    Err(rig.failure(
        expected,
        Shown::datagram(Kind::Response, &found),
        Words::new(
            "a NUL stands behind the text; the assignment of 2016 has none, its message is the text and no more",
            "há um NUL depois do texto; o enunciado de 2016 não o tem: a mensagem é o texto e nada mais",
        ),
    ))
}

fn ends_with_nul(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    let found = scene.ask_for(rig, KEY, VALUE)?;
    let text = [KEY, b"\t", VALUE, b"\0"].concat();
    if contains(&found.bytes, &text) {
        return Ok(());
    }
    let explanation = Words::new(
        "the edition of 2017 demands a NUL behind the value",
        "o enunciado de 2017 exige um NUL depois do valor",
    );
    rig.same_bytes(Kind::Response, &message(Kind::Response, &text), &found, explanation)
}

fn nul_understood(rig: &mut Rig<'_>) -> Outcome {
    let scene: Scene<0> = scene(rig)?;
    rig.send(scene.client, scene.to, &message(Kind::Clireq, &[KEY, b"\0"].concat()))?;
    let found = rig.await_at(scene.client, carries(VALUE))?;
    let expected = response(rig, KEY, VALUE);
    rig.came(found, expected, NO_ANSWER).map(drop)
}
