//! What the page's script is given: who, where, when, and the words.
//!
//! Lists of numbers stand flat, one group after the other, since a page may have a hundred thousand of them. Times are
//! nanoseconds from the beginning of the flood's picture; -1 is none.

use super::interface::INTERFACE;
use super::rings::place;
use super::scene::{FATES, Scene, State, fate_number};
use super::sectors::Layout;
use super::sequence::{WIDTH, left};
use super::story::{SENTENCES, story};
use super::words::{self, Words};
use crate::flood::{Fate, Moment};
use crate::telling::Language;
use serde_json::{Value, json};

/// A flood.
pub(super) fn flood(scene: &Scene<'_>, layout: &Layout) -> Value {
    let at = |moment: Option<Moment>| moment.map_or(-1, |moment| scene.since(moment));
    let after = |later: Option<Moment>, earlier: Option<Moment>| match (earlier, later) {
        (Some(earlier), Some(later)) => later.since(earlier).max(0),
        _ => -1,
    };
    let names = words::Names::of(scene);
    let short: Vec<_> = scene.cast.iter().map(|actor| names.short(actor.peer)).collect();
    let mut copies = Vec::with_capacity(6 * scene.flood.copies.len());
    for copy in &scene.flood.copies {
        let role = |peer| scene.role(peer).map_or(-1, i64::from);
        copies.extend([role(copy.from), role(copy.to), i64::from(copy.ttl), at(copy.sent.or(copy.received))]);
        copies.extend([after(copy.received, copy.sent.or(copy.received)), fate_number(copy.fate) as i64]);
    }
    let mut answers = Vec::with_capacity(3 * scene.flood.answers.len());
    for answer in &scene.flood.answers {
        let role = scene.role(answer.from).map_or(-1, i64::from);
        let sent = answer.sent.or(answer.received);
        answers.extend([role, at(sent), after(answer.received, sent)]);
    }
    let state = |state: State| State::ALL.iter().position(|&other| other == state);
    // Pairs of copies that share an arrow: the arrow has the number of the first.
    let shared: Vec<_> = if layout.is_bunched() { shared(scene, layout) } else { Vec::new() };
    json!({
        "title": words::question(scene).json(),
        "span": scene.span(),
        "left": left(scene, layout),
        "names": short,
        "pattern": names.pattern(),
        "spots": layout.of,
        "states": scene.cast.iter().map(|actor| state(actor.state)).collect::<Vec<_>>(),
        "reached": scene.cast.iter().map(|actor| at(actor.visit.map(|visit| visit.at))).collect::<Vec<_>>(),
        "stories": (0..scene.cast.len()).map(|role| story(scene, role as u32)).collect::<Vec<_>>(),
        "copies": copies,
        "answers": answers,
        "shared": shared,
    })
}

/// Of each copy the one whose arrow shows it, or -1.
fn shared(scene: &Scene<'_>, layout: &Layout) -> Vec<i64> {
    let mut first = std::collections::BTreeMap::new();
    let arrow = |(number, copy)| {
        let (from, to) = place(scene, layout, copy).filter(|(from, to)| from != to)?;
        let is_bunch = layout.spots[from].is_bunch() || layout.spots[to].is_bunch();
        let number = number as i64;
        Some(if is_bunch { *first.entry((from, to)).or_insert(number) } else { number })
    };
    scene.flood.copies.iter().enumerate().map(arrow).map(|arrow| arrow.unwrap_or(-1)).collect()
}

/// Everything that a page has.
pub(super) fn page(floods: &[Value]) -> Value {
    let fates = [
        Fate::First,
        Fate::Duplicate,
        Fate::DuplicateHigherTtl,
        Fate::Lost,
        Fate::Down,
        Fate::Refused(crate::stats::DropCause::StrangerRefused),
        Fate::Unknown,
    ];
    let fate = |language: Language| {
        let word = |fate: Fate| match fate {
            Fate::Refused(_) => language.of("refused", "recusada").to_owned(),
            fate => language.fate(fate),
        };
        fates.map(word)
    };
    let sentences = |language: Language| SENTENCES.iter().map(move |&(en, pt)| language.of(en, pt).to_owned());
    let interface = INTERFACE.iter().map(|&(name, en, pt)| (name.to_owned(), Words::new(en, pt).json()));
    json!({
        "floods": floods,
        "width": WIDTH,
        "fates": FATES,
        "states": State::ALL.map(State::class),
        "fateWords": { "en": fate(Language::English), "pt": fate(Language::Portuguese) },
        "sentences": {
            "en": sentences(Language::English).collect::<Vec<_>>(),
            "pt": sentences(Language::Portuguese).collect::<Vec<_>>(),
        },
        "words": interface.collect::<serde_json::Map<_, _>>(),
    })
}

/// Data as it stands in a script element: nothing in it can end that, or begin a comment.
pub(super) fn in_script(data: &Value) -> String {
    data.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}
