//! Why an overlay did not start, or did not last.

use std::fmt;
use std::io;

/// Why an overlay did not start, or did not last.
#[derive(Debug)]
pub enum OverlayError {
    /// A process or thread can't be started.
    System(io::Error),
    /// A signal came before all of it had started.
    Interrupted(i32),
    /// A servent can't serve, and says why. Others may not either: they are not asked.
    NotStarted {
        /// Its port and line.
        name: String,
        /// The cause.
        cause: String,
        /// It is that another program holds its port.
        is_port_in_use: bool,
    },
    /// A servent died: its name, how it ended, and its last words.
    Died {
        /// Its port and line.
        name: String,
        /// How it ended.
        status: String,
        /// The last lines it wrote.
        last_words: Vec<String>,
    },
}

impl fmt::Display for OverlayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => write!(f, "cannot start a servent: {error}"),
            Self::Interrupted(signal) => write!(f, "ended by signal {signal} while the servents started"),
            Self::NotStarted { name, cause, .. } => write!(f, "{name} can't start: {cause}"),
            Self::Died { name, status, last_words } => {
                write!(f, "{name} died ({status})")?;
                if last_words.is_empty() {
                    return write!(f, " without a word");
                }
                write!(f, "; its last words:")?;
                last_words.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl std::error::Error for OverlayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            Self::Interrupted(_) | Self::NotStarted { .. } | Self::Died { .. } => None,
        }
    }
}
