//! What is told of a question while its lines come, and when.

use super::*;
use crate::flood::Fate;

fn at(ms: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_millis(ms))
}

fn start(port: u16, t: u64) -> String {
    let neighbour = if port == 6001 { 6002 } else { 6001 };
    format!(
        r#"{{"t":{t},"node":"127.0.0.1:{port}","event":"start","wall_ns":{t},"version":1,"neighbours":["127.0.0.1:{neighbour}"]}}"#
    )
}

/// What the first of two servents writes of a question.
fn asked(client: u16, t: u64) -> [String; 3] {
    let about = format!(r#""from":"127.0.0.1:{client}","client":"127.0.0.1:{client}","key":"http""#);
    let line = |t, event: &str, more: &str| {
        format!(r#"{{"t":{t},"node":"127.0.0.1:6001","event":"{event}","type":"clireq",{about}{more}}}"#)
    };
    [
        line(t, "received", ""),
        line(t + 1, "forwarded", r#","seq":7,"ttl_sent":3,"to":["127.0.0.1:6002"]"#),
        line(t + 2, "not_found", ""),
    ]
}

fn two() -> Floods {
    let mut floods = Floods::new(2);
    assert_eq!(floods.line(0, start(6001, 10).as_bytes(), at(0)), None);
    assert_eq!(floods.line(1, start(6002, 10).as_bytes(), at(0)), None);
    floods
}

#[test]
fn what_is_new_is_told_soon_then_at_a_pace_and_once_more_when_it_is_settled() {
    let mut floods = two();
    assert_eq!(floods.next_due(), None);
    let [first, second, third] = asked(5000, 1_000);
    let listed = floods.line(0, first.as_bytes(), at(100)).unwrap();
    assert_eq!((listed.number, listed.key.as_str(), listed.client.as_str()), (1, "http", "127.0.0.1:5000"));
    assert_eq!(floods.line(0, second.as_bytes(), at(101)), None);
    assert_eq!((floods.next_due(), floods.due(at(114))), (Some(at(115)), Vec::new()));
    let change = |version, is_settled| Change { number: 1, version, is_settled };
    assert_eq!(floods.due(at(115)), [change(1, false)]);
    floods.line(0, third.as_bytes(), at(116));
    assert_eq!(floods.next_due(), Some(at(175)));
    assert_eq!(floods.due(at(175)), [change(2, false)]);
    assert_eq!(floods.next_due(), Some(at(1116)));
    assert_eq!((floods.due(at(1116)), floods.next_due()), (vec![change(3, true)], None));
}

#[test]
fn a_copy_that_nobody_received_is_unknown_at_first_and_lost_once_the_question_is_settled() {
    let mut floods = two();
    asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
    let fates = |floods: &Floods| {
        let model = floods.material(1).unwrap().model(&Records::new());
        assert_eq!(model.floods.len(), 1);
        model.floods[0].copies.iter().map(|copy| copy.fate).collect::<Vec<_>>()
    };
    assert_eq!(fates(&floods), [Fate::Unknown]);
    floods.due(at(5_000));
    assert_eq!(fates(&floods), [Fate::Lost]);
    // The other one may have left something out by now.
    floods.servents[1].lines += LINES_WITHOUT_A_GAP;
    assert_eq!(fates(&floods), [Fate::Unknown]);
}

#[test]
fn while_links_hold_queries_back_nothing_is_settled() {
    let mut floods = two();
    floods.hold_back(Duration::from_secs(3));
    floods.hold_back(Duration::ZERO);
    asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
    assert!(!floods.due(at(15)).iter().any(|change| change.is_settled));
    assert_eq!((floods.next_due(), floods.due(at(3_999))), (Some(at(4_000)), Vec::new()));
    assert!(floods.due(at(4_000))[0].is_settled);
}

#[test]
fn a_servent_that_ended_is_down_even_if_its_trace_does_not_say_so() {
    let mut floods = two();
    floods.ended(1);
    asked(5000, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
    floods.due(at(5_000));
    let model = floods.material(1).unwrap().model(&Records::new());
    assert_eq!(model.floods[0].copies[0].fate, Fate::Down);
}

#[test]
fn the_oldest_questions_are_forgotten() {
    let mut floods = two();
    for client in 0..QUESTIONS_MAX as u16 + 5 {
        asked(client + 1, 1_000).iter().for_each(|line| drop(floods.line(0, line.as_bytes(), at(0))));
    }
    assert_eq!(floods.listed().count(), QUESTIONS_MAX);
    assert!(floods.material(5).is_none() && floods.material(6).is_some());
    assert_eq!(floods.len, floods.questions.values().map(|question| question.len).sum::<usize>());
    assert!(floods.numbers.len() == QUESTIONS_MAX && floods.open.len() == QUESTIONS_MAX);
}

#[test]
fn what_is_no_line_of_a_trace_is_left() {
    let mut floods = two();
    for line in
        [&b""[..], b"ready", b"{}", br#"{"t":1,"node":"127.0.0.1:6001","event":"dropped","why":"malformed_short"}"#]
    {
        assert_eq!(floods.line(0, line, at(0)), None);
    }
    assert_eq!(floods.line(9, asked(5000, 1)[0].as_bytes(), at(0)), None);
    assert_eq!(floods.listed().count(), 0);
}
