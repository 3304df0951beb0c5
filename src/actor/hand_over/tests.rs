//! What holds of a role's work, whoever does it.

use super::*;
use crate::actor::clock::{Clock, SystemClock};
use crate::types::Timestamp;
use crossbeam_channel::unbounded;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Builder, ThreadId};
use std::time::Duration;

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(60);
const PRODUCERS: usize = 2;
const ROUNDS: usize = 2_000;
const WORKS_A_ROUND: usize = 20;

/// Checks that the works of each producer come in order, and that nobody else is at the desk.
struct Inspector {
    next: [usize; PRODUCERS],
    is_busy: Arc<AtomicBool>,
    /// Told at the end: producers wait for each other.
    fault: Arc<Mutex<Option<String>>>,
    done: Arc<AtomicUsize>,
    /// Works that were done in the role's own thread.
    queued: Arc<AtomicUsize>,
}

impl Role<(usize, usize)> for Inspector {
    fn take(&mut self, (producer, number): (usize, usize), turn: Turn) -> Result<(), Gone> {
        if self.is_busy.swap(true, Ordering::SeqCst) {
            *self.fault.lock() = Some("two threads at once".to_owned());
        }
        if std::mem::replace(&mut self.next[producer], number + 1) != number {
            *self.fault.lock() = Some(format!("work {number} of producer {producer} is out of order"));
        }
        self.queued.fetch_add(usize::from(turn.may_wait), Ordering::SeqCst);
        // A thread that is put to sleep here is one that others run into.
        if number % 8 == 0 {
            thread::yield_now();
        }
        self.is_busy.store(false, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

/// Two producers at once: each one's works are done in its order, one at a time, all of them. Every round begins with an
/// idle role, so that they run for its desk and some of the work then waits. Without the look at the queue, or with works
/// taken out of it away from the desk, some overtake.
#[test]
fn under_contention_nothing_overtakes_and_nothing_is_lost() {
    for hand_over in [HandOver::Idle, HandOver::Queue] {
        let (done, queued) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (is_busy, fault, clock) = (Arc::default(), Arc::new(Mutex::new(None)), SystemClock::start());
        let inspector = Inspector {
            next: [0; PRODUCERS],
            is_busy,
            fault: Arc::clone(&fault),
            done: Arc::clone(&done),
            queued: Arc::clone(&queued),
        };
        let (handle, worker) = role("inspector", inspector, hand_over, bounded(2));
        let produce = |producer: usize, handle: &RoleHandle<_>| {
            for round in 0..ROUNDS {
                while done.load(Ordering::SeqCst) < round * PRODUCERS * WORKS_A_ROUND {
                    assert!(clock.now().since(Timestamp::ZERO) < DEADLINE, "work was lost before round {round}");
                    thread::yield_now();
                }
                for number in round * WORKS_A_ROUND..(round + 1) * WORKS_A_ROUND {
                    // Some is queued although the role is idle, as by a thread that has more to do.
                    let waiting = if number % 7 == producer { Waiting::More } else { Waiting::Nothing };
                    handle.hand((producer, number), Turn::own(waiting)).unwrap();
                }
            }
        };
        thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                let (handle, produce) = (handle.clone(), &produce);
                Builder::new().spawn_scoped(scope, move || produce(producer, &handle)).unwrap();
            }
            drop(handle);
            Builder::new().spawn_scoped(scope, || worker.run()).unwrap();
        });
        assert_eq!(*fault.lock(), None, "{hand_over:?}");
        let (all, queued) = (PRODUCERS * ROUNDS * WORKS_A_ROUND, queued.load(Ordering::SeqCst));
        match hand_over {
            HandOver::Queue => assert_eq!(queued, all),
            HandOver::Idle => assert!(queued < all, "all were queued: one way was not gone"),
        }
    }
}

/// Tells which thread it worked in.
struct Witness(Sender<(ThreadId, Turn)>);

impl Role<()> for Witness {
    fn take(&mut self, (): (), turn: Turn) -> Result<(), Gone> {
        Ok(self.0.send((thread::current().id(), turn))?)
    }
}

#[test]
fn an_idle_roles_work_is_done_by_whoever_brings_it_unless_more_waits_for_him_or_for_the_role() {
    let (seen_tx, seen_rx) = unbounded();
    let (handle, worker) = role("witness", Witness(seen_tx), HandOver::Idle, unbounded());
    let here = thread::current().id();
    handle.hand((), Turn::own(Waiting::Nothing)).unwrap();
    assert_eq!(seen_rx.try_recv(), Ok((here, Turn::AT_ONCE)));
    handle.hand((), Turn::own(Waiting::More)).unwrap();
    assert!(seen_rx.is_empty(), "it is left to the role's thread");
    handle.hand((), Turn::own(Waiting::Nothing)).unwrap();
    assert!(seen_rx.is_empty(), "something waits before it");
    drop(handle);
    let there = thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, || worker.run()).unwrap();
        thread.thread().id()
    });
    let seen: Vec<_> = seen_rx.iter().collect();
    assert_eq!(seen, [Waiting::More, Waiting::Nothing].map(|waiting| (there, Turn::own(waiting))));
}

/// Is at work on 0 until it is let go.
struct Busy {
    begun_tx: Sender<u8>,
    go_rx: Receiver<()>,
}

impl Role<u8> for Busy {
    fn take(&mut self, work: u8, turn: Turn) -> Result<(), Gone> {
        assert_eq!(turn.may_wait, work > 0, "what finds it at work is queued");
        self.begun_tx.send(work)?;
        if work == 0 {
            self.go_rx.recv().ok();
        }
        Ok(())
    }
}

#[test]
fn work_for_a_role_that_is_at_work_is_queued_and_nobody_waits_for_it() {
    let (begun_tx, begun_rx) = unbounded();
    let (go_tx, go_rx) = bounded(0);
    let (handle, worker) = role("busy", Busy { begun_tx, go_rx }, HandOver::Idle, bounded(2));
    thread::scope(|scope| {
        let first = handle.clone();
        Builder::new().spawn_scoped(scope, move || first.hand(0, Turn::own(Waiting::Nothing)).unwrap()).unwrap();
        assert_eq!(begun_rx.recv(), Ok(0));
        assert_eq!([1, 2].map(|work| handle.hand(work, Turn::own(Waiting::Nothing))), [Ok(None); 2]);
        // The queue is full, and who may not wait has his work back.
        assert_eq!(handle.hand(3, Turn::AT_ONCE), Ok(Some(3)));
        assert!(begun_rx.is_empty());
        drop((go_tx, handle));
        Builder::new().spawn_scoped(scope, || worker.run()).unwrap();
    });
    assert_eq!(begun_rx.iter().collect::<Vec<_>>(), [1, 2]);
}

/// Leaves each work unfinished that it may not wait for.
struct Waiter {
    left: Vec<u8>,
    done_tx: Sender<u8>,
}

impl Role<u8> for Waiter {
    fn take(&mut self, work: u8, turn: Turn) -> Result<(), Gone> {
        assert!(self.left.is_empty(), "nothing is taken before the rest is finished");
        if turn.may_wait {
            return Ok(self.done_tx.send(work)?);
        }
        self.left.push(work);
        Ok(())
    }

    fn is_unfinished(&self) -> bool {
        !self.left.is_empty()
    }

    fn finish(&mut self) -> Result<(), Gone> {
        self.left.drain(..).try_for_each(|work| Ok(self.done_tx.send(work)?))
    }
}

#[test]
fn what_may_not_wait_is_finished_by_the_roles_thread_before_anything_else() {
    let (done_tx, done_rx) = unbounded();
    let (handle, worker) = role("waiter", Waiter { left: Vec::new(), done_tx }, HandOver::Idle, unbounded());
    handle.hand(1, Turn::own(Waiting::Nothing)).unwrap();
    handle.hand(2, Turn::own(Waiting::Nothing)).unwrap();
    assert!(done_rx.is_empty());
    let thread = Builder::new().spawn(|| worker.run()).unwrap();
    assert_eq!([1, 2].map(|_| done_rx.recv()), [Ok(1), Ok(2)]);
    // Its thread is called although nothing is queued.
    handle.hand(3, Turn::own(Waiting::Nothing)).unwrap();
    assert_eq!(done_rx.recv(), Ok(3));
    drop(handle);
    thread.join().unwrap();
}

/// Panics at 0, and ends at 1.
struct Mortal;

impl Role<u8> for Mortal {
    fn take(&mut self, work: u8, _: Turn) -> Result<(), Gone> {
        assert!(work > 0, "out of luck, as '{}'", acting_role().unwrap_or("itself"));
        if work == 1 { Err(Gone) } else { Ok(()) }
    }
}

/// The thread that brought the work goes on, and the role's thread ends with the panic: that is the one that is reported.
#[test]
fn a_panic_in_work_done_at_once_is_the_roles() {
    for (hand_over, name) in [(HandOver::Idle, "mortal"), (HandOver::Queue, "itself")] {
        let (handle, worker) = role("mortal", Mortal, hand_over, unbounded());
        let thread = Builder::new().spawn(|| worker.run()).unwrap();
        handle.hand(0, Turn::own(Waiting::Nothing)).ok();
        let payload = thread.join().unwrap_err();
        assert_eq!(payload.downcast_ref::<String>(), Some(&format!("out of luck, as '{name}'")));
        assert_eq!(handle.hand(2, Turn::own(Waiting::Nothing)), Err(Gone), "nobody takes anything any more");
        assert_eq!(acting_role(), None);
    }
}

#[test]
fn a_role_whose_results_nobody_takes_ends_and_says_so() {
    for hand_over in [HandOver::Idle, HandOver::Queue] {
        let (handle, worker) = role("mortal", Mortal, hand_over, unbounded());
        let thread = Builder::new().spawn(|| worker.run()).unwrap();
        handle.hand(1, Turn::own(Waiting::Nothing)).ok();
        thread.join().unwrap();
        assert_eq!(handle.hand(2, Turn::own(Waiting::Nothing)), Err(Gone));
    }
}
