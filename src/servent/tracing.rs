//! The trace of a servent: its file opened, its writer started and, at the end, waited for.

use super::StartError;
use crate::actor::clock::SystemClock;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::actor::tracer::{self, Ledger, Tap};
use crate::net;
use crate::trace::Scribe;
use crate::types::Neighbours;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a stop waits for the rest of the trace. A disk or reader that takes longer costs the rest, not the stop.
const REST_WAIT_MAX: Duration = Duration::from_millis(500);

/// The trace that a servent writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceTarget {
    /// To standard output.
    StandardOutput,
    /// To this file, from its beginning.
    File(PathBuf),
}

/// A trace that is being written.
#[derive(Debug)]
pub(super) struct Tracing {
    crew: Crew,
    ledger: Ledger,
}

impl Tracing {
    /// Opens `target` and starts the writer. Whoever holds the tap keeps it running. That nothing can be written there
    /// is no error: it is logged, and counted.
    pub(super) fn start(
        target: &TraceTarget,
        kv_file: &Path,
        node: SocketAddrV4,
        neighbours: &Neighbours,
        clock: SystemClock,
    ) -> Result<(Self, Tap), StartError> {
        let refuse = |error| StartError::Trace(target.clone(), error);
        let file = target.open(kv_file).map_err(refuse)?;
        let anchor = clock.anchor().map_err(StartError::System)?;
        let scribe = Scribe::new(node, anchor.monotonic_nanos);
        let mut first_line = Vec::new();
        scribe.start(&mut first_line, anchor.wall_nanos, neighbours);

        let (tap, event_rx, ledger) = tracer::tap();
        let (mut crew, numbers) = (Crew::default(), ledger.clone());
        crew.spawn("tracer", move || tracer::run(file, &first_line, &scribe, &event_rx, &numbers, &clock))
            .map_err(StartError::System)?;
        Ok((Self { crew, ledger }, tap))
    }

    /// Events that are missing from the file so far.
    pub(super) fn dropped(&self) -> u64 {
        self.ledger.dropped()
    }

    /// Waits for the rest to be written, once every tap is gone, and returns how many events are missing.
    pub(super) fn finish(self) -> (u64, Result<(), ActorPanicked>) {
        let Self { crew, ledger } = self;
        if crew.ended().recv_timeout(REST_WAIT_MAX).is_ok() {
            let outcome = crew.join();
            // One that panicked left things behind.
            return (ledger.dropped() + ledger.pending(), outcome);
        }
        log::warn!(
            "the trace is cut short: what it is written to takes too long (trace_dropped counts what is missing)"
        );
        (ledger.dropped() + ledger.pending(), Ok(()))
    }
}

impl TraceTarget {
    /// Opens the file, emptied if it is an ordinary one. The key-value file is refused, and so is a pipe that nobody
    /// reads: opening it would wait for somebody who does.
    fn open(&self, kv_file: &Path) -> io::Result<File> {
        let path = match self {
            Self::StandardOutput => return Ok(io::stdout().as_fd().try_clone_to_owned()?.into()),
            Self::File(path) => path,
        };
        let mut options = OpenOptions::new();
        // Behind what is there, so that a file that somebody empties meanwhile has no hole.
        options.append(true).create(true).custom_flags(OFlag::O_NONBLOCK.bits());
        let file = options.open(path).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENXIO) => io::Error::other("nobody reads this pipe: start its reader first"),
            _ => error,
        })?;
        let found = file.metadata()?;
        let identity = |metadata: &Metadata| (metadata.dev(), metadata.ino());
        if kv_file.metadata().is_ok_and(|kv_file| identity(&kv_file) == identity(&found)) {
            return Err(io::Error::other("it is the key-value file: name another one"));
        }
        if found.is_file() {
            file.set_len(0)?;
        }
        let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
        fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
        Ok(file)
    }
}

impl std::fmt::Display for TraceTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardOutput => f.write_str("standard output"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// The address by which a servent bound to `local` names itself: that one or, if it listens on every interface, the
/// one that its first neighbour sees, and without neighbours the first by which a client can reach it.
pub(super) fn own_name(local: SocketAddrV4, neighbours: &Neighbours) -> SocketAddrV4 {
    if !local.ip().is_unspecified() {
        return local;
    }
    let seen = neighbours.as_slice().first().and_then(|&neighbour| net::source_towards(neighbour));
    let ip = seen.or_else(|| net::own_addresses().first().copied());
    SocketAddrV4::new(ip.unwrap_or(Ipv4Addr::LOCALHOST), local.port())
}
