//! A client has a socket of its own, which is an open file.

use crate::launching::allow_files;
use crate::load::CallFailed;
use nix::errno::Errno;

/// Open files beside the clients' sockets, at the most.
const FILES_BESIDE: u64 = 64;

/// Raises the limit of open files so that so many clients have room, as far as the hard limit allows; tells what it is.
pub(super) fn allow(clients: u64) -> u64 {
    allow_files(clients + FILES_BESIDE)
}

/// What there is to say of a failure to start so many clients, behind it.
pub(super) fn hint(failed: &CallFailed, clients: u32, files_max: u64) -> String {
    if failed.cause().raw_os_error() == Some(Errno::EMFILE as i32) {
        format!(": {clients} clients are more than {files_max} files (ulimit -n) leave room for")
    } else {
        String::new()
    }
}
