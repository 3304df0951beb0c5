//! An overlay file all of whose servents have an address.

use super::{Host, Member, Neighbour, OverlayFile, OverlayFileError, ServentLine};
use crate::text::escape;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

/// An overlay file all of whose servents have an address, so that they can be started or recognised.
#[derive(Clone, Debug)]
pub struct Located {
    file: OverlayFile,
    /// In the order of the lines.
    addresses: Vec<SocketAddrV4>,
}

impl OverlayFile {
    /// The same with the address of every servent. `resolve` says which address a host's name stands for; it is asked once a
    /// host, and not for one that is named by its address or whose lines say all where they listen.
    ///
    /// # Errors
    /// The first line whose host has no address, and what `resolve` says of it.
    pub fn located(
        self,
        overlay_file: &Path,
        resolve: impl Fn(&Host) -> Result<Ipv4Addr, String>,
    ) -> Result<Located, OverlayFileError> {
        let mut resolved: HashMap<&Host, Ipv4Addr> = HashMap::new();
        let mut addresses = Vec::with_capacity(self.lines().len());
        for line in self.lines() {
            let refuse = |cause| OverlayFileError { file: overlay_file.to_owned(), line: Some(line.number()), cause };
            let address = match (line.address(), line.host()) {
                (Some(address), _) => address,
                (None, host) => {
                    let host = host.expect("without a host it has an address");
                    let ip = match resolved.get(host) {
                        Some(ip) => *ip,
                        None => *resolved.entry(host).or_insert(resolve(host).map_err(refuse)?),
                    };
                    SocketAddrV4::new(ip, line.command().port)
                }
            };
            addresses.push(address);
        }
        Ok(Located { file: self, addresses })
    }
}

impl Located {
    /// The overlay file.
    #[must_use]
    pub fn file(&self) -> &OverlayFile {
        &self.file
    }

    /// The addresses of the servents, in the order of the lines: where a client on this machine reaches them.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddrV4] {
        &self.addresses
    }

    /// The lines with the addresses of their servents, in order.
    pub fn lines(&self) -> impl Iterator<Item = (SocketAddrV4, &ServentLine)> {
        self.addresses.iter().copied().zip(self.file.lines())
    }

    /// The addresses of the neighbours of a line; `None` for names of no servent of the file.
    pub fn neighbours(&self, line: &ServentLine) -> impl Iterator<Item = Option<SocketAddrV4>> {
        let neighbours = line.command().neighbours.iter();
        neighbours.map(|one| self.file.place_of(one).map(|place| self.addresses[place]).or(one.bound).or(one.address))
    }

    /// Whether what may answer are not this project's servents alone: a line runs another program, or names a neighbour that
    /// no line of the file is.
    #[must_use]
    pub fn has_strangers(&self) -> bool {
        let is_elsewhere = |neighbour| self.file.place_of(neighbour).is_none();
        self.file.lines().iter().any(|line| line.is_foreign() || line.command().neighbours.iter().any(is_elsewhere))
    }

    /// The lines whose servents are other programs than this project's, with their addresses and commands.
    pub fn foreign(&self) -> impl Iterator<Item = (SocketAddrV4, &ServentLine, Vec<OsString>)> {
        self.lines().filter_map(|(address, line)| {
            let command = line.foreign_command(address.to_string(), &line.command().kv_file)?;
            Some((address, line, command))
        })
    }

    /// What to start, in the order of the lines. A line that does not say itself how much to log logs all if `verbose`, and
    /// only warnings if not. Of `usual`, options with their values, a line gets those that it does not have itself.
    #[must_use]
    pub fn members(&self, verbose: bool, usual: &[(&str, String)]) -> Vec<Member> {
        let member = |(address, line): (SocketAddrV4, &ServentLine)| {
            let logging = if verbose { "--verbose" } else { "--quiet" };
            let logging = line.command().logging.is_none().then(|| logging.to_owned());
            let has = |name: &str| line.command().options.iter().any(|word| word == name);
            let usual = usual.iter().filter(|(name, _)| !has(name)).map(|(name, value)| format!("{name}={value}"));
            Member {
                address,
                line: line.number(),
                folder: self.file.folder().to_owned(),
                start: line.start(address, logging.into_iter().chain(usual)),
            }
        };
        self.lines().map(member).collect()
    }
}

/// Says who neighbours whom, a line a servent.
impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (address, line)) in self.lines().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            let neighbours: Vec<_> = line.command().neighbours.iter().map(Neighbour::reached).collect();
            let neighbours =
                if neighbours.is_empty() { "nobody".to_owned() } else { escape(neighbours.join(", ").as_bytes()) };
            let kv_name = escape(line.command().kv_file.file_name().unwrap_or_default().as_encoded_bytes());
            write!(f, "{separator}servent {address} ({kv_name}) knows {neighbours}")?;
        }
        Ok(())
    }
}
