//! What a servent logs of itself: the banner, the rates, and that the journal gets no second time.

use crate::support::namespace::in_namespace;
use crate::support::wire::{clireq, query, response};
use crate::support::{Program, Rig, SERVENT, Servent, TempDir, ports};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

#[test]
fn the_banner_names_addresses_that_clients_can_use_loopback_last() {
    let name = "servent::announcements::the_banner_names_addresses_that_clients_can_use_loopback_last";
    let lan = "link add lan type veth peer name other";
    let network = ["link set lo up", lan, "address add 10.9.0.1/24 dev lan", "link set lan up"];
    in_namespace(name, &network, || {
        let dir = TempDir::new();
        let file = dir.write("pairs.txt", b"http 80/tcp\nsmtp 25/tcp\n");
        let words = ["10.9.0.2:6002".to_owned(), "--trace".to_owned(), dir.path().join("t").display().to_string()];
        let mut servent = Servent::start(&file, &words);
        let port = servent.addr().port();
        for part in [", 2 pairs from ", ", neighbour 10.9.0.2:6002, ", "receive buffer ", "send buffer "] {
            assert!(servent.banner().contains(part), "no {part:?}: {}", servent.banner());
        }
        let said = servent.expect_line("clients reach it at");
        let expected = format!("clients reach it at 10.9.0.1:{port}; from this host also at 127.0.0.1:{port}");
        assert!(said.ends_with(&expected), "{said}");
        servent.stop();
        // It calls itself what its neighbour sees.
        let trace = std::fs::read_to_string(dir.path().join("t")).unwrap();
        assert!(trace.contains(&format!("\"node\":\"10.9.0.1:{port}\"")), "{trace}");
    });
}

/// Lines of rates that are waited for: at 0.2 s each, as long as any wait may last.
const LINES_MAX: usize = 100;

#[test]
fn rates_come_on_one_line_and_only_if_asked_for() {
    let mut rig = Rig::new(1, &["--stats-every", "0.2"]);
    rig.send(&clireq(b"http"));
    rig.expect_answer(b"http", b"80/tcp");
    rig.recv_at(0);
    let rates = |line: &str| -> Vec<(String, f64)> {
        let (_, rates) = line.split_once("per second: ").unwrap();
        let rate = |rate: &str| rate.split_once(' ').map(|(name, number)| (name.to_owned(), number.parse().unwrap()));
        rates.split(", ").map(|words| rate(words).unwrap()).collect()
    };
    // Which of the lines it falls to is not said.
    let mut lines = (0..LINES_MAX).map(|_| rates(&rig.servent.expect_line("per second: ")));
    let busy = lines.find(|found| found[0].1 > 0.0).expect("a line that tells of the CLIREQ");
    let names: Vec<_> = busy.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["received", "answered", "forwarded", "duplicates", "dropped", "shed"]);
    // One in at least 0.2 s.
    assert!(busy[0].1 <= 5.0, "{busy:?}");

    let again = query(3, rig.client.addr(), 1, b"http");
    [again.clone(), again, response(b"k", b"v")].iter().for_each(|datagram| rig.send(datagram));
    rig.expect_answer(b"http", b"80/tcp");
    rig.recv_at(0);
    let mut sums = [0.0; 6];
    for _ in 0..LINES_MAX {
        let found = rates(&rig.servent.expect_line("per second: "));
        sums.iter_mut().zip(&found).for_each(|(sum, (_, rate))| *sum += rate);
        if sums[..5].iter().all(|sum| *sum > 0.0) {
            break;
        }
    }
    // Nothing was shed.
    assert!(sums[..5].iter().all(|sum| *sum > 0.0) && sums[5] == 0.0, "{sums:?}");
    rig.stop();

    let mut silent = Rig::new(0, &[]);
    silent.settle();
    assert!(!silent.servent.has_said("per second"));
    silent.stop();
}

/// The lines of a servent's log whose standard error is a file, with this in the environment.
fn logged(journal_stream: impl Fn(&std::fs::Metadata) -> String) -> String {
    let dir = TempDir::new();
    let pairs = dir.write("pairs.txt", b"a line without a value:\nlonely\n");
    let path = dir.path().join("log");
    let log = File::create(&path).unwrap();
    let stream = journal_stream(&log.metadata().unwrap());
    // Not there, so it ends by itself, after a warning.
    let words = [ports::free().to_string(), pairs.display().to_string(), "--bind".into(), "203.0.113.1".into()];
    let mut command: Command = Program::command(SERVENT, words);
    command.env("JOURNAL_STREAM", stream).stderr(Stdio::from(log));
    assert_eq!(Program::spawn(&mut command).finish().code, Some(1));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_journal_gets_no_times_and_whoever_only_inherited_its_name_does() {
    let of = |metadata: &std::fs::Metadata| format!("{}:{}", metadata.dev(), metadata.ino());
    let in_journal = logged(of);
    assert!(in_journal.starts_with("[WARN ] ") || in_journal.starts_with("[WARN] "), "{in_journal}");
    for stream in [|_: &std::fs::Metadata| "8:12345".to_owned(), |_: &std::fs::Metadata| "nonsense".to_owned()] {
        let elsewhere = logged(stream);
        assert!(elsewhere.starts_with("[20") && elsewhere.contains(" WARN"), "{elsewhere}");
    }
}
