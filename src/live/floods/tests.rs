//! What is told of a question while its lines come, and when.

use super::*;
use crate::flood::{Fate, Records};

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
        let model = floods.material(1).unwrap().outcome(&Records::new()).model;
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
    let model = floods.material(1).unwrap().outcome(&Records::new()).model;
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

/// What both servents write of the `n`th time that a question is asked: the first one holds nothing, the second one does.
fn asked_again(n: u64) -> [(usize, String); 6] {
    let line = |servent: usize, t: u64, event: &str, kind: &str, from: &str, more: &str| {
        let node = 6001 + servent;
        let about = format!(r#""type":"{kind}","from":"{from}","client":"127.0.0.1:5000","key":"http""#);
        (servent, format!(r#"{{"t":{t},"node":"127.0.0.1:{node}","event":"{event}",{about}{more}}}"#))
    };
    let (t, client, first) = (1_000 * n, "127.0.0.1:5000", "127.0.0.1:6001");
    let query = format!(r#","ttl":3,"seq":{n}"#);
    [
        line(0, t, "received", "clireq", client, ""),
        line(0, t + 1, "not_found", "clireq", client, ""),
        line(0, t + 2, "forwarded", "clireq", client, &format!(r#","seq":{n},"ttl_sent":3,"to":["127.0.0.1:6002"]"#)),
        line(1, t + 3, "received", "query", first, &query),
        line(1, t + 4, "not_forwarded", "query", first, &format!(r#"{query},"why":"no_other_neighbour""#)),
        line(1, t + 5, "answered", "query", first, &format!(r#"{query},"to":["127.0.0.1:5000"]"#)),
    ]
}

/// The floods of the only question: number of the query, when it was asked, who was asked when and said what.
fn told(outcome: &Outcome) -> Vec<String> {
    let one = |flood: &crate::flood::Flood| {
        let visits: Vec<_> = flood.visits.iter().map(|visit| (visit.at.since(flood.first), visit.lookup)).collect();
        let fates: Vec<_> = flood.copies.iter().map(|copy| copy.fate).collect();
        format!("{visits:?} {fates:?} {:?}", flood.findings)
    };
    outcome.floods().map(one).collect()
}

#[test]
fn a_question_that_is_asked_without_end_stays_in_its_share_and_what_is_left_of_it_is_whole() {
    let mut floods = two();
    floods.share_max = 20_000;
    let lines: Vec<_> = (1..=1_000).flat_map(asked_again).collect();
    for (count, (servent, line)) in lines.iter().enumerate() {
        floods.line(*servent, line.as_bytes(), at(0));
        assert!(floods.len <= floods.share_max && floods.len == floods.questions[&1].len, "after {count}");
        let kept: usize = floods.questions[&1].lines.iter().map(|line| line.bytes.len()).sum();
        assert!(kept < floods.len);
        if count % 97 != 0 {
            continue;
        }
        // Wherever the cut was, look-ups and QUERYs stay with their CLIREQs.
        let outcome = floods.material(1).unwrap().outcome(&Records::new());
        let whole = "[(0, NotHeld), (4, Answered)] [First] []";
        let told = told(&outcome);
        // The last one is still under way.
        let all_but_last = &told[..told.len() - 1];
        assert!(all_but_last.iter().all(|flood| flood == whole), "after {count}: {all_but_last:#?}");
        let asked = count as u64 / 6 + 1;
        assert_eq!((outcome.forgotten + told.len() as u64, outcome.is_cut), (asked, outcome.forgotten > 0));
    }
    assert!(floods.questions[&1].forgotten > 900);
}

#[test]
fn of_a_question_that_was_cut_nothing_is_lost_and_nothing_is_a_finding() {
    let outcome = |share_max| {
        let mut floods = two();
        floods.share_max = share_max;
        let mut lines: Vec<_> = (1..=40).flat_map(asked_again).collect();
        // The last copy comes to nothing, and the second servent has sent the one before back.
        lines.truncate(lines.len() - 3);
        let back = lines[lines.len() - 6].1.replace("received", "forwarded");
        let back = back.replace(r#""seq""#, r#""ttl_sent":2,"to":["127.0.0.1:6001"],"seq""#);
        lines.push((1, back));
        lines.iter().for_each(|(servent, line)| drop(floods.line(*servent, line.as_bytes(), at(0))));
        floods.due(at(5_000));
        floods.material(1).unwrap().outcome(&Records::new())
    };
    let (whole, cut) = (outcome(SHARE_MAX), outcome(20_000));
    assert!(!whole.is_cut && cut.is_cut && cut.floods().count() > 2);
    let last = |outcome: &Outcome| outcome.model.floods.last().unwrap().copies[0].fate;
    assert_eq!((last(&whole), last(&cut)), (Fate::Lost, Fate::Unknown));
    let findings = |outcome: &Outcome| outcome.floods().map(|flood| flood.findings.len()).sum::<usize>();
    assert!(findings(&whole) > 0 && findings(&cut) == 0);
}

#[test]
fn long_keys_count_as_well() {
    let mut floods = two();
    let key = "k".repeat(60_000);
    for client in 0..200 {
        for line in asked(client + 1, 1_000) {
            floods.line(0, line.replace("http", &key).as_bytes(), at(0));
        }
    }
    assert!(floods.len <= LEN_MAX);
    let kept = |question: &Question| {
        let lines = question.lines.iter().map(|line| line.bytes.len());
        lines.sum::<usize>() + 2 * question.key.len()
    };
    let kept: usize = floods.questions.values().map(kept).sum();
    assert!(kept > LEN_MAX / 2 && kept <= floods.len, "{kept} of {}", floods.len);
}
