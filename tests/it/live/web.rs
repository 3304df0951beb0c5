//! A running overlay with a page, and what it is asked.

use crate::overlay::topology::Topology;
use crate::support::{DEADLINE, Program, TP3};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// An overlay with a page that is up.
pub(super) struct Web {
    pub(super) topology: Topology,
    pub(super) program: Program,
    pub(super) port: u16,
    /// With the slashes round it.
    pub(super) token: String,
}

/// A response, whole.
pub(super) struct Response {
    pub(super) code: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Web {
    pub(super) fn start(topology: Topology, more: &[&str]) -> Self {
        Self::start_patient("0.3", topology, more)
    }

    /// One that waits so many seconds for an answer, and another.
    pub(super) fn start_patient(timeout: &str, topology: Topology, more: &[&str]) -> Self {
        let file = topology.file().to_str().unwrap().to_owned();
        let mut program = Program::start(TP3, ["overlay", &file, "--web", "--timeout", timeout].iter().chain(more));
        let url = program.stdout.expect("http://127.0.0.1:");
        let (port, token) = url.strip_prefix("http://127.0.0.1:").unwrap().split_once('/').unwrap();
        let (port, token) = (port.parse().unwrap(), format!("/{token}"));
        Self { topology, program, port, token }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    /// Sends these bytes and reads until the connection is closed.
    pub(super) fn send(&self, bytes: &[u8]) -> Response {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        Response::read(&response)
    }

    /// A request of the page itself, with these headers more.
    pub(super) fn get(&self, path: &str, headers: &str) -> Response {
        let (token, port) = (&self.token, self.port);
        self.send(format!("GET {token}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n").as_bytes())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Response {
        self.post_with("", path, body)
    }

    /// One of a page in this language.
    pub(super) fn post_in(&self, language: &str, path: &str, body: &Value) -> Response {
        self.post_with(&format!("Accept-Language: {language}\r\n"), path, body)
    }

    fn post_with(&self, headers: &str, path: &str, body: &Value) -> Response {
        let (token, port, body) = (&self.token, self.port, body.to_string());
        let head = format!(
            "POST {token}{path} HTTP/1.1\r\nHost: localhost:{port}\r\nSec-Fetch-Site: same-origin\r\n{headers}"
        );
        let len = body.len();
        self.send(format!("{head}Content-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}").as_bytes())
    }

    /// What happens, from now on or from behind an event.
    pub(super) fn events(&self, headers: &str) -> Events {
        self.events_by(self.connect(), headers)
    }

    /// What happens, by a connection that has asked for nothing yet.
    pub(super) fn events_by(&self, mut stream: TcpStream, headers: &str) -> Events {
        let (token, port) = (&self.token, self.port);
        let request = format!("GET {token}events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(lines.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("text/event-stream"), "{head}");
        Events(lines)
    }

    pub(super) fn address(&self, index: usize) -> String {
        format!("127.0.0.1:{}", self.topology.port(index))
    }
}

impl Response {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no response: {text:?}"));
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { code, head: head.to_owned(), body: body.to_owned() }
    }

    pub(super) fn json(&self) -> Value {
        assert_eq!(self.code, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Server-sent events.
pub(super) struct Events(BufReader<TcpStream>);

/// One of them.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Option<u64>,
    pub(super) kind: String,
    pub(super) data: Value,
}

impl Events {
    /// The next one; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Event> {
        let (mut id, mut kind, mut data) = (None, String::new(), Value::Null);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", number)) => id = Some(number.parse().unwrap()),
                Some(("event", name)) => name.clone_into(&mut kind),
                Some(("data", json)) => data = serde_json::from_str(json).unwrap(),
                _ if kind.is_empty() => {}
                _ => return Some(Event { id, kind, data }),
            }
        }
    }

    /// The next one of this kind whose data is like this.
    pub(super) fn expect(&mut self, kind: &str, is_like: impl Fn(&Value) -> bool) -> Event {
        loop {
            let event = self.next().unwrap_or_else(|| panic!("ended without {kind}"));
            if event.kind == kind && is_like(&event.data) {
                return event;
            }
        }
    }
}
