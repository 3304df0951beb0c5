//! Rings: the entry in the middle, a ring a hop, an arrow a copy.

use super::scene::{FATES, Role, Scene, State, fate_number};
use super::sectors::{Layout, Spot};
use super::svg::{Heading, Svg, number};
use super::words::{self, Words};
use crate::flood::Fate;
use crate::telling::Language;
use std::collections::BTreeMap;

/// From a servent's middle to where its arrows end.
pub(super) const RADIUS: f64 = 20.0;

/// Draws a scene; for a page if no `language` is given, with words in all of them and numbers for what moves. Its title and
/// description are in one all the same, that of the page, until the page's script changes them.
pub(super) fn draw(scene: &Scene<'_>, layout: &Layout, language: Option<Language>, lang: Language) -> String {
    let reach = layout.reach().max(150.0);
    let title = words::rings_title(scene).of(lang);
    let heading =
        Heading { class: "rings", title: &title, description: &words::description(scene).of(lang), lang: lang.tag() };
    let view = [-reach, -reach, 2.0 * reach, 2.0 * reach + 4.0 * line(reach)];
    let mut rings = Rings { scene, layout, language, svg: Svg::begin(view, &heading, language.is_some()) };
    rings.circles();
    rings.answers(reach);
    rings.links();
    rings.spots();
    rings.caption(reach);
    rings.svg.end()
}

/// Whether arrows were left out of the picture of a bunched scene, and how many.
pub(super) fn left_out(scene: &Scene<'_>, layout: &Layout) -> usize {
    let copies = scene.flood.copies.iter();
    copies.filter(|copy| place(scene, layout, copy).is_none_or(|(from, to)| from == to)).count()
}

/// From which spot to which an arrow goes; `None` if it isn't drawn, since it would be one of thousands.
pub(super) fn place(scene: &Scene<'_>, layout: &Layout, copy: &crate::flood::Copy) -> Option<(usize, usize)> {
    let spot = |peer| scene.role(peer).map(|role| layout.of[role as usize]);
    let (from, to) = (spot(copy.from)?, spot(copy.to)?);
    let are_single = !layout.spots[from].is_bunch() && !layout.spots[to].is_bunch();
    (are_single || (copy.fate == Fate::First && from != to)).then_some((from, to))
}

struct Rings<'a> {
    scene: &'a Scene<'a>,
    layout: &'a Layout,
    language: Option<Language>,
    svg: Svg,
}

impl Rings<'_> {
    fn circles(&mut self) {
        let outer = self.scene.outer();
        for (ring, &radius) in self.layout.radii.iter().enumerate() {
            let class = if outer == Some(ring as u32) { "ring outer" } else { "ring" };
            let r = number(radius);
            if radius > 0.0 {
                self.svg.raw(format_args!("<circle class=\"{class}\" r=\"{r}\"/>\n"));
                // Just above the ring, at the top, where sectors meet; below whatever stands there.
                let text = if outer == Some(ring as u32) { words::outer_ring(self.scene) } else { words::ring(ring) };
                self.write("note", (0.0, -radius - 4.0), &text);
            }
        }
    }

    /// Arrows: those between two servents one by one, those with a bunch at an end once a pair.
    fn links(&mut self) {
        let mut repeated: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for (number, copy) in self.scene.flood.copies.iter().enumerate() {
            let Some(ends) = place(self.scene, self.layout, copy) else { continue };
            let times = repeated.entry(ends).or_default();
            *times += 1;
            let is_bunch = [ends.0, ends.1].iter().any(|&spot| self.layout.spots[spot].is_bunch());
            if is_bunch && *times > 1 {
                continue;
            }
            let class = FATES[fate_number(copy.fate)];
            // Copies of the tree go straight; others bend, each way on its own side.
            let bend = if copy.fate == Fate::First { 0.0 } else { 0.14 } + 0.08 * f64::from(*times - 1);
            let (d, middle) = self.arrow(ends, bend, stop(copy.fate));
            let data = if self.language.is_none() { format!(" data-c=\"{number}\"") } else { String::new() };
            self.svg
                .raw(format_args!("<path class=\"copy {class}\"{data} d=\"{d}\" marker-end=\"url(#m-{class})\"/>\n"));
            if copy.fate == Fate::DuplicateHigherTtl {
                let at = if self.language.is_none() { format!(" data-l=\"{number}\"") } else { String::new() };
                let (x, y) = (super::svg::number(middle.0), super::svg::number(middle.1));
                self.svg.raw(format_args!("<text class=\"label higher\"{at} x=\"{x}\" y=\"{y}\">P-19</text>\n"));
            }
        }
    }

    /// An arrow as path data, up to `stop` of its way, and the middle of it.
    fn arrow(&self, (from, to): (usize, usize), bend: f64, stop: f64) -> (String, (f64, f64)) {
        let (a, b) = (&self.layout.spots[from], &self.layout.spots[to]);
        arrow((a.x, a.y), (b.x, b.y), bend, stop)
    }

    /// Dotted lines from whoever answered to the client, which stands outside the rings.
    fn answers(&mut self, reach: f64) {
        let client = (-reach + 24.0, reach - 24.0);
        for (number, answer) in self.scene.flood.answers.iter().enumerate() {
            let Some(spot) = self.scene.role(answer.from).map(|role| self.layout.of[role as usize]) else { continue };
            let spot = &self.layout.spots[spot];
            if spot.is_bunch() {
                continue;
            }
            let uncertain = if answer.is_uncertain { " uncertain" } else { "" };
            let (d, _) = arrow((spot.x, spot.y), client, 0.06, 1.0);
            let data = if self.language.is_none() { format!(" data-a=\"{number}\"") } else { String::new() };
            self.svg.raw(format_args!(
                "<path class=\"answer{uncertain}\"{data} d=\"{d}\" marker-end=\"url(#m-answer)\"/>\n"
            ));
        }
        let (x, y) = (super::svg::number(client.0), super::svg::number(client.1));
        self.svg.raw(format_args!(
            "<g class=\"servent client\" transform=\"translate({x} {y})\"><use href=\"#s-client\"/></g>\n"
        ));
        self.write("name long", (client.0, client.1 + 4.0), &words::client());
    }

    fn spots(&mut self) {
        let names = words::Names::of(self.scene);
        for (number, spot) in self.layout.spots.iter().enumerate() {
            let (x, y) = (super::svg::number(spot.x), super::svg::number(spot.y));
            let data = if self.language.is_none() { format!(" data-s=\"{number}\"") } else { String::new() };
            let place = format!("{data} transform=\"translate({x} {y})\"");
            if spot.is_bunch() {
                self.bunch(spot, &place);
                continue;
            }
            let role = spot.roles[0];
            let actor = &self.scene.cast[role as usize];
            let class = actor.state.class();
            self.svg.raw(format_args!("<g class=\"servent {class}\"{place}><use href=\"#s-{class}\"/>"));
            self.marks(role);
            let name = names.short(actor.peer);
            let (class, y) = match name.chars().count() {
                0..=4 => ("name", 5.0),
                5..=6 => ("name long", 4.0),
                _ => ("name long", 32.0),
            };
            self.svg.text(class, (0.0, y), &name);
            self.svg.raw(format_args!("</g>\n"));
        }
    }

    /// What is special of a servent: that it was asked, that the time-to-live ended there.
    fn marks(&mut self, role: Role) {
        if self.scene.middle() == Some(role) {
            self.svg.raw(format_args!("<circle class=\"entry\" r=\"23\"/>"));
        }
        if self.scene.is_end(role) {
            self.svg.raw(format_args!("<path class=\"end\" d=\"M-9 22H9\"/>"));
        }
    }

    /// Many at one place: a pie of their states, and how many.
    fn bunch(&mut self, spot: &Spot, place: &str) {
        self.svg.raw(format_args!("<g class=\"bunch\"{place}><circle class=\"notheld servent\" r=\"20\"/>"));
        let mut from = 0.0;
        for state in State::ALL {
            let count = spot.roles.iter().filter(|&&role| self.scene.cast[role as usize].state == state).count();
            let part = count as f64 / spot.roles.len() as f64;
            if count > 0 {
                let d = wedge(from, from + part, 20.0);
                self.svg.raw(format_args!("<path class=\"wedge {}\" d=\"{d}\"/>", state.class()));
            }
            from += part;
        }
        self.svg.text("name long", (0.0, 4.0), &spot.roles.len().to_string());
        self.svg.raw(format_args!("</g>\n"));
    }

    fn caption(&mut self, reach: f64) {
        let size = line(reach);
        let mut y = reach + size;
        self.svg.raw(format_args!(
            "<g font-size=\"{}px\">
",
            number(size * 0.8)
        ));
        // A page says the first line above its pictures.
        let skipped = usize::from(self.language.is_none());
        let lines = words::rings_caption(self.scene, left_out(self.scene, self.layout), self.layout.is_bunched());
        for line in lines.into_iter().skip(skipped) {
            self.write("caption", (-reach + 4.0, y), &line);
            y += size;
        }
        self.svg.raw(format_args!("</g>\n"));
    }

    fn write(&mut self, class: &str, at: (f64, f64), text: &Words) {
        words::write(&mut self.svg, class, at, text, self.language);
    }
}

/// The height of a line of the caption: it grows with the picture.
fn line(reach: f64) -> f64 {
    (reach / 24.0).max(16.0)
}

/// How far along its way a copy of this fate is drawn.
pub(super) fn stop(fate: Fate) -> f64 {
    match fate {
        Fate::Lost => 0.55,
        Fate::Unknown => 0.75,
        _ => 1.0,
    }
}

/// A line from one servent's edge to another's that bends to its left.
fn arrow(a: (f64, f64), b: (f64, f64), bend: f64, stop: f64) -> (String, (f64, f64)) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let control = (f64::midpoint(a.0, b.0) + uy * length * bend, f64::midpoint(a.1, b.1) - ux * length * bend);
    let towards = |from: (f64, f64), to: (f64, f64), far: f64| {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy).max(1.0);
        (from.0 + dx / length * far, from.1 + dy / length * far)
    };
    let begin = towards(a, control, RADIUS);
    let last = towards(b, control, RADIUS + 2.0);
    let end = (begin.0 + (last.0 - begin.0) * stop, begin.1 + (last.1 - begin.1) * stop);
    let [x0, y0, x1, y1] = [begin.0, begin.1, end.0, end.1].map(number);
    if bend == 0.0 || stop < 1.0 {
        let middle = (f64::midpoint(begin.0, end.0), f64::midpoint(begin.1, end.1));
        return (format!("M{x0} {y0}L{x1} {y1}"), middle);
    }
    let [cx, cy] = [control.0, control.1].map(number);
    let middle = (0.25 * begin.0 + 0.5 * control.0 + 0.25 * end.0, 0.25 * begin.1 + 0.5 * control.1 + 0.25 * end.1);
    (format!("M{x0} {y0}Q{cx} {cy} {x1} {y1}"), middle)
}

/// A part of a circle, from and to as parts of the whole, beginning at the top.
pub(super) fn wedge(from: f64, to: f64, radius: f64) -> String {
    let point = |part: f64| {
        let angle = (part - 0.25) * std::f64::consts::TAU;
        format!("{} {}", number(radius * angle.cos()), number(radius * angle.sin()))
    };
    let r = number(radius);
    if to - from > 0.999 {
        return format!("M0 -{r}A{r} {r} 0 1 1 -0.1 -{r}Z");
    }
    let large = u8::from(to - from > 0.5);
    format!("M0 0L{}A{r} {r} 0 {large} 1 {}Z", point(from), point(to))
}
