//! The page: pictures, tables and data in one document.

use super::interface::{INTERFACE, KEYS, LEGEND};
use super::scene::Scene;
use super::sectors::Layout;
use super::svg::{DEFS, MARKS_CSS, markup};
use super::table::push;
use super::words::{self, Words};
use super::{data, rings, sequence, table};
use crate::flood::{Flood, Model};
use crate::telling::Language;
use serde_json::Value;

/// The look of a page.
pub(crate) const PAGE_CSS: &str = include_str!("page/page.css");

/// In the order in which they are run.
pub(super) const SCRIPTS: [&str; 6] = [
    include_str!("page/time.js"),
    include_str!("page/words.js"),
    include_str!("page/view.js"),
    include_str!("page/story.js"),
    include_str!("page/controls.js"),
    include_str!("page/page.js"),
];

/// Begins, once all of them are there.
const START: &str = include_str!("page/start.js");

/// Nothing is loaded: not a picture, not a font.
const POLICY: &str = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'";

/// Bytes of pictures, tables and data after which a page takes no further flood: what a browser opens at once.
const BYTES_MAX: usize = 8 << 20;

/// A page of these floods of a model, in their order, in this language as long as no script chooses another. Those that
/// find no room are counted on it.
pub(super) fn write(model: &Model, floods: &[&Flood], language: Language) -> String {
    let mut articles = String::new();
    let (mut all, mut bytes) = (Vec::new(), 0);
    for flood in floods {
        if bytes > BYTES_MAX {
            break;
        }
        let (html, data) = part(model, flood, all.len());
        bytes += html.len() + data.to_string().len();
        articles.push_str(&html);
        all.push(data);
    }
    let mut out = String::from("<!DOCTYPE html>\n");
    let lang = language.tag();
    push(&mut out, format_args!("<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\n"));
    push(&mut out, format_args!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"));
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
    push(&mut out, format_args!("<title>{}</title>\n", markup(&named("title").of(language))));
    push(
        &mut out,
        format_args!("<style id=\"marks\">\n{MARKS_CSS}</style>\n<style>\n{PAGE_CSS}</style></head>\n<body>\n"),
    );
    push(
        &mut out,
        format_args!("<svg class=\"picture defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">\n{DEFS}</svg>\n"),
    );
    push(&mut out, format_args!("<header><h1>{}</h1></header>\n", named("title").html()));
    let left = floods.len() - all.len();
    if left > 0 {
        let words = Words::new(
            format!("This page has {} questions; {left} more found no room on it.", all.len()),
            format!("Esta página tem {} perguntas; outras {left} não couberam.", all.len()),
        );
        push(&mut out, format_args!("<p class=\"notice\">{}</p>\n", words.html()));
    }
    push(&mut out, format_args!("<main>\n{articles}</main>\n"));
    legend(&mut out);
    let data = data::in_script(&data::page(&all));
    push(&mut out, format_args!("<script type=\"application/json\" id=\"data\">{data}</script>\n"));
    out.push_str("<script>\n\"use strict\";\n");
    SCRIPTS.iter().chain([&START]).for_each(|script| out.push_str(script));
    out.push_str("</script>\n</body></html>\n");
    out
}

/// A flood of a page: its article, and its data.
pub(super) fn part(model: &Model, flood: &Flood, number: usize) -> (String, Value) {
    let scene = Scene::new(model, flood);
    let layout = Layout::new(&scene);
    let mut html = String::new();
    article(&mut html, number, &scene, &layout);
    (html, data::flood(&scene, &layout))
}

/// The words on a control.
pub(super) fn named(name: &str) -> Words {
    let (_, en, pt) = INTERFACE.iter().find(|(other, ..)| *other == name).expect("the page's words are in the list");
    Words::new(*en, *pt)
}

/// One flood: question, pictures, tables.
fn article(out: &mut String, number: usize, scene: &Scene<'_>, layout: &Layout) {
    push(out, format_args!("<article class=\"flood\" id=\"flood-{number}\">\n"));
    push(out, format_args!("<h2><bdi>{}</bdi></h2>\n", words::question(scene).html()));
    push(out, format_args!("<p class=\"summary\">{}</p>\n", words::description(scene).html()));
    let pictures = [("rings", rings::draw(scene, layout, None)), ("sequence", sequence::draw(scene, layout, None))];
    for (name, picture) in pictures {
        let heading = named(name).html();
        push(
            out,
            format_args!(
                "<section class=\"view {name}\"><h3>{heading}</h3><div class=\"scroll\">{picture}</div></section>\n"
            ),
        );
    }
    let (counters, servents) = (named("counters").html(), named("servents").html());
    push(out, format_args!("<section class=\"view counters\"><h3>{counters}</h3>{}</section>\n", table::cost(scene)));
    let open = if layout.is_bunched() { "" } else { " open" };
    push(
        out,
        format_args!(
            "<details class=\"view table\"{open}><summary>{servents} ({})</summary><div class=\"scroll\">{}</div></details>\n",
            scene.cast.len(),
            table::servents(scene)
        ),
    );
    out.push_str("</article>\n");
}

/// What shapes and lines mean, and the keys.
pub(super) fn legend(out: &mut String) {
    push(out, format_args!("<aside class=\"legend\"><h3>{}</h3><ul>\n", named("legend").html()));
    for &(class, en, pt) in LEGEND {
        let words = Words::new(en, pt).html();
        let sign = match class.strip_prefix("s-") {
            Some(state) => format!(
                "<g class=\"servent {state}\" transform=\"translate(30 12) scale(.5)\"><use href=\"#{class}\"/></g>"
            ),
            None => {
                let kind = if class == "answer" { "answer" } else { "copy" };
                format!("<path class=\"{kind} {class}\" d=\"M4 12H50\" marker-end=\"url(#m-{class})\"/>")
            }
        };
        push(
            out,
            format_args!(
                "<li><svg class=\"picture\" width=\"60\" height=\"24\" aria-hidden=\"true\">{sign}</svg>{words}</li>\n"
            ),
        );
    }
    out.push_str("</ul></aside>\n<template id=\"keys\"><dl>\n");
    for &(key, en, pt) in KEYS {
        push(out, format_args!("<dt><kbd>{key}</kbd></dt><dd>{}</dd>\n", Words::new(en, pt).html()));
    }
    out.push_str("</dl></template>\n");
}
