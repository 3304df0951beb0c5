//! Work that can't be interrupted, in a thread that nobody waits for.
//!
//! Opening a pipe that nobody writes to, or asking a name server that does not answer, ends when others please. Who wants
//! the result waits for it beside other events, and may leave instead: the thread owns nothing but what it works on, and
//! ends with the process.

use crossbeam_channel::{Receiver, bounded};
use std::io;
use std::thread::Builder;

/// Runs `work` in a thread called `name`. Its result comes by the channel, which closes without one if it panics.
///
/// # Errors
/// What the system says when it has no thread to give.
pub fn aside<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> io::Result<Receiver<T>> {
    let (result_tx, result_rx) = bounded(1);
    Builder::new().name(name.to_owned()).spawn(move || {
        // Nobody may want it any more.
        result_tx.send(work()).ok();
    })?;
    Ok(result_rx)
}
