//! A client for programs: asks a servent for keys and returns the answers as they come.

use crate::actor::asking::Asker;
use crate::actor::channels::batches;
use crate::actor::clock::{Clock, SystemClock};
use crate::actor::crew::Crew;
use crate::actor::receiver::StopFlag;
use crate::actor::{receiver, sender};
use crate::entropy::secret;
use crate::net::{DatagramSink, DatagramSource, Endpoint, Offload, Socket};
use crate::protocol::{Answer, AskedKey, Dialect, Event, KeyError, Notice, Patience, QueriesConfig, Summary};
use crate::stats::Stats;
use crossbeam_channel::{never, select};
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;

/// A client of one servent, with a receiver thread and a sender thread of its own. Dropping it stops and joins them.
///
/// It asks for one key at a time: a RESPONSE names its key and nothing else, so of two questions for one key nobody
/// could tell the answers apart. For many keys at once take several clients.
pub struct Client {
    asker: Option<Asker<Arc<dyn Clock + Send + Sync>>>,
    dialect: Dialect,
    stop: StopFlag,
    crew: Crew,
    on_notice: OnNotice,
}

/// Whoever is told of what is no answer.
type OnNotice = Arc<dyn Fn(&Notice) + Send + Sync>;

/// How a [`Client`] asks; made by [`Client::builder`].
#[derive(Clone)]
pub struct ClientBuilder {
    servent: SocketAddrV4,
    patience: Patience,
    dialect: Dialect,
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
        let Self { servent, patience, dialect, on_notice } = self;
        let Endpoint { source, sink, .. } = endpoint;
        let (news_tx, news_rx) = batches();
        let (outbox_tx, outbox_rx) = batches();
        let config = QueriesConfig { patience, jobs: 1, secret: secret() };
        let shared: Arc<dyn Clock + Send + Sync> = Arc::new(clock.clone());
        let asker = Asker::new((servent, dialect), config, shared, news_rx, outbox_tx);
        // From here on a failure drops the client, which stops and joins what was started.
        let stop = StopFlag::new(&source)?;
        let mut client = Client { asker: Some(asker), dialect, stop, crew: Crew::default(), on_notice };
        let mut stats = Stats::default();
        let (flag, tally, its_clock) = (client.stop.clone(), stats.tally(), clock.clone());
        client.crew.spawn("receiver", move || receiver::run(source, &flag, news_tx, &its_clock, tally, None))?;
        let tally = stats.tally();
        client.crew.spawn("sender", move || sender::run(sink, &outbox_rx, &clock, tally, None))?;
        Ok(client)
    }
}

impl Client {
    /// A client of the servent at this address.
    #[must_use]
    pub fn builder(servent: SocketAddrV4) -> ClientBuilder {
        let (patience, dialect) = (Patience::default(), Dialect::default());
        ClientBuilder { servent, patience, dialect, on_notice: Arc::new(|_| {}) }
    }

    /// Asks for `key`, which is trimmed (P-45), and returns the answers as they come.
    ///
    /// # Errors
    /// [`KeyError`], which says what a key can't be.
    pub fn ask(&mut self, key: impl AsRef<[u8]>) -> Result<Answers<'_>, KeyError> {
        let key = AskedKey::in_dialect(key.as_ref(), self.dialect)?;
        #[expect(clippy::expect_used, reason = "only a drop takes it")]
        let asker = self.asker.as_mut().expect("a client has its asker until it is dropped");
        asker.queries_mut().push(key);
        let end = asker.start().err().map(|_| Err(Disconnected));
        Ok(Answers { asker, end, on_notice: Arc::clone(&self.on_notice) })
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

/// The answers to one key, each as it comes; ends when a whole wait passed without another (P-40).
///
/// Dropping it gives the question up.
#[must_use = "dropping it gives the question up"]
pub struct Answers<'a> {
    asker: &'a mut Asker<Arc<dyn Clock + Send + Sync>>,
    end: Option<Result<Summary, Disconnected>>,
    on_notice: OnNotice,
}

/// The client's network is gone: one of its actors ended, after it logged why, or panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the client's network is gone")
    }
}

impl Error for Disconnected {}

impl Answers<'_> {
    /// Waits until the question is over, and returns what came of it; the answers that nobody took are counted in.
    ///
    /// # Errors
    /// [`Disconnected`] if the network went away before.
    pub fn finish(mut self) -> Result<Summary, Disconnected> {
        self.by_ref().for_each(drop);
        self.end.unwrap_or(Err(Disconnected))
    }

    /// Waits for something to happen, and lets the machine know.
    fn wait(&mut self) -> Result<(), Disconnected> {
        let deadline = self.asker.queries().deadline();
        let alarm = deadline.map_or_else(never, |deadline| self.asker.alarm(deadline));
        select! {
            recv(self.asker.news_rx()) -> news => {
                let news = news.map_err(|_| Disconnected)?;
                self.asker.hear(&news);
            }
            recv(alarm) -> _ => drop(self.asker.on_alarm().map_err(|_| Disconnected)?),
        }
        while let Some(notice) = self.asker.next_notice() {
            (self.on_notice)(&notice);
        }
        Ok(())
    }
}

impl Iterator for Answers<'_> {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        while self.end.is_none() {
            match self.asker.queries_mut().next_event() {
                Some(Event::Answer { answer, .. }) => return Some(answer),
                Some(Event::Finished { summary, .. }) => self.end = Some(Ok(summary)),
                Some(Event::Stopped { .. }) => unreachable!("only a drop stops the question"),
                None => {
                    if let Err(disconnected) = self.wait() {
                        self.end = Some(Err(disconnected));
                    }
                }
            }
        }
        None
    }
}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        self.asker.queries_mut().stop();
        while self.asker.queries_mut().next_event().is_some() {}
    }
}

impl fmt::Debug for Answers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("end", &self.end).finish_non_exhaustive()
    }
}
