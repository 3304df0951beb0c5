//! One JSON object on one line, field by field. By hand: a busy servent's trace is millions of lines.

use crate::text::is_harmless;
use std::net::SocketAddrV4;

/// A line in the making. Names and fixed values hold nothing that JSON would escape.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Line<'a> {
    /// Begins a line with the fields that every line has.
    pub(super) fn begin(out: &'a mut Vec<u8>, nanos: u64, node: SocketAddrV4, event: &str) -> Self {
        out.extend_from_slice(b"{\"t\":");
        decimal(out, nanos);
        Self { out }.address("node", node).fixed("event", event)
    }

    pub(super) fn fixed(mut self, name: &str, value: &str) -> Self {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
        self
    }

    pub(super) fn number(mut self, name: &str, value: u64) -> Self {
        self.name(name);
        decimal(self.out, value);
        self
    }

    pub(super) fn flag(mut self, name: &str, value: bool) -> Self {
        self.name(name);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    pub(super) fn address(mut self, name: &str, value: SocketAddrV4) -> Self {
        self.name(name);
        quoted_address(self.out, value);
        self
    }

    pub(super) fn addresses(mut self, name: &str, values: impl Iterator<Item = SocketAddrV4>) -> Self {
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

    /// Bytes under `name` if they are UTF-8, else as base64 under `name_base64`.
    pub(super) fn bytes(mut self, name: &str, name_base64: &str, value: &[u8]) -> Self {
        if let Ok(text) = str::from_utf8(value) {
            self.name(name);
            self.out.push(b'"');
            escaped(self.out, text);
        } else {
            self.name(name_base64);
            self.out.push(b'"');
            base64(self.out, value);
        }
        self.out.push(b'"');
        self
    }

    pub(super) fn end(self) {
        self.out.extend_from_slice(b"}\n");
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(name.as_bytes());
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
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend_from_slice(&[b'\\', character as u8]),
            '\t' => out.extend_from_slice(b"\\t"),
            _ if is_harmless(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    out.extend([12, 8, 4, 0].map(|shift| b"0123456789abcdef"[usize::from(*unit >> shift & 15)]));
                }
            }
        }
    }
}

/// RFC 4648, section 4, with padding.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let at = |index| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let digits = [18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift & 63) as usize]);
        out.extend_from_slice(&digits[..=chunk.len()]);
        out.extend_from_slice(&b"=="[..3 - chunk.len()]);
    }
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

    #[test]
    fn base64_as_rfc_4648_has_it() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
            (b"\xff\xfe\xfb", "//77"),
        ] {
            assert_eq!(written(|out| base64(out, bytes)), text);
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
        ] {
            assert_eq!(written(|out| escaped(out, text)), shown, "{text:?}");
        }
    }

    /// The oracle: a parser of others' gives back what was written, for every character and every byte.
    #[test]
    fn a_json_parser_reads_back_every_character() {
        let all: String = (0..=0x0010_ffff).filter_map(char::from_u32).filter(|character| *character != '\0').collect();
        let line = written(|out| {
            let node = "127.0.0.1:1".parse().unwrap();
            Line::begin(out, 1, node, "received").bytes("key", "key_base64", all.as_bytes()).flag("f", true).end();
        });
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["key"].as_str(), Some(all.as_str()));
        assert_eq!(object["f"], true);
        assert_eq!(line.matches('\n').count(), 1);
    }
}
