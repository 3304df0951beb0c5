//! A client's 4 s, and how it asks again.

use super::timing::{FOUR_S_MAX, FOUR_S_MIN, IN_TIME, REPEATED_WAIT_MAX, SILENCE, SLOWLY, Timing};
use super::{ClientRig, KEY, VALUE};
use crate::conformance::bytes::Kind;
use crate::conformance::probe::{Chapter, Level, Outcome, Probe, Shown, Stop};
use crate::conformance::rig::{Datagram, Rig};
use crate::conformance::sentences;
use crate::conformance::words::Words;
use std::time::Duration;

const fn probe(id: &'static str, level: Level, promise: [&'static str; 2], run: fn(&mut Rig<'_>) -> Outcome) -> Probe {
    Probe::new(Chapter::Waiting, id, "P-40", level, promise, run)
}

pub(super) static PROBES: [Probe; 9] = [
    probe(
        "wait-retransmits",
        Level::Assignment,
        ["a question without an answer is asked again", "uma consulta sem resposta é feita de novo"],
        |rig| unanswered(rig).map(drop),
    )
    .rests_on(&["ask-once"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-four-seconds",
        Level::Assignment,
        ["it is asked again after 4 s", "é feita de novo depois de 4 s"],
        four_seconds,
    )
    .rests_on(&["wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-same-bytes",
        Level::Assignment,
        ["the question that is asked again has the same bytes", "a consulta feita de novo tem os mesmos bytes"],
        same_bytes,
    )
    .rests_on(&["wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-same-port",
        Level::Decision,
        ["it is asked again from the same port", "é feita de novo do mesmo porto"],
        same_port,
    )
    .rests_on(&["wait-retransmits"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe("wait-once", Level::Assignment, ["it is asked again only once", "é feita de novo uma só vez"], only_once)
        .rests_on(&["wait-retransmits"])
        .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-answered",
        Level::Assignment,
        ["a question that was answered is not asked again", "uma consulta respondida não é feita de novo"],
        answered,
    )
    .rests_on(&["wait-retransmits", "show-value"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-late-answer",
        Level::Assignment,
        ["an answer to the repeated question is shown", "uma resposta à consulta repetida é exibida"],
        late_answer,
    )
    .rests_on(&["wait-retransmits", "show-value"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-again",
        Level::Assignment,
        ["so is one that comes 3 s after it", "também uma que chega 3 s depois dela"],
        waits_again,
    )
    .rests_on(&["wait-four-seconds", "wait-late-answer"])
    .quotes(sentences::RETRANSMIT_ONCE),
    probe(
        "wait-after-each",
        Level::Assignment,
        [
            "answers 3 s apart are all shown: each starts the 4 s again",
            "respostas a cada 3 s são todas exibidas: cada uma reinicia os 4 s",
        ],
        after_each,
    )
    .rests_on(&["wait-four-seconds", "show-several"])
    .quotes(sentences::READS_ON),
];

/// A question, and the same again, since nobody answered.
fn repeated(client: &mut ClientRig<'_, '_>) -> Result<[Datagram; 2], Stop> {
    let first = client.ask(KEY)?;
    let second = client.repeated_question()?;
    Ok([first, second])
}

fn unanswered(rig: &mut Rig<'_>) -> Result<[Datagram; 2], Stop> {
    repeated(&mut ClientRig::start(rig)?)
}

fn four_seconds(rig: &mut Rig<'_>) -> Outcome {
    let [first, second] = unanswered(rig)?;
    is_four_seconds(rig, &[first, second])
}

/// That 4 s are between two questions.
pub(super) fn is_four_seconds(rig: &Rig<'_>, [first, second]: &[Datagram; 2]) -> Outcome {
    let interval = second.at.saturating_sub(first.at);
    if (FOUR_S_MIN..=FOUR_S_MAX).contains(&interval) {
        return Ok(());
    }
    let explanation = Words::new(
        "the client waits for 4 s without an answer before it asks again",
        "o cliente espera 4 s sem resposta antes de consultar de novo",
    );
    let found = seconds(interval);
    let found = Words::made(format!("{found} s between both"), format!("{found} s entre as duas"));
    let expected = Shown::words("3.8 to 5.0 s between both questions", "3,8 a 5,0 s entre as duas consultas");
    Err(rig.failure(expected, Shown::Words(found), explanation))
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

fn same_bytes(rig: &mut Rig<'_>) -> Outcome {
    let [first, second] = unanswered(rig)?;
    let explanation = Words::new("the question that is asked again is another one", "a consulta feita de novo é outra");
    rig.same_bytes(Kind::Clireq, &first.bytes, &second, explanation)
}

fn same_port(rig: &mut Rig<'_>) -> Outcome {
    let [first, second] = unanswered(rig)?;
    if first.from == second.from {
        return Ok(());
    }
    let explanation = Words::new(
        "the client asks again from another socket: an answer to its first question, which may be slow, is lost",
        "o cliente consulta de novo por outro socket: uma resposta à primeira consulta, que pode demorar, se perde",
    );
    let [expected, found] = [first, second].map(|question| Shown::Words(Words::same(question.from.to_string())));
    Err(rig.failure(expected, found, explanation))
}

fn only_once(rig: &mut Rig<'_>) -> Outcome {
    let mut client = ClientRig::start(rig)?;
    let [_, second] = repeated(&mut client)?;
    client.wait_until_or_end(second.at + SILENCE)?;
    let others: Vec<_> = client.questions().into_iter().skip(2).collect();
    let explanation = Words::new(
        "nobody answered, and the client asked more often than once again",
        "ninguém respondeu, e o cliente consultou de novo mais de uma vez",
    );
    client.rig.nothing_came(Kind::Clireq, &others, explanation)
}

fn answered(rig: &mut Rig<'_>) -> Outcome {
    ClientRig::in_time(rig, |client| {
        let question = client.ask(KEY)?;
        client.answer(client.servent, VALUE)?;
        let answered = client.rig.now();
        if answered > question.at + IN_TIME {
            return Ok(Timing::Missed);
        }
        client.wait_until_or_end(answered + SILENCE)?;
        let others: Vec<_> = client.questions().into_iter().skip(1).collect();
        let explanation = Words::new(
            "an answer had come, and the client asked again",
            "já havia chegado uma resposta, e o cliente consultou de novo",
        );
        client.rig.nothing_came(Kind::Clireq, &others, explanation)?;
        Ok(Timing::Kept)
    })
}

const LATE: Words = Words::new(
    "an answer that comes after the client has asked again counts as well, and is not shown",
    "uma resposta que chega depois que o cliente consultou de novo também vale, e não é exibida",
);

fn late_answer(rig: &mut Rig<'_>) -> Outcome {
    ClientRig::in_time(rig, |client| {
        let [_, second] = repeated(client)?;
        client.answer(client.servent, VALUE)?;
        if client.rig.now() > second.at + IN_TIME {
            return Ok(Timing::Missed);
        }
        client.shows(VALUE, LATE)?;
        Ok(Timing::Kept)
    })
}

fn waits_again(rig: &mut Rig<'_>) -> Outcome {
    ClientRig::in_time(rig, |client| {
        let [_, second] = repeated(client)?;
        client.wait_until(second.at + SLOWLY)?;
        client.answer(client.servent, VALUE)?;
        if client.rig.now() > second.at + IN_TIME {
            return Ok(Timing::Missed);
        }
        let explanation = Words::new(
            "an answer 3 s after the second question is not shown: after asking again, the client waits for 4 s again",
            "uma resposta 3 s depois da segunda consulta não é exibida: depois de consultar de novo, o cliente espera 4 s de novo",
        );
        client.shows(VALUE, explanation)?;
        Ok(Timing::Kept)
    })
}

fn after_each(rig: &mut Rig<'_>) -> Outcome {
    const VALUES: [&[u8]; 3] = [b"valor-aos-0-s", b"valor-aos-3-s", b"valor-aos-6-s"];
    ClientRig::in_time(rig, |client| {
        let mut last = client.ask(KEY)?.at;
        let servents = [client.servent, client.other_servent(2)?, client.other_servent(3)?];
        for (index, (servent, value)) in servents.into_iter().zip(VALUES).enumerate() {
            if index > 0 {
                client.wait_until(last + SLOWLY)?;
            }
            let before = client.rig.now();
            client.answer(servent, value)?;
            if client.rig.now() > last + IN_TIME {
                return Ok(Timing::Missed);
            }
            last = before;
        }
        let explanation = Words::new(
            "three answers came 3 s apart, and not all are shown: after each answer the client waits for 4 s again",
            "três respostas chegaram a cada 3 s, e nem todas são exibidas: depois de cada resposta o cliente espera 4 s de novo",
        );
        client.shows_all(&VALUES, explanation)?;
        Ok(Timing::Kept)
    })
}

impl ClientRig<'_, '_> {
    /// Awaits the question that is asked again.
    pub(super) fn repeated_question(&mut self) -> Result<Datagram, Stop> {
        let count = self.questions().len();
        if let Some(question) = self.await_question(count, REPEATED_WAIT_MAX)? {
            return Ok(question);
        }
        let explanation = Words::new(
            "nothing that is an answer came, and the client did not ask again within 15 s",
            "não chegou nada que seja resposta, e o cliente não consultou de novo em 15 s",
        );
        let expected = Shown::words("the same question again", "a mesma consulta de novo");
        Err(self.fails(expected, Shown::Nothing, explanation))
    }
}
