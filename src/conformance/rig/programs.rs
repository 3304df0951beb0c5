//! Starts programs, waits until they listen, looks how they ended.

use super::control::Control;
use super::{Rig, Setup};
use crate::conformance::conversation::What;
use crate::conformance::probe::{End, Failure, Shown, Stop};
use crate::conformance::words::Words;
use crate::launching::{Ended, Launch, Limits, Placed, Running, Streams, listens_at};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// How long a program may take until it listens. Some are compiled first, and the machine may be busy.
const READY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How often is looked whether it does.
const LOOK_EVERY: Duration = Duration::from_millis(4);

/// How long is waited for the end of a program that may be about to end: it crashed, and is not gone yet.
const END_WAIT: Duration = Duration::from_millis(100);

/// The lines that are told of what a program wrote before it ended.
const LAST_WORDS: usize = 12;

/// The ports that programs are given lie below those that the common systems give to sockets bound to port 0 (from 32768
/// on): none of these, a probe's own or a client's, takes one before the program does.
const PORT_FIRST: u16 = 2_048;
const PORTS: u16 = 9_952;

/// How many were looked at, free or not.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);

/// A program of a rig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramId(pub(super) usize);

#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: Words,
    pub(super) running: Running,
    /// Where it is reached.
    pub(super) address: SocketAddrV4,
    pub(super) control: Option<Control>,
    /// Its end is no failure by itself.
    pub(super) may_end: bool,
}

impl Rig<'_> {
    /// A port that nobody listens on.
    ///
    /// # Errors
    /// What the system says.
    pub fn free_port(&self) -> Result<u16, Stop> {
        // Two checks at the same time start at different places.
        let start = (std::process::id().wrapping_mul(7919) % u32::from(PORTS)) as u16;
        for _ in 0..PORTS {
            let step = NEXT_PORT.fetch_add(1, Ordering::Relaxed) % PORTS;
            let port = PORT_FIRST + (start + step) % PORTS;
            if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
                return Ok(port);
            }
        }
        Err(io::Error::from(io::ErrorKind::AddrInUse).into())
    }

    /// So many of them, all different.
    ///
    /// # Errors
    /// What the system says.
    pub fn free_ports<const N: usize>(&self) -> Result<[u16; N], Stop> {
        let mut ports = [0; N];
        for port in &mut ports {
            *port = self.free_port()?;
        }
        Ok(ports)
    }

    /// Starts a servent, and waits until it listens.
    ///
    /// # Errors
    /// That it does not start; what the system says.
    pub fn start(&mut self, setup: &Setup) -> Result<ProgramId, Stop> {
        let number = self.programs.len() + 1;
        let name = match (number, setup.is_ours) {
            (1, false) => Words::new("servent", "servent"),
            (_, false) => Words::same(format!("servent {number}")),
            (_, true) => Words::made(format!("servent {number} (ours)"), format!("servent {number} (nosso)")),
        };
        let control = (!setup.is_bare).then(|| Control::new(number));
        let pairs = control.as_ref().map(Control::lines).unwrap_or_default();
        let file = self.folder.path().join(format!("{number}.txt"));
        // They stand at both ends: a program may lose the first line, or the last one.
        let has_end = setup.file.is_empty() || setup.file.ends_with(b"\n");
        let end = if has_end { pairs.as_bytes() } else { &[] };
        fs::write(&file, [pairs.as_bytes(), &setup.file, end].concat())?;
        let port = match setup.port {
            Some(port) => port,
            None => self.free_port()?,
        };
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
        let neighbours = setup.neighbours.iter().map(ToString::to_string).collect();
        let placed =
            Placed { port: address.port(), address: address.to_string(), file: Some(file.clone()), neighbours };
        let command = if setup.is_ours {
            let neighbours = setup.neighbours.iter().map(|neighbour| neighbour.to_string().into());
            let own = self.world.ours.iter().cloned();
            own.chain([port.to_string().into(), file.into()]).chain(neighbours).collect()
        } else {
            self.world.command.place(&placed)
        };
        let id = self.launch(name, command, Streams::Pipes, address)?;
        self.programs[id.0].control = control;
        self.await_ready(id, port)?;
        Ok(id)
    }

    /// Starts a program and does not wait for anything.
    ///
    /// # Errors
    /// What the system says.
    pub fn launch(
        &mut self,
        name: Words,
        command: Vec<std::ffi::OsString>,
        streams: Streams,
        address: SocketAddrV4,
    ) -> Result<ProgramId, Stop> {
        let shown: Vec<_> = command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let shown = shlex::try_join(shown.iter().map(String::as_str)).unwrap_or_else(|_| shown.join(" "));
        self.note(Words::made(format!("{} starts: {shown}", name.en), format!("{} começa: {shown}", name.pt)));
        let launch =
            Launch { launcher: self.world.launcher.clone(), command, folder: None, streams, limits: Limits::default() };
        let running = Running::start(&launch)?;
        self.programs.push(Program { name, running, address, control: None, may_end: false });
        Ok(ProgramId(self.programs.len() - 1))
    }

    /// Where a program is reached.
    #[must_use]
    pub fn reach(&self, program: ProgramId) -> SocketAddrV4 {
        self.programs[program.0].address
    }

    /// That a program is reached at this address.
    pub fn is_reached_at(&mut self, program: ProgramId, address: SocketAddrV4) {
        self.programs[program.0].address = address;
    }

    /// That the end of a program is no failure by itself.
    pub fn may_end(&mut self, program: ProgramId) {
        self.programs[program.0].may_end = true;
    }

    /// Types something into a program.
    ///
    /// # Errors
    /// That it has ended.
    pub fn type_in(&mut self, program: ProgramId, bytes: &[u8]) -> Result<(), Stop> {
        self.conversation.note(self.now(), What::Typed(bytes.to_vec()));
        let line = crate::text::escape(bytes.strip_suffix(b"\n").unwrap_or(bytes));
        self.sent.push(Shown::Words(Words::made(format!("typed: {line}"), format!("digitado: {line}"))));
        let running = &mut self.programs[program.0].running;
        match (running.type_in(bytes), running.ended()) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(_)) => Err(self.ended(program)),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Ends a program's input.
    ///
    /// # Errors
    /// What the system says.
    pub fn end_input(&mut self, program: ProgramId) -> Result<(), Stop> {
        self.note(Words::new("its input ends (Ctrl-D)", "sua entrada termina (Ctrl-D)"));
        let running = &mut self.programs[program.0].running;
        match running.end_input() {
            // One that has ended reads nothing any more.
            Err(error) if running.ended().is_none() => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Ends a program that is not needed any more.
    pub fn end(&mut self, program: ProgramId) {
        self.programs[program.0].running.end();
    }

    /// How a program ended, if it has, as it is told with a failure.
    #[must_use]
    pub fn end_of(&mut self, program: ProgramId) -> Option<End> {
        let ended = self.programs[program.0].running.wait(END_WAIT)?;
        // What it started may hold its outputs open.
        self.programs[program.0].running.end();
        let Program { name, running, .. } = &self.programs[program.0];
        let how = Words::made(
            format!("{} ended: {ended}", name.en),
            format!("{} terminou: {}", name.pt, in_portuguese(&ended)),
        );
        let last_words = running.errors().last_lines(LAST_WORDS);
        self.note(how.clone());
        Some(End::Ended { how, last_words })
    }

    /// What a program is, and what it writes.
    pub fn running(&mut self, program: ProgramId) -> &mut Running {
        &mut self.programs[program.0].running
    }

    fn await_ready(&mut self, program: ProgramId, port: u16) -> Result<(), Stop> {
        let deadline = self.now() + READY_WAIT_MAX;
        loop {
            self.go_on()?;
            let running = &mut self.programs[program.0].running;
            if let Some(address) = listens_at(port, || running.members()) {
                let program = &mut self.programs[program.0];
                if !address.is_unspecified() {
                    program.address = SocketAddrV4::new(address, port);
                }
                let (name, address) = (program.name.clone(), SocketAddrV4::new(address, port));
                self.note(Words::made(
                    format!("{} listens at {address}", name.en),
                    format!("{} escuta em {address}", name.pt),
                ));
                return Ok(());
            }
            if running.wait(LOOK_EVERY).is_some() {
                self.all_go_on()?;
            }
            if self.now() >= deadline {
                return Err(self.failure(
                    Shown::Words(Words::made(
                        format!("a UDP socket on port {port}"),
                        format!("um socket UDP no porto {port}"),
                    )),
                    Shown::Nothing,
                    Words::made(
                        format!(
                            "the program runs, but after {} s it has not opened the UDP port that it was told",
                            READY_WAIT_MAX.as_secs()
                        ),
                        format!(
                            "o programa está rodando, mas depois de {} s não abriu o porto UDP que lhe foi indicado",
                            READY_WAIT_MAX.as_secs()
                        ),
                    ),
                ));
            }
        }
    }

    /// Looks whether all servents go on that were started.
    ///
    /// # Errors
    /// That one has ended.
    pub fn all_go_on(&mut self) -> Result<(), Stop> {
        for index in 0..self.programs.len() {
            if self.programs[index].may_end {
                continue;
            }
            if self.programs[index].running.ended().is_some() {
                return Err(self.ended(ProgramId(index)));
            }
        }
        Ok(())
    }

    /// That a program has ended which should go on.
    pub(super) fn ended(&mut self, program: ProgramId) -> Stop {
        let end = self.end_of(program);
        let found = match &end {
            Some(End::Ended { how, .. }) => Shown::Words(how.clone()),
            Some(End::Hangs) | None => Shown::Nothing,
        };
        let failure = Failure {
            sent: self.last_sent(),
            expected: Shown::words("the program goes on", "o programa continua"),
            found,
            explanation: Words::new("the program ended", "o programa terminou"),
            end,
        };
        failure.into()
    }
}

fn in_portuguese(ended: &Ended) -> String {
    match ended {
        Ended::Code(code) => format!("código de saída {code}"),
        Ended::Signal(_) => format!("sinal {ended}"),
        Ended::Stopped => "parado".to_owned(),
        Ended::NotStarted(cause) => format!("não pôde ser iniciado: {cause}"),
    }
}
