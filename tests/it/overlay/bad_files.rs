//! Overlays that are refused as `file:line: cause` before anything starts.

use crate::support::{Finished, Program, TP3, TempDir, ports};

/// Runs `tp3 overlay` on this text, in a folder with a good key-value file `pairs.txt`. `{a}` and `{b}` are free ports.
fn refuse(text: &str) -> (Finished, [u16; 2]) {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let free = [ports::free(), ports::free()];
    let text = text.replace("{a}", &free[0].to_string()).replace("{b}", &free[1].to_string());
    let file = dir.write("overlay.txt", text.as_bytes());
    (Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish(), free)
}

#[test]
fn a_bad_line_is_named_with_its_cause() {
    let rows: [(&str, &str, usize, &[&str]); 30] = [
        ("port 0", "0 pairs.txt\n", 1, &["0", "65535"]),
        ("port too large", "{a} pairs.txt\n70000 pairs.txt\n", 2, &["70000", "65535"]),
        ("port a word", "# first\n\nport pairs.txt\n", 3, &["port"]),
        ("no key-value file", "{a}\n", 1, &["FILE"]),
        ("absent key-value file", "{a} pairs.txt\n{b} absent.txt\n", 2, &["absent.txt", "No such file"]),
        ("key-value file a folder", "{a} .\n", 1, &["directory"]),
        ("standard input, which is the client's", "{a} pairs.txt\n{b} -\n", 2, &["FILE -", "name a file"]),
        ("neighbour without a port", "{a} pairs.txt 127.0.0.1\n", 1, &["127.0.0.1"]),
        ("neighbour with port 0", "{a} pairs.txt 127.0.0.1:0\n", 1, &["127.0.0.1:0"]),
        ("IPv6 neighbour", "{a} pairs.txt [::1]:6002\n", 1, &["[::1]:6002", "IPv4"]),
        ("unknown option", "{a} pairs.txt\n{b} pairs.txt --unknown\n", 2, &["--unknown"]),
        ("an option nearly", "{a} pairs.txt --first-sec 5\n", 1, &["'--first-sec' found; tip: ", "'--first-seq'"]),
        ("bad option value", "{a} pairs.txt --first-seq many\n", 1, &["--first-seq", "many"]),
        ("eleven neighbours", &eleven_neighbours(), 1, &["10", "11"]),
        ("a placeholder for a program", "! {neighbours} {a} pairs.txt\n", 1, &["placeholder"]),
        ("one port twice", "{a} pairs.txt\n# again:\n{a} pairs.txt\n", 3, &["{a}"]),
        ("a host on one line only", "a:{a} pairs.txt\n{b} pairs.txt\n", 2, &["line 1", "HOST:PORT"]),
        ("a host on one line only", "{a} pairs.txt\na:{b} pairs.txt\n", 2, &["line 1", "HOST:PORT"]),
        ("one host written in two ways", "a:{a} pairs.txt\nA:{b} pairs.txt\n", 2, &["line 1 has this host as a"]),
        ("one port of a host twice", "a:{a} pairs.txt\nb:{a} pairs.txt\na:{a} pairs.txt\n", 3, &["a:{a}", "line 1"]),
        ("one host with a dot", "a:{a} pairs.txt\na.:{b} pairs.txt\n", 2, &["line 1 has this host as a"]),
        (
            "every address behind one",
            "{a} pairs.txt --bind 127.0.0.2\n{a} pairs.txt --bind 0.0.0.0\n",
            2,
            &["{a}", "taken by line 1"],
        ),
        (
            "one address behind all",
            "{a} pairs.txt --bind 0.0.0.0\n{b} pairs.txt\n{a} pairs.txt --bind 127.0.0.2\n",
            3,
            &["{a}", "taken by line 1"],
        ),
        (
            "options in front of a host",
            "--bind 127.0.0.2 a:{a} pairs.txt\n",
            1,
            &["HOST:PORT stands in front of options"],
        ),
        ("a file over hosts", "a:{a} pairs.txt --unknown\n", 1, &["--unknown"]),
        ("no host", "a/b:{a} pairs.txt\n", 1, &["a/b", "node1"]),
        ("an address of many hosts", "224.0.0.1:{a} pairs.txt\n", 1, &["224.0.0.1"]),
        ("a quote that is not closed", "{a} \"pairs.txt\n", 1, &["quot"]),
        ("help in a line", "{a} pairs.txt\n{b} pairs.txt --help\n", 2, &[]),
        ("CRLF line ends", "{a} pairs.txt\r\n{b} absent.txt\r\n", 2, &["absent.txt"]),
    ];
    for (name, text, line, said) in rows {
        let (finished, free) = refuse(text);
        let stderr = &finished.stderr;
        assert_eq!(finished.code, Some(1), "{name}: {stderr}");
        assert!(stderr.starts_with("tp3 overlay: "), "{name}: {stderr}");
        assert!(stderr.contains(&format!("overlay.txt:{line}: ")), "{name}: {stderr}");
        for text in said {
            let text = text.replace("{a}", &free[0].to_string());
            assert!(stderr.contains(&text), "{name}: no {text:?} in: {stderr}");
        }
        assert!(!name.contains("host") || !stderr.contains("this is no overlay file"), "{name}: {stderr}");
        expect_nothing_started(name, &finished);
    }
}

fn eleven_neighbours() -> String {
    let neighbours: String = (1..=11).map(|port| format!(" 127.0.0.1:{port}")).collect();
    format!("{{a}} pairs.txt{neighbours}\n")
}

#[test]
fn a_file_without_servents_is_refused() {
    for text in ["", "\n\n", "# nothing\n  # but comments\n"] {
        let (finished, _) = refuse(text);
        assert_eq!(finished.code, Some(1), "{}", finished.stderr);
        assert!(finished.stderr.contains("overlay.txt"), "{}", finished.stderr);
        expect_nothing_started("empty", &finished);
    }
}

/// One was emptied: only the words of the lines were compared.
#[test]
fn a_trace_that_would_empty_a_file_of_the_overlay_is_refused_by_whatever_path() {
    let dir = TempDir::new();
    let pairs = dir.write("pairs.txt", b"http 80/tcp\n");
    let (one, two) = (ports::free(), ports::free());
    std::os::unix::fs::symlink(dir.path(), dir.path().join("here")).unwrap();
    for (first, second) in
        [("--trace here/pairs.txt", ""), ("", "--trace ./overlay.txt"), ("--trace new.jsonl", "--trace here/new.jsonl")]
    {
        let text = format!("{one} pairs.txt {first}\n{two} pairs.txt {second}\n");
        let file = dir.write("overlay.txt", text.as_bytes());
        let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "http"]).finish();
        assert!(finished.stderr.contains("--trace: ") && finished.code == Some(1), "{text}: {}", finished.stderr);
        expect_nothing_started(&text, &finished);
        assert_eq!(std::fs::read(&pairs).unwrap(), b"http 80/tcp\n");
        assert_eq!(std::fs::read(&file).unwrap(), text.as_bytes());
    }
}

#[test]
fn asking_at_a_servent_that_is_not_in_the_file_is_refused() {
    let dir = TempDir::new();
    dir.write("pairs.txt", b"http 80/tcp\n");
    let lines: String = (7001..7101).map(|port| format!("{port} pairs.txt\n")).collect();
    let file = dir.write("overlay.txt", lines.as_bytes());
    let finished = Program::start(TP3, ["overlay", file.to_str().unwrap(), "--at", "1", "http"]).finish();
    assert!(finished.stderr.contains("7012, ... (100 in all)") && !finished.stderr.contains("7013"));
    assert!(matches!(finished.code, Some(1 | 2)), "{}", finished.stderr);
    assert!(finished.stderr.contains("--at") || finished.stderr.contains("port 1"), "{}", finished.stderr);
    expect_nothing_started("--at", &finished);
}

fn expect_nothing_started(name: &str, finished: &Finished) {
    assert!(!finished.stderr.contains("knows"), "{name}: {}", finished.stderr);
    assert!(!finished.stderr.contains("panicked"), "{name}: {}", finished.stderr);
    assert!(finished.stdout.is_empty(), "{name}: {}", finished.stdout.escape_ascii());
}
