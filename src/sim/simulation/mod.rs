//! The loop: events in the order of their time, until nothing is left to happen.

mod asking;
mod names;
mod network;
mod servents;

use super::client::{Ask, Client};
use super::event::{Cause, Event, Observer};
use super::ids::{ClientId, DatagramId, Party, ServentId};
use super::links::{LinkModel, Links};
#[cfg(feature = "cli")]
use super::machines::Machines;
use super::machines::{Behaviour, Outcome};
use super::queue::EventQueue;
use super::setup::{FirstSeq, Setup};
use crate::batch::{Inbox, Outbox, Transmit};
use crate::protocol::{AskedKey, FloodConfig, ResponseLimiter, Store, StoreBuilder};
use crate::types::{Neighbours, SeqNo, Timestamp, Ttl};
use fastrand::Rng;
use names::Names;
use servents::Servents;
#[cfg(feature = "cli")]
use std::collections::HashMap;
use std::net::SocketAddrV4;
use std::ops::Range;
use std::sync::Arc;

/// An overlay on a virtual clock. Everything that is drawn is drawn from one seed, so a run repeats to the byte.
#[derive(Debug)]
pub struct Simulation<B, O> {
    setup: Arc<Setup>,
    now: Timestamp,
    rng: Rng,
    servents: Servents<B>,
    begin: Begin<B>,
    /// What QUERYs start with; the protocol has one, and [`Begin`] may know others.
    ttl: Ttl,
    clients: Vec<Client>,
    asks: Vec<Ask>,
    links: Links,
    names: Names,
    queue: EventQueue<Happening>,
    next_datagram: u64,
    deliveries: u64,
    /// Of the delivery at hand; kept for their memory.
    inbox: Inbox,
    outbox: Outbox,
    observer: O,
}

/// How a servent begins.
type Begin<B> = fn(FloodConfig, Store, ResponseLimiter, Ttl) -> B;

/// What a simulation can be told to do to its overlay.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A servent stops and loses what it has seen. What arrives meanwhile is gone.
    Crash(ServentId),
    /// It starts again, unless it is running.
    Restart(ServentId),
    /// It stops, if it runs, and starts again at another address, which its name leads to from then on (P-27).
    Move(ServentId),
    /// All servents look their neighbours' names up, now and every 30 s until then; those that start, when they do.
    FollowNames(Timestamp),
    /// These servents are cut off from all others, and from the clients; datagrams under way still arrive.
    Part(Vec<ServentId>),
    /// The partition ends.
    Heal,
    /// All links are like this from now on, for what is sent from now on.
    SetLinks(LinkModel),
    /// One direction of one link is like this.
    SetLink(SocketAddrV4, SocketAddrV4, LinkModel),
}

/// An event that lies ahead.
#[derive(Debug)]
enum Happening {
    Arrival {
        datagram: DatagramId,
        from: SocketAddrV4,
        to: SocketAddrV4,
        bytes: Arc<[u8]>,
    },
    Asking(ClientId, usize),
    Deadline(ClientId),
    LookUp(ServentId),
    Injection {
        from: SocketAddrV4,
        to: SocketAddrV4,
        bytes: Arc<[u8]>,
    },
    /// Boxed, since it is much larger than the others, and rare.
    Told(Box<Action>),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Nothing is left to happen.
    Silent,
    /// It was cut short after so many deliveries as were allowed.
    CutShort,
}

impl<B: Behaviour, O: Observer> Simulation<B, O> {
    /// An overlay at time zero, all servents running, whose links are all alike.
    #[must_use]
    pub fn new(setup: Arc<Setup>, links: LinkModel, seed: u64, observer: O) -> Self {
        let begin: Begin<B> = |flood, store, limiter, _| B::start(flood, store, limiter);
        let none_yet = Servents::All(Vec::new());
        let mut simulation = Self::with(setup, links, seed, observer, (none_yet, begin, Ttl::INITIAL));
        let all = simulation.setup.graph.servents().map(|servent| Some(simulation.start(servent))).collect();
        simulation.servents = Servents::All(all);
        simulation
    }

    fn with(
        setup: Arc<Setup>,
        links: LinkModel,
        seed: u64,
        observer: O,
        (servents, begin, ttl): (Servents<B>, Begin<B>, Ttl),
    ) -> Self {
        Self {
            now: Timestamp::ZERO,
            rng: Rng::with_seed(seed),
            servents,
            begin,
            ttl,
            clients: Vec::new(),
            asks: Vec::new(),
            links: Links::new(links),
            names: Names::default(),
            queue: EventQueue::default(),
            next_datagram: 0,
            deliveries: 0,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            observer,
            setup,
        }
    }

    /// One more client.
    pub fn add_client(&mut self) -> ClientId {
        let secret = [self.rng.u64(..), self.rng.u64(..)];
        self.clients.push(Client::new(self.setup.patience, secret));
        ClientId((self.clients.len() - 1) as u32)
    }

    /// At `at`, or once its earlier keys are done, `client` asks `entry` for `key`. Returns the place of the [`Ask`]
    /// in [`Simulation::asks`].
    ///
    /// # Panics
    /// If there is no such client.
    pub fn ask(&mut self, at: Timestamp, client: ClientId, entry: ServentId, key: AskedKey) -> usize {
        assert!(client.index() < self.clients.len(), "{client} was not added");
        self.asks.push(Ask {
            client,
            entry,
            key,
            started: None,
            transmissions: 0,
            answers: Vec::new(),
            finished: None,
        });
        let ask = self.asks.len() - 1;
        self.queue.push(at.as_nanos(), Happening::Asking(client, ask));
        ask
    }

    /// At `at`, somebody at `from` sends `bytes` to `to`.
    pub fn inject(&mut self, at: Timestamp, from: SocketAddrV4, to: SocketAddrV4, bytes: &[u8]) {
        self.queue.push(at.as_nanos(), Happening::Injection { from, to, bytes: bytes.into() });
    }

    /// At `at`, `action` is done.
    ///
    /// # Panics
    /// The run, then, if it starts a servent that there is not.
    pub fn tell(&mut self, at: Timestamp, action: Action) {
        self.queue.push(at.as_nanos(), Happening::Told(Box::new(action)));
    }

    /// Lets happen what is to happen, until nothing is left, or one datagram more would be delivered than
    /// `deliveries_max` in all.
    pub fn run(&mut self, deliveries_max: u64) -> RunEnd {
        while let Some(next) = self.queue.peek() {
            if self.deliveries >= deliveries_max && matches!(next, Happening::Arrival { .. }) {
                return RunEnd::CutShort;
            }
            let (at_nanos, happening) = self.queue.pop().expect("the event just seen");
            self.now = self.now.max(Timestamp::from_nanos(at_nanos));
            self.let_happen(happening);
        }
        RunEnd::Silent
    }

    fn let_happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrival { datagram, from, to, bytes } => self.arrive(datagram, from, to, &bytes),
            Happening::Asking(client, ask) => self.queue_asking(client, ask),
            Happening::Deadline(client) => self.meet_deadline(client),
            Happening::LookUp(servent) => self.look_up(servent),
            Happening::Injection { from, to, bytes } => self.send(Cause::Stranger, from, to, &bytes),
            Happening::Told(action) => self.act(*action),
        }
    }

    /// The virtual time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Datagrams that arrived so far, at servents, clients and where nobody is.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.deliveries
    }

    /// What was asked, in the order of the calls.
    #[must_use]
    pub fn asks(&self) -> &[Ask] {
        &self.asks
    }

    /// A servent, unless it is down.
    #[must_use]
    pub fn servent(&self, servent: ServentId) -> Option<&B> {
        self.servents.get(servent)
    }

    /// Who watches.
    #[must_use]
    pub fn observer(&self) -> &O {
        &self.observer
    }

    /// Ends the simulation; what was asked, and who watched.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Ask>, O) {
        (self.asks, self.observer)
    }

    fn start(&mut self, servent: ServentId) -> B {
        let listed = self.setup.graph.neighbours(servent).iter().map(|&neighbour| self.names.addresses.of(neighbour));
        let first_seq = match self.setup.first_seq {
            FirstSeq::Random => SeqNo(self.rng.u32(..)),
            FirstSeq::Fixed(seq) => seq,
        };
        let flood = FloodConfig {
            neighbours: Neighbours::new(listed).expect("a graph keeps to the limit"),
            first_seq,
            neighbours_only: self.setup.neighbours_only,
            seen: self.setup.seen,
            secret: [self.rng.u64(..), self.rng.u64(..)],
        };
        let secret = [self.rng.u64(..), self.rng.u64(..)];
        (self.begin)(flood, self.store(servent, secret), ResponseLimiter::new(0), self.ttl)
    }

    /// Whether what arrives at `servent` is taken.
    fn is_running(&self, servent: ServentId) -> bool {
        servent.index() < self.setup.graph.len()
            && (self.servents.is_asleep(servent) || self.servents.get(servent).is_some())
    }

    fn store(&self, servent: ServentId, secret: [u64; 2]) -> Store {
        let pairs = self.setup.pairs(servent);
        let mut builder = StoreBuilder::new(0, secret);
        for pair in pairs {
            builder.insert(&pair.key, &pair.value).expect("a pair of a setup fits a datagram");
        }
        builder.build().expect("there is memory for a few pairs")
    }

    fn arrive(&mut self, datagram: DatagramId, from: SocketAddrV4, to: SocketAddrV4, bytes: &[u8]) {
        self.deliveries += 1;
        match Party::from(to) {
            Party::Servent(servent) if self.is_at(servent, to) => self.deliver(datagram, from, servent, bytes),
            Party::Client(client) if client.index() < self.clients.len() => self.hear(datagram, from, client, bytes),
            _ => self.tell_observer(&Event::Missed { datagram, to }),
        }
    }

    /// Whether `servent` runs, and at this address.
    fn is_at(&self, servent: ServentId, address: SocketAddrV4) -> bool {
        self.is_running(servent) && self.names.addresses.of(servent) == address
    }

    fn deliver(&mut self, datagram: DatagramId, from: SocketAddrV4, servent: ServentId, bytes: &[u8]) {
        if self.servents.is_asleep(servent) {
            let started = self.start(servent);
            self.servents.put(servent, Some(started));
        }
        let behaviour = self.servents.get_mut(servent).expect("nothing is delivered to a servent that is down");
        let mut sends = std::mem::take(&mut self.outbox);
        sends.clear();
        self.inbox.clear();
        let outcome = match self.inbox.push(from, bytes) {
            Ok(_) => behaviour.on_message(self.now, &self.inbox, &mut sends),
            Err(error) => Outcome::Malformed(error),
        };
        let sightings = behaviour.sightings();
        self.tell_observer(&Event::Delivered { datagram, from, to: servent, bytes, outcome, sends: &sends, sightings });
        // A QUERY is written once for all its destinations, and shared by them here as well.
        let mut written: Option<(Range<usize>, Arc<[u8]>)> = None;
        for Transmit { bytes: range, to, .. } in sends.transmits() {
            let shared = match &written {
                Some((same, shared)) if *same == *range => Arc::clone(shared),
                _ => Arc::from(&sends.bytes()[range.clone()]),
            };
            self.send(Cause::Datagram(datagram), self.names.addresses.of(servent), *to, &shared);
            written = Some((range.clone(), shared));
        }
        self.outbox = sends;
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Crash(servent) => {
                if self.is_running(servent) {
                    self.servents.put(servent, None);
                    self.close_book(servent);
                    self.tell_observer(&Event::Crashed(servent));
                }
            }
            Action::Restart(servent) => {
                if !self.is_running(servent) {
                    let started = self.start(servent);
                    self.servents.put(servent, Some(started));
                    self.tell_observer(&Event::Restarted(servent));
                    self.open_book(servent);
                }
            }
            Action::Move(servent) => {
                self.act(Action::Crash(servent));
                let address = self.names.addresses.next(servent);
                self.names.addresses.set(servent, address);
                self.tell_observer(&Event::Moved { servent, address });
                self.act(Action::Restart(servent));
            }
            Action::FollowNames(until) => self.follow(until),
            Action::Part(far) => {
                self.links.part(&far, self.setup.graph.len());
                self.tell_observer(&Event::Parted(&far));
            }
            Action::Heal => {
                self.links.heal();
                self.tell_observer(&Event::Healed);
            }
            Action::SetLinks(model) => {
                self.links.usual = model;
                self.tell_observer(&Event::LinksChanged);
            }
            Action::SetLink(from, to, model) => {
                self.links.special.insert((from, to), model);
                self.tell_observer(&Event::LinksChanged);
            }
        }
    }

    fn tell_observer(&mut self, event: &Event<'_>) {
        self.observer.observe(self.now, event);
    }
}

#[cfg(feature = "cli")]
impl<O: Observer> Simulation<Machines, O> {
    /// An overlay whose servents start when something first reaches them, so that a question costs no more than what it
    /// reaches, in an overlay of any size. QUERYs start with `ttl`, which no servent and no other simulation can do.
    pub(crate) fn asleep(setup: Arc<Setup>, links: LinkModel, seed: u64, ttl: Ttl, observer: O) -> Self {
        Self::with(setup, links, seed, observer, (Servents::Met(HashMap::new()), Machines::with_ttl, ttl))
    }

    /// How many servents something has reached so far, if they were asleep.
    pub(crate) fn reached(&self) -> usize {
        self.servents.started()
    }
}
