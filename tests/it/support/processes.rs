//! Processes of the system, which need not be our children.

use super::until;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::iter;
use std::time::Duration;

/// The processes whose parent is `pid`.
pub(crate) fn children_of(pid: i32) -> Vec<i32> {
    let all = fs::read_dir("/proc").unwrap();
    let pids = all.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    pids.filter(|child: &i32| stat(&child.to_string()).is_some_and(|(_, parent)| parent == pid)).collect()
}

/// The processes below `pid`: its children, and theirs.
pub(crate) fn descendants_of(pid: i32) -> Vec<i32> {
    children_of(pid).into_iter().flat_map(|child| iter::once(child).chain(descendants_of(child))).collect()
}

/// Whether `pid` still runs. One that its parent has not waited for yet does not.
pub(crate) fn is_running(pid: i32) -> bool {
    stat(&pid.to_string()).is_some_and(|(state, _)| state != "Z" && state != "X")
}

/// Stops `pid` by SIGSTOP; returns once none of its threads runs.
pub(crate) fn pause(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    until(&format!("pid {pid} stopped"), || {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let mut names = threads.map(|thread| thread.unwrap().file_name().into_string().unwrap());
        names.all(|name| stat(&format!("{pid}/task/{name}")).is_none_or(|(state, _)| state == "T"))
    });
}

/// A size of `pid`'s memory by its name in /proc/PID/status.
#[cfg(target_os = "linux")]
pub(crate) fn memory_kib(pid: i32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How many files `pid` has open.
#[cfg(target_os = "linux")]
pub(crate) fn open_files(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// How many threads `pid` has.
#[cfg(target_os = "linux")]
pub(crate) fn threads(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).unwrap().count()
}

/// How often the threads of `pid` have gone to sleep so far, each to be woken later.
#[cfg(target_os = "linux")]
pub(crate) fn wakeups(pid: i32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of = |status: String| {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap().to_owned();
        line.trim().parse::<u64>().unwrap()
    };
    // A thread that has just ended is none.
    tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("status")).ok()).map(of).sum()
}

/// How long all processors together have worked so far for others than `own`, interrupts and other virtual machines
/// included. In steps of 10 ms.
#[cfg(target_os = "linux")]
pub(crate) fn processor_time_of_others(own: &[i32]) -> Duration {
    let sum = |ticks: &mut dyn Iterator<Item = &str>| ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>();
    let all = fs::read_to_string("/proc/stat").unwrap();
    // cpu user nice system idle iowait irq softirq steal
    let words: Vec<_> = all.lines().next().unwrap().split_whitespace().collect();
    let busy = sum(&mut words[1..4].iter().chain(&words[6..9]).copied());
    let of = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // Behind the name in brackets: state, ten others, user, system.
        let (_, after_name) = stat.rsplit_once(')').unwrap();
        sum(&mut after_name.split_whitespace().skip(11).take(2))
    };
    let ticks = busy.saturating_sub(own.iter().map(of).sum());
    Duration::from_millis(10 * ticks)
}

/// The state and parent of a process or, as `PID/task/TID`, of a thread, if it is there.
fn stat(name: &str) -> Option<(String, i32)> {
    let stat = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
