//! What goes onto a link, and what the link does to it.

use super::{Happening, Simulation};
use crate::sim::event::{Cause, Event, Fate, Observer};
use crate::sim::ids::DatagramId;
use crate::sim::links::{LinkModel, happens};
use crate::sim::machines::Behaviour;
use crate::types::Timestamp;
use std::net::SocketAddrV4;
use std::sync::Arc;

impl<B: Behaviour, O: Observer> Simulation<B, O> {
    /// Puts a datagram onto its link.
    pub(super) fn send(&mut self, cause: Cause, from: SocketAddrV4, to: SocketAddrV4, bytes: &Arc<[u8]>) {
        let model = *self.links.model(from, to);
        if self.links.are_parted(from, to) || happens(model.loss, &mut self.rng) {
            let fate = if self.links.are_parted(from, to) { Fate::Parted } else { Fate::Lost };
            let datagram = self.number();
            return self.tell_observer(&Event::Sent { datagram, cause, from, to, bytes, fate });
        }
        let copies = 1 + usize::from(happens(model.duplication, &mut self.rng));
        for number in 0..copies {
            self.dispatch(&model, cause, from, to, Arc::clone(bytes), number > 0);
        }
    }

    /// A datagram that arrives, if not as it was sent.
    fn dispatch(
        &mut self,
        model: &LinkModel,
        cause: Cause,
        from: SocketAddrV4,
        to: SocketAddrV4,
        mut bytes: Arc<[u8]>,
        copy: bool,
    ) {
        let datagram = self.number();
        let at_nanos = self.now.as_nanos().saturating_add(model.delay(&mut self.rng));
        let corrupted = !bytes.is_empty() && happens(model.corruption, &mut self.rng);
        if corrupted {
            let mut changed = bytes.to_vec();
            let place = self.rng.usize(..changed.len());
            changed[place] ^= self.rng.u8(1..);
            bytes = changed.into();
        }
        let fate = Fate::Arrives { at: Timestamp::from_nanos(at_nanos), corrupted, copy };
        self.tell_observer(&Event::Sent { datagram, cause, from, to, bytes: &bytes, fate });
        self.queue.push(at_nanos, Happening::Arrival { datagram, from, to, bytes });
    }

    fn number(&mut self) -> DatagramId {
        self.next_datagram += 1;
        DatagramId(self.next_datagram - 1)
    }
}
