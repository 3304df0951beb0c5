//! A servent to be started.

use std::net::SocketAddrV4;

/// A servent to be started.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    pub(super) file: Vec<u8>,
    pub(super) neighbours: Vec<SocketAddrV4>,
    pub(super) port: Option<u16>,
    pub(super) is_ours: bool,
    pub(super) is_bare: bool,
}

impl Setup {
    /// One with these lines in its key-value file. Pairs of the rig's own, for control questions,
    /// stand before them, and behind them if they end with a line's end.
    #[must_use]
    pub fn new(file: impl Into<Vec<u8>>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    /// With these neighbours.
    #[must_use]
    pub fn neighbours(mut self, neighbours: impl IntoIterator<Item = SocketAddrV4>) -> Self {
        self.neighbours = neighbours.into_iter().collect();
        self
    }

    /// On this port; it is a free one otherwise.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Ours, and not the program under test.
    #[must_use]
    pub fn ours(mut self) -> Self {
        self.is_ours = true;
        self
    }

    /// Without the pairs for control questions: the file is byte for byte as given. Silence means little then.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.is_bare = true;
        self
    }
}
