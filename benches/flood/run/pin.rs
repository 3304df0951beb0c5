//! The load generator on one core.

use super::Fallible;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The calling thread, in the kernel's words.
const SELF: Pid = Pid::from_raw(0);

/// Where a thread ran that is pinned now. It runs there again when this is dropped, so that the processes that it starts
/// later run where they like.
pub(crate) struct Pinned(Option<CpuSet>);

impl Pinned {
    /// Keeps the calling thread on `core`; without one it stays as it is.
    ///
    /// # Errors
    /// It may not run there.
    pub(crate) fn to(core: Option<usize>) -> Fallible<Self> {
        let Some(core) = core else { return Ok(Self(None)) };
        let failed = |errno| format!("cannot run on core {core}: {errno}");
        let before = sched_getaffinity(SELF).map_err(failed)?;
        let mut only = CpuSet::new();
        only.set(core).and_then(|()| sched_setaffinity(SELF, &only)).map_err(failed)?;
        Ok(Self(Some(before)))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            sched_setaffinity(SELF, before).expect("a thread may run where it ran before");
        }
    }
}
