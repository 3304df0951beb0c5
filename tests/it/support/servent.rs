//! A running serventTP3.

use super::{Counters, Finished, Program, SERVENT, ports, processes};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;

/// Another program can take a port between the reservation and the servent's bind: so many ports are tried.
const PORTS_TRIED_MAX: u32 = 5;

/// A servent that listens on all interfaces and is spoken to on 127.0.0.1.
pub(crate) struct Servent {
    program: Program,
    addr: SocketAddrV4,
    banner: String,
}

impl Servent {
    /// Starts one and waits until it listens. Each of `args` follows the port and the file: neighbours and options.
    pub(crate) fn start(file: &Path, args: &[String]) -> Self {
        Self::start_knowing_its_port(file, |_| args.to_vec())
    }

    /// The same, where the arguments depend on the servent's own port.
    pub(crate) fn start_knowing_its_port(file: &Path, args: impl Fn(u16) -> Vec<String>) -> Self {
        for _ in 0..PORTS_TRIED_MAX {
            let port = ports::free();
            let all = Self::words(port, file, &args(port));
            match Self::listen(port, &all) {
                Ok(servent) => return servent,
                Err(said) => assert!(said.contains("in use"), "{SERVENT} {all:?} does not listen: {said}"),
            }
        }
        panic!("{PORTS_TRIED_MAX} ports that were free a moment before are in use");
    }

    /// The same on a port that nobody else can take: in a network of the test's own.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_at(port: u16, file: &Path, args: &[String]) -> Self {
        let all = Self::words(port, file, args);
        Self::listen(port, &all).unwrap_or_else(|said| panic!("{SERVENT} {all:?} does not listen: {said}"))
    }

    fn words(port: u16, file: &Path, args: &[String]) -> Vec<String> {
        [&[port.to_string(), file.to_str().unwrap().to_owned()], args].concat()
    }

    /// Starts one and waits until it listens; if it ends instead, what it said.
    fn listen(port: u16, words: &[String]) -> Result<Self, String> {
        let mut program = Program::start(SERVENT, words);
        // The error message says on what it would be listening.
        match program.stderr.wait_for("listening on").filter(|line| !line.contains("in use")) {
            Some(banner) => Ok(Self { program, addr: SocketAddrV4::new(Ipv4Addr::LOCALHOST, port), banner }),
            None => Err(program.stderr.text()),
        }
    }

    pub(crate) fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    pub(crate) fn banner(&self) -> &str {
        &self.banner
    }

    pub(crate) fn pid(&self) -> i32 {
        self.program.pid()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// Runs `meanwhile` while the servent is stopped (SIGSTOP) and what comes waits for it.
    pub(crate) fn while_paused(&self, meanwhile: impl FnOnce()) {
        processes::pause(self.pid());
        meanwhile();
        self.signal(Signal::SIGCONT);
    }

    /// The next line on standard error that contains `text`.
    pub(crate) fn expect_line(&mut self, text: &str) -> String {
        self.program.stderr.expect(text)
    }

    /// Whether it has said `text` on standard error so far.
    pub(crate) fn has_said(&mut self, text: &str) -> bool {
        self.program.stderr.take_waiting();
        self.program.stderr.text().contains(text)
    }

    /// Ends it by SIGTERM: clean, silent on standard output, with counters that add up.
    pub(crate) fn stop(self) -> Counters {
        self.stop_by(Signal::SIGTERM).1
    }

    /// Ends it by `signal`, with the same checks.
    pub(crate) fn stop_by(self, signal: Signal) -> (Finished, Counters) {
        let finished = self.program.finish_by(signal);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(finished.stdout.is_empty(), "stdout: {}", finished.stdout.escape_ascii());
        let counters = Counters::parse(&finished.stderr);
        counters.check_identities();
        (finished, counters)
    }
}
