//! `tp3 overlay FILE --web`: the overlay and a page on which it is seen and asked.
//!
//! The main thread runs it: orders of the page, servents that end, those that are started again, and signals come here.

mod asker;

use super::running::{Signals, start};
use super::{NAME, OverlayArgs, print};
use crate::actor::aside::aside;
use crate::cli::links;
use crate::cli::{complain, explain, say};
use crate::flood::Records;
use crate::live::{Board, Health, Order, Ordered, Pages, Refused, Server};
use crate::overlay::{Located, Overlay, OverlayError, StartReport};
use crate::picture::{DELAY_MS_MAX, Served, Words, served};
use crate::protocol::LinkConfig;
use asker::Askers;
use crossbeam_channel::{Receiver, bounded, never, select};
use std::io::ErrorKind;
use std::net::SocketAddrV4;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Orders that wait while one is done.
const ORDERS_MAX: usize = 16;

/// What runs, as far as the page can change it.
struct Show {
    addresses: Vec<SocketAddrV4>,
    overlay: Overlay,
    health: Vec<Health>,
    /// Those that are to end.
    stopping: Vec<bool>,
    /// What all links were told to be, if they were.
    links: Option<String>,
    board: Arc<Board>,
    askers: Askers,
}

/// Runs it until a signal ends it. Returns the exit code.
pub(super) fn run(
    args: &OverlayArgs,
    port: Option<u16>,
    file: &Located,
    entry: SocketAddrV4,
    signals: Signals,
) -> Result<ExitCode, String> {
    let Signals { signal_rx, guard, crew, .. } = signals;
    if let Some(line) = file.file().lines().iter().find(|line| line.command().trace.is_some()) {
        return Err(format!("line {}: --trace: with --web the page reads the traces: leave it out", line.number()));
    }
    let links = args.links().unwrap_or_default();
    if links.delay > Duration::from_millis(DELAY_MS_MAX.into()) {
        return Err(format!("--delay: with --web it is at most {DELAY_MS_MAX} ms, as far as the page's slider goes"));
    }
    let addresses: Vec<_> = file.addresses().to_vec();
    let mut known = Records::new();
    explain::expect(&mut known, file);
    let board = Arc::new(Board::new(&addresses, entry, known));
    // Before the servents: a port that is in use is said at once.
    let (orders_tx, orders_rx) = bounded(ORDERS_MAX);
    let server = Server::start(port.unwrap_or(0), pages(), Arc::clone(&board), orders_tx)
        .map_err(|error| cannot_listen(port, &error))?;
    let traced = Arc::clone(&board);
    let traces = Arc::new(move |servent, line: &[u8]| traced.trace(servent, line));
    let overlay = match start(args, file, Some(traces), &signal_rx)? {
        Ok(overlay) => overlay,
        Err(ended) => return Ok(ExitCode::from(ended)),
    };
    let askers = Askers::start(args.asking.patience(), args.asking.dialect(), &board)
        .map_err(|error| format!("cannot start: {error}"))?;
    let (health, stopping) = (vec![Health::Serves; addresses.len()], vec![false; addresses.len()]);
    let mut show = Show { addresses, overlay, health, stopping, links: None, board, askers };
    show.board.links(links);
    links::own_delays(file.file()).for_each(|delay| show.board.hold_back(delay));
    (0..show.health.len()).for_each(|servent| show.is_now(servent, Health::Serves, Words::same("")));
    say(file);
    let printed = print(server.url(), &signal_rx);
    if printed != ExitCode::SUCCESS {
        return Ok(printed);
    }
    if args.open {
        open(&server);
    }
    show.run(&orders_rx, &signal_rx);
    // Whoever waits for an order hears at once that nobody does it any more.
    drop(orders_rx);
    let ended = server.stop();
    drop(show);
    drop(guard);
    ended.and_then(|()| crew.join()).map_err(|panicked| panicked.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn cannot_listen(port: Option<u16>, error: &std::io::Error) -> String {
    match port {
        Some(port) if error.kind() == ErrorKind::AddrInUse => {
            format!(
                "port {port} is in use: cannot serve a page on 127.0.0.1:{port}\ntip: --web without a port takes a free one"
            )
        }
        Some(port) => format!("cannot serve a page on 127.0.0.1:{port}: {error}"),
        None => format!("cannot serve a page: {error}"),
    }
}

/// The files of the page.
fn pages() -> Pages {
    let Served { html, css, js } = served();
    Pages::new([
        ("", "text/html; charset=utf-8", html),
        ("page.css", "text/css; charset=utf-8", css),
        ("page.js", "text/javascript; charset=utf-8", js),
    ])
}

/// Has the usual browser show the page. It is no part of this program and stays when that ends.
fn open(server: &Server) {
    let url = server.url();
    let shown = aside("browser", move || {
        let mut command = Command::new("xdg-open");
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.status() {
            Ok(status) if status.success() => {}
            Ok(status) => complain(NAME, format_args!("the browser was not opened: xdg-open: {status}")),
            Err(error) => complain(NAME, format_args!("the browser was not opened: xdg-open: {error}")),
        }
    });
    if let Err(error) = shown {
        complain(NAME, format_args!("the browser was not opened: {error}"));
    }
}

impl Show {
    fn run(&mut self, orders_rx: &Receiver<Ordered>, signal_rx: &Receiver<i32>) {
        let (mut orders_rx, ended_rx, ready_rx) = (orders_rx.clone(), self.overlay.ended(), self.overlay.ready());
        loop {
            select! {
                recv(orders_rx) -> ordered => match ordered {
                    Ok(ordered) => {
                        let outcome = self.obey(&ordered.order);
                        ordered.reply(outcome);
                    }
                    // The server has ended by itself, and has said why.
                    Err(_) => orders_rx = never(),
                },
                recv(ended_rx) -> servent => if let Ok(servent) = servent {
                    self.ended(servent);
                },
                recv(ready_rx) -> ready => match ready {
                    Ok((servent, Some(StartReport::Serves))) => {
                        self.order_links(servent);
                        self.is_now(servent, Health::Serves, Words::same(""));
                    }
                    Ok((servent, Some(StartReport::NotStarted { cause, .. }))) => self.is_now(servent, Health::Starts, Words::same(cause)),
                    // It has ended, which is told as well.
                    Ok((_, None)) | Err(_) => {}
                },
                recv(signal_rx) -> _ => return,
            }
        }
    }

    fn is_now(&mut self, servent: usize, health: Health, why: Words) {
        self.health[servent] = health;
        self.board.health(servent, health, why);
    }

    /// Does what the page asks for.
    fn obey(&mut self, order: &Order) -> Result<(), Refused> {
        let place = |address: &SocketAddrV4| {
            let place = self.addresses.iter().position(|own| own == address);
            place.ok_or_else(|| {
                let why =
                    (format!("{address} is no servent of this overlay"), format!("{address} não é deste overlay"));
                Refused::Never(Words::new(why.0, why.1))
            })
        };
        match order {
            Order::Ask { key, entry } => {
                place(entry)?;
                self.askers.ask(key, *entry)
            }
            Order::Servent { servent, runs } => {
                let place = place(servent)?;
                self.set_running(place, *runs)
            }
            Order::Links(config) => {
                self.set_links(*config);
                Ok(())
            }
        }
    }

    /// Starts a servent or stops it; one that is so already stays so.
    fn set_running(&mut self, servent: usize, runs: bool) -> Result<(), Refused> {
        match (self.health[servent], runs) {
            (Health::Serves | Health::Starts, false) => {
                self.stopping[servent] = true;
                self.overlay.stop(servent);
            }
            (Health::Stopped | Health::Died, true) => {
                self.stopping[servent] = false;
                self.is_now(servent, Health::Starts, Words::same(""));
                if let Err(error) = self.overlay.start_again(servent) {
                    let address = self.addresses[servent];
                    let why = Words::new(
                        format!("cannot start {address}: {error}"),
                        format!("não foi possível iniciar {address}: {error}"),
                    );
                    self.is_now(servent, Health::Died, why.clone());
                    return Err(Refused::Never(why));
                }
            }
            (Health::Serves | Health::Starts, true) | (Health::Stopped | Health::Died, false) => {}
        }
        Ok(())
    }

    /// Has every servent that runs change its links; those that start later are told then.
    fn set_links(&mut self, config: LinkConfig) {
        self.links = Some(links::orders(config));
        for servent in 0..self.health.len() {
            if matches!(self.health[servent], Health::Serves | Health::Starts) {
                self.order_links(servent);
            }
        }
        self.board.links(config);
    }

    fn order_links(&mut self, servent: usize) {
        if let Some(orders) = &self.links {
            self.overlay.order(servent, orders);
        }
    }

    fn ended(&mut self, servent: usize) {
        if self.stopping[servent] {
            return self.is_now(servent, Health::Stopped, Words::same(""));
        }
        let obituary = self.overlay.obituary(servent);
        complain(NAME, &obituary);
        let why = match &obituary {
            OverlayError::Died { status, last_words, .. } => Words::new(
                format!("{status}; its last words: {}", last_words.join("\n")),
                format!("{status}; suas últimas palavras: {}", last_words.join("\n")),
            ),
            other => Words::same(other.to_string()),
        };
        self.is_now(servent, Health::Died, why);
    }
}
