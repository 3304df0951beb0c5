//! The address book: which neighbours were given, which address each has, and when to look up which name (P-27).

use super::peer::{Peer, ResolveError, ResolveFailure, choose};
use crate::types::{Neighbours, Timestamp, TooManyNeighbours};
use std::fmt;
use std::net::{SocketAddr, SocketAddrV4};
use std::time::Duration;

/// How long after a look-up that failed a name without an address is looked up again. Whoever looks up more often does so
/// here as well. Short, since who starts many servents asks them as soon as all are there: a container has a name only once
/// it is started, and whoever does not know the last one yet does not forward to it.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// When names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolveConfig {
    /// For how long a name that has no address yet is tried again; zero: the first look-up that fails is an error.
    pub wait: Duration,
    /// How long after a look-up the next one follows; `None`: a name that has an address keeps it.
    pub every: Option<Duration>,
}

/// No waiting, and a look-up every 30 s.
impl Default for ResolveConfig {
    fn default() -> Self {
        Self { wait: Duration::ZERO, every: Some(Duration::from_secs(30)) }
    }
}

/// What a servent knows of its neighbours' addresses.
///
/// Whoever holds it asks what is [due](AddressBook::due), looks that up, tells what it
/// [found](AddressBook::found), and gives up once somebody is [missing](AddressBook::missing) for too long. A name is
/// looked up once at a time, however long that takes.
#[derive(Clone, Debug)]
pub struct AddressBook {
    config: ResolveConfig,
    entries: Vec<Entry>,
    started: Timestamp,
}

#[derive(Clone, Debug)]
struct Entry {
    peer: Peer,
    address: Option<SocketAddrV4>,
    look_up: LookUp,
    /// Of the last look-up, if that failed.
    failure: Option<ResolveFailure>,
    /// It was given more than once, which was not said yet.
    is_repeated: bool,
    /// It was given by an address that was the servent's own at the start, and stays no neighbour: a host may lose the
    /// address, and there may be no room for one more.
    was_own: bool,
    /// It is no neighbour at this address, which was said.
    left_out: Option<SocketAddrV4>,
}

/// When a name is looked up next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LookUp {
    Never,
    At(Timestamp),
    UnderWay,
}

/// A name that is to be looked up now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its place in the book, by which is told what was found.
    pub place: usize,
    /// The host's name.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// What is worth saying of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameNews {
    /// It has its first address.
    Found(Peer, SocketAddrV4),
    /// It has another address, the second one.
    Moved(Peer, SocketAddrV4, SocketAddrV4),
    /// After look-ups that failed there was one that did not, and it is where it was.
    StillThere(Peer, SocketAddrV4),
    /// A look-up failed, and none before it since the last one that did not. What it has it keeps.
    Failed(ResolveError, Option<SocketAddrV4>),
    /// It is no neighbour, since this address is the servent's own.
    IsSelf(Peer, SocketAddrV4),
    /// It was given more than once, or an earlier neighbour has this address: there is no other one.
    IsRepeated(Peer, SocketAddrV4),
}

impl AddressBook {
    /// The book of a servent that was given these neighbours, repetitions included. Names are to be looked up at once.
    ///
    /// # Errors
    /// [`TooManyNeighbours`] if more than [`Neighbours::COUNT_MAX`] different ones, none of them `is_own`, are given.
    pub fn new(
        peers: impl IntoIterator<Item = Peer>,
        config: ResolveConfig,
        now: Timestamp,
        is_own: impl Fn(SocketAddrV4) -> bool,
    ) -> Result<Self, TooManyNeighbours> {
        let mut entries: Vec<Entry> = Vec::new();
        for peer in peers {
            match entries.iter_mut().find(|entry| entry.peer == peer) {
                // Looked up for itself, a name might come to have another address there.
                Some(entry) => entry.is_repeated = true,
                None => entries.push(Entry::new(peer, now, &is_own)),
            }
        }
        let others = entries.iter().filter(|entry| !entry.was_own).count();
        if others > Neighbours::COUNT_MAX {
            return Err(TooManyNeighbours(others));
        }
        Ok(Self { config, entries, started: now })
    }

    /// Whether some neighbour may yet get an address, or another one.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.entries.iter().any(|entry| entry.look_up != LookUp::Never)
    }

    /// Whether what is found of some name is awaited.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.entries.iter().any(|entry| entry.look_up == LookUp::UnderWay)
    }

    /// The names that are to be looked up by `now`. They are under way from now on.
    pub fn due(&mut self, now: Timestamp) -> Vec<Wanted> {
        let mut wanted = Vec::new();
        for (place, entry) in self.entries.iter_mut().enumerate() {
            if let (Peer::Name { host, port }, LookUp::At(at)) = (&entry.peer, entry.look_up)
                && at <= now
            {
                entry.look_up = LookUp::UnderWay;
                wanted.push(Wanted { place, host: host.clone(), port: *port });
            }
        }
        wanted
    }

    /// When the book is to be looked at next, unless something is found before.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let look_ups = self.entries.iter().filter_map(|entry| match entry.look_up {
            LookUp::At(at) => Some(at),
            LookUp::Never | LookUp::UnderWay => None,
        });
        let is_waiting = self.waits() && self.entries.iter().any(|entry| entry.address.is_none());
        look_ups.chain(is_waiting.then_some(self.started + self.config.wait)).min()
    }

    /// Notes what was found for the name at `place`: all its addresses, or what the system says of it. A name that has
    /// its address among them keeps it, so that one with several does not jump about.
    pub fn found(&mut self, now: Timestamp, place: usize, found: Result<Vec<SocketAddr>, String>) -> Option<NameNews> {
        let every = self.config.every;
        let entry = self.entries.get_mut(place)?;
        let found = found.map_err(ResolveFailure::Failed).and_then(|all| choose(&all, entry.address));
        let address = match found {
            Ok(address) => address,
            Err(failure) => {
                let pause = match (entry.address, every) {
                    (Some(_), every) => every,
                    (None, every) => Some(every.map_or(AGAIN_AFTER, |every| every.min(AGAIN_AFTER))),
                };
                entry.look_up = pause.map_or(LookUp::Never, |pause| LookUp::At(now + pause));
                let is_news = entry.failure.is_none();
                entry.failure = Some(failure.clone());
                let error = ResolveError { peer: entry.peer.clone(), failure };
                return is_news.then_some(NameNews::Failed(error, entry.address));
            }
        };
        entry.look_up = every.map_or(LookUp::Never, |every| LookUp::At(now + every));
        let has_failed = entry.failure.take().is_some();
        let peer = entry.peer.clone();
        match entry.address.replace(address) {
            None => Some(NameNews::Found(peer, address)),
            Some(before) if before != address => Some(NameNews::Moved(peer, before, address)),
            Some(_) => has_failed.then_some(NameNews::StillThere(peer, address)),
        }
    }

    /// Whether the last look-up of the name at `place` failed.
    #[must_use]
    pub fn has_failed(&self, place: usize) -> bool {
        self.entries.get(place).is_some_and(|entry| entry.failure.is_some())
    }

    /// The first neighbour that has had no address for longer than is waited for, and why.
    #[must_use]
    pub fn missing(&self, now: Timestamp) -> Option<ResolveError> {
        let wait = self.config.wait;
        let missing = self.entries.iter().filter(|entry| entry.address.is_none()).find(|entry| match self.waits() {
            true => now >= self.started + wait,
            false => entry.failure.is_some(),
        })?;
        let failure = missing.failure.clone().unwrap_or(ResolveFailure::Unanswered);
        Some(ResolveError { peer: missing.peer.clone(), failure })
    }

    /// Whom to forward to now: all that have an address, each address once, and not one that `is_own`. Of those left out
    /// it tells, once for each address that they have.
    pub fn neighbours(&mut self, is_own: impl Fn(SocketAddrV4) -> bool) -> (Neighbours, Vec<NameNews>) {
        let (mut taken, mut news) = (Vec::new(), Vec::new());
        for entry in &mut self.entries {
            let Some(address) = entry.address else { continue };
            let why: fn(Peer, SocketAddrV4) -> NameNews = if entry.was_own || is_own(address) {
                NameNews::IsSelf
            } else if taken.contains(&address) {
                NameNews::IsRepeated
            } else {
                taken.push(address);
                entry.left_out = None;
                if std::mem::take(&mut entry.is_repeated) {
                    news.push(NameNews::IsRepeated(entry.peer.clone(), address));
                }
                continue;
            };
            if entry.left_out.replace(address) != Some(address) {
                news.push(why(entry.peer.clone(), address));
            }
        }
        (Neighbours::new(taken).expect("a book holds no more than a servent may know"), news)
    }

    /// Whether a name without an address is waited for.
    fn waits(&self) -> bool {
        !self.config.wait.is_zero()
    }

    /// Every neighbour with its address, if it has one, in the order given, less those that are left out.
    pub fn listed(&self) -> impl Iterator<Item = (&Peer, Option<SocketAddrV4>)> {
        let listed = self.entries.iter().filter(|entry| entry.left_out.is_none());
        listed.map(|entry| (&entry.peer, entry.address))
    }
}

impl Entry {
    fn new(peer: Peer, now: Timestamp, is_own: impl Fn(SocketAddrV4) -> bool) -> Self {
        let (address, look_up) = match &peer {
            Peer::Address(address) => (Some(*address), LookUp::Never),
            Peer::Name { .. } => (None, LookUp::At(now)),
        };
        Self {
            peer,
            address,
            look_up,
            failure: None,
            is_repeated: false,
            was_own: address.is_some_and(is_own),
            left_out: None,
        }
    }
}

impl NameNews {
    /// Whether somebody should look after it.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Failed(..) | Self::IsSelf(..) | Self::IsRepeated(..) => true,
            Self::Found(..) | Self::Moved(..) | Self::StillThere(..) => false,
        }
    }
}

impl fmt::Display for NameNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(peer, address) => write!(f, "neighbour {peer} is at {address}"),
            Self::Moved(peer, from, to) => write!(f, "neighbour {peer} has moved from {from} to {to}"),
            Self::StillThere(peer, address) => write!(f, "neighbour {peer} is found again, at {address} as before"),
            Self::Failed(error, None) => write!(f, "{error}; it is tried again"),
            Self::Failed(error, Some(kept)) => write!(f, "{error}; still using {kept}"),
            Self::IsSelf(peer, address) => {
                write!(f, "neighbour {} is this servent itself, dropped", At(peer, *address))
            }
            Self::IsRepeated(peer, address) => {
                write!(f, "neighbour {} is given more than once, used once", At(peer, *address))
            }
        }
    }
}

/// A peer and the address that it has.
struct At<'a>(&'a Peer, SocketAddrV4);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Peer::Address(address) => address.fmt(f),
            Peer::Name { .. } => write!(f, "{} ({})", self.0, self.1),
        }
    }
}

#[cfg(test)]
mod tests;
