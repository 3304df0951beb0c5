//! A client under test, with a servent's sockets around it.

use super::timing::Timing;
use crate::conformance::bytes::{Kind, find, message};
use crate::conformance::framing::Framing;
use crate::conformance::isolation::LAN_ADDRESS;
use crate::conformance::probe::{Shown, Stop};
use crate::conformance::rig::{Datagram, PeerId, ProgramId, Rig, World};
use crate::conformance::words::Words;
use crate::launching::Placed;
use crate::launching::Streams;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// How long a client may take to send its first question: it starts meanwhile.
pub const FIRST_QUESTION_WAIT_MAX: Duration = Duration::from_secs(30);

/// Another address of this host than the one that clients are told.
const OTHER_LOOPBACK: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A client, which runs in a terminal of its own, and the servent that it asks.
#[derive(Debug)]
pub struct ClientRig<'r, 'w> {
    /// What it stands on: sockets, time, failures.
    pub rig: &'r mut Rig<'w>,
    /// The client.
    pub program: ProgramId,
    /// The servent that it was told to ask.
    pub servent: PeerId,
    /// The key that was asked for last, as the client wrote it: with a line end if it did.
    key_as_written: Vec<u8>,
    /// The same as it was typed.
    key_as_typed: Vec<u8>,
}

impl<'r, 'w> ClientRig<'r, 'w> {
    /// Starts the client, with a servent for it to ask. Nothing is waited for: what is typed at once is read later.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(rig: &'r mut Rig<'w>) -> Result<Self, Stop> {
        Self::start_at(rig, Ipv4Addr::LOCALHOST)
    }

    /// The same, with a servent at another address than 127.0.0.1.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start_elsewhere(rig: &'r mut Rig<'w>) -> Result<Self, Stop> {
        let address = if rig.world().is_isolated { LAN_ADDRESS } else { OTHER_LOOPBACK };
        Self::start_at(rig, address)
    }

    fn start_at(rig: &'r mut Rig<'w>, address: Ipv4Addr) -> Result<Self, Stop> {
        let servent = rig.peer_at(Words::new("servent", "servent"), SocketAddrV4::new(address, 0))?;
        let address = rig.address(servent);
        let placed = Placed { port: address.port(), address: address.to_string(), file: None, neighbours: Vec::new() };
        let command = rig.world().command.place(&placed);
        // Where it is is known from its first question on.
        let nowhere = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
        let program = rig.launch(Words::new("client", "cliente"), command, Streams::Terminal, nowhere)?;
        rig.may_end(program);
        Ok(Self { rig, program, servent, key_as_written: Vec::new(), key_as_typed: Vec::new() })
    }

    /// Another servent, on another port of 127.0.0.1.
    pub(super) fn other_servent(&mut self, number: usize) -> Result<PeerId, Stop> {
        self.rig.peer(Words::same(format!("servent {number}")))
    }

    /// Another servent, at another address.
    pub(super) fn far_servent(&mut self, number: usize) -> Result<PeerId, Stop> {
        self.rig.peer_at(Words::same(format!("servent {number}")), SocketAddrV4::new(OTHER_LOOPBACK, 0))
    }

    /// Types a key and Enter.
    ///
    /// # Errors
    /// That the client has ended or reads nothing.
    pub fn type_key(&mut self, key: &[u8]) -> Result<(), Stop> {
        self.rig.type_in(self.program, &[key, b"\n"].concat())
    }

    /// What came to the servent so far.
    pub(super) fn questions(&self) -> Vec<Datagram> {
        self.rig.received(self.servent)
    }

    /// Awaits the client's next question, if `count` came before, at its servent.
    ///
    /// # Errors
    /// What the system says.
    pub fn await_question(&mut self, count: usize, wait_max: Duration) -> Result<Option<Datagram>, Stop> {
        let servent = self.servent;
        let mut look = |rig: &Rig<'_>| rig.received(servent).into_iter().nth(count);
        let question = self.rig.await_that(&mut look, wait_max)?;
        if let Some(question) = &question {
            self.rig.is_reached_at(self.program, question.from);
        }
        Ok(question)
    }

    /// Types a key, and awaits the first question that comes of it.
    ///
    /// # Errors
    /// That none comes.
    pub fn ask(&mut self, key: &[u8]) -> Result<Datagram, Stop> {
        let count = self.questions().len();
        self.type_key(key)?;
        self.first_question(count, key)
    }

    /// Awaits the question for a key that was typed, if `count` came before.
    ///
    /// # Errors
    /// That none comes.
    pub(super) fn first_question(&mut self, count: usize, key: &[u8]) -> Result<Datagram, Stop> {
        let question = self.await_question(count, FIRST_QUESTION_WAIT_MAX)?;
        let explanation = Words::new(
            "a key was typed, and the client sent its servent nothing",
            "uma chave foi digitada, e o cliente não enviou nada ao seu servent",
        );
        match question {
            Some(question) => {
                self.key_as_written = as_written(&question.bytes, key);
                self.key_as_typed = key.to_vec();
                Ok(question)
            }
            None => Err(self.fails(self.clireq(key), Shown::Nothing, explanation)),
        }
    }

    /// The question that is expected for a key, in the client's framing, as it is shown.
    pub(super) fn clireq(&self, key: &[u8]) -> Shown {
        Shown::Datagram {
            kind: Kind::Clireq,
            bytes: message(Kind::Clireq, &self.rig.world().framing.field(key)),
            way: Words::new("client to servent", "cliente para servent"),
        }
    }

    /// Answers what was asked last, from any socket, in the client's framing. One that writes another key than was typed
    /// may expect either, and gets both.
    ///
    /// # Errors
    /// What the system says.
    pub fn answer(&mut self, from: PeerId, value: &[u8]) -> Result<(), Stop> {
        let mut keys = vec![self.key_as_written.clone(), self.key_as_typed.clone()];
        keys.dedup();
        keys.iter().try_for_each(|key| self.answer_for(from, key, value))
    }

    /// Answers as if another key had been asked for.
    ///
    /// # Errors
    /// What the system says.
    pub fn answer_for(&mut self, from: PeerId, key: &[u8], value: &[u8]) -> Result<(), Stop> {
        let text = self.rig.world().framing.field(&[key, b"\t", value].concat());
        self.send(from, &message(Kind::Response, &text))
    }

    /// The text of an answer to what was asked last, unframed.
    pub(super) fn answer_text(&self, value: &[u8]) -> Vec<u8> {
        [&self.key_as_written, &b"\t"[..], value].concat()
    }

    /// The key that was asked for last, as the client wrote it.
    pub(super) fn key_as_written(&self) -> &[u8] {
        &self.key_as_written
    }

    /// Sends the client a datagram, to where its last question came from.
    ///
    /// # Errors
    /// What the system says.
    pub fn send(&mut self, from: PeerId, bytes: &[u8]) -> Result<(), Stop> {
        let to = self.rig.reach(self.program);
        self.rig.send(from, to, bytes)
    }

    /// That something else was found than expected; and how the client ended, if it has.
    pub(super) fn fails(&mut self, expected: Shown, found: Shown, explanation: Words) -> Stop {
        let end = self.rig.end_of(self.program);
        match self.rig.failure(expected, found, explanation) {
            Stop::Fails(mut failure) => {
                failure.end = end;
                Stop::Fails(failure)
            }
            stop @ Stop::NotTried(_) => stop,
        }
    }

    /// Runs a body whose answers have to reach a client in time, again with a fresh client if they did not: the machine
    /// was busy.
    pub(super) fn in_time(
        rig: &'r mut Rig<'w>,
        body: impl Fn(&mut ClientRig<'_, 'w>) -> Result<Timing, Stop>,
    ) -> Result<(), Stop> {
        const ATTEMPTS: usize = 4;
        for _ in 0..ATTEMPTS {
            let mut client = ClientRig::start(&mut *rig)?;
            if body(&mut client)? == Timing::Kept {
                return Ok(());
            }
            let program = client.program;
            rig.end(program);
        }
        Err(Stop::NotTried(Words::new(
            "this machine is too busy: the answers left too late, each time",
            "esta máquina está ocupada demais: as respostas saíram tarde demais todas as vezes",
        )))
    }
}

/// A key as it stands in a question, to the first NUL behind it.
fn as_written(question: &[u8], key: &[u8]) -> Vec<u8> {
    let text = question.get(2..).unwrap_or_default();
    let text = &text[find(text, key).unwrap_or_default()..];
    text.iter().copied().take_while(|&byte| byte != 0).collect()
}

/// Whether a client asks from the same port whenever it is started, so that no two of it can run in one network.
///
/// # Errors
/// That it asks nothing.
pub fn has_fixed_port(world: &World) -> Result<bool, Stop> {
    let port = || {
        let mut rig = Rig::new(world)?;
        let question = ClientRig::start(&mut rig)?.ask(b"chave-de-teste")?;
        Ok::<_, Stop>(question.from.port())
    };
    Ok(port()? == port()?)
}

/// Finds out how a client writes text, by its first question.
///
/// # Errors
/// That it asks nothing.
pub fn framing(world: &World) -> Result<Option<Framing>, Stop> {
    let mut rig = Rig::new(world)?;
    let key = b"chave-de-teste";
    let question = ClientRig::start(&mut rig)?.ask(key)?;
    let end = find(&question.bytes, key).map(|at| at + key.len());
    Ok(end.map(|end| Framing::of_rest(key.len(), &question.bytes[end..])))
}
