//! What the page gets: everything that happens, and what it asks for.

use super::Web;
use super::web::{Event, Events};
use crate::overlay::topology::Topology;
use crate::support::processes::{children_of, is_running};
use crate::support::{Peer, SERVENT, until, wire};
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBuf;
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The page's names of those of a settled flood that answered.
fn answered(web: &Web, number: u64) -> Vec<String> {
    let flood = web.get(&format!("floods/{number}"), "").json();
    let data = &flood["floods"][0]["data"];
    let (names, states) = (data["names"].as_array().unwrap(), data["states"].as_array().unwrap());
    let of = names.iter().zip(states).filter(|(_, state)| **state == 0);
    of.map(|(name, _)| name.as_str().unwrap().to_owned()).collect()
}

fn ask(web: &Web, entry: usize, key: &str) {
    let response = web.post("ask", &json!({"key": key, "entry": web.address(entry)}));
    assert_eq!((response.code, response.body.as_str()), (204, ""));
}

#[test]
fn a_key_that_is_asked_is_answered_told_and_drawn() {
    let web = Web::start(Topology::chain(5), &[]);
    let page = web.get("", "Sec-Fetch-Site: none\r\n");
    assert!(page.code == 200 && page.head.contains("text/html") && page.body.contains("page.js"), "{}", page.head);
    assert!(web.get("page.js", "").head.contains("text/javascript"));
    let mut events = web.events("");
    let hello = events.next().unwrap();
    assert_eq!((hello.kind.as_str(), hello.data["servents"].as_array().unwrap().len()), ("hello", 5));
    assert_eq!(hello.data["entry"], web.address(0));

    ask(&web, 0, "key");
    // Each servent has a pipe of its own, so what the second one tells may come before.
    let at_entry = |line: &Value| line["event"] == "received" && line["node"] == web.address(0);
    let received = events.expect("trace", at_entry);
    assert_eq!(received.data["key"], "key");
    let answer = events.expect("answer", |answer| answer["servent"] == web.address(3));
    assert_eq!((&answer.data["key"], &answer.data["value"]), (&json!("key"), &json!("3")));
    let done = events.expect("done", |_| true);
    assert_eq!(done.data["answers"], 4, "P-18");
    let settled = events.expect("flood", |flood| flood["settled"] == true);
    let number = settled.data["number"].as_u64().unwrap();
    let expected: Vec<_> = (0..4).map(|index| web.topology.port(index).to_string()).collect();
    assert_eq!(answered(&web, number), expected);
    assert_eq!(web.get("floods/99", "").code, 404);

    // Who comes back has what happened meanwhile, and who reloads has the question.
    let last = received.id.unwrap();
    let mut again = web.events(&format!("Last-Event-ID: {last}\r\n"));
    let hello = again.next().unwrap();
    assert_eq!(hello.data["questions"][0]["number"], number);
    assert_eq!(again.next().unwrap().id, Some(last + 1));
}

#[test]
fn a_hundred_questions_in_a_row_lose_no_event() {
    const COUNT: usize = 100;
    // No question is to be asked again, which would be a flood more.
    let web = Web::start_patient("1.5", Topology::chain(4), &[]);
    let mut events = web.events("");
    (0..COUNT).for_each(|_| ask(&web, 0, "key"));
    let mut lines: BTreeMap<(String, String), usize> = BTreeMap::new();
    let (mut done, mut last) = (0, None);
    while done < COUNT || lines.values().sum::<usize>() < 12 * COUNT {
        let event = events.next().unwrap();
        assert!(event.id.is_none() || last.is_none_or(|last| event.id == Some(last + 1)), "{event:?} after {last:?}");
        last = event.id.or(last);
        match event.kind.as_str() {
            "trace" => {
                let text = |name: &str| event.data[name].as_str().unwrap().to_owned();
                *lines.entry((text("node"), text("event"))).or_default() += 1;
            }
            "done" => {
                assert_eq!(event.data["answers"], 4);
                done += 1;
            }
            "missed" => panic!("{event:?}"),
            _ => {}
        }
    }
    for index in 0..4 {
        let sent = if index < 3 { "forwarded" } else { "not_forwarded" };
        for event in ["received", sent, "answered"] {
            assert_eq!(lines[&(web.address(index), event.to_owned())], COUNT, "{event} at {index}");
        }
    }
}

#[test]
fn of_a_question_that_is_asked_again_and_again_the_latest_floods_are_drawn() {
    const COUNT: u64 = 40;
    let web = Web::start(Topology::chain(2), &[]);
    let (mut events, client) = (web.events(""), Peer::new());
    (0..COUNT).for_each(|_| client.send(web.address(0).parse().unwrap(), &wire::clireq(b"key")));
    let mut received = 0;
    while received < COUNT {
        let line = events.expect("trace", |line| line["event"] == "received").data;
        received += u64::from(line["node"] == web.address(1));
    }
    events.expect("flood", |flood| flood["settled"] == true);
    let news = web.get("floods/1", "").json();
    let floods = news["floods"].as_array().unwrap();
    assert_eq!((news["first"].as_u64(), floods.len() as u64), (Some(COUNT - 16), 16));
    assert!(news["notice"].as_str().unwrap().contains("left out: 24"), "{}", news["notice"]);
    assert!(floods.iter().all(|flood| flood["data"]["states"] == json!([0, 0])), "all of both answered");
}

#[test]
fn a_servent_is_stopped_and_started_and_one_that_dies_is_shown() {
    let web = Web::start(Topology::chain(3), &[]);
    let mut events = web.events("");
    let second = web.address(1);
    let set = |runs: bool| web.post("servent", &json!({"servent": second, "runs": runs})).code;
    let is = |state: &'static str| {
        let second = second.clone();
        move |data: &Value| data["servent"] == second.as_str() && data["state"] == state
    };
    assert_eq!(set(false), 204);
    events.expect("servent", is("stopped"));
    ask(&web, 0, "key");
    assert_eq!(events.expect("done", |_| true).data["answers"], 1);
    let settled = events.expect("flood", |flood| flood["settled"] == true);
    assert_eq!(answered(&web, settled.data["number"].as_u64().unwrap()), [web.topology.port(0).to_string()]);
    assert_eq!((set(false), set(true)), (204, 204));
    events.expect("servent", is("serves"));
    ask(&web, 0, "key");
    assert_eq!(events.expect("done", |_| true).data["answers"], 3);

    let children = children_of(web.program.pid());
    assert_eq!(children.len(), 3);
    let last = children.iter().max().unwrap();
    kill(Pid::from_raw(*last), Signal::SIGKILL).unwrap();
    let died = events.expect("servent", |data| data["state"] == "died");
    assert!(died.data["why"]["pt"].as_str().unwrap().starts_with("signal: 9"), "{died:?}");
    for wrong in [json!({"servent": "127.0.0.1:1", "runs": true}), json!({"servent": second}), json!([])] {
        assert_eq!(web.post("servent", &wrong).code, 422, "{wrong}");
    }
}

#[test]
fn a_servent_of_another_program_is_stopped_and_started_and_dies_as_ours_do() {
    let topology = Topology::chain(3);
    let text = std::fs::read_to_string(topology.file()).unwrap();
    let line = format!("\n{} ", topology.port(1));
    let other = format!("\n! \"'{SERVENT}' -q --\" {} ", topology.port(1));
    std::fs::write(topology.file(), text.replacen(&line, &other, 1)).unwrap();
    let mut web = Web::start(topology, &[]);
    web.program.stderr.expect("the page shows of servents of other programs what ours tell of them");
    let mut events = web.events("");
    let second = web.address(1);
    let set = |runs: bool| web.post("servent", &json!({"servent": second, "runs": runs})).code;
    let is = |state: &'static str| {
        let second = second.clone();
        move |data: &Value| data["servent"] == second.as_str() && data["state"] == state
    };
    for (runs, state, answers) in
        [(false, "stopped", 1), (true, "serves", 3), (false, "stopped", 1), (true, "serves", 3)]
    {
        assert_eq!(set(runs), 204);
        events.expect("servent", is(state));
        ask(&web, 0, "key");
        assert_eq!(events.expect("done", |_| true).data["answers"], answers, "{state}");
    }
    let children = children_of(web.program.pid());
    let dying = children.iter().find(|pid| {
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        command.starts_with(SERVENT)
    });
    kill(Pid::from_raw(*dying.unwrap()), Signal::SIGKILL).unwrap();
    let died = events.expect("servent", is("died"));
    assert!(died.data["why"]["pt"].as_str().unwrap().starts_with("SIGKILL"), "{died:?}");
    assert_eq!(set(true), 204);
    events.expect("servent", is("serves"));
}

#[test]
fn links_are_changed_while_servents_run_and_for_those_that_start_later() {
    let web = Web::start(Topology::chain(3), &["--delay", "10ms"]);
    let mut events = web.events("");
    let links = &events.next().unwrap().data["links"];
    assert_eq!((&links["delay_ms"], links["loss"].as_f64()), (&json!(10), Some(0.0)));
    let set = |loss: u32| web.post("links", &json!({"loss": loss, "delay_ms": 0, "jitter_ms": 0})).code;
    assert_eq!(set(100), 204);
    assert_eq!(events.expect("links", |_| true).data["loss"].as_f64(), Some(100.0));
    ask(&web, 0, "key");
    assert_eq!(events.expect("done", |_| true).data["answers"], 1);

    let second = web.address(1);
    for (runs, state) in [(false, "stopped"), (true, "serves")] {
        assert_eq!(web.post("servent", &json!({"servent": second, "runs": runs})).code, 204);
        events.expect("servent", |data| data["state"] == state);
    }
    ask(&web, 1, "key");
    assert_eq!(events.expect("done", |_| true).data["answers"], 1);
    assert_eq!(set(0), 204);
    ask(&web, 1, "key");
    assert_eq!(events.expect("done", |_| true).data["answers"], 3);
    assert_eq!(web.post("links", &json!({"loss": 101, "delay_ms": 0, "jitter_ms": 0})).code, 422);

    // The page's slider goes as far as what is taken, and the command line no further.
    let page = web.get("", "").body;
    let limit: u32 =
        page.split_once(r#"id="delay" min="0" max=""#).unwrap().1.split('"').next().unwrap().parse().unwrap();
    let delay = |ms: u32| web.post("links", &json!({"loss": 0, "delay_ms": ms, "jitter_ms": 0})).code;
    assert_eq!((delay(limit), delay(limit + 1)), (204, 422));
    let finished = crate::overlay::run(&Topology::chain(1), &["--web", "--delay", &format!("{}ms", limit + 1)]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains(&format!("at most {limit} ms")), "{}", finished.stderr);
}

#[test]
fn a_servent_that_is_stopped_by_a_signal_keeps_nobody_waiting_and_obeys_the_latest_order() {
    let web = Web::start(Topology::chain(2), &[]);
    let mut events = web.events("");
    let first = *children_of(web.program.pid()).iter().min().unwrap();
    kill(Pid::from_raw(first), Signal::SIGSTOP).unwrap();
    // Each is some 40 bytes, and a pipe holds 65,536.
    let links = |loss: f64| json!({"loss": loss, "delay_ms": 1, "jitter_ms": 1});
    for count in 0..2_500 {
        let response = web.post("links", &links(f64::from(count) / 3e4));
        assert_eq!(response.code, 204, "{count}: {}", response.body);
    }
    assert_eq!(web.post("links", &links(100.0)).code, 204);
    kill(Pid::from_raw(first), Signal::SIGCONT).unwrap();
    // Orders and questions come to it by different ways.
    until("the latest order obeyed", || {
        ask(&web, 0, "key");
        events.expect("done", |_| true).data["answers"] == 1
    });
}

#[test]
fn keys_that_are_none_and_servents_that_are_not_there_are_refused() {
    let web = Web::start(Topology::chain(1), &[]);
    for (key, entry) in [("", web.address(0)), ("a\0b", web.address(0)), ("key", "127.0.0.1:1".to_owned())] {
        let response = web.post("ask", &json!({"key": key, "entry": entry}));
        assert!(response.code == 422 && !response.body.is_empty(), "{key:?} {entry}: {}", response.code);
    }
    for (language, words) in [("pt", "uma chave vazia"), ("pt-BR,en;q=0.5", "uma chave vazia"), ("en", "an empty key")]
    {
        let refused = web.post_in(language, "ask", &json!({"key": "", "entry": web.address(0)}));
        assert!(refused.body.starts_with(words), "{language}: {}", refused.body);
    }
    let both = web.post("ask", &json!({"key": "", "entry": web.address(0)}));
    assert!(both.body.contains("an empty key") && both.body.contains("uma chave vazia"), "{}", both.body);
    let hostile = "<script>\u{202e}";
    let mut events = web.events("");
    ask(&web, 0, hostile);
    assert_eq!(events.expect("asked", |_| true).data["key"], "<script>\\u{202e}");
}

#[test]
fn one_who_reads_too_slowly_is_told_how_many_events_it_missed_and_how_everything_is() {
    let web = Web::start(Topology::chain(2), &[]);
    let (slow, mut quick) = (web.connect(), web.events(""));
    // What the kernel keeps for it is little beside what happens.
    setsockopt(&slow, RcvBuf, &(64 << 10)).unwrap();
    let mut slow = web.events_by(slow, "");
    let stop = |quick: &mut Events, index: usize| {
        let servent = web.address(index);
        assert_eq!(web.post("servent", &json!({"servent": servent, "runs": false})).code, 204);
        let stopped = quick.expect("servent", |data| data["servent"] == servent && data["state"] == "stopped");
        stopped.id.unwrap()
    };
    // Each byte of the key is six of each event that tells of it; nobody is there who would have work with it.
    let long = "\u{1}".repeat(60_000);
    let asked = |quick: &mut Events| {
        (0..12).for_each(|_| ask(&web, 0, &long));
        (0..12).map(|_| quick.expect("done", |_| true).id.unwrap()).max().unwrap()
    };
    stop(&mut quick, 0);
    asked(&mut quick);
    let stopped = stop(&mut quick, 1);
    let state = |hello: &Event| hello.data["servents"][1]["state"].as_str().unwrap().to_owned();
    let hello = slow.next().unwrap();
    assert_eq!((hello.kind.as_str(), state(&hello).as_str()), ("hello", "serves"));

    let (mut seen, mut missed, mut is_stopped) = (None, 0, false);
    let mut read = |slow: &mut Events| {
        let event = slow.next().unwrap();
        match event.kind.as_str() {
            "hello" => is_stopped = state(&event) == "stopped",
            "missed" => missed = event.data["missed"].as_u64().unwrap(),
            _ => {
                assert_ne!(event.id, Some(stopped), "it was to be among those that are missed");
                assert!(seen.is_none_or(|seen| event.id == Some(seen + 1 + missed)), "{:?} {seen:?}", event.id);
                (seen, missed) = (event.id, 0);
            }
        }
        seen
    };
    let mut last = 0;
    for _ in 0..5 {
        last = asked(&mut quick);
        // One that takes nothing at all for a while is cut off.
        read(&mut slow);
    }
    while read(&mut slow) < Some(last) {}
    assert!(is_stopped);
}

#[test]
fn after_a_signal_nothing_is_left_whoever_watches() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let web = Web::start(Topology::chain(3), &[]);
        let mut events = web.events("");
        let (children, port) = (children_of(web.program.pid()), web.port);
        // In the middle of a question, with a browser that listens and one that says nothing.
        let silent = web.connect();
        ask(&web, 0, "key");
        events.expect("answer", |_| true);
        let finished = web.program.finish_by(signal);
        assert_eq!(finished.code, Some(0), "{signal}: {}", finished.stderr);
        assert!(!finished.stderr.contains("panicked"), "{signal}: {}", finished.stderr);
        while events.next().is_some() {}
        drop(silent);
        assert_eq!(children.len(), 3);
        for child in children {
            until(&format!("the end of servent {child}"), || !is_running(child));
        }
        web.topology.expect_ports_free();
        until("the page's port free again", || std::net::TcpListener::bind(("127.0.0.1", port)).is_ok());
    }
}
