//! The objects of `--json`, one a line. `data/client.schema.json` is their schema; README.md explains it.

use crate::protocol::{Answer, AskedKey, Summary};
use crate::text::is_harmless;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::time::Duration;

/// How bytes are written as a JSON string.
#[derive(Clone, Copy, Debug, Serialize)]
enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "base64")]
    Base64,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Object {
    Answer {
        number: u64,
        key: String,
        key_encoding: Encoding,
        servent: SocketAddrV4,
        elapsed_ms: f64,
        value: String,
        value_encoding: Encoding,
    },
    Finished {
        number: u64,
        key: String,
        key_encoding: Encoding,
        answers: usize,
        servents: usize,
        left_out: usize,
        first_answer_ms: Option<f64>,
        elapsed_ms: f64,
    },
}

/// Writes an answer to the line `number`.
pub(super) fn write_answer(out: &mut impl Write, number: u64, key: &AskedKey, answer: &Answer) -> io::Result<()> {
    let (key, key_encoding) = text(key.as_bytes());
    let (value, value_encoding) = text(&answer.value);
    let elapsed_ms = milliseconds(answer.elapsed);
    write(
        out,
        &Object::Answer { number, key, key_encoding, servent: answer.servent, elapsed_ms, value, value_encoding },
    )
}

/// Writes what came of the line `number`.
pub(super) fn write_finished(out: &mut impl Write, number: u64, key: &AskedKey, summary: &Summary) -> io::Result<()> {
    let (key, key_encoding) = text(key.as_bytes());
    let Summary { answers, servents, first_after, elapsed, left_out } = *summary;
    let (first_answer_ms, elapsed_ms) = (first_after.map(milliseconds), milliseconds(elapsed));
    let object =
        Object::Finished { number, key, key_encoding, answers, servents, left_out, first_answer_ms, elapsed_ms };
    write(out, &object)
}

/// Bytes as they are if they are UTF-8, else in base64.
fn text(bytes: &[u8]) -> (String, Encoding) {
    match str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), Encoding::Utf8),
        Err(_) => (STANDARD.encode(bytes), Encoding::Base64),
    }
}

/// Milliseconds to the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

fn write(out: &mut impl Write, object: &Object) -> io::Result<()> {
    let mut line = harmless(serde_json::to_string(object)?);
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// The same JSON with what could harm a terminal written as `\u009b` (P-44): it is in strings only, and none of it is
/// outside the basic plane.
fn harmless(json: String) -> String {
    if json.chars().all(is_harmless) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for character in json.chars() {
        if is_harmless(character) {
            escaped.push(character);
        } else {
            escaped.push_str(&format!("\\u{:04x}", u32::from(character)));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn p44_values_are_escaped_so_that_any_reader_gets_them_back() {
        let servent = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);
        let rows: [(&[u8], &str, &str); 5] = [
            (b"80/tcp\t\"web\"", r#"80/tcp\t\"web\""#, "utf-8"),
            ("página ✓".as_bytes(), "página ✓", "utf-8"),
            (b"\x1b[2J\x7f", r"\u001b[2J\u007f", "utf-8"),
            ("\u{9b}2J\u{202e}".as_bytes(), r"\u009b2J\u202e", "utf-8"),
            (b"caf\xe9", "Y2Fm6Q==", "base64"),
        ];
        for (value, written, encoding) in rows {
            let mut line = Vec::new();
            let answer = Answer { servent, elapsed: Duration::from_nanos(1_234_567), value: value.to_vec() };
            write_answer(&mut line, 7, &AskedKey::new(b"http").unwrap(), &answer).unwrap();
            let expected = format!(
                "{{\"type\":\"answer\",\"number\":7,\"key\":\"http\",\"key_encoding\":\"utf-8\",\"servent\":\
                 \"127.0.0.1:6001\",\"elapsed_ms\":1.235,\"value\":\"{written}\",\"value_encoding\":\"{encoding}\"}}\n"
            );
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
