//! How clients are driven: keys in turn, deadlines, retransmissions (P-40).

use super::{Happening, Simulation};
use crate::sim::client::{Overdue, Reception};
use crate::sim::event::{Cause, Event, Observer};
use crate::sim::ids::{ClientId, DatagramId};
use crate::sim::machines::Behaviour;
use crate::wire::encode_clireq;
use std::net::SocketAddrV4;

impl<B: Behaviour, O: Observer> Simulation<B, O> {
    pub(super) fn queue_asking(&mut self, client: ClientId, ask: usize) {
        self.clients[client.index()].queue(ask, self.asks[ask].key.clone());
        self.start_asking(client);
    }

    fn start_asking(&mut self, client: ClientId) {
        let Some(number) = self.clients[client.index()].start_next(self.now) else { return };
        let ask = &mut self.asks[number];
        ask.started = Some(self.now);
        self.observer.observe(self.now, &Event::Asked { client, entry: ask.entry, key: ask.key.as_bytes() });
        self.transmit(client, number);
        self.set_alarm(client);
    }

    fn transmit(&mut self, client: ClientId, number: usize) {
        let ask = &mut self.asks[number];
        ask.transmissions += 1;
        let to = self.names.addresses.of(ask.entry);
        let mut clireq = Vec::new();
        encode_clireq(&mut clireq, ask.key.as_bytes());
        self.send(Cause::Client(client), client.address(), to, &clireq.into());
    }

    /// A client has one alarm while a key is under way. An answer moves its deadline; the alarm finds that out when it
    /// rings.
    fn set_alarm(&mut self, client: ClientId) {
        let deadline = self.clients[client.index()].deadline().expect("a key is under way");
        self.queue.push(deadline.as_nanos(), Happening::Deadline(client));
    }

    pub(super) fn meet_deadline(&mut self, client: ClientId) {
        match self.clients[client.index()].on_deadline(self.now) {
            Overdue::Wait => self.set_alarm(client),
            Overdue::Retransmit(number) => {
                self.tell_observer(&Event::Retransmits { client });
                self.transmit(client, number);
                self.set_alarm(client);
            }
            Overdue::Finished(number, summary) => {
                self.asks[number].finished = Some(self.now);
                self.tell_observer(&Event::Finished { client, answers: summary.answers });
                self.start_asking(client);
            }
        }
    }

    /// What is malformed is no answer (P-42).
    pub(super) fn hear(&mut self, datagram: DatagramId, from: SocketAddrV4, to: ClientId, bytes: &[u8]) {
        self.inbox.clear();
        let reception = match self.inbox.push(from, bytes) {
            Ok(_) => {
                let (_, message) = self.inbox.get(0).expect("it was just pushed");
                self.clients[to.index()].hear(self.now, from, datagram, &message, &mut self.asks)
            }
            Err(_) => Reception::Unrelated,
        };
        self.tell_observer(&Event::Heard { datagram, from, to, bytes, reception });
    }
}
