//! A contestant's processes and neighbours.

use super::Fallible;
use super::baselines::ROLE;
use super::load::Target;
use super::process::{Process, Usage};
use super::scenarios::{Entry, Load, Program, Scenario, Topology};
use super::sinks::Sinks;
use super::workload::{KEYS, Values, memcached_sets, pairs_file, query};
use servent::load::sockets::{bind, local_addr};
use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

const SERVENT: &str = env!("CARGO_BIN_EXE_serventTP3");
const PYTHON_SERVENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/flood/servent.py");

/// How long the answer to a first request is waited for: whoever just starts does not hear it.
const START: Duration = Duration::from_millis(20);
/// How often it is asked.
const STARTS: usize = 500;

/// Running processes that serve one load.
pub(crate) struct Cluster {
    pub(crate) processes: Vec<Process>,
    pub(crate) ports: Vec<u16>,
    pub(crate) target: Target,
    pub(crate) sinks: Option<Sinks>,
}

impl Cluster {
    /// Starts everything, with the neighbours on `core` if there is one, and waits until it answers.
    pub(crate) fn start(entry: Entry, scenario: &Scenario, core: Option<usize>, folder: &Path) -> Fallible<Self> {
        let (program, topology, values) = (entry.program, scenario.topology, scenario.values);
        let (pairs, elsewhere) = (folder.join("pairs.txt"), folder.join("elsewhere.txt"));
        let write = |path: &Path, text: &str| {
            fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        write(&pairs, &pairs_file(values))?;
        write(&elsewhere, "elsewhere\tall keys are at the far end\n")?;
        let servents = if topology == Topology::Line { 3 } else { 1 };
        let addresses: Vec<_> = (0..servents).map(|_| free_address()).collect::<Fallible<_>>()?;
        let sinks = match topology {
            Topology::Neighbours(kind) => {
                Some(Sinks::start(kind, if entry.load == Load::Queries { 2 } else { 3 }, core)?)
            }
            Topology::Alone | Topology::Line => None,
        };
        let mut processes = Vec::new();
        for (index, &address) in addresses.iter().enumerate() {
            let mut neighbours = sinks.as_ref().map_or_else(Vec::new, |sinks| sinks.addresses.clone());
            neighbours.extend(index.checked_sub(1).map(|before| addresses[before]));
            neighbours.extend(addresses.get(index + 1));
            let file = if index + 1 == servents { &pairs } else { &elsewhere };
            let mut command = program.command(address, file, &neighbours)?;
            processes.push(Process::start(&mut command, program.is_servent())?);
        }
        let target = Target { asked: addresses[0], answers_from: addresses[servents - 1] };
        let ports = addresses.iter().map(SocketAddrV4::port).collect();
        let mut cluster = Self { processes, ports, target, sinks };
        cluster.wait_until_ready(entry, values)?;
        Ok(cluster)
    }

    pub(crate) fn usage(&self) -> Usage {
        self.processes.iter().map(Process::usage).fold(Usage::default(), |sum, usage| Usage {
            cpu_nanos: sum.cpu_nanos + usage.cpu_nanos,
            switches: sum.switches + usage.switches,
        })
    }

    fn wait_until_ready(&mut self, entry: Entry, values: Values) -> Fallible<()> {
        let socket = bind(Ipv4Addr::LOCALHOST, 0)?;
        socket.set_read_timeout(Some(START)).map_err(|error| format!("SO_RCVTIMEO: {error}"))?;
        let sets = memcached_sets(values);
        let is_memcached = entry.program == Program::Memcached;
        let first = match entry.load {
            _ if is_memcached => sets[0].clone(),
            Load::Queries => query(3, local_addr(&socket)?, 0, "key-00000000"),
            _ => b"\0\x01key-00000000".to_vec(),
        };
        self.ask(&socket, &first)?;
        if is_memcached {
            for set in &sets[1..KEYS] {
                self.ask(&socket, set)?;
            }
        }
        Ok(())
    }

    /// Asks until there is an answer.
    fn ask(&mut self, socket: &UdpSocket, request: &[u8]) -> Fallible<()> {
        let mut answer = [0; 2048];
        for _ in 0..STARTS {
            socket.send_to(request, self.target.asked).map_err(|error| format!("send_to: {error}"))?;
            if socket.recv_from(&mut answer).is_ok() {
                return Ok(());
            }
            self.processes.iter_mut().try_for_each(Process::check_alive)?;
        }
        Err("a contestant does not answer its first request".to_owned())
    }
}

impl Program {
    pub(crate) fn is_servent(self) -> bool {
        matches!(self, Self::Servent | Self::ServentQueue | Self::ServentPlain)
    }

    /// Why it can't be measured here.
    pub(crate) fn unavailable(self) -> Option<&'static str> {
        let runs = |program, arguments: &[&str]| {
            let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success())
        };
        match self {
            Self::Python if !runs("python3", &["--version"]) => Some("python3 is not installed"),
            Self::Memcached if !runs("memcached", &["--version"]) => Some("memcached is not installed"),
            Self::ServentQueue | Self::ServentPlain if !runs(SERVENT, &[self.options(), &["--help"]].concat()) => {
                Some("serventTP3 does not know the option")
            }
            _ => None,
        }
    }

    /// What is said to a servent besides its port, file and neighbours.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::ServentQueue => &["--hand-over", "queue"],
            Self::ServentPlain => &["--no-offload"],
            _ => &[],
        }
    }

    fn command(self, address: SocketAddrV4, file: &Path, neighbours: &[SocketAddrV4]) -> Fallible<Command> {
        let port = address.port().to_string();
        let mut command = match self {
            Self::Servent | Self::ServentQueue | Self::ServentPlain => {
                let mut command = Command::new(SERVENT);
                command.args(self.options());
                command
            }
            Self::Echo | Self::Simple | Self::SimpleSendmmsg => {
                let mut command = Command::new(env::current_exe().map_err(|error| error.to_string())?);
                command.args([ROLE, self.name()]);
                command
            }
            Self::Python => {
                let mut command = Command::new("python3");
                command.arg(PYTHON_SERVENT);
                command
            }
            Self::Memcached => {
                let mut command = Command::new("memcached");
                command.args(["-t", "1", "-U", &port, "-p", "0", "-l", "127.0.0.1", "-m", "64", "-u", "nobody"]);
                return Ok(command);
            }
        };
        command.env_remove("RUST_LOG").arg(port).arg(file).args(neighbours.iter().map(ToString::to_string));
        Ok(command)
    }
}

/// An address that nobody listens at, below the ports that the system hands out by itself.
fn free_address() -> Fallible<SocketAddrV4> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 20_000 + process::id() as u16 % 8_000;
    for _ in 0..1000 {
        let port = base + NEXT.fetch_add(1, Ordering::Relaxed);
        if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return Ok(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        }
    }
    Err("no free port".to_owned())
}
