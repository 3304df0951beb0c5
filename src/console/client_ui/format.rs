//! Answers as lines, and what is said when there are no more.

use super::{Format, json};
use crate::console::terminal::{Paint, Style};
use crate::protocol::{Answer, AskedKey, Summary};
use crate::text::{counted, escape};
use std::time::Duration;

/// Columns of the longest servent, `255.255.255.255:65535`.
const SERVENT_COLUMNS: usize = 21;
/// Columns of a time: `59999 ms`.
const ELAPSED_COLUMNS: usize = 8;

/// Writes an answer to the line `number`.
pub(super) fn write_answer(
    out: &mut Vec<u8>,
    (format, paint): (Format, Paint),
    number: u64,
    key: &AskedKey,
    answer: &Answer,
) {
    let Answer { servent, elapsed, value } = answer;
    match format {
        Format::Json => json::write_answer(out, number, key, answer),
        Format::Terminal => {
            let servent = paint.paint(Style::Servent, &format!("{:<SERVENT_COLUMNS$}", servent.to_string()));
            let elapsed = paint.paint(Style::Faint, &format!("{:>ELAPSED_COLUMNS$}", milliseconds(*elapsed)));
            out.extend_from_slice(format!("{servent}  {elapsed}  {}\n", escape(value)).as_bytes());
        }
        Format::Plain => {
            let (before, after) = paint.codes(Style::Key);
            let servent = format!("{after}\t{}\t", paint.paint(Style::Servent, &servent.to_string()));
            for piece in [before.as_bytes(), key.as_bytes(), servent.as_bytes(), value, b"\n"] {
                out.extend_from_slice(piece);
            }
        }
    }
}

/// What is said of a line that is over: that there are no more answers, or that there were none (P-41).
pub(super) fn end_remark((format, paint): (Format, Paint), key: &AskedKey, summary: &Summary) -> String {
    let key = paint.paint(Style::Key, &escape(key.as_bytes()));
    if summary.answers == 0 {
        return format!("{key}: {}", paint.paint(Style::Missing, "no answer"));
    }
    let answers = counted(summary.answers, "answer");
    let end = match (format, summary.first_after) {
        (Format::Terminal, Some(first_after)) => {
            let servents = counted(summary.servents, "servent");
            format!("{key}: no more answers ({answers} from {servents}, the first after {})", milliseconds(first_after))
        }
        _ => format!("{key}: no more answers ({answers})"),
    };
    match summary.left_out {
        0 => end,
        left_out => format!("{end}; {left_out} of them not shown: too many while earlier keys were under way"),
    }
}

/// A time as people read it: tenths of a millisecond count only while there are few.
fn milliseconds(time: Duration) -> String {
    if time < Duration::from_millis(100) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        format!("{} ms", time.as_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddrV4};

    fn line(format: Format, paint: Paint, value: &[u8]) -> String {
        let mut line = Vec::new();
        let servent = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 6001);
        let answer = Answer { servent, elapsed: Duration::from_micros(12_345), value: value.to_vec() };
        write_answer(&mut line, (format, paint), 1, &AskedKey::new(b"http").unwrap(), &answer);
        line.escape_ascii().to_string()
    }

    #[test]
    fn p41_answers_for_eyes_are_aligned_and_others_have_tabs() {
        let rows = [
            (Format::Terminal, false, "127.0.0.1:6001          12.3 ms  80\\t\\\\x1b\\n"),
            (
                Format::Terminal,
                true,
                "\\x1b[32m127.0.0.1:6001       \\x1b[0m  \\x1b[2m 12.3 ms\\x1b[0m  80\\t\\\\x1b\\n",
            ),
            (Format::Plain, false, "http\\t127.0.0.1:6001\\t80\\t\\x1b\\n"),
            (Format::Plain, true, "\\x1b[1mhttp\\x1b[0m\\t\\x1b[32m127.0.0.1:6001\\x1b[0m\\t80\\t\\x1b\\n"),
        ];
        for (format, painted, expected) in rows {
            assert_eq!(line(format, Paint(painted), b"80\t\x1b"), expected, "{format:?} {painted}");
        }
    }

    #[test]
    fn times_are_rounded_as_they_grow() {
        let rows = [(0, "0.0 ms"), (340, "0.3 ms"), (99_940, "99.9 ms"), (100_400, "100 ms"), (4_012_000, "4012 ms")];
        for (micros, shown) in rows {
            assert_eq!(milliseconds(Duration::from_micros(micros)), shown);
        }
    }

    #[test]
    fn p41_the_end_is_said_with_what_came() {
        let key = AskedKey::new(b"http").unwrap();
        let none = Summary::default();
        let first_after = Some(Duration::from_micros(300));
        let one = Summary { answers: 1, servents: 1, first_after, ..none };
        let many = Summary { answers: 9, servents: 2, first_after, left_out: 3, ..none };
        let rows = [
            (Format::Terminal, none, "http: no answer"),
            (Format::Terminal, one, "http: no more answers (1 answer from 1 servent, the first after 0.3 ms)"),
            (Format::Plain, one, "http: no more answers (1 answer)"),
            (
                Format::Json,
                many,
                "http: no more answers (9 answers); 3 of them not shown: too many while earlier keys were under way",
            ),
        ];
        for (format, summary, said) in rows {
            assert_eq!(end_remark((format, Paint(false)), &key, &summary), said);
        }
    }
}
