//! What became of a question, as the page gets it.

use super::floods::Outcome;
use crate::flood::Flood;
use crate::picture;
use serde_json::Value;

/// How many floods of one question are drawn: its latest.
const FLOODS_MAX: usize = 16;

/// Bytes of drawn floods after which no earlier one is.
const LEN_MAX: usize = 4 << 20;

/// The latest floods of a question as JSON: `first` is the number of the first of them among all that there were, and
/// `notice` says what is left out.
pub(super) fn draw(outcome: &Outcome) -> Vec<u8> {
    let (drawn, left_out) = latest(outcome, FLOODS_MAX, LEN_MAX);
    let first = outcome.forgotten + left_out as u64;
    let notice = Value::from(picture::notice(first, outcome.is_cut));
    let version = outcome.version;
    let floods = drawn.join(",");
    format!("{{\"version\":{version},\"first\":{first},\"notice\":{notice},\"floods\":[{floods}]}}").into_bytes()
}

/// The latest floods, in their order, and how many there are before them.
fn latest(outcome: &Outcome, count_max: usize, len_max: usize) -> (Vec<String>, usize) {
    let (mut drawn, mut len) = (Vec::new(), 0);
    for flood in outcome.floods().rev().take(count_max) {
        let part = part(outcome, flood);
        len += part.len();
        drawn.push(part);
        if len > len_max {
            break;
        }
    }
    drawn.reverse();
    let left_out = outcome.floods().count() - drawn.len();
    (drawn, left_out)
}

fn part(outcome: &Outcome, flood: &Flood) -> String {
    let (html, data) = picture::part(&outcome.model, flood, 0);
    // The data is JSON already.
    format!("{{\"html\":{},\"data\":{data}}}", Value::from(html))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flood::{Memory, Records, TraceReader};

    /// A servent without neighbours was asked for the same key this often, and does not hold it.
    fn outcome(count: u64, forgotten: u64) -> Outcome {
        let (mut reader, mut records) = (TraceReader::new(), Records::new());
        let mut line = |line: String| assert!(reader.line(&mut records, line.as_bytes()), "{line}");
        line(r#"{"t":1,"node":"127.0.0.1:6001","event":"start","wall_ns":1,"version":1,"neighbours":[]}"#.to_owned());
        for t in 1..=count {
            let about = r#""type":"clireq","from":"127.0.0.1:5000","client":"127.0.0.1:5000","key":"http""#;
            line(format!(r#"{{"t":{t},"node":"127.0.0.1:6001","event":"received",{about}}}"#));
            line(format!(r#"{{"t":{t},"node":"127.0.0.1:6001","event":"not_found",{about}}}"#));
        }
        Outcome { version: 1, model: records.model(Memory::default()), forgotten, is_cut: forgotten > 0 }
    }

    #[test]
    fn the_latest_floods_are_drawn_as_many_as_find_room() {
        let outcome = outcome(10, 0);
        let all = latest(&outcome, 20, usize::MAX);
        assert_eq!((all.0.len(), all.1), (10, 0));
        assert_eq!(latest(&outcome, 3, usize::MAX), (all.0[7..].to_vec(), 7));
        let len = all.0[9].len();
        assert_eq!(latest(&outcome, 20, len + 1), (all.0[8..].to_vec(), 8));
        assert_eq!(latest(&outcome, 20, 0), (all.0[9..].to_vec(), 9), "one at least");
    }

    #[test]
    fn what_is_left_out_is_said() {
        let read = |outcome: &Outcome| serde_json::from_slice::<Value>(&draw(outcome)).unwrap();
        let whole = read(&outcome(10, 0));
        assert_eq!((whole["first"].as_u64(), whole["notice"].as_str()), (Some(0), Some("")));
        let cut = read(&outcome(20, 100));
        assert_eq!((cut["first"].as_u64(), cut["floods"].as_array().unwrap().len()), (Some(104), FLOODS_MAX));
        let notice = cut["notice"].as_str().unwrap();
        for words in ["left out: 104", "de fora: 104", "never counts as lost", "nunca conta como perdido"] {
            assert!(notice.contains(words), "{notice}");
        }
    }
}
