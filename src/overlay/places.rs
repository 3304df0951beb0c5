//! Which line of an overlay file a neighbour is.

use super::{Host, Neighbour, ServentLine};
use std::collections::HashMap;
use std::net::SocketAddrV4;

/// Where lines are among those of a file, by all that neighbours may name them by.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// By the host, as [`Host::canonical`] has it, and the port.
    by_host: HashMap<(String, u16), usize>,
    by_address: HashMap<SocketAddrV4, usize>,
}

impl Places {
    pub(super) fn of(lines: &[ServentLine]) -> Self {
        let mut places = Self::default();
        for (place, line) in lines.iter().enumerate() {
            if let Some(host) = line.host() {
                let name = (Host::canonical(host.as_str()), line.command().port);
                places.by_host.entry(name).or_insert(place);
            }
            if let Some(address) = line.address() {
                places.by_address.entry(address).or_insert(place);
            }
        }
        places
    }

    /// The first line that a neighbour names, by its host and port or by its address.
    pub(super) fn of_neighbour(&self, neighbour: &Neighbour) -> Option<usize> {
        let by_host = self.by_host.get(&(Host::canonical(neighbour.host()), neighbour.port()));
        let by_address = neighbour.address.and_then(|address| self.by_address.get(&address));
        by_host.into_iter().chain(by_address).min().copied()
    }
}
