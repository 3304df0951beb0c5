//! The objects of `--json`, one a line. `data/client.schema.json` is their schema; README.md explains it.

use crate::json::JsonLine;
use crate::protocol::{Answer, AskedKey, Summary};
use std::time::Duration;

/// Writes an answer to the line `number`.
pub(super) fn write_answer(out: &mut Vec<u8>, number: u64, key: &AskedKey, answer: &Answer) {
    let line = begin(out, "answer", number, key).address("servent", answer.servent);
    line.thousandths("elapsed_ms", microseconds(answer.elapsed)).bytes("value", &answer.value).end();
}

/// Writes what came of the line `number`.
pub(super) fn write_finished(out: &mut Vec<u8>, number: u64, key: &AskedKey, summary: &Summary) {
    let Summary { answers, servents, first_after, elapsed, left_out } = *summary;
    let line = begin(out, "finished", number, key).number("answers", answers as u64);
    let line = line.number("servents", servents as u64).number("left_out", left_out as u64);
    let line = match first_after {
        Some(after) => line.thousandths("first_answer_ms", microseconds(after)),
        None => line.null("first_answer_ms"),
    };
    line.thousandths("elapsed_ms", microseconds(elapsed)).end();
}

fn begin<'a>(text: &'a mut Vec<u8>, kind: &str, number: u64, key: &AskedKey) -> JsonLine<'a> {
    JsonLine::begin(text).fixed("type", kind).number("number", number).bytes("key", key.as_bytes())
}

/// Thousandths of a millisecond, rounded.
fn microseconds(time: Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500) / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddrV4};

    #[test]
    fn p44_values_are_escaped_so_that_any_reader_gets_them_back() {
        let servent = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);
        let rows: [(&[u8], &str, &str); 5] = [
            (b"80/tcp\t\"web\"", "value", r#"80/tcp\t\"web\""#),
            ("página ✓".as_bytes(), "value", "página ✓"),
            (b"\x1b[2J\x7f", "value", r"\u001b[2J\u007f"),
            ("\u{9b}2J\u{202e}".as_bytes(), "value", r"\u009b2J\u202e"),
            (b"caf\xe9", "value_base64", "Y2Fm6Q=="),
        ];
        for (value, name, written) in rows {
            let mut line = Vec::new();
            let answer = Answer { servent, elapsed: Duration::from_nanos(1_234_567), value: value.to_vec() };
            write_answer(&mut line, 7, &AskedKey::new(b"http").unwrap(), &answer);
            let expected = format!(
                "{{\"type\":\"answer\",\"number\":7,\"key\":\"http\",\"servent\":\"127.0.0.1:6001\",\
                 \"elapsed_ms\":1.235,\"{name}\":\"{written}\"}}\n"
            );
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
