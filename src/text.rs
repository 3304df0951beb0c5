//! Text that strangers wrote, made safe to show: nothing in it can move a terminal's cursor or hide what stands there
//! (P-44).

use std::fmt::Write;

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
}
