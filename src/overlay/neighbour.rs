//! A neighbour in a line of an overlay file.

use std::net::SocketAddrV4;

/// A neighbour, as a command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// As typed.
    pub typed: String,
    /// Its address, if that can be told without resolving a name.
    pub address: Option<SocketAddrV4>,
    /// Where the servent of the overlay file that it is says that it listens (`--bind`). Nobody listens at what was typed.
    pub(super) bound: Option<SocketAddrV4>,
}

impl Neighbour {
    /// A neighbour of a command line, by what was typed, and its address if that can be told without resolving a name.
    #[must_use]
    pub fn new(typed: String, address: Option<SocketAddrV4>) -> Self {
        Self { typed, address, bound: None }
    }

    /// Where datagrams to it are sent: `IP:PORT` or `NAME:PORT`.
    pub(super) fn reached(&self) -> String {
        self.bound.map_or_else(|| self.typed.clone(), |address| address.to_string())
    }

    /// The port, which every neighbour has.
    pub(super) fn port(&self) -> u16 {
        let port = self.typed.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        port.expect("a checked neighbour ends with its port")
    }

    /// The host, as typed.
    pub(super) fn host(&self) -> &str {
        self.typed.rsplit_once(':').map_or(&self.typed, |(host, _)| host)
    }

    pub(super) fn shift(&mut self, shift: impl Fn(u16) -> u16) {
        let port = shift(self.port());
        if let Some((host, _)) = self.typed.rsplit_once(':') {
            self.typed = format!("{host}:{port}");
        }
        for address in self.address.iter_mut().chain(&mut self.bound) {
            address.set_port(port);
        }
    }
}
