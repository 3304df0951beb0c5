//! The processes that descend from a program.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;

/// What is in the environment of every process that descends from a program, with a value that is that program's alone.
pub(super) const MARK: &str = "TP3_LAUNCHED";

/// How often is looked for processes that started others meanwhile, before what is left is left.
const ROUNDS: usize = 20;

/// The processes of the session that `leader` leads, and those that left it but have its mark. Where the system does not
/// tell, the leader alone.
pub(super) fn members(leader: u32, mark: &str) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return vec![leader] };
    let mark = format!("{MARK}={mark}");
    let ids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|&id| session(id) == Some(leader) || has_mark(id, mark.as_bytes())).collect()
}

/// Kills them all, but for those that are dead already and not waited for.
pub(super) fn kill_all(leader: u32, mark: &str) {
    for _ in 0..ROUNDS {
        let alive: Vec<_> = members(leader, mark).into_iter().filter(|&id| !is_zombie(id)).collect();
        if alive.is_empty() {
            return;
        }
        for id in alive.into_iter().filter_map(|id| i32::try_from(id).ok()) {
            // It may end at this very moment.
            kill(Pid::from_raw(id), Signal::SIGKILL).ok();
        }
    }
}

/// The fields of /proc/PID/stat behind the name, which may hold anything: state, parent, group, session.
fn status(id: u32) -> Option<Vec<String>> {
    let line = fs::read(format!("/proc/{id}/stat")).ok()?;
    let line = String::from_utf8_lossy(&line).into_owned();
    let (_, fields) = line.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

fn session(id: u32) -> Option<u32> {
    status(id)?.get(3)?.parse().ok()
}

fn is_zombie(id: u32) -> bool {
    status(id).is_none_or(|fields| fields.first().is_none_or(|state| state == "Z" || state == "X"))
}

fn has_mark(id: u32, mark: &[u8]) -> bool {
    fs::read(format!("/proc/{id}/environ")).is_ok_and(|bytes| bytes.split(|&byte| byte == 0).any(|set| set == mark))
}
