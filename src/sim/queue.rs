//! What will happen, in the order in which it will.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Events by time; those of one time in the order in which they were put in.
#[derive(Debug)]
pub(super) struct EventQueue<E> {
    /// Small entries to sort; the events themselves stay where they are.
    heap: BinaryHeap<Entry>,
    events: Vec<Option<E>>,
    vacant: Vec<u32>,
    order: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    at_nanos: u64,
    order: u64,
    slot: u32,
}

impl Ord for Entry {
    /// The earliest is the greatest: a heap gives that first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_nanos, other.order).cmp(&(self.at_nanos, self.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), events: Vec::new(), vacant: Vec::new(), order: 0 }
    }
}

impl<E> EventQueue<E> {
    /// `event` will happen at `at_nanos`.
    pub(super) fn push(&mut self, at_nanos: u64, event: E) {
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.events.push(None);
            (self.events.len() - 1) as u32
        });
        self.events[slot as usize] = Some(event);
        self.heap.push(Entry { at_nanos, order: self.order, slot });
        self.order += 1;
    }

    /// The next event and its time.
    pub(super) fn pop(&mut self) -> Option<(u64, E)> {
        let Entry { at_nanos, slot, .. } = self.heap.pop()?;
        self.vacant.push(slot);
        self.events[slot as usize].take().map(|event| (at_nanos, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_and_those_of_one_time_in_their_order() {
        let mut queue = EventQueue::default();
        for (at, event) in [(5, 'c'), (1, 'a'), (5, 'd'), (2, 'b'), (5, 'e')] {
            queue.push(at, event);
        }
        assert_eq!(queue.pop(), Some((1, 'a')));
        queue.push(5, 'f');
        let rest: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
        assert_eq!(rest, "bcdef");
    }
}
