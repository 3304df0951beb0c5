//! A sweep drawn: a panel for each thing that was found out, over what was swept.

use super::svg::{Heading, Svg, number};
use crate::sweep::{Estimate, Outcome};
use crate::telling::Language;
use crate::telling::sweep::{Axis, FOUND, Found, Report, Unit};

/// The look of a chart, beside that of all pictures.
pub(super) const CHART_CSS: &str = include_str!("page/chart.css");

/// What the panels show, by name.
const PANELS: [&str; 6] = ["reached", "answers", "answers_share", "messages", "duplicates", "last_answer_ms"];

const COLUMNS: usize = 3;
const PANEL: (f64, f64) = (340.0, 254.0);
/// What lies about the frame of a panel: left, top, right, below.
const MARGIN: [f64; 4] = [52.0, 30.0, 14.0, 58.0];
/// Above the panels: a title and what is the same everywhere.
const HEAD: f64 = 54.0;
/// A line of the legend.
const LEGEND: f64 = 20.0;
/// Lines that can be told apart.
const SERIES_MAX: usize = 6;
/// The height of a line of labels or words.
const LINE: f64 = 14.0;

/// One line of a panel: what it is, and its points from left to right.
struct Series<'a> {
    name: String,
    points: Vec<&'a Outcome>,
}

/// What lies along the panels, and where: 0 is left and 1 is right.
struct Along {
    axis: &'static Axis,
    language: Language,
    places: Vec<(String, f64)>,
}

/// A sweep as an SVG document.
#[must_use]
pub fn chart(report: &Report<'_>, language: Language) -> String {
    draw(report, language, true)
}

/// The same as a part of a page that has [`CHART_CSS`] and says itself what is simulated, unless it is a file.
pub(super) fn draw(report: &Report<'_>, language: Language, is_file: bool) -> String {
    let along = along(report, language);
    let (series, left_out) = series(report, &along);
    let rows = PANELS.len().div_ceil(COLUMNS) as f64;
    let below = if series.len() > 1 { series.len() as f64 * LEGEND } else { 0.0 };
    let head = if is_file { HEAD } else { 0.0 };
    let notes = if is_file { report.notes(language) } else { Vec::new() };
    let words_below = (notes.len() + usize::from(left_out > 0)) as f64 * LINE;
    let size = (COLUMNS as f64 * PANEL.0, head + rows * PANEL.1 + below + words_below + 12.0);
    let [first, second] = report.heading(language);
    let heading = Heading { class: "chart", title: &first, description: &second, lang: language.tag() };
    let mut svg = Svg::begin([0.0, 0.0, size.0, size.1], &heading, is_file);
    if is_file {
        svg.raw(format_args!("<style>{CHART_CSS}</style>\n"));
        svg.text("head", (12.0, 22.0), &first);
        svg.text("caption", (12.0, 41.0), &second);
    }
    for (place, name) in PANELS.iter().enumerate() {
        let corner = ((place % COLUMNS) as f64 * PANEL.0, head + (place / COLUMNS) as f64 * PANEL.1);
        let found = FOUND.iter().find(|found| found.name == *name).expect("a panel shows something that is found out");
        panel(&mut svg, corner, found, (&along, &series));
    }
    let mut y = head + rows * PANEL.1 + 6.0;
    if series.len() > 1 {
        for (colour, Series { name, .. }) in series.iter().enumerate() {
            svg.raw(format_args!("<path class=\"series c{colour}\" d=\"M12 {}h44\"/>\n", number(y)));
            mark(&mut svg, colour, (34.0, y));
            svg.text("caption", (64.0, y + 4.0), name);
            y += LEGEND;
        }
    }
    if left_out > 0 {
        let words = match language {
            Language::English => format!("Not drawn: {left_out} more lines; the table has them."),
            Language::Portuguese => format!("Não desenhadas: mais {left_out} linhas; estão na tabela."),
        };
        svg.text("note", (12.0, y + 4.0), &words);
        y += LINE;
    }
    for note in notes {
        svg.text("note", (12.0, y + 4.0), note);
        y += LINE;
    }
    svg.end()
}

/// The first axis that is swept; what links lose if none is.
fn along(report: &Report<'_>, language: Language) -> Along {
    let axis = report.swept().next().unwrap_or(&crate::telling::sweep::AXES[0]);
    let mut places: Vec<(String, Option<f64>)> = Vec::new();
    for Outcome { point, .. } in report.outcomes {
        let name = axis.value(point, language);
        if !places.iter().any(|(known, _)| *known == name) {
            places.push((name, (axis.at)(point)));
        }
    }
    // Numbers lie where they belong, anything else one beside the other.
    let numbers: Option<Vec<f64>> = places.iter().map(|(_, at)| *at).collect();
    let ends = |all: &[f64]| {
        let (low, high) = all.iter().fold((f64::MAX, f64::MIN), |(low, high), &at| (low.min(at), high.max(at)));
        (low, high - low)
    };
    let scaled = numbers.map(|numbers| (ends(&numbers), numbers));
    let count = places.len() as f64;
    let place = |index: usize| match &scaled {
        Some(((low, span), numbers)) if *span > 0.0 => (numbers[index] - low) / span,
        _ => (index as f64 + 0.5) / count,
    };
    let names = places.iter().enumerate().map(|(index, (name, _))| (name.clone(), place(index)));
    Along { axis, language, places: names.collect() }
}

/// The lines, one for each combination of what else is swept, and how many more there are.
fn series<'a>(report: &Report<'a>, along: &Along) -> (Vec<Series<'a>>, usize) {
    let others: Vec<_> = report.swept().skip(1).collect();
    let mut all: Vec<Series<'a>> = Vec::new();
    for outcome in report.outcomes {
        let told = |axis: &&Axis| {
            let name = along.language.of(axis.name[0], axis.name[1]);
            format!("{name} {}", axis.value(&outcome.point, along.language))
        };
        let name = others.iter().map(told).collect::<Vec<_>>().join(", ");
        match all.iter_mut().find(|series| series.name == name) {
            Some(series) => series.points.push(outcome),
            None => all.push(Series { name, points: vec![outcome] }),
        }
    }
    for series in &mut all {
        series.points.sort_by(|one, other| along.x(one).total_cmp(&along.x(other)));
    }
    let left_out = all.len().saturating_sub(SERIES_MAX);
    all.truncate(SERIES_MAX);
    (all, left_out)
}

impl Along {
    fn x(&self, outcome: &Outcome) -> f64 {
        let name = self.axis.value(&outcome.point, self.language);
        self.places.iter().find(|(known, _)| *known == name).map_or(0.0, |(_, x)| *x)
    }
}

/// One panel: frame, ticks, lines and their intervals.
fn panel(svg: &mut Svg, corner: (f64, f64), found: &Found, lines: (&Along, &[Series<'_>])) {
    let (along, series) = lines;
    let language = along.language;
    let [left, top, right, bottom] = MARGIN;
    let (x0, y0) = (corner.0 + left, corner.1 + top);
    let (width, height) = (PANEL.0 - left - right, PANEL.1 - top - bottom);
    let factor = if found.unit == Unit::Number { 1.0 } else { 100.0 };
    let estimates = series.iter().flat_map(|series| &series.points).filter_map(|point| (found.of)(&point.totals));
    let highest = estimates.map(|Estimate { value, interval }| interval.map_or(value, |(_, high)| high) * factor);
    let step = if found.unit == Unit::Number { step(highest.fold(0.0, f64::max)) } else { 25.0 };
    let top_value = 4.0 * step;
    let at = |x: f64, value: f64| {
        // A little room on both sides, so that marks lie within the frame.
        (x0 + 10.0 + x * (width - 20.0), y0 + height * (1.0 - (value / top_value).clamp(0.0, 1.0)))
    };
    let title = language.of(found.title[0], found.title[1]);
    let title = if found.unit == Unit::Number { title.to_owned() } else { format!("{title}, %") };
    svg.text("title", (x0, y0 - 9.0), &title);
    for tick in 0..=4 {
        let (value, y) = (f64::from(tick) * step, at(0.0, f64::from(tick) * step).1);
        svg.raw(format_args!("<path class=\"grid\" d=\"M{} {}h{}\"/>\n", number(x0), number(y), number(width)));
        svg.text("tick y", (x0 - 6.0, y + 4.0), &language.number(&value.to_string()));
    }
    svg.raw(format_args!(
        "<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
        number(x0),
        number(y0),
        number(width),
        number(height)
    ));
    labels(svg, along, |x| at(x, 0.0).0, y0 + height + 16.0);
    let name = language.of(along.axis.name[0], along.axis.name[1]);
    svg.text("caption x", (x0 + width / 2.0, y0 + height + 18.0 + 2.0 * LINE), name);
    for (colour, Series { points, .. }) in series.iter().enumerate() {
        let drawn: Vec<_> =
            points.iter().filter_map(|point| Some((along.x(point), (found.of)(&point.totals)?))).collect();
        let path: Vec<_> = drawn.iter().map(|(x, estimate)| pair(at(*x, estimate.value * factor))).collect();
        if path.len() > 1 {
            svg.raw(format_args!("<path class=\"series c{colour}\" d=\"M{}\"/>\n", path.join("L")));
        }
        for (x, estimate) in drawn {
            if let Some((low, high)) = estimate.interval {
                let ((x, low), (_, high)) = (at(x, low * factor), at(x, high * factor));
                let (begin, end, x) = (number(x - 3.0), number(low), number(x));
                svg.raw(format_args!(
                    "<path class=\"whisker c{colour}\" d=\"M{begin} {end}h6M{begin} {high}h6M{x} {end}V{high}\"/>\n",
                    high = number(high)
                ));
            }
            mark(svg, colour, at(x, estimate.value * factor));
        }
    }
}

/// What stands below a panel, on two lines, as much as finds room.
fn labels(svg: &mut Svg, along: &Along, x_of: impl Fn(f64) -> f64, y: f64) {
    /// About as much as a character takes.
    const CHARACTER: f64 = 6.5;
    let mut ends = [f64::MIN; 2];
    for (name, place) in &along.places {
        let (x, half) = (x_of(*place), name.chars().count() as f64 * CHARACTER / 2.0);
        let free = ends.iter().position(|&end| end < x - half - CHARACTER);
        if let Some(line) = free {
            ends[line] = x + half;
            svg.text("tick x", (x, y + line as f64 * LINE), name);
        }
    }
}

/// Something at a point that tells its line from others also without colours.
fn mark(svg: &mut Svg, colour: usize, (x, y): (f64, f64)) {
    let at = |dx: f64, dy: f64| pair((x + dx, y + dy));
    let path = match colour % 3 {
        0 => {
            let (x, y) = (number(x), number(y));
            return svg.raw(format_args!("<circle class=\"mark c{colour}\" cx=\"{x}\" cy=\"{y}\" r=\"3.2\"/>\n"));
        }
        1 => [at(-3.0, -3.0), at(3.0, -3.0), at(3.0, 3.0), at(-3.0, 3.0)],
        _ => [at(0.0, -4.0), at(4.0, 0.0), at(0.0, 4.0), at(-4.0, 0.0)],
    };
    svg.raw(format_args!("<path class=\"mark c{colour}\" d=\"M{}Z\"/>\n", path.join("L")));
}

fn pair((x, y): (f64, f64)) -> String {
    format!("{} {}", number(x), number(y))
}

/// A quarter of a scale that goes up to `highest` at least: 1, 2, 2.5 or 5 times a power of ten.
fn step(highest: f64) -> f64 {
    let quarter = highest / 4.0;
    if quarter <= 0.0 {
        return 0.25;
    }
    let power = 10_f64.powi(quarter.log10().floor() as i32);
    let fits = [1.0, 2.0, 2.5, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= quarter * 0.999_999);
    fits.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_round_and_holds_the_highest_value() {
        for (highest, quarter) in [
            (0.0, 0.25),
            (0.3, 0.1),
            (3.9, 1.0),
            (4.1, 2.0),
            (53.0, 20.0),
            (100.0, 25.0),
            (124.0, 50.0),
            (1_700.0, 500.0),
        ] {
            assert!((step(highest) - quarter).abs() < 1e-9, "{highest}: {}", step(highest));
            assert!(4.0 * step(highest) >= highest);
        }
    }
}
