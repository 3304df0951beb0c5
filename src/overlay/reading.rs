//! What a servent writes, read to its end.

use super::{StartReport, Traces};
use crate::text::escape;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

/// How many of a servent's last lines are kept, in case it dies.
const LAST_WORDS_MAX: usize = 10;

/// Reads standard output of the servent at `index`: how its start went, and with `traces` its trace.
pub(super) fn output(
    stdout: impl Read,
    index: usize,
    traces: Option<&Traces>,
    mut report: impl FnMut(Option<StartReport>),
) {
    let mut stdout = BufReader::new(stdout);
    let Some(traces) = traces else { return report(StartReport::read(stdout)) };
    let mut is_told = false;
    if !stdout.fill_buf().is_ok_and(|begun| begun.starts_with(b"{")) {
        report(StartReport::read(&mut stdout));
        is_told = true;
    }
    for line in stdout.split(b'\n').map_while(Result::ok) {
        traces(index, &line);
        // The first line of a trace says that it serves.
        if !is_told {
            report(Some(StartReport::Serves));
            is_told = true;
        }
    }
}

/// Reads standard error, passes each line on, escaped (P-44), and returns the last ones.
pub(super) fn errors(stderr: impl Read, pass_on: impl Fn(&str)) -> VecDeque<String> {
    let mut last_words = VecDeque::new();
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok).map(|line| escape(&line)) {
        pass_on(&line);
        if last_words.len() == LAST_WORDS_MAX {
            last_words.pop_front();
        }
        last_words.push_back(line);
    }
    last_words
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    fn read(stdout: &str, is_traced: bool) -> (Vec<Option<StartReport>>, Vec<String>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let traces: Traces = Arc::new(move |index, line| {
            assert_eq!(index, 7);
            kept.lock().push(String::from_utf8_lossy(line).into_owned());
        });
        let mut reports = Vec::new();
        output(stdout.as_bytes(), 7, is_traced.then_some(&traces), |report| reports.push(report));
        let lines = lines.lock().clone();
        (reports, lines)
    }

    #[test]
    fn the_first_line_of_a_trace_is_the_report() {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let serves = || vec![Some(StartReport::Serves)];
        assert_eq!(read("{\"t\":1}\n{\"t\":2}\n", true), (serves(), lines(&["{\"t\":1}", "{\"t\":2}"])));
        assert_eq!(read("ready\n", false), (serves(), Vec::new()));
        let cause = "no file\n".to_owned();
        let not_started = StartReport::NotStarted { cause, is_port_in_use: false };
        assert_eq!(read("not started\nno file\n", true), (vec![Some(not_started)], Vec::new()));
        assert_eq!(read("", true), (vec![None], Vec::new()));
        assert_eq!(read("", false), (vec![None], Vec::new()));
    }
}
