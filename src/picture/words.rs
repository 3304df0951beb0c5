//! What pictures say, in English and Portuguese.

use super::scene::{Scene, State};
use super::svg::{Svg, markup, number, shown};
use crate::flood::{Model, PeerId};
use crate::telling::Language;
use crate::telling::counted::{ANSWER, COPY, DUPLICATE, LOST, Noun, QUERY, SERVENT_REACHED};
use serde_json::{Value, json};
use std::net::SocketAddrV4;

/// The same in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub(super) en: String,
    pub(super) pt: String,
}

impl Words {
    /// In English and in Portuguese.
    #[must_use]
    pub fn new(en: impl Into<String>, pt: impl Into<String>) -> Self {
        Self { en: en.into(), pt: pt.into() }
    }

    /// What is not in a language.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { pt: en.clone(), en }
    }

    /// In one of them.
    #[must_use]
    pub fn of(&self, language: Language) -> String {
        match language {
            Language::English => self.en.clone(),
            Language::Portuguese => self.pt.clone(),
        }
    }

    /// So many of something.
    pub(super) fn count(count: u64, noun: Noun) -> Self {
        Self::new(Language::English.count(count, noun), Language::Portuguese.count(count, noun))
    }

    /// Both, for the page's script.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({ "en": self.en, "pt": self.pt })
    }

    /// The same with either as this makes it.
    #[must_use]
    pub fn map(self, make: impl Fn(&str) -> String) -> Self {
        Self { en: make(&self.en), pt: make(&self.pt) }
    }

    /// Both, as parts of a page that shows one.
    pub(super) fn html(&self) -> String {
        if self.en == self.pt {
            return markup(&self.en);
        }
        format!(
            "<span class=\"en\" lang=\"en\">{}</span><span class=\"pt\" lang=\"pt\">{}</span>",
            markup(&self.en),
            markup(&self.pt)
        )
    }
}

/// Writes in one language, or for a page in both.
pub(super) fn write(svg: &mut Svg, class: &str, at: (f64, f64), words: &Words, language: Option<Language>) {
    match language {
        Some(language) => svg.text(class, at, &words.of(language)),
        None if words.en == words.pt => svg.text(class, at, &words.en),
        None => {
            svg.text(&format!("{class} en"), at, &words.en);
            svg.text(&format!("{class} pt"), at, &words.pt);
        }
    }
}

/// How servents are called in a picture: by what tells them apart, the port or the end of the host.
pub(super) struct Names<'a> {
    model: &'a Model,
    /// Octets that all have in common, up to four.
    common: usize,
    is_one_port: bool,
    example: Option<SocketAddrV4>,
}

impl<'a> Names<'a> {
    pub(super) fn of(scene: &'a Scene<'a>) -> Self {
        let model = scene.model;
        let addresses = || scene.cast.iter().map(|actor| model.peer(actor.peer).address);
        let example = addresses().next();
        let is_one_port = addresses().all(|address| Some(address.port()) == example.map(|first| first.port()));
        let first = example.map_or([0; 4], |first| first.ip().octets());
        let shared =
            |address: SocketAddrV4| first.iter().zip(address.ip().octets()).take_while(|(a, b)| **a == *b).count();
        let common = addresses().map(shared).min().unwrap_or(0);
        Self { model, common, is_one_port, example }
    }

    pub(super) fn short(&self, peer: PeerId) -> String {
        let address = self.model.peer(peer).address;
        match (self.common, self.is_one_port) {
            (4, _) => address.port().to_string(),
            (common, true) => {
                let octets = address.ip().octets();
                octets[common.min(3)..].iter().map(u8::to_string).collect::<Vec<_>>().join(".")
            }
            (_, false) => address.to_string(),
        }
    }

    /// What the names leave out, with `*` where they stand: `127.0.0.1:*`, `10.0.*:6000`. `None` if they are whole.
    pub(super) fn pattern(&self) -> Option<String> {
        let example = self.example?;
        if self.common == 4 {
            return Some(format!("{}:*", example.ip()));
        }
        let octets = example.ip().octets();
        let head: String = octets[..self.common].iter().map(|octet| format!("{octet}.")).collect();
        self.is_one_port.then(|| format!("{head}*:{}", example.port()))
    }
}

/// A time between two moments, in the unit that suits it.
pub(super) fn duration(nanos: i64) -> String {
    let value = nanos as f64;
    match nanos.unsigned_abs() {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} µs", number(value / 1e3)),
        1_000_000..1_000_000_000 => format!("{} ms", number(value / 1e6)),
        _ => format!("{} s", number(value / 1e9)),
    }
}

/// Likewise, with the decimal sign of each language.
pub(super) fn lasting(nanos: i64) -> Words {
    let en = duration(nanos);
    Words::new(en.clone(), en.replace('.', ","))
}

/// Above a question: what was asked, by whom, of whom.
pub(super) fn question(scene: &Scene<'_>) -> Words {
    let (key, client) = (shown(&scene.flood.key), scene.flood.client);
    let mut words = match scene.flood.entry {
        Some(entry) => {
            let entry = scene.model.peer(entry).address;
            Words::new(
                format!("{key}, asked of {entry} by {client}"),
                format!("{key}, perguntada a {entry} por {client}"),
            )
        }
        None => Words::new(format!("{key}, asked by {client}"), format!("{key}, perguntada por {client}")),
    };
    if scene.flood.retransmission_of.is_some() {
        words.en.push_str(", asked again for want of an answer");
        words.pt.push_str(", repetida por falta de resposta");
    }
    words
}

pub(super) fn rings_title(scene: &Scene<'_>) -> Words {
    let Words { en, pt } = question(scene);
    Words::new(format!("Rings of {en}"), format!("Anéis de {pt}"))
}

pub(super) fn sequence_title(scene: &Scene<'_>) -> Words {
    let Words { en, pt } = question(scene);
    Words::new(format!("Sequence of {en}"), format!("Sequência de {pt}"))
}

/// The whole in one sentence, for those who do not see the picture.
pub(super) fn description(scene: &Scene<'_>) -> Words {
    let flood = scene.flood;
    let unseen = || scene.cast.iter().filter(|actor| actor.visit.is_none());
    let untold = unseen().filter(|actor| actor.state == State::Unknown).count();
    let missed = unseen().count() - untold;
    let untold = match untold {
        0 => Words::same(""),
        _ => Words::new(format!(", {untold} not recorded"), format!(", {untold} sem registro")),
    };
    let took = lasting(scene.span());
    let said = |language: Language, words: [&str; 2]| {
        let [not, untold] = words;
        let count = |count: u64, noun| language.count(count, noun);
        let (reached, answers) =
            (count(flood.visits.len() as u64, SERVENT_REACHED), count(flood.answers.len() as u64, ANSWER));
        let queries = count(flood.cost.messages.into(), QUERY);
        let (duplicates, lost) = (count(flood.cost.duplicates.into(), DUPLICATE), count(flood.cost.lost.into(), LOST));
        let took = took.of(language);
        format!("{reached}, {missed} {not}{untold}; {answers}; {queries} ({duplicates}, {lost}); {took}")
    };
    Words::new(said(Language::English, ["not", &untold.en]), said(Language::Portuguese, ["não", &untold.pt]))
}

pub(super) fn client() -> Words {
    Words::new("client", "cliente")
}

pub(super) fn ring(hop: usize) -> Words {
    Words::new(format!("hop {hop}"), format!("salto {hop}"))
}

/// The name of the ring of those that were not reached, as far as it is known.
pub(super) fn outer_ring(scene: &Scene<'_>) -> Words {
    let mut states = scene.cast.iter().filter(|actor| actor.miss.is_some()).map(|actor| actor.state);
    if states.any(|state| state == State::Unknown) {
        return Words::new("not reached, or not recorded", "não alcançados, ou sem registro");
    }
    Words::new("not reached", "não alcançados")
}

/// Below the rings.
pub(super) fn rings_caption(scene: &Scene<'_>, left_out: usize, is_bunched: bool) -> Vec<Words> {
    let mut lines = vec![description(scene)];
    if is_bunched {
        let copies = Words::count(left_out as u64, COPY);
        lines.push(Words::new(
            format!("A pie stands for as many servents as it says; not drawn, but counted: {} among them.", copies.en),
            format!(
                "Uma pizza representa tantos servents quantos diz; não desenhadas, mas contadas: {} entre eles.",
                copies.pt
            ),
        ));
    }
    if let Some(pattern) = Names::of(scene).pattern() {
        lines.push(Words::new(format!("Names stand for {pattern}."), format!("Os nomes valem por {pattern}.")));
    }
    lines
}

/// Below the sequence.
pub(super) fn sequence_caption(left_out: usize, is_bunched: bool) -> Vec<Words> {
    if !is_bunched {
        return vec![Words::new(
            "Time runs to the right. Numbers on arrows are the time-to-live.",
            "O tempo corre para a direita. Os números nas setas são o TTL.",
        )];
    }
    let copies = Words::count(left_out as u64, COPY);
    vec![Words::new(
        format!(
            "A lane with a count stands for so many servents, a stroke for each arrival; not drawn, but counted: {} among them.",
            copies.en
        ),
        format!(
            "Uma raia com um número representa tantos servents, um traço por chegada; não desenhadas, mas contadas: {} entre eles.",
            copies.pt
        ),
    )]
}

/// The name of a bunch's lane.
pub(super) fn bunch(count: usize, below: Option<&str>, ring: &Words) -> Words {
    let Some(below) = below else {
        return Words::new(format!("{count}: {}", ring.en), format!("{count}: {}", ring.pt));
    };
    Words::new(format!("{count} below {below}, {}", ring.en), format!("{count} sob {below}, {}", ring.pt))
}
