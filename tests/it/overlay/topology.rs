//! An overlay of `data/overlays`, copied to ports that are free, and who must answer in it.

use crate::support::{Finished, TempDir, ports, until};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A file for `tp3 overlay` in a directory of its own.
pub(crate) struct Topology {
    dir: TempDir,
    file: PathBuf,
    /// In the file's order.
    servents: Vec<Node>,
}

struct Node {
    port: u16,
    neighbours: Vec<u16>,
    pairs: PathBuf,
}

impl Topology {
    /// `data/overlays/NAME.txt` with other ports and the same key-value files.
    pub(crate) fn from_data(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/overlays");
        let text = fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let lines: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
        let ports: BTreeMap<&str, u16> = lines.iter().map(|words| (words[0], ports::free())).collect();
        let servents = lines.iter().map(|words| Node {
            port: ports[words[0]],
            neighbours: words[2..].iter().map(|addr| ports[addr.strip_prefix("127.0.0.1:").unwrap()]).collect(),
            pairs: fs::canonicalize(folder.join(words[1])).unwrap(),
        });
        Self::write(TempDir::new(), servents.collect())
    }

    /// A chain of servents; the first holds `key` with value 0, the next with 1, and so on.
    pub(crate) fn chain(len: usize) -> Self {
        let links: Vec<_> = (1..len).map(|index| (index - 1, index)).collect();
        Self::linked(len, &links)
    }

    /// So many servents with links between these, by their places, and pairs as in [`Topology::chain`].
    pub(crate) fn linked(len: usize, links: &[(usize, usize)]) -> Self {
        let dir = TempDir::new();
        let ports: Vec<u16> = (0..len).map(|_| ports::free()).collect();
        let other = |index: usize, (one, two): (usize, usize)| match index {
            _ if index == one => Some(two),
            _ if index == two => Some(one),
            _ => None,
        };
        let servents = (0..len).map(|index| Node {
            port: ports[index],
            neighbours: links.iter().filter_map(|&link| Some(ports[other(index, link)?])).collect(),
            pairs: dir.write(&format!("pairs{index}.txt"), format!("key {index}\nkey{index} own\n").as_bytes()),
        });
        let servents = servents.collect();
        Self::write(dir, servents)
    }

    fn write(dir: TempDir, servents: Vec<Node>) -> Self {
        let line = |node: &Node| {
            let neighbours: String = node.neighbours.iter().map(|port| format!(" 127.0.0.1:{port}")).collect();
            format!("{} {}{neighbours}\n", node.port, node.pairs.display())
        };
        let text: String = servents.iter().map(line).collect();
        let file = dir.write("overlay.txt", format!("# a copy for a test\n\n{text}").as_bytes());
        Self { dir, file, servents }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    pub(crate) fn dir(&self) -> &TempDir {
        &self.dir
    }

    /// The port of the servent on line `index`.
    pub(crate) fn port(&self, index: usize) -> u16 {
        self.servents[index].port
    }

    pub(crate) fn ports(&self) -> BTreeSet<u16> {
        self.servents.iter().map(|node| node.port).collect()
    }

    pub(crate) fn neighbours(&self, port: u16) -> &[u16] {
        &self.servents.iter().find(|node| node.port == port).unwrap().neighbours
    }

    /// The key-value file of the servent at `port`.
    pub(crate) fn pairs(&self, port: u16) -> &Path {
        &self.servents.iter().find(|node| node.port == port).unwrap().pairs
    }

    /// The same overlay with these words behind each line, the first line's first.
    pub(crate) fn with_options(self, options: &[&str]) -> Self {
        let text = fs::read_to_string(&self.file).unwrap();
        let mut options = options.iter();
        let lines = text.lines().map(|line| match line.split_whitespace().next() {
            Some(word) if word != "#" => format!("{line} {}\n", options.next().copied().unwrap_or_default()),
            _ => format!("{line}\n"),
        });
        fs::write(&self.file, lines.collect::<String>()).unwrap();
        self
    }

    /// Those that hold `key` and lie at most so many hops from `entry`: breadth first, independent of the flooding.
    pub(crate) fn holders_within(&self, hops: usize, entry: u16, key: &str) -> BTreeSet<u16> {
        let mut reached = BTreeSet::from([entry]);
        for _ in 0..hops {
            let next: Vec<u16> = reached.iter().flat_map(|port| self.neighbours(*port)).copied().collect();
            reached.extend(next);
        }
        let holds = |node: &&Node| {
            let pairs = fs::read(&node.pairs).unwrap();
            pairs.split(|byte| *byte == b'\n').any(|line| {
                let word = line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty());
                word == Some(key.as_bytes()) && line.trim_ascii().len() > key.len()
            })
        };
        self.servents.iter().filter(|node| reached.contains(&node.port)).filter(holds).map(|node| node.port).collect()
    }

    /// Nobody has any of the ports bound: waits for it, since the servents are not our children.
    pub(crate) fn expect_ports_free(&self) {
        for port in self.ports() {
            until(&format!("port {port} free again"), || ports::is_free(port));
        }
    }
}

/// The ports that answered for `key` in a pipe's output, in order of appearance.
pub(crate) fn who_answered(finished: &Finished, key: &str) -> Vec<u16> {
    let stdout = String::from_utf8_lossy(&finished.stdout);
    let lines = stdout.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix("\t127.0.0.1:"));
    lines.map(|line| line.split('\t').next().unwrap().parse().unwrap()).collect()
}
