//! What the page asks to be done, and how it is told what came of it.

use super::status::Status;
use crate::picture::{DELAY_MS_MAX, Words};
use crate::protocol::LinkConfig;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::net::SocketAddrV4;
use std::time::Duration;

/// Something that the page asks to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// To ask a servent for a key, as it was typed.
    Ask {
        /// The key.
        key: String,
        /// The servent.
        entry: SocketAddrV4,
    },
    /// To start a servent, or to stop it.
    Servent {
        /// Which.
        servent: SocketAddrV4,
        /// Whether it is to run.
        runs: bool,
    },
    /// To have the links between servents lose and delay QUERYs.
    Links(LinkConfig),
}

/// Why it is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It can't be.
    Never(Words),
    /// Not now.
    Busy(Words),
}

impl From<Refused> for Status {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Never(why) => Self::Refused(why),
            Refused::Busy(why) => Self::Busy(why),
        }
    }
}

/// An order under way to whoever does it.
#[derive(Debug)]
pub struct Ordered {
    /// What is to be done.
    pub order: Order,
    /// Takes what came of it.
    reply_tx: Sender<Result<(), Refused>>,
}

impl Ordered {
    pub(super) fn new(order: Order) -> (Self, Receiver<Result<(), Refused>>) {
        let (reply_tx, reply_rx) = bounded(1);
        (Self { order, reply_tx }, reply_rx)
    }

    /// Says what came of it.
    pub fn reply(&self, outcome: Result<(), Refused>) {
        // The page may be gone.
        self.reply_tx.try_send(outcome).ok();
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    key: String,
    entry: SocketAddrV4,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Servent {
    servent: SocketAddrV4,
    runs: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Links {
    loss: f64,
    delay_ms: u32,
    jitter_ms: u32,
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Status> {
    serde_json::from_slice(body).map_err(|error| {
        let why = Words::new(format!("not understood: {error}"), format!("pedido não entendido: {error}"));
        Status::Refused(why)
    })
}

impl Order {
    pub(super) fn ask(body: &[u8]) -> Result<Self, Status> {
        parse(body).map(|Ask { key, entry }| Self::Ask { key, entry })
    }

    pub(super) fn servent(body: &[u8]) -> Result<Self, Status> {
        parse(body).map(|Servent { servent, runs }| Self::Servent { servent, runs })
    }

    pub(super) fn links(body: &[u8]) -> Result<Self, Status> {
        let Links { loss, delay_ms, jitter_ms } = parse(body)?;
        if !(0.0..=100.0).contains(&loss) {
            let expected = Words::new("expected a loss from 0 to 100 %", "a perda vai de 0 a 100 %");
            return Err(Status::Refused(expected));
        }
        if delay_ms > DELAY_MS_MAX || jitter_ms > delay_ms {
            let expected = Words::new(
                format!("expected a delay of up to {DELAY_MS_MAX} ms, and no more than that behind ±"),
                format!("o atraso vai até {DELAY_MS_MAX} ms, e o que vem depois de ± não passa dele"),
            );
            return Err(Status::Refused(expected));
        }
        let [delay, jitter] = [delay_ms, jitter_ms].map(|ms| Duration::from_millis(ms.into()));
        Ok(Self::Links(LinkConfig { loss: loss / 100.0, delay, jitter }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_anything_else_is_refused() {
        let entry = "127.0.0.1:6001".parse().unwrap();
        let asked = Order::ask(br#"{"key":"a \u0000<b>","entry":"127.0.0.1:6001"}"#);
        assert_eq!(asked, Ok(Order::Ask { key: "a \0<b>".to_owned(), entry }));
        let stopped = Order::servent(br#"{"servent":"127.0.0.1:6001","runs":false}"#);
        assert_eq!(stopped, Ok(Order::Servent { servent: entry, runs: false }));
        let [delay, jitter] = [50, 10].map(Duration::from_millis);
        let links = Order::links(br#"{"loss":12.5,"delay_ms":50,"jitter_ms":10}"#);
        assert_eq!(links, Ok(Order::Links(LinkConfig { loss: 0.125, delay, jitter })));
        let longest = format!(r#"{{"loss":1,"delay_ms":{DELAY_MS_MAX},"jitter_ms":{DELAY_MS_MAX}}}"#);
        assert!(matches!(Order::links(longest.as_bytes()), Ok(Order::Links(_))));
        for (read, body) in [
            (Order::ask as fn(&[u8]) -> _, &b""[..]),
            (Order::ask, b"{}"),
            (Order::ask, br#"{"key":"a","entry":"localhost:6001"}"#),
            (Order::ask, br#"{"key":1,"entry":"127.0.0.1:6001"}"#),
            (Order::ask, br#"{"key":"a","entry":"127.0.0.1:6001","more":1}"#),
            (Order::ask, b"{\"key\":\"\xff\",\"entry\":\"127.0.0.1:6001\"}"),
            (Order::servent, br#"{"servent":"127.0.0.1:6001"}"#),
            (Order::links, br#"{"loss":101,"delay_ms":0,"jitter_ms":0}"#),
            (Order::links, br#"{"loss":-1,"delay_ms":0,"jitter_ms":0}"#),
            (Order::links, br#"{"loss":1,"delay_ms":10,"jitter_ms":11}"#),
            (Order::links, format!(r#"{{"loss":1,"delay_ms":{},"jitter_ms":0}}"#, DELAY_MS_MAX + 1).as_bytes()),
        ] {
            assert!(matches!(read(body), Err(Status::Refused(_))), "{}", body.escape_ascii());
        }
    }
}
