//! Orders to a servent, written by a thread of their own: one that is stopped reads none, and its pipe is full in the end.

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use std::io::{self, Write};
use std::thread::{Builder, JoinHandle};

/// The thread that writes, and what it is to write next. Dropping it waits until that is written, or can't be.
#[derive(Debug)]
pub(super) struct Orders {
    latest_tx: Option<Sender<String>>,
    /// Takes back what is replaced.
    latest_rx: Receiver<String>,
    writer: Option<JoinHandle<()>>,
}

impl Orders {
    /// Orders to whoever reads `input`, the standard input of the servent of this name.
    ///
    /// # Errors
    /// What the system says when it has no thread to give.
    pub(super) fn to(mut input: impl Write + Send + 'static, name: &str) -> io::Result<Self> {
        let (latest_tx, latest_rx) = bounded::<String>(1);
        let (own_rx, own_name) = (latest_rx.clone(), name.to_owned());
        let writer = Builder::new().name(format!("orders to {name}")).spawn(move || {
            for orders in own_rx {
                if let Err(error) = input.write_all(orders.as_bytes()) {
                    log::debug!("{own_name} takes no orders: {error}");
                    break;
                }
            }
        })?;
        Ok(Self { latest_tx: Some(latest_tx), latest_rx, writer: Some(writer) })
    }

    /// Has these written, in the place of any that still wait.
    pub(super) fn give(&self, orders: &str) {
        let Some(latest_tx) = &self.latest_tx else { return };
        let mut orders = orders.to_owned();
        // Nobody else sends: a second time there is room.
        while let Err(TrySendError::Full(back)) = latest_tx.try_send(orders) {
            self.latest_rx.try_recv().ok();
            orders = back;
        }
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        self.latest_tx = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            log::error!("a thread that writes orders panicked (this is a bug)");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, pipe};

    #[test]
    fn whoever_does_not_read_gets_the_latest_orders_once_it_does() {
        let (reader, writer) = pipe().unwrap();
        let orders = Orders::to(writer, "a servent").unwrap();
        // Far more than a pipe holds.
        let order = |number: u32| format!("{number} {}\n", "x".repeat(1_000));
        (0..10_000).for_each(|number| orders.give(&order(number)));
        let mut lines = BufReader::new(reader).lines().map(|line| line.unwrap() + "\n");
        let mut last = None;
        while last < Some(9_999) {
            let line = lines.next().unwrap();
            let number = line.split(' ').next().unwrap().parse().unwrap();
            assert!(Some(number) > last && line == order(number), "{line}");
            last = Some(number);
        }
        orders.give("end\n");
        assert_eq!(lines.next().as_deref(), Some("end\n"));
        drop(orders);
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn orders_to_one_that_is_gone_are_left() {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let orders = Orders::to(writer, "a servent").unwrap();
        (0..100).for_each(|_| orders.give("order\n"));
    }
}
