//! One connection: a request, and what it gets.

use super::board::Board;
use super::drawing;
use super::gate::Gate;
use super::log::event;
use super::orders::{Order, Ordered};
use super::pages::Pages;
use super::request::Head;
use super::response::{head, plain};
use super::route::{self, Route};
use super::status::Status;
use crate::actor::clock::{Clock, SystemClock};
use crate::picture::Words;
use crate::telling::Language;
use crate::types::Timestamp;
use crossbeam_channel::Sender;
use rustix::event::{PollFd, PollFlags, poll};
use serde_json::json;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// How long a request may take to come.
const REQUEST_WAIT: Duration = Duration::from_secs(5);

/// How long a browser may take nothing. It comes back and goes on where it was.
const WRITE_WAIT: Duration = Duration::from_secs(30);

/// How often it is looked whether a watcher is still there.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long what is done for the page may take.
const ORDER_WAIT: Duration = Duration::from_secs(5);

/// What is read and left of a request that was refused before its end: who is still writing would miss the answer.
const LEFT_LEN_MAX: u64 = 1 << 20;

/// What all connections share.
#[derive(Debug)]
pub(super) struct House {
    pub(super) gate: Gate,
    pub(super) pages: Pages,
    pub(super) board: Arc<Board>,
    pub(super) orders_tx: Sender<Ordered>,
}

/// Serves a connection to its end.
pub(super) fn serve(house: &House, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_WAIT))?;
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    let response = match answer(house, stream, &mut bytes) {
        Ok(Answer::Whole(response)) => response,
        Ok(Answer::Events(last)) => return watch(&house.board, stream, last),
        Err(Failure::Refused(status)) => plain(&status, language(&bytes)),
        Err(Failure::Gone(error)) => return Err(error),
    };
    stream.write_all(&response)?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(LOOK_EVERY))?;
    // What is still to come is taken in, so that the answer is not thrown away with it; but not for ever.
    let (clock, mut rest) = (SystemClock::start(), [0; 4096]);
    let mut left = LEFT_LEN_MAX;
    while left > 0 && clock.now() < Timestamp::ZERO + LOOK_EVERY {
        let len = stream.read(&mut rest)? as u64;
        left = if len == 0 { 0 } else { left.saturating_sub(len) };
    }
    Ok(())
}

/// Says that there are connections enough.
pub(super) fn turn_away(mut stream: TcpStream) {
    let why = Words::new(
        "too many connections: close other tabs of this page",
        "conexões demais: feche outras abas desta página",
    );
    let busy = plain(&Status::Busy(why), None);
    // It fits into a fresh buffer; if not, so be it.
    stream.set_nonblocking(true).and_then(|()| stream.write_all(&busy)).ok();
}

enum Answer {
    Whole(Vec<u8>),
    Events(Option<u64>),
}

enum Failure {
    Refused(Status),
    Gone(io::Error),
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::Refused(status)
    }
}

/// Reads a request and finds the answer.
fn answer(house: &House, stream: &TcpStream, bytes: &mut Vec<u8>) -> Result<Answer, Failure> {
    let clock = SystemClock::start();
    let deadline = clock.now() + REQUEST_WAIT;
    let len = loop {
        match Head::read(bytes)? {
            Some(head) => break head.len,
            None => read_some(stream, bytes, deadline, &clock)?,
        }
    };
    let body_len = match wanted(house, bytes)? {
        Route::Order(_, body_len) => body_len,
        _ => 0,
    };
    while bytes.len() < len + body_len {
        read_some(stream, bytes, deadline, &clock)?;
    }
    let found = |content_type: &str, body: &[u8]| {
        let mut response = head(&Status::Ok, content_type, Some(body.len()));
        response.extend(body);
        Answer::Whole(response)
    };
    Ok(match wanted(house, bytes)? {
        Route::Page(page) => found(page.content_type, &page.bytes),
        Route::Events(last) => Answer::Events(last),
        Route::Flood(number) => {
            let outcome = house.board.outcome(number).ok_or(Status::NotFound)?;
            found("application/json", &drawing::draw(&outcome))
        }
        Route::Order(what, body_len) => {
            order(house, route::read(what, &bytes[len..len + body_len])?)?;
            Answer::Whole(plain(&Status::NoContent, None))
        }
    })
}

/// What the request whose head these bytes begin with asks for.
fn wanted<'a>(house: &'a House, bytes: &[u8]) -> Result<Route<'a>, Status> {
    let head = Head::read(bytes)?.ok_or(Status::BadRequest)?;
    let path = house.gate.admit(&head)?;
    route::route(&house.pages, &head, path)
}

/// The language that a request prefers, if it is one that is spoken here.
fn language(bytes: &[u8]) -> Option<Language> {
    let head = Head::read(bytes).ok()??;
    let preferred = head.only("accept-language").ok()??;
    match preferred.get(..2)? {
        b"en" => Some(Language::English),
        b"pt" => Some(Language::Portuguese),
        _ => None,
    }
}

fn read_some(
    mut stream: &TcpStream,
    bytes: &mut Vec<u8>,
    deadline: Timestamp,
    clock: &SystemClock,
) -> Result<(), Failure> {
    let mut room = [0; 4096];
    let left = deadline.since(clock.now());
    if left.is_zero() {
        return Err(Status::Timeout.into());
    }
    stream.set_read_timeout(Some(left)).map_err(Failure::Gone)?;
    match stream.read(&mut room) {
        Ok(0) => Err(Failure::Gone(ErrorKind::UnexpectedEof.into())),
        Ok(len) => {
            bytes.extend(&room[..len]);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Err(Status::Timeout.into())
        }
        Err(error) => Err(Failure::Gone(error)),
    }
}

fn order(house: &House, order: Order) -> Result<(), Status> {
    let (ordered, reply_rx) = Ordered::new(order);
    let busy = || Status::Busy(Words::new("the overlay is busy, or ends", "o overlay está ocupado, ou terminando"));
    house.orders_tx.send_timeout(ordered, ORDER_WAIT).map_err(|_| busy())?;
    reply_rx.recv_timeout(ORDER_WAIT).map_err(|_| busy())?.map_err(Status::from)
}

/// Tells a watcher of everything that happens, from behind the event `last` on or from now on, until it is gone or the
/// board is closed.
fn watch(board: &Board, mut stream: &TcpStream, last: Option<u64>) -> io::Result<()> {
    let (hello, now) = board.hello();
    stream.write_all(&head(&Status::Ok, "text/event-stream", None))?;
    stream.write_all(&hello)?;
    let mut seen = last.unwrap_or(now).min(now);
    while let Ok(news) = board.after(seen, LOOK_EVERY) {
        if is_gone(stream)? {
            break;
        }
        let Some(news) = news else { continue };
        if news.missed > 0 {
            // How everything is may be among what it missed.
            stream.write_all(&board.hello().0)?;
            stream.write_all(&event(None, "missed", &json!({"missed": news.missed}).to_string()))?;
        }
        stream.write_all(&news.events.concat())?;
        seen = news.last;
    }
    Ok(())
}

/// Whether the other side has closed the connection. It has nothing more to say.
fn is_gone(stream: &TcpStream) -> io::Result<bool> {
    Ok(poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&Default::default()))? > 0)
}
