//! What happened to a servent, in words: sentences with holes, in both languages, and what fills them.
//!
//! A page of ten thousand servents says each sentence once, and for each servent which of them it is and the names, times
//! and numbers in it: `[1, 4, 3, 20000, 1]`. A hole tells what stands in it: `{s}` a servent by place in the cast, `{t}`
//! nanoseconds from the beginning of the picture, `{n}` a number, `{x}` text.

use super::scene::{Role, Scene};
use super::words::Words;
use crate::flood::{LookedUp, Onward, Visit};
use crate::telling::Language;
use serde_json::{Value, json};

/// Every sentence, by number.
pub(super) const SENTENCES: &[(&str, &str)] = &[
    ("The client asked it, {t}.", "O cliente perguntou a ele, {t}."),
    ("It dealt with the QUERY of {s} at {t}; time-to-live {n}.", "Tratou a QUERY de {s} em {t}; TTL {n}."),
    ("It dealt with the QUERY at {t}; time-to-live {n}.", "Tratou a QUERY em {t}; TTL {n}."),
    ("Links from the entry: {n}.", "Enlaces desde a entrada: {n}."),
    ("It holds the key and answered the client.", "Tem a chave e respondeu ao cliente."),
    ("It does not hold the key.", "Não tem a chave."),
    ("It holds the key, but no answer left ({x}).", "Tem a chave, mas nenhuma resposta saiu ({x})."),
    ("No answer of it was seen.", "Nenhuma resposta dele foi vista."),
    ("What its look-up gave is not recorded.", "O que a busca dele deu não está registrado."),
    ("Copies of the QUERY that it sent on: {n}.", "Cópias da QUERY que repassou: {n}."),
    ("The time-to-live ended here.", "O TTL acabou aqui."),
    ("It has no neighbour but the one that the QUERY came from.", "Não tem vizinho além daquele de onde a QUERY veio."),
    ("What it sent on is not recorded.", "O que ele repassou não está registrado."),
    ("No record tells what it made of the flood.", "Nenhum registro diz o que ele fez da inundação."),
    ("{x}.", "{x}."),
];

/// The sentences about one of the cast.
pub(super) fn story(scene: &Scene<'_>, role: Role) -> Value {
    let actor = &scene.cast[role as usize];
    let mut story = Vec::new();
    if let Some(visit) = &actor.visit {
        story.extend(visited(scene, role, visit));
    } else if let Some(miss) = &actor.miss {
        let words = Words::new(Language::English.miss(scene.model, miss), Language::Portuguese.miss(scene.model, miss));
        story.push(json!([14, words.json()]));
    } else {
        story.push(json!([13]));
    }
    for finding in scene.flood.findings.iter().filter(|finding| finding.servent == actor.peer) {
        let breach = |language: Language| {
            format!("{}: {}", finding.breach.clause(), language.breach(scene.model, finding.breach))
        };
        let words = Words::new(breach(Language::English), breach(Language::Portuguese));
        story.push(json!([14, words.json()]));
    }
    Value::Array(story)
}

fn visited(scene: &Scene<'_>, role: Role, visit: &Visit) -> Vec<Value> {
    let at = scene.since(visit.at);
    let mut story = vec![match visit.parent.and_then(|parent| scene.role(parent)) {
        _ if scene.middle() == Some(role) => json!([0, at]),
        Some(parent) => json!([1, parent, at, visit.ttl]),
        None => json!([2, at, visit.ttl]),
    }];
    if let Some(hop) = visit.hop.filter(|&hop| hop > 0) {
        story.push(json!([3, hop]));
    }
    story.push(match visit.lookup {
        LookedUp::Answered => json!([4]),
        LookedUp::NotHeld => json!([5]),
        LookedUp::Withheld(cause) => json!([6, cause.name()]),
        LookedUp::Silent => json!([7]),
        LookedUp::Unknown => json!([8]),
    });
    story.push(match visit.onward {
        Onward::Sent(copies) => json!([9, copies]),
        Onward::TtlEnded => json!([10]),
        Onward::NoOtherNeighbour => json!([11]),
        Onward::Unknown => json!([12]),
    });
    story
}
