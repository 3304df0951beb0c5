//! The threads of the server, started and stopped.

use super::board::Board;
use super::connection::{self, House};
use super::gate::{Gate, Token};
use super::orders::Ordered;
use super::pages::Pages;
use crate::actor::crew::{ActorPanicked, Crew};
use crate::entropy::secret;
use crossbeam_channel::{Sender, after};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How many connections there are at a time.
const CONNECTIONS_MAX: usize = 16;

/// How long it waits for another connection after one could not be made.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// A server that serves. Dropping it ends all connections and waits for its threads.
#[derive(Debug)]
pub struct Server {
    address: SocketAddrV4,
    token: Token,
    board: Arc<Board>,
    is_stopping: Arc<AtomicBool>,
    crew: Crew,
}

impl Server {
    /// Listens on this port of 127.0.0.1, or on a free one if it is 0, and serves these pages, what the board says, and
    /// orders for whoever takes them.
    ///
    /// # Errors
    /// What the system says: that the port is in use, for example.
    pub fn start(port: u16, pages: Pages, board: Arc<Board>, orders_tx: Sender<Ordered>) -> io::Result<Self> {
        let listener = TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, listener.local_addr()?.port());
        let token = Token::of(secret());
        let gate = Gate::new(address.port(), token.clone());
        let house = Arc::new(House { gate, pages, board: Arc::clone(&board), orders_tx });
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (flag, teller) = (Arc::clone(&is_stopping), Arc::clone(&board));
        // From here on a failure drops the server, which stops and joins what was started.
        let mut server = Self { address, token, board, is_stopping, crew: Crew::default() };
        server.crew.spawn("acceptor", move || accept(&listener, &house, &flag))?;
        server.crew.spawn("teller", move || teller.tell_of_floods())?;
        Ok(server)
    }

    /// The address of the page, token included.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.address, self.token)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends all connections and waits for the threads.
    ///
    /// # Errors
    /// [`ActorPanicked`] if one did.
    pub fn stop(mut self) -> Result<(), ActorPanicked> {
        self.end()
    }

    fn end(&mut self) -> Result<(), ActorPanicked> {
        self.board.close();
        self.is_stopping.store(true, Ordering::SeqCst);
        // The acceptor waits for a connection: this is the last one.
        TcpStream::connect(self.address).ok();
        std::mem::take(&mut self.crew).join()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(panicked) = self.end() {
            log::error!("{panicked}");
        }
    }
}

/// A connection and its thread.
struct Connection {
    stream: TcpStream,
    thread: JoinHandle<()>,
}

fn accept(listener: &TcpListener, house: &Arc<House>, is_stopping: &AtomicBool) {
    let mut connections: Vec<Connection> = Vec::new();
    for stream in listener.incoming() {
        if is_stopping.load(Ordering::SeqCst) {
            break;
        }
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                // There may be no descriptor left, and the same error comes again at once.
                log::debug!("no connection: {error}");
                after(ERROR_PAUSE).recv().ok();
                continue;
            }
        };
        connections.retain(|connection| !connection.thread.is_finished());
        if connections.len() >= CONNECTIONS_MAX {
            connection::turn_away(stream);
            continue;
        }
        match begin(house, stream) {
            Ok(connection) => connections.push(connection),
            Err(error) => log::warn!("no thread for a connection: {error}"),
        }
    }
    for Connection { stream, thread } in connections {
        // One that waits for its browser waits no longer.
        stream.shutdown(Shutdown::Both).ok();
        if thread.join().is_err() {
            log::error!("a connection panicked (this is a bug)");
        }
    }
}

fn begin(house: &Arc<House>, stream: TcpStream) -> io::Result<Connection> {
    let (house, own) = (Arc::clone(house), stream.try_clone()?);
    let serve = move || {
        if let Err(error) = connection::serve(&house, &own) {
            log::debug!("a connection ended: {error}");
        }
        // The acceptor has a handle as well.
        own.shutdown(Shutdown::Both).ok();
    };
    let thread = Builder::new().name("connection".to_owned()).spawn(serve)?;
    Ok(Connection { stream, thread })
}
