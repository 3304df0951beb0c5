//! The command of a servent or client that somebody else wrote, and its placeholders.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A command with placeholders:
///
/// | placeholder | stands for |
/// |---|---|
/// | `{port}` | the port that the servent is to listen on |
/// | `{file}` | its key-value file |
/// | `{neighbours}` | its neighbours: as a word, a word each; within a word, with commas between them |
/// | `{neighbour...}` | each of its neighbours: the word that it stands in comes once for each |
/// | `{address}` | the servent's IP:PORT, which a client is told |
///
/// Without any of them, what the assignment has is appended: `PORT FILE IP:PORT...`, or `IP:PORT` for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    words: Vec<OsString>,
}

/// What the placeholders of a command stand for.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The port that the servent listens on, its own or the client's.
    pub port: u16,
    /// The same with its IP or host in front.
    pub address: String,
    /// The key-value file; `None` for a client.
    pub file: Option<PathBuf>,
    /// The neighbours, as IP:PORT or by a name.
    pub neighbours: Vec<String>,
}

const PORT: &str = "{port}";
const FILE: &str = "{file}";
const ADDRESS: &str = "{address}";
const NEIGHBOURS: &str = "{neighbours}";
const EACH_NEIGHBOUR: &str = "{neighbour...}";
const ALL: [&str; 5] = [PORT, ADDRESS, FILE, NEIGHBOURS, EACH_NEIGHBOUR];

impl Template {
    /// A command as typed. `None` without a word.
    #[must_use]
    pub fn new(words: Vec<OsString>) -> Option<Self> {
        (!words.is_empty()).then_some(Self { words })
    }

    /// The words as typed.
    #[must_use]
    pub fn words(&self) -> &[OsString] {
        &self.words
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        &self.words[0]
    }

    /// Whether its program is one, and not a placeholder, of which nothing may be left.
    #[must_use]
    pub fn names_program(&self) -> bool {
        !ALL.iter().any(|name| holds(self.program(), name))
    }

    /// The command line with everything in its place.
    #[must_use]
    pub fn place(&self, placed: &Placed) -> Vec<OsString> {
        let neighbours = &placed.neighbours;
        let single = [
            (PORT, OsString::from(placed.port.to_string())),
            (ADDRESS, placed.address.clone().into()),
            (FILE, placed.file.clone().unwrap_or_default().into()),
        ];
        let has_any = self.words.iter().any(|word| ALL.iter().any(|name| holds(word, name)));
        if !has_any {
            let appended = match &placed.file {
                Some(file) => [placed.port.to_string().into(), file.clone().into()]
                    .into_iter()
                    .chain(neighbours.iter().map(OsString::from))
                    .collect(),
                None => vec![placed.address.clone().into()],
            };
            return self.words.iter().cloned().chain(appended).collect();
        }
        let mut command = Vec::new();
        for word in &self.words {
            let word = single.iter().fold(word.clone(), |word, (name, value)| replaced(&word, name, value));
            if word == NEIGHBOURS {
                command.extend(neighbours.iter().map(OsString::from));
            } else if holds(&word, EACH_NEIGHBOUR) {
                command.extend(neighbours.iter().map(|one| replaced(&word, EACH_NEIGHBOUR, OsStr::new(one))));
            } else {
                command.push(replaced(&word, NEIGHBOURS, OsStr::new(&neighbours.join(","))));
            }
        }
        command
    }
}

/// Whether a command can be started, as far as that is known without starting it: a path to a file, or a name that the
/// search path knows.
#[must_use]
pub fn exists(program: &Path) -> bool {
    if program.components().count() > 1 || program.is_absolute() {
        return program.is_file();
    }
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

fn holds(word: &OsStr, name: &str) -> bool {
    memchr::memmem::find(word.as_bytes(), name.as_bytes()).is_some()
}

fn replaced(word: &OsStr, name: &str, value: &OsStr) -> OsString {
    let mut rest = word.as_bytes();
    let mut made = Vec::new();
    while let Some(at) = memchr::memmem::find(rest, name.as_bytes()) {
        made.extend_from_slice(&rest[..at]);
        made.extend_from_slice(value.as_bytes());
        rest = &rest[at + name.len()..];
    }
    made.extend_from_slice(rest);
    OsString::from_vec(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, SocketAddrV4};

    fn placed(words: &[&str], file: Option<&str>) -> Vec<String> {
        let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let template = Template::new(words.iter().map(OsString::from).collect()).unwrap();
        let neighbours = [at(2), at(3)].iter().map(ToString::to_string).collect();
        let command =
            template.place(&Placed { port: 1, address: at(1).to_string(), file: file.map(PathBuf::from), neighbours });
        command.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn p10_without_placeholders_the_assignments_arguments_are_appended() {
        assert_eq!(placed(&["./s", "-x"], Some("f")), ["./s", "-x", "1", "f", "127.0.0.1:2", "127.0.0.1:3"]);
        assert_eq!(placed(&["./c"], None), ["./c", "127.0.0.1:1"]);
    }

    #[test]
    fn placeholders_stand_anywhere() {
        let peers = ["127.0.0.1:2", "127.0.0.1:3"];
        assert_eq!(
            placed(&["s", "{address}", "{file}", "--other_peers", "{neighbours}"], Some("f")),
            ["s", "127.0.0.1:1", "f", "--other_peers", peers[0], peers[1]]
        );
        assert_eq!(placed(&["s", "-n={neighbours}"], Some("f")), ["s", "-n=127.0.0.1:2,127.0.0.1:3"]);
        assert_eq!(placed(&["s", "-n={neighbour...}"], Some("f")), ["s", "-n=127.0.0.1:2", "-n=127.0.0.1:3"]);
        assert_eq!(placed(&["s", "{port}:{port}", "{file}"], Some("f")), ["s", "1:1", "f"]);
    }
}
