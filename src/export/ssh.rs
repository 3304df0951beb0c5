//! A script that runs a share of an overlay on each of many hosts, over ssh.

use super::{Export, ExportedFile, Plan, Target, Wishes};
use crate::overlay::OverlayFileError;

/// Hosts that one logs in to by ssh.
pub(super) const TARGET: Target = Target {
    name: "ssh",
    about: "hosts that you log in to by ssh",
    takes_hosts: true,
    takes_key: false,
    programs: &[],
    make,
};

fn make(plan: &Plan, _: &Wishes) -> Result<Export, OverlayFileError> {
    if let Some(homeless) = plan.servents.iter().find(|servent| servent.host.is_none()) {
        return Err(
            plan.refuse(homeless, "on which host? --hosts A,B,... deals the lines out, or begin each with HOST:PORT")
        );
    }
    let files = plan.copies("kv").chain([ExportedFile::script("overlay.sh", "#!/bin/sh\n")]).collect();
    Ok(Export { files, next: Vec::new() })
}
