//! A client for programs: asks a servent for keys and returns the answers as they come.

mod answers;

pub use answers::{Answers, Disconnected, StillOpen};

use crate::actor::asking::Asker;
use crate::actor::channels::{InboxHandle, News, batches};
use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::Crew;
use crate::actor::hand_over::{Gone, HandOver, Waiting, role};
use crate::actor::receiver::{self, Route};
use crate::actor::sender;
use crate::actor::stop::StopFlag;
use crate::entropy::secret;
use crate::net::{DatagramSink, DatagramSource, Endpoint, Offload, SendFailure, Socket};
use crate::protocol::{AskedKey, Dialect, KeyError, Notice, Patience, QueriesConfig};
use crate::stats::{Counters, Stats, Tally};
use crate::wire::DecodeError;
use crossbeam_channel::Sender;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A client's threads and its holder ask one clock.
type SharedClock = Arc<dyn Clock + Send + Sync>;

/// A client of one servent, with a receiver thread and a sender thread of its own. Dropping it stops and joins them.
///
/// It asks for one key at a time: a RESPONSE names its key and nothing else, so of two questions for one key nobody
/// could tell the answers apart. For many keys at once take several clients.
pub struct Client {
    asker: Option<Asker<SharedClock>>,
    dialect: Dialect,
    stop: StopFlag,
    crew: Crew,
    on_notice: OnNotice,
    /// A question is open; what comes meanwhile is taken in, and what comes otherwise is left.
    is_open: Arc<AtomicBool>,
    local: SocketAddrV4,
    stats: Stats,
}

/// A client's route that leaves what nobody asked for: an answer that comes after its question was given up would be
/// taken for one to the next question.
struct OpenRoute {
    news_tx: Sender<News>,
    is_open: Arc<AtomicBool>,
}

impl OpenRoute {
    fn pass_on(&mut self, pass: impl FnOnce(&mut Sender<News>) -> Result<(), Gone>) -> Result<(), Gone> {
        if self.is_open.load(Ordering::SeqCst) { pass(&mut self.news_tx) } else { Ok(()) }
    }
}

impl Route for OpenRoute {
    fn pass(&mut self, inbox: InboxHandle, waiting: Waiting, tally: &mut Tally) -> Result<(), Gone> {
        self.pass_on(|news_tx| news_tx.pass(inbox, waiting, tally))
    }

    fn malformed(&mut self, from: SocketAddrV4, datagram: &[u8], error: DecodeError) -> Result<(), Gone> {
        self.pass_on(|news_tx| news_tx.malformed(from, datagram, error))
    }

    fn undelivered(&mut self, to: SocketAddrV4, failure: SendFailure) -> Result<(), Gone> {
        self.pass_on(|news_tx| news_tx.undelivered(to, failure))
    }
}

/// Whoever is told of what is no answer.
type OnNotice = Arc<dyn Fn(&Notice) + Send + Sync>;

/// How a [`Client`] asks; made by [`Client::builder`].
#[derive(Clone)]
pub struct ClientBuilder {
    servent: SocketAddrV4,
    patience: Patience,
    dialect: Dialect,
    hand_over: HandOver,
    on_notice: OnNotice,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { servent, patience, dialect, .. } = self;
        let mut fields = f.debug_struct("ClientBuilder");
        fields.field("servent", servent).field("patience", patience).field("dialect", dialect).finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// How long to wait and how often to ask: 4 s and twice, unless told otherwise (P-40).
    #[must_use]
    pub fn patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// How keys end on the wire: with the datagram, unless told otherwise (P-3).
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }

    /// Who sends: whoever asks, where the sender is idle, unless told otherwise.
    #[must_use]
    pub fn hand_over(self, hand_over: HandOver) -> Self {
        Self { hand_over, ..self }
    }

    /// Calls `hear` with what is no answer and can be told all the same (P-46): once per sender and cause, as soon as it
    /// is heard, in the thread that waits for the answers. Unless told so, the client keeps it to itself.
    #[must_use]
    pub fn on_notice(self, hear: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self { on_notice: Arc::new(hear), ..self }
    }

    /// Binds a free port on all addresses and starts the threads.
    ///
    /// # Errors
    /// What the system says when it has no socket or thread to give. Nothing is left behind.
    pub fn start(self) -> io::Result<Client> {
        let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
        let (endpoint, _) = Socket::bind(any)?.hear_of_undelivered().into_endpoint(Offload::Off)?;
        self.start_on(endpoint, SystemClock::start())
    }

    /// The same on any network, and with any clock.
    ///
    /// # Errors
    /// What the system says when it has no thread to give.
    pub fn start_on<S, K>(
        self,
        endpoint: Endpoint<S, K>,
        clock: impl Clock + Clone + Send + Sync + 'static,
    ) -> io::Result<Client>
    where
        S: DatagramSource + Send + 'static,
        K: DatagramSink + Send + 'static,
    {
        let Self { servent, patience, dialect, hand_over, on_notice } = self;
        let Endpoint { local, source, sink } = endpoint;
        let (news_tx, news_rx) = batches();
        let mut stats = Stats::default();
        let sending = sender::Sender::new(sink, clock.clone(), stats.tally(), None);
        let (sender, worker) = role("sender", sending, hand_over, batches());
        let config = QueriesConfig { patience, jobs: 1, secret: secret() };
        let shared: SharedClock = Arc::new(clock.clone());
        let asker = Asker::new((servent, dialect), config, shared, news_rx, sender);
        // From here on a failure drops the client, which stops and joins what was started.
        let stop = StopFlag::new(&source)?;
        let is_open = Arc::new(AtomicBool::new(false));
        let route = OpenRoute { news_tx, is_open: Arc::clone(&is_open) };
        let (flag, tally) = (stop.clone(), stats.tally());
        let (asker, crew) = (Some(asker), Crew::default());
        let mut client = Client { asker, dialect, stop, crew, on_notice, is_open, local, stats };
        client.crew.spawn("receiver", move || receiver::run(source, &flag, route, &clock, tally, None))?;
        client.crew.spawn("sender", || worker.run())?;
        Ok(client)
    }
}

impl Client {
    /// A client of the servent at this address.
    #[must_use]
    pub fn builder(servent: SocketAddrV4) -> ClientBuilder {
        let (patience, dialect) = (Patience::default(), Dialect::default());
        let hand_over = HandOver::default();
        ClientBuilder { servent, patience, dialect, hand_over, on_notice: Arc::new(|_| {}) }
    }

    /// The address that answers come to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddrV4 {
        self.local
    }

    /// What came in and went out so far: malformed answers are under `malformed_*`, for example.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.stats.snapshot()
    }

    /// Asks for `key`, which is trimmed (P-45), and returns the answers as they come.
    ///
    /// Between questions nothing is listened to. An answer to an earlier question for the same key that is still under
    /// way now is an answer to this one: a RESPONSE does not say which question it answers.
    ///
    /// # Errors
    /// [`KeyError`], which says what a key can't be.
    pub fn ask(&mut self, key: impl AsRef<[u8]>) -> Result<Answers<'_>, KeyError> {
        let key = AskedKey::in_dialect(key.as_ref(), self.dialect)?;
        let asker = self.asker.as_mut().expect("a client has its asker until it is dropped");
        // Of an earlier question whose answers were forgotten, not dropped.
        answers::give_up(asker, &self.is_open);
        self.is_open.store(true, Ordering::SeqCst);
        asker.queries_mut().push(key);
        Ok(Answers::begin(asker, Arc::clone(&self.on_notice), Arc::clone(&self.is_open)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("dialect", &self.dialect).field("crew", &self.crew).finish_non_exhaustive()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.set();
        // The channels close, so that both actors end.
        self.asker = None;
        if let Err(panicked) = std::mem::take(&mut self.crew).join() {
            log::error!("{panicked}");
        }
    }
}
