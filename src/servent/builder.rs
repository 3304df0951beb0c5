//! What a servent is to be like, and its start.

use super::tracing::{Tracing, own_name};
use super::{RESPONSE_LIMIT, Running, Servent, StartError};
use crate::actor::channels::batches;
use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::Crew;
use crate::actor::flooder;
use crate::actor::hand_over::{HandOver, RoleHandle, role};
use crate::actor::links;
use crate::actor::lookup;
use crate::actor::receiver::{self, ServentRoute};
use crate::actor::resolver::{LookUp, Outlets, Resolver};
use crate::actor::sender;
use crate::actor::stop::StopFlag;
use crate::entropy::secret;
use crate::net::{self, DatagramSink, DatagramSource, Endpoint, Offload, Socket};
use crate::protocol::{
    AddressBook, FloodConfig, Flooder, LinkConfig, Links, Lookup, Peer, ResolveConfig, ResponseLimiter, SeenConfig,
    Store,
};
use crate::stats::Stats;
use crate::types::SeqNo;
use crossbeam_channel::{Receiver, bounded, never};
use parking_lot::Mutex;
use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

/// What a servent is to be like; made by [`Servent::builder`].
#[derive(Debug)]
pub struct ServentBuilder {
    store: Store,
    bind: SocketAddrV4,
    neighbours: Given,
    resolve: ResolveConfig,
    look_up: LookUpName,
    first_seq: Option<SeqNo>,
    neighbours_only: bool,
    seen: SeenConfig,
    response_limit: u32,
    offload: Offload,
    hand_over: HandOver,
    links: LinkConfig,
    links_rx: Option<Receiver<LinkConfig>>,
    trace: Option<Trace>,
}

/// The neighbours that a servent is given.
#[derive(Debug)]
enum Given {
    Peers(Vec<Peer>),
    /// With what was found of them already.
    #[cfg(feature = "cli")]
    Settled(Box<Resolver>),
}

/// How names are looked up.
struct LookUpName(Arc<LookUp>);

impl fmt::Debug for LookUpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookUpName")
    }
}

/// Where a trace goes.
struct Trace(Box<dyn Write + Send>);

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace")
    }
}

impl ServentBuilder {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            bind: SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0),
            neighbours: Given::Peers(Vec::new()),
            resolve: ResolveConfig::default(),
            look_up: LookUpName(Arc::new(net::look_up)),
            first_seq: None,
            neighbours_only: false,
            seen: SeenConfig::default(),
            response_limit: RESPONSE_LIMIT,
            offload: Offload::WhereAvailable,
            hand_over: HandOver::default(),
            links: LinkConfig::default(),
            links_rx: None,
            trace: None,
        }
    }

    /// Where [`start`](ServentBuilder::start) listens: on a free port of every address unless told otherwise; port 0
    /// is a free one (P-10).
    #[must_use]
    pub fn bind(self, address: SocketAddrV4) -> Self {
        Self { bind: address, ..self }
    }

    /// Whom to forward to, each by its address or by a [name](Peer::Name): nobody unless told otherwise. Repetitions and the
    /// servent's own address are dropped with a warning in the log (P-27).
    ///
    /// Names are looked up before the servent starts, and [again](ServentBuilder::resolve) while it runs, in threads of their
    /// own. Where one leads elsewhere by then, the servent follows.
    #[must_use]
    pub fn neighbours<P: Into<Peer>>(self, peers: impl IntoIterator<Item = P>) -> Self {
        Self { neighbours: Given::Peers(peers.into_iter().map(Into::into).collect()), ..self }
    }

    /// Neighbours whose names were looked up once already, for [`ServentBuilder::start_on`] with the clock of that.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn resolved_by(self, resolver: Resolver) -> Self {
        Self { neighbours: Given::Settled(Box::new(resolver)), ..self }
    }

    /// When neighbours' names are looked up (P-27): before the start, where one that is not found is an error, and every 30 s
    /// from then on, unless told otherwise.
    ///
    /// With a [wait](ResolveConfig::wait) the servent starts after a second at the latest, with the neighbours that are found
    /// by then, and the others join them once they are found. If one is not by the end of the wait, that is logged, and the
    /// actor `resolver` [ends](Servent::ended).
    #[must_use]
    pub fn resolve(self, resolve: ResolveConfig) -> Self {
        Self { resolve, ..self }
    }

    /// How neighbours' names are looked up: as the system does, unless told otherwise. Each call has a thread of its own, and
    /// may take as long as it likes; it gets a host's name and a port, and returns all addresses that those are.
    #[must_use]
    pub fn looked_up_by(
        self,
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self { look_up: LookUpName(Arc::new(look_up)), ..self }
    }

    /// Whether QUERYs from others than the neighbours are refused: not unless told otherwise (P-22).
    #[must_use]
    pub fn neighbours_only(self, neighbours_only: bool) -> Self {
        Self { neighbours_only, ..self }
    }

    /// The number of the first CLIREQ's QUERY: random unless told otherwise (P-13).
    #[must_use]
    pub fn first_seq(self, first_seq: SeqNo) -> Self {
        Self { first_seq: Some(first_seq), ..self }
    }

    /// The bounds of duplicate suppression: 60 s and 2^20 queries unless told otherwise (P-20).
    #[must_use]
    pub fn seen(self, seen: SeenConfig) -> Self {
        Self { seen, ..self }
    }

    /// RESPONSEs a second to one /24 of globally routable addresses: [`RESPONSE_LIMIT`] unless told otherwise, 0 = no
    /// limit (P-24).
    #[must_use]
    pub fn response_limit(self, response_limit: u32) -> Self {
        Self { response_limit, ..self }
    }

    /// Whether [`start`](ServentBuilder::start) uses segmentation and receive offload: where available, unless told
    /// otherwise.
    #[must_use]
    pub fn offload(self, offload: Offload) -> Self {
        Self { offload, ..self }
    }

    /// Who looks up and sends: whoever has work for that, where the role is idle, unless told otherwise.
    #[must_use]
    pub fn hand_over(self, hand_over: HandOver) -> Self {
        Self { hand_over, ..self }
    }

    /// What the links to the neighbours do to the QUERYs that are sent over them: nothing unless told otherwise. For
    /// lessons and tests: whole overlays on one machine as slow and as lossy as those of many.
    #[must_use]
    pub fn links(self, links: LinkConfig) -> Self {
        Self { links, ..self }
    }

    /// The links become what comes from `links_rx`, from when it comes on. QUERYs then pass through a thread of their own
    /// even as long as nothing is lost or held back.
    #[must_use]
    pub fn links_changed_by(self, links_rx: Receiver<LinkConfig>) -> Self {
        Self { links_rx: Some(links_rx), ..self }
    }

    /// Writes what becomes of each datagram to `output`, a JSON object a line, as `data/trace.schema.json` says. No
    /// actor waits for it: what can't be written as fast is counted (`trace_dropped`).
    #[must_use]
    pub fn trace(self, output: impl Write + Send + 'static) -> Self {
        Self { trace: Some(Trace(Box::new(output))), ..self }
    }

    /// Binds the port and starts the threads. Waits for names as [`ServentBuilder::resolve`] says.
    ///
    /// # Errors
    /// [`StartError`]. Nothing is left behind.
    pub fn start(self) -> Result<Servent, StartError> {
        let bind = self.bind;
        let socket = Socket::bind(bind).map_err(|error| StartError::Bind(bind, error))?;
        socket.learn_asked();
        let (endpoint, _) = socket.into_endpoint(self.offload).map_err(StartError::System)?;
        self.start_on(endpoint, SystemClock::start())
    }

    /// Starts the threads on any network, one in [`memory`](crate::net::memory) for example, and with any clock.
    /// [`bind`](ServentBuilder::bind) and [`offload`](ServentBuilder::offload) are then settled already.
    ///
    /// # Errors
    /// [`StartError`], of any kind but [`StartError::Bind`]. Nothing is left behind.
    pub fn start_on<S, K>(
        self,
        endpoint: Endpoint<S, K>,
        clock: impl Clock + Clone + Send + Sync + 'static,
    ) -> Result<Servent, StartError>
    where
        S: DatagramSource + Send + 'static,
        K: DatagramSink + Send + 'static,
    {
        let Endpoint { local, source, sink } = endpoint;
        let is_own = move |address| net::leads_to(local, address);
        let mut resolver = match self.neighbours {
            #[cfg(feature = "cli")]
            Given::Settled(resolver) => *resolver,
            Given::Peers(peers) => {
                let book =
                    AddressBook::new(peers, self.resolve, clock.now(), is_own).map_err(StartError::Neighbours)?;
                let mut resolver = Resolver::new(book, self.look_up.0);
                resolver.settle(&clock).map_err(StartError::Unresolved)?;
                resolver
            }
        };
        let neighbours = resolver.neighbours(&is_own);
        // First, since what fails behind a tracer that runs would leave it behind.
        let stop = StopFlag::new(&source).map_err(StartError::System)?;
        let (tracing, tap) = match self.trace {
            Some(Trace(output)) => {
                let (tracing, tap) = Tracing::start(output, own_name(local, &neighbours), &neighbours, clock.clone())?;
                (Some(tracing), Some(tap))
            }
            None => (None, None),
        };
        let flood = Flooder::new(FloodConfig {
            neighbours: neighbours.clone(),
            first_seq: self.first_seq.unwrap_or_else(|| SeqNo(secret()[0] as u32)),
            neighbours_only: self.neighbours_only,
            seen: self.seen,
            secret: secret(),
        });
        let answers = Lookup::new(self.store, ResponseLimiter::new(self.response_limit));

        // Against the flow: each role needs the way to those that take its results.
        let (mut crew, mut stats) = (Crew::default(), Stats::default());
        let sending = sender::Sender::new(sink, clock.clone(), stats.tally(), tap.clone());
        let (sender, sender_worker) = role("sender", sending, self.hand_over, batches());
        let looking_up = lookup::Lookup::new(answers, sender.clone(), clock.clone(), stats.tally(), tap.clone());
        let (lookup, lookup_worker) = role("lookup", looking_up, self.hand_over, batches());
        let (queries, linking) = if self.links.is_perfect() && self.links_rx.is_none() {
            (sender, None)
        } else {
            let (outbox_tx, outbox_rx) = batches();
            let (machine, clock) = (Links::new(self.links, secret()[0]), clock.clone());
            let (tally, tap, config_rx) = (stats.tally(), tap.clone(), self.links_rx.unwrap_or_else(never));
            let run = move || links::run(machine, &outbox_rx, config_rx, &sender, &clock, tally, tap);
            (RoleHandle::from(outbox_tx), Some(run))
        };
        let ways = (lookup.clone(), queries);
        let flooding = flooder::Flooder::new(flood, ways, clock.clone(), stats.tally(), tap.clone());
        // In parallel to the look-up, always (P-11).
        let (flooder, flooder_worker) = role("flooder", flooding, HandOver::Queue, batches());
        let floods_clireqs = resolver.may_change() || !neighbours.as_slice().is_empty();
        let route = ServentRoute::new(floods_clireqs, flooder.clone(), lookup.clone());
        let shown = Arc::new(Mutex::new(neighbours));
        let outlets = Outlets { flooder, shown: Arc::clone(&shown), tally: stats.tally() };
        let (resolving, stop_rx) = bounded(0);
        let (flag, tally) = (stop.clone(), stats.tally());
        let spawn_all = || -> io::Result<()> {
            let resolver_clock = clock.clone();
            crew.spawn("receiver", move || receiver::run(source, &flag, route, &clock, tally, tap.as_ref()))?;
            if let Some(resolver) = resolver.serving(outlets) {
                crew.spawn("resolver", move || resolver.run(&is_own, &resolver_clock, &stop_rx))?;
            }
            crew.spawn("flooder", || flooder_worker.run())?;
            crew.spawn("lookup", || lookup_worker.run())?;
            if let Some(run) = linking {
                crew.spawn("links", run)?;
            }
            crew.spawn("sender", || sender_worker.run())
        };
        let spawned = spawn_all();
        let running = Some(Running { lookup, resolving, crew, tracing });
        let servent = Servent { local, neighbours: shown, stop, stats, running };
        // If a thread is missing, dropping the servent stops and joins the others.
        spawned.map(|()| servent).map_err(StartError::System)
    }
}
