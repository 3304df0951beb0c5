//! A sweep as a page: the chart, and the table that it is drawn from. It runs no script.

use super::chart::{CHART_CSS, draw};
use super::document::PAGE_CSS;
use super::svg::{MARKS_CSS, markup};
use super::table::push;
use crate::telling::Language;
use crate::telling::sweep::Report;
use crate::text::escape;

/// Nothing is loaded, and nothing is run.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// What else such a page looks like.
const CSS: &str = ".chart { width: 100%; min-width: 760px; height: auto; max-width: 1240px; }\ntd { text-align: right; white-space: nowrap; }\n\
                   thead th { text-align: right; }\npre { overflow-x: auto; background: var(--soft); padding: .5rem .7rem; }\n";

/// One HTML document; `command` is the command line that made it.
#[must_use]
pub fn chart_page(report: &Report<'_>, command: &str, language: Language) -> String {
    let text = |text: &str| markup(&escape(text.as_bytes()));
    let [first, second] = report.heading(language);
    let mut out = format!("<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\n", language.tag());
    push(&mut out, format_args!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
    let title = language.of("What an overlay would do", "O que um overlay faria");
    push(&mut out, format_args!("<title>{}: {}</title>\n", text(title), text(&report.plan.name)));
    push(&mut out, format_args!("<style>\n{PAGE_CSS}{MARKS_CSS}{CHART_CSS}{CSS}</style></head>\n<body>\n"));
    push(&mut out, format_args!("<header><h1>{}</h1></header>\n<main>\n", text(title)));
    push(&mut out, format_args!("<h2>{}</h2>\n<p class=\"summary\">{}</p>\n", markup(&first), markup(&second)));
    push(&mut out, format_args!("<div class=\"scroll\">{}</div>\n", draw(report, language, false)));
    table(&mut out, report, language);
    for note in report.notes(language) {
        push(&mut out, format_args!("<p class=\"summary\">{}</p>\n", text(note)));
    }
    push(&mut out, format_args!("<pre><code>{}</code></pre>\n</main>\n</body></html>\n", text(command)));
    out
}

fn table(out: &mut String, report: &Report<'_>, language: Language) {
    out.push_str("<div class=\"scroll\"><table><thead><tr>");
    let heads = report.heads(language);
    heads.iter().for_each(|head| push(out, format_args!("<th scope=\"col\">{}</th>", markup(head))));
    out.push_str("</tr></thead><tbody>\n");
    for outcome in report.outcomes {
        let cells: String =
            report.cells(outcome, language).iter().map(|cell| format!("<td>{}</td>", markup(cell))).collect();
        push(out, format_args!("<tr>{cells}</tr>\n"));
    }
    out.push_str("</tbody></table></div>\n");
}
