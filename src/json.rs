//! One JSON object on one line, field by field: how a trace and a client's `--json` are written.
//!
//! By hand: a busy servent's trace is millions of lines, and the fields of a line are known only while it is written.
//! Bytes that are no text have one convention in both: a string under the field's name if they are UTF-8, else base64
//! under that name with `_base64` behind it.

use crate::text::judge;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::net::SocketAddrV4;

/// A line in the making. Names and fixed values hold nothing that JSON would escape.
pub(crate) struct JsonLine<'a> {
    out: &'a mut Vec<u8>,
    /// What stands before the next name.
    separator: u8,
}

impl<'a> JsonLine<'a> {
    /// Begins a line at the end of `out`.
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        Self { out, separator: b'{' }
    }

    pub(crate) fn fixed(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
        self
    }

    pub(crate) fn number(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        decimal(self.out, value);
        self
    }

    // For --json, which the core does not have.
    #[cfg(any(test, feature = "cli"))]
    /// A number with three decimals, given in thousandths.
    pub(crate) fn thousandths(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        decimal(self.out, value / 1000);
        self.out.push(b'.');
        self.out.extend([100, 10, 1].map(|place| b'0' + (value / place % 10) as u8));
        self
    }

    // For --json, which the core does not have.
    #[cfg(any(test, feature = "cli"))]
    pub(crate) fn null(mut self, name: &str) -> Self {
        self.name(name);
        self.out.extend_from_slice(b"null");
        self
    }

    pub(crate) fn flag(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    pub(crate) fn address(mut self, name: &str, value: SocketAddrV4) -> Self {
        self.name(name);
        quoted_address(self.out, value);
        self
    }

    pub(crate) fn addresses(mut self, name: &str, values: impl Iterator<Item = SocketAddrV4>) -> Self {
        self.name(name);
        self.out.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            quoted_address(self.out, value);
        }
        self.out.push(b']');
        self
    }

    /// Bytes: under `name` if they are UTF-8, else in base64 under `name` with `_base64` behind it.
    pub(crate) fn bytes(mut self, name: &str, value: &[u8]) -> Self {
        if let Ok(text) = str::from_utf8(value) {
            self.name(name);
            self.out.push(b'"');
            escaped(self.out, text);
        } else {
            self.name_parts([name, "_base64"]);
            self.out.push(b'"');
            base64(self.out, value);
        }
        self.out.push(b'"');
        self
    }

    pub(crate) fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }

    fn name(&mut self, name: &str) {
        self.name_parts([name, ""]);
    }

    fn name_parts(&mut self, parts: [&str; 2]) {
        self.out.extend_from_slice(&[self.separator, b'"']);
        self.separator = b',';
        parts.iter().for_each(|part| self.out.extend_from_slice(part.as_bytes()));
        self.out.extend_from_slice(b"\":");
    }
}

fn decimal(out: &mut Vec<u8>, mut value: u64) {
    // u64::MAX has 20 digits.
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

fn quoted_address(out: &mut Vec<u8>, address: SocketAddrV4) {
    let [a, b, c, d] = address.ip().octets();
    out.push(b'"');
    for (octet, behind) in [(a, b'.'), (b, b'.'), (c, b'.'), (d, b':')] {
        decimal(out, octet.into());
        out.push(behind);
    }
    decimal(out, address.port().into());
    out.push(b'"');
}

/// What JSON demands, and what a terminal should not be shown (P-44), as `\uXXXX`.
fn escaped(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    judge(text, |character, stays| match character {
        '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
        '\t' => out.extend_from_slice(b"\\t"),
        _ if stays => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => out.extend_from_slice(unicode_escape(character).as_bytes()),
    });
}

/// `\uXXXX`, twice for a character beyond 16 bits.
pub(crate) fn unicode_escape(character: char) -> String {
    character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// RFC 4648, section 4, with padding.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + 4 * bytes.len().div_ceil(3), 0);
    STANDARD
        .encode_slice(bytes, &mut out[start..])
        .expect("base64 takes four digits for every three bytes, begun ones included");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn decimals_of_every_length() {
        for value in [0, 9, 10, 255, 65_535, u64::from(u32::MAX), 1 << 53, u64::MAX] {
            assert_eq!(written(|out| decimal(out, value)), value.to_string());
        }
        let address = "203.0.113.9:65535".parse().unwrap();
        assert_eq!(written(|out| quoted_address(out, address)), "\"203.0.113.9:65535\"");
    }

    /// No room too little and none too much, whatever is behind and before it.
    #[test]
    fn bytes_that_are_not_utf_8_are_base64_under_another_name() {
        for (bytes, field) in [
            (&b""[..], r#""key":"""#),
            (b"caf\xe9", r#""key_base64":"Y2Fm6Q==""#),
            (b"\xff\xfe\xfb", r#""key_base64":"//77""#),
            (b"fo\xff\xfe\xfb", r#""key_base64":"Zm///vs=""#),
        ] {
            let line = written(|out| JsonLine::begin(out).number("n", 1).bytes("key", bytes).null("end").end());
            assert_eq!(line, format!("{{\"n\":1,{field},\"end\":null}}\n"));
        }
    }

    #[test]
    fn thousandths_have_three_decimals() {
        for (value, shown) in [(0, "0.000"), (7, "0.007"), (1_235, "1.235"), (8_000_010, "8000.010")] {
            let line = written(|out| JsonLine::begin(out).thousandths("ms", value).end());
            assert_eq!(line, format!("{{\"ms\":{shown}}}\n"));
        }
    }

    #[test]
    fn p44_what_json_or_a_terminal_would_take_for_something_else_is_escaped() {
        for (text, shown) in [
            ("http", "http"),
            ("a \"b\" \\", r#"a \"b\" \\"#),
            ("tab\tend", r"tab\tend"),
            ("\x1b[2J\x7f\u{85}", r"\u001b[2J\u007f\u0085"),
            ("\u{202e}evil", r"\u202eevil"),
            ("caf\u{e9} \u{1f600}", "caf\u{e9} \u{1f600}"),
            ("a\u{200b}\u{e0041}", r"a\u200b\udb40\udc41"),
            ("\u{2764}\u{fe0f}", "\u{2764}\u{fe0f}"),
        ] {
            assert_eq!(written(|out| escaped(out, text)), shown, "{text:?}");
        }
        let heap = written(|out| escaped(out, &format!("e{}x", "\u{301}".repeat(100))));
        assert!(heap.ends_with(r"\u0301x") && heap.matches('\u{301}').count() < 10, "{heap}");
    }

    /// The oracle: a parser of others' gives back what was written, for every character and every byte.
    #[test]
    fn a_json_parser_reads_back_every_character() {
        let all: String = (0..=0x0010_ffff).filter_map(char::from_u32).filter(|character| *character != '\0').collect();
        let line = written(|out| {
            JsonLine::begin(out).bytes("key", all.as_bytes()).flag("f", true).end();
        });
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["key"].as_str(), Some(all.as_str()));
        assert_eq!(object["f"], true);
        assert_eq!(line.matches('\n').count(), 1);
    }
}
