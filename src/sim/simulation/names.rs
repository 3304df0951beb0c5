//! Servents that come back at other addresses, and others that follow them there (P-27).

use super::{Happening, Simulation};
use crate::protocol::{AddressBook, NameNews, Peer, ResolveConfig};
use crate::sim::event::{Event, Observer};
use crate::sim::ids::{Addresses, ServentId};
use crate::sim::machines::Behaviour;
use crate::types::Timestamp;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Where everybody is, and what those that look names up know of it.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) addresses: Addresses,
    /// Of each servent that runs and looks names up.
    books: BTreeMap<ServentId, AddressBook>,
    /// Until when names are looked up, if they are.
    until: Option<Timestamp>,
}

impl<B: Behaviour, O: Observer> Simulation<B, O> {
    /// Lets every servent look its neighbours' names up again and again, until then.
    pub(super) fn follow(&mut self, until: Timestamp) {
        self.names.until = Some(until);
        let running: Vec<_> = self.setup.graph.servents().filter(|&id| self.servent(id).is_some()).collect();
        running.into_iter().for_each(|servent| self.open_book(servent));
    }

    /// A servent that starts looks every name up, if names are looked up.
    pub(super) fn open_book(&mut self, servent: ServentId) {
        if self.names.until.is_none_or(|until| until < self.now) {
            return;
        }
        let peers = self.setup.graph.neighbours(servent).iter().map(|neighbour| Peer::name(neighbour.to_string(), 0));
        let own = self.names.addresses.of(servent);
        let book = AddressBook::new(peers, ResolveConfig::default(), self.now, |address| address == own);
        self.names.books.insert(servent, book.expect("a graph keeps to the limit"));
        self.look_up(servent);
    }

    /// One that is down looks nothing up.
    pub(super) fn close_book(&mut self, servent: ServentId) {
        self.names.books.remove(&servent);
    }

    /// The servent looks up what is due, and then again when its book says.
    pub(super) fn look_up(&mut self, servent: ServentId) {
        let Some(mut book) = self.names.books.remove(&servent) else { return };
        let due = book.due(self.now);
        let mut has_news = false;
        for wanted in &due {
            let neighbour = self.setup.graph.neighbours(servent)[wanted.place];
            let found = vec![SocketAddr::V4(self.names.addresses.of(neighbour))];
            let news = book.found(self.now, wanted.place, Ok(found));
            has_news |= matches!(news, Some(NameNews::Found(..) | NameNews::Moved(..)));
        }
        // Nothing is due at the alarm of an earlier life.
        if !due.is_empty() {
            let own = self.names.addresses.of(servent);
            let (neighbours, _) = book.neighbours(|address| address == own);
            if has_news && let Some(behaviour) = self.servents.get_mut(servent) {
                behaviour.replace_neighbours(neighbours.clone());
            }
            self.tell_observer(&Event::LookedUp { servent, neighbours: &neighbours });
            if let Some(next) = book.next_due().filter(|&next| self.names.until.is_some_and(|until| next <= until)) {
                self.queue.push(next.as_nanos(), Happening::LookUp(servent));
            }
        }
        self.names.books.insert(servent, book);
    }
}
