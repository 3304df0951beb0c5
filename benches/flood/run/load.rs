//! The load: closed loops of requests and answers.

use super::Fallible;
use super::net::{SILENCE, SILENCES, STALL, Slots, Watch, bind, enable_gro, local_addr, send_equal, set_patience};
use super::workload::{Dialect, Ledger, Values, Workload};
use nix::sys::socket::MsgFlags;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// What one go at a contestant did.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Requests sent: each should be answered.
    pub(crate) sent: u64,
    pub(crate) answered: u64,
    pub(crate) lost: u64,
    /// Datagrams sent that nobody answers.
    pub(crate) noise: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Nanoseconds from request to answer, where it was measured.
    pub(crate) latencies: Vec<u64>,
}

impl Outcome {
    pub(crate) fn of(ledger: &Ledger, elapsed: Duration) -> Self {
        let Ledger { sent, answered, lost, .. } = *ledger;
        Self { sent, answered, lost, elapsed, ..Self::default() }
    }

    /// Counts what `other` did as well.
    pub(crate) fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.lost += other.lost;
        self.noise += other.noise;
        self.elapsed += other.elapsed;
        self.latencies.extend(other.latencies);
    }
}

/// Says whether the kernel has dropped something in this go.
pub(crate) type Drops<'a> = &'a dyn Fn() -> bool;

/// A source of load that is used many times.
pub(crate) trait Generator {
    /// Loads the contestant for `length`, and waits for the last answers, the longer if no `drops` explain that they
    /// are missing.
    ///
    /// # Errors
    /// A wrong answer, or a system call that failed.
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome>;

    /// The ports that answers come to.
    fn ports(&self) -> Vec<u16>;
}

/// Who is asked, and whom the answers come from.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    pub(crate) asked: SocketAddrV4,
    pub(crate) answers_from: SocketAddrV4,
}

/// One socket that asks and is answered in batches.
pub(crate) struct Asker {
    pub(crate) socket: UdpSocket,
    pub(crate) workload: Workload,
    target: Target,
    slots: Slots,
    offload: bool,
    bytes: Vec<u8>,
}

impl Asker {
    /// `dialect` gets the socket's own address.
    pub(crate) fn new(
        target: Target,
        dialect: &dyn Fn(SocketAddrV4) -> Dialect,
        values: Values,
        offload: bool,
    ) -> Fallible<Self> {
        let socket = bind(Ipv4Addr::LOCALHOST, 0)?;
        set_patience(&socket, STALL)?;
        if offload {
            enable_gro(&socket)?;
        }
        let workload = Workload::new(dialect(local_addr(&socket)), values);
        Ok(Self { socket, workload, target, slots: Slots::new(), offload, bytes: Vec::new() })
    }

    /// Sends `count` requests.
    pub(crate) fn ask(&mut self, count: u64, ledger: &mut Ledger) -> Fallible<()> {
        self.bytes.clear();
        for _ in 0..count {
            ledger.sent(self.workload.next(&mut self.bytes));
        }
        send_equal(&self.socket, &self.bytes, self.workload.request_len(), self.target.asked, self.offload)
    }

    /// Sends bytes that are no request of the workload, in datagrams of `len` bytes.
    pub(crate) fn send(&self, bytes: &[u8], len: usize) -> Fallible<()> {
        send_equal(&self.socket, bytes, len, self.target.asked, self.offload)
    }

    /// Waits for answers that seem lost.
    pub(crate) fn hear_late(&mut self, ledger: &mut Ledger, drops: Drops<'_>) -> Fallible<()> {
        set_patience(&self.socket, SILENCE)?;
        let mut silences = 0;
        while ledger.lost > 0 && silences < SILENCES {
            if self.hear(ledger)? == 0 {
                silences += if drops() { SILENCES } else { 1 };
            }
        }
        set_patience(&self.socket, STALL)
    }

    /// Waits for answers and checks them; returns how many came. If none did, what is under way is given up.
    pub(crate) fn hear(&mut self, ledger: &mut Ledger) -> Fallible<usize> {
        let (mut checked, workload, answers_from) = (Ok(()), &self.workload, self.target.answers_from);
        let heard = self.slots.receive(&self.socket, MsgFlags::empty(), |from, answer| {
            let mut check = || {
                if SocketAddrV4::from(from) != answers_from {
                    return Err(format!("an answer from {from} instead of {answers_from}"));
                }
                ledger.answered(workload.check(answer)?)
            };
            if checked.is_ok() {
                checked = check();
            }
        })?;
        checked?;
        if heard == 0 {
            ledger.give_up();
        }
        Ok(heard)
    }
}

/// One client with many requests in flight.
pub(crate) struct OneClient {
    pub(crate) asker: Asker,
    pub(crate) in_flight: u64,
}

impl Generator for OneClient {
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome> {
        let mut ledger = Ledger::new();
        let start = Instant::now();
        let mut elapsed = Duration::ZERO;
        loop {
            if elapsed < length && ledger.in_flight < self.in_flight {
                self.asker.ask(self.in_flight - ledger.in_flight, &mut ledger)?;
            }
            if ledger.in_flight == 0 {
                self.asker.hear_late(&mut ledger, drops)?;
                return Ok(Outcome::of(&ledger, elapsed));
            }
            self.asker.hear(&mut ledger)?;
            elapsed = start.elapsed();
        }
    }

    fn ports(&self) -> Vec<u16> {
        vec![local_addr(&self.asker.socket).port()]
    }
}

/// Many clients with one request in flight each, on one thread.
pub(crate) struct ManyClients {
    sockets: Vec<UdpSocket>,
    watch: Watch,
    workload: Workload,
}

impl ManyClients {
    pub(crate) fn new(target: Target, dialect: Dialect, values: Values, clients: usize) -> Fallible<Self> {
        let sockets: Vec<_> = (0..clients).map(|_| connected(target)).collect::<Fallible<_>>()?;
        for socket in &sockets {
            socket.set_nonblocking(true).map_err(|error| error.to_string())?;
        }
        Ok(Self { watch: Watch::new(&sockets)?, sockets, workload: Workload::new(dialect, values) })
    }
}

fn ask_one(socket: &UdpSocket, workload: &mut Workload, ledger: &mut Ledger) -> Fallible<()> {
    let mut request = Vec::with_capacity(32);
    ledger.sent(workload.next(&mut request));
    socket.send(&request).map_err(|error| format!("send: {error}"))?;
    Ok(())
}

impl Generator for ManyClients {
    fn load(&mut self, length: Duration, drops: Drops<'_>) -> Fallible<Outcome> {
        let Self { sockets, watch, workload } = self;
        let mut ledger = Ledger::new();
        let mut answer = [0; 2048];
        let start = Instant::now();
        let mut elapsed = Duration::ZERO;
        let mut silences = 0;
        // Under load until the time is over, then until the last answers are there.
        loop {
            let is_loaded = elapsed < length;
            if is_loaded && ledger.in_flight == 0 {
                sockets.iter().try_for_each(|socket| ask_one(socket, workload, &mut ledger))?;
            }
            let clients = watch.ready(if is_loaded { STALL } else { SILENCE })?;
            let ready = clients.len();
            if ready == 0 {
                ledger.give_up();
                silences += if is_loaded {
                    0
                } else if drops() {
                    SILENCES
                } else {
                    1
                };
            }
            for client in clients {
                let Some(len) = receive_one(&sockets[client], &mut answer)? else { continue };
                ledger.answered(workload.check(&answer[..len])?)?;
                if is_loaded {
                    ask_one(&sockets[client], workload, &mut ledger)?;
                }
            }
            if ready > 0 || is_loaded {
                elapsed = start.elapsed();
            }
            if !is_loaded && ledger.in_flight == 0 && (ledger.lost == 0 || silences >= SILENCES) {
                return Ok(Outcome::of(&ledger, elapsed));
            }
        }
    }

    fn ports(&self) -> Vec<u16> {
        self.sockets.iter().map(|socket| local_addr(socket).port()).collect()
    }
}

/// The length of one datagram; `None` if none came in time.
pub(crate) fn receive_one(socket: &UdpSocket, buffer: &mut [u8]) -> Fallible<Option<usize>> {
    loop {
        match socket.recv(buffer) {
            Ok(len) => return Ok(Some(len)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(format!("recv: {error}")),
        }
    }
}

pub(crate) fn connected(target: Target) -> Fallible<UdpSocket> {
    let socket = bind(Ipv4Addr::LOCALHOST, 0)?;
    socket.connect(target.asked).map_err(|error| format!("cannot connect to {}: {error}", target.asked))?;
    Ok(socket)
}
