//! What is said on standard error of what was read, in both languages.

use crate::flood::{CaptureError, CaptureUse};
use crate::telling::Language;
use crate::telling::counted::{EVENT, LINE, MESSAGE, Noun, PACKET, noun};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::net::SocketAddrV4;

/// Said of packets, behind how many of how many they are.
pub(super) const CUT: Noun = noun(
    ["was captured only in part, and counts for nothing", "were captured only in part, and count for nothing"],
    ["foi capturado só em parte, e não conta", "foram capturados só em parte, e não contam"],
);
/// Likewise.
pub(super) const UNREADABLE: Noun = noun(
    ["makes no sense, and counts for nothing", "make no sense, and count for nothing"],
    ["não faz sentido, e não conta", "não fazem sentido, e não contam"],
);
/// Likewise.
pub(super) const REPEATED: Noun = noun(
    ["was captured more than once, and counts once", "were captured more than once, and count once"],
    ["foi capturado mais de uma vez, e conta uma vez", "foram capturados mais de uma vez, e contam uma vez"],
);
/// Said of messages that a capture and a trace tell of.
const TRACED: Noun = noun(
    ["which counts for nothing more", "which count for nothing more"],
    ["que não conta mais", "que não contam mais"],
);
/// Said of lines.
const FOREIGN: Noun = noun(["is no trace's", "are no trace's"], ["não é de nenhum rastro", "não são de nenhum rastro"]);
/// Said of events.
const TOLD_AGAIN: Noun = noun(
    ["is told more than once, and counts once", "are told more than once, and count once"],
    ["é contado mais de uma vez, e vale uma vez", "são contados mais de uma vez, e valem uma vez"],
);
/// Said of servents that an overlay file does not have.
const OTHER: Noun = noun(
    [
        "servent in what was read is not in it, and nothing is expected of it",
        "servents in what was read are not in it, and nothing is expected of them",
    ],
    [
        "servent do que foi lido não está nele, e nada se espera dele",
        "servents do que foi lido não estão nele, e nada se espera deles",
    ],
);

/// Of several servents so many are named.
const NAMED_MAX: usize = 3;

pub(super) fn unreadable(language: Language, error: impl Display) -> String {
    format!("{}: {error}", language.of("cannot be read", "não pode ser lido"))
}

pub(super) fn broken_capture(language: Language, error: &CaptureError) -> String {
    match (error, language) {
        (_, Language::English) => error.to_string(),
        (CaptureError::Broken(cause), Language::Portuguese) => format!("não é uma captura que se possa ler: {cause}"),
        (CaptureError::TooLong { max }, Language::Portuguese) => {
            format!("não é uma captura que se possa ler: um bloco de mais de {max} bytes")
        }
    }
}

pub(super) fn traced(language: Language, CaptureUse { messages, traced }: CaptureUse) -> String {
    let (all, count) = (language.count(messages, MESSAGE), language.inflect(traced, TRACED));
    match language {
        Language::English => format!("traces tell of {traced} of its {all}, {count}"),
        Language::Portuguese => format!("rastros falam de {traced} de suas {all}, {count}"),
    }
}

/// What is the matter with so many of the packets.
pub(super) fn packets(language: Language, count: u64, all: u64, what: Noun) -> String {
    let (all, what) = (language.count(all, PACKET), language.inflect(count, what));
    format!("{count} {} {all} {what}", language.of("of", "de"))
}

/// How far off a capture's clock is, in nanoseconds ahead of the others.
pub(super) fn ahead(language: Language, nanos: i64) -> String {
    let seconds = format!("{:.3} s", nanos.unsigned_abs() as f64 / 1e9);
    match language {
        Language::English => format!(
            "its clock is about {seconds} {} that of the captures before it, by the datagrams that both have: its times \
            are shifted by that, and are as uncertain as those datagrams were long under way",
            if nanos > 0 { "ahead of" } else { "behind" }
        ),
        Language::Portuguese => format!(
            "seu relógio está cerca de {} {} em relação ao das capturas anteriores, pelos datagramas em comum: seus tempos \
            são corrigidos nisso, e são tão incertos quanto esses datagramas demoraram no caminho",
            seconds.replace('.', ","),
            if nanos > 0 { "adiantado" } else { "atrasado" }
        ),
    }
}

pub(super) fn long_line(language: Language, number: u64) -> String {
    match language {
        Language::English => format!("line {number} is longer than any of a trace"),
        Language::Portuguese => format!("a linha {number} é mais longa que qualquer uma de um rastro"),
    }
}

/// So many lines of all are no trace's.
pub(super) fn foreign(language: Language, count: u64, all: u64) -> String {
    format!("{count} {} {} {}", language.of("of", "de"), language.count(all, LINE), language.inflect(count, FOREIGN))
}

/// So many lines beside those that were named are no trace's.
pub(super) fn more_foreign(language: Language, count: u64) -> String {
    let foreign = language.inflect(count, FOREIGN);
    match language {
        Language::English => format!("{count} more {} {foreign}", language.inflect(count, LINE)),
        Language::Portuguese => format!("mais {} {foreign}", language.count(count, LINE)),
    }
}

pub(super) fn told_again(language: Language, events: u64) -> String {
    format!("{} {}", language.count(events, EVENT), language.inflect(events, TOLD_AGAIN))
}

/// None of so many questions was chosen.
pub(super) fn none_chosen(language: Language, questions: usize) -> String {
    match (language, questions) {
        (Language::English, 1) => "the only question that was read is not as asked for".to_owned(),
        (Language::English, all) => format!("none of the {all} questions that were read is as asked for"),
        (Language::Portuguese, 1) => "a única pergunta que foi lida não é como pedido".to_owned(),
        (Language::Portuguese, all) => format!("nenhuma das {all} perguntas que foram lidas é como pedido"),
    }
}

/// An overlay file, and its first servent, fit nothing that was read.
pub(super) fn unfit(language: Language, file: &str, first: Option<impl Display>) -> String {
    let at = first.map_or_else(String::new, |first| format!(" ({first}, ...)"));
    match language {
        Language::English => {
            format!("{file}: none of its servents{at} is in what was read; --port-base moves its ports")
        }
        Language::Portuguese => {
            format!("{file}: nenhum de seus servents{at} está no que foi lido; --port-base muda seus portos")
        }
    }
}

/// These servents are in what was read and not in an overlay file.
pub(super) fn others(language: Language, file: &str, others: &BTreeSet<SocketAddrV4>) -> String {
    let mut named: Vec<_> = others.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if others.len() > NAMED_MAX {
        named.push("...".to_owned());
    }
    let count = u64::try_from(others.len()).unwrap_or(u64::MAX);
    format!("{file}: {count} {} ({})", language.inflect(count, OTHER), named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Portuguese};

    #[test]
    fn one_and_several_are_said_as_such_in_both_languages() {
        let both = |say: &dyn Fn(Language) -> String| [English, Portuguese].map(say);
        for (said, english, portuguese) in [
            (
                both(&|language| told_again(language, 1)),
                "1 event is told more than once, and counts once",
                "1 evento é contado mais de uma vez, e vale uma vez",
            ),
            (
                both(&|language| told_again(language, 2)),
                "2 events are told more than once, and count once",
                "2 eventos são contados mais de uma vez, e valem uma vez",
            ),
            (
                both(&|language| packets(language, 1, 3, REPEATED)),
                "1 of 3 packets was captured more than once, and counts once",
                "1 de 3 pacotes foi capturado mais de uma vez, e conta uma vez",
            ),
            (
                both(&|language| packets(language, 3, 3, CUT)),
                "3 of 3 packets were captured only in part, and count for nothing",
                "3 de 3 pacotes foram capturados só em parte, e não contam",
            ),
            (
                both(&|language| packets(language, 1, 1, UNREADABLE)),
                "1 of 1 packet makes no sense, and counts for nothing",
                "1 de 1 pacote não faz sentido, e não conta",
            ),
            (
                both(&|language| traced(language, CaptureUse { messages: 4, traced: 1 })),
                "traces tell of 1 of its 4 messages, which counts for nothing more",
                "rastros falam de 1 de suas 4 mensagens, que não conta mais",
            ),
            (
                both(&|language| more_foreign(language, 1)),
                "1 more line is no trace's",
                "mais 1 linha não é de nenhum rastro",
            ),
            (
                both(&|language| more_foreign(language, 9)),
                "9 more lines are no trace's",
                "mais 9 linhas não são de nenhum rastro",
            ),
            (
                both(&|language| none_chosen(language, 1)),
                "the only question that was read is not as asked for",
                "a única pergunta que foi lida não é como pedido",
            ),
        ] {
            assert_eq!(said, [english, portuguese]);
        }
        assert!(ahead(Portuguese, -2_500_000_000).starts_with("seu relógio está cerca de 2,500 s atrasado em relação"));
    }
}
