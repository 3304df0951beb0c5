//! What a client must not take for an answer.
//!
//! That it does not count is seen by what the client sends: the question is asked again, since nobody has answered it.

use super::hostile::of_type;
use super::reading::Mark;
use super::screen::shows;
use super::waiting::is_four_seconds;
use super::{ClientRig, KEY, NOT_SHOWN, VALUE};
use crate::conformance::bytes::{Kind, message};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown};
use crate::conformance::rig::Rig;
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::time::Duration;

const fn probe(id: &'static str, promise: [&'static str; 2], run: fn(&mut Rig<'_>) -> Outcome) -> Probe {
    Probe::new(Chapter::Hostile, id, "P-42", Level::Decision, promise, run)
}

pub(super) static PROBES: [Probe; 7] = [
    probe("false-empty", ["an empty datagram is no answer", "um datagrama vazio não é resposta"], |rig| {
        does_not_count(rig, |_| Vec::new())
    })
    .rests_on(&["hostile-empty", "wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe("false-no-tab", ["a RESPONSE without a tab is no answer", "uma RESPONSE sem tab não é resposta"], |rig| {
        does_not_count(rig, |client| message(Kind::Response, client.key_as_written()))
    })
    .rests_on(&["hostile-no-tab", "wait-retransmits"])
    .quotes(sentences::RESPONSE),
    probe(
        "false-type",
        [
            "a message of another type is not shown as an answer",
            "uma mensagem de outro tipo não é exibida como resposta",
        ],
        |rig| is_not_shown(rig, |client| of_type(client, 4, FALSE)),
    )
    .rests_on(&["hostile-other-type"])
    .quotes(sentences::RESPONSE),
    probe("false-type-counted", ["nor does it count as one", "nem conta como resposta"], |rig| {
        does_not_count(rig, |client| of_type(client, 4, FALSE))
    })
    .rests_on(&["false-type", "wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "false-key",
        ["an answer for another key is not shown", "uma resposta de outra chave não é exibida"],
        |rig| is_not_shown(rig, |_| other_key()),
    )
    .rests_on(&["hostile-other-key"])
    .quotes(sentences::RESPONSE),
    probe("false-key-counted", ["nor does it count as one", "nem conta como resposta"], |rig| {
        does_not_count(rig, |_| other_key())
    })
    .rests_on(&["false-key", "wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "false-restart",
        ["what is no answer does not start the 4 s again", "o que não é resposta não reinicia os 4 s"],
        does_not_restart,
    )
    .rests_on(&["false-type-counted", "wait-four-seconds"])
    .quotes(sentences::RETRANSMIT_ONCE),
];

/// The value of what is no answer.
const FALSE: &[u8] = b"valor-falso";

fn other_key() -> Vec<u8> {
    message(Kind::Response, &[b"Outra-Chave\t", FALSE].concat())
}

/// Sends it, then a true answer; only that one is to be read.
fn is_not_shown(rig: &mut Rig<'_>, mistaken: impl Fn(&ClientRig<'_, '_>) -> Vec<u8>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let bytes = mistaken(&client);
    client.send(client.servent, &bytes)?;
    client.answer(client.servent, VALUE)?;
    client.shows(VALUE, NOT_SHOWN)?;
    if !shows(&client.screen(), FALSE) {
        return Ok(());
    }
    let explanation = Words::new(
        "the client shows the value of a datagram that is no answer to its question",
        "o cliente exibe o valor de um datagrama que não é resposta à sua consulta",
    );
    let expected = Shown::words("the value of the answer alone", "apenas o valor da resposta");
    Err(client.fails_with_screen(expected, Mark::default(), explanation))
}

/// Sends it, and awaits that the question is asked again.
fn does_not_count(rig: &mut Rig<'_>, mistaken: impl Fn(&ClientRig<'_, '_>) -> Vec<u8>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let bytes = mistaken(&client);
    client.send(client.servent, &bytes)?;
    client.repeated_question().map(drop)
}

fn does_not_restart(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let first = client.ask(KEY)?;
    client.wait_until(first.at + Duration::from_secs(2))?;
    let bytes = of_type(&client, 4, FALSE);
    client.send(client.servent, &bytes)?;
    let second = client.repeated_question()?;
    is_four_seconds(client.rig, &[first, second])
}
