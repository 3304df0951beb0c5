//! Text that strangers wrote, made safe to show: nothing in it can move a terminal's cursor, hide what stands there, or
//! be there unseen (P-44).
//!
//! What is invisible comes from Unicode's properties: the control characters, the separators of lines and paragraphs, and
//! `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt, Unicode 17), which holds joiners, variation selectors,
//! directional marks, fillers and tags, with the interlinear annotation characters added. Joiners and variation selectors
//! stay where scripts and emoji need them, between what they act on, and one of each is enough.
//!
//! And how a count of things is written.

use std::fmt::Write;
use std::path::Path;
use unicode_width::UnicodeWidthChar;

/// Combining marks that stay on one character. Scripts need four or five; a longer heap would cover other lines.
const MARKS_MAX: usize = 8;

/// `bytes` as text that is safe to show: what is invisible or moves the cursor is written as `\x1b` or `\u{202e}`, bytes
/// that are not UTF-8 as `\xNN`. Tabs stay tabs.
///
/// A backslash stays as it is, so the result is for eyes, not for parsing back.
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        escape_text(&mut shown, chunk.valid());
        for byte in chunk.invalid() {
            write_escaped(&mut shown, format_args!("\\x{byte:02x}"));
        }
    }
    shown
}

/// `1 answer`, `2 answers`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A file's name, safe to show.
#[must_use]
pub(crate) fn escape_path(path: &Path) -> String {
    escape(path.as_os_str().as_encoded_bytes())
}

fn escape_text(shown: &mut String, text: &str) {
    judge(text, |character, stays| {
        if stays {
            shown.push(character);
        } else if character.is_ascii() {
            write_escaped(shown, format_args!("\\x{:02x}", u32::from(character)));
        } else {
            write_escaped(shown, format_args!("\\u{{{:x}}}", u32::from(character)));
        }
    });
}

/// Calls `write` for each character of `text`, with whether it can be shown as it is where it stands; what can't is to be
/// written as ASCII.
pub(crate) fn judge(text: &str, mut write: impl FnMut(char, bool)) {
    let mut before = Before::default();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let stays = before.lets(character, characters.peek().copied());
        write(character, stays);
    }
}

/// What stands before a character.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    /// The visible character.
    base: Option<char>,
    /// Marks on it.
    marks: usize,
    /// A variation selector stands behind it: one is all that it can have.
    is_selected: bool,
}

impl Before {
    /// Whether `character` can be shown as it is between this and `next`; then it stands before what follows.
    fn lets(&mut self, character: char, next: Option<char>) -> bool {
        let is_mark = character.width() == Some(0);
        let marks = if is_mark { self.marks + 1 } else { 0 };
        // A mark that finds no room is written as something else: then nothing acts on it.
        let next = next.filter(|next| next.width() != Some(0) || marks < MARKS_MAX);
        let stays = marks <= MARKS_MAX && (is_harmless(character) || self.is_acted_on(character, next));
        let is_selected = is_mark && (self.is_selected || is_selector(character));
        *self = match (stays, is_mark) {
            // What is written instead ends so, and a second escaping must find the same.
            (false, _) => Self { base: Some('}'), marks, is_selected },
            (true, true) => Self { marks, is_selected, ..*self },
            (true, false) => Self { base: Some(character), marks, is_selected },
        };
        stays
    }

    /// Whether an invisible character acts on what stands beside it: a variation selector on an emoji or an ideograph, a
    /// joiner between two emoji or two letters of a script that joins.
    fn is_acted_on(self, character: char, next: Option<char>) -> bool {
        let Some(base) = self.base else { return false };
        match character {
            '\u{fe0e}' | '\u{fe0f}' if matches!(base, '0'..='9' | '#' | '*') => {
                !self.is_selected && next == Some('\u{20e3}')
            }
            '\u{fe0e}' | '\u{fe0f}' => !self.is_selected && is_pictograph(base),
            '\u{e0100}'..='\u{e01ef}' => !self.is_selected && is_ideograph(base),
            '\u{200d}' if is_pictograph(base) => next.is_some_and(is_pictograph),
            '\u{200c}' | '\u{200d}' => is_of_joining_script(base) && next.is_some_and(is_of_joining_script),
            _ => false,
        }
    }
}

/// Whether it chooses among the shapes of the character before it.
fn is_selector(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether it is in one of the ranges that the emoji are in (emoji-data.txt, Unicode 17).
fn is_pictograph(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}' | '\u{2194}'..='\u{21aa}'
            | '\u{231a}'..='\u{23ff}' | '\u{24c2}' | '\u{25aa}'..='\u{27bf}' | '\u{2934}'..='\u{2935}'
            | '\u{2b05}'..='\u{2b55}' | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

/// Whether it is a CJK ideograph (Blocks.txt).
fn is_ideograph(character: char) -> bool {
    matches!(
        character,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
    )
}

/// Whether it is in a block of a script in which joiners shape words: Arabic and its kin, Mongolian, and the scripts of
/// India and its neighbours (Blocks.txt).
fn is_of_joining_script(character: char) -> bool {
    let is_in_block = matches!(
        character,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
            | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{11000}'..='\u{11fff}'
    );
    is_in_block && is_harmless(character)
}

fn write_escaped(shown: &mut String, escaped: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    shown.write_fmt(escaped).ok();
}

/// Whether `character` is seen wherever it stands, and does nothing else. A tab does no harm.
fn is_harmless(character: char) -> bool {
    character == '\t' || !(character.is_control() || is_invisible(character))
}

/// Whether `character` is one that no one sees.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
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
    fn p44_what_nobody_can_see_is_shown() {
        for hidden in
            ['\u{200b}', '\u{feff}', '\u{206a}', '\u{206f}', '\u{fff9}', '\u{fffb}', '\u{e0041}', '\u{ad}', '\u{3164}']
        {
            let shown = escape(format!("ab{hidden}c").as_bytes());
            assert_eq!(shown, format!("ab\\u{{{:x}}}c", u32::from(hidden)));
        }
    }

    #[test]
    fn p44_joiners_and_variation_selectors_stay_where_they_are_needed_and_nowhere_else() {
        for (needed, text) in [
            ("Persian", "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}"),
            ("a conjunct of Devanagari", "\u{915}\u{94d}\u{200d}\u{937}"),
            ("a family", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}"),
            ("a heart in colour", "\u{2764}\u{fe0f}"),
            ("a heart on fire", "\u{2764}\u{fe0f}\u{200d}\u{1f525}"),
            ("a keycap", "1\u{fe0f}\u{20e3}"),
            ("an ideograph's variant", "\u{845b}\u{e0100}"),
        ] {
            assert_eq!(escape(text.as_bytes()), text, "{needed}");
        }
        for (idle, text, shown) in [
            ("between letters that do not join", "ht\u{200d}tp", "ht\\u{200d}tp"),
            ("at the end", "\u{6cc}\u{200c}", "\u{6cc}\\u{200c}"),
            ("at the start", "\u{fe0f}http", "\\u{fe0f}http"),
            ("between Latin letters", "caf\u{e9}\u{200d}\u{e9}", "caf\u{e9}\\u{200d}\u{e9}"),
            ("between Cyrillic letters", "\u{434}\u{200c}\u{430}", "\u{434}\\u{200c}\u{430}"),
            ("a selector on a letter", "ht\u{fe0f}tp", "ht\\u{fe0f}tp"),
            ("one that is not for emoji", "\u{2764}\u{fe00}", "\u{2764}\\u{fe00}"),
            ("an ideograph's on a letter", "\u{e9}\u{e0100}", "\u{e9}\\u{e0100}"),
            ("a second selector", "\u{2764}\u{fe0f}\u{fe0e}", "\u{2764}\u{fe0f}\\u{fe0e}"),
            ("on a digit that is no keycap", "1\u{fe0f}2", "1\\u{fe0f}2"),
            ("several", "\u{6cc}\u{200c}\u{200c}\u{6cc}", "\u{6cc}\\u{200c}\\u{200c}\u{6cc}"),
        ] {
            assert_eq!(escape(text.as_bytes()), shown, "{idle}");
        }
    }

    #[test]
    fn p44_a_heap_of_marks_is_cut() {
        let heap = format!("e{}x", "\u{301}".repeat(100));
        let shown = escape(heap.as_bytes());
        assert_eq!(shown.matches('\u{301}').count(), MARKS_MAX);
        assert!(shown.ends_with("\\u{301}x"), "{shown}");
    }

    #[test]
    fn p44_what_is_shown_is_shown_alike_again_also_where_a_heap_is_cut_behind_a_joiner() {
        for (base, joiner, mark) in [("\u{1780}", "\u{200d}", "\u{610}"), ("1", "\u{fe0f}", "\u{20e3}")] {
            for marks in 0..=MARKS_MAX {
                let shown = escape([base, &"\u{301}".repeat(marks), joiner, mark, "x"].concat().as_bytes());
                assert_eq!(escape(shown.as_bytes()), shown, "{marks} marks");
            }
        }
    }
}
