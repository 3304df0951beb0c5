//! What will happen, in the order in which it will.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events by time; those of one time in the order in which they were put in, but where their numbers wrap.
#[derive(Debug)]
pub(super) struct EventQueue<E> {
    /// The earliest first: 64 bits of time, 32 of the event's number, which wraps, and 32 of its slot. The events
    /// themselves stay where they are while this is sorted.
    heap: BinaryHeap<Reverse<u128>>,
    events: Vec<Option<E>>,
    vacant: Vec<u32>,
    number: u32,
}

const HELD: &str = "the slot of a key in the heap holds its event";

impl<E> Default for EventQueue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), events: Vec::new(), vacant: Vec::new(), number: 0 }
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
        self.heap.push(Reverse(u128::from(at_nanos) << 64 | u128::from(self.number) << 32 | u128::from(slot)));
        self.number = self.number.wrapping_add(1);
    }

    /// The next event.
    pub(super) fn peek(&self) -> Option<&E> {
        let Reverse(key) = self.heap.peek()?;
        Some(self.events[*key as u32 as usize].as_ref().expect(HELD))
    }

    /// The next event and its time.
    pub(super) fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse(key) = self.heap.pop()?;
        let slot = key as u32;
        self.vacant.push(slot);
        let event = self.events[slot as usize].take().expect(HELD);
        Some(((key >> 64) as u64, event))
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
        assert_eq!(queue.peek(), Some(&'a'));
        assert_eq!(queue.pop(), Some((1, 'a')));
        queue.push(5, 'f');
        let rest: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
        assert_eq!(rest, "bcdef");
    }
}
