//! Processes that are measured: started, read from /proc, and ended with their owner.

use super::Fallible;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A process that is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    /// What it says on standard error, a line each, if that is a servent's.
    lines: Option<Receiver<String>>,
}

/// What threads have used since they started.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_nanos: u64,
    pub(crate) switches: u64,
}

impl Process {
    pub(crate) fn start(command: &mut Command, keep_stderr: bool) -> Fallible<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        if keep_stderr {
            command.stderr(Stdio::piped());
        }
        let mut child =
            command.spawn().map_err(|error| format!("cannot start {:?}: {error}", command.get_program()))?;
        let lines = child.stderr.take().map(|stderr| {
            let (lines_tx, lines_rx) = channel();
            thread::spawn(move || {
                BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| lines_tx.send(line))
            });
            lines_rx
        });
        Ok(Self { child, lines })
    }

    /// An error if it has ended.
    pub(crate) fn check_alive(&mut self) -> Fallible<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => {
                let last: Vec<_> = self.lines.iter().flat_map(|lines| lines.try_iter()).collect();
                Err(format!("a contestant ended: {ended:?} {}", last.join("\n")))
            }
        }
    }

    /// Summed over its threads.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id()));
        for task in tasks.into_iter().flatten().flatten() {
            let read = |file| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            usage.cpu_nanos +=
                read("schedstat").split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
            let status = read("status");
            let switches = status.lines().filter(|line| line.contains("voluntary_ctxt_switches"));
            usage.switches += switches.filter_map(|line| line.rsplit('\t').next()?.parse::<u64>().ok()).sum::<u64>();
        }
        usage
    }

    /// The counters that a servent prints on SIGUSR1, by name.
    pub(crate) fn counters(&self) -> Fallible<BTreeMap<String, u64>> {
        let lines = self.lines.as_ref().ok_or("only servents have counters")?;
        let pid = i32::try_from(self.child.id()).map_err(|_| "a process id beyond i32")?;
        kill(Pid::from_raw(pid), Signal::SIGUSR1).map_err(|errno| format!("SIGUSR1: {errno}"))?;
        let mut counters = BTreeMap::new();
        let (mut is_in_table, mut patience) = (false, Duration::from_secs(5));
        while let Ok(line) = lines.recv_timeout(patience) {
            if line == "counters" {
                (is_in_table, patience) = (true, Duration::from_millis(100));
            } else if let (true, [name, value]) = (is_in_table, &line.split_whitespace().collect::<Vec<_>>()[..]) {
                value.parse().map(|value| counters.insert((*name).to_owned(), value)).ok();
            }
        }
        if counters.is_empty() { Err("the servent did not print its counters".to_owned()) } else { Ok(counters) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
