use super::*;
use crate::cli::overlay_file::read_line;
use crate::overlay::OverlayFile;
use std::path::Path;

const CHAIN: &str = "6001 web.txt 127.0.0.1:6002\n6002 mail.txt 127.0.0.1:6001\n";

fn export(lines: &str, key: Option<&str>) -> Result<Export, String> {
    export_of(lines, key, b"# pages\nhttp\t80/tcp\n")
}

fn export_of(lines: &str, key: Option<&str>, pairs: &[u8]) -> Result<Export, String> {
    let file = Path::new("overlays/chain.txt");
    let overlay =
        OverlayFile::parse(file, lines.as_bytes(), read_line, |_, _| Ok(())).map_err(|error| error.to_string())?;
    let plan = Plan::new(file, &overlay, |path| Ok([pairs, path.as_os_str().as_encoded_bytes(), b" 1\n"].concat()));
    let program = ExportedFile::script("bin/serventTP3", "static");
    let wishes = Wishes { key: key.map(str::to_owned), programs: vec![program] };
    make(&plan.map_err(|error| error.to_string())?, &wishes).map_err(|error| error.to_string())
}

fn text<'a>(export: &'a Export, path: &str) -> &'a str {
    let file = export.files.iter().find(|file| file.path == Path::new(path)).unwrap();
    str::from_utf8(&file.bytes).unwrap()
}

fn yaml(lines: &str, key: Option<&str>) -> String {
    text(&export(lines, key).unwrap(), "docker-compose.yml").to_owned()
}

/// The line of a servent's or the client's command.
fn command(yaml: &str, service: &str) -> String {
    let behind = yaml.split_once(&format!("\n  {service}:\n")).unwrap().1;
    behind.lines().find_map(|line| line.trim_start().strip_prefix("command: ")).unwrap().to_owned()
}

#[test]
fn each_servent_is_a_service_that_knows_its_neighbours_by_name() {
    let export = export(CHAIN, None).unwrap();
    let yaml = text(&export, "docker-compose.yml");
    assert_eq!(
        command(yaml, "servent-6001"),
        r#"["serventTP3", "--resolve-wait=60", "--resolve-every=1", "--trace=/traces/servent-6001.jsonl", "--", "6001", "/kv/web.txt", "servent-6002:6002"]"#
    );
    assert!(command(yaml, "servent-6002").ends_with(r#""6002", "/kv/mail.txt", "servent-6001:6001"]"#));
    assert_eq!(command(yaml, "client"), r#"["clientTP3", "servent-6001:6001", "--", "http"]"#);
    assert!(yaml.contains("  # Line 1: holds kv/web.txt, knows servent-6002.\n"), "{yaml}");
    assert!(yaml.contains("    depends_on: [servent-6001, servent-6002]\n"), "{yaml}");
    assert!(yaml.contains("  kv-1: {file: \"./kv/web.txt\"}\n  kv-2: {file: \"./kv/mail.txt\"}\n"), "{yaml}");
    // One builds the image, and no gap is left.
    assert_eq!(yaml.matches("build: .").count(), 1, "{yaml}");
    for gap in ["{title}", "{count}", "{first}", "{port}", "{services}", "{client}", "{all}", "{secrets}"] {
        assert!(!yaml.contains(gap), "{gap}: {yaml}");
    }
    let paths: Vec<_> = export.files.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["docker-compose.yml", "Dockerfile", "traces/README", "kv/web.txt", "kv/mail.txt", "bin/serventTP3"]
    );
    assert!(export.files.last().unwrap().is_executable);
}

#[test]
fn a_line_keeps_its_options_and_what_it_says_of_names() {
    let yaml = yaml("6001 web.txt --delay 50ms±10ms --resolve-every 5 --bind 127.0.0.2\n", None);
    let command = command(&yaml, "servent-6001");
    assert!(command.starts_with(r#"["serventTP3", "--resolve-wait=60", "#), "{command}");
    assert!(command.contains(r#""--delay", "50ms\U000000B110ms""#), "{command}");
    assert!(command.contains(r#""--resolve-every", "5""#) && !command.contains("every=1"), "{command}");
    // It has the whole address to itself there.
    assert!(!command.contains("--bind"), "{command}");
    assert!(yaml.contains("  # Without --bind 127.0.0.2: a container has an address of its own.\n"), "{yaml}");
    assert!(yaml.contains("knows nobody.") && yaml.contains("chain.txt: a servent and a client"), "{yaml}");
}

#[test]
fn two_servents_at_one_port_have_names_of_their_own_and_a_file_that_both_have_is_there_once() {
    let yaml = yaml("6001 a.txt\n\n6001 a.txt 127.0.0.1:6001 --bind 127.0.0.2\n6002 a.txt 127.0.0.2:6001\n", None);
    assert!(command(&yaml, "servent-6001-line3").ends_with(r#""servent-6001-line1:6001"]"#), "{yaml}");
    assert!(command(&yaml, "servent-6002").ends_with(r#""servent-6001-line3:6001"]"#), "{yaml}");
    assert!(!yaml.contains("kv-2"), "{yaml}");
}

#[test]
fn nothing_that_is_typed_can_leave_its_quotes_or_be_taken_for_a_variable() {
    for (typed, quoted) in [
        ("http", r#""http""#),
        ("a \"b\" \\ 'c'", r#""a \"b\" \\ 'c'""#),
        ("$HOME ${X:-y} $$", r#""$$HOME $${X:-y} $$$$""#),
        ("brasília", "\"brasília\""),
        ("{services}", "\"{services}\""),
        ("- a: b # c", "\"- a: b # c\""),
        ("\u{85}\u{2028}\u{feff}\u{1F600}\u{7f}", r#""\U00000085\U00002028\U0000FEFF\U0001F600\U0000007F""#),
    ] {
        assert_eq!(
            command(&yaml(CHAIN, Some(typed)), "client"),
            format!(r#"["clientTP3", "servent-6001:6001", "--", {quoted}]"#)
        );
    }
    // Files are copied under names that are safe everywhere; only the comments have the line.
    let export = export("6001 \"a b'\\$x\\\".txt\"\n6002 'a b_$x_.txt'\n", None).unwrap();
    let yaml = text(&export, "docker-compose.yml");
    assert!(yaml.contains(r#""/kv/a_b__x_.txt""#) && yaml.contains(r#""/kv/2-a_b__x_.txt""#), "{yaml}");
    assert!(text(&export, "kv/a_b__x_.txt").contains("a b'$x\".txt"));
}

#[test]
fn what_can_not_be_there_is_refused_with_its_line() {
    let outside = export("6001 web.txt 10.0.0.7:6001\n", None).unwrap_err();
    assert!(
        outside.starts_with("overlays/chain.txt:1: the neighbour 10.0.0.7:6001 is no servent of the file"),
        "{outside}"
    );
    for pairs in [&b"# nothing\nlonely\n"[..], b"s\xe3o 1\n"] {
        let keyless = export_of(CHAIN, None, pairs);
        // The files of these tests hold one more pair, whose key is UTF-8.
        assert_eq!(keyless.is_ok(), pairs.starts_with(b"#"));
        assert!(export_of(CHAIN, Some("http"), pairs).is_ok());
    }
    let keyless = export_of(CHAIN, None, b"s\xe3o 1\n").unwrap_err();
    assert!(keyless.contains(":1: ") && keyless.contains("--key KEY"), "{keyless}");
}

#[test]
fn a_file_that_no_swarm_takes_is_told_in_a_comment() {
    let large = export_of(CHAIN, Some("k"), &b"k v\n".repeat(SECRET_LEN_MAX / 4)).unwrap();
    assert_eq!(text(&large, "docker-compose.yml").matches("  # Too large for a swarm").count(), 2);
}

#[test]
fn a_key_that_the_client_takes_for_standard_input_is_not_its_first() {
    let refused = export_of("6001 web.txt\n", None, b"-\tdash\nhttp\t80/tcp\n");
    assert!(refused.is_err_and(|cause| cause.starts_with("overlays/chain.txt:1: for which key")));
    assert!(export_of("6001 web.txt\n", Some("http"), b"-\tdash\nhttp\t80/tcp\n").is_ok());
}
