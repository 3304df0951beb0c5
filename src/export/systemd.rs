//! systemd: each servent an instance of one hardened unit, on one machine or on the hosts that lines name.

use super::{Export, ExportedFile, Known, Plan, Planned, Target, Wishes, instances};
use crate::overlay::OverlayFileError;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// Services of one machine or of many.
pub(super) const TARGET: Target =
    Target { name: "systemd", about: "services of systemd", takes_hosts: true, takes_key: false, programs: &[], make };

/// The folder of everything, as it is on the machine that it is copied to.
const ETC: &str = "etc";

/// What is copied to a machine, of what its folder has. Nothing else: the modes of what the machine has stay its own.
const COPIED: &str = "etc/servent etc/systemd/system/servent@.service etc/systemd/system/servents.target";

/// What unpacks it there, as root: whoever exported it owns nothing, and folders that are there stay as they are.
const UNPACK: &str = "tar -C / -xf - --no-same-owner --no-overwrite-dir";

/// The unit that all servents are instances of.
const UNIT: &str = include_str!("systemd/servent@.service");

/// The lowest port that a program without privileges may listen on, unless a machine's administrator has it otherwise.
const PORT_MIN: u16 = 1024;

/// How long names are waited for that no name server knows yet, for example while machines start, unless a line says it.
const RESOLVE_WAIT: [&str; 2] = ["--resolve-wait", "60"];

fn make(plan: &Plan, _: &Wishes) -> Result<Export, OverlayFileError> {
    let names = instances::names(plan, true);
    let shares = plan.shares();
    if shares.is_empty() {
        let files = machine(plan, &names, Path::new(""), &(0..names.len()).collect::<Vec<_>>())?;
        let copy = format!("tar -cf - {COPIED} | sudo {UNPACK}");
        let install = "sudo install -m 755 \"$(command -v serventTP3)\" /usr/local/bin/".to_owned();
        let start = ["sudo systemctl daemon-reload", "sudo systemctl enable --now servents.target"].map(str::to_owned);
        return Ok(Export { files, next: [install, copy].into_iter().chain(start).collect() });
    }
    let mut export = Export::default();
    for (host, places) in shares {
        export.files.extend(machine(plan, &names, Path::new(host.as_str()), &places)?);
        export.next.push(format!(
            "ssh root@{host} 'install -m 755 /dev/stdin /usr/local/bin/serventTP3' < \"$(command -v serventTP3)\""
        ));
        export.next.push(format!(
            "tar -C {host} -cf - {COPIED} | ssh root@{host} '{UNPACK} && systemctl daemon-reload && systemctl enable --now \
            servents.target'"
        ));
    }
    Ok(export)
}

/// What one machine needs for the servents at these places, below `folder`.
fn machine(
    plan: &Plan,
    names: &[String],
    folder: &Path,
    places: &[usize],
) -> Result<Vec<ExportedFile>, OverlayFileError> {
    let etc = folder.join(ETC);
    let (units, servents) = (etc.join("systemd/system"), etc.join("servent"));
    let wants: String = places.iter().map(|place| format!("Wants=servent@{}.service\n", names[*place])).collect();
    let target = format!(
        "# All servents of {} on this machine. Written by tp3 export.\n[Unit]\nDescription=The servents of {}\n{wants}\n\
        [Install]\nWantedBy=multi-user.target\n",
        plan.title(),
        plan.title()
    );
    let mut files = vec![
        ExportedFile::new(units.join("servent@.service"), UNIT),
        ExportedFile::new(units.join("servents.target"), target),
    ];
    for place in places {
        let text = arguments(plan, &plan.servents[*place])?;
        files.push(ExportedFile::new(servents.join(format!("{}.conf", names[*place])), text));
    }
    let held = |place| places.iter().any(|servent| plan.servents[*servent].kv_file == place);
    for kv in plan.kv_files.iter().enumerate().filter(|(place, _)| held(*place)).map(|(_, kv)| kv) {
        files.push(ExportedFile::new(servents.join("kv").join(&kv.name), kv.bytes.clone()));
    }
    Ok(files)
}

/// The file of a servent's arguments. systemd reads it as a shell would, and then splits it at blanks.
fn arguments(plan: &Plan, servent: &Planned) -> Result<String, OverlayFileError> {
    if servent.port < PORT_MIN {
        let cause = format!("port {}: ports below {PORT_MIN} take a privilege, and the unit has none", servent.port);
        return Err(plan.refuse(servent, cause));
    }
    let kv = &plan.kv_files[servent.kv_file].name;
    let neighbours: Vec<_> = servent.neighbours.iter().map(|known| address(plan, known)).collect();
    let mut words = servent.options.clone();
    let is_said = words.iter().any(|word| word == RESOLVE_WAIT[0]);
    if !is_said && neighbours.iter().any(|neighbour| neighbour.parse::<SocketAddrV4>().is_err()) {
        words.push(RESOLVE_WAIT.join("="));
    }
    // As tp3 overlay does on one machine; elsewhere others have to reach it.
    let bind = servent.bind.or_else(|| servent.host.is_none().then_some(Ipv4Addr::LOCALHOST));
    words.extend(bind.map(|bind| format!("--bind={bind}")));
    let kv_file: PathBuf = ["/", ETC, "servent/kv", kv].iter().collect();
    words.extend(["--".to_owned(), servent.port.to_string(), kv_file.display().to_string()]);
    words.extend(neighbours);
    let is_plain = |character: char| character.is_alphanumeric() || "-+±._:/=,%".contains(character);
    if let Some(word) = words.iter().find(|word| !word.chars().all(is_plain)) {
        let word = crate::text::escape(word.as_bytes());
        return Err(plan.refuse(servent, format!("'{word}' can't be an argument in a file that systemd reads")));
    }
    Ok(format!(
        "# Line {} of {}. Written by tp3 export.\nARGUMENTS=\"{}\"\n",
        servent.line,
        plan.title(),
        words.join(" ")
    ))
}

/// Where a neighbour is reached.
fn address(plan: &Plan, known: &Known) -> String {
    match known {
        Known::Servent(place) => plan.reached(*place),
        Known::Other(typed) => typed.clone(),
    }
}

#[cfg(test)]
mod tests;
