//! Sequence: a lane a servent, time to the right, an arrow a copy.

use super::rings::{left_out, place, stop};
use super::scene::{FATES, Scene, fate_number};
use super::sectors::{Layout, Spot};
use super::svg::{Heading, Svg, number};
use super::words::{self, Names, Words, lasting};
use crate::flood::{Copy, Fate, Moment};
use crate::telling::Language;
use std::collections::BTreeSet;

/// How wide the time is drawn that a flood took.
pub(super) const WIDTH: f64 = 640.0;
const RIGHT: f64 = 36.0;
const TOP: f64 = 46.0;
const CAPTION: f64 = 26.0;

/// Draws a scene; for a page if no `language` is given, with words in all of them and numbers for what moves. Its title and
/// description are in one all the same, that of the page, until the page's script changes them.
pub(super) fn draw(scene: &Scene<'_>, layout: &Layout, language: Option<Language>, lang: Language) -> String {
    let row = match layout.spots.len() {
        0..=40 => 30.0,
        41..=100 => 20.0,
        _ => 12.0,
    };
    let (title, description) = (words::sequence_title(scene).of(lang), words::description(scene).of(lang));
    let left = left(scene, layout);
    let heading = Heading {
        class: if row < 16.0 { "sequence dense" } else { "sequence" },
        title: &title,
        description: &description,
        lang: lang.tag(),
    };
    let height = TOP + row * (layout.spots.len() as f64 + 1.0) + CAPTION;
    let svg = Svg::begin([0.0, 0.0, left + WIDTH + RIGHT, height], &heading, language.is_some());
    let mut sequence = Sequence { scene, layout, language, row, left, names: lane_names(scene, layout), svg };
    sequence.axis();
    sequence.lanes();
    sequence.copies();
    sequence.answers();
    sequence.visits();
    for line in words::sequence_caption(left_out(scene, layout), layout.is_bunched()) {
        sequence.write("note", (8.0, height - 10.0), &line);
    }
    sequence.svg.end()
}

/// Where time zero is; names stand before it.
pub(super) fn left(scene: &Scene<'_>, layout: &Layout) -> f64 {
    let names = lane_names(scene, layout);
    let longest = names.iter().map(|name| name.en.chars().count().max(name.pt.chars().count())).max().unwrap_or(0);
    // A character of the names' size, and room for the sign of one that was not reached.
    6.7 * longest.max(7) as f64 + 40.0
}

fn lane_names(scene: &Scene<'_>, layout: &Layout) -> Vec<Words> {
    let names = Names::of(scene);
    let short = |spot: &Spot| names.short(scene.cast[spot.roles[0] as usize].peer);
    let name = |spot: &Spot| {
        if !spot.is_bunch() {
            return Words::same(short(spot));
        }
        let below = spot.parent.map(|parent| &layout.spots[parent]).filter(|parent| !parent.is_bunch()).map(short);
        let is_outer = scene.outer() == Some(spot.ring);
        let ring = if is_outer { words::outer_ring(scene) } else { words::ring(spot.ring as usize) };
        words::bunch(spot.roles.len(), below.as_deref(), &ring)
    };
    layout.spots.iter().map(name).collect()
}

struct Sequence<'a> {
    scene: &'a Scene<'a>,
    layout: &'a Layout,
    language: Option<Language>,
    row: f64,
    left: f64,
    names: Vec<Words>,
    svg: Svg,
}

impl Sequence<'_> {
    fn x(&self, moment: Moment) -> f64 {
        self.left + self.scene.since(moment) as f64 / self.scene.span() as f64 * WIDTH
    }

    /// The lane of a spot; the client's is above all.
    fn y(&self, spot: usize) -> f64 {
        TOP + self.row * (spot as f64 + 1.5)
    }

    fn client_y(&self) -> f64 {
        TOP + self.row * 0.5
    }

    /// Lines at round times.
    fn axis(&mut self) {
        let bottom = TOP + self.row * (self.layout.spots.len() as f64 + 1.0);
        let span = self.scene.span();
        let step = round_step(span / 8);
        let mut at = 0;
        while at <= span {
            let x = self.left + at as f64 / span as f64 * WIDTH;
            let [x_text, top, bottom] = [x, TOP - 6.0, bottom].map(number);
            self.svg.raw(format_args!("<path class=\"grid\" d=\"M{x_text} {top}V{bottom}\"/>\n"));
            self.write("tick", (x, TOP - 12.0), &lasting(at));
            at = at.saturating_add(step);
        }
    }

    fn lanes(&mut self) {
        let size = if self.row < 16.0 { "lanes small" } else { "lanes" };
        self.svg.raw(format_args!("<g class=\"{size}\">\n"));
        self.lane(None, self.client_y(), &words::client());
        for number in 0..self.layout.spots.len() {
            let name = self.names[number].clone();
            self.lane(Some(number), self.y(number), &name);
        }
        self.svg.raw(format_args!("</g>\n"));
    }

    fn lane(&mut self, spot: Option<usize>, y: f64, name: &Words) {
        let data =
            spot.filter(|_| self.language.is_none()).map_or_else(String::new, |spot| format!(" data-s=\"{spot}\""));
        self.svg.raw(format_args!("<g class=\"row\"{data}>"));
        let [left, right, line] = [self.left, self.left + WIDTH, y].map(number);
        self.svg.raw(format_args!("<path class=\"lane\" d=\"M{left} {line}H{right}\"/>"));
        self.write("lanename", (8.0, y + 4.0), name);
        self.svg.raw(format_args!("</g>\n"));
    }

    fn copies(&mut self) {
        let mut strokes: Vec<BTreeSet<i64>> = vec![BTreeSet::new(); self.layout.spots.len()];
        for (index, copy) in self.scene.flood.copies.iter().enumerate() {
            let to = self.scene.role(copy.to).map(|role| self.layout.of[role as usize]);
            let Some((from, to)) =
                place(self.scene, self.layout, copy).filter(|&(_, to)| !self.layout.spots[to].is_bunch())
            else {
                if let (Some(to), Some(received)) = (to, copy.received) {
                    strokes[to].insert((self.x(received) * 2.0).round() as i64);
                }
                continue;
            };
            self.copy(index, copy, from, to);
        }
        let half = self.row * 0.35;
        for (spot, strokes) in strokes.iter().enumerate().filter(|(_, strokes)| !strokes.is_empty()) {
            let (top, height) = (number(self.y(spot) - half), number(2.0 * half));
            let d: String = strokes.iter().map(|&x| format!("M{} {top}v{height}", number(x as f64 / 2.0))).collect();
            self.svg.raw(format_args!("<path class=\"strokes first\" d=\"{d}\"/>\n"));
        }
    }

    fn copy(&mut self, index: usize, copy: &Copy, from: usize, to: usize) {
        let (sent, received) = (copy.sent.or(copy.received), copy.received.or(copy.sent));
        let (Some(sent), Some(received)) = (sent, received) else { return };
        let (x0, y0, mut x1, y1) = (self.x(sent), self.y(from), self.x(received), self.y(to));
        // Nobody knows when it would have arrived: a short way, then its end.
        if copy.received.is_none() {
            x1 = (x0 + 24.0).min(self.left + WIDTH);
        }
        let stop = stop(copy.fate);
        let (x1, y1) = (x0 + (x1 - x0) * stop, y0 + (y1 - y0) * stop);
        let class = FATES[fate_number(copy.fate)];
        let data = if self.language.is_none() { format!(" data-c=\"{index}\"") } else { String::new() };
        let [a, b, c, d] = [x0, y0, x1, y1].map(number);
        self.svg.raw(format_args!(
            "<path class=\"copy {class}\"{data} d=\"M{a} {b}L{c} {d}\" marker-end=\"url(#m-{class})\"/>\n"
        ));
        if self.row < 16.0 && copy.fate != Fate::DuplicateHigherTtl {
            return;
        }
        let text =
            if copy.fate == Fate::DuplicateHigherTtl { format!("{} P-19", copy.ttl) } else { copy.ttl.to_string() };
        let at = (x0 + (x1 - x0) * 0.6, y0 + (y1 - y0) * 0.6 + 3.0);
        let data = if self.language.is_none() { format!(" data-l=\"{index}\"") } else { String::new() };
        let [x, y] = [at.0, at.1].map(number);
        self.svg.raw(format_args!("<text class=\"label {class}\"{data} x=\"{x}\" y=\"{y}\">{text}</text>\n"));
    }

    /// The question and the answers, from and to the client.
    fn answers(&mut self) {
        let client = self.client_y();
        if let (Some(asked), Some(middle)) = (self.scene.flood.asked, self.scene.middle()) {
            let x = number(self.x(asked));
            let [y0, y1] = [client, self.y(self.layout.of[middle as usize])].map(number);
            self.svg.raw(format_args!(
                "<path class=\"copy first\" d=\"M{x} {y0}L{x} {y1}\" marker-end=\"url(#m-first)\"/>\n"
            ));
        }
        for (index, answer) in self.scene.flood.answers.iter().enumerate() {
            let Some(spot) = self.scene.role(answer.from).map(|role| self.layout.of[role as usize]) else { continue };
            let (Some(sent), Some(received)) = (answer.sent.or(answer.received), answer.received.or(answer.sent))
            else {
                continue;
            };
            if self.layout.spots[spot].is_bunch() {
                continue;
            }
            let uncertain = if answer.is_uncertain { " uncertain" } else { "" };
            let data = if self.language.is_none() { format!(" data-a=\"{index}\"") } else { String::new() };
            let [x0, y0, x1, y1] = [self.x(sent), self.y(spot), self.x(received), client].map(number);
            self.svg.raw(format_args!(
                "<path class=\"answer{uncertain}\"{data} d=\"M{x0} {y0}L{x1} {y1}\" marker-end=\"url(#m-answer)\"/>\n"
            ));
        }
    }

    /// On each lane, from when it was reached: its state and its life from then on.
    fn visits(&mut self) {
        let scale = number(self.row / 60.0);
        for (place, spot) in self.layout.spots.iter().enumerate().filter(|(_, spot)| !spot.is_bunch()) {
            let actor = &self.scene.cast[spot.roles[0] as usize];
            // From when the QUERY came to when it was dealt with.
            let first = |copy: &&Copy| copy.to == actor.peer && copy.fate == Fate::First;
            let came = self.scene.flood.copies.iter().find(first).and_then(|copy| copy.received);
            if let (Some(came), Some(visit)) = (came, actor.visit) {
                let [from, to, y] = [self.x(came), self.x(visit.at), self.y(place)].map(number);
                self.svg.raw(format_args!("<path class=\"life\" d=\"M{from} {y}H{to}\"/>\n"));
            }
            // Those that were not reached stand before time begins.
            let x = actor.visit.map_or(self.left - 16.0, |visit| self.x(visit.at));
            let class = actor.state.class();
            let [x, y] = [x, self.y(place)].map(number);
            let data = if self.language.is_none() { format!(" data-s=\"{place}\"") } else { String::new() };
            self.svg.raw(format_args!(
                "<g class=\"servent {class}\"{data} transform=\"translate({x} {y}) scale({scale})\"><use \
                 href=\"#s-{class}\"/></g>\n"
            ));
        }
    }

    fn write(&mut self, class: &str, at: (f64, f64), text: &Words) {
        words::write(&mut self.svg, class, at, text, self.language);
    }
}

/// A round number of nanoseconds, at least `least`: 1, 2 or 5 times a power of ten.
fn round_step(least: i64) -> i64 {
    let mut unit = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            if unit.saturating_mul(factor) >= least {
                return unit.saturating_mul(factor).max(1);
            }
        }
        unit = unit.saturating_mul(10);
    }
}
