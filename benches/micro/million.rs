//! What a million sightings or pairs cost, each measured in a process of its own, whose memory holds nothing else.

use super::ahead;
use super::estimates::Row;
use super::inputs::{key, million_pairs, query_id, value};
use servent::Store;
use servent::protocol::{SeenConfig, SeenTable};
use servent::{Timestamp, Ttl};
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "--role";
const MILLION: u32 = 1_000_000;
/// Observations of a run for the slowest one: the table fills, and then sightings make room or expire.
const OBSERVATIONS: u32 = 2_500_000;
/// A pause that belongs to the table comes at the same observation in every run; one that the system makes does not.
const RUNS: usize = 5;
const SEEN: SeenConfig = SeenConfig { expiry: Duration::from_secs(60), capacity: 1 << 20 };

/// Measures all, prints it against the bars, and returns it. Words other than options choose by name, as criterion's
/// do.
pub(crate) fn measure(words: &[String]) -> Vec<Row> {
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wants = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let mut rows = Vec::new();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("million-{}.txt", std::process::id()));
    if wants("seen") {
        rows.extend(rows_of_child(&["seen"]));
        rows.extend(slowest_seen("evicting", "0"));
        rows.extend(slowest_seen("expiring", "100"));
    }
    if wants("store") || wants("lookup") {
        rows.extend(rows_of_child(&["ahead"]));
    }
    if wants("store") || wants("load") {
        fs::write(&file, million_pairs()).expect("room for 59 MB");
        rows.extend(rows_of_child(&["store", &file.to_string_lossy()]));
        rows.extend(release_servent(&file));
        fs::remove_file(&file).expect("it was just written");
    }
    println!("\na million");
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for Row { name, value, unit, bar } in &rows {
        println!("  {name:width$}  {value:>12.2} {unit:12} {bar}");
    }
    rows
}

/// Runs as the child that `words` ask for, if they do; it prints a row a line.
pub(crate) fn serve_as_child(words: &[String]) -> bool {
    match words {
        [role, seen] if role == ROLE && seen == "seen" => measure_seen(),
        [role, times, step] if role == ROLE && times == "seen-times" => {
            time_seen(Duration::from_micros(step.parse().expect("microseconds")));
        }
        [role, ahead] if role == ROLE && ahead == "ahead" => ahead::measure().iter().for_each(print),
        [role, store, file] if role == ROLE && store == "store" => measure_store(Path::new(file)),
        _ => return false,
    }
    true
}

fn child(words: &[&str]) -> Vec<u8> {
    let program = std::env::current_exe().expect("this executable has a path");
    let output = Command::new(program).arg(ROLE).args(words).stderr(Stdio::inherit()).output().expect("it starts");
    assert!(output.status.success(), "the child failed: {words:?}");
    output.stdout
}

fn rows_of_child(words: &[&str]) -> Vec<Row> {
    let text = String::from_utf8(child(words)).expect("rows are text");
    let row = |line: &str| match line.split(',').collect::<Vec<_>>()[..] {
        [name, value, unit, bar] => {
            Row { name: name.into(), value: value.parse().expect("a number"), unit: unit.into(), bar: bar.into() }
        }
        _ => panic!("not a row: {line}"),
    };
    text.lines().map(row).collect()
}

fn print(Row { name, value, unit, bar }: &Row) {
    println!("{name},{value},{unit},{bar}");
}

fn row(name: &str, value: f64, unit: &str, most: Option<f64>, least: Option<f64>) -> Row {
    Row { name: name.into(), value, unit: unit.into(), bar: verdict(value, most, least) }
}

pub(super) fn verdict(value: f64, most: Option<f64>, least: Option<f64>) -> String {
    let word = |met| if met { "met" } else { "missed" };
    match (most, least) {
        (Some(most), _) => format!("<= {most} {}", word(value <= most)),
        (_, Some(least)) => format!(">= {least} {}", word(value >= least)),
        _ => String::new(),
    }
}

fn measure_seen() {
    let resident_before = resident("self", "VmRSS");
    let mut table = SeenTable::new(SEEN, [1, 2]);
    for seq in 0..SEEN.capacity {
        let fingerprint = table.fingerprint(&query_id(seq));
        table.observe(Timestamp::ZERO, fingerprint, Ttl(3));
    }
    let bytes = resident("self", "VmRSS") - resident_before;
    assert_eq!(table.len(), 1 << 20, "all of them are live");
    print(&row("seen: resident bytes a sighting at 2^20", bytes / f64::from(SEEN.capacity), "bytes", Some(40.0), None));
}

/// Prints the nanoseconds of every observation of a run, four bytes each.
fn time_seen(step: Duration) {
    let mut table = SeenTable::new(SEEN, [1, 2]);
    let mut now = Timestamp::ZERO;
    let mut times = Vec::with_capacity(4 * OBSERVATIONS as usize);
    for seq in 0..OBSERVATIONS {
        now = now + step;
        let id = query_id(seq);
        let start = Instant::now();
        let fingerprint = table.fingerprint(&id);
        table.observe(now, fingerprint, Ttl(3));
        times.extend_from_slice(&(start.elapsed().as_nanos() as u32).to_le_bytes());
    }
    std::io::stdout().write_all(&times).expect("the parent reads them");
}

/// The slowest observation, once as the table's own pauses, which come at the same place in every run, and once with
/// those of the system.
fn slowest_seen(name: &str, step_micros: &str) -> Vec<Row> {
    let runs: Vec<_> = (0..RUNS).map(|_| child(&["seen-times", step_micros])).collect();
    let nanos = |run: &[u8], place: usize| {
        run[4 * place..].first_chunk().map_or(0.0, |bytes| f64::from(u32::from_le_bytes(*bytes)))
    };
    let (mut own, mut any) = (0.0_f64, 0.0_f64);
    for place in 0..OBSERVATIONS as usize {
        own = own.max(runs.iter().map(|run| nanos(run, place)).fold(f64::INFINITY, f64::min));
        any = any.max(runs.iter().map(|run| nanos(run, place)).fold(0.0, f64::max));
    }
    vec![
        row(&format!("seen: slowest observation of 2.5e6 {name}"), own / 1000.0, "us", Some(1000.0), None),
        row(&format!("seen: slowest {name} (interruptions by the system included)"), any / 1000.0, "us", None, None),
    ]
}

fn measure_store(file: &Path) {
    let len = fs::metadata(file).expect("the parent wrote it").len() as f64;
    let resident_before = resident("self", "VmRSS");
    let start = Instant::now();
    let store = Store::read(file).expect("a readable file").store;
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(store.len(), MILLION as usize);
    let bytes = resident("self", "VmRSS") - resident_before;
    print(&row("store: load from a file", len / 1e6 / seconds, "MB/s", None, Some(200.0)));
    print(&row("store: resident bytes a pair", bytes / f64::from(MILLION), "bytes", Some(90.0), None));
    let peak = resident("self", "VmHWM") - resident_before;
    print(&row("store: resident bytes a pair while loading", peak / f64::from(MILLION), "bytes", None, None));
}

/// The release servent with a million pairs: until it answers, and its whole memory.
fn release_servent(file: &PathBuf) -> Vec<Row> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a time-out");
    let port = 20_000 + std::process::id() as u16 % 8_000;
    let start = Instant::now();
    let child = Command::new(env!("CARGO_BIN_EXE_serventTP3"))
        .arg(port.to_string())
        .arg(file)
        .stderr(Stdio::null())
        .spawn()
        .expect("the servent starts");
    let child = Killed(child);
    let asked = MILLION - 1;
    let request = [b"\0\x01", &key(asked)[..]].concat();
    let mut answer = [0; 256];
    let len = (0..2000)
        .find_map(|_| {
            socket.send_to(&request, (Ipv4Addr::LOCALHOST, port)).ok()?;
            socket.recv(&mut answer).ok()
        })
        .expect("an answer within 10 s");
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(answer[..len], [b"\0\x03", &key(asked)[..], b"\t", &value(asked)[..]].concat());
    let pid = child.0.id().to_string();
    let a_pair = |field| resident(&pid, field) / f64::from(MILLION);
    vec![
        row("store: the servent's resident bytes a pair (all included)", a_pair("VmRSS"), "bytes", Some(90.0), None),
        row("store: the same at its peak", a_pair("VmHWM"), "bytes", None, None),
        row("store: from the servent's start to its first answer", seconds * 1e6, "us", None, None),
    ]
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Bytes of memory, from `/proc`; not a number elsewhere.
fn resident(process: &str, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib * 1024.0)
}
