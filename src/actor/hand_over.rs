//! Who does a role's work: the role's own thread, or at once whoever brings it.
//!
//! Waking a thread costs more than most work. So each role's machine sits at a desk, behind a lock, and whoever has work
//! for it does the work there and then if the role is idle and nothing waits before it; otherwise the work goes into the
//! role's queue, and the role's own thread does it:
//!
//! ```text
//!              idle, nothing waits          ┌──────┐
//! RoleHandle ──────────────────────────────▶│ desk │  one at a time
//!     │                                     └──────┘
//!     └── otherwise ──▶ queue ──▶ Worker ──────▲
//! ```
//!
//! What holds:
//!
//! - *One role, one machine, one thread at a time*: the lock.
//! - *Nothing overtakes*: work is taken out of a queue only at the desk, so whoever sits there and finds the queue empty
//!   knows that all that was queued before is done.
//! - *No deadlock*: a desk is held while work is handed on, but only downstream, and nobody ever waits for one but its
//!   own thread; whoever finds it taken queues. Who waits for room in a queue waits for a thread further downstream, and
//!   the last one, the sender, waits for nothing but the kernel, and not for long.
//! - *Nobody else waits for what a role waits for*: work that is done at once must not wait ([`Turn::may_wait`]), be it
//!   for the kernel or for room in another role's queue. What is left of it then, the role's own thread finishes.
//! - *More work than one thread can do is shared out*: who has more work of its own waiting ([`Waiting`]) queues what it
//!   hands on, since doing it would put that off, and another core may be free. Who has none would go to sleep.
//! - *A panic is the role's*, whoever did the work: it ends the role's thread, and who brought the work is not unwound.

use crossbeam_channel::{Receiver, Select, SendError, Sender, TryRecvError, TrySendError, bounded};
use parking_lot::Mutex;
use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// When a role's work is done by whoever brings it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandOver {
    /// At once where the role is idle and nothing waits before it; otherwise it is queued for the role's thread.
    #[default]
    Idle,
    /// Never: everything is queued, and each role's work is done by its own thread.
    Queue,
}

/// A role: a machine, and where its results go.
pub trait Role<W>: Send {
    /// Does `work`, and hands on what comes of it.
    ///
    /// # Errors
    /// [`Gone`] if nobody takes the results any more: the role ends.
    fn take(&mut self, work: W, turn: Turn) -> Result<(), Gone>;

    /// Whether some of the work is left, since doing it means to wait. Nothing else is then taken before
    /// [`Role::finish`].
    fn is_unfinished(&self) -> bool {
        false
    }

    /// Does what is left; in the role's own thread, so it may wait.
    ///
    /// # Errors
    /// As [`Role::take`].
    fn finish(&mut self) -> Result<(), Gone> {
        Ok(())
    }
}

/// What somebody may do while he does a piece of work, and what he should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What else waits for him. More is only said to a role in its own thread, and is then in the role's queue: it will be
    /// given that next.
    pub waiting: Waiting,
    /// It is his own thread: he may wait for what the work takes.
    pub may_wait: bool,
}

impl Turn {
    /// In the thread of whoever does it.
    #[must_use]
    pub fn own(waiting: Waiting) -> Self {
        Self { waiting, may_wait: true }
    }

    /// At once, in the thread of somebody else, for whom nothing waits.
    const AT_ONCE: Self = Self { waiting: Waiting::Nothing, may_wait: false };
}

/// Whether more work waits for a thread than it has in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// It has not: once this is done it will sleep.
    Nothing,
    /// It has.
    More,
}

impl Waiting {
    /// Of the thread that serves `queue`.
    pub(super) fn of<W>(queue: &Receiver<W>) -> Self {
        if queue.is_empty() { Self::Nothing } else { Self::More }
    }
}

/// Whoever should take something is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

impl<T> From<SendError<T>> for Gone {
    fn from(_: SendError<T>) -> Self {
        Self
    }
}

/// The way to a role, for whoever has work for it. Once every one is dropped, and what is queued done, the role ends.
pub struct RoleHandle<W> {
    queue: Sender<W>,
    /// `None`: everything is queued.
    desk: Option<Arc<Desk<W>>>,
}

/// A role's own thread, which is to [run](Worker::run) it.
pub struct Worker<W> {
    queue: Receiver<W>,
    called: Receiver<()>,
    desk: Arc<Desk<W>>,
}

/// Where a role works.
struct Desk<W> {
    name: &'static str,
    seat: Mutex<Seat<W>>,
    /// Calls the role's thread to a desk whose queue may be empty.
    call: Sender<()>,
}

enum Seat<W> {
    Present(Box<dyn Role<W>>),
    /// The role panicked, wherever it worked; its thread is to end with this.
    Panicked(Box<dyn Any + Send>),
    /// The role has ended.
    Left,
}

/// A role called `name` that is brought work as `hand_over` says, and queues it in `queue`.
#[must_use]
pub fn role<W: 'static>(
    name: &'static str,
    role: impl Role<W> + 'static,
    hand_over: HandOver,
    (queue_tx, queue_rx): (Sender<W>, Receiver<W>),
) -> (RoleHandle<W>, Worker<W>) {
    let (call, called) = bounded(1);
    let desk = Arc::new(Desk { name, seat: Mutex::new(Seat::Present(Box::new(role))), call });
    let shared = match hand_over {
        HandOver::Idle => Some(Arc::clone(&desk)),
        HandOver::Queue => None,
    };
    (RoleHandle { queue: queue_tx, desk: shared }, Worker { queue: queue_rx, called, desk })
}

impl<W> RoleHandle<W> {
    /// Brings `work`, in the turn of whoever brings it. It comes back if he would have to wait until it can be queued, and
    /// may not.
    ///
    /// # Errors
    /// [`Gone`] if the role has ended.
    pub fn hand(&self, work: W, turn: Turn) -> Result<Option<W>, Gone> {
        if let (Some(desk), Waiting::Nothing) = (&self.desk, turn.waiting)
            && let Some(mut seat) = desk.seat.try_lock()
            && self.queue.is_empty()
            && seat.is_free()
        {
            let done = as_role(desk.name, || seat.act(|role| role.take(work, Turn::AT_ONCE)));
            if !seat.is_free() {
                // Somebody else may have called already.
                desk.call.try_send(()).ok();
            }
            return done.map(|()| None);
        }
        if turn.may_wait {
            self.queue.send(work)?;
            return Ok(None);
        }
        match self.queue.try_send(work) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(work)) => Ok(Some(work)),
            Err(TrySendError::Disconnected(_)) => Err(Gone),
        }
    }
}

/// To whoever takes from the other end of a channel, in a thread that is no role's.
impl<W> From<Sender<W>> for RoleHandle<W> {
    fn from(queue: Sender<W>) -> Self {
        Self { queue, desk: None }
    }
}

impl<W> Clone for RoleHandle<W> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), desk: self.desk.clone() }
    }
}

impl<W> fmt::Debug for RoleHandle<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleHandle").field("name", &self.desk.as_ref().map(|desk| desk.name)).finish_non_exhaustive()
    }
}

impl<W> fmt::Debug for Worker<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("name", &self.desk.name).finish_non_exhaustive()
    }
}

impl<W> Worker<W> {
    /// Does what is queued, and what others left, until every [`RoleHandle`] is dropped and nothing waits, or nobody
    /// takes the results.
    ///
    /// # Panics
    /// If the role did, here or where its work was done at once.
    pub fn run(self) {
        let Self { queue, called, desk } = self;
        let mut select = Select::new();
        select.recv(&queue);
        select.recv(&called);
        loop {
            // Nothing is taken out here: that is done at the desk.
            select.ready();
            let mut seat = desk.seat.lock();
            called.try_recv().ok();
            if seat.serve(&queue).is_ok() {
                continue;
            }
            let left = std::mem::replace(&mut *seat, Seat::Left);
            drop(seat);
            if let Seat::Panicked(payload) = left {
                resume_unwind(payload);
            }
            return;
        }
    }
}

impl<W> Seat<W> {
    /// Whether the role takes work.
    fn is_free(&self) -> bool {
        matches!(self, Self::Present(role) if !role.is_unfinished())
    }

    /// In the role's thread: does what is left and what is queued.
    ///
    /// # Errors
    /// [`Gone`] if nothing more will be queued, or the role has ended.
    fn serve(&mut self, queue: &Receiver<W>) -> Result<(), Gone> {
        self.act(|role| role.finish())?;
        loop {
            match queue.try_recv() {
                Ok(work) => {
                    let turn = Turn::own(Waiting::of(queue));
                    self.act(|role| role.take(work, turn))?;
                }
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(Gone),
            }
        }
    }

    /// Lets the role work. Once it is gone, or has panicked, it does not come back.
    fn act(&mut self, act: impl FnOnce(&mut dyn Role<W>) -> Result<(), Gone>) -> Result<(), Gone> {
        let Self::Present(role) = self else { return Err(Gone) };
        // Nobody looks at what a panic left behind.
        match catch_unwind(AssertUnwindSafe(|| act(role.as_mut()))) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(Gone)) => *self = Self::Left,
            Err(payload) => *self = Self::Panicked(payload),
        }
        Err(Gone)
    }
}

thread_local! {
    static ACTING: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// The role whose work this thread does at once just now, if any: who panics then is that one.
#[must_use]
pub fn acting_role() -> Option<&'static str> {
    ACTING.get()
}

/// Runs `act` as the role called `name`. It does not unwind.
fn as_role<R>(name: &'static str, act: impl FnOnce() -> R) -> R {
    let before = ACTING.replace(Some(name));
    let result = act();
    ACTING.set(before);
    result
}

#[cfg(test)]
mod tests;
