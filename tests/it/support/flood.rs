//! A test under load.

use super::Peer;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{Builder, scope};

/// Runs `body` while so many threads call `send`, each with a peer of its own and a number that grows by one. `body`
/// receives one `()` for each datagram that came back.
pub(crate) fn under_flood<R>(
    threads: usize,
    send: impl Fn(&Peer, u32) + Sync,
    body: impl FnOnce(&Receiver<()>) -> R,
) -> R {
    let stop = AtomicBool::new(false);
    scope(|scope| {
        // However `body` ends, the floods end too, or they would be waited for without end.
        let _stop_at_end = SetAtEnd(&stop);
        let (answers_tx, answers) = channel();
        for _ in 0..threads {
            let (answers_tx, stop, send) = (answers_tx.clone(), &stop, &send);
            let flood = move || {
                let peer = Peer::new();
                for round in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    send(&peer, round);
                    while peer.recv_now().is_some() {
                        answers_tx.send(()).ok();
                    }
                }
            };
            Builder::new().name("flood".into()).spawn_scoped(scope, flood).unwrap();
        }
        body(&answers)
    })
}

struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
