//! What every target is made from.

use super::ExportedFile;
use crate::overlay::{Host, Logging, OverlayFile, OverlayFileError, ServentLine};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

/// The servents of an overlay file, with all that they need in places that can be copied anywhere.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The overlay file, for messages.
    file: PathBuf,
    /// Its servents, in the order of its lines.
    pub servents: Vec<Planned>,
    /// What they hold. Several may hold the same.
    pub kv_files: Vec<KvFile>,
}

/// A servent of a plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its line in the overlay file.
    pub line: usize,
    /// The host that it lives on, if that is said.
    pub host: Option<Host>,
    /// The port that it listens on.
    pub port: u16,
    /// The address that it is told to listen on, if its line says one.
    pub bind: Option<Ipv4Addr>,
    /// The place of its key-value file among those of the plan.
    pub kv_file: usize,
    /// Whom it knows, in the order of its line.
    pub neighbours: Vec<Known>,
    /// Its other options, as words of a command line of serventTP3.
    pub options: Vec<String>,
}

/// Somebody whom a servent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// A servent of the plan, by its place.
    Servent(usize),
    /// Somebody else, as typed: `IP:PORT` or `NAME:PORT`. Not on loopback.
    Other(String),
}

/// A key-value file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KvFile {
    /// Its name, which no other one of the plan has: letters, digits, dots, dashes and underscores.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Plan {
    /// The plan of an overlay file, called `file` in messages. `read` reads a key-value file, or says on one line why it
    /// can't be copied.
    ///
    /// # Errors
    /// The first line that runs on this machine alone, and why.
    pub fn new(
        file: &Path,
        overlay: &OverlayFile,
        read: impl Fn(&Path) -> Result<Vec<u8>, String>,
    ) -> Result<Self, OverlayFileError> {
        let mut servents = Vec::with_capacity(overlay.lines().len());
        let mut copied: HashMap<PathBuf, usize> = HashMap::new();
        let mut copies = Copies::default();
        for (line, path) in overlay.lines().iter().zip(overlay.kv_files()) {
            let refuse = |cause| OverlayFileError::new(file, line.number(), cause);
            let kv_file = match copied.get(&path) {
                Some(place) => *place,
                None => {
                    let place = copies.add(&word(&path), read(&path).map_err(refuse)?);
                    *copied.entry(path).or_insert(place)
                }
            };
            servents.push(planned(overlay, line, kv_file).map_err(refuse)?);
        }
        Ok(Self { file: file.to_owned(), servents, kv_files: copies.files })
    }

    /// The name of the overlay file, safe to stand in a comment.
    #[must_use]
    pub fn title(&self) -> String {
        word(&self.file)
    }

    /// That a servent of the plan can't be run somewhere, for this cause.
    #[must_use]
    pub fn refuse(&self, servent: &Planned, cause: impl Into<String>) -> OverlayFileError {
        OverlayFileError::new(&self.file, servent.line, cause.into())
    }

    /// The key-value files, to be written into a folder of this name.
    pub fn copies(&self, folder: &str) -> impl Iterator<Item = ExportedFile> {
        self.kv_files.iter().map(move |kv| ExportedFile::new(Path::new(folder).join(&kv.name), kv.bytes.clone()))
    }

    /// Where a servent is reached: at the address that it says it listens on, or else at its host, or else on loopback.
    #[must_use]
    pub fn reached(&self, place: usize) -> String {
        let Planned { port, bind, host, .. } = &self.servents[place];
        let (bind, host) = (bind.filter(|bind| !bind.is_unspecified()), host.as_ref());
        match (bind, host) {
            (None, Some(host)) => format!("{host}:{port}"),
            (bind, _) => SocketAddrV4::new(bind.unwrap_or(Ipv4Addr::LOCALHOST), *port).to_string(),
        }
    }

    /// The hosts that its servents live on, in the order in which they are first named, each with the places of its servents.
    #[must_use]
    pub fn shares(&self) -> Vec<(&Host, Vec<usize>)> {
        let mut shares: Vec<(&Host, Vec<usize>)> = Vec::new();
        let mut known: HashMap<&Host, usize> = HashMap::new();
        for (place, servent) in self.servents.iter().enumerate() {
            let Some(host) = &servent.host else { continue };
            let share = *known.entry(host).or_insert_with(|| {
                shares.push((host, Vec::new()));
                shares.len() - 1
            });
            shares[share].1.push(place);
        }
        shares
    }

    /// The same with its servents dealt out to hosts: to each as many as to the others, one more or less, and next to each
    /// other in the overlay file, where neighbours mostly are.
    ///
    /// # Errors
    /// If lines say where they live already, or can't live there.
    pub fn dealt(mut self, hosts: &[Host]) -> Result<Self, OverlayFileError> {
        let count = self.servents.len();
        if hosts.is_empty() || hosts.len() > count {
            let servents = if count == 1 { "servent" } else { "servents" };
            let cause = format!("it has {count} {servents}, too few for {} hosts", hosts.len());
            return Err(OverlayFileError::new(&self.file, None, cause));
        }
        let mut taken = HashSet::new();
        for place in 0..count {
            // As many before it as there are hosts to the whole.
            let host = &hosts[place * hosts.len() / count];
            let servent = &self.servents[place];
            let cause = if let Some(own) = &servent.host {
                Some(format!("it lives on {own} already: --hosts is for lines without HOST:PORT"))
            } else if let Some(bind) = servent.bind {
                Some(format!("--bind {bind}: which address of {host} is that? --hosts is for lines without --bind"))
            } else if !taken.insert((host, servent.port)) {
                Some(format!("port {} is taken on {host} by an earlier line", servent.port))
            } else {
                None
            };
            if let Some(cause) = cause {
                return Err(self.refuse(servent, cause));
            }
            self.servents[place].host = Some(host.clone());
        }
        Ok(self)
    }
}

/// Key-value files, each under a name of its own.
#[derive(Default)]
struct Copies {
    files: Vec<KvFile>,
    names: HashSet<String>,
    /// By the name that was wanted: the number for the next one, and the places of those that are there, by what they hold,
    /// hashed.
    wanted: HashMap<String, (u32, HashMap<u64, Vec<usize>>)>,
    hasher: RandomState,
}

impl Copies {
    /// Takes in a file, or finds the one that is the same; returns its place.
    fn add(&mut self, wanted: &str, bytes: Vec<u8>) -> usize {
        let (number, alike) = self.wanted.entry(wanted.to_owned()).or_insert((2, HashMap::new()));
        let alike = alike.entry(self.hasher.hash_one(&bytes)).or_default();
        if let Some(place) = alike.iter().find(|place| self.files[**place].bytes == bytes) {
            return *place;
        }
        let mut name = wanted.to_owned();
        while !self.names.insert(name.clone()) {
            name = format!("{number}-{wanted}");
            *number += 1;
        }
        alike.push(self.files.len());
        self.files.push(KvFile { name, bytes });
        self.files.len() - 1
    }
}

/// The option of a servent that takes orders from standard input.
const LINK_ORDERS: &str = "--link-orders";

/// A line as a servent of a plan.
fn planned(overlay: &OverlayFile, line: &ServentLine, kv_file: usize) -> Result<Planned, String> {
    if line.is_foreign() {
        return Err("a servent of another program can't be exported: nobody knows what it needs there".to_owned());
    }
    let command = line.command();
    if command.trace.is_some() {
        return Err("--trace: traces are collected from every servent where it runs: leave it out".to_owned());
    }
    if command.options.iter().any(|word| word == LINK_ORDERS) {
        return Err(format!(
            "{LINK_ORDERS}: nobody gives such orders there, and standard input is not theirs: leave it out"
        ));
    }
    let known = |neighbour| {
        if let Some(place) = overlay.place_of(neighbour) {
            return Ok(Known::Servent(place));
        }
        match neighbour.address {
            Some(address) if address.ip().is_loopback() => Err(format!(
                "the neighbour {} is no servent of the file, and its address means another machine elsewhere",
                neighbour.typed
            )),
            _ => Ok(Known::Other(neighbour.typed.clone())),
        }
    };
    let logging = match command.logging {
        Some(Logging::Warnings) => Some("--quiet"),
        Some(Logging::All) => Some("--verbose"),
        // What makes it usual is among the options.
        Some(Logging::Usual) | None => None,
    };
    Ok(Planned {
        line: line.number(),
        host: line.host().cloned(),
        port: command.port,
        bind: command.bind,
        kv_file,
        neighbours: command.neighbours.iter().map(known).collect::<Result<_, _>>()?,
        options: command.options.iter().cloned().chain(logging.map(str::to_owned)).collect(),
    })
}

/// The name of a file as a word that is safe in shells, units, YAML and paths.
fn word(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_usual = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | '_');
    let word: String = name.chars().map(|character| if is_usual(character) { character } else { '_' }).collect();
    match word.trim_start_matches(['-', '.']) {
        "" => "pairs".to_owned(),
        rest => rest.to_owned(),
    }
}
