//! The page as files, for a server that adds floods to it while they happen ([`part`](super::part)).

use super::data;
use super::document::{PAGE_CSS, SCRIPTS, legend, named};
use super::svg::{DEFS, MARKS_CSS, markup};
use super::table::push;
use super::words::Words;
use crate::telling::Language;

/// The longest time, in milliseconds, that a link can be made to take on the page.
pub const DELAY_MS_MAX: u32 = 10_000;

const LIVE_CSS: &str = include_str!("page/live.css");
const LIVE_JS: &str = include_str!("page/live.js");

/// The words that only this page has: name, English, Portuguese. `{n}` is a number or name.
const WORDS: &[(&str, &str, &str)] = &[
    ("asked", "asked {n} …", "perguntando a {n} …"),
    ("heard", "answers: {n}", "respostas: {n}"),
    ("unheard", "no answer", "nenhuma resposta"),
    (
        "missed",
        "This page was too slow and missed {n} events; what it shows is complete again.",
        "Esta página ficou para trás e perdeu {n} eventos; o que ela mostra está completo de novo.",
    ),
    (
        "cut",
        "The connection is lost, or the overlay has ended. Trying again …",
        "A conexão caiu, ou o overlay terminou. Tentando de novo …",
    ),
    ("left", "Floods that this page had and shows no more: {n}", "Inundações que esta página já não mostra: {n}"),
    ("serves", "runs: click to stop it", "no ar: clique para parar"),
    ("starts", "starts", "iniciando"),
    ("stopped", "stopped: click to start it", "parado: clique para iniciar"),
    ("died", "ended by itself: click to start it", "terminou sozinho: clique para iniciar"),
];

/// The files of a page that has no floods yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The page; it names the other two as `page.css` and `page.js`.
    pub html: String,
    /// Its style.
    pub css: String,
    /// Its script. It asks for `events` and `floods/N`, and sends to `ask`, `servent` and `links`.
    pub js: String,
}

/// The files of a page that has no floods yet.
#[must_use]
pub fn served() -> Served {
    let mut html = String::from("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n");
    html.push_str("<link rel=\"stylesheet\" href=\"page.css\"><script src=\"page.js\" defer></script>\n");
    push(&mut html, format_args!("<title>{}</title>\n", markup(&named("title").of(Language::English))));
    // For pictures that are saved.
    push(&mut html, format_args!("<script type=\"text/css\" id=\"marks\">\n{MARKS_CSS}</script></head>\n<body>\n"));
    push(
        &mut html,
        format_args!("<svg class=\"picture defs\" width=\"0\" height=\"0\" aria-hidden=\"true\">\n{DEFS}</svg>\n"),
    );
    push(&mut html, format_args!("<header><h1>{}</h1></header>\n", named("title").html()));
    desk(&mut html);
    html.push_str("<main></main>\n");
    legend(&mut html);
    let mut data = data::page(&[]);
    for &(name, en, pt) in WORDS {
        data["words"][name] = Words::new(en, pt).json();
    }
    let data = data::in_script(&data);
    push(&mut html, format_args!("<script type=\"application/json\" id=\"data\">{data}</script>\n</body></html>\n"));
    let js = format!("\"use strict\";\n{}{LIVE_JS}", SCRIPTS.concat());
    Served { html, css: format!("{MARKS_CSS}{PAGE_CSS}{LIVE_CSS}"), js }
}

/// What is not shown of a question, as HTML: so many floods before those that are, or what is not known any more. Empty if
/// that is nothing.
#[must_use]
pub fn notice(left_out: u64, is_cut: bool) -> String {
    let left_out = (left_out > 0).then(|| {
        Words::new(
            format!("Only the latest floods of this question are shown; earlier ones that are left out: {left_out}."),
            format!("Só as últimas vezes desta pergunta são mostradas; anteriores que ficaram de fora: {left_out}."),
        )
    });
    let is_cut = is_cut.then(|| {
        Words::new(
            "More was told of it than is kept: what is missing is not recorded, and never counts as lost.",
            "Contou-se dela mais do que se guarda: o que falta fica sem registro, e nunca conta como perdido.",
        )
    });
    let notice = |words: Words| format!("<p class=\"notice\">{}</p>", words.html());
    left_out.into_iter().chain(is_cut).map(notice).collect()
}

/// Where one asks, and what can be done to the overlay.
fn desk(out: &mut String) {
    let words = |en: &str, pt: &str| Words::new(en, pt).html();
    let (key, entry, ask) = (words("Key", "Chave"), words("Ask", "Perguntar a"), words("Ask", "Perguntar"));
    let (servents, follow) = (words("Servents", "Servents"), words("Show new questions", "Mostrar perguntas novas"));
    push(
        out,
        format_args!(
            "<section class=\"desk\"><form id=\"ask\">\
             <label>{key}<input type=\"text\" id=\"key\" required spellcheck=\"false\" autocomplete=\"off\" autofocus></label>\
             <label>{entry}<select id=\"entry\"></select></label><button type=\"submit\">{ask}</button>\
             <label><input type=\"checkbox\" id=\"follow\" checked>{follow}</label></form>\n\
             <div class=\"servents-now\" role=\"group\"><span>{servents}</span><span id=\"servents\"></span></div>\n"
        ),
    );
    let (loss, delay, jitter) =
        (words("Loss, %", "Perda, %"), words("Delay, ms", "Atraso, ms"), words("±, ms", "±, ms"));
    push(
        out,
        format_args!(
            "<form id=\"links\" hidden><label>{loss}<input type=\"range\" id=\"loss\" min=\"0\" max=\"100\" step=\"any\" value=\"0\"><output></output></label>\
             <label>{delay}<input type=\"range\" id=\"delay\" min=\"0\" max=\"{DELAY_MS_MAX}\" step=\"any\" value=\"0\"><output></output></label>\
             <label>{jitter}<input type=\"range\" id=\"jitter\" min=\"0\" max=\"{DELAY_MS_MAX}\" step=\"any\" value=\"0\"><output></output></label></form>\n\
             <p id=\"status\" role=\"status\"></p><p id=\"left\" hidden></p></section>\n"
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else its own policy would stop it.
    #[test]
    fn nothing_in_the_page_is_style_or_script_of_its_own() {
        let Served { html, .. } = served();
        for (at, _) in html.match_indices("<script") {
            let element = &html[at..at + 60];
            let is_data = ["type=\"application/json\"", "type=\"text/css\"", "src=\"page.js\""]
                .iter()
                .any(|kind| element.contains(kind));
            assert!(is_data, "{element}");
        }
        for forbidden in ["<style", " style=", " onload=", " onclick=", " onerror=", "javascript:"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        assert_eq!(html.matches("://").count(), 0);
    }
}
