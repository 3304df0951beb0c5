//! A client under test, with a servent's sockets around it.

use super::screen::visible;
use crate::conformance::bytes::{Kind, find, message};
use crate::conformance::framing::Framing;
use crate::conformance::probe::{Shown, Stop};
use crate::conformance::rig::{Datagram, PeerId, ProgramId, Rig, World};
use crate::conformance::words::Words;
use crate::launching::Placed;
use crate::launching::Streams;
use std::net::SocketAddrV4;
use std::time::Duration;

/// How long a client may take to send its first question: it starts meanwhile.
pub const FIRST_QUESTION_WAIT_MAX: Duration = Duration::from_secs(30);

/// A client, which runs in a terminal of its own, and the servent that it asks.
#[derive(Debug)]
pub struct ClientRig<'r, 'w> {
    /// What it stands on: sockets, time, failures.
    pub rig: &'r mut Rig<'w>,
    /// The client.
    pub program: ProgramId,
    /// The servent that it was told to ask.
    pub servent: PeerId,
}

impl<'r, 'w> ClientRig<'r, 'w> {
    /// Starts the client, with a servent for it to ask. Nothing is waited for: what is typed at once is read later.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(rig: &'r mut Rig<'w>) -> Result<Self, Stop> {
        let servent = rig.peer(Words::new("servent", "servent"))?;
        let placed = Placed { address: rig.address(servent), file: None, neighbours: Vec::new() };
        let command = rig.world().command.place(&placed);
        // Where it is is known from its first question on.
        let nowhere = SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 0);
        let program = rig.launch(Words::new("client", "cliente"), command, Streams::Terminal, nowhere)?;
        rig.may_end(program);
        Ok(Self { rig, program, servent })
    }

    /// Types a key and Enter.
    ///
    /// # Errors
    /// That the client has ended or reads nothing.
    pub fn type_key(&mut self, key: &[u8]) -> Result<(), Stop> {
        self.rig.type_in(self.program, &[key, b"\n"].concat())
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

    /// Types a key, and awaits the first question.
    ///
    /// # Errors
    /// That none comes.
    pub fn ask(&mut self, key: &[u8]) -> Result<Datagram, Stop> {
        self.type_key(key)?;
        let question = self.await_question(0, FIRST_QUESTION_WAIT_MAX)?;
        let expected = Shown::Datagram {
            kind: Kind::Clireq,
            bytes: message(Kind::Clireq, &self.rig.world().framing.field(key)),
            way: Words::new("client to servent", "cliente para servent"),
        };
        let explanation = Words::new(
            "a key was typed, and the client sent its servent nothing",
            "uma chave foi digitada, e o cliente não enviou nada ao seu servent",
        );
        self.rig.came_from(self.program, question, expected, explanation)
    }

    /// Answers the client, from any socket, in its framing.
    ///
    /// # Errors
    /// What the system says.
    pub fn answer(&mut self, from: PeerId, key: &[u8], value: &[u8]) -> Result<(), Stop> {
        let text = self.rig.world().framing.field(&[key, b"\t", value].concat());
        self.send(from, &message(Kind::Response, &text))
    }

    /// Sends the client a datagram, to where its last question came from.
    ///
    /// # Errors
    /// What the system says.
    pub fn send(&mut self, from: PeerId, bytes: &[u8]) -> Result<(), Stop> {
        let to = self.rig.reach(self.program);
        self.rig.send(from, to, bytes)
    }

    /// What the client's user can read so far, standard error behind the rest.
    pub fn screen(&mut self) -> Vec<u8> {
        let running = self.rig.running(self.program);
        [visible(&running.output().bytes()), visible(&running.errors().bytes())].concat()
    }

    /// Waits until the client's user can read what is wanted. Whether that was so in time.
    ///
    /// # Errors
    /// What the system says.
    pub fn await_screen(&mut self, is_wanted: impl Fn(&[u8]) -> bool, wait_max: Duration) -> Result<bool, Stop> {
        let deadline = self.rig.now() + wait_max;
        loop {
            if is_wanted(&self.screen()) {
                return Ok(true);
            }
            if self.rig.now() >= deadline {
                return Ok(false);
            }
            // Output is no datagram: it is looked for every time nothing came for so long.
            self.rig.pump(Duration::from_millis(10))?;
        }
    }
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
