//! What the servents of the soak put up with beside the load.

use crate::support::{Program, SERVENT, Servent, TempDir};
use std::path::Path;

/// The environment variable that names it.
const TROUBLE: &str = "SOAK_TROUBLE";

/// Blocks of 512 bytes that a file may hold: little of a trace.
const BLOCKS: u32 = 2_048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Nothing,
    /// They log everything to a pipe that nobody reads before the end.
    StalledStderr,
    /// Their files may not grow any more, a trace among them.
    FileSizeLimit,
    /// What one of them is to read again is a FIFO that nobody writes for a while.
    FifoReload,
}

impl Trouble {
    /// The one that [`TROUBLE`] names.
    pub(super) fn named() -> Self {
        match std::env::var(TROUBLE).as_deref() {
            Err(_) | Ok("") => Self::Nothing,
            Ok("stalled-stderr") => Self::StalledStderr,
            Ok("file-size-limit") => Self::FileSizeLimit,
            Ok("fifo-reload") => Self::FifoReload,
            Ok(other) => {
                panic!("{TROUBLE}: expected stalled-stderr, file-size-limit or fifo-reload, found {other:?}")
            }
        }
    }

    /// Starts a servent with it, on `port`, which nobody else can take.
    pub(super) fn start(self, dir: &TempDir, port: u16, file: &Path, mut args: Vec<String>) -> Servent {
        match self {
            Self::Nothing | Self::FifoReload => Servent::start_at(port, file, &args),
            Self::StalledStderr => {
                args.push("-v".to_owned());
                Servent::start_unread_at(port, file, &args)
            }
            Self::FileSizeLimit => {
                let trace = dir.path().join(format!("trace-{port}.jsonl"));
                args.extend(["--trace".to_owned(), trace.to_str().unwrap().to_owned()]);
                let limit = format!("ulimit -f {BLOCKS} && exec \"$0\" \"$@\"");
                let words = ["-c".to_owned(), limit, SERVENT.to_owned()];
                let words = words.into_iter().chain(Servent::words(port, file, &args));
                Servent::start_command_at(port, &mut Program::command("sh", words))
            }
        }
    }

    /// What it makes a servent warn of.
    pub(super) fn expects(self, line: &str) -> bool {
        self == Self::FileSizeLimit && line.contains("the trace ends here")
    }

    /// What it must have been counted under.
    pub(super) fn counted(self) -> &'static [&'static str] {
        if self == Self::FileSizeLimit { &["trace_dropped"] } else { &[] }
    }
}
