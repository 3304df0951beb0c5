use super::*;
use crate::protocol::query::Awaiting;
use crate::wire::decode;
use std::net::Ipv4Addr;
use std::time::Duration;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_start(Duration::from_secs(seconds))
}

fn servent(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

fn queries(jobs: usize, keys: &[&str]) -> Queries {
    let mut queries = Queries::new(QueriesConfig { patience: Patience::default(), jobs, secret: [1, 2] });
    keys.iter().for_each(|key| queries.push(AskedKey::new(key.as_bytes()).unwrap()));
    queries
}

/// The keys that start at `seconds`.
fn start(queries: &mut Queries, seconds: u64) -> Vec<String> {
    std::iter::from_fn(|| queries.start_next(at(seconds))).map(|key| text(&key)).collect()
}

fn text(key: &AskedKey) -> String {
    String::from_utf8(key.as_bytes().to_vec()).unwrap()
}

fn hear(queries: &mut Queries, seconds: u64, port: u16, key: &str, value: &[u8]) {
    let datagram = [b"\0\x03", key.as_bytes(), b"\t", value].concat();
    queries.on_message(at(seconds), servent(port), &decode(&datagram).unwrap());
}

/// What there is to show now: `3 http=80` for an answer to the third line, `3 http: 1` for its end.
fn events(queries: &mut Queries) -> Vec<String> {
    let shown = |event| match event {
        Event::Answer { number, key, answer } => {
            format!("{number} {}={}", text(&key), String::from_utf8_lossy(&answer.value))
        }
        Event::Finished { number, key, summary } => format!("{number} {}: {}", text(&key), summary.answers),
        Event::Stopped { key } => format!("{} stopped", text(&key)),
    };
    std::iter::from_fn(|| queries.next_event()).map(shown).collect()
}

#[test]
fn at_most_jobs_keys_are_under_way_and_each_end_makes_room_for_the_next() {
    let mut queries = queries(2, &["a", "b", "c", "d"]);
    assert_eq!(start(&mut queries, 0), ["a", "b"]);
    hear(&mut queries, 1, 1, "a", b"1");
    assert_eq!(queries.deadline(), Some(at(4)));
    // P-40: each key has its own wait.
    assert_eq!(queries.on_deadline(at(4)).into_iter().map(|key| text(&key)).collect::<Vec<_>>(), ["b"]);
    assert_eq!(start(&mut queries, 4), [""; 0]);
    assert!(queries.on_deadline(at(5)).is_empty());
    assert_eq!(start(&mut queries, 5), ["c"]);
    assert_eq!(events(&mut queries), ["1 a=1", "1 a: 1"]);
    assert_eq!(queries.progress(), Progress { done: 1, active: 2, lines: 4, answers: 1, unanswered: 0 });
}

#[test]
fn p42_answers_are_told_apart_by_key_and_shown_in_the_order_asked() {
    let mut queries = queries(64, &["a", "b", "c"]);
    start(&mut queries, 0);
    hear(&mut queries, 1, 1, "c", b"3");
    hear(&mut queries, 1, 1, "b", b"2");
    hear(&mut queries, 1, 1, "not asked", b"0");
    assert_eq!(events(&mut queries), [""; 0]);
    // The first that is not over is shown as it comes.
    hear(&mut queries, 2, 1, "a", b"1");
    hear(&mut queries, 2, 2, "b", b"2");
    assert_eq!(events(&mut queries), ["1 a=1"]);
    queries.on_deadline(at(5));
    assert_eq!(events(&mut queries), [""; 0]);
    assert!(!queries.is_empty());
    queries.on_deadline(at(6));
    assert_eq!(events(&mut queries), ["1 a: 1", "2 b=2", "2 b=2", "2 b: 2", "3 c=3", "3 c: 1"]);
    assert!(queries.is_empty());
}

#[test]
fn p42_a_key_on_several_lines_is_under_way_once_at_a_time_and_its_answers_go_to_that_line() {
    let mut queries = queries(64, &["a", "a", "b", "a"]);
    assert_eq!(start(&mut queries, 0), ["a", "b"]);
    hear(&mut queries, 1, 1, "a", b"first");
    hear(&mut queries, 1, 1, "b", b"2");
    queries.on_deadline(at(5));
    assert_eq!(start(&mut queries, 5), ["a"]);
    // P-43 holds for one line: the same answer to another line is an answer.
    hear(&mut queries, 6, 1, "a", b"first");
    queries.on_deadline(at(10));
    assert_eq!(start(&mut queries, 10), ["a"]);
    assert!(!queries.on_deadline(at(14)).is_empty());
    queries.on_deadline(at(18));
    let shown = ["1 a=first", "1 a: 1", "2 a=first", "2 a: 1", "3 b=2", "3 b: 1", "4 a: 0"];
    assert_eq!(events(&mut queries), shown);
    assert_eq!(queries.progress(), Progress { done: 4, active: 0, lines: 4, answers: 3, unanswered: 1 });
    // It can be asked for again.
    queries.push(AskedKey::new(b"a").unwrap());
    assert_eq!(start(&mut queries, 20), ["a"]);
}

#[test]
fn what_came_of_a_line_is_summed_up() {
    let mut queries = queries(1, &["a"]);
    start(&mut queries, 1);
    queries.on_deadline(at(5));
    for (port, value) in [(1, b"x"), (2, b"x"), (1, b"y"), (1, b"y")] {
        hear(&mut queries, 7, port, "a", value);
    }
    queries.on_deadline(at(11));
    let finished = std::iter::from_fn(|| queries.next_event()).last();
    let summary = Summary {
        answers: 3,
        servents: 2,
        first_after: Some(Duration::from_secs(6)),
        elapsed: Duration::from_secs(10),
        left_out: 0,
    };
    assert_eq!(finished, Some(Event::Finished { number: 1, key: AskedKey::new(b"a").unwrap(), summary }));
}

#[test]
fn what_is_read_ahead_is_bounded_by_lines_and_by_bytes_of_keys_and_a_line_that_is_taken_makes_room_for_one() {
    for (name, lines, key_len) in [("lines", LINES_MAX, 4), ("bytes", 256, KEYS_LEN_MAX / 256)] {
        let mut queries = queries(1, &[]);
        let key = |number| AskedKey::new(format!("{number:0key_len$}").as_bytes()).unwrap();
        for number in 0..lines {
            assert!(queries.has_room(), "{name}: {number} lines");
            queries.push(key(number));
        }
        assert!(!queries.has_room(), "{name}");
        assert!(queries.start_next(at(0)).is_some());
        queries.on_deadline(at(4));
        queries.on_deadline(at(8));
        assert!(!queries.has_room(), "{name}: over, but not taken");
        assert_eq!(events(&mut queries).len(), 1);
        assert!(queries.has_room(), "{name}: taken");
        queries.push(key(lines));
        assert!(!queries.has_room(), "{name}: full again");
    }
}

#[test]
fn servents_are_counted_up_to_a_bound_and_answers_beyond_it() {
    let mut queries = queries(1, &["a"]);
    start(&mut queries, 0);
    for number in 0..SHOWN_MAX + 2 {
        let from = SocketAddrV4::new(Ipv4Addr::from(number as u32), 1);
        queries.on_message(at(1), from, &decode(b"\0\x03a\t1").unwrap());
    }
    queries.on_deadline(at(5));
    let Some(Event::Finished { summary, .. }) = std::iter::from_fn(|| queries.next_event()).last() else {
        panic!("the line is not over");
    };
    assert_eq!((summary.answers, summary.servents), (SHOWN_MAX + 2, SHOWN_MAX));
}

#[test]
fn what_is_held_back_is_bounded_and_what_is_left_out_is_counted() {
    let mut queries = queries(2, &["a", "b", "c"]);
    start(&mut queries, 0);
    let answer_len = size_of::<Answer>() + 60_000;
    let fitting = HELD_LEN_MAX / answer_len;
    for number in 0..fitting + 2 {
        hear(&mut queries, 1, 1, "b", format!("{number:060000}").as_bytes());
    }
    // What the first line gets is shown at once, so it always fits.
    hear(&mut queries, 1, 1, "a", &[b'y'; 60_000]);
    queries.on_deadline(at(5));
    let mut summaries = Vec::new();
    let mut answers = 0;
    // Nothing starts while so much is held and something is under way; here nothing is.
    while let Some(event) = queries.next_event() {
        match event {
            Event::Finished { summary, .. } => summaries.push((summary.answers, summary.left_out)),
            _ => answers += 1,
        }
        assert_eq!(queries.held_len, (1 + fitting - answers) * answer_len);
    }
    assert_eq!(answers, 1 + fitting);
    assert_eq!(summaries, [(1, 0), (fitting + 2, 2)]);
    assert_eq!((queries.held_len, start(&mut queries, 5)), (0, vec!["c".to_owned()]));
}

#[test]
fn nothing_starts_while_much_is_held_back() {
    let mut queries = queries(2, &["a", "b", "c"]);
    queries.config.jobs = 3;
    assert!(queries.start_next(at(0)).is_some() && queries.start_next(at(0)).is_some());
    for number in 0..=STARTING_LEN_MAX / 60_000 {
        hear(&mut queries, 1, 1, "b", &[&vec![b'v'; 60_000], format!("{number}").as_bytes()].concat());
    }
    assert_eq!(queries.start_next(at(1)), None);
    // With the first over, what was held is shown.
    queries.on_deadline(at(4));
    queries.on_deadline(at(8));
    assert!(!events(&mut queries).is_empty());
    assert_eq!(start(&mut queries, 8), ["c"]);
}

#[test]
fn a_stop_gives_up_what_is_under_way_and_shows_what_was_heard() {
    let mut queries = queries(3, &["a", "b", "c", "d"]);
    start(&mut queries, 0);
    hear(&mut queries, 1, 1, "b", b"2");
    queries.on_deadline(at(4));
    queries.on_deadline(at(5));
    hear(&mut queries, 6, 1, "c", b"3");
    queries.stop();
    assert_eq!(events(&mut queries), ["a stopped", "2 b=2", "2 b: 1", "3 c=3", "c stopped"]);
    assert!(queries.is_empty() && queries.deadline().is_none() && queries.start_next(at(6)).is_none());
    // The same keys can be asked for again, and lines are counted on.
    queries.push(AskedKey::new(b"a").unwrap());
    assert_eq!(start(&mut queries, 7), ["a"]);
    hear(&mut queries, 7, 1, "a", b"1");
    assert_eq!(events(&mut queries), ["4 a=1"]);
}

#[test]
fn a_stop_shows_what_is_over_behind_the_last_line_under_way_and_forgets_what_is_behind_that() {
    let mut queries = queries(3, &["x", "a", "b", "c"]);
    start(&mut queries, 0);
    hear(&mut queries, 0, 1, "x", b"0");
    queries.on_deadline(at(4));
    assert_eq!(events(&mut queries), ["1 x=0", "1 x: 1"]);
    hear(&mut queries, 4, 1, "b", b"2");
    hear(&mut queries, 5, 1, "a", b"1");
    queries.on_deadline(at(8));
    queries.stop();
    assert_eq!(events(&mut queries), ["2 a=1", "a stopped", "3 b=2", "3 b: 1"]);
    assert!(queries.is_empty());
}

#[test]
fn it_can_be_said_what_the_first_line_under_way_waits_for() {
    let mut queries = queries(2, &["a", "b"]);
    assert_eq!(queries.wait(), None);
    start(&mut queries, 0);
    let key = AskedKey::new(b"a").unwrap();
    let wait = |awaiting, until, answers| Wait { key: &key, awaiting, until: at(until), answers };
    assert_eq!(queries.wait(), Some(wait(Awaiting::FirstAnswer, 4, 0)));
    queries.on_deadline(at(4));
    assert_eq!(queries.wait(), Some(wait(Awaiting::AnswerToRetransmission, 8, 0)));
    hear(&mut queries, 6, 1, "a", b"1");
    assert_eq!(queries.wait(), Some(wait(Awaiting::MoreAnswers, 10, 1)));
    // The one after it, once that is over and taken.
    hear(&mut queries, 8, 1, "b", b"2");
    hear(&mut queries, 8, 2, "b", b"2");
    queries.on_deadline(at(10));
    assert_eq!(events(&mut queries), ["1 a=1", "1 a: 1", "2 b=2", "2 b=2"]);
    let key = AskedKey::new(b"b").unwrap();
    assert_eq!(queries.wait(), Some(Wait { key: &key, awaiting: Awaiting::MoreAnswers, until: at(12), answers: 2 }));
}
