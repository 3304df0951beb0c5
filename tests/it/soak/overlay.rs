//! The soak itself: three servents in a triangle, each with more neighbours that do harm, under everything at once.

use super::asker::{Answer, Asker, PACE, median};
use super::checks::{EVERY_CAUSE, Holdings, Memory, Stopwatch, check_happened, check_log, check_sends};
use super::figures::{print_counters, print_latencies};
use super::mix::{Mix, pairs};
use super::trouble::Trouble;
use super::{NETWORKS, length, pause, wait_max};
use crate::support::kernel::{loopback_drops, shed, waiting_bytes};
use crate::support::namespace::measure_in_namespace;
use crate::support::{Counters, DEADLINE, Peer, Servent, TempDir, ports, until};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::net::SocketAddrV4;
use std::os::unix::fs::FileTypeExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

/// Threads that send as fast as they can: on a small machine few, so that the servents get some of it.
fn senders() -> u32 {
    std::thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 4)) as u32
}

/// Questions for the latency at rest.
const QUESTIONS: usize = 200;
/// Latency is normal again when the median of so many questions is below this many times the one before the load.
const NORMAL_QUESTIONS: usize = 20;
const NORMAL_RATIO: u32 = 10;
/// How soon that must be after the load's end; see [`Stopwatch`].
const NORMAL_WITHIN: Duration = Duration::from_secs(1);
/// Nothing comes late any more when nothing came for so long.
const QUIET: Duration = Duration::from_millis(200);
/// Between two reloads; every fourth time the counters are asked for as well.
const UPKEEP: Duration = Duration::from_millis(500);

struct Overlay {
    servents: Vec<Servent>,
    addrs: Vec<SocketAddrV4>,
    /// A neighbour of all of them that sends and never reads.
    slow: Peer,
    dir: TempDir,
    trouble: Trouble,
}

/// What each servent knows: the two others, one that never reads, and one where nobody listens.
const NEIGHBOURS: u64 = 4;

impl Overlay {
    fn start() -> Self {
        let (dir, slow, trouble) = (TempDir::new(), Peer::new(), Trouble::named());
        let file = dir.write("pairs.txt", &pairs(0));
        let own: Vec<_> = (0..3).map(|_| ports::free()).collect();
        let dead = ports::free();
        let start = |&port: &u16| {
            let known = own.iter().filter(|&&other| other != port).copied().chain([slow.addr().port(), dead]);
            let mut args: Vec<_> = known.map(|port| format!("127.0.0.1:{port}")).collect();
            // Full early, so that its memory is part of the warm-up.
            args.extend(["--seen-capacity", "16384", "--response-limit", "20"].map(str::to_owned));
            if port == own[2] {
                args.push("--no-offload".to_owned());
            }
            trouble.start(&dir, port, &file, args)
        };
        let servents: Vec<_> = own.iter().map(start).collect();
        let addrs = servents.iter().map(Servent::addr).collect();
        Self { servents, addrs, slow, dir, trouble }
    }

    /// Another version of the file, put in place at once, and the signal to read it. With [`Trouble::FifoReload`], one
    /// servent finds a FIFO every other time, which is written the time after.
    fn reload(&self, version: usize) {
        let file = self.dir.path().join("pairs.txt");
        self.write_fifo(version);
        if self.trouble == Trouble::FifoReload && !version.is_multiple_of(2) {
            fs::remove_file(&file).unwrap();
            mkfifo(&file, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
            return self.servents[0].signal(Signal::SIGHUP);
        }
        let next = self.dir.write("next.txt", &pairs(version % 2));
        fs::rename(next, file).unwrap();
        self.servents.iter().for_each(|servent| servent.signal(Signal::SIGHUP));
    }

    /// If the file is a FIFO, whoever reads it gets that version.
    fn write_fifo(&self, version: usize) {
        let file = self.dir.path().join("pairs.txt");
        if fs::metadata(&file).unwrap().file_type().is_fifo() {
            fs::write(file, pairs(version % 2)).unwrap();
        }
    }

    fn holdings(&self) -> Vec<Holdings> {
        self.servents.iter().map(Holdings::of).collect()
    }

    fn stop(self) -> Vec<Counters> {
        let stop = |(servent, name): (Servent, &str)| {
            let (finished, counters) = servent.stop_by(Signal::SIGTERM);
            let said: Vec<_> = finished.stderr.lines().filter(|line| !self.trouble.expects(line)).collect();
            check_log(name, &said.join("\n"));
            check_happened(name, &counters, self.trouble.counted());
            check_sends(name, &counters, NEIGHBOURS);
            counters
        };
        self.servents.into_iter().zip(NAMES).map(stop).collect()
    }
}

const NAMES: [&str; 3] = ["A", "B", "C"];

#[test]
#[ignore = "takes a minute and all of the machine: tests/soak runs it"]
fn an_overlay_under_everything_at_once_neither_grows_nor_leaks_nor_leaves_a_question_unanswered() {
    let test =
        "soak::overlay::an_overlay_under_everything_at_once_neither_grows_nor_leaks_nor_leaves_a_question_unanswered";
    measure_in_namespace(test, &NETWORKS, wait_max(), soak);
}

fn soak() {
    let overlay = Overlay::start();
    let mut asker = Asker::new(&overlay.addrs);
    let before = asker.ask_at_pace(QUESTIONS);
    asker.drain(QUIET);
    assert_eq!(asker.unanswered(), [0; 3], "at rest every CLIREQ is answered");
    let normal = median(&before);
    let held_before = overlay.holdings();

    let load = load(&overlay, &mut asker);
    let (back, back_without_others) = back_to_normal(&mut asker, &load.since_its_end, normal);
    asker.drain(QUIET);
    let unanswered = asker.unanswered();
    let after = asker.ask_at_pace(QUESTIONS);
    asker.drain(QUIET);
    assert_eq!(asker.unanswered(), unanswered, "at rest again every CLIREQ is answered");
    until("as many open files and threads as before", || overlay.holdings() == held_before);
    overlay.addrs.iter().for_each(|addr| until("nothing waits", || waiting_bytes(addr.port()) == 0));
    let lost = loopback_drops() + shed(asker.port());
    let counters = overlay.stop();

    let columns: Vec<_> = NAMES.into_iter().zip(&counters).collect();
    print_counters(&columns, load.length);
    let received: u64 = counters.iter().map(|counters| counters.get("received")).sum();
    let seconds = load.length.as_secs_f64();
    eprintln!("sent by the load: {} datagrams, {:.0} a second", load.sent, load.sent as f64 / seconds);
    eprintln!("received by the servents: {received} datagrams, {:.0} a second", received as f64 / seconds);
    for (name, memory) in NAMES.iter().zip(&load.memory) {
        eprintln!("resident memory of {name} in MiB: {}", memory.course());
    }
    print_latencies("before the load", &before);
    print_latencies("under load", &load.answers);
    eprintln!("back to normal {back:?} after the load's end, {back_without_others:?} without what others took");
    print_latencies("after the load", &after);
    eprintln!(
        "CLIREQs that were not answered under load: {unanswered:?}; {lost} were lost on the way to and from the servents\n"
    );

    load.memory.iter().zip(NAMES).for_each(|(memory, name)| memory.check_flat(name, load.warm_up));
    for (name, counters) in &columns {
        check_happened(name, counters, &EVERY_CAUSE);
        let failures = ["send_failed_unreachable", "send_failed_forbidden", "send_failed_too_long", "seen_evicted"];
        check_happened(name, counters, &failures);
    }
    assert!(back_without_others <= NORMAL_WITHIN, "back to normal only {back_without_others:?} after the load");
}

/// What the load did.
struct Load {
    length: Duration,
    warm_up: Duration,
    sent: u64,
    answers: Vec<Answer>,
    memory: Vec<Memory>,
    /// Started when it was told to end: what was asked then, and is not answered yet, takes its time as well.
    since_its_end: Stopwatch,
}

fn load(overlay: &Overlay, asker: &mut Asker) -> Load {
    let (length, stop) = (length(), AtomicBool::new(false));
    let mut memory: Vec<_> = overlay.servents.iter().map(|_| Memory::default()).collect();
    let start = Instant::now();
    let (sent, answers, since_its_end) = scope(|scope| {
        // If the upkeep fails, the others must end all the same.
        let _stop_at_end = StopAtEnd(&stop);
        let send = |number| {
            let (addrs, slow, stop) = (&overlay.addrs, &overlay.slow, &stop);
            let send = move || {
                let mut mix = Mix::new(number, addrs, slow);
                while !stop.load(Ordering::Relaxed) {
                    (0..64).for_each(|_| mix.send_one());
                }
                mix.sent()
            };
            Builder::new().name("load".into()).spawn_scoped(scope, send).unwrap()
        };
        let senders: Vec<_> = (0..senders()).map(send).collect();
        let ask = || {
            let mut answers = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                pause(PACE);
                answers.push(asker.ask());
            }
            answers
        };
        let asking = Builder::new().name("asker".into()).spawn_scoped(scope, ask).unwrap();
        for round in 1.. {
            pause(UPKEEP);
            if start.elapsed() >= length || asking.is_finished() {
                overlay.write_fifo(round);
                break;
            }
            overlay.reload(round);
            if round % 4 == 0 {
                overlay.servents.iter().for_each(|servent| servent.signal(Signal::SIGUSR1));
            }
            let at = start.elapsed();
            overlay.servents.iter().zip(&mut memory).for_each(|(servent, memory)| memory.sample(at, servent));
        }
        let since_its_end = Stopwatch::start(&overlay.servents);
        stop.store(true, Ordering::Relaxed);
        let sent = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        (sent, asking.join().expect("every question is answered"), since_its_end)
    });
    let warm_up = (length / 3).min(Duration::from_secs(20));
    Load { length: start.elapsed(), warm_up, sent, answers, memory, since_its_end }
}

/// How long after the load's end the questions were answered as fast as before it, and how much of that is left without
/// what others took of the processors.
fn back_to_normal(asker: &mut Asker, stopwatch: &Stopwatch, normal: Duration) -> (Duration, Duration) {
    let mut answers = Vec::new();
    while stopwatch.elapsed() < DEADLINE {
        answers.extend(asker.ask_at_pace(1));
        let last = &answers[answers.len().saturating_sub(NORMAL_QUESTIONS)..];
        if last.len() == NORMAL_QUESTIONS && median(last) <= NORMAL_RATIO * normal {
            return (stopwatch.elapsed(), stopwatch.elapsed_without_others());
        }
    }
    panic!("the latency is not back to normal {DEADLINE:?} after the load");
}

struct StopAtEnd<'a>(&'a AtomicBool);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
