//! `tp3 explain`: what it tells of traces, what it says of files that are none, and its exit codes.

use crate::support::schema::validator;
use crate::support::{Finished, Program, TP3, TempDir};
use serde_json::Value;
use servent::Timestamp;
use servent::protocol::AskedKey;
use servent::sim::{Graph, LinkModel, Machines, ServentId, Setup, Simulation, Traces};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

/// The traces of a chain of five whose first servent was asked for what all hold.
fn chain() -> Vec<Vec<u8>> {
    let setup = Arc::new(Setup::new(Graph::line(5).unwrap()).held_by_all(b"http"));
    let links = LinkModel::perfect(Duration::from_millis(1));
    let observer = Traces::new(&setup, 1_800_000_000_000_000_000);
    let mut simulation: Simulation<Machines, _> = Simulation::new(Arc::clone(&setup), links, 7, observer);
    let client = simulation.add_client();
    let at = Timestamp::from_start(Duration::from_secs(1));
    simulation.ask(at, client, ServentId(0), AskedKey::new(b"http").unwrap());
    simulation.run(u64::MAX);
    simulation.into_parts().1.into_texts()
}

fn write(dir: &TempDir, texts: &[Vec<u8>]) {
    for (number, text) in texts.iter().enumerate() {
        dir.write(&format!("{number}.jsonl"), text);
    }
}

fn explain(words: &[&str]) -> Finished {
    let mut command = Program::command(TP3, [&["explain"], words].concat());
    Program::spawn(command.env("LC_ALL", "C")).finish()
}

fn text(finished: &Finished) -> String {
    String::from_utf8(finished.stdout.clone()).unwrap()
}

#[test]
fn p18_the_tree_of_a_chain_ends_at_the_fourth_and_says_why_the_fifth_is_not_in_it() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let finished = explain(&[dir.path().to_str().unwrap()]);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    let told = text(&finished);
    let expected = "http asked by 172.16.0.0:5000 at 10.0.0.0:6000";
    assert!(told.starts_with(expected), "{told}");
    for line in [
        "  10.0.0.0:6000              hop 0     0.0 µs  answered\n",
        "  └─ 10.0.0.1:6000           hop 1     1.0 ms  answered\n",
        "        └─ 10.0.0.3:6000     hop 3     3.0 ms  answered; time-to-live ended here\n",
        "  10.0.0.4:6000 was not reached, 4 hops away: the time-to-live ended at 10.0.0.3:6000\n",
        "  3 QUERYs of 54 bytes, 0 duplicate, 0 lost; 4 answers\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&told).contains(&squeezed(line)), "no {line} in {told}");
    }
    let portuguese = text(&explain(&["--lang", "pt", dir.path().to_str().unwrap()]));
    assert!(portuguese.contains("não foi alcançado, a 4 saltos: o TTL acabou em"), "{portuguese}");
}

#[test]
fn json_keeps_to_its_schema_and_choosing_by_key_and_client_leaves_out_the_others() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let folder = dir.path().to_str().unwrap();
    let finished = explain(&["--json", folder]);
    let lines: Vec<Value> = text(&finished).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    let wrong: Vec<_> = validator("flood").iter_errors(&lines[0]).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?} in {:#}", lines[0]);
    assert_eq!(
        (&lines[0]["not_reached"][0]["why"], &lines[0]["servents"][3]["hop"]),
        (&"out_of_reach".into(), &3.into())
    );
    for (words, count) in [
        (["--key", "http"], 1),
        (["--key", "ssh"], 0),
        (["--client", "172.16.0.0"], 1),
        (["--client", "172.16.0.0:5000"], 1),
        (["--client", "172.16.0.0:5001"], 0),
    ] {
        let finished = explain(&[&["--json", folder], &words[..]].concat());
        assert_eq!((finished.code, text(&finished).lines().count()), (Some(0), count), "{words:?}");
    }
}

#[test]
fn what_is_no_trace_is_named_and_a_cut_last_line_is_not() {
    let dir = TempDir::new();
    let mut texts = chain();
    let len = texts[4].len();
    texts[4].truncate(len - 10);
    texts[3].extend_from_slice(b"{\"t\":1}\n");
    write(&dir, &texts);
    dir.write("notes.txt", b"what I saw\n");
    let finished = explain(&[dir.path().to_str().unwrap()]);
    assert_eq!(finished.code, Some(0));
    let said: Vec<_> = finished.stderr.lines().collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("3.jsonl:") && said[0].ends_with(": no line of a trace"), "{said:?}");
    assert!(said[1].ends_with("notes.txt: it is neither a trace nor a capture"), "{said:?}");
    let nothing = dir.write("nothing.txt", b"what I saw\n");
    for file in [nothing.to_str().unwrap(), "/nowhere/at/all"] {
        let finished = explain(&[file]);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(file), "{}", finished.stderr);
    }
}

#[test]
fn what_is_said_beside_floods_is_in_the_language_that_was_chosen() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let (traces, picture) = (dir.path().to_str().unwrap(), dir.path().join("rings.svg"));
    let words = [traces, "--lang", "pt", "--key", "none such", "--rings", picture.to_str().unwrap()];
    let finished = explain(&words);
    assert!(finished.stderr.contains("não há pergunta a desenhar"), "{}", finished.stderr);
    let finished = explain(&["/dev/null", "--lang", "pt"]);
    assert!(finished.stderr.contains("nada de útil foi lido"), "{}", finished.stderr);
}

/// Every remark on what was read, and none of them in English.
#[test]
fn what_is_said_of_files_is_in_the_language_that_was_chosen() {
    let dir = TempDir::new();
    let mut texts = chain();
    texts[3].extend_from_slice(b"{\"t\":1}\n");
    write(&dir, &texts);
    let first = texts[0].split_inclusive(|&byte| byte == b'\n').take(2).collect::<Vec<_>>().concat();
    let capture = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/lab/mistakes.pcap")).unwrap();
    let mut long = texts[1].clone();
    long.extend_from_slice(&vec![b' '; 3 << 20]);
    dir.write("again.jsonl", &first);
    dir.write("cut.pcap", &capture[..capture.len() - 5]);
    dir.write("header.pcap", &capture[..24]);
    dir.write("long.jsonl", &long);
    dir.write("notes.txt", b"what I saw\n");
    let all = dir.path().join("0.jsonl");
    fs::hard_link(&all, dir.path().join("same.jsonl")).unwrap();
    dir.write("kv", b"http 80/tcp\n");
    let other = TempDir::new();
    other.write("kv", b"http 80/tcp\n");
    let overlay = other.write("overlay.txt", b"7001 kv\n");
    let folder = dir.path().to_str().unwrap();
    let words = ["--lang", "pt", "--overlay", overlay.to_str().unwrap(), "--key", "nope", folder, "/nowhere/at/all"];
    let finished = explain(&words);
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b""[..]), "{}", finished.stderr);
    let said = &finished.stderr;
    for remark in [
        "3.jsonl:",
        ": não é linha de um rastro\n",
        "cut.pcap: o arquivo acaba no meio de um pacote\n",
        "header.pcap: nenhum datagrama deste protocolo está nele\n",
        "é mais longa que qualquer uma de um rastro: o que vem depois não foi lido\n",
        "notes.txt: não é um rastro nem uma captura\n",
        "same.jsonl: já foi lido, com este nome ou outro\n",
        "/nowhere/at/all: não pode ser lido: ",
        " são contados mais de uma vez, e valem uma vez\n",
        "nenhum de seus servents (127.0.0.1:7001, ...) está no que foi lido; --port-base muda seus portos\n",
        "nenhuma das 2 perguntas que foram lidas é como pedido\n",
    ] {
        assert!(said.contains(remark), "no {remark} in {said}");
    }
    let english = [" is ", " are ", " was ", " were ", " the ", " of ", " and "];
    assert!(english.iter().all(|word| !said.contains(word)), "{said}");
    let start = texts[0].split_inclusive(|&byte| byte == b'\n').next().unwrap();
    let only_start = other.write("start", start);
    let finished = explain(&["--lang", "pt", only_start.to_str().unwrap()]);
    assert_eq!(finished.stderr, "tp3 explain: não há pergunta no que foi lido\n");
}

#[test]
fn strict_exits_with_1_only_where_something_breaks_a_clause() {
    let dir = TempDir::new();
    let mut texts = chain();
    write(&dir, &texts);
    let folder = dir.path().to_str().unwrap();
    assert_eq!(explain(&["--strict", folder]).code, Some(0));
    // The third sends it on as it came.
    let third = String::from_utf8(texts[2].clone()).unwrap().replace("\"ttl_sent\":1", "\"ttl_sent\":2");
    let fourth = String::from_utf8(texts[3].clone()).unwrap().replace("\"ttl\":1", "\"ttl\":2");
    (texts[2], texts[3]) = (third.into_bytes(), fourth.into_bytes());
    write(&dir, &texts);
    assert_eq!(explain(&[folder]).code, Some(0));
    let finished = explain(&["--strict", folder]);
    assert_eq!(finished.code, Some(1));
    let told = text(&finished);
    assert!(told.contains("P-14: 10.0.0.2:6000 sent the QUERY with time-to-live 2, and 1 was due"), "{told}");
}

#[test]
fn a_page_and_pictures_are_written_the_same_each_time() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let folder = dir.path().to_str().unwrap();
    let out = TempDir::new();
    let file = |name: &str| out.path().join(name).to_str().unwrap().to_owned();
    let names = ["page.html", "rings.svg", "sequence.svg"].map(file);
    let draw = || {
        let finished = explain(&["--page", &names[0], "--rings", &names[1], "--sequence", &names[2], folder]);
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
        names.each_ref().map(|name| std::fs::read_to_string(name).unwrap())
    };
    let drawn = draw();
    assert_eq!(drawn, draw());
    assert!(drawn[0].starts_with("<!DOCTYPE html>") && drawn[0].contains("not reached"));
    assert!(drawn[1..].iter().all(|picture| picture.starts_with("<svg xmlns=")));
    let finished = explain(&["--page", "/nowhere/page.html", folder]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("/nowhere/page.html: "), "{}", finished.stderr);
}

#[test]
fn a_file_by_two_names_is_read_once_and_what_two_files_have_in_common_counts_once() {
    let dir = TempDir::new();
    let texts = chain();
    write(&dir, &texts);
    let once = text(&explain(&[dir.path().to_str().unwrap()]));
    let all = dir.path().join("0.jsonl");
    fs::hard_link(&all, dir.path().join("hard.jsonl")).unwrap();
    std::os::unix::fs::symlink(&all, dir.path().join("soft.jsonl")).unwrap();
    let finished = explain(&[dir.path().to_str().unwrap(), all.to_str().unwrap()]);
    assert_eq!((finished.code, text(&finished)), (Some(0), once.clone()));
    let said: Vec<_> = finished.stderr.lines().collect();
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said.iter().all(|line| line.ends_with(": was read already, by this name or another one")), "{said:?}");
    let other = TempDir::new();
    let merged = other.write("merged.jsonl", &texts[..2].concat());
    let finished = explain(&["--strict", dir.path().to_str().unwrap(), merged.to_str().unwrap()]);
    assert_eq!((finished.code, text(&finished)), (Some(0), once));
    assert!(finished.stderr.ends_with(" events are told more than once, and count once\n"), "{}", finished.stderr);
}

#[test]
fn that_nothing_is_there_or_none_as_asked_for_is_said() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let folder = dir.path().to_str().unwrap();
    let finished = explain(&["--key", "nope", folder]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(0), &b""[..]));
    assert_eq!(finished.stderr, "tp3 explain: the only question that was read is not as asked for\n");
    let start = chain()[0].split_inclusive(|&byte| byte == b'\n').next().unwrap().to_owned();
    let only_start = dir.write("start", &start);
    let finished = explain(&[only_start.to_str().unwrap()]);
    assert_eq!(finished.code, Some(0));
    assert_eq!(finished.stderr, "tp3 explain: no question is in what was read\n");
    let capture = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/lab/mistakes.pcap")).unwrap();
    let header = dir.write("header.pcap", &capture[..24]);
    let finished = explain(&[header.to_str().unwrap()]);
    assert_eq!((finished.code, finished.stdout.as_slice()), (Some(2), &b""[..]));
    assert!(finished.stderr.contains("header.pcap: no datagram of this protocol is in it\n"), "{}", finished.stderr);
    let cut = dir.write("cut.pcap", &capture[..capture.len() - 5]);
    let finished = explain(&[cut.to_str().unwrap()]);
    assert_eq!(finished.code, Some(0));
    assert!(finished.stderr.contains("cut.pcap: the file ends in the middle of a packet\n"), "{}", finished.stderr);
}

#[test]
fn what_never_ends_or_has_no_lines_is_not_read_for_ever() {
    let dir = TempDir::new();
    let mut text = chain()[0].clone();
    let good = dir.write("good", &text);
    text.extend_from_slice(&vec![b' '; 3 << 20]);
    let long = dir.write("long", &text);
    for endless in ["/dev/zero", "/dev/urandom"] {
        let finished = explain(&[endless]);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(&format!("{endless}: it is neither a trace nor a capture")));
        assert_eq!(explain(&[endless, good.to_str().unwrap()]).code, Some(0));
    }
    let finished = explain(&[long.to_str().unwrap()]);
    assert_eq!(finished.code, Some(0));
    let said = "is longer than any of a trace: what stands behind that was not read\n";
    assert!(finished.stderr.ends_with(said), "{}", finished.stderr);
}

/// Of an overlay whose lines bound the memory of their servents, on ports of its own.
#[test]
fn p20_an_overlay_file_tells_what_servents_remember_and_one_of_other_servents_is_named() {
    let dir = TempDir::new();
    dir.write("kv", b"http 80/tcp\n");
    let overlay = dir.write("overlay.txt", b"7001 kv 127.0.0.1:7002 --seen-expiry 5\n7002 kv 127.0.0.1:7001\n");
    // The second is told of one query twice, 10 s apart, and answers both times.
    let line = |t: u64, rest: &str| format!("{{\"t\":{t},\"node\":\"127.0.0.1:6001\",{rest}}}\n");
    let about = r#""type":"query","from":"127.0.0.1:6002","client":"127.0.0.1:9","ttl":1,"seq":7,"key":"http""#;
    let mut text = line(0, r#""event":"start","wall_ns":5,"version":1,"neighbours":["127.0.0.1:6002"]"#);
    for t in [1, 10_000_000_000] {
        text += &line(t, &format!(r#""event":"received",{about}"#));
        text += &line(t, &format!(r#""event":"not_forwarded","why":"ttl_expired",{about}"#));
        text += &line(t + 1, &format!(r#""event":"answered",{about},"to":["127.0.0.1:9"]"#));
    }
    text += &line(20_000_000_000, r#""event":"end","dropped":0"#);
    let (trace, overlay) = (dir.write("6001.jsonl", text.as_bytes()), overlay.to_str().unwrap());
    let trace = trace.to_str().unwrap();
    let said = |words: &[&str]| {
        let finished = explain(&[words, &["--strict", trace]].concat());
        (finished.code, finished.stderr)
    };
    assert_eq!(said(&[]), (Some(1), String::new()));
    let (code, stderr) = said(&["--overlay", overlay]);
    assert_eq!(code, Some(1));
    let named = ": none of its servents (127.0.0.1:7001, ...) is in what was read; --port-base moves its ports\n";
    assert!(stderr.contains(overlay) && stderr.ends_with(named), "{stderr}");
    assert_eq!(said(&["--overlay", overlay, "--port-base", "6001"]), (Some(0), String::new()));
    // Moved by one, it has the servent that was to be reached, and not the one that tells.
    let (_, stderr) = said(&["--overlay", overlay, "--port-base", "6002"]);
    let named = ": 1 servent in what was read is not in it, and nothing is expected of it (127.0.0.1:6001)\n";
    assert!(stderr.contains(overlay) && stderr.ends_with(named), "{stderr}");
    let (code, stderr) = said(&["--overlay", overlay, "--port-base", "65535"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("invalid value '65535' for '--port-base <N>'"), "{stderr}");
    assert_eq!(explain(&["--port-base", "6001", trace]).code, Some(2));
}

#[test]
fn nothing_that_is_read_or_written_is_overwritten() {
    let dir = TempDir::new();
    write(&dir, &chain());
    let [folder, trace, new] = [dir.path().to_owned(), dir.path().join("0.jsonl"), dir.path().join("new")]
        .map(|path| path.display().to_string());
    let before = fs::read(&trace).unwrap();
    for (words, cause) in [
        ([&*folder, "--page", &trace, "--lang", "en"], "--page: this file is read, and would be overwritten"),
        ([&*folder, "--rings", &trace, "--lang", "pt"], "--rings: este arquivo é lido, e seria sobrescrito"),
        ([&*trace, "--page", &new, "--sequence", &new], "--sequence: --page writes to this file already"),
    ] {
        let finished = explain(&words);
        assert_eq!(finished.code, Some(2), "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(cause), "{words:?}: {}", finished.stderr);
    }
    assert_eq!((fs::read(&trace).unwrap(), fs::exists(&new).unwrap()), (before, false));
}
