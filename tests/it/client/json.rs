//! `--json`: every line as `data/client.schema.json` says, and every byte of a value in it.

use super::{TIMEOUT, ask, ask_with_stdin, expect_clireq};
use crate::support::wire::response;
use crate::support::{Peer, schema};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The objects of the output; each is one that the schema describes.
fn objects(output: &[u8]) -> Vec<Value> {
    let schema = schema::validator("client");
    let parse = |line: &str| {
        let object: Value = serde_json::from_str(line).unwrap();
        schema.validate(&object).unwrap_or_else(|why| panic!("{line}: {why}"));
        object
    };
    str::from_utf8(output).unwrap().lines().map(parse).collect()
}

/// The bytes that the field `name` stands for.
fn bytes(object: &Value, name: &str) -> Vec<u8> {
    match object[name].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(object[format!("{name}_base64")].as_str().unwrap()).unwrap(),
    }
}

#[test]
fn p44_every_value_comes_through_as_it_is() {
    let servent = Peer::new();
    let program = ask(&servent, &["http", "--json", TIMEOUT[0], TIMEOUT[1]]);
    let client = expect_clireq(&servent, b"http");
    let every_byte: Vec<u8> = (1..=255).collect();
    let latin_1 = [b'\xe9'; 60_000];
    let values = [
        &b"80/tcp"[..],
        b"",
        b"\t\ttabs\tinside\t",
        b"\x1b[31mred\x1b[0m \x07\x7f \"quoted\" back\\slash",
        "caf\u{e9} \u{202e} \u{9b} \u{1f600}".as_bytes(),
        b"caf\xe9 in Latin-1",
        b"line\nend\r",
        &[b'v'; 60_000],
        &latin_1,
        &every_byte,
    ];
    for value in values {
        servent.send(client, &response(b"http", value));
    }
    // The NUL ends it, and what is behind it is none of it.
    servent.send(client, &response(b"http", b"terminated\0"));
    let finished = program.finish();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    // Nothing that could command a terminal is in it, if it is shown on one.
    let text = str::from_utf8(&finished.stdout).unwrap();
    assert!(text.chars().all(|shown| shown == '\n' || !(shown.is_control() || shown == '\u{202e}')));
    let objects = objects(&finished.stdout);
    let (end, answers) = objects.split_last().unwrap();
    let found: Vec<_> = answers.iter().map(|answer| bytes(answer, "value")).collect();
    let expected: Vec<_> = values.into_iter().chain([&b"terminated"[..]]).map(<[u8]>::to_vec).collect();
    assert!(found == expected, "{}", finished.stdout.escape_ascii());
    for (answer, value) in answers.iter().zip(&expected) {
        assert_eq!(answer["type"], "answer");
        assert_eq!(
            (&answer["number"], &answer["key"], &answer["servent"]),
            (&json!(1), &json!("http"), &json!(servent.addr()))
        );
        assert_eq!(answer["value"].is_string(), str::from_utf8(value).is_ok(), "{answer}");
    }
    assert_eq!((&end["type"], &end["answers"], &end["servents"]), (&json!("finished"), &json!(11), &json!(1)));
    assert_eq!(end["first_answer_ms"], answers[0]["elapsed_ms"]);
}

#[test]
fn a_key_that_is_not_utf_8_and_one_without_an_answer_have_an_end_of_their_own() {
    let servent = Peer::new();
    let mut program = ask_with_stdin(&servent, &["--json", "--timeout", "0.3", "--jobs", "1"]);
    program.write(b"caf\xe9\nsmtp\ncaf\xe9\n");
    program.close_stdin();
    for key in [&b"caf\xe9"[..], b"smtp", b"smtp", b"caf\xe9"] {
        let client = expect_clireq(&servent, key);
        if key != b"smtp" {
            servent.send(client, &response(key, b"1"));
        }
    }
    let finished = program.finish();
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let objects = objects(&finished.stdout);
    let read =
        |object: &Value| (object["type"].as_str().unwrap().to_owned(), object["number"].as_u64(), bytes(object, "key"));
    let row = |kind: &str, number, key: &[u8]| (kind.to_owned(), Some(number), key.to_vec());
    let expected = [
        row("answer", 1, b"caf\xe9"),
        row("finished", 1, b"caf\xe9"),
        row("finished", 2, b"smtp"),
        row("answer", 3, b"caf\xe9"),
        row("finished", 3, b"caf\xe9"),
    ];
    assert_eq!(objects.iter().map(read).collect::<Vec<_>>(), expected);
    let none = &objects[2];
    assert_eq!((&none["answers"], &none["servents"], &none["first_answer_ms"]), (&json!(0), &json!(0), &Value::Null));
    assert!(none["elapsed_ms"].as_f64().unwrap() >= 600.0, "{none}");
}

#[test]
fn the_schema_refuses_what_it_does_not_describe() {
    let schema = schema::validator("client");
    let answer = json!({
        "type": "answer", "number": 1, "key": "http", "servent": "127.0.0.1:6001", "elapsed_ms": 0.3, "value": "80/tcp",
    });
    assert!(schema.is_valid(&answer));
    let without = |object: &Value, name: &str| {
        let mut object = object.clone();
        object.as_object_mut().unwrap().remove(name);
        object
    };
    for name in ["key", "value"] {
        let mut both = answer.clone();
        both[format!("{name}_base64")] = json!("Y2Fm6Q==");
        assert!(!schema.is_valid(&both), "{both}");
        let mut encoded = without(&both, name);
        assert!(schema.is_valid(&encoded), "{encoded}");
        encoded[format!("{name}_base64")] = json!("caf\u{e9}");
        assert!(!schema.is_valid(&encoded), "{encoded}");
    }
    for (name, wrong) in [
        ("type", json!("finished")),
        ("number", json!(0)),
        ("number", json!(1.5)),
        ("servent", json!("here")),
        ("elapsed_ms", Value::Null),
        ("elapsed_ms", json!(-1)),
        ("value", json!(80)),
        ("another", json!(1)),
    ] {
        let mut object = answer.clone();
        object[name] = wrong;
        assert!(!schema.is_valid(&object), "{object}");
    }
    for name in ["type", "number", "key", "servent", "elapsed_ms", "value"] {
        let object = without(&answer, name);
        assert!(!schema.is_valid(&object), "{object}");
    }
}
