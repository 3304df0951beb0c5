//! `--link-orders`: what the links are like, line by line from standard input.

use crate::actor::aside::aside;
use crate::cli::links::{self, Delay, Loss};
use crate::protocol::LinkConfig;
use crate::text::escape;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::io::{self, BufRead, Read};

/// The longest line that is read.
const LINE_LEN_MAX: u64 = 1024;

/// What the links are like by now.
#[derive(Clone, Copy, Debug)]
struct Links {
    loss: Loss,
    delay: Delay,
}

/// Reads orders until there are no more, from links like these on. What comes of each comes by the channel.
///
/// # Errors
/// What the system says when it has no thread to give.
pub(super) fn listen(loss: Loss, delay: Delay) -> io::Result<Receiver<LinkConfig>> {
    let (links_tx, links_rx) = unbounded();
    // Reading can't be interrupted. Its result is nothing to anybody.
    drop(aside("orders", move || read(Links { loss, delay }, io::stdin().lock(), &links_tx))?);
    Ok(links_rx)
}

fn read(mut links: Links, mut input: impl BufRead, links_tx: &Sender<LinkConfig>) {
    let mut line = Vec::new();
    while input.by_ref().take(LINE_LEN_MAX).read_until(b'\n', &mut line).is_ok_and(|len| len > 0) {
        match links.obey(&String::from_utf8_lossy(&line)) {
            Ok(()) if links_tx.send(links::config(links.loss, links.delay)).is_err() => return,
            Ok(()) => {}
            Err(why) => log::warn!("order '{}' left: {why}", escape(line.trim_ascii())),
        }
        line.clear();
    }
}

impl Links {
    fn obey(&mut self, line: &str) -> Result<(), String> {
        match line.trim().split_once(' ') {
            Some(("loss", value)) => self.loss = links::loss(value)?,
            Some(("delay", value)) => self.delay = links::delay(value)?,
            _ => return Err("expected loss PERCENT or delay TIME".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_order_changes_one_thing_and_what_is_none_changes_nothing() {
        let (links_tx, links_rx) = unbounded();
        let links = Links { loss: links::loss("1").unwrap(), delay: Delay::default() };
        let long = format!("loss {}\n", "1".repeat(2_000));
        let input = format!("loss 5\ndelay 50ms±10ms\n\nloss\nloss 101\nstop now\n\0\n{long}delay 0\nloss 100");
        read(links, input.as_bytes(), &links_tx);
        let [delay, jitter] = [50, 10].map(Duration::from_millis);
        let slow = LinkConfig { loss: 0.05, delay, jitter };
        let fast = LinkConfig { delay: Duration::ZERO, jitter: Duration::ZERO, ..slow };
        let told: Vec<_> = links_rx.try_iter().collect();
        assert_eq!(
            told,
            [LinkConfig { loss: 0.05, ..LinkConfig::default() }, slow, fast, LinkConfig { loss: 1.0, ..fast }]
        );
    }
}
