//! What a sweep found out: the columns, and the table, CSV and JSON that have them.

use super::counted::{NEIGHBOUR, Noun, QUESTION, noun};
use super::{Language, csv_cell, safe};
use crate::sweep::{Estimate, Outcome, Plan, Point, Totals, is_of_servents, reach_bound};
use crate::text::escape;
use serde_json::{Map, Value, json};

/// Servents of a graph.
const SERVENT: Noun = noun(["servent", "servents"], ["servent", "servents"]);

/// A sweep and what it found out.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What was swept.
    pub plan: &'a Plan,
    /// What came of it.
    pub outcomes: &'a [Outcome],
}

/// Something that was found out of each point.
pub(crate) struct Found {
    /// As CSV and JSON name it.
    pub(crate) name: &'static str,
    /// Over a column, in English and Portuguese.
    pub(crate) head: [&'static str; 2],
    /// Over a picture.
    pub(crate) title: [&'static str; 2],
    pub(crate) unit: Unit,
    pub(crate) of: fn(&Totals) -> Option<Estimate>,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// As it is.
    Number,
    /// A share, in percent.
    Percent,
    /// A proportion in percent, whose interval does not lie evenly about it.
    Proportion,
}

/// All that is found out, in the order of the columns.
pub(crate) const FOUND: [Found; 9] = [
    Found {
        name: "reached",
        head: ["reached", "alcançados"],
        title: ["servents reached", "servents alcançados"],
        unit: Unit::Number,
        of: Totals::reached,
    },
    Found {
        name: "reached_share",
        head: ["of those", "destes"],
        title: ["reached, of those in reach", "alcançados, dos que estão ao alcance"],
        unit: Unit::Percent,
        of: Totals::reached_share,
    },
    Found {
        name: "answers",
        head: ["answers", "respostas"],
        title: ["answers", "respostas"],
        unit: Unit::Number,
        of: Totals::answers,
    },
    Found {
        name: "answers_share",
        head: ["of those", "destes"],
        title: ["heard from, of the holders in reach", "ouvidos, dos que têm a chave"],
        unit: Unit::Percent,
        of: Totals::answers_share,
    },
    Found {
        name: "in_vain",
        head: ["in vain", "em vão"],
        title: ["questions in vain", "perguntas em vão"],
        unit: Unit::Proportion,
        of: Totals::in_vain,
    },
    Found {
        name: "messages",
        head: ["QUERYs", "QUERYs"],
        title: ["QUERYs", "QUERYs"],
        unit: Unit::Number,
        of: Totals::messages,
    },
    Found {
        name: "duplicates",
        head: ["duplicates", "duplicadas"],
        title: ["duplicates", "duplicadas"],
        unit: Unit::Number,
        of: Totals::duplicates,
    },
    Found {
        name: "higher_ttl",
        head: ["higher TTL", "TTL maior"],
        title: ["duplicates with more time-to-live (P-19)", "duplicadas com TTL maior (P-19)"],
        unit: Unit::Number,
        of: Totals::higher_ttl,
    },
    Found {
        name: "last_answer_ms",
        head: ["last, ms", "última, ms"],
        title: ["last answer, ms", "última resposta, ms"],
        unit: Unit::Number,
        of: Totals::last_answer_ms,
    },
];

/// Something that a point is.
pub(crate) struct Axis {
    /// In English and Portuguese.
    pub(crate) name: [&'static str; 2],
    of: fn(&Point) -> String,
    /// Where it lies, if it is a number that says so.
    pub(crate) at: fn(&Point) -> Option<f64>,
    is_swept: fn(&Plan) -> bool,
}

/// The axes, in the order in which they are swept.
pub(crate) const AXES: [Axis; 5] = [
    Axis {
        name: ["loss", "perda"],
        of: |point| format!("{} %", point.loss),
        at: |point| Some(point.loss.0),
        is_swept: |plan| plan.axes.loss.len() > 1,
    },
    Axis {
        name: ["delay", "atraso"],
        of: |point| point.delay.to_string(),
        at: |_| None,
        is_swept: |plan| plan.axes.delay.len() > 1,
    },
    Axis {
        name: ["holders", "com a chave"],
        of: |point| point.holders.to_string(),
        at: |_| None,
        is_swept: |plan| plan.axes.holders.len() > 1,
    },
    Axis {
        name: ["time-to-live", "TTL"],
        of: |point| point.ttl.to_string(),
        at: |point| Some(f64::from(point.ttl)),
        is_swept: |plan| plan.axes.ttl.len() > 1,
    },
    Axis {
        name: ["tries", "tentativas"],
        of: |point| point.tries.to_string(),
        at: |point| Some(f64::from(point.tries)),
        is_swept: |plan| plan.axes.tries.len() > 1,
    },
];

impl Axis {
    /// What a point is. What is typed is shown as it is typed.
    pub(crate) fn value(&self, point: &Point, language: Language) -> String {
        let value = (self.of)(point);
        if (self.at)(point).is_some() { language.number(&value) } else { value }
    }
}

impl Report<'_> {
    /// The axes that have several values.
    pub(crate) fn swept(&self) -> impl Iterator<Item = &'static Axis> {
        AXES.iter().filter(|axis| (axis.is_swept)(self.plan))
    }

    /// What is the same everywhere, on two lines.
    pub(crate) fn heading(&self, language: Language) -> [String; 2] {
        let Plan { name, graph, questions, seed, .. } = self.plan;
        let servents = language.count(graph.len() as u64, SERVENT);
        let questions = language.count((*questions).into(), QUESTION);
        let degree = self.degree();
        let neighbours = language.count(degree as u64, NEIGHBOUR);
        let at_most = language.of("with at most", "com no máximo");
        let seed_word = language.of("seed", "semente");
        let name = escape(name.as_bytes());
        let mut first = format!("{name}: {servents} {at_most} {neighbours}; {questions}, {seed_word} {seed}");
        if let [ttl] = self.plan.axes.ttl[..] {
            let bound = reach_bound(degree, ttl).min(graph.len() as u128);
            let (can, hops) = (language.of("reach at most", "alcance máximo"), language.of("in", "em"));
            first += &format!("; {can} {bound} {hops} {}", language.count(ttl.into(), super::counted::HOP));
        }
        let same = AXES.iter().filter(|axis| !(axis.is_swept)(self.plan));
        let told = |axis: &Axis| {
            let value = self.outcomes.first().map(|outcome| axis.value(&outcome.point, language)).unwrap_or_default();
            format!("{} {value}", language.of(axis.name[0], axis.name[1]))
        };
        [first, same.map(told).collect::<Vec<_>>().join(", ")]
    }

    /// What is to be known of the values, a line each.
    pub(crate) fn notes(&self, language: Language) -> Vec<&'static str> {
        let mut notes = vec![
            language.of(
                "Means of a question, with 95 % intervals over the questions. Behind a number: of the servents in reach,",
                "Médias por pergunta, com intervalos de 95 % sobre as perguntas. Depois de um número: dos servents ao",
            ),
            language.of(
                "those reached; of the holders in reach, those heard from. In reach: by breadth-first search. What is not shown is 0.",
                "alcance, os alcançados; dos que têm a chave, os ouvidos. Ao alcance: por busca em largura. O que falta é 0.",
            ),
        ];
        if self.plan.axes.ttl.iter().any(|&ttl| !is_of_servents(ttl)) {
            notes.push(language.of(
                "Servents never use another time-to-live than 3: what is shown of others is what would be.",
                "Os servents nunca usam outro TTL que não 3: o que se mostra de outros é o que seria.",
            ));
        }
        notes
    }

    /// The most neighbours that a servent has.
    fn degree(&self) -> usize {
        let graph = &self.plan.graph;
        graph.servents().map(|servent| graph.neighbours(servent).len()).max().unwrap_or(0)
    }

    /// What people are shown of all that was found out: not what is nothing everywhere.
    fn columns(&self) -> impl Iterator<Item = &'static Found> {
        let is_something =
            |found: &Found, outcome: &Outcome| (found.of)(&outcome.totals).is_some_and(|it| it.value > 0.0);
        FOUND.iter().filter(move |found| self.outcomes.iter().any(|outcome| is_something(found, outcome)))
    }

    /// The words over the columns, those of what is swept first.
    pub(crate) fn heads(&self, language: Language) -> Vec<String> {
        let of = |[english, portuguese]: [&str; 2]| language.of(english, portuguese).to_owned();
        self.swept().map(|axis| of(axis.name)).chain(self.columns().map(|found| of(found.head))).collect()
    }

    /// What stands in the columns for a point.
    pub(crate) fn cells(&self, outcome: &Outcome, language: Language) -> Vec<String> {
        let found = self.columns().map(|found| language.number(&shown((found.of)(&outcome.totals), found.unit)));
        self.swept().map(|axis| axis.value(&outcome.point, language)).chain(found).collect()
    }

    /// As a table for people.
    #[must_use]
    pub fn table(&self, language: Language) -> String {
        let rows: Vec<_> = std::iter::once(self.heads(language))
            .chain(self.outcomes.iter().map(|outcome| self.cells(outcome, language)))
            .collect();
        let len = |cell: &String| cell.chars().count();
        let widths: Vec<_> =
            (0..rows[0].len()).map(|column| rows.iter().map(|row| len(&row[column])).max().unwrap_or(0)).collect();
        let [first, second] = self.heading(language);
        let mut table = format!("{first}\n{second}\n\n");
        for row in rows {
            let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
            table += &format!("{}\n", cells.join("  "));
        }
        table.push('\n');
        self.notes(language).iter().for_each(|note| table += &format!("{note}\n"));
        table
    }

    /// For spreadsheets: a line a point, each value with the ends of its interval. Shares lie between 0 and 1.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut csv = String::from("graph,servents,questions,seed,loss_percent,delay,holders,ttl,hypothetical,tries");
        FOUND.iter().for_each(|Found { name, .. }| csv += &format!(",{name},{name}_low,{name}_high"));
        csv += "\r\n";
        let Plan { name, graph, questions, seed, .. } = self.plan;
        for Outcome { point: Point { loss, delay, holders, ttl, tries }, totals } in self.outcomes {
            let (name, delay) = (csv_cell(&escape(name.as_bytes())), csv_cell(&delay.to_string()));
            let is_hypothetical = !is_of_servents(*ttl);
            csv += &format!("{name},{},{questions},{seed},{loss},{delay},{holders},{ttl}", graph.len());
            csv += &format!(",{is_hypothetical},{tries}");
            for found in &FOUND {
                let estimate = (found.of)(totals);
                let low = estimate.and_then(|estimate| estimate.interval).map(|(low, _)| low);
                let high = estimate.and_then(|estimate| estimate.interval).map(|(_, high)| high);
                for value in [estimate.map(|estimate| estimate.value), low, high] {
                    csv += &value.map_or_else(|| ",".to_owned(), |value| format!(",{}", rounded(value)));
                }
            }
            csv += "\r\n";
        }
        csv
    }

    /// An object for each point, a line each, as `data/simulate.schema.json` describes it.
    #[must_use]
    pub fn json(&self) -> String {
        let Plan { name, graph, questions, seed, .. } = self.plan;
        let line = |Outcome { point, totals }: &Outcome| {
            let mut object = Map::new();
            for (name, value) in [
                ("graph", json!(name)),
                ("servents", json!(graph.len())),
                ("degree_max", json!(self.degree())),
                ("questions", json!(questions)),
                ("seed", json!(seed)),
                ("loss_percent", json!(point.loss.0)),
                ("delay", json!(point.delay.to_string())),
                ("holders", json!(point.holders)),
                ("ttl", json!(point.ttl)),
                ("hypothetical", json!(!is_of_servents(point.ttl))),
                ("tries", json!(point.tries)),
            ] {
                object.insert(name.to_owned(), value);
            }
            for found in &FOUND {
                object.insert(found.name.to_owned(), value_of((found.of)(totals)));
            }
            format!("{}\n", safe(&Value::Object(object).to_string()))
        };
        self.outcomes.iter().map(line).collect()
    }
}

/// A value and its interval; null where there was nothing to count.
fn value_of(estimate: Option<Estimate>) -> Value {
    let Some(Estimate { value, interval }) = estimate else { return Value::Null };
    let (low, high) = interval.map(|(low, high)| (rounded(low), rounded(high))).unzip();
    json!({ "value": rounded(value), "low": low, "high": high })
}

/// Six decimals, and no negative zero.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}

/// A value and half its interval, as many digits as one can look at.
fn shown(estimate: Option<Estimate>, unit: Unit) -> String {
    let Some(estimate) = estimate else { return "-".to_owned() };
    if unit == Unit::Proportion {
        let Estimate { value, interval } = estimate;
        let ends = interval.map(|(low, high)| format!(" [{:.1} {:.1}]", 100.0 * low, 100.0 * high));
        return format!("{:.1} %{}", 100.0 * value, ends.unwrap_or_default());
    }
    let factor = if unit == Unit::Percent { 100.0 } else { 1.0 };
    let (value, half) = (factor * estimate.value, estimate.half().map(|half| factor * half));
    let decimals = match value {
        _ if unit == Unit::Percent => 1,
        _ if value >= 1_000.0 => 0,
        _ if value >= 100.0 => 1,
        _ => 2,
    };
    let sign = if unit == Unit::Percent { " %" } else { "" };
    let half = half.map_or_else(String::new, |half| format!(" ±{half:.decimals$}"));
    format!("{value:.decimals$}{sign}{half}")
}
