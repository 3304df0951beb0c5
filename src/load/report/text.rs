//! The table, the line that changes, and a line a question.

use super::summary::{Bounds, Breach, QUANTILES, Quantiles, Summary};
use crate::console::terminal::fit;
use crate::load::in_flight::Ended;
use crate::load::plan::Pace;
use crate::load::tally::{Counts, Interval};
use crate::text::escape;
use std::fmt::Write;
use std::net::SocketAddrV4;
use std::time::Duration;

/// A generator that asks later than this by itself is said to.
const LAG_TOLD: Duration = Duration::from_millis(10);

/// A time in three digits, with its unit.
#[must_use]
pub fn time(nanos: u64) -> String {
    let (unit, scale) = match nanos {
        // What rounds to a thousand is one of the next unit.
        0..999_500 => ("µs", 1e3),
        999_500..999_500_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let number = nanos as f64 / scale;
    let decimals = if number < 9.995 { 2 } else { usize::from(number < 99.95) };
    format!("{number:.decimals$} {unit}")
}

fn of_duration(duration: Duration) -> String {
    time(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// What a load came to: for people, several lines.
#[must_use]
pub fn table(summary: &Summary) -> String {
    let mut text = heading(summary);
    let Counts { asked, answered, lost, unfinished, .. } = summary.counts;
    let mut line = |name: &str, count: u64, beside: String| {
        let beside = if beside.is_empty() { beside } else { format!("  {beside}") };
        writeln!(text, "  {name:<12} {count:>12}{beside}").expect("a String takes everything");
    };
    line("asked", asked, format!("{:.1} a second", summary.rate(asked)));
    line("answered", answered, format!("{:.1} a second", summary.rate(answered)));
    line("lost", lost, format!("{:.3} %", summary.loss_percent()));
    if unfinished > 0 {
        line("under way", unfinished, "when it was interrupted".to_owned());
    }
    for (name, count) in beside(&summary.counts) {
        if count > 0 {
            line(name, count, String::new());
        }
    }
    text.push_str(&latencies(summary));
    text
}

/// Answers that do not count, by their names.
fn beside(counts: &Counts) -> [(&'static str, u64); 4] {
    let Counts { late, duplicates, unknown, malformed, .. } = *counts;
    [("late", late), ("duplicates", duplicates), ("other keys", unknown), ("malformed", malformed)]
}

fn heading(summary: &Summary) -> String {
    let Summary { servent, clients, keys, pace, elapsed, .. } = summary;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let pace = match pace {
        Pace::Rate(rate) => format!("{rate} a second"),
        Pace::InFlight(in_flight) => format!("at most {in_flight} in flight at each"),
    };
    format!(
        "{servent}: {keys} key{}, {clients} client{}, {pace}, {:.3} s\n",
        plural(*keys),
        plural(*clients as usize),
        elapsed.as_secs_f64()
    )
}

/// A row for each servent. Where there are several, one for first answers and one for all together as well.
fn latencies(summary: &Summary) -> String {
    let mut rows: Vec<(String, Quantiles)> = Vec::new();
    for named in &summary.servents {
        let name = named.servent.map_or_else(|| "others".to_owned(), |servent| servent.to_string());
        rows.push((name, named.latencies));
    }
    if rows.len() > 1 {
        rows.extend(summary.all.map(|all| ("all".to_owned(), all)));
        rows.extend(summary.first.map(|first| ("first answer".to_owned(), first)));
    }
    let mut text = String::new();
    if rows.is_empty() {
        return text;
    }
    let name_len = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    write!(text, "\n  {:<name_len$} {:>10}", "latency", "answers").expect("a String takes everything");
    let columns = QUANTILES.iter().map(|(_, name)| *name).chain(["max"]);
    columns.for_each(|name| text.push_str(&format!(" {name:>9}")));
    for (name, quantiles) in rows {
        text.push_str(&format!("\n  {name:<name_len$} {:>10}", quantiles.count));
        for nanos in quantiles.at.into_iter().chain([quantiles.max]) {
            text.push_str(&format!(" {:>9}", time(nanos)));
        }
    }
    text.push('\n');
    text
}

/// What the numbers do not say by themselves.
#[must_use]
pub fn remarks(summary: &Summary, bounds: &Bounds) -> Vec<String> {
    let Counts { asked, answered, unfinished, unsent, shared, .. } = summary.counts;
    let mut remarks = Vec::new();
    if unsent > 0 {
        let cause = summary.unsent_cause.as_deref().unwrap_or("the system would not");
        remarks.push(format!("{unsent} of the questions could not be sent: {cause}"));
    }
    if answered == 0 && asked > unfinished {
        remarks.push(format!("nobody answered: does a servent listen at {}, and hold these keys?", summary.servent));
    }
    if shared > 0 {
        remarks.push(format!(
            "{shared} of the questions were for a key that was under way at the same client: their answers are told apart by \
            order alone (more --clients, or more keys)"
        ));
    }
    if summary.lag_max > LAG_TOLD {
        remarks.push(format!(
            "questions left up to {} late, which counts as latency: this machine was busy, or the rate is more than it can ask",
            of_duration(summary.lag_max)
        ));
    }
    remarks.extend(summary.breaches(bounds).iter().map(breach));
    remarks
}

fn breach(breach: &Breach) -> String {
    match breach {
        Breach::P99 { found: Some(found), max } => {
            format!("p99 is {}, above {}", of_duration(*found), of_duration(*max))
        }
        Breach::P99 { found: None, max } => format!("p99 is unknown, and should be at most {}", of_duration(*max)),
        Breach::Loss { found, max } => format!("{found:.3} % are lost, more than {max} %"),
    }
}

/// What happened in the last `length`, in less than `columns`.
#[must_use]
pub fn live(
    elapsed: Duration,
    length: Duration,
    counts: &Counts,
    before: &Counts,
    interval: &Interval,
    columns: usize,
) -> String {
    let seconds = length.as_secs_f64().max(1e-9);
    let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
    let [asked, answered] = [rate(counts.asked, before.asked), rate(counts.answered, before.answered)];
    let mut line = format!("{:.0} s  {asked:.0} asked and {answered:.0} answered a second", elapsed.as_secs_f64());
    if let Some(first) = Quantiles::of(&interval.first) {
        line.push_str(&format!(", p50 {}, p99 {}", time(first.at[0]), time(first.at[2])));
    }
    line.push_str(&format!(", {} lost", counts.lost));
    fit(&line, columns.saturating_sub(1))
}

/// What became of one question: when it was asked, for what, and who answered after how long.
#[must_use]
pub fn question(since_start: Duration, key: &[u8], ended: &Ended, roster: &[SocketAddrV4]) -> String {
    let answers: Vec<_> = ended
        .answers
        .iter()
        .map(|&(servent, latency)| {
            let name = roster.get(servent as usize).map_or_else(|| "another".to_owned(), ToString::to_string);
            format!("{name} {}", of_duration(latency))
        })
        .collect();
    let answers = if answers.is_empty() { "no answer".to_owned() } else { answers.join(", ") };
    format!("{:.3} s  {}: {answers}", since_start.as_secs_f64(), escape(key))
}

#[cfg(test)]
mod tests {
    use super::super::summary::tests::{at, summary};
    use super::*;
    use crate::types::Timestamp;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (nanos, shown) in [
            (0, "0.00 µs"),
            (31_234, "31.2 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (999_499_999, "999 ms"),
            (999_500_000, "1.00 s"),
            (1_000_000, "1.00 ms"),
            (9_996_000, "10.0 ms"),
            (123_456_789, "123 ms"),
            (2_500_000_000, "2.50 s"),
        ] {
            assert_eq!(time(nanos), shown);
        }
    }

    #[test]
    fn the_table_tells_counts_and_latencies_by_servent() {
        let table = table(&summary());
        let expected = "\
127.0.0.1:6001: 7 keys, 3 clients, 50 a second, 2.000 s
  asked                 100  50.0 a second
  answered               90  45.0 a second
  lost                   10  10.000 %
  late                    1
  duplicates              2

  latency           answers       p50       p90       p99     p99.9    p99.99       max
  127.0.0.1:6001         90   45.0 ms   81.0 ms   90.0 ms   90.0 ms   90.0 ms   90.0 ms
  127.0.0.1:6002          3    200 ms    300 ms    300 ms    300 ms    300 ms    300 ms
  all                    93   47.0 ms   84.0 ms    300 ms    300 ms    300 ms    300 ms
  first answer           90   45.0 ms   81.0 ms   90.0 ms   90.0 ms   90.0 ms   90.0 ms
";
        assert_eq!(table, expected, "{table}");
    }

    #[test]
    fn what_the_numbers_do_not_say_is_remarked() {
        let all = |summary: &Summary, bounds: &Bounds| remarks(summary, bounds).join("\n");
        let summary = summary();
        let bounds = Bounds { p99_max: Some(Duration::from_millis(5)), loss_percent_max: Some(1.0) };
        let told = all(&summary, &bounds);
        for part in ["up to 12.0 ms late", "p99 is 90.0 ms, above 5.00 ms", "10.000 % are lost, more than 1 %"] {
            assert!(told.contains(part), "{told}");
        }
        let counts = Counts { asked: 5, lost: 5, shared: 3, unsent: 2, ..Counts::default() };
        let unsent_cause = Some("sendto: no route".to_owned());
        let silent = Summary { counts, first: None, servents: Vec::new(), unsent_cause, ..summary };
        let told = all(&silent, &Bounds::default());
        for part in ["2 of the questions could not be sent: sendto: no route", "nobody answered", "3 of the questions"]
        {
            assert!(told.contains(part), "{told}");
        }
        assert!(!super::table(&silent).contains("latency"));
    }

    #[test]
    fn the_line_that_changes_fits() {
        let counts = Counts { asked: 1_500, answered: 1_400, lost: 3, ..Counts::default() };
        let before = Counts { asked: 500, answered: 450, ..Counts::default() };
        let mut interval = Interval::default();
        interval.first.record(Duration::from_micros(31));
        for columns in 1..120 {
            let second = Duration::from_secs(1);
            let line = live(second * 2, second, &counts, &before, &interval, columns);
            assert!(line.chars().count() < columns, "{line:?} of {columns}");
        }
        let line = live(Duration::from_secs(2), Duration::from_secs(1), &counts, &before, &interval, 120);
        assert_eq!(line, "2 s  1000 asked and 950 answered a second, p50 31.0 µs, p99 31.0 µs, 3 lost");
    }

    #[test]
    fn a_question_is_a_line_with_all_who_answered() {
        let ended = |answers: Vec<(u32, Duration)>| Ended {
            number: 0,
            client: 0,
            key: 0,
            intended: Timestamp::ZERO,
            is_answered: !answers.is_empty(),
            answers,
        };
        let roster = [at(6001), at(6002)];
        let second = Duration::from_secs(1);
        let answers = vec![(1, Duration::from_micros(310)), (0, Duration::from_millis(2))];
        let line = question(second, b"ht\x1btp", &ended(answers), &roster);
        assert_eq!(line, "1.000 s  ht\\x1btp: 127.0.0.1:6002 310 µs, 127.0.0.1:6001 2.00 ms");
        assert_eq!(question(second, b"http", &ended(Vec::new()), &roster), "1.000 s  http: no answer");
    }
}
