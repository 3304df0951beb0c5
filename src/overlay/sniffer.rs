//! What servents on this machine say to each other, captured by a program that may: dumpcap or tcpdump.
//!
//! When it has begun and when all is written is told by datagrams of our own: what is in the capture behind the first of
//! them was captured from the start, and all that was sent before the last of them stands before that.

mod marks;

use crate::launching::{Launch, Limits, Listeners, Running, Streams, exists};
use crossbeam_channel::{Receiver, never};
use marks::{Finder, Marks, Seen};
use parking_lot::Mutex;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::sync::Arc;

/// How many of a program's last lines are looked at for why it ended.
const LAST_WORDS_MAX: usize = 30;

/// A capture that goes on. Dropping it ends it.
#[derive(Debug)]
pub struct Sniffer {
    running: Running,
    marks: Marks,
    /// What could not be written of it.
    failed: Arc<Mutex<Option<io::Error>>>,
}

/// Why there is no capture.
#[derive(Debug)]
pub enum SnifferError {
    /// None of the programs is there, or all of them are refused: each with what it said.
    Refused(Vec<String>),
    /// A signal came.
    Interrupted(i32),
    /// The file can't be made, or there is no socket or process to be had.
    System(io::Error),
}

impl fmt::Display for SnifferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(said) => f.write_str(&said.join("; ")),
            Self::Interrupted(signal) => write!(f, "ended by signal {signal}"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SnifferError {}

/// A program that captures packets.
struct Tool {
    name: &'static str,
    /// Its arguments but for the filter, which comes behind them. It writes to standard output.
    args: &'static [&'static str],
}

/// The first one that works is taken.
const TOOLS: [Tool; 2] = [
    Tool { name: "dumpcap", args: &["-q", "-i", "lo", "-B", "16", "-w", "-", "-f"] },
    Tool { name: "tcpdump", args: &["-i", "lo", "-n", "-U", "--immediate-mode", "-s", "0", "-B", "16384", "-w", "-"] },
];

impl Sniffer {
    /// Captures the UDP datagrams from and to these ports on loopback into `file`, and returns once it does. `launcher` is
    /// the executable that starts programs ([`Launch`]).
    ///
    /// # Errors
    /// [`SnifferError`].
    pub fn start(
        launcher: &Path,
        ports: impl IntoIterator<Item = u16>,
        file: &Path,
        signal_rx: &Receiver<i32>,
    ) -> Result<Self, SnifferError> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).map_err(SnifferError::System)?;
        let own = socket.local_addr().map_err(SnifferError::System)?;
        socket.connect(own).map_err(SnifferError::System)?;
        let filter = filter(ports.into_iter().chain([own.port()]));
        let mut refused = Vec::new();
        for Tool { name, args } in TOOLS {
            if !exists(Path::new(name)) {
                refused.push(format!("{name} is not installed"));
                continue;
            }
            let words = [&[name], args, &[filter.as_str()]].concat();
            let command = words.iter().map(OsString::from).collect();
            let socket = socket.try_clone().map_err(SnifferError::System)?;
            let mut sniffer = Self::launch(launcher, command, file, socket).map_err(SnifferError::System)?;
            match sniffer.marks.await_next(&mut sniffer.running, signal_rx)? {
                Seen::Yes => return Ok(sniffer),
                Seen::NotInTime => refused.push(format!("{name} captures nothing")),
                Seen::Ended => {
                    let said = sniffer.last_words();
                    let prefix = format!("{name}: ");
                    refused.push(prefix.clone() + said.strip_prefix(&prefix).unwrap_or(&said));
                }
            }
        }
        Err(SnifferError::Refused(refused))
    }

    fn launch(launcher: &Path, command: Vec<OsString>, file: &Path, socket: UdpSocket) -> io::Result<Self> {
        let launch = Launch {
            launcher: launcher.to_owned(),
            command,
            folder: None,
            streams: Streams::Pipes,
            limits: Limits::default(),
        };
        let failed = Arc::new(Mutex::new(None));
        let (marks, finder) = Marks::new(socket);
        let mut written = Written { file: File::create(file)?, finder };
        let own_failed = Arc::clone(&failed);
        let output = Box::new(move |bytes: &[u8]| {
            if let Err(error) = written.take(bytes) {
                own_failed.lock().get_or_insert(error);
            }
        });
        let running = Running::start_heard(&launch, Listeners { output, ..Listeners::default() })?;
        Ok(Self { running, marks, failed })
    }

    /// Ends it when all that was sent so far is in it. Returns what there is to say if it is not all there.
    ///
    /// # Errors
    /// What kept it from being written.
    pub fn finish(mut self) -> io::Result<Option<String>> {
        let seen = self.marks.await_next(&mut self.running, &never());
        let ended = self.running.end();
        if let Some(error) = self.failed.lock().take() {
            return Err(error);
        }
        Ok(match seen {
            Ok(Seen::Yes) => {
                let errors = self.running.errors().bytes();
                dropped(&String::from_utf8_lossy(&errors)).map(|count| format!("{count} packets were not captured"))
            }
            Ok(Seen::NotInTime) => Some("it may lack the end".to_owned()),
            Ok(Seen::Ended) => Some(format!("it lacks the end ({ended}): {}", self.last_words())),
            Err(error) => Some(format!("it may lack the end: {error}")),
        })
    }

    /// Why it ended, as it says.
    fn last_words(&mut self) -> String {
        self.running.end();
        let said = self.running.errors().last_lines(LAST_WORDS_MAX);
        // Advice follows, of several lines.
        let cause = said.iter().find(|line| line.contains("permission")).or(said.last());
        cause.map_or_else(|| "it ended without a word".to_owned(), |line| line.trim().to_owned())
    }
}

/// The capture on its way into its file.
struct Written {
    file: File,
    finder: Finder,
}

impl Written {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        // Whoever waits for what is in the file finds it there.
        self.finder.take(bytes);
        written
    }
}

/// The filter for these ports, in the language of both programs.
fn filter(ports: impl IntoIterator<Item = u16>) -> String {
    let mut ports: Vec<_> = ports.into_iter().collect();
    ports.sort_unstable();
    ports.dedup();
    let runs = ports.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => format!("port {one}"),
        [first, .., last] => format!("portrange {first}-{last}"),
        [] => String::new(),
    });
    format!("udp and ({})", runs.collect::<Vec<_>>().join(" or "))
}

/// How many packets were lost, as the programs say at their end; `None` if none.
fn dropped(said: &str) -> Option<u64> {
    let by_tcpdump =
        |line: &str| -> Option<u64> { line.strip_suffix(" packets dropped by kernel")?.trim().parse().ok() };
    let by_dumpcap = |line: &str| -> Option<u64> {
        let (_, counts) = line.strip_prefix("Packets received/dropped on interface ")?.rsplit_once("': ")?;
        counts.split_once('/')?.1.split(' ').next()?.parse().ok()
    };
    let counts = said.lines().filter_map(|line| by_tcpdump(line).or_else(|| by_dumpcap(line)));
    Some(counts.sum()).filter(|count: &u64| *count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_ports_are_a_range() {
        assert_eq!(filter([6003, 6001, 6002, 9, 6005, 9]), "udp and (port 9 or portrange 6001-6003 or port 6005)");
        assert_eq!(filter([65_534, 65_535]), "udp and (portrange 65534-65535)");
    }

    #[test]
    fn lost_packets_are_read_in_what_both_programs_say() {
        let dumpcap =
            "Packets captured: 7\nPackets received/dropped on interface 'Loopback: lo': 7/3 (pcap:3/dumpcap:0)";
        assert_eq!(dropped(dumpcap), Some(3));
        assert_eq!(dropped("2 packets captured\n4 packets received by filter\n5 packets dropped by kernel\n"), Some(5));
        assert_eq!(dropped("0 packets dropped by kernel\n"), None);
        assert_eq!(dropped("tcpdump: listening on lo"), None);
    }
}
