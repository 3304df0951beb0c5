//! A running serventTP3.

#[cfg(target_os = "linux")]
use super::stall::StalledPipe;
use super::{Counters, Finished, Program, SERVENT, ports, processes};
use nix::sys::signal::Signal;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::Command;

/// Another program can take a port between the reservation and the servent's bind: so many ports are tried.
const PORTS_TRIED_MAX: u32 = 5;

/// A servent that listens on all interfaces and is spoken to on 127.0.0.1.
pub(crate) struct Servent {
    program: Program,
    addr: SocketAddrV4,
    banner: String,
    /// Its standard error, where that is not read before the end.
    #[cfg(target_os = "linux")]
    unread: Option<StalledPipe>,
}

impl Servent {
    /// Starts one and waits until it listens. Each of `args` follows the port and the file: neighbours and options.
    pub(crate) fn start(file: &Path, args: &[String]) -> Self {
        Self::start_knowing_its_port(file, |_| args.to_vec())
    }

    /// The same, where the arguments depend on the servent's own port.
    pub(crate) fn start_knowing_its_port(file: &Path, args: impl Fn(u16) -> Vec<String>) -> Self {
        Self::start_command(|port| Program::command(SERVENT, Self::words(port, file, &args(port))))
    }

    /// The same with a command that becomes a servent at the port that it is given.
    pub(crate) fn start_command(command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..PORTS_TRIED_MAX {
            let port = ports::free();
            let mut command = command(port);
            match Self::listen(port, &mut command) {
                Ok(servent) => return servent,
                Err(said) => assert!(said.contains("in use"), "{command:?} does not listen: {said}"),
            }
        }
        panic!("{PORTS_TRIED_MAX} ports that were free a moment before are in use");
    }

    /// The same on a port that nobody else can take: in a network of the test's own.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_at(port: u16, file: &Path, args: &[String]) -> Self {
        Self::start_command_at(port, &mut Program::command(SERVENT, Self::words(port, file, args)))
    }

    /// The same, and what it says behind its banner is not read before it stops.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_unread_at(port: u16, file: &Path, args: &[String]) -> Self {
        let (mut pipe, writer) = StalledPipe::empty();
        let program = Program::spawn(Program::command(SERVENT, Self::words(port, file, args)).stderr(writer));
        let banner = pipe.read_until("listening on");
        Self { unread: Some(pipe), ..Self::new(program, port, banner) }
    }

    /// The same with a command that becomes a servent.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_command_at(port: u16, command: &mut Command) -> Self {
        Self::listen(port, command).unwrap_or_else(|said| panic!("{command:?} does not listen: {said}"))
    }

    /// The words of a command line.
    pub(crate) fn words(port: u16, file: &Path, args: &[String]) -> Vec<String> {
        [&[port.to_string(), file.to_str().unwrap().to_owned()], args].concat()
    }

    /// Starts one and waits until it listens; if it ends instead, what it said.
    fn listen(port: u16, command: &mut Command) -> Result<Self, String> {
        let mut program = Program::spawn(command);
        // The error message says on what it would be listening.
        match program.stderr.wait_for("listening on").filter(|line| !line.contains("in use")) {
            Some(banner) => Ok(Self::new(program, port, banner)),
            None => Err(program.stderr.text()),
        }
    }

    fn new(program: Program, port: u16, banner: String) -> Self {
        let addr = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        Self {
            program,
            addr,
            banner,
            #[cfg(target_os = "linux")]
            unread: None,
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
        #[cfg(target_os = "linux")]
        let rest = self.unread.map(StalledPipe::read_to_end_in_background);
        #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "there its standard error is always read"))]
        let mut finished = self.program.finish_by(signal);
        #[cfg(target_os = "linux")]
        if let Some(rest) = rest {
            finished.stderr = rest.join().unwrap();
        }
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
        assert!(finished.stdout.is_empty(), "stdout: {}", finished.stdout.escape_ascii());
        let counters = Counters::parse(&finished.stderr);
        counters.check_identities();
        (finished, counters)
    }
}
