//! A script that runs a share of an overlay on each of many hosts, over ssh.
//!
//! Every word of it that comes from the overlay file is a [`Host`], a number or a name that [`Plan`] made, so there is
//! nothing to quote; the words of the shares are quoted as an overlay file quotes them.

use super::{Export, ExportedFile, Known, Plan, Planned, Target, Wishes};
use crate::overlay::{Host, OverlayFileError};
use std::collections::BTreeSet;

/// Hosts that one logs in to by ssh.
pub(super) const TARGET: Target = Target {
    name: "ssh",
    about: "hosts that you log in to by ssh",
    takes_hosts: true,
    takes_key: false,
    programs: &[],
    make,
};

/// The script, with `@NAME@` where something is to be filled in.
const SCRIPT: &str = include_str!("ssh/overlay.sh");

/// The folder of the key-value files.
const KV: &str = "kv";

fn make(plan: &Plan, _: &Wishes) -> Result<Export, OverlayFileError> {
    let mut lines = Vec::new();
    for servent in &plan.servents {
        lines.push(line(plan, servent)?);
    }
    let title = plan.title();
    let mut files: Vec<_> = plan.copies(KV).collect();
    let heading = format!("# Written by tp3 export from {title}: ");
    let whole = format!("{heading}the whole overlay, for `tp3 explain --overlay`.\n{}", lines.concat());
    files.push(ExportedFile::new("overlay.txt", whole));
    let shares = plan.shares();
    for (host, places) in &shares {
        let share: String = places.iter().map(|place| lines[*place].as_str()).collect();
        files
            .push(ExportedFile::new(format!("hosts/{host}.txt"), format!("{heading}the servents of {host}.\n{share}")));
        // What to copy to it, a path a line.
        let kv_files: BTreeSet<_> = places.iter().map(|place| plan.servents[*place].kv_file).collect();
        let kv_files: String = kv_files.iter().map(|kv| format!("{KV}/{}\n", plan.kv_files[*kv].name)).collect();
        files.push(ExportedFile::new(format!("hosts/{host}.files"), format!("hosts/{host}.txt\n{kv_files}")));
    }
    let hosts: Vec<_> = shares.iter().map(|(host, _)| host.as_str()).collect();
    let script = SCRIPT
        .replace("@TITLE@", &title)
        .replace("@HOSTS@", &hosts.join(" "))
        .replace("@FIRST@", &plan.reached(0))
        .replace("@FOLDER@", &format!("tp3-{}", title.trim_end_matches(".txt")));
    files.push(ExportedFile::script("overlay.sh", script));
    let next = ["./overlay.sh up", "./overlay.sh ask KEY", "./overlay.sh traces", "./overlay.sh down"];
    Ok(Export { files, next: next.map(str::to_owned).to_vec() })
}

fn host<'a>(plan: &Plan, servent: &'a Planned) -> Result<&'a Host, OverlayFileError> {
    let homeless = "on which host? --hosts A,B,... deals the lines out, or begin each with HOST:PORT";
    servent.host.as_ref().ok_or_else(|| plan.refuse(servent, homeless))
}

/// A servent as a line of an overlay file over many hosts.
fn line(plan: &Plan, servent: &Planned) -> Result<String, OverlayFileError> {
    let place = format!("{}:{}", host(plan, servent)?, servent.port);
    let mut words = vec![place, format!("{KV}/{}", plan.kv_files[servent.kv_file].name)];
    for neighbour in &servent.neighbours {
        words.push(match neighbour {
            // A share has no lines of others, which say where they listen.
            Known::Servent(known) => plan.reached(*known),
            Known::Other(typed) => typed.clone(),
        });
    }
    if let Some(bind) = servent.bind {
        words.extend(["--bind".to_owned(), bind.to_string()]);
    }
    words.extend(servent.options.iter().cloned());
    let line = shlex::try_join(words.iter().map(String::as_str));
    line.map(|line| format!("{line}\n")).map_err(|_| plan.refuse(servent, "no command line can hold a NUL"))
}
