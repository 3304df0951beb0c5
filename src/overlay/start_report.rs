//! How the start of a servent went, as it tells the program that started it.

use std::io::{self, BufRead, Read, Write};

/// How the start of a servent went, as it tells its parent on standard output, and nothing before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartReport {
    /// It serves.
    Serves,
    /// It does not, for this cause.
    NotStarted {
        /// The cause.
        cause: String,
        /// It is that another program holds its port.
        is_port_in_use: bool,
    },
}

/// Bytes of a report that are read.
const REPORT_LEN_MAX: u64 = 64 << 10;

impl StartReport {
    const SERVES: &str = "ready\n";
    const NOT_STARTED: &str = "not started\n";
    const PORT_IN_USE: &str = "port in use\n";

    /// Writes it for [`StartReport::read`].
    ///
    /// # Errors
    /// What `parent` says, usually that it is gone.
    pub fn write(&self, mut parent: impl Write) -> io::Result<()> {
        let (kind, cause) = match self {
            Self::Serves => (Self::SERVES, ""),
            Self::NotStarted { cause, is_port_in_use: false } => (Self::NOT_STARTED, cause.as_str()),
            Self::NotStarted { cause, is_port_in_use: true } => (Self::PORT_IN_USE, cause.as_str()),
        };
        parent.write_all(format!("{kind}{cause}").as_bytes())?;
        parent.flush()
    }

    /// Reads it: one that serves is heard at once, and else it ends with the servent. `None` if the servent ended, or
    /// wrote something else.
    pub(super) fn read(servent: impl BufRead) -> Option<Self> {
        let mut servent = servent.take(REPORT_LEN_MAX);
        let mut kind = String::new();
        servent.read_line(&mut kind).ok()?;
        let is_port_in_use = match kind.as_str() {
            Self::SERVES => return Some(Self::Serves),
            Self::NOT_STARTED => false,
            Self::PORT_IN_USE => true,
            _ => return None,
        };
        let mut cause = Vec::new();
        servent.read_to_end(&mut cause).ok()?;
        Some(Self::NotStarted { cause: String::from_utf8_lossy(&cause).into_owned(), is_port_in_use })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_and_anything_else_is_no_report() {
        let not_started =
            |cause: &str, is_port_in_use| StartReport::NotStarted { cause: cause.to_owned(), is_port_in_use };
        for report in [StartReport::Serves, not_started("no\nfile", false), not_started("port 6001 is in use", true)] {
            let mut written = Vec::new();
            report.write(&mut written).unwrap();
            assert_eq!(StartReport::read(written.as_slice()), Some(report));
        }
        for other in ["", "ready", "ready to serve\n", "{}\n"] {
            assert_eq!(StartReport::read(other.as_bytes()), None, "{other:?}");
        }
    }
}
