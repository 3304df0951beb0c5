//! Tables: a line a servent, and what it all cost.

use super::scene::{Actor, Scene, State};
use super::sectors::SPOTS_MAX;
use super::svg::markup;
use super::words::{Names, Words, duration, lasting};
use crate::flood::Onward;
use crate::telling::Language;
use crate::telling::counted::{NEIGHBOUR, TIME};
use std::fmt::Write;

/// Who was reached when and what became of it. Above [`SPOTS_MAX`] servents with signs for words.
pub(super) fn servents(scene: &Scene<'_>) -> String {
    let is_long = scene.cast.len() > SPOTS_MAX;
    let names = Names::of(scene);
    let mut out = String::from("<table class=\"servents\"><thead><tr>");
    for (en, pt) in [
        ("servent", "servent"),
        ("hop", "salto"),
        ("from", "de"),
        ("time-to-live", "TTL"),
        ("time", "tempo"),
        ("look-up", "busca"),
        ("then", "depois"),
    ] {
        push(&mut out, format_args!("<th scope=\"col\">{}</th>", Words::new(en, pt).html()));
    }
    out.push_str("</tr></thead><tbody>\n");
    for (role, actor) in scene.cast.iter().enumerate() {
        let name = markup(&names.short(actor.peer));
        push(&mut out, format_args!("<tr data-r={role}><th scope=row>{name}"));
        match &actor.visit {
            Some(visit) => {
                let hop = visit.hop.map_or_else(|| "?".to_owned(), |hop| hop.to_string());
                let from = visit.parent.map_or_else(String::new, |parent| names.short(parent));
                let ttl = if visit.ttl == 0 { String::new() } else { visit.ttl.to_string() };
                let time = scene.since(visit.at);
                let time = if is_long { duration(time) } else { lasting(time).html() };
                let (lookup, onward) = if is_long { signs(actor, visit.onward) } else { said(actor, visit.onward) };
                push(&mut out, format_args!("<td>{hop}<td>{from}<td>{ttl}<td>{time}<td>{lookup}<td>{onward}\n"));
            }
            None if is_long => push(&mut out, format_args!("<td><td><td><td>{}<td>\n", sign(actor.state))),
            None => push(&mut out, format_args!("<td><td><td><td><td colspan=2>{}\n", why(scene, actor).html())),
        }
    }
    out.push_str("</tbody></table>\n");
    if is_long { format!("<p>{}</p>\n{out}", legend().html()) } else { out }
}

/// What it cost, beside what the overlay predicts.
pub(super) fn cost(scene: &Scene<'_>) -> String {
    let flood = scene.flood;
    let prediction = scene.model.prediction(flood);
    let mut rows = vec![
        (
            Words::new("servents reached", "servents alcançados"),
            flood.visits.len() as u64,
            prediction.map(|p| p.servents),
        ),
        (Words::new("QUERYs", "QUERYs"), flood.cost.messages.into(), prediction.map(|p| p.messages)),
        (Words::new("duplicates", "duplicadas"), flood.cost.duplicates.into(), None),
        (Words::new("lost", "perdidas"), flood.cost.lost.into(), None),
        (Words::new("bytes", "bytes"), flood.cost.bytes, None),
        (Words::new("answers", "respostas"), flood.answers.len() as u64, None),
    ];
    if let Some(prediction) = prediction {
        let neighbours = Words::count(prediction.degree.into(), NEIGHBOUR);
        let bound =
            Words::new(format!("most with {} each", neighbours.en), format!("o máximo com {} cada", neighbours.pt));
        rows.push((bound, prediction.bound.into(), None));
    }
    let heads = [Words::new("", ""), Words::new("counted", "contado"), Words::new("predicted", "previsto")];
    let mut out = String::from("<table class=\"cost\"><thead><tr>");
    heads.iter().for_each(|head| push(&mut out, format_args!("<th scope=\"col\">{}</th>", head.html())));
    out.push_str("</tr></thead><tbody>\n");
    for (name, counted, predicted) in rows {
        let predicted = predicted.map_or_else(String::new, |predicted| predicted.to_string());
        push(
            &mut out,
            format_args!("<tr><th scope=row>{}</th><td>{counted}</td><td>{predicted}</td></tr>\n", name.html()),
        );
    }
    out + "</tbody></table>\n"
}

/// Markup at the end of a string: writing there never fails.
pub(super) fn push(out: &mut String, markup: std::fmt::Arguments<'_>) {
    out.write_fmt(markup).ok();
}

fn said(actor: &Actor, onward: Onward) -> (String, String) {
    let lookup = actor.visit.map_or_else(String::new, |visit| {
        Words::new(Language::English.lookup(visit.lookup), Language::Portuguese.lookup(visit.lookup)).html()
    });
    let onward = match onward {
        Onward::Sent(copies) => {
            let Words { en, pt } = Words::count(copies.into(), TIME);
            Words::new(format!("sent on {en}"), format!("repassou {pt}"))
        }
        Onward::TtlEnded => Words::new("time-to-live ended", "TTL acabou"),
        Onward::NoOtherNeighbour => Words::new("no other neighbour", "sem outro vizinho"),
        Onward::Unknown => Words::new("not recorded", "sem registro"),
    };
    (lookup, onward.html())
}

fn signs(actor: &Actor, onward: Onward) -> (String, String) {
    let onward = match onward {
        Onward::Sent(copies) => format!("→{copies}"),
        Onward::TtlEnded => "■".to_owned(),
        Onward::NoOtherNeighbour => "⊣".to_owned(),
        Onward::Unknown => "?".to_owned(),
    };
    (sign(actor.state).to_owned(), onward)
}

fn sign(state: State) -> &'static str {
    match state {
        State::Answered => "✓",
        State::NotHeld => "–",
        State::Withheld => "▲",
        State::Unknown => "?",
        State::Missed => "✗",
        State::Down => "☒",
    }
}

fn legend() -> Words {
    Words::new(
        "✓ answered, – does not hold the key, ▲ holds it, no answer left, ? not recorded, ✗ not reached, ☒ not running; \
         →3 sent on three times, ■ time-to-live ended, ⊣ no other neighbour.",
        "✓ respondeu, – não tem a chave, ▲ tem, mas nada foi enviado, ? sem registro, ✗ não alcançado, ☒ fora do ar; →3 \
         repassou três vezes, ■ o TTL acabou, ⊣ sem outro vizinho.",
    )
}

fn why(scene: &Scene<'_>, actor: &Actor) -> Words {
    match &actor.miss {
        Some(miss) => {
            Words::new(Language::English.miss(scene.model, miss), Language::Portuguese.miss(scene.model, miss))
        }
        None => Words::new("not recorded", "sem registro"),
    }
}
