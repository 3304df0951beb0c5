//! What a program may use.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::io;
use std::str::FromStr;

/// What a program and each process that it starts may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory that it can write to. Not of address space: many runtimes reserve far more than they use.
    pub memory: u64,
    /// Bytes of each file that it writes.
    pub file: u64,
    /// Open files, one less than the highest number of one.
    pub open_files: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 4 << 30, file: 64 << 20, open_files: 1024 }
    }
}

impl Limits {
    /// Limits the calling process. A limit that is lower already stays.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn apply(self) -> io::Result<()> {
        let wanted = [
            (Resource::RLIMIT_DATA, self.memory),
            (Resource::RLIMIT_FSIZE, self.file),
            (Resource::RLIMIT_NOFILE, self.open_files),
            // A crash is told of; its memory on disk helps nobody.
            (Resource::RLIMIT_CORE, 0),
        ];
        for (resource, limit) in wanted {
            let (_, hard) = getrlimit(resource)?;
            let limit = limit.min(hard);
            setrlimit(resource, limit, limit)?;
        }
        Ok(())
    }

    /// As one word of a command line.
    pub(super) fn to_word(self) -> String {
        format!("{},{},{}", self.memory, self.file, self.open_files)
    }
}

/// Lets this process have so many files open, as far as its hard limit allows; tells how many it may have.
pub fn allow_files(needed: u64) -> u64 {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) if soft < needed => {
            let raised = needed.min(hard);
            setrlimit(Resource::RLIMIT_NOFILE, raised, hard).map_or(soft, |()| raised)
        }
        Ok((soft, _)) => soft,
        Err(_) => u64::MAX,
    }
}

impl FromStr for Limits {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let numbers: Result<Vec<u64>, _> = word.split(',').map(str::parse).collect();
        match numbers.map_err(|_| ())?.as_slice() {
            &[memory, file, open_files] => Ok(Self { memory, file, open_files }),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_they_are_written() {
        let limits = Limits { memory: 1, file: 2, open_files: 3 };
        assert_eq!(limits.to_word().parse(), Ok(limits));
        assert_eq!("1,2".parse::<Limits>(), Err(()));
        assert_eq!("1,2,x".parse::<Limits>(), Err(()));
    }
}
