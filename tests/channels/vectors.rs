//! The golden vectors of `data/wire`, both ways: bytes to fields, and fields to the same bytes.

use servent::wire::{DecodeError, Header, Message, QueryHeader, decode, encode_clireq, encode_query, encode_response};
use servent::{SeqNo, Ttl};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One block of a vector file: its `name: value` lines.
type Vector = BTreeMap<String, String>;

fn vectors(file: &str) -> Vec<Vector> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/wire").join(file);
    let text = fs::read_to_string(&path).unwrap();
    let blocks = text.split("\n\n").map(|block| {
        let lines = block.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines
            .map(|line| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned())
            })
            .collect()
    });
    blocks.filter(|vector: &Vector| !vector.is_empty()).collect()
}

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// The bytes of a text with `\xNN` and `\\` escapes.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = if let Some(after) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            after
        } else {
            bytes.push(u8::from_str_radix(&after[1..3], 16).unwrap());
            &after[3..]
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

fn header(vector: &Vector) -> Header {
    match vector["message"].as_str() {
        "clireq" => Header::Clireq,
        "response" => Header::Response,
        "query" => Header::Query(QueryHeader {
            ttl: Ttl(vector["ttl"].parse().unwrap()),
            client: vector["client"].parse().unwrap(),
            seq: SeqNo(vector["seq"].parse().unwrap()),
        }),
        other => panic!("no message is called {other}"),
    }
}

fn check_valid(vector: &Vector) {
    let (name, bytes, key) = (&vector["name"], hex(&vector["bytes"]), unescape(&vector["key"]));
    let message: Message<'_> = decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(message.header, header(vector), "{name}");
    assert_eq!(message.text.is_nul_terminated(), vector["nul"] == "yes", "{name}");
    let value = vector.get("value").map(|value| unescape(value));
    match &value {
        Some(value) => {
            assert_eq!(message.text.key_and_value(), Some((key.as_slice(), value.as_slice())), "{name}");
        }
        None => assert_eq!(message.text.before_nul(), key, "{name}"),
    }

    let mut encoded = Vec::new();
    let nul: &[u8] = if vector["nul"] == "yes" { b"\0" } else { b"" };
    match message.header {
        Header::Clireq => encode_clireq(&mut encoded, &[&key, nul].concat()),
        Header::Query(header) => encode_query(&mut encoded, header, &[&key, nul].concat()),
        Header::Response => {
            encode_response(&mut encoded, &key, &value.unwrap());
            encoded.extend_from_slice(nul);
        }
    }
    assert_eq!(encoded == bytes, vector["exact"] == "yes", "{name}");
}

fn error_name(error: DecodeError) -> &'static str {
    match error {
        DecodeError::TooShort { .. } => "too_short",
        DecodeError::UnknownType { .. } => "unknown_type",
        DecodeError::ShortQuery { .. } => "short_query",
        DecodeError::EmptyKey { .. } => "empty_key",
        DecodeError::NoTab { .. } => "no_tab",
    }
}

#[test]
fn p1_to_p4_golden_vectors_decode_to_their_fields_and_encode_to_their_bytes() {
    for (file, count_min) in [("clireq.hex", 20), ("query.hex", 30), ("response.hex", 25)] {
        let vectors = vectors(file);
        assert!(vectors.len() >= count_min, "{file} holds {} vectors", vectors.len());
        vectors.iter().for_each(check_valid);
    }
}

#[test]
fn p5_malformed_golden_vectors_fail_for_their_cause() {
    let vectors = vectors("malformed.hex");
    assert!(vectors.len() >= 40, "malformed.hex holds {} vectors", vectors.len());
    for vector in vectors {
        let error = decode(&hex(&vector["bytes"])).expect_err(&vector["name"]);
        assert_eq!(error_name(error), vector["error"], "{}", vector["name"]);
    }
}
