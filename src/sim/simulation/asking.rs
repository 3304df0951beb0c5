//! How clients are driven: keys in turn, deadlines, retransmissions (P-40).

use super::{Happening, Simulation};
use crate::protocol::Step;
use crate::sim::client::Ask;
use crate::sim::event::{Cause, Event, Observer};
use crate::sim::ids::ClientId;
use crate::sim::machines::Behaviour;
use crate::wire::encode_clireq;

impl<B: Behaviour, O: Observer> Simulation<B, O> {
    pub(super) fn start_asking(&mut self, client: ClientId) {
        let secret = [self.rng.u64(..), self.rng.u64(..)];
        let Some(asking) = self.clients.get_mut(client.index()) else { return };
        let Some(number) = asking.start_next(self.now, &mut self.asks, self.setup.patience, secret) else { return };
        let Ask { entry, ref key, .. } = self.asks[number];
        self.observer.observe(self.now, &Event::Asked { client, entry, key: key.as_bytes() });
        self.transmit(client, number);
        self.set_alarm(client);
    }

    fn transmit(&mut self, client: ClientId, ask: usize) {
        let Ask { entry, key, .. } = &self.asks[ask];
        let to = entry.address();
        let mut clireq = Vec::new();
        encode_clireq(&mut clireq, key.as_bytes());
        self.send(Cause::Client(client), client.address(), to, &clireq.into());
    }

    /// A client has one alarm at a time. An answer moves its deadline; the alarm finds that out when it rings.
    fn set_alarm(&mut self, client: ClientId) {
        if let Some((_, query)) = self.clients[client.index()].current() {
            self.queue.push(query.deadline().as_nanos(), Happening::Deadline(client));
        }
    }

    pub(super) fn meet_deadline(&mut self, client: ClientId) {
        let now = self.now;
        let Some((number, query)) = self.clients[client.index()].current() else { return };
        match query.on_deadline(now) {
            Step::Wait => self.set_alarm(client),
            Step::Retransmit => {
                self.asks[number].transmissions += 1;
                self.tell_observer(&Event::Retransmits { client });
                self.transmit(client, number);
                self.set_alarm(client);
            }
            Step::Finished(answers) => {
                self.asks[number].finished = Some(now);
                self.clients[client.index()].finish();
                self.tell_observer(&Event::Finished { client, answers });
                self.start_asking(client);
            }
        }
    }
}
