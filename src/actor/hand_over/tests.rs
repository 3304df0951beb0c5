//! What holds of a role's work, whoever does it.

use super::*;
use crossbeam_channel::unbounded;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Builder, ThreadId};

const PRODUCERS: usize = 4;
const WORKS_EACH: usize = 20_000;

/// Checks that the works of each producer come in order, and that nobody else is at the desk.
struct Inspector {
    next: [usize; PRODUCERS],
    is_busy: Arc<AtomicBool>,
    /// Works that were done in the role's own thread.
    queued: Arc<AtomicUsize>,
}

impl Role<(usize, usize)> for Inspector {
    fn take(&mut self, (producer, number): (usize, usize), turn: Turn) -> Result<(), Gone> {
        assert!(!self.is_busy.swap(true, Ordering::SeqCst), "one thread at a time");
        assert_eq!(number, self.next[producer], "nothing overtakes");
        self.next[producer] += 1;
        self.queued.fetch_add(usize::from(turn.may_wait), Ordering::SeqCst);
        // A thread that is put to sleep here is one that others run into.
        if number % 64 == 0 {
            thread::yield_now();
        }
        self.is_busy.store(false, Ordering::SeqCst);
        Ok(())
    }
}

/// Four producers at once: each one's works are done in its order, one at a time, all of them. Without the look at the
/// queue, or with works taken out of it away from the desk, some overtake.
#[test]
fn under_contention_nothing_overtakes_and_nothing_is_lost() {
    for hand_over in [HandOver::Idle, HandOver::Queue] {
        let (is_busy, queued) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let inspector = Inspector { next: [0; PRODUCERS], is_busy, queued: Arc::clone(&queued) };
        let (handle, worker) = role("inspector", inspector, hand_over, bounded(2));
        thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                let handle = handle.clone();
                let produce = move || {
                    for number in 0..WORKS_EACH {
                        // Some is queued although the role is idle, as by a thread that has more to do.
                        let waiting = if number % 7 == producer { Waiting::More } else { Waiting::Nothing };
                        handle.hand((producer, number), waiting).unwrap();
                    }
                };
                Builder::new().spawn_scoped(scope, produce).unwrap();
            }
            drop(handle);
            Builder::new().spawn_scoped(scope, || worker.run()).unwrap();
        });
        let (all, queued) = (PRODUCERS * WORKS_EACH, queued.load(Ordering::SeqCst));
        match hand_over {
            HandOver::Queue => assert_eq!(queued, all),
            HandOver::Idle => assert!((1..all).contains(&queued), "{queued} were queued: both ways were gone"),
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
    handle.hand((), Waiting::Nothing).unwrap();
    assert_eq!(seen_rx.try_recv(), Ok((here, Turn { waiting: Waiting::Nothing, may_wait: false })));
    handle.hand((), Waiting::More).unwrap();
    assert!(seen_rx.is_empty(), "it is left to the role's thread");
    handle.hand((), Waiting::Nothing).unwrap();
    assert!(seen_rx.is_empty(), "something waits before it");
    drop(handle);
    let there = thread::scope(|scope| {
        let thread = Builder::new().spawn_scoped(scope, || worker.run()).unwrap();
        thread.thread().id()
    });
    let seen: Vec<_> = seen_rx.iter().collect();
    let turn = |waiting| Turn { waiting, may_wait: true };
    assert_eq!(seen, [(there, turn(Waiting::More)), (there, turn(Waiting::Nothing))]);
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

    fn finish(&mut self) {
        self.left.drain(..).for_each(|work| self.done_tx.send(work).unwrap());
    }
}

#[test]
fn what_may_not_wait_is_finished_by_the_roles_thread_before_anything_else() {
    let (done_tx, done_rx) = unbounded();
    let (handle, worker) = role("waiter", Waiter { left: Vec::new(), done_tx }, HandOver::Idle, unbounded());
    handle.hand(1, Waiting::Nothing).unwrap();
    handle.hand(2, Waiting::Nothing).unwrap();
    assert!(done_rx.is_empty());
    let thread = Builder::new().spawn(|| worker.run()).unwrap();
    assert_eq!([1, 2].map(|_| done_rx.recv()), [Ok(1), Ok(2)]);
    // Its thread is called although nothing is queued.
    handle.hand(3, Waiting::Nothing).unwrap();
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
        handle.hand(0, Waiting::Nothing).ok();
        let payload = thread.join().unwrap_err();
        assert_eq!(payload.downcast_ref::<String>(), Some(&format!("out of luck, as '{name}'")));
        assert_eq!(handle.hand(2, Waiting::Nothing), Err(Gone), "nobody takes anything any more");
        assert_eq!(acting_role(), None);
    }
}

#[test]
fn a_role_whose_results_nobody_takes_ends_and_says_so() {
    for hand_over in [HandOver::Idle, HandOver::Queue] {
        let (handle, worker) = role("mortal", Mortal, hand_over, unbounded());
        let thread = Builder::new().spawn(|| worker.run()).unwrap();
        handle.hand(1, Waiting::Nothing).ok();
        thread.join().unwrap();
        assert_eq!(handle.hand(2, Waiting::Nothing), Err(Gone));
    }
}
