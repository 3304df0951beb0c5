//! What a terminal may be shown: nothing that a stranger sent can move its cursor or hide text (P-44). And its colours
//! and width.

use std::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// On a terminal that has them, unless the user's environment asks for none.
    #[default]
    Auto,
    /// Wherever the output goes.
    Always,
    /// Nowhere.
    Never,
}

impl Colours {
    /// What that means for one output. `is_unwanted` is what the environment says: `NO_COLOR`, or a terminal without
    /// colours.
    #[must_use]
    pub fn paint(self, is_terminal: bool, is_unwanted: bool) -> Paint {
        Paint(match self {
            Self::Auto => is_terminal && !is_unwanted,
            Self::Always => true,
            Self::Never => false,
        })
    }
}

/// What is coloured. These are readable on a dark and on a light ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A key: bold.
    Key,
    /// Who answered: green.
    Servent,
    /// What is not looked at first: faint.
    Faint,
    /// That there is no answer: red.
    Missing,
}

/// Puts colours round text, if it is to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    /// What to write before and after text of this style.
    #[must_use]
    pub fn codes(self, style: Style) -> (&'static str, &'static str) {
        match (self.0, style) {
            (false, _) => ("", ""),
            (true, Style::Key) => ("\x1b[1m", "\x1b[0m"),
            (true, Style::Servent) => ("\x1b[32m", "\x1b[0m"),
            (true, Style::Faint) => ("\x1b[2m", "\x1b[0m"),
            (true, Style::Missing) => ("\x1b[31m", "\x1b[0m"),
        }
    }

    /// `text` in this style. It must be harmless already.
    #[must_use]
    pub fn paint(self, style: Style, text: &str) -> String {
        let (before, after) = self.codes(style);
        format!("{before}{text}{after}")
    }
}

/// As much of `text` as `columns` hold, on one line: a tab is shown as a space, and `...` stands for what is cut.
#[must_use]
pub fn fit(text: &str, columns: usize) -> String {
    const CUT: &str = "...";
    let text = text.replace('\t', " ");
    let width = |character: char| character.width().unwrap_or(0);
    if text.chars().map(width).sum::<usize>() <= columns {
        return text;
    }
    let (cut, mut room) = if columns > CUT.len() { (CUT, columns - CUT.len()) } else { ("", columns) };
    let fits = |character: &char| {
        let fits = width(*character) <= room;
        room = room.saturating_sub(width(*character));
        fits
    };
    text.chars().take_while(fits).chain(cut.chars()).collect()
}

/// `bytes` as text that is safe to show: control characters, DEL, C1, line and paragraph separators and bidirectional
/// overrides are written as `\x1b` or `\u{202e}`, bytes that are not UTF-8 as `\xNN`. Tabs stay tabs.
///
/// A backslash stays as it is, so the result is for eyes, not for parsing back.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_harmless(character) {
                shown.push(character);
            } else if character.is_ascii() {
                write_escaped(&mut shown, format_args!("\\x{:02x}", u32::from(character)));
            } else {
                write_escaped(&mut shown, format_args!("\\u{{{:x}}}", u32::from(character)));
            }
        }
        for byte in chunk.invalid() {
            write_escaped(&mut shown, format_args!("\\x{byte:02x}"));
        }
    }
    shown
}

fn write_escaped(shown: &mut String, escaped: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    shown.write_fmt(escaped).ok();
}

/// Whether a terminal shows `character` and does nothing else for it. A tab does no harm.
pub(crate) fn is_harmless(character: char) -> bool {
    let reorders =
        matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_line = matches!(character, '\u{2028}' | '\u{2029}');
    character == '\t' || !(character.is_control() || reorders || breaks_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p44_what_could_harm_a_terminal_is_shown_escaped_and_the_rest_as_it_is() {
        let cases: [(&[u8], &str); 10] = [
            (b"80/tcp\t# web", "80/tcp\t# web"),
            ("São João ≠ ✓".as_bytes(), "São João ≠ ✓"),
            (b"\x1b[2J", "\\x1b[2J"),
            (b"a\rb\nc\x07", "a\\x0db\\x0ac\\x07"),
            (b"\x7f", "\\x7f"),
            ("\u{9b}31m".as_bytes(), "\\u{9b}31m"),
            ("\u{202e}txt.exe\u{2066}".as_bytes(), "\\u{202e}txt.exe\\u{2066}"),
            (b"caf\xe9 \xff", "caf\\xe9 \\xff"),
            (b"\xf0\x9f\x98", "\\xf0\\x9f\\x98"),
            (b"C:\\x", "C:\\x"),
        ];
        for (bytes, shown) in cases {
            assert_eq!(escape(bytes), shown, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_line_is_cut_by_columns_not_by_characters() {
        let cases = [
            ("12345", 5, "12345"),
            ("123456", 5, "12..."),
            ("a\tb", 5, "a b"),
            ("日本語", 6, "日本語"),
            ("日本語日本語", 8, "日本..."),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
            ("123456", 3, "123"),
            ("123456", 0, ""),
        ];
        for (text, columns, shown) in cases {
            assert_eq!(fit(text, columns), shown, "{text:?} in {columns}");
        }
    }

    #[test]
    fn colours_are_for_terminals_unless_the_user_says_otherwise() {
        use Colours::{Always, Auto, Never};
        let cases = [
            (Auto, true, false, true),
            (Auto, true, true, false),
            (Auto, false, false, false),
            (Always, false, true, true),
            (Never, true, false, false),
        ];
        for (colours, is_terminal, is_unwanted, painted) in cases {
            assert_eq!(colours.paint(is_terminal, is_unwanted), Paint(painted), "{colours:?}");
        }
    }
}
