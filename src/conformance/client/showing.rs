//! The values that a client shows.

use super::reading::Mark;
use super::screen::shows;
use super::timing::{BEHIND, IN_TIME, SLOWLY, Timing};
use super::{ClientRig, KEY, NOT_SHOWN, VALUE};
use crate::conformance::bytes::{Kind, contains, message};
use crate::conformance::probe::{Chapter, Edition, Level, Outcome, Probe, Shown};
use crate::conformance::rig::Rig;
use crate::conformance::sentences;
use crate::conformance::words::Words;

const fn probe(
    id: &'static str,
    clause: &'static str,
    level: Level,
    promise: [&'static str; 2],
    run: fn(&mut Rig<'_>) -> Outcome,
) -> Probe {
    Probe::new(Chapter::Showing, id, clause, level, promise, run)
}

pub(super) static PROBES: [Probe; 9] = [
    probe(
        "show-value",
        "P-41",
        Level::Assignment,
        ["an answer's value can be read on its screen", "o valor de uma resposta pode ser lido na tela"],
        |rig| value(rig, VALUE),
    )
    .quotes(sentences::CLIENT_SHOWS),
    probe(
        "show-at-once",
        "P-41",
        Level::Decision,
        ["an answer is shown when it comes", "uma resposta é exibida assim que chega"],
        at_once,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::SHOWS),
    probe(
        "show-words",
        "P-41",
        Level::Assignment,
        ["words and a # in a value are shown", "palavras e um # em um valor são exibidos"],
        |rig| value(rig, b"52/tcp # XNS Time Protocol"),
    )
    .rests_on(&["show-value"])
    .quotes(sentences::FILE_HASH_IN_VALUE),
    probe(
        "show-long-value",
        "P-7",
        Level::Assignment,
        ["a long value is shown whole", "um valor longo é exibido inteiro"],
        long_value,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::RESPONSE),
    probe(
        "show-inner-spaces",
        "P-41",
        Level::Decision,
        ["spaces inside a value stay as they are", "espaços dentro de um valor ficam como são"],
        inner_spaces,
    )
    .rests_on(&["show-words"])
    .quotes(sentences::RESPONSE),
    probe(
        "show-inner-tab",
        "P-30",
        Level::Decision,
        ["what stands behind a tab inside a value is shown", "o que vem depois de um tab dentro de um valor é exibido"],
        |rig| value(rig, b"antes-do-tab\tdepois-do-tab"),
    )
    .rests_on(&["show-value"])
    .quotes(sentences::RESPONSE),
    probe(
        "show-utf8",
        "P-4",
        Level::Decision,
        ["a value in UTF-8 is shown as such", "um valor em UTF-8 é exibido como tal"],
        |rig| value(rig, "informação-útil".as_bytes()),
    )
    .rests_on(&["show-value"])
    .quotes(sentences::CLIENT_SHOWS),
    probe(
        "show-nul",
        "P-2",
        Level::Decision,
        ["an answer that ends with a NUL is shown", "uma resposta que termina com NUL é exibida"],
        with_nul,
    )
    .rests_on(&["ask-key-end", "show-value"])
    .quotes(sentences::CLIENT_SHOWS),
    probe(
        "show-no-control",
        "P-44",
        Level::Decision,
        [
            "control characters of a value do not reach the terminal",
            "caracteres de controle de um valor não chegam ao terminal",
        ],
        no_control,
    )
    .rests_on(&["show-value"])
    .quotes(sentences::CLIENT_SHOWS),
];

/// A question, its answer, and what can be read.
fn value(rig: &mut Rig<'_>, value: &[u8]) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    client.answer(client.servent, value)?;
    client.shows(value, NOT_SHOWN)
}

fn at_once(rig: &mut Rig<'_>) -> Outcome {
    ClientRig::in_time(rig, |client| {
        let question = client.ask(KEY)?;
        client.answer(client.servent, VALUE)?;
        let answered = client.rig.now();
        let is_shown = client.await_screen(|screen| shows(screen, VALUE), BEHIND)?;
        // A look that comes late tells nothing of what was there before.
        if answered > question.at + IN_TIME || client.rig.now() > answered + SLOWLY {
            return Ok(Timing::Missed);
        }
        if is_shown {
            return Ok(Timing::Kept);
        }
        let explanation = Words::new(
            "the value was not shown while the client waited for more answers",
            "o valor não foi exibido enquanto o cliente esperava mais respostas",
        );
        let expected = Shown::words("the value before the waiting is over", "o valor antes do fim da espera");
        Err(client.fails_with_screen(expected, Mark::default(), explanation))
    })
}

fn long_value(rig: &mut Rig<'_>) -> Outcome {
    let len = match rig.world().edition {
        Edition::Of2016 => 400,
        Edition::Of2017 => 160,
    };
    // No part of it stands in it twice.
    let value: Vec<u8> = (0..).flat_map(|number| format!("v{number:03}-").into_bytes()).take(len).collect();
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    client.answer(client.servent, &value)?;
    let explanation = Words::made(
        format!("the value has {len} bytes, and the client shows less of it: is its buffer too small?"),
        format!("o valor tem {len} bytes, e o cliente exibe menos: o buffer dele é pequeno demais?"),
    );
    client.shows_whole(&value, explanation)
}

fn inner_spaces(rig: &mut Rig<'_>) -> Outcome {
    let value = b"duas  e   mais";
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    client.answer(client.servent, value)?;
    client.shows(value, NOT_SHOWN)?;
    let screen = client.screen();
    if contains(&screen, value) {
        return Ok(());
    }
    let explanation = Words::new(
        "the white space inside the value is not what was answered",
        "o espaço em branco dentro do valor não é o que foi respondido",
    );
    let expected = Shown::Words(Words::same(format!("\"{}\"", crate::text::escape(value))));
    Err(client.fails_with_screen(expected, Mark::default(), explanation))
}

fn with_nul(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    let text = [client.answer_text(VALUE), vec![0]].concat();
    client.send(client.servent, &message(Kind::Response, &text))?;
    client.shows(VALUE, NOT_SHOWN)
}

fn no_control(rig: &mut Rig<'_>) -> Outcome {
    // Moves the cursor; nobody has a reason to write just this.
    const MOVES: &[u8] = b"\x1b[7;13H";
    let mut client = ClientRig::start(rig)?;
    client.ask(KEY)?;
    client.answer(client.servent, &[b"antes", MOVES, b"depois-do-controle"].concat())?;
    client.shows(b"depois-do-controle", NOT_SHOWN)?;
    let running = client.rig.running(client.program);
    let written = [running.output().bytes(), running.errors().bytes()].concat();
    if !contains(&written, MOVES) {
        return Ok(());
    }
    let explanation = Words::new(
        "an escape sequence in a value goes to the terminal as it is: whoever answers may clear and rewrite the screen",
        "uma sequência de escape em um valor vai para o terminal como é: quem responde pode apagar e reescrever a tela",
    );
    let expected = Shown::words(
        "the value without control characters, or with them escaped",
        "o valor sem caracteres de controle, ou com eles escapados",
    );
    Err(client.fails_with_screen(expected, Mark::default(), explanation))
}
