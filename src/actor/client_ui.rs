//! The conversation: asks for lines, asks the servent for keys, shows the answers.
//!
//! Everything reaches it through channels, time included, so a test can be its user, its network and its clock.

use super::channels::{InboxHandle, OutboxHandle};
use super::clock::Clock;
use super::line_reader::Line;
use crate::batch::{Inbox, Outbox, Pool};
use crate::protocol::{AskedKey, ClientQuery, Heard, KeyError, Patience, Step};
use crate::terminal::escape;
use crate::wire::encode_clireq;
use crossbeam_channel::{Receiver, Sender, select};
use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddrV4;

/// What a conversation is like.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The servent to ask.
    pub servent: SocketAddrV4,
    /// How long to wait and how often to ask.
    pub patience: Patience,
    /// A person types: Ctrl-C ends a wait, not the program, and unanswered keys are no failure.
    pub interactive: bool,
    /// Keys the fingerprints of answers; see [`ClientQuery::start`].
    pub secret: [u64; 2],
    /// Answers are shown on a terminal: aligned for eyes, and escaped (P-44). Otherwise `KEY TAB SERVENT TAB VALUE`,
    /// byte for byte.
    pub terminal: bool,
}

/// The channels of a conversation.
#[derive(Debug)]
pub struct Wires {
    /// Asks the line reader for a line.
    pub asked_tx: Sender<()>,
    /// The lines; closed means the end of the input.
    pub line_rx: Receiver<Line>,
    /// What the network brings.
    pub inbox_rx: Receiver<InboxHandle>,
    /// What is to be sent.
    pub outbox_tx: Sender<OutboxHandle>,
    /// Ctrl-C, and orders to leave.
    pub interrupt_rx: Receiver<Interrupt>,
}

/// What can interrupt a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Ctrl-C.
    User,
    /// Leave at once, whatever is under way.
    Leave,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The input ended, or the user left, and this is what became of the keys.
    Finished {
        /// Keys without an answer.
        unanswered: usize,
        /// Lines that no key can be.
        refused: usize,
    },
    /// Ctrl-C when nobody was at the prompt to return to.
    Interrupted,
    /// Told to leave.
    Left,
    /// Nobody reads the answers any more.
    Unread,
    /// The network's actors are gone.
    Disconnected,
}

/// Holds a conversation until its input ends. Answers go to `answers`, and what is said about them to `remarks`.
///
/// # Errors
/// When a line can't be read or an answer not be written. Remarks that can't be written are left out.
pub fn run(
    manner: Manner,
    wires: &Wires,
    clock: &impl Clock,
    answers: &mut impl Write,
    remarks: &mut impl Write,
) -> io::Result<Ending> {
    Conversation { manner, wires, clock, answers, remarks, outboxes: Pool::default() }.run()
}

struct Conversation<'a, C, A, R> {
    manner: Manner,
    wires: &'a Wires,
    clock: &'a C,
    answers: &'a mut A,
    remarks: &'a mut R,
    outboxes: Pool<Outbox>,
}

/// How a wait ended, if not by running out.
enum Outcome {
    Answers(usize),
    Stopped,
    Ended(Ending),
}

impl<C: Clock, A: Write, R: Write> Conversation<'_, C, A, R> {
    fn run(mut self) -> io::Result<Ending> {
        let (mut unanswered, mut refused) = (0, 0);
        loop {
            let typed = match self.next_line() {
                Ok(Line::Typed(typed)) => typed,
                Ok(Line::Unreadable) => {
                    self.remark("that is not UTF-8; other bytes can be piped in");
                    continue;
                }
                Ok(Line::Failed(error)) => return Err(error),
                Ok(Line::Interrupted | Line::End) => return Ok(Ending::Finished { unanswered, refused }),
                Err(ending) => return Ok(ending),
            };
            let key = match AskedKey::new(&typed) {
                Ok(key) => key,
                Err(KeyError::Empty) => continue,
                Err(error) => {
                    refused += usize::from(!self.manner.interactive);
                    self.remark(error);
                    continue;
                }
            };
            match self.ask(key)? {
                Outcome::Answers(0) => unanswered += usize::from(!self.manner.interactive),
                Outcome::Answers(_) | Outcome::Stopped => {}
                Outcome::Ended(ending) => return Ok(ending),
            }
        }
    }

    /// Waits for a line; what the network brings meanwhile came too late for its key, and is dropped.
    fn next_line(&self) -> Result<Line, Ending> {
        let Wires { asked_tx, line_rx, inbox_rx, interrupt_rx, .. } = self.wires;
        // Where all lines were put into the channel beforehand, nobody is asked.
        asked_tx.send(()).ok();
        loop {
            select! {
                recv(line_rx) -> line => return Ok(line.unwrap_or(Line::End)),
                recv(inbox_rx) -> inbox => drop(inbox.map_err(|_| Ending::Disconnected)?),
                recv(interrupt_rx) -> interrupt => return match interrupt {
                    Ok(Interrupt::User) if self.manner.interactive => Ok(Line::Interrupted),
                    Ok(Interrupt::User) => Err(Ending::Interrupted),
                    Ok(Interrupt::Leave) | Err(_) => Err(Ending::Left),
                },
            }
        }
    }

    /// Asks for one key and shows what comes, until its wait is over.
    fn ask(&mut self, key: AskedKey) -> io::Result<Outcome> {
        let Wires { inbox_rx, interrupt_rx, .. } = self.wires;
        if !self.transmit(&key) {
            return Ok(Outcome::Ended(Ending::Disconnected));
        }
        let mut query = ClientQuery::start(key, self.manner.patience, self.manner.secret, self.clock.now());
        loop {
            let alarm = self.clock.alarm(query.deadline());
            select! {
                recv(inbox_rx) -> inbox => match inbox {
                    Ok(inbox) => self.hear(&mut query, &inbox)?,
                    Err(_) => return Ok(Outcome::Ended(Ending::Disconnected)),
                },
                recv(interrupt_rx) -> interrupt => return match interrupt {
                    Ok(Interrupt::User) if self.manner.interactive => {
                        self.remark(format_args!("{}: stopped", escape(query.key().as_bytes())));
                        Ok(Outcome::Stopped)
                    }
                    Ok(Interrupt::User) => Ok(Outcome::Ended(Ending::Interrupted)),
                    Ok(Interrupt::Leave) | Err(_) => Ok(Outcome::Ended(Ending::Left)),
                },
                recv(alarm) -> _ => {
                    // What came before the deadline counts, even if it is read after it.
                    for inbox in inbox_rx.try_iter() {
                        self.hear(&mut query, &inbox)?;
                    }
                    match query.on_deadline(self.clock.now()) {
                        Step::Wait => {}
                        Step::Retransmit => {
                            let Manner { servent, patience, .. } = self.manner;
                            let waited = patience.timeout.as_secs_f64();
                            self.remark(format_args!("no answer from {servent} after {waited} s, asking again"));
                            if !self.transmit(query.key()) {
                                return Ok(Outcome::Ended(Ending::Disconnected));
                            }
                        }
                        Step::Finished(count) => {
                            self.remark_end(query.key(), count);
                            return Ok(Outcome::Answers(count));
                        }
                    }
                }
            }
        }
    }

    /// Sends the CLIREQ for `key`; false if there is nobody to send it.
    fn transmit(&mut self, key: &AskedKey) -> bool {
        let (outbox, ()) = self.outboxes.fill(|outbox| {
            outbox.clear();
            let clireq = outbox.write(|bytes| encode_clireq(bytes, key.as_bytes()));
            outbox.send(&clireq, self.manner.servent);
        });
        self.wires.outbox_tx.send(outbox).is_ok()
    }

    fn hear(&mut self, query: &mut ClientQuery, inbox: &Inbox) -> io::Result<()> {
        let now = self.clock.now();
        for (servent, message) in inbox.iter() {
            if let Heard::Answer(value) = query.on_message(now, servent, &message) {
                self.show(query.key(), servent, value)?;
            }
        }
        self.answers.flush()
    }

    fn show(&mut self, key: &AskedKey, servent: SocketAddrV4, value: &[u8]) -> io::Result<()> {
        if self.manner.terminal {
            return writeln!(self.answers, "{:<21}  {}", servent.to_string(), escape(value));
        }
        self.answers.write_all(key.as_bytes())?;
        write!(self.answers, "\t{servent}\t")?;
        self.answers.write_all(value)?;
        self.answers.write_all(b"\n")
    }

    /// Says that there are no more answers, or that there were none (P-41).
    fn remark_end(&mut self, key: &AskedKey, count: usize) {
        let key = escape(key.as_bytes());
        match count {
            0 => self.remark(format_args!("{key}: no answer")),
            1 => self.remark(format_args!("{key}: no more answers (1 answer)")),
            _ => self.remark(format_args!("{key}: no more answers ({count} answers)")),
        }
    }

    /// Remarks are for whoever looks: where nobody can, the answers go on.
    fn remark(&mut self, remark: impl Display) {
        writeln!(self.remarks, "{remark}").ok();
    }
}
