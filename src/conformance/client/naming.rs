//! Whom a client hears, and how it names who answers.

use super::reading::Mark;
use super::screen::names;
use super::timing::SHOWN_WAIT_MAX;
use super::{ClientRig, KEY, NOT_SHOWN, VALUE};
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{PeerId, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;

const fn probe(id: &'static str, promise: [&'static str; 2], run: fn(&mut Rig<'_>) -> Outcome) -> Probe {
    Probe::new(Chapter::Showing, id, "P-41", Level::Assignment, promise, run)
}

pub(super) static PROBES: [Probe; 6] = [
    probe(
        "show-other-port",
        ["an answer from another port is shown", "uma resposta de outro porto é exibida"],
        other_port,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::RESPONSE_DIRECTLY),
    probe(
        "show-other-address",
        ["an answer from another address is shown", "uma resposta de outro endereço é exibida"],
        other_address,
    )
    .rests_on(&["show-other-port"])
    .quotes(sentences::RESPONSE_DIRECTLY),
    probe(
        "show-several",
        ["the answers of several servents are shown", "as respostas de vários servents são exibidas"],
        several,
    )
    .rests_on(&["show-other-port"])
    .quotes(sentences::READS_ON),
    probe(
        "show-servent",
        ["who answered is named, by IP and port", "quem respondeu é indicado, por IP e porto"],
        servent,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::SHOWS),
    probe(
        "show-answering-servent",
        [
            "the one that answered is named, and not the one that was asked",
            "é indicado quem respondeu, e não quem foi consultado",
        ],
        answering_servent,
    )
    .rests_on(&["show-servent", "show-other-address"])
    .quotes(sentences::SHOWS),
    probe(
        "show-each-servent",
        ["each of several that answer is named", "cada um dos vários que respondem é indicado"],
        each_servent,
    )
    .rests_on(&["show-several", "show-answering-servent"])
    .quotes(sentences::SHOWS),
];

const VALUES: [&[u8]; 3] = [b"valor-primeiro", b"valor-segundo", b"valor-terceiro"];

const NOT_HEARD: Words = Words::new(
    "a servent that the client does not know answered it, as servents do, and the answer is not shown",
    "um servent que o cliente não conhece lhe respondeu, como fazem os servents, e a resposta não é exibida",
);

fn other_port(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let other = client.other_servent(2)?;
    client.answer(other, VALUE)?;
    client.shows(VALUE, NOT_HEARD)
}

fn other_address(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let far = client.far_servent(2)?;
    client.answer(far, VALUE)?;
    client.shows(VALUE, NOT_HEARD)
}

fn several(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    answers_of_three(&mut client).map(drop)
}

/// Three servents answer, and all values can be read.
fn answers_of_three(client: &mut ClientRig<'_, '_>) -> Result<[PeerId; 3], Stop> {
    let servents = [client.servent, client.other_servent(2)?, client.other_servent(3)?];
    for (servent, value) in servents.into_iter().zip(VALUES) {
        client.answer(servent, value)?;
    }
    let explanation = Words::new(
        "three servents answered one question, and not all answers are shown",
        "três servents responderam a uma consulta, e nem todas as respostas são exibidas",
    );
    client.shows_all(&VALUES, explanation)?;
    Ok(servents)
}

fn servent(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let mark = client.mark();
    client.answer(client.servent, VALUE)?;
    client.shows(VALUE, NOT_SHOWN)?;
    let servent = client.servent;
    are_named(&mut client, mark, &[servent])
}

fn answering_servent(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let far = client.far_servent(2)?;
    let mark = client.mark();
    client.answer(far, VALUE)?;
    client.shows(VALUE, NOT_SHOWN)?;
    are_named(&mut client, mark, &[far])
}

fn each_servent(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let mark = client.mark();
    let servents = answers_of_three(&mut client)?;
    are_named(&mut client, mark, &servents)
}

/// That what was written since names these servents, at the latest when the waiting is over.
fn are_named(client: &mut ClientRig<'_, '_>, mark: Mark, servents: &[PeerId]) -> Outcome {
    let addresses = client.rig.addresses(servents);
    let deadline = client.rig.now() + SHOWN_WAIT_MAX;
    loop {
        let is_over = client.is_over();
        let screen = client.screen_since(mark);
        let missing: Vec<_> = addresses.iter().filter(|&&address| !names(&screen, address)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        if is_over || client.rig.now() >= deadline {
            let missing: Vec<_> = missing.into_iter().map(ToString::to_string).collect();
            let explanation = Words::new(
                "an answer is shown without the IP address and the port of the servent that sent it",
                "uma resposta é exibida sem o endereço IP e o porto do servent que a enviou",
            );
            let expected = Shown::Words(Words::same(missing.join(", ")));
            return Err(client.fails_with_screen(expected, mark, explanation));
        }
        client.pause()?;
    }
}
