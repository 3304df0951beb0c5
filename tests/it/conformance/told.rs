//! What is told of a program, in which form, and with which exit code. What the probes find is theirs to test
//! (`tests/system/check`); here few of them are run.

use crate::support::schema::validator;
use crate::support::{CLIENT, Finished, Program, SERVENT, TP3, TempDir, Terminal, skip};
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a check of a few probes may take.
const WAIT_MAX: Duration = Duration::from_secs(90);

/// A servent with a space for the tab, and a time-to-live in the machine's order.
const WRONG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/lab/wrong_servent.py");

fn check(words: &[&str]) -> Finished {
    let mut command = Program::command(TP3, [&["check"], words].concat());
    Program::spawn(command.env("LC_ALL", "C").env_remove("NO_COLOR")).finish_within(WAIT_MAX)
}

/// A check of the wrong servent. `None` where there is no Python.
fn check_wrong(words: &[&str]) -> Option<Finished> {
    let python = Command::new("python3").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !python.is_ok_and(|status| status.success()) {
        skip("there is no python3");
        return None;
    }
    Some(check(&[&["servent"], words, &["--", "python3", WRONG]].concat()))
}

fn text(finished: &Finished) -> String {
    String::from_utf8(finished.stdout.clone()).unwrap()
}

#[test]
fn a_failure_is_told_with_its_bytes_its_cause_its_sentence_and_how_to_try_it_again() {
    let Some(finished) = check_wrong(&["--only", "response-type,response-text"]) else { return };
    let told = text(&finished);
    assert_eq!(finished.code, Some(1), "{told}{}", finished.stderr);
    assert!(finished.stderr.contains("framing: raw"), "{}", finished.stderr);
    for line in [
        "CLIREQ to RESPONSE         1/2\n",
        "FAIL  response-text (P-1, assignment)\n",
        "      16  tab    09                                            \"\\t\"\n",
        "       2  text  63 68 61 76 65 2d 67 75 61 72 64 61 64 61 20 76  \"chave-guardada v\"\n",
        "                                                          ^^ byte 16 is 20, expected 09\n",
        "  usual cause: key and value parted by a space: one tab, `\\t`, is due\n",
        "  the assignment says: \"The message back is simple as well",
        &format!("  this probe alone: tp3 check servent --only response-text -v -- python3 {WRONG}\n"),
        "\nassignment: 1 of 2 pass; 1 fails\nbegin with response-text",
    ] {
        assert!(told.contains(line), "no {line:?} in {told}");
    }
    assert!(!told.contains('\x1b'), "colours in a pipe: {told:?}");
}

#[test]
fn in_portuguese_everything_is_and_the_original_sentence_is_quoted() {
    let Some(finished) = check_wrong(&["--only", "response-text", "--lang", "pt", "-v"]) else { return };
    let told = text(&finished);
    assert!(finished.stderr.contains("formato dos textos: puro"), "{}", finished.stderr);
    for part in [
        "de CLIREQ a RESPONSE",
        "FALHA  response-text (P-1, enunciado)",
        "^^ o byte 16 é 20, esperado 09",
        "causa usual: chave e valor separados por um espaço",
        "diz o enunciado: \"A mensagem de volta também é simples",
        "a conversa:",
        "servent escuta em",
        "enunciado: 0 de 1 passam; 1 falha",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    let english = ["expected", "found", "FAIL ", "listens", "probe", "assignment", "the "];
    assert_eq!(english.iter().find(|word| told.contains(**word)), None, "{told}");
}

#[test]
fn json_keeps_to_its_schema_whatever_there_is_to_tell() {
    let dir = TempDir::new();
    let class = dir.write("class.tsv", format!("eva\tservent\t{SERVENT}\nrui\tclient\t/nowhere/at/all\n").as_bytes());
    let class = class.to_str().unwrap();
    let (wrong, right) = ("response-text,response-once,clireq-answered", "ask-key");
    let mut runs = vec![
        check(&["client", "--json", "--only", right, "--", CLIENT]),
        check(&["servent", "--json", "--", "false"]),
        check(&["class", class, "--json", "--only", "start"]),
    ];
    runs.extend(check_wrong(&["--json", "-v", "--only", wrong]));
    let codes = [Some(0), Some(2), Some(1), Some(1)];
    let schema = validator("check");
    for (run, code) in runs.iter().zip(codes) {
        assert_eq!(run.code, code, "{}", run.stderr);
        for line in text(run).lines() {
            let object: Value = serde_json::from_str(line).unwrap();
            let wrong: Vec<_> = schema.iter_errors(&object).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{wrong:?} in {object:#}");
        }
    }
    let object = |run: &Finished| serde_json::from_str::<Value>(text(run).lines().next().unwrap()).unwrap();
    assert_eq!(object(&runs[0])["probes"][0]["verdict"], "pass");
    assert!(object(&runs[1])["error"].is_string());
    assert_eq!((&object(&runs[2])["name"], text(&runs[2]).lines().count()), (&"eva".into(), 2));
    if let Some(run) = runs.get(3) {
        let object = object(run);
        let failed = object["probes"].as_array().unwrap().iter().find(|probe| probe["id"] == "response-text").unwrap();
        assert_eq!((&failed["verdict"], &failed["failure"]["first_wrong_byte"]), (&"fail".into(), &16.into()));
        let found = failed["failure"]["found"][0]["hex"].as_str().unwrap();
        assert!(found.starts_with("000363686176652d"), "{found}");
        assert!(failed["conversation"].as_array().unwrap().iter().any(|entry| entry["hex"] == found), "{failed:#}");
    }
}

#[test]
fn the_schema_refuses_what_it_does_not_describe() {
    let schema = validator("check");
    let mut object: Value = serde_json::json!({
        "program": "servent", "command": ["x"], "edition": 2016, "error": null, "framing": "raw", "padded_to": null,
        "isolated": true, "exit": 0, "probes": [],
    });
    assert!(schema.is_valid(&object));
    for (name, wrong) in [("exit", Value::from(3)), ("more", Value::from(1)), ("probes", serde_json::json!([{}]))] {
        let mut object = object.clone();
        object[name] = wrong;
        assert!(!schema.is_valid(&object), "{name}");
    }
    object.as_object_mut().unwrap().remove("edition");
    assert!(!schema.is_valid(&object));
}

#[test]
fn junit_has_as_failures_what_makes_the_exit_code_and_nothing_else() {
    let dir = TempDir::new();
    let file = dir.path().join("check.xml");
    let only = "response-text,response-type,clireq-nul-understood";
    let Some(finished) = check_wrong(&["--only", only, "--junit", file.to_str().unwrap()]) else { return };
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let xml = fs::read_to_string(file).unwrap();
    assert!(
        xml.contains("<testsuites name=\"tp3 check\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">"),
        "{xml}"
    );
    for (id, what) in
        [("response-text", "<failure type=\"assignment\""), ("clireq-nul-understood", "<skipped message=\"decision")]
    {
        let case = xml.split("<testcase ").find(|case| case.contains(&format!("name=\"{id}\""))).unwrap();
        assert!(case.contains(what), "{id}: {case}");
    }
    // Nothing but markup's own quotation marks, and each element is closed.
    for name in ["testsuites", "testsuite", "failure"] {
        let opened = xml.matches(&format!("<{name} ")).count();
        assert_eq!((opened, opened > 0), (xml.matches(&format!("</{name}>")).count(), true), "{name}: {xml}");
    }
}

#[test]
fn a_known_failure_does_not_count_and_one_that_passes_does() {
    let dir = TempDir::new();
    let only = ["--only", "response-type,response-text"];
    let known = |name: &str, text: &str| dir.write(name, text.as_bytes()).to_str().unwrap().to_owned();
    let expected = known("known", "# what I know\nresponse-text # the space\n\n");
    let Some(finished) = check_wrong(&[&only[..], &["--expect", &expected]].concat()) else { return };
    assert_eq!(finished.code, Some(0), "{}", text(&finished));
    let told = text(&finished);
    assert!(told.contains("response-text  FAIL, known not to pass") && !told.contains("usual cause"), "{told}");
    let passes = known("passes", "response-text\nresponse-type\n");
    let finished = check_wrong(&[&only[..], &["--expect", &passes]].concat()).unwrap();
    assert_eq!(finished.code, Some(1), "{}", text(&finished));
    assert!(text(&finished).contains("response-type  PASSES, though it is expected not to"), "{}", text(&finished));
    let unknown = known("unknown", "response-type\nnonsense\n");
    let finished = check(&["servent", "--expect", &unknown, "--", SERVENT]);
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("unknown:2: there is no probe 'nonsense'"), "{}", finished.stderr);
}

#[test]
fn what_can_not_be_judged_exits_with_2_and_says_why() {
    let crashes = "echo 'struct.error: too short' >&2; exit 3";
    for (words, part) in [
        (&["servent", "--", "/nowhere/at/all"][..], "there is no program '/nowhere/at/all'"),
        (&["servent", "--", "sh", "-c", crashes], "    | struct.error: too short"),
        (&["servent", "--lang", "pt", "--", "sh", "-c", crashes], "causa usual: o datagrama é menor"),
        (&["servent", "--only", "ask-key", "--", SERVENT], "no probe is left to be run"),
        (&["servent", "--only", "nonsense", "--", SERVENT], "no probe, chapter, level or clause is called so"),
        (&["servent"], "COMMAND is missing"),
        (&["servent", "./servent"], "COMMAND stands behind a --"),
        (
            &["servent", "python3", "servent.py"],
            "tip: the command stands behind a --: tp3 check servent -- python3 servent.py",
        ),
        (&["class"], "FILE is missing"),
        (&["class", "/nowhere/at/all"], "/nowhere/at/all: No such file"),
        (&["class", "x", "--junit", "y"], "--junit is for a single program"),
        (&["servent", "--csv", "x", "--", SERVENT], "--csv is for a class"),
    ] {
        let finished = check(words);
        assert_eq!((finished.code, text(&finished).as_str()), (Some(2), ""), "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(part), "{words:?}: no {part} in {}", finished.stderr);
    }
}

#[test]
fn probes_are_chosen_by_chapter_level_clause_and_id_and_listed() {
    let list = |words: &[&str]| {
        let finished = check(&[&["servent", "--list"], words].concat());
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        text(&finished).lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = list(&[]);
    let of = |words: &[&str]| list(words).len();
    assert!(all.len() > 20 && all.contains(&"response-text".to_owned()), "{all:?}");
    assert!((1..all.len()).contains(&of(&["--only", "response"])));
    assert_eq!(of(&["--only", "assignment"]) + of(&["--only", "decision,robustness"]), all.len());
    assert_eq!(of(&["--skip", "response"]) + of(&["--only", "response"]), all.len());
    let ports = list(&["--only", "p-21", "--skip", "query-port"]);
    assert!(ports.contains(&"response-port".to_owned()) && !ports.contains(&"query-port".to_owned()), "{ports:?}");
    let finished = check(&["servent", "--list", "--lang", "pt"]);
    assert!(text(&finished).contains("a resposta traz chave, um tab e valor"), "{}", text(&finished));
}

#[test]
fn after_ctrl_c_at_a_terminal_what_is_known_is_told_and_the_rest_is_not_tried() {
    let words = ["check", "servent", "--jobs", "1", "--", SERVENT].map(str::to_owned);
    let mut session = Terminal::start(TP3, &words);
    session.expect("1 of ");
    session.type_control('c');
    let told = session.expect_end(130);
    assert!(told.contains("not tried: the check was interrupted"), "{told}");
    let counted = told.rsplit("assignment: ").next().unwrap();
    assert!(!counted.starts_with("0 of") && counted.contains(" not tried"), "{told}");
}

#[test]
fn a_class_is_told_as_a_table_as_csv_and_as_a_page_and_a_bad_line_stops_nobody() {
    let dir = TempDir::new();
    let lines = format!(
        "# name\tprogram\tcommand\nana\tservent\t{SERVENT}\nbad\tserver\tx\nrui <b>\tclient\t{CLIENT}\n\
         =eva\tservent\tsh -c 'echo \"<script>\" >&2; exit 1'\n"
    );
    let class = dir.write("class.tsv", lines.as_bytes());
    let (csv, page) = (dir.path().join("class.csv"), dir.path().join("class.html"));
    let words = ["class", class.to_str().unwrap(), "--csv", csv.to_str().unwrap(), "--page", page.to_str().unwrap()];
    let finished = check(&[&words[..], &["--only", "clireq-answered,ask-key"]].concat());
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("class.tsv:3: servent or client is expected, not 'server'"),
        "{}",
        finished.stderr
    );
    let told = text(&finished);
    let rows: Vec<_> = told.lines().map(|line| line.split_whitespace().take(4).collect::<Vec<_>>()).collect();
    assert_eq!(rows.len(), 4, "{told}");
    assert_eq!(rows[1], ["ana", "servent", "1/1", "-"]);
    assert!(told.contains("exit code 1 (<script>)"), "{told}");
    let csv = fs::read_to_string(csv).unwrap();
    let rows: Vec<_> = csv.split("\r\n").collect();
    assert_eq!((rows[1], rows[2]), ("ana,servent,0,1,1,0,0,0,0,,,,,", "rui <b>,client,0,1,1,0,0,0,0,,,,,"));
    assert!(rows[3].starts_with("'=eva,servent,2,,"), "{csv}");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("rui &lt;b&gt;") && page.contains("(&lt;script&gt;)"), "{page}");
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
}

#[test]
fn the_page_of_a_check_has_every_probe_every_conversation_and_no_script() {
    let dir = TempDir::new();
    let page = dir.path().join("check.html");
    let words = ["--only", "response-text,response-type", "--lang", "pt", "--page", page.to_str().unwrap()];
    let Some(finished) = check_wrong(&words) else { return };
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let page = fs::read_to_string(page).unwrap();
    for part in [
        "<html lang=\"pt-BR\">",
        "<details class=\"probe\" id=\"response-text\" open>",
        "<details class=\"probe\" id=\"response-type\"><summary>",
        "<mark>20</mark>",
        "<strong>causa usual:</strong>",
        "prefers-color-scheme: dark",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert_eq!(page.matches("<summary>a conversa</summary>").count(), 2);
    assert!(!page.contains("<script"), "{page}");
    assert_eq!(page.matches("<details").count(), page.matches("</details>").count());
}

#[test]
fn nothing_that_is_read_or_written_is_overwritten() {
    let dir = TempDir::new();
    let known = dir.write("known.txt", b"response-type\n");
    let known = known.to_str().unwrap();
    for (words, cause) in [
        (["--expect", known, "--page", known], "--page: this file is read, and would be overwritten"),
        (["--junit", "new.xml", "--page", "./new.xml"], "--junit: --page writes to this file already"),
    ] {
        let finished = check(&[&["servent"], &words[..], &["--", "false"]].concat());
        assert_eq!(finished.code, Some(2), "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(cause), "{words:?}: {}", finished.stderr);
    }
    assert_eq!(fs::read(known).unwrap(), b"response-type\n");
}
