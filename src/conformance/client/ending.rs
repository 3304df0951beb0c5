//! The end of a question, and the next one.

use super::reading::Mark;
use super::screen::shows;
use super::timing::{BEHIND, END_WAIT_MAX, FOUR_S_MAX, FOUR_S_MIN, IN_TIME, Timing};
use super::{ClientRig, KEY, NOT_SHOWN, VALUE};
use crate::conformance::bytes::{Kind, contains};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{Datagram, Rig};
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
    Probe::new(Chapter::Ending, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 7] = [
    probe(
        "end-said",
        "P-41",
        Level::Assignment,
        ["it says that there are no more answers", "diz que não há mais respostas"],
        said_after_answers,
    )
    .rests_on(&["show-several"])
    .quotes(sentences::SHOWS),
    probe(
        "end-four-seconds",
        "P-40",
        Level::Assignment,
        ["it says so 4 s after the last answer", "diz isso 4 s depois da última resposta"],
        said_in_time,
    )
    .rests_on(&["end-said", "wait-answered", "wait-after-each"])
    .quotes(sentences::READS_ON),
    probe(
        "end-none-said",
        "P-41",
        Level::Decision,
        ["it says that there was no answer", "diz que não houve resposta"],
        said_without_answer,
    )
    .rests_on(&["end-said", "wait-once", "wait-again"])
    .quotes(sentences::SHOWS),
    probe(
        "next-key",
        "P-41",
        Level::Decision,
        ["another key can be asked for", "outra chave pode ser consultada"],
        next_key,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::CLIENT_SHOWS),
    probe(
        "next-key-answered",
        "P-41",
        Level::Decision,
        ["its answer is shown", "sua resposta é exibida"],
        next_key_answered,
    )
    .rests_on(&["next-key"])
    .quotes(sentences::CLIENT_SHOWS),
    probe(
        "next-key-retransmits",
        "P-40",
        Level::Decision,
        ["without an answer, it is asked for again", "sem resposta, é consultada de novo"],
        next_key_repeated,
    )
    .rests_on(&["next-key", "wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "end-of-input",
        "P-45",
        Level::Decision,
        ["it ends when its input does", "termina quando a entrada termina"],
        end_of_input,
    )
    .rests_on(&["show-value"]),
];

/// The key that is asked for behind [`KEY`].
const NEXT_KEY: &[u8] = b"segunda-consulta";

/// What is written with a value is written by then.
const REST_OF_ANSWER: Duration = Duration::from_millis(500);

/// How long after an answer the next key is typed: the waiting is over.
const WAITED: Duration = Duration::from_secs(6);

/// Asks and answers, and waits until the value can be read; tells between which times the answer left.
fn answered(client: &mut ClientRig<'_, '_>) -> Result<[Duration; 2], Stop> {
    client.ask(KEY)?;
    let before = client.rig.now();
    client.answer(client.servent, VALUE)?;
    let after = client.rig.now();
    client.shows(VALUE, NOT_SHOWN)?;
    Ok([before, after])
}

fn said_after_answers(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    client.answer(client.servent, VALUE)?;
    let answered = client.rig.now();
    // One that shows values at the end shows them later, and that it is the end with them.
    client.await_screen(|screen| shows(screen, VALUE), BEHIND)?;
    client.wait_until(client.rig.now() + REST_OF_ANSWER)?;
    let explanation = Words::new(
        "no more answers came, and the client wrote nothing more: its user does not learn that it is over",
        "não chegaram mais respostas, e o cliente não escreveu mais nada: o usuário não fica sabendo que acabou",
    );
    end_is_said(&mut client, answered, explanation)
}

fn said_without_answer(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let second = client.repeated_question()?;
    let explanation = Words::new(
        "nobody answered, and the client wrote nothing in the end: its user does not learn that there is no answer",
        "ninguém respondeu, e o cliente não escreveu nada no fim: o usuário não fica sabendo que não há resposta",
    );
    client.wait_until_or_end(second.at + BEHIND)?;
    end_is_said(&mut client, second.at, explanation)
}

/// That something is written from now on, however worded; a prompt for the next key will do, a crash will not.
fn end_is_said(client: &mut ClientRig<'_, '_>, last: Duration, explanation: Words) -> Outcome {
    let mark = client.mark();
    let is_said = client.is_written_before(last + END_WAIT_MAX)?;
    if is_said && !has_crashed(client, mark)? {
        return Ok(());
    }
    let expected =
        Shown::words("something written at the end, however worded", "algo escrito no fim, com quaisquer palavras");
    Err(client.fails_with_screen(expected, mark, explanation))
}

/// Whether what was written is the end of a program that did not mean to end.
fn has_crashed(client: &mut ClientRig<'_, '_>, mark: Mark) -> Result<bool, Stop> {
    let is_trace = |screen: &[u8]| contains(screen, b"Traceback (most recent call last)");
    // It is written bit by bit, and the end comes behind it.
    client.wait_until_or_end(client.rig.now() + REST_OF_ANSWER)?;
    if !is_trace(&client.screen_since(mark)) {
        return Ok(false);
    }
    client.wait_until_or_end(client.rig.now() + END_WAIT_MAX)?;
    Ok(client.is_over())
}

fn said_in_time(rig: &mut Rig<'_>) -> Outcome {
    ClientRig::in_time(rig, |client| {
        let question = client.ask(KEY)?;
        // Had the first answer not started the 4 s again, they would be over 3 s after the second.
        client.wait_until(question.at + Duration::from_secs(1))?;
        let before = client.rig.now();
        client.answer(client.servent, VALUE)?;
        let after = client.rig.now();
        if after > question.at + IN_TIME {
            return Ok(Timing::Missed);
        }
        let written = client.watch_until(after + FOUR_S_MAX + Duration::from_millis(500))?;
        let is_in_time = |(from, to)| written.iter().any(|written| written.may_be_in(from, to));
        if is_in_time((before + FOUR_S_MIN, after + FOUR_S_MAX)) {
            return Ok(Timing::Kept);
        }
        let explanation = Words::new(
            "the end is said when 4 s have passed without another answer",
            "o fim é dito quando passaram 4 s sem outra resposta",
        );
        let expected = Shown::words(
            "something written 3.8 to 5.0 s after the last answer",
            "algo escrito 3,8 a 5,0 s depois da última resposta",
        );
        Err(client.fails_with_screen(expected, Mark::default(), explanation))
    })
}

/// Asks for a key, waits until that is over, and asks for the next one.
fn asked_next(client: &mut ClientRig<'_, '_>) -> Result<Datagram, Stop> {
    let [_, answered] = answered(client)?;
    client.wait_until_or_end(answered + WAITED)?;
    let count = client.questions().len();
    // One that has ended reads nothing, which is told below.
    client.type_key(NEXT_KEY).or_else(|stop| if client.is_over() { Ok(()) } else { Err(stop) })?;
    client.first_question(count, NEXT_KEY)
}

fn next_key(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let question = asked_next(&mut client)?;
    if contains(&question.bytes, NEXT_KEY) {
        return Ok(());
    }
    let explanation = Words::new(
        "a second key was typed when the first question was over, and something else came",
        "uma segunda chave foi digitada quando a primeira consulta havia acabado, e chegou outra coisa",
    );
    Err(client.fails(client.clireq(NEXT_KEY), Shown::datagram(Kind::Clireq, &question), explanation))
}

fn next_key_answered(rig: &mut Rig<'_>) -> Outcome {
    const NEXT_VALUE: &[u8] = b"outro-valor";
    let mut client = ClientRig::start(rig)?;
    asked_next(&mut client)?;
    client.answer(client.servent, NEXT_VALUE)?;
    client.shows(NEXT_VALUE, NOT_SHOWN)
}

fn next_key_repeated(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    asked_next(&mut client)?;
    client.repeated_question().map(drop)
}

fn end_of_input(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let [_, answered] = answered(&mut client)?;
    client.rig.end_input(client.program)?;
    client.wait_until_or_end(answered + END_WAIT_MAX)?;
    if client.rig.end_of(client.program).is_some() {
        return Ok(());
    }
    let explanation = Words::new(
        "the input has ended, the question is over, and the client goes on",
        "a entrada terminou, a consulta acabou, e o cliente continua",
    );
    let expected = Shown::words("the client ends", "o cliente termina");
    let found = Shown::words("it runs 15 s later", "ele ainda está rodando 15 s depois");
    Err(client.fails(expected, found, explanation))
}
