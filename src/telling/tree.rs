//! A flood as a tree: a line a servent, below the one that it got the QUERY from.

use super::counted::{ANSWER, BYTE, DUPLICATE, LOST, NEIGHBOUR, QUERY, SERVENT_REACHED};
use super::words::Language;
use crate::flood::{Fate, Flood, LookedUp, Model, Moment, Onward, PeerId, Prediction, Visit};
use crate::text::escape;
use std::collections::HashMap;
use std::fmt::Write;

/// How a tree is told.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// In which language.
    pub language: Language,
    /// Columns that a line may take; sentences go on below.
    pub width: usize,
    /// With the colours of a terminal.
    pub is_coloured: bool,
}

/// What a line is about, as a colour tells it, beside words and signs.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Title,
    Answered,
    Quiet,
    Fault,
    Remark,
}

impl Style {
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Title => "1",
            Tone::Answered => "32",
            Tone::Quiet => "2",
            Tone::Fault => "31",
            Tone::Remark => "33",
        };
        if self.is_coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The lines of a text that is broken at the width, what the first one and the others begin with included. A word that
/// is longer stays whole.
pub(crate) fn broken(text: &str, width: usize, first: &str, others: &str) -> Vec<String> {
    let (mut lines, mut line, mut is_first) = (Vec::new(), String::from(first), true);
    for word in text.split(' ') {
        let is_full = line.chars().count() + 1 + word.chars().count() > width.max(20);
        if is_full && !is_first {
            lines.push(line);
            line = String::from(others);
            is_first = true;
        }
        if !is_first {
            line.push(' ');
        }
        line.push_str(word);
        is_first = false;
    }
    lines.push(line);
    lines
}

/// A time between two moments, in the unit that suits it.
fn duration(language: Language, nanos: i64) -> String {
    let value = nanos as f64;
    language.number(&match nanos.unsigned_abs() {
        0..10_000 => format!("{:.1} µs", value / 1e3),
        10_000..1_000_000 => format!("{:.0} µs", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", value / 1e6),
        _ => format!("{:.3} s", value / 1e9),
    })
}

/// Tells all that there is to say of a flood.
#[must_use]
pub fn tell(model: &Model, flood: &Flood, style: Style) -> String {
    let mut telling = Telling { model, flood, style, out: String::new() };
    telling.title();
    telling.tree();
    telling.copies();
    telling.cost();
    telling.misses();
    telling.findings();
    telling.out
}

struct Telling<'a> {
    model: &'a Model,
    flood: &'a Flood,
    style: Style,
    out: String,
}

impl Telling<'_> {
    fn name(&self, peer: PeerId) -> String {
        self.model.peer(peer).address.to_string()
    }

    /// Ends a line. Writing to a string never fails.
    fn line(&mut self, tone: Option<Tone>, text: &str) {
        let text = tone.map_or_else(|| text.to_owned(), |tone| self.style.paint(tone, text));
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// A sentence, broken at the width.
    fn sentence(&mut self, tone: Tone, text: &str) {
        broken(text, self.style.width, "  ", "    ").iter().for_each(|line| self.line(Some(tone), line));
    }

    fn title(&mut self) {
        let of = |english, portuguese| self.style.language.of(english, portuguese);
        let mut title =
            format!("{} {} {}", escape(&self.flood.key), of("asked by", "perguntada por"), self.flood.client);
        if let Some(entry) = self.flood.entry {
            write!(title, " {} {}", of("at", "a"), self.name(entry)).ok();
        }
        if let Some(seq) = self.flood.seq {
            write!(title, " ({} {seq})", of("number", "número")).ok();
        }
        if let Some(wall) = self.model.wall_nanos {
            write!(title, ", {}", time_of_day(wall.saturating_add(self.flood.first.0))).ok();
        }
        if self.flood.retransmission_of.is_some() {
            title.push_str(of(", asked again for want of an answer", ", repetida por falta de resposta"));
        }
        self.line(Some(Tone::Title), &title);
    }

    fn tree(&mut self) {
        let mut children: HashMap<Option<PeerId>, Vec<Visit>> = HashMap::new();
        let is_there = |peer: PeerId| self.flood.visits.iter().any(|visit| visit.servent == peer);
        for visit in &self.flood.visits {
            children.entry(visit.parent.filter(|&parent| is_there(parent))).or_default().push(*visit);
        }
        // Deepest first on the stack, so that a tree of any depth needs no recursion.
        let mut open: Vec<(Visit, String, bool)> = Vec::new();
        let push = |open: &mut Vec<_>, visits: Vec<Visit>, stem: &str| {
            let last = visits.len().saturating_sub(1);
            let stemmed =
                visits.into_iter().enumerate().map(|(number, visit)| (visit, stem.to_owned(), number == last));
            open.extend(stemmed.rev());
        };
        let roots = children.remove(&None).unwrap_or_default();
        push(&mut open, roots, "");
        let mut rows = Vec::new();
        while let Some((visit, stem, is_last)) = open.pop() {
            let is_root = !visit.parent.is_some_and(is_there);
            let branch = if is_root {
                ""
            } else if is_last {
                "└─ "
            } else {
                "├─ "
            };
            rows.push((format!("  {stem}{branch}{}", self.name(visit.servent)), visit));
            let below = if is_root {
                ""
            } else if is_last {
                "   "
            } else {
                "│  "
            };
            push(&mut open, children.remove(&Some(visit.servent)).unwrap_or_default(), &format!("{stem}{below}"));
        }
        let column = rows.iter().map(|(row, _)| row.chars().count()).max().unwrap_or(0);
        let begin = self.flood.asked.unwrap_or(self.flood.first);
        for (row, visit) in rows {
            self.row(&row, column, &visit, begin);
        }
    }

    fn row(&mut self, row: &str, column: usize, visit: &Visit, begin: Moment) {
        let language = self.style.language;
        let hop = visit.hop.map_or_else(|| "?".to_owned(), |hop| hop.to_string());
        let time = duration(language, visit.at.since(begin));
        let mut words = language.lookup(visit.lookup);
        if visit.onward == Onward::TtlEnded {
            words.push_str(language.of("; time-to-live ended here", "; o TTL acabou aqui"));
        }
        let tone = match visit.lookup {
            LookedUp::Answered => Tone::Answered,
            LookedUp::Withheld(_) => Tone::Remark,
            LookedUp::NotHeld | LookedUp::Silent | LookedUp::Unknown => Tone::Quiet,
        };
        let gap = " ".repeat(column - row.chars().count());
        let text =
            format!("{row}{gap}  {} {hop}  {time:>9}  {}", language.of("hop", "salto"), self.style.paint(tone, &words));
        self.line(None, &text);
    }

    /// Copies that were not the first, and answers that nobody can be sure of.
    fn copies(&mut self) {
        let language = self.style.language;
        for copy in self.flood.copies.iter().filter(|copy| copy.fate != Fate::First) {
            let tone = match copy.fate {
                Fate::Lost | Fate::Down | Fate::Refused(_) => Tone::Fault,
                Fate::DuplicateHigherTtl => Tone::Remark,
                _ => Tone::Quiet,
            };
            let way = format!("{} {} {}", self.name(copy.from), language.of("to", "para"), self.name(copy.to));
            let begin = self.flood.asked.unwrap_or(self.flood.first);
            let time = duration(language, copy.at().since(begin));
            let ttl = language.of("time-to-live", "TTL");
            let text = format!("{way}, {ttl} {}, {time}: {}", copy.ttl, language.fate(copy.fate));
            self.sentence(tone, &text);
        }
        let uncertain = self.flood.answers.iter().filter(|answer| answer.is_uncertain).count();
        if uncertain > 0 {
            let english = "may belong to another question for this key: a RESPONSE carries no number";
            let portuguese = if uncertain == 1 { "pode" } else { "podem" };
            let portuguese = format!("{portuguese} ser de outra pergunta por esta chave: a RESPONSE não leva número");
            let answers = language.count(uncertain as u64, ANSWER);
            self.sentence(Tone::Remark, &format!("{answers} {}", language.of(english, &portuguese)));
        }
    }

    fn cost(&mut self) {
        let (language, cost) = (self.style.language, self.flood.cost);
        let queries = language.count(cost.messages.into(), QUERY);
        let bytes = language.count(cost.bytes, BYTE);
        let duplicates = language.count(cost.duplicates.into(), DUPLICATE);
        let lost = language.count(cost.lost.into(), LOST);
        let answers = language.count(self.flood.answers.len() as u64, ANSWER);
        let of = language.of("of", "com");
        self.sentence(Tone::Quiet, &format!("{queries} {of} {bytes}, {duplicates}, {lost}; {answers}"));
        let Some(Prediction { servents, messages, bound, degree }) = self.model.prediction(self.flood) else { return };
        let reached = language.count(self.flood.visits.len() as u64, SERVENT_REACHED);
        let (queries, neighbours) = (language.count(messages.into(), QUERY), language.count(degree.into(), NEIGHBOUR));
        let text = match language {
            Language::English => format!(
                "{reached}; breadth-first search finds {servents} within three hops, with {queries}; with at most \
                {neighbours} each there can be no more than {bound}"
            ),
            Language::Portuguese => format!(
                "{reached}; a busca em largura acha {servents} a até três saltos, com {queries}; com no máximo \
                {neighbours} cada, não pode haver mais de {bound}"
            ),
        };
        self.sentence(Tone::Quiet, &text);
    }

    fn misses(&mut self) {
        for miss in self.model.misses(self.flood) {
            let text = self.style.language.miss(self.model, &miss);
            let tone = if miss.holds == Some(true) { Tone::Remark } else { Tone::Quiet };
            self.sentence(tone, &text);
        }
    }

    fn findings(&mut self) {
        for finding in &self.flood.findings {
            let begin = self.flood.asked.unwrap_or(self.flood.first);
            let (who, when) = (self.name(finding.servent), duration(self.style.language, finding.at.since(begin)));
            let what = self.style.language.breach(self.model, finding.breach);
            let bytes = finding.bytes.as_deref().map_or_else(String::new, |bytes| format!(": {}", hex(bytes)));
            let clause = finding.breach.clause();
            self.sentence(Tone::Fault, &format!("{clause}: {who} {what}, {when}{bytes}"));
        }
    }
}

/// Bytes as people read them, the first ones.
fn hex(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 32;
    let mut text: String = bytes.iter().take(SHOWN_MAX).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > SHOWN_MAX {
        text.push_str("...");
    }
    text
}

/// The time of day in UTC, to the microsecond.
fn time_of_day(wall_nanos: i64) -> String {
    let micros = wall_nanos.div_euclid(1_000);
    let seconds = micros.div_euclid(1_000_000).rem_euclid(86_400);
    let fraction = micros.rem_euclid(1_000_000);
    format!("{:02}:{:02}:{:02}.{fraction:06} UTC", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
