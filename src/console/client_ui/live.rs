//! The one line that changes: what is waited for and how long still, or how far many keys are.

use crate::console::terminal::{self, fit};
use crate::protocol::{Awaiting, Progress, Wait};
use crate::text::{counted, escape};
use crate::types::Timestamp;
use std::time::Duration;

/// How often it changes.
pub(super) const TICK: Duration = Duration::from_millis(100);

/// What one key waits for, in less than `columns`.
pub(super) fn countdown(wait: &Wait<'_>, now: Timestamp, columns: usize) -> String {
    let left = wait.until.since(now).as_secs_f64();
    let awaited = match wait.awaiting {
        Awaiting::FirstAnswer => "waiting for the first answer".to_owned(),
        Awaiting::AnswerToRetransmission => "asked again, waiting for the first answer".to_owned(),
        Awaiting::MoreAnswers => format!("{}, waiting for more", counted(wait.answers, "answer")),
    };
    // The time comes first: a long key is what can be cut.
    fit(&format!("{left:.1} s  {awaited}: {}", escape(wait.key.as_bytes())), columns.saturating_sub(1))
}

/// How far many keys are, in less than `columns`. With a `total` there is a bar.
pub(super) fn bar(progress: &Progress, total: Option<usize>, columns: usize) -> String {
    let Progress { done, active, answers, unanswered, .. } = *progress;
    let columns = columns.saturating_sub(1);
    let of = total.map_or_else(String::new, |total| format!(" of {total}"));
    let missing = if unanswered == 0 { String::new() } else { format!(", {unanswered} without an answer") };
    let text = format!("{done}{of} keys, {active} under way, {}{missing}", counted(answers, "answer"));
    let bar = total.and_then(|total| terminal::bar(done as u64, total as u64, &text, columns));
    bar.unwrap_or_else(|| fit(&text, columns))
}

/// The last word on many keys.
pub(super) fn total(progress: &Progress, elapsed: Duration) -> String {
    let Progress { done, answers, unanswered, .. } = *progress;
    let (done, answers) = (counted(done, "key"), counted(answers, "answer"));
    format!("{done}: {answers}, {unanswered} without an answer, {:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::AskedKey;

    #[test]
    fn p40_the_countdown_says_what_is_waited_for_and_fits() {
        let key = AskedKey::new("a key that is longer than a line, with a ✓ and \x1b[2J".as_bytes()).unwrap();
        let rows = [
            (Awaiting::FirstAnswer, 0, 120, "3.2 s  waiting for the first answer: a key"),
            (Awaiting::AnswerToRetransmission, 0, 120, "3.2 s  asked again, waiting for the first answer: a key"),
            (Awaiting::MoreAnswers, 1, 120, "3.2 s  1 answer, waiting for more: a key"),
            (Awaiting::MoreAnswers, 12, 80, "3.2 s  12 answers, waiting for more: a key"),
            (Awaiting::FirstAnswer, 0, 40, "3.2 s  waiting for the first answer:..."),
            (Awaiting::FirstAnswer, 0, 10, "3.2 s"),
        ];
        for (awaiting, answers, columns, shown) in rows {
            let until = Timestamp::from_start(Duration::from_millis(9_000));
            let wait = Wait { key: &key, awaiting, until, answers };
            let line = countdown(&wait, Timestamp::from_start(Duration::from_millis(5_800)), columns);
            assert!(line.starts_with(shown), "{line:?}");
            assert!(line.chars().count() < columns && !line.contains('\x1b'), "{line:?} of {columns}");
        }
    }

    #[test]
    fn the_bar_fits_whatever_the_width() {
        let progress = Progress { done: 250, active: 64, lines: 1000, answers: 700, unanswered: 3 };
        for columns in 1..200 {
            for total in [None, Some(1000)] {
                let line = bar(&progress, total, columns);
                assert!(line.len() < columns, "{line:?} of {columns}");
            }
        }
        assert_eq!(
            bar(&progress, Some(1000), 80),
            "[##---------]  250 of 1000 keys, 64 under way, 700 answers, 3 without an answer"
        );
        assert_eq!(bar(&progress, None, 80), "250 keys, 64 under way, 700 answers, 3 without an answer");
        assert_eq!(total(&progress, Duration::from_millis(8_040)), "250 keys: 700 answers, 3 without an answer, 8.0 s");
    }
}
