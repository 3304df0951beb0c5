//! `tp3 overlay FILE --print-json`: what was read from an overlay file, for programs without a parser of their own.

use crate::support::schema::validator;
use crate::support::{Finished, Program, TP3, TempDir};
use serde_json::{Value, json};
use std::path::Path;

fn print(file: &Path) -> Finished {
    Program::start(TP3, ["overlay", file.to_str().unwrap(), "--print-json"]).finish()
}

/// What is printed of a good file, held against its schema.
fn printed(file: &Path) -> Value {
    let finished = print(file);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{}", file.display());
    let printed: Value = serde_json::from_slice(&finished.stdout).unwrap();
    let wrong: Vec<_> = validator("overlay").iter_errors(&printed).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{}: {wrong:?} in {printed:#}", file.display());
    printed
}

#[test]
fn all_that_a_line_says_is_printed() {
    let dir = TempDir::new();
    let pairs = dir.write("my pairs.txt", b"http 80/tcp\n");
    let text = "# first\n\
        6001 'my pairs.txt' 127.0.0.1:6002 localhost:6003 127.0.0.1:7000 example.org:6002\n\n\
        6002 --trace two.jsonl \"my pairs.txt\" --first-seq=7 -v --neighbours-only # the second\n\
        --bind 127.0.0.2 -q 6002 'my pairs.txt' --response-limit 0\n\
        --bind 0.0.0.0 6003 'my pairs.txt' --stats-every 1 127.0.0.2:6002\n";
    let file = dir.write("overlay.txt", text.as_bytes());
    let known = |name: &str, line: Option<u32>| json!({"name": name, "line": line});
    let servents = [
        json!({
            "line": 2, "host": null, "address": "127.0.0.1:6001", "port": 6001, "file": pairs, "trace": null, "log": null,
            "command": null, "options": [], "neighbours": [known("127.0.0.1:6002", Some(4)), known("localhost:6003", Some(6)),
                known("127.0.0.1:7000", None), known("example.org:6002", None)],
        }),
        json!({
            "line": 4, "host": null, "address": "127.0.0.1:6002", "port": 6002, "file": pairs, "neighbours": [],
            "trace": dir.path().join("two.jsonl"), "log": "all", "command": null, "options": ["--first-seq", "7", "--neighbours-only"],
        }),
        json!({
            "line": 5, "host": null, "address": "127.0.0.2:6002", "port": 6002, "file": pairs, "neighbours": [],
            "trace": null, "log": "warnings", "command": null, "options": ["--response-limit", "0"],
        }),
        json!({
            "line": 6, "host": null, "address": "127.0.0.1:6003", "port": 6003, "file": pairs,
            "neighbours": [known("127.0.0.2:6002", Some(5))],
            "trace": null, "log": "usual", "command": null, "options": ["--stats-every", "1"],
        }),
    ];
    assert_eq!(printed(&file), json!({ "servents": servents }));
    assert!(!dir.path().join("two.jsonl").exists(), "nothing was started");
}

#[test]
fn every_overlay_of_the_data_is_printed_by_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/overlays");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let printed = printed(&entry.unwrap().path());
        let servents = printed["servents"].as_array().unwrap();
        let mut neighbours = servents.iter().flat_map(|servent| servent["neighbours"].as_array().unwrap());
        assert!(neighbours.all(|neighbour| neighbour["line"].is_u64()), "{printed:#}");
        files += 1;
    }
    assert!(files >= 7, "{files} files");
}

#[test]
fn a_bad_file_is_refused_as_ever() {
    let dir = TempDir::new();
    let file = dir.write("overlay.txt", b"6001 absent.txt\n");
    let printed = print(&file);
    let run = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(1), run.stderr.as_str()));
    assert!(printed.stderr.starts_with("tp3 overlay: ") && printed.stderr.contains("overlay.txt:1: "));
    assert!(printed.stdout.is_empty());
}

#[test]
fn nothing_is_asked_when_the_file_is_printed() {
    for more in [&["http"][..], &["--at", "6001"]] {
        let words = ["overlay", "data/overlays/pair.txt", "--print-json"].iter().chain(more);
        let finished = Program::start(TP3, words).finish();
        assert_eq!(finished.code, Some(2), "{more:?}: {}", finished.stderr);
        assert!(
            finished.stderr.contains("--print-json") && finished.stdout.is_empty(),
            "{more:?}: {}",
            finished.stderr
        );
    }
}
