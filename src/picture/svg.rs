//! SVG, written piece by piece: numbers short, text safe.

use crate::text::escape;
use std::fmt::Write;

/// The look of everything that pictures show: a style sheet for SVG files and for the page.
pub(super) const MARKS_CSS: &str = include_str!("page/marks.css");

/// The symbols of states, the heads of arrows and the marks on lines.
pub(super) const DEFS: &str = include_str!("page/defs.svg");

/// Characters of a stranger's text that are shown; what is cut is said.
const SHOWN_MAX: usize = 64;

/// A document in the making.
pub(super) struct Svg {
    out: String,
}

/// What a document says of itself to those who do not see it.
pub(super) struct Heading<'a> {
    pub(super) class: &'a str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) lang: &'a str,
}

impl Svg {
    /// A document that stands alone if `is_file`, else a part of a page, which brings the style and the symbols.
    pub(super) fn begin(view: [f64; 4], heading: &Heading<'_>, is_file: bool) -> Self {
        let [x, y, width, height] = view.map(number);
        let mut svg = Self { out: String::new() };
        let Heading { class, title, description, lang } = heading;
        let space = if is_file { " xmlns=\"http://www.w3.org/2000/svg\"" } else { "" };
        svg.raw(format_args!(
            "<svg{space} class=\"picture {class}\" viewBox=\"{x} {y} {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" lang=\"{lang}\">\n"
        ));
        svg.raw(format_args!("<title>{}</title>\n<desc>{}</desc>\n", markup(title), markup(description)));
        if is_file {
            svg.raw(format_args!("<style>{MARKS_CSS}</style>\n{DEFS}"));
            svg.raw(format_args!(
                "<rect class=\"paper\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>\n"
            ));
        }
        svg
    }

    /// Markup as it is. Writing to a string never fails.
    pub(super) fn raw(&mut self, markup: std::fmt::Arguments<'_>) {
        self.out.write_fmt(markup).ok();
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        let (x, y) = (number(at.0), number(at.1));
        self.raw(format_args!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>\n", markup(text)));
    }

    pub(super) fn end(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }
}

/// A coordinate with one decimal at most: no two machines round differently.
pub(super) fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, tenth) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    if tenth == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{tenth}") }
}

/// Text as it stands in markup, of HTML or XML. It is safe to show already.
pub(crate) fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What XML does not allow.
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

/// A key or value as it is shown: safe (P-44), and cut with its length if it is long.
pub(super) fn shown(bytes: &[u8]) -> String {
    // A character is at most four bytes, so this cuts only what is cut anyway.
    let text = escape(&bytes[..bytes.len().min(4 * SHOWN_MAX + 4)]).replace('\t', " ");
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    let head: String = text.chars().take(SHOWN_MAX).collect();
    format!("{head}… ({} B)", bytes.len())
}
